"""Agreements: their life, who may do what, and the events that tell of it."""

from __future__ import annotations

from typing import Any

import pytest

from agentic_commerce import events
from agentic_commerce.testing.sandbox import Sandbox
from tests.testing.sandbox.shop import PREVIEW, Shop

PATH = "/v2/orchestrated_commerce/agreements"


def create(shop: Shop, profile: str = "profile_test_agent") -> dict[str, Any]:
    answer = shop.post(PATH, PREVIEW, orchestrator=profile)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def act(shop: Shop, agreement: dict[str, Any], word: str) -> Any:
    return shop.post(f"{PATH}/{agreement['id']}/{word}", PREVIEW)


def fetched(shop: Shop) -> list[events.Event]:
    return [
        events.parse_event(shop.get(f"/v2/core/events/{event_id}", PREVIEW).content)
        for event_id in shop.world.thin_events
    ]


def test_an_agreement_is_confirmed_by_one_side_and_the_other_and_then_ended(shop: Shop) -> None:
    made = create(shop)
    assert made["id"].startswith("orca_test_")
    assert (made["status"], made["initiated_by"]) == ("initiated", "seller")
    assert made["seller_details"] == {"network_business_profile": "profile_test_1"}
    assert act(shop, made, "confirm").json()["status"] == "partially_confirmed"
    shop.sandbox.clock.advance(60)
    shop.sandbox.agent.confirm(made["id"])
    found = shop.get(f"{PATH}/{made['id']}", PREVIEW)
    state = events.parse_agreement(found.content)
    assert state.status == events.AgreementStatus.CONFIRMED
    ended = act(shop, made, "terminate").json()
    assert (ended["status"], ended["terminated_by"]) == ("terminated", "seller")
    told = fetched(shop)
    assert [event.type.rpartition(".")[2] for event in told] == [
        "created",
        "partially_confirmed",
        "confirmed",
        "terminated",
    ]
    assert events.agreement_states(told)[made["id"]] == events.parse_agreement(ended)


def test_the_agent_may_be_first(shop: Shop) -> None:
    made_id = shop.sandbox.agent.propose("acct_1")
    found = shop.get(f"{PATH}/{made_id}", PREVIEW).json()
    assert (found["initiated_by"], found["status"]) == ("orchestrator", "partially_confirmed")
    assert found["status_transitions"]["orchestrator_confirmed_at"]
    assert act(shop, found, "confirm").json()["status"] == "confirmed"
    shop.sandbox.agent.terminate(made_id)
    assert shop.get(f"{PATH}/{made_id}", PREVIEW).json()["terminated_by"] == "orchestrator"


def test_a_step_that_was_taken_cannot_be_taken_again(shop: Shop) -> None:
    made = create(shop)
    act(shop, made, "confirm")
    assert act(shop, made, "confirm").status_code == 400
    act(shop, made, "terminate")
    for word in ("confirm", "terminate"):
        answer = act(shop, made, word)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_state")
    with pytest.raises(ValueError, match="terminated already"):
        shop.sandbox.agent.terminate(made["id"])
    with pytest.raises(KeyError):
        shop.sandbox.agent.confirm("orca_test_nothing")


def test_only_the_side_that_ended_it_may_ask_again(shop: Shop) -> None:
    made = create(shop)
    shop.sandbox.agent.terminate(made["id"])
    assert shop.post(PATH, PREVIEW, orchestrator="profile_test_agent").status_code == 400
    other = create(shop, "profile_test_other")
    made_id = shop.sandbox.agent.propose("acct_1")
    act(shop, {"id": made_id}, "terminate")
    assert create(shop)["status"] == "initiated"
    assert other["orchestrator_details"]["network_business_profile"] == "profile_test_other"


def test_agreements_are_listed_perhaps_by_the_other_side(shop: Shop) -> None:
    one, two = create(shop), create(shop, "profile_test_other")
    listed = shop.get(PATH, PREVIEW).json()
    assert [agreement["id"] for agreement in listed["data"]] == [two["id"], one["id"]]
    found = shop.get(PATH, PREVIEW, network_business_profile="profile_test_agent").json()
    assert [agreement["id"] for agreement in found["data"]] == [one["id"]]
    assert shop.get(PATH, PREVIEW, limit=1).json()["next_page_url"]


@pytest.mark.parametrize("wrong", [{}, {"orchestrator": "agent"}, {"orchestrator": 5}])
def test_an_agreement_needs_the_profile_of_an_agent(shop: Shop, wrong: dict[str, Any]) -> None:
    answer = shop.post(PATH, PREVIEW, **wrong)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "orchestrator")


def test_an_agreement_belongs_to_its_seller(shop: Shop) -> None:
    made = create(shop)
    assert Shop(shop.sandbox, "acct_2").get(f"{PATH}/{made['id']}", PREVIEW).status_code == 404


def test_events_are_signed_thin_and_fetched_with_their_data(shop: Shop) -> None:
    sent: list[tuple[bytes, dict[str, str]]] = []
    shop.sandbox.listen(lambda body, headers: sent.append((body, headers)))
    made = create(shop)
    ((body, headers),) = sent
    thin = events.parse_signed_event(body, headers["Stripe-Signature"], shop.sandbox.event_secret)
    assert isinstance(thin, events.AgreementCreated)
    assert (thin.account, thin.related_object.id) == ("acct_1", made["id"])
    assert thin.data is None
    assert thin.reason is not None
    (full,) = fetched(shop)
    assert isinstance(full, events.AgreementCreated)
    assert full.data is not None
    assert full.id == thin.id


def test_thin_events_are_kept_for_thirty_days_and_listed(shop: Shop) -> None:
    made, other = create(shop), create(shop, "profile_test_other")
    all_ids = [*shop.world.thin_events][::-1]
    listed = shop.get("/v2/core/events", PREVIEW).json()["data"]
    assert [event["id"] for event in listed] == all_ids
    found = shop.get("/v2/core/events", PREVIEW, object_id=other["id"]).json()["data"]
    assert [event["id"] for event in found] == all_ids[:1]
    path = f"/v2/core/events/{all_ids[1]}"
    shop.sandbox.clock.advance(30 * 86_400)
    assert shop.get(path, PREVIEW).json()["related_object"]["id"] == made["id"]
    shop.sandbox.clock.advance(1)
    assert shop.get(path, PREVIEW).status_code == 404


def test_the_platform_has_agreements_of_its_own(sandbox: Sandbox) -> None:
    platform = Shop(sandbox, None)
    made = create(platform)
    (event,) = platform.world.thin_events.values()
    assert "context" not in event
    assert platform.get(f"/v2/core/events/{event['id']}", PREVIEW).status_code == 200
    sandbox.agent.propose(None)
    assert len(platform.world.agreements) == 2
    assert made["seller_details"]["network_business_profile"] == "profile_test_platform"


def test_an_event_that_nobody_asked_for_has_no_reason(sandbox: Sandbox) -> None:
    sandbox.agent.propose("acct_1")
    assert all("reason" not in e for e in sandbox.world("acct_1").thin_events.values())
