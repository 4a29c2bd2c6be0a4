"""Orders over the API: whole, in lists, captured, refunded; and the embedded component."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentic_commerce import APIResponseError, orders, testing
from agentic_commerce.client import Versions
from agentic_commerce.client._page import unix_filters
from tests.client.server import Caller, Reaction, Seen, answer, sequence, serve

PATH = "/v1/checkout/sessions"


def line_items(*lines: dict[str, Any], has_more: bool = False) -> dict[str, Any]:
    return {"object": "list", "data": list(lines), "has_more": has_more}


def completed(**changes: Any) -> orders.CheckoutSessionCompleted:
    event = orders.parse_order_event(testing.order_event(**changes))
    assert isinstance(event, orders.CheckoutSessionCompleted)
    return event


def test_an_order_takes_one_request_with_all_that_it_needs(call: Caller) -> None:
    with serve(lambda _: answer(testing.checkout_session())) as server:
        order = call(server.url, lambda c: c.orders.retrieve("cs_test_1"), account="acct_1")
    assert order == orders.parse_order(testing.checkout_session())
    [seen] = server.seen
    assert seen.path == f"{PATH}/cs_test_1"
    assert seen.query == [("expand[]", name) for name in orders.SESSION_EXPAND]
    assert seen.headers["stripe-version"] == orders.SESSION_VERSION
    assert seen.headers["stripe-account"] == "acct_1"


@pytest.mark.parametrize(
    ("account", "headers"),
    [
        ("acct_2", {"stripe-account": "acct_2"}),  # a direct charge
        (None, {}),  # a destination charge: the session is the platform's
    ],
)
def test_an_event_brings_its_own_account(
    call: Caller, account: str | None, headers: dict[str, str]
) -> None:
    event = attrs.evolve(completed(), account=account)
    with serve(lambda _: answer(testing.checkout_session())) as server:
        call(server.url, lambda c: c.orders.retrieve(event), account="acct_1")
    [seen] = server.seen
    sent = {k: v for k, v in seen.headers.items() if k in ("stripe-account", "stripe-context")}
    assert sent == headers
    assert seen.path == f"{PATH}/{event.session_id}"


def test_lines_beyond_the_first_page_are_fetched(call: Caller) -> None:
    first, *rest = (testing.session_line_item(number) for number in range(1, 5))
    session = testing.checkout_session(line_items=line_items(first, has_more=True))
    reactions = sequence(
        answer(session),
        answer(line_items(*rest[:2], has_more=True)),
        answer(line_items(*rest[2:])),
    )
    with serve(reactions) as server:
        order = call(server.url, lambda c: c.orders.retrieve(completed()))
    assert order.has_all_lines
    assert [line.sku for line in order.lines] == ["00001", "00002", "00003", "00004"]
    _, second, third = server.seen
    assert second.path == f"{PATH}/cs_test_1/line_items"
    assert second.query == [
        ("limit", "100"),
        ("starting_after", first["id"]),
        ("expand[]", "data.price.product"),
        ("expand[]", "data.taxes"),
    ]
    assert dict(third.query)["starting_after"] == rest[1]["id"]
    assert second.headers["stripe-account"] == "acct_test_1"


def test_lines_that_were_not_expanded_are_fetched_from_the_first(call: Caller) -> None:
    session = testing.checkout_session(line_items=None)
    line = testing.session_line_item(1)
    with serve(sequence(answer(session), answer(line_items(line)))) as server:
        order = call(server.url, lambda c: c.orders.retrieve("cs_test_1"))
    assert [one.sku for one in order.lines] == ["00001"]
    assert "starting_after" not in dict(server.seen[1].query)


@pytest.mark.parametrize(
    ("page", "column"),
    [
        ({"data": [], "has_more": True}, "$.data"),  # would never end
        ({"data": [{"quantity": 1}]}, "$.line_items.data[0].id"),
        ({"data": [{"id": "li_1", "quantity": "1"}]}, "$.line_items.data[0].quantity"),
        ({"lines": []}, "$.line_items.data"),
    ],
)
def test_lines_that_cannot_be_read_are_a_typed_error(
    call: Caller, page: dict[str, Any], column: str
) -> None:
    session = testing.checkout_session(line_items={"has_more": True})
    handle = sequence(answer(session), answer(page))
    with serve(handle) as server, pytest.raises(APIResponseError) as caught:
        call(server.url, lambda c: c.orders.retrieve("cs_test_1"))
    assert [issue.column for issue in caught.value.issues] == [column]


def test_a_session_that_is_no_order_is_a_typed_error(call: Caller) -> None:
    session = testing.checkout_session(mode="subscription")
    with serve(lambda _: answer(session)) as server, pytest.raises(APIResponseError):
        call(server.url, lambda c: c.orders.retrieve("cs_test_1"))


# -------------------------------------------------------------------------------------------- lists


def listed(*ids: str, has_more: bool = False, mode: str | None = "payment") -> Reaction:
    bare = {"line_items": None, "payment_intent": "pi_1", "mode": mode}
    data = [testing.checkout_session(id=name) | bare for name in ids]
    return answer({"object": "list", "data": data, "has_more": has_more})


def shop(seen: Seen) -> Reaction:
    """Three orders and a subscription, in pages of two."""
    if seen.path != PATH:
        return answer(testing.checkout_session(id=seen.path.rpartition("/")[2]))
    match dict(seen.query).get("starting_after"):
        case None:
            return listed("cs_1", "cs_2", has_more=True)
        case "cs_2":
            return listed("cs_3", has_more=True, mode="subscription")
    return listed("cs_4", mode=None)


def test_a_list_yields_whole_orders_and_nothing_that_is_none(call: Caller) -> None:
    with serve(shop) as server:
        found = call(server.url, lambda c: c.orders.list())
    assert [order.session_id for order in found] == ["cs_1", "cs_2", "cs_4"]
    assert all(order.has_all_lines and order.lines for order in found)
    paths = [seen.path.removeprefix(PATH) for seen in server.seen]
    assert paths == ["", "/cs_1", "/cs_2", "", "", "/cs_4"]
    assert dict(server.seen[0].query) == {"status": "complete"}


def test_a_list_can_do_without_the_calls_for_each_order(call: Caller) -> None:
    with serve(shop) as server:
        found = call(server.url, lambda c: c.orders.list(whole=False))
    assert [order.session_id for order in found] == ["cs_1", "cs_2", "cs_4"]
    assert [order.has_all_lines for order in found] == [False] * 3
    assert {seen.path for seen in server.seen} == {PATH}


def test_moments_are_sent_as_whole_seconds_that_mean_the_same(call: Caller) -> None:
    when = datetime(2026, 6, 1, tzinfo=UTC) + timedelta(milliseconds=500)
    second = int(when.timestamp())
    with serve(lambda _: listed()) as server:
        call(
            server.url,
            lambda c: c.orders.list(
                created_gt=when, created_gte=when, created_lt=when, created_lte=when, limit=100
            ),
        )
    assert dict(server.seen[0].query) == {
        "status": "complete",
        "created[gt]": str(second),  # what was created in the next second is later
        "created[gte]": str(second + 1),
        "created[lt]": str(second + 1),
        "created[lte]": str(second),
        "limit": "100",
    }


@given(
    st.integers(0, 4_000_000_000),
    st.datetimes(datetime(1971, 1, 1), datetime(2096, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_rounding_a_moment_changes_no_comparison_with_a_whole_second(
    created: int, when: datetime
) -> None:
    filters = unix_filters(c_gt=when, c_gte=when, c_lt=when, c_lte=when)
    sent = {name: int(text) for name, text in filters.items()}
    moment = datetime.fromtimestamp(created, UTC)
    assert (created > sent["c[gt]"]) == (moment > when)
    assert (created >= sent["c[gte]"]) == (moment >= when)
    assert (created < sent["c[lt]"]) == (moment < when)
    assert (created <= sent["c[lte]"]) == (moment <= when)


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize(
    "page",
    [
        {"data": [], "has_more": True},  # would never end
        {"data": [{"object": "checkout.session"}]},  # without an id
        {"data": {}},
        [],
    ],
)
def test_a_list_that_cannot_be_read_is_a_typed_error(call: Caller, page: Any, whole: bool) -> None:
    with serve(lambda _: answer(page)) as server, pytest.raises(APIResponseError):
        call(server.url, lambda c: c.orders.list(whole=whole))


def test_a_listed_order_that_cannot_be_read_is_a_typed_error(call: Caller) -> None:
    page = {"data": [testing.checkout_session(amount_total="12")]}
    with serve(lambda _: answer(page)) as server, pytest.raises(APIResponseError):
        call(server.url, lambda c: c.orders.list(whole=False))


# ----------------------------------------------------------------------------------------- payments

PAYMENT = {
    "id": "pi_1",
    "object": "payment_intent",
    "amount": 4740,
    "amount_received": 4740,
    "currency": "usd",
    "status": "succeeded",
    "client_secret": "pi_1_secret_1",
}
REFUND = {
    "id": "re_1",
    "object": "refund",
    "amount": 500,
    "currency": "usd",
    "status": "pending",
    "payment_intent": "pi_1",
    "created": 1_800_000_000,
}
ORDER = orders.parse_order(testing.checkout_session())


@pytest.mark.parametrize("order", [ORDER, ORDER.payment_intent])
def test_a_payment_is_captured(call: Caller, order: Any) -> None:
    with serve(lambda _: answer(PAYMENT)) as server:
        found = call(server.url, lambda c: c.orders.capture(order), account="acct_1")
    assert (found.id, found.status, found.amount_received) == ("pi_1", "succeeded", 4740)
    assert "secret" not in repr(found)
    [seen] = server.seen
    assert seen.path == f"/v1/payment_intents/{ORDER.payment_intent}/capture"
    assert seen.body == b""
    assert seen.headers["stripe-account"] == "acct_1"
    assert seen.headers["idempotency-key"].startswith("agentic-commerce-")
    assert "stripe-version" not in seen.headers


def test_a_part_can_be_captured_with_another_fee(call: Caller) -> None:
    with serve(lambda _: answer(PAYMENT)) as server:
        call(
            server.url,
            lambda c: c.orders.capture(
                ORDER, amount_to_capture=1, application_fee_amount=0, idempotency_key="k"
            ),
            versions=Versions(payments="2025-09-30.preview"),
        )
    [seen] = server.seen
    assert seen.form == [("amount_to_capture", "1"), ("application_fee_amount", "0")]
    assert seen.headers["idempotency-key"] == "k"
    assert seen.headers["stripe-version"] == "2025-09-30.preview"


@pytest.mark.parametrize(
    ("arguments", "options", "form"),
    [
        ((), {}, []),
        ((4740,), {}, [("amount", "4740")]),
        ((1, "duplicate"), {}, [("amount", "1"), ("reason", "duplicate")]),
        ((), {"refund_application_fee": True}, [("refund_application_fee", "true")]),
        ((), {"reverse_transfer": True}, [("reverse_transfer", "true")]),
    ],
)
def test_a_payment_is_refunded(
    call: Caller, arguments: Any, options: Any, form: list[tuple[str, str]]
) -> None:
    with serve(lambda _: answer(REFUND)) as server:
        found = call(server.url, lambda c: c.orders.refund(ORDER, *arguments, **options))
    assert (found.id, found.amount, found.status) == ("re_1", 500, "pending")
    [seen] = server.seen
    assert (seen.method, seen.path) == ("POST", "/v1/refunds")
    assert seen.form == [("payment_intent", ORDER.payment_intent), *form]


@pytest.mark.parametrize(
    ("scenario", "fault", "match"),
    [
        (lambda c: c.orders.refund(ORDER, 0), ValueError, "at least 1"),
        (lambda c: c.orders.refund(ORDER, -5), ValueError, "at least 1"),
        (lambda c: c.orders.refund(ORDER, 4741), ValueError, "more than the order's total"),
        (lambda c: c.orders.refund(ORDER, 5.0), TypeError, "minor units"),
        (lambda c: c.orders.refund(ORDER, True), TypeError, "minor units"),
        (lambda c: c.orders.refund(ORDER, reason="broken"), ValueError, "reason"),
        (lambda c: c.orders.refund(ORDER, reverse_transfer="no"), TypeError, "reverse_transfer"),
        (lambda c: c.orders.refund("pi_1/../x"), ValueError, "payment"),
        (lambda c: c.orders.capture(ORDER, amount_to_capture=0), ValueError, "at least 1"),
        (lambda c: c.orders.capture(ORDER, application_fee_amount=-1), ValueError, "at least 0"),
        (
            lambda c: c.orders.capture(attrs.evolve(ORDER, payment_intent=None)),
            ValueError,
            "no payment",
        ),
    ],
)
def test_money_is_not_moved_by_arguments_that_cannot_be(
    call: Caller, scenario: Any, fault: type[Exception], match: str
) -> None:
    with pytest.raises(fault, match=match):
        call("http://127.0.0.1:1", scenario)


def test_an_account_session_is_the_platforms_own_and_hides_its_secret(call: Caller) -> None:
    session = {
        "object": "account_session",
        "account": "acct_1",
        "client_secret": "accs_secret_1",
        "expires_at": 1_800_000_000,
    }
    with serve(lambda _: answer(session)) as server:
        found = call(server.url, lambda c: c.account_sessions.create("acct_1"), account="acct_2")
    assert found.client_secret == "accs_secret_1"
    assert "secret_1" not in repr(found)
    [seen] = server.seen
    assert seen.path == "/v1/account_sessions"
    assert seen.form == [
        ("account", "acct_1"),
        ("components[agentic_commerce_settings][enabled]", "true"),
    ]
    assert "stripe-account" not in seen.headers
    assert seen.headers["stripe-version"] == "2026-10-14.preview"


def test_orders_are_read_in_the_version_that_shows_skus() -> None:
    assert Versions().orders == orders.SESSION_VERSION
