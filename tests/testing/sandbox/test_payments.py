"""Sessions, payments, refunds, and what of them is shown to whom."""

from __future__ import annotations

from typing import Any

import pytest

from agentic_commerce import orders
from agentic_commerce.testing import checkout_session
from tests.testing.sandbox.shop import GA, Shop, put_order

SESSIONS = "/v1/checkout/sessions"
PREVIEW = orders.SESSION_VERSION


def full(shop: Shop, version: str = PREVIEW) -> Any:
    return shop.get(f"{SESSIONS}/cs_test_1", version, **{"expand[]": list(orders.SESSION_EXPAND)})


# ----------------------------------------------------------------------------------------- showing


def test_a_session_has_ids_where_nothing_is_expanded(shop: Shop) -> None:
    put_order(shop.world)
    session = shop.get(f"{SESSIONS}/cs_test_1", PREVIEW).json()
    assert session["payment_intent"] == "pi_test_1"
    assert "line_items" not in session
    payment = shop.get("/v1/payment_intents/pi_test_1").json()
    assert payment["latest_charge"] == "ch_test_1"


def test_a_session_that_is_expanded_is_an_order(shop: Shop) -> None:
    put_order(shop.world)
    order = orders.parse_order(full(shop).content)
    assert order == orders.parse_order(
        checkout_session(
            created=1775469601,
            payment_intent={"id": "pi_test_1", "latest_charge": {"id": "ch_test_1"}},
            line_items={"data": [order_line()]},
        )
    )
    assert order.lines is not None
    assert order.lines[0].sku == "00001"
    assert order.lines[0].taxes


def order_line() -> dict[str, Any]:
    from agentic_commerce.testing import session_line_item  # noqa: PLC0415 - used once

    return session_line_item(id="li_0")


def test_what_is_in_preview_is_hidden_from_other_versions(shop: Shop) -> None:
    put_order(shop.world)
    session = full(shop, GA).json()
    line = session["line_items"]["data"][0]
    assert "external_reference" not in line["price"]
    assert "identifiers" not in line["price"]["product"]
    assert "agent_details" not in session["payment_intent"]
    seen = full(shop).json()["line_items"]["data"][0]
    assert seen["price"]["external_reference"] == "00001"


@pytest.mark.parametrize(
    "path",
    [
        "customer_name",
        "amount_total",
        "line_items.data.quantity",
        "payment_intent.nothing",
        "metadata.a",
        "line_items.",
        "a.b.c.d.e",
        "line_items.data.price.product.name",
    ],
)
def test_what_cannot_be_expanded_is_refused(shop: Shop, path: str) -> None:
    put_order(shop.world)
    answer = shop.get(f"{SESSIONS}/cs_test_1", PREVIEW, **{"expand[]": path})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "expand")


def test_a_preview_field_cannot_be_expanded_by_other_versions(shop: Shop) -> None:
    put_order(shop.world)
    path = "/v1/payment_intents/pi_test_1"
    assert shop.get(path, GA, **{"expand[]": "agent_details"}).status_code == 400


def test_an_id_of_something_unknown_stays_an_id_and_null_stays_null(shop: Shop) -> None:
    put_order(shop.world)
    payment = shop.world.payment_intents["pi_test_1"]
    for value in ("xx_1", "ch_gone", None):
        payment["latest_charge"] = value
        found = shop.get("/v1/payment_intents/pi_test_1", **{"expand[]": "latest_charge"})
        assert found.json()["latest_charge"] == value


def test_an_expanded_list_has_ten_lines_and_the_list_itself_all(shop: Shop) -> None:
    put_order(shop.world, lines=12)
    order = orders.parse_order(full(shop).content)
    assert order.lines is not None
    assert (len(order.lines), order.has_all_lines) == (10, False)
    path = f"{SESSIONS}/cs_test_1/line_items"
    first = shop.get(path, PREVIEW, limit=8).json()
    assert first["has_more"]
    assert "taxes" not in first["data"][0]
    rest = shop.get(path, PREVIEW, starting_after="li_7", **{"expand[]": "data.taxes"}).json()
    assert [line["id"] for line in rest["data"]] == ["li_8", "li_9", "li_10", "li_11"]
    assert (rest["has_more"], rest["data"][0]["taxes"][0]["amount"]) == (False, 340)
    assert shop.get(path, PREVIEW, starting_after="li_99").status_code == 404
    assert shop.get(f"{SESSIONS}/cs_2/line_items").status_code == 404


# ----------------------------------------------------------------------------------------- listing


def ids(shop: Shop, **params: Any) -> list[str]:
    return [session["id"][-1] for session in shop.get(SESSIONS, **params).json()["data"]]


