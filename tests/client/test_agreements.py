"""Agreements and events over the API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from agentic_commerce import APIResponseError, events, testing
from agentic_commerce.client import Versions
from tests.client.server import Caller, answer, sequence, serve

PATH = "/v2/orchestrated_commerce/agreements"


def agreement(**changes: Any) -> dict[str, Any]:
    return {
        "id": "orca_1",
        "object": "v2.orchestrated_commerce.agreement",
        "created": "2026-04-06T10:00:00.000Z",
        "initiated_by": "seller",
        "orchestrator_details": {"name": "Agent", "network_business_profile": "profile_a"},
        "seller_details": {"network_business_profile": "profile_s"},
        "status": "partially_confirmed",
        "status_transitions": {
            "orchestrator_confirmed_at": None,
            "seller_confirmed_at": "2026-04-06T10:00:30.000Z",
            "terminated_at": None,
        },
        "terminated_by": None,
        **changes,
    }


@pytest.mark.parametrize(
    ("scenario", "method", "path", "body"),
    [
        (lambda c: c.agreements.create("profile_a"), "POST", "", b'{"orchestrator":"profile_a"}'),
        (lambda c: c.agreements.retrieve("orca_1"), "GET", "/orca_1", b""),
        (lambda c: c.agreements.confirm("orca_1"), "POST", "/orca_1/confirm", b"{}"),
        (lambda c: c.agreements.terminate("orca_1"), "POST", "/orca_1/terminate", b"{}"),
    ],
    ids=["create", "retrieve", "confirm", "terminate"],
)
def test_each_call_goes_to_its_place_in_the_version_of_agreements(
    call: Caller, scenario: Any, method: str, path: str, body: bytes
) -> None:
    with serve(lambda _: answer(agreement())) as server:
        found = call(server.url, scenario, account="acct_1")
    [seen] = server.seen
    assert (seen.method, seen.path, seen.body) == (method, PATH + path, body)
    assert seen.headers["stripe-version"] == "2026-04-22.preview"
    assert seen.headers["stripe-account"] == "acct_1"
    assert "stripe-context" not in seen.headers
    assert ("idempotency-key" in seen.headers) == (method == "POST")
    assert found.orchestrator_details.name == "Agent"
    assert found.status is events.AgreementStatus.PARTIALLY_CONFIRMED
    assert found.raw == agreement()


def test_a_retrieved_agreement_has_the_state_that_its_events_add_up_to(call: Caller) -> None:
    with serve(lambda _: answer(agreement(status="on_hold"))) as server:
        found = call(server.url, lambda c: c.agreements.retrieve("orca_1"))
    assert found.status == "on_hold"  # a newer word
    assert found.state == events.parse_agreement(agreement())
    assert found.state.status == "partially_confirmed"
    assert found.created == datetime(2026, 4, 6, 10, tzinfo=UTC)


def test_an_answer_that_is_no_agreement_is_a_typed_error(call: Caller) -> None:
    bare = {"id": "orca_1"}
    with serve(lambda _: answer(bare)) as server, pytest.raises(APIResponseError) as caught:
        call(server.url, lambda c: c.agreements.retrieve("orca_1"))
    assert {issue.column for issue in caught.value.issues} >= {"$.object", "$.created"}


def test_the_list_is_paged_and_can_be_of_one_counterparty(call: Caller) -> None:
    pages = sequence(
        answer({"data": [agreement()], "next_page_url": f"{PATH}?page=2"}),
        answer({"data": [agreement(id="orca_2")], "next_page_url": None}),
    )
    with serve(pages) as server:
        found = call(
            server.url, lambda c: c.agreements.list(network_business_profile="profile_a", limit=1)
        )
    assert [one.id for one in found] == ["orca_1", "orca_2"]
    first, second = (dict(seen.query) for seen in server.seen)
    assert first == {"network_business_profile": "profile_a", "limit": "1"}
    assert second == {"page": "2"}


# ------------------------------------------------------------------------------------------ events


@pytest.mark.parametrize("context", ["acct_2", "org_1/acct_2"])
def test_a_thin_event_is_fetched_in_its_own_context(call: Caller, context: str) -> None:
    thin = events.parse_event(testing.agreement_event("confirmed", context=context))
    fetched = testing.agreement_event("confirmed", fetched=True, context=context)
    with serve(lambda _: answer(fetched)) as server:
        found = call(server.url, lambda c: c.events.retrieve(thin), account="acct_1")
    [seen] = server.seen
    assert seen.path == f"/v2/core/events/{thin.id}"
    assert seen.headers["stripe-context"] == context
    assert "stripe-account" not in seen.headers
    assert isinstance(found, events.AgreementConfirmed)
    assert found.data is not None


def test_the_agreement_of_an_event_is_retrieved_in_its_context(call: Caller) -> None:
    thin = events.parse_event(testing.agreement_event("confirmed", context="org_1/acct_2"))
    with serve(lambda _: answer(agreement())) as server:
        call(server.url, lambda c: c.agreements.retrieve(thin), account="acct_1")
    [seen] = server.seen
    assert seen.path == f"{PATH}/orca_test_1"
    assert seen.headers["stripe-context"] == "org_1/acct_2"
    assert "stripe-account" not in seen.headers


def test_an_event_without_a_context_is_the_platforms(call: Caller) -> None:
    thin = events.parse_event(testing.agreement_event("created"))
    fetched = testing.agreement_event("created", fetched=True)
    with serve(lambda _: answer(fetched)) as server:
        call(server.url, lambda c: c.events.retrieve(thin), account="acct_1")
    assert not server.seen[0].headers.keys() & {"stripe-context", "stripe-account"}


def test_an_id_is_fetched_for_the_clients_account_in_a_version_of_your_own(call: Caller) -> None:
    fetched = testing.agreement_event("created", fetched=True)
    with serve(lambda _: answer(fetched)) as server:
        call(
            server.url,
            lambda c: c.events.retrieve("evt_1"),
            account="acct_1",
            versions=Versions(events="2026-05-27.preview"),
        )
    [seen] = server.seen
    assert seen.headers["stripe-account"] == "acct_1"
    assert seen.headers["stripe-version"] == "2026-05-27.preview"


def test_a_context_that_is_none_is_refused(call: Caller) -> None:
    thin = events.parse_event(testing.agreement_event("created", context="acct_1\r\nX: y"))
    with pytest.raises(ValueError, match="context"):
        call("http://127.0.0.1:1", lambda c: c.events.retrieve(thin))
