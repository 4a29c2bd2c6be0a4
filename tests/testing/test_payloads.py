from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from agentic_commerce import hooks, testing
from agentic_commerce.signature import verify_signature

FACTORIES = [
    testing.customize_checkout,
    testing.finalize_checkout,
    testing.product_price_availability,
]


@pytest.mark.parametrize("factory", FACTORIES)
def test_a_factory_makes_a_payload_that_is_json_and_can_be_read(
    factory: Callable[..., dict[str, Any]],
) -> None:
    payload = factory()
    assert json.loads(json.dumps(payload)) == payload
    assert hooks.parse_request(payload).raw == payload


@pytest.mark.parametrize("factory", FACTORIES)
def test_each_call_makes_a_payload_of_its_own(factory: Callable[..., dict[str, Any]]) -> None:
    first = factory()
    first["data"].clear()
    assert factory()["data"]


def test_changes_are_merged_deeply_and_lists_replaced() -> None:
    lines = [testing.line_item(1), testing.line_item(2, quantity=5)]
    payload = testing.customize_checkout(
        id="hook_9",
        data={"line_item_details": lines, "shipping_details": {"address": {"state": "NY"}}},
    )
    assert payload["id"] == "hook_9"
    assert [line["quantity"] for line in payload["data"]["line_item_details"]] == [2, 5]
    address = payload["data"]["shipping_details"]["address"]
    assert (address["state"], address["country"]) == ("NY", "US")
    lines[0]["quantity"] = 99
    assert payload["data"]["line_item_details"][0]["quantity"] == 2


def test_absent_takes_a_key_out_and_none_stays_null() -> None:
    payload = testing.finalize_checkout(data={"email": testing.ABSENT, "phone": None})
    assert "email" not in payload["data"]
    assert payload["data"]["phone"] is None
    assert testing.finalize_checkout(nothing=testing.ABSENT) == testing.finalize_checkout()
    assert repr(testing.ABSENT) == "ABSENT"


def test_the_totals_of_the_sample_orders_add_up() -> None:
    for payload in (testing.customize_checkout(), testing.finalize_checkout()):
        data = payload["data"]
        details = data["total_details"]
        assert data["amount_total"] == (
            data["amount_subtotal"]
            - details["amount_discount"]
            + details["amount_shipping"]
            + details["amount_tax"]
        )


def test_the_amounts_of_a_line_follow_from_its_parts_unless_they_are_given() -> None:
    line = testing.line_item(quantity=3, amount_tax=10, amount_discount=1)
    assert (line["amount_subtotal"], line["amount_total"]) == (6000, 6009)
    given = testing.line_item(quantity=3, amount_total=5, amount_subtotal=testing.ABSENT)
    assert given["amount_total"] == 5
    assert "amount_subtotal" not in given
    assert testing.line_item(quantity="3")["amount_total"] == 4000
    assert "quantity" not in testing.line_item(quantity=testing.ABSENT)


def test_a_signature_is_accepted_by_the_other_side() -> None:
    verify_signature(b"{}", testing.sign(b"{}", "whsec_x", 100), "whsec_x", now=100)
    assert testing.sign("{}", "whsec_x", 100) == testing.sign(b"{}", "whsec_x", 100)