def test_sessions_are_listed_and_chosen(shop: Shop) -> None:
    for number in range(1, 6):
        put_order(shop.world, number)
    shop.world.sessions["cs_test_2"]["status"] = "open"
    assert ids(shop) == ["5", "4", "3", "2", "1"]
    assert ids(shop, status="complete") == ["5", "4", "3", "1"]
    assert ids(shop, payment_intent="pi_test_3") == ["3"]
    since = 1775469600
    assert ids(shop, **{"created[gt]": since + 3}) == ["5", "4"]
    assert ids(shop, **{"created[gte]": since + 3, "created[lt]": since + 5}) == ["4", "3"]
    assert ids(shop, **{"created[lte]": since + 1}) == ["1"]
    assert ids(shop, created=since + 2) == ["2"]
    for wrong in ({"created[since]": 5}, {"created[gt]": "now"}, {"created": "1.5"}):
        assert shop.get(SESSIONS, **wrong).json()["error"]["param"] == "created"


def test_lists_are_walked_in_both_directions(shop: Shop) -> None:
    for number in range(1, 6):
        put_order(shop.world, number)
    page = shop.get(SESSIONS, limit=2).json()
    assert (page["object"], page["has_more"], page["url"]) == ("list", True, SESSIONS)
    assert ids(shop, limit=2, starting_after="cs_test_4") == ["3", "2"]
    last = shop.get(SESSIONS, limit=2, starting_after="cs_test_2").json()
    assert ([one["id"] for one in last["data"]], last["has_more"]) == (["cs_test_1"], False)
    assert ids(shop, limit=2, ending_before="cs_test_1") == ["3", "2"]
    before = shop.get(SESSIONS, ending_before="cs_test_4").json()
    assert ([one["id"] for one in before["data"]], before["has_more"]) == (["cs_test_5"], False)
    assert shop.get(SESSIONS, starting_after="cs_9").status_code == 404
    both = shop.get(SESSIONS, starting_after="cs_test_1", ending_before="cs_test_4")
    assert both.status_code == 400


def test_lists_are_expanded_too(shop: Shop) -> None:
    put_order(shop.world)
    found = shop.get(SESSIONS, PREVIEW, **{"expand[]": "data.payment_intent.latest_charge"}).json()
    assert found["data"][0]["payment_intent"]["latest_charge"]["object"] == "charge"


# ------------------------------------------------------------------------------ capture and refund


def test_a_payment_is_captured_once(shop: Shop) -> None:
    bodies: list[bytes] = []
    shop.sandbox.listen(lambda body, _: bodies.append(body))
    put_order(shop.world, captured=False)
    path = "/v1/payment_intents/pi_test_1/capture"
    done = shop.post(path).json()
    assert (done["status"], done["amount_received"]) == ("succeeded", 4740)
    assert shop.get("/v1/charges/ch_test_1").json()["captured"] is True
    assert shop.get(f"{SESSIONS}/cs_test_1").json()["payment_status"] == "paid"
    again = shop.post(path)
    assert again.json()["error"]["code"] == "payment_intent_unexpected_state"
    assert shop.post("/v1/payment_intents/pi_2/capture").status_code == 404
    (event,) = map(orders.parse_order_event, bodies)
    assert isinstance(event, orders.PaymentIntentSucceeded)
    assert (event.payment_intent, event.account) == ("pi_test_1", "acct_1")


def test_a_part_is_captured_and_no_more_than_was_authorised(shop: Shop) -> None:
    put_order(shop.world, captured=False)
    put_order(shop.world, 2, captured=False)
    path = "/v1/payment_intents/pi_test_1/capture"
    assert shop.post(path, amount_to_capture=4741).status_code == 400
    assert shop.post(path, amount_to_capture=4000).json()["amount_received"] == 4000
    assert shop.world.sessions["cs_test_2"]["payment_status"] == "unpaid"
    too_much = shop.post("/v1/refunds", payment_intent="pi_test_1", amount=4001)
    assert too_much.status_code == 400


