"""testing: sample events and sessions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agentic_commerce import events, orders, testing

FACTORIES: list[Callable[..., dict[str, Any]]] = [
    lambda **changes: testing.agreement_event("created", True, **changes),
    lambda **changes: testing.catalog_import_event("failed", **changes),
    testing.order_event,
    testing.checkout_session,
    testing.session_line_item,
]


@pytest.mark.parametrize("make", FACTORIES)
def test_a_factory_returns_a_fresh_payload(make: Callable[..., dict[str, Any]]) -> None:
    def spoil(value: Any) -> None:
        if isinstance(value, dict):
            for inner in value.values():
                spoil(inner)
            value.clear()
        elif isinstance(value, list):
            for inner in value:
                spoil(inner)

    expected = repr(make())
    spoil(make())
    assert repr(make()) == expected


@pytest.mark.parametrize("make", FACTORIES)
def test_changes_go_deep_and_absent_takes_a_key_out(make: Callable[..., dict[str, Any]]) -> None:
    changed = make(id="changed", object=testing.ABSENT, novelty={"a": {"b": 1}})
    assert (changed["id"], changed["novelty"]) == ("changed", {"a": {"b": 1}})
    assert changed.keys() == make().keys() - {"object"} | {"novelty"}


def test_no_part_of_a_session_is_shared_with_another() -> None:
    session = testing.checkout_session()
    session["collected_information"]["shipping_details"]["address"]["city"] = "Paris"
    charge = session["payment_intent"]["latest_charge"]
    assert session["customer_details"]["address"]["city"] == "South San Francisco"
    assert charge["billing_details"]["address"]["city"] == "South San Francisco"


@pytest.mark.parametrize("kind", ["confirmed", "v2.orchestrated_commerce.agreement.confirmed"])
def test_an_event_may_be_named_by_its_last_word_or_in_full(kind: str) -> None:
    event = events.parse_event(testing.agreement_event(kind))
    assert isinstance(event, events.AgreementConfirmed)


@pytest.mark.parametrize("make", [testing.agreement_event, testing.catalog_import_event])
@pytest.mark.parametrize("kind", ["", "v2.nothing", "Created"])
def test_a_factory_names_the_kinds_it_has(make: Any, kind: str) -> None:
    with pytest.raises(ValueError, match="choose one of"):
        make(kind)


def test_the_sample_session_adds_up() -> None:
    assert orders.parse_order(testing.checkout_session()).discrepancies == ()