def test_a_refund_is_of_all_that_is_left_or_less_and_never_of_more(shop: Shop) -> None:
    put_order(shop.world)
    part = shop.post(
        "/v1/refunds", charge="ch_test_1", amount=740, reason="requested_by_customer"
    ).json()
    assert (part["amount"], part["status"], part["payment_intent"]) == (
        740,
        "succeeded",
        "pi_test_1",
    )
    too_much = shop.post("/v1/refunds", payment_intent="pi_test_1", amount=4001)
    assert (too_much.status_code, too_much.json()["error"]["param"]) == (400, "amount")
    rest = shop.post("/v1/refunds", payment_intent="pi_test_1", **{"metadata[order]": "7"}).json()
    assert (rest["amount"], rest["metadata"]) == (4000, {"order": "7"})
    charge = shop.get("/v1/charges/ch_test_1").json()
    assert (charge["amount_refunded"], charge["refunded"]) == (4740, True)
    none_left = shop.post("/v1/refunds", payment_intent="pi_test_1")
    assert none_left.json()["error"]["code"] == "charge_already_refunded"
    assert shop.get(f"/v1/refunds/{rest['id']}").json() == rest
    assert shop.get("/v1/refunds", payment_intent="pi_test_1").json()["data"] == [rest, part]
    assert shop.get("/v1/refunds", charge="ch_2").json()["data"] == []
    types = [event["type"] for event in shop.world.events.values()]
    assert types == ["charge.refunded", "refund.created"] * 2


@pytest.mark.parametrize(
    ("data", "status", "param"),
    [
        ({}, 400, None),
        ({"payment_intent": "pi_9"}, 404, "payment_intent"),
        ({"charge": "ch_9"}, 404, "charge"),
        ({"charge": "ch_test_1", "amount": "0"}, 400, "amount"),
        ({"charge": "ch_test_1", "amount": "1.5"}, 400, "amount"),
        ({"charge": "ch_test_1", "reason": "mood"}, 400, "reason"),
        ({"charge": "ch_test_2"}, 400, None),
    ],
    ids=["of nothing", "no payment", "no charge", "nothing", "a fraction", "why", "not captured"],
)
def test_a_refund_that_cannot_be_is_refused(
    shop: Shop, data: dict[str, str], status: int, param: str | None
) -> None:
    put_order(shop.world)
    put_order(shop.world, 2, captured=False)
    answer = shop.post("/v1/refunds", **data)
    assert (answer.status_code, answer.json()["error"].get("param")) == (status, param)
    assert not shop.world.refunds


def test_snapshot_events_are_listed_and_found(shop: Shop) -> None:
    put_order(shop.world)
    shop.post("/v1/refunds", payment_intent="pi_test_1")
    listed = shop.get("/v1/events").json()["data"]
    assert [event["type"] for event in listed] == ["refund.created", "charge.refunded"]
    (found,) = shop.get("/v1/events", type="charge.refunded").json()["data"]
    assert shop.get(f"/v1/events/{found['id']}").json() == found
    assert found["data"]["object"]["id"] == "ch_test_1"
    assert found["request"]["id"].startswith("req_")


def test_an_event_is_what_the_object_was_then(shop: Shop) -> None:
    session = put_order(shop.world)
    event = shop.sandbox.emit(shop.world, "checkout.session.completed", session)
    session["status"] = "changed"
    assert event["data"]["object"]["status"] == "complete"
    assert "line_items" not in event["data"]["object"]
    platform = shop.sandbox.emit(shop.sandbox.world(), "checkout.session.completed", session)
    assert "account" not in platform


# --------------------------------------------------------------------------------- account session


def test_an_account_session_opens_the_settings_component(shop: Shop) -> None:
    shop.account = None
    data = {"account": "acct_1", "components[agentic_commerce_settings][enabled]": "true"}
    made = shop.post("/v1/account_sessions", **data).json()
    assert made["object"] == "account_session"
    assert made["client_secret"].startswith("accs_secret__")
    assert made["components"] == {"agentic_commerce_settings": {"enabled": True, "features": {}}}


@pytest.mark.parametrize(
    ("data", "param"),
    [
        ({"components[a][enabled]": "true"}, "account"),
        ({"account": "shop", "components[a][enabled]": "true"}, "account"),
        ({"account": "acct_2", "components[a][enabled]": "true"}, "account"),
        ({"account": "acct_1"}, "components"),
        ({"account": "acct_1", "components": "all"}, "components"),
        ({"account": "acct_1", "components[a]": "true"}, "components[a][enabled]"),
        ({"account": "acct_1", "components[a][enabled]": "yes"}, "components[a][enabled]"),
    ],
)
def test_an_account_session_that_will_not_do_is_refused(
    shop: Shop, data: dict[str, str], param: str
) -> None:
    shop.account = None
    shop.sandbox.accounts = ["acct_1"]
    assert shop.post("/v1/account_sessions", **data).json()["error"]["param"] == param


def test_metadata_of_texts_alone(shop: Shop) -> None:
    put_order(shop.world)
    answer = shop.post("/v1/refunds", payment_intent="pi_test_1", metadata="x")
    assert answer.json()["error"]["param"] == "metadata"
