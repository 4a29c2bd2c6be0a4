"""A purchase, step by step: what is asked, what is paid, and why it stops."""

from __future__ import annotations

import json
import re
import threading
from datetime import date
from decimal import Decimal
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import attrs
import flask
import httpx
import pytest

from agentic_commerce import errors, feeds, hooks, orders
from agentic_commerce.hooks import (
    CustomizeCheckoutRequest,
    CustomizeCheckoutResponse,
    FinalizeCheckoutRequest,
    FinalizeCheckoutResponse,
    ProductPriceAvailabilityResponse,
    SalePrice,
    ShippingOption,
    UnitPrice,
)
from agentic_commerce.testing.sandbox import Sandbox
from agentic_commerce.testing.sandbox._result import PURCHASE_CODES
from tests.testing.sandbox.buying import (
    ACCOUNT,
    APPROVED,
    CELLS,
    HOME,
    approve,
    buy,
    endpoint,
    quantity,
    rates,
    replying,
    respond,
    server,
    shop,
    stock,
)
from tests.testing.sandbox.shop import Shop

CUSTOMIZE = "v1.delegated_checkout.customize_checkout"
FINALIZE = "v1.delegated_checkout.finalize_checkout"
PRICE = "delegated_commerce.product_price_availability"


def test_an_agent_buys_and_the_platform_gets_an_order() -> None:
    sandbox = shop({"applicable_fees": "US:CA:Recycling:0.25 USD"})
    seen: list[Any] = []
    sandbox.listen(lambda body, headers: seen.append(orders.parse_order_event(body)))
    result = buy(
        sandbox,
        endpoint(sandbox, customize_checkout=rates(8.5)),
        quantity=2,
        shipping_service="Express",
    )
    assert (result.status, result.code, result.completed) == ("completed", None, True)
    # 2 x 15.00, 2 x 0.25 of fees, 8.5 % on both, 9.00 for Express.
    totals = result.totals
    assert (totals.amount_subtotal, totals.amount_tax, totals.amount_shipping) == (3050, 259, 900)
    assert totals.amount_total == 4209
    order = result.order
    assert (order.amount_total, order.is_agentic, order.discrepancies) == (4209, True, ())
    assert [(line.sku, line.name) for line in order.lines] == [
        ("A", "Product A"),
        (None, "Recycling"),
    ]
    assert [call.type for call in result.calls] == [CUSTOMIZE, FINALIZE]
    assert quantity(sandbox) == 3
    assert [event.type for event in seen] == [
        "checkout.session.completed",
        "payment_intent.succeeded",
    ]
    assert seen[0].session_id == result.session_id == order.session_id
    assert seen[0].account == ACCOUNT
    assert seen[1].payment_intent == result.payment_intent == order.payment_intent
    assert str(result).splitlines()[0] == "completed"


def test_the_hooks_are_asked_what_the_documents_say() -> None:
    sandbox = shop({"applicable_fees": "US:CA:Recycling:0.25 USD"})
    asked: list[Any] = []

    def customize(request: CustomizeCheckoutRequest) -> CustomizeCheckoutResponse:
        asked.append(request)
        answer: CustomizeCheckoutResponse = rates(10)(request)
        return answer

    def finalize(request: FinalizeCheckoutRequest) -> FinalizeCheckoutResponse:
        asked.append(request)
        return FinalizeCheckoutResponse.approve()

    result = buy(
        sandbox,
        endpoint(sandbox, customize_checkout=customize, finalize_checkout=finalize),
        discounts={"A": 100},
    )
    first, second = asked
    assert first.context == second.context == ACCOUNT
    assert first.livemode is second.livemode is False
    assert first.id != second.id
    assert first.data.checkout_session == second.data.checkout_session == result.session_id
    product, fee = first.data.line_item_details
    assert (product.sku_id, product.quantity, product.unit_amount) == ("A", 1, 1500)
    assert (product.amount_discount, product.amount_tax, product.amount_total) == (100, 0, 1400)
    assert (fee.sku_id, fee.name, fee.unit_amount) == ("A", "Recycling", 25)
    assert first.data.automatic_tax.enabled is False
    assert first.data.amount_total == 1400 + 25 + 500
    shipping = first.data.shipping_details
    assert shipping.shipping_rate.display_name == "Standard"
    assert [rate.display_name for rate in shipping.shipping_rates] == ["Standard", "Express"]
    assert shipping.shipping_rates[0].delivery_estimate.maximum.value == 5
    assert (shipping.address.state, shipping.address.postal_code) == ("CA", "94016")

    assert [line.amount_tax for line in second.data.line_item_details] == [140, 3]
    assert second.data.line_item_details[0].tax_rates[0].rate.percentage == 10
    assert second.data.amount_total == 1540 + 28 + 500 == result.totals.amount_total
    assert second.data.total_details.amount_tax == 143
    card = second.data.payment_method_details.card
    assert (card.brand, card.last4) == ("visa", "4242")
    assert second.data.shipping_details.name == "Jenny Rosen"
    # The schema's spelling of the lines is there for whom the guide's samples were copied.
    (sent,) = [call.request for call in result.calls if call.type == FINALIZE]
    names = [set(line) for line in sent["data"]["line_items_details"]]
    assert names == [{"id", "unit_amount", "quantity", "name"}] * 2


# ---------------------------------------------------------------------------------- charge types


def test_a_direct_charge_lives_on_the_account_and_a_destination_charge_on_the_platform() -> None:
    def finalize(_: Any) -> FinalizeCheckoutResponse:
        return FinalizeCheckoutResponse.approve(application_fee_amount=50, transfer_amount=1000)

    sandbox = shop()
    own, platform = sandbox.world(ACCOUNT), sandbox.world()
    at = endpoint(sandbox, finalize_checkout=finalize)

    direct = buy(sandbox, at)
    payment = own.payment_intents[direct.payment_intent]
    assert (payment["application_fee_amount"], payment["transfer_data"]) == (50, None)
    assert direct.calls[-1].notes == (
        "transfer_data was passed over: a direct charge transfers nothing",
    )
    assert platform.sessions == {}

    destination = buy(sandbox, at, charge_type="destination")
    payment = platform.payment_intents[destination.payment_intent]
    assert payment["transfer_data"] == {"destination": ACCOUNT, "amount": 1000}
    assert payment["on_behalf_of"] == ACCOUNT
    assert list(own.sessions) == [direct.session_id]
    assert list(platform.sessions) == [destination.session_id]
    assert all("account" not in event for event in platform.events.values())
    assert destination.totals.application_fee_amount == 50
    assert quantity(sandbox) == 3


def test_a_destination_charge_without_an_amount_transfers_what_stripe_decides() -> None:
    sandbox = shop()
    result = buy(sandbox, charge_type="destination")
    payment = sandbox.world().payment_intents[result.payment_intent]
    assert payment["transfer_data"] == {"destination": ACCOUNT}


def test_metadata_of_an_approval_is_the_sessions() -> None:
    sandbox = shop()
    at = endpoint(
        sandbox,
        finalize_checkout=lambda _: FinalizeCheckoutResponse.approve(metadata={"order": "7"}),
    )
    assert buy(sandbox, at).order.metadata == {"order": "7"}


def test_a_manual_capture_is_paid_when_it_is_captured() -> None:
    sandbox = shop()
    result = buy(sandbox, manual_capture=True)
    world = sandbox.world(ACCOUNT)
    payment = world.payment_intents[result.payment_intent]
    assert (payment["status"], payment["amount_capturable"]) == ("requires_capture", 2000)
    assert result.order.payment_status == "unpaid"
    assert result.completed
    assert [event["type"] for event in world.events.values()] == ["checkout.session.completed"]


def test_an_order_that_costs_nothing_has_no_payment() -> None:
    sandbox = shop({"price": "0.00 USD", "shipping": ""})
    result = buy(sandbox, endpoint(sandbox))
    assert (result.completed, result.totals.amount_total) == (True, 0)
    assert (result.payment_intent, result.order.payment_status) == (None, "no_payment_required")
    world = sandbox.world(ACCOUNT)
    assert (world.payment_intents, world.charges) == ({}, {})
    assert [event["type"] for event in world.events.values()] == ["checkout.session.completed"]


def test_the_api_serves_what_was_bought() -> None:
    sandbox = shop()
    at = endpoint(sandbox, customize_checkout=rates(8.5))
    result = buy(sandbox, at, manual_capture=True)
    calls = Shop(sandbox)
    path = f"/v1/checkout/sessions/{result.session_id}"
    expand = {"expand[]": list(orders.SESSION_EXPAND)}
    got = calls.get(path, orders.SESSION_VERSION, **expand)
    assert orders.parse_order(got.content) == result.order
    payment = f"/v1/payment_intents/{result.payment_intent}"
    assert calls.post(f"{payment}/capture").json()["status"] == "succeeded"
    assert calls.get(path).json()["payment_status"] == "paid"
    refund = calls.post("/v1/refunds", payment_intent=result.payment_intent).json()
    assert (refund["amount"], refund["status"]) == (2128, "succeeded")
    types = [event["type"] for event in sandbox.world(ACCOUNT).events.values()]
    assert types[:2] == ["checkout.session.completed", "payment_intent.succeeded"]
    calls.http.close()


# -------------------------------------------------------------------------------------- declined


def test_a_decline_has_the_platforms_own_reason_and_takes_no_stock() -> None:
    sandbox = shop()
    at = endpoint(
        sandbox, finalize_checkout=lambda _: FinalizeCheckoutResponse.decline("Not today")
    )
    result = buy(sandbox, at)
    assert (result.status, result.code) == ("declined", "order_declined")
    assert (result.reason, result.order) == ("Not today", None)
    assert result.totals.amount_total == 2000
    assert quantity(sandbox) == 5
    world = sandbox.world(ACCOUNT)
    assert (world.sessions, world.payment_intents, world.events) == ({}, {}, {})
    assert str(result).splitlines()[0] == "declined (order_declined): Not today"


def test_an_approval_that_comes_too_late_is_a_decline() -> None:
    sandbox = shop()

    def finalize(_: Any) -> FinalizeCheckoutResponse:
        assert quantity(sandbox) == 4  # taken while the platform thinks
        sandbox.clock.advance(4.5)
        return FinalizeCheckoutResponse.approve()

    result = buy(sandbox, endpoint(sandbox, finalize_checkout=finalize), retries=3)
    assert (result.status, result.code) == ("declined", "hook_timeout")
    assert [call.outcome for call in result.calls] == ["timeout"]
    assert result.calls[0].seconds == 4.5
    assert quantity(sandbox) == 5


@pytest.mark.parametrize(
    ("deadline", "code"), [(0.02, "order_declined"), (5.0, "hook_timeout"), (None, "hook_timeout")]
)
def test_a_handler_that_never_returns_is_declined_by_whoever_is_first(
    deadline: float | None, code: str
) -> None:
    stuck = threading.Event()

    def finalize(_: Any) -> FinalizeCheckoutResponse:
        stuck.wait()
        return FinalizeCheckoutResponse.approve()

    sandbox = shop()
    dispatch = hooks.Dispatcher(finalize_checkout=finalize)
    at = hooks.HookEndpoint(dispatch, sandbox.hook_secret, deadline=deadline)
    result = buy(sandbox, at, hook_timeout=0.04)
    stuck.set()
    assert (result.status, result.code) == ("declined", code)
    assert quantity(sandbox) == 5


def test_a_platforms_server_is_called_over_http() -> None:
    sandbox = shop()
    at = endpoint(sandbox, customize_checkout=rates(8.5))

    def answer(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        respond(handler, at.respond(body, dict(handler.headers)).body)

    with server(answer) as url:
        result = buy(sandbox, url)
    assert result.completed, str(result)
    assert result.totals.amount_tax == 128
    assert [call.status for call in result.calls] == [200, 200]


def test_the_test_clients_of_frameworks_are_endpoints() -> None:
    sandbox = shop()
    at = endpoint(sandbox)
    app = flask.Flask("shop")
    app.wsgi_app = at.wsgi  # type: ignore[method-assign]
    with_flask = app.test_client()
    result = buy(
        sandbox,
        lambda body, headers: with_flask.post("/hooks", data=body, headers=headers),
        toggles=["order_approvals"],
    )
    assert result.completed, str(result)
    # FastAPI's and Starlette's are httpx clients.
    with httpx.Client(transport=httpx.WSGITransport(at.wsgi), base_url="http://shop") as client:
        result = buy(
            sandbox,
            lambda body, headers: client.post("/hooks", content=body, headers=headers),
            toggles=["order_approvals"],
        )
    assert result.completed, str(result)


def test_our_own_endpoint_declines_for_a_handler_that_raises() -> None:
    def finalize(_: Any) -> FinalizeCheckoutResponse:
        raise LookupError("no stock system")

    sandbox = shop()
    result = buy(sandbox, endpoint(sandbox, finalize_checkout=finalize))
    assert (result.status, result.code) == ("declined", "order_declined")
    assert result.reason == "The order could not be confirmed."


def test_the_bank_may_decline() -> None:
    sandbox = shop()
    result = buy(sandbox, endpoint(sandbox), card_error="insufficient_funds")
    assert (result.status, result.code) == ("declined", "card_declined")
    assert result.reason == "insufficient_funds"
    assert quantity(sandbox) == 5
    assert sandbox.world(ACCOUNT).payment_intents == {}


# ---------------------------------------------------------------------------------------- failed


@pytest.mark.parametrize(
    ("cells", "options", "code"),
    [
        ({}, {"sku": "B"}, "unknown_sku"),
        ({}, {"quantity": 6}, "quantity"),
        ({"availability": "out_of_stock"}, {}, "out_of_stock"),
        ({"disable_checkout": "true"}, {}, "checkout_disabled"),
        ({"expiration_date": "2026-04-06"}, {}, "expired"),
        ({}, {"address": "DE:BY:80331"}, "not_shipped_there"),
        ({}, {"shipping_service": "Drone"}, "unknown_service"),
        ({"shipping": ""}, {"shipping_service": "Standard"}, "unknown_service"),
        ({}, {"discounts": {"A": 1501}}, "not_one_cart"),
    ],
)
def test_what_cannot_be_bought_fails_before_any_hook(
    cells: dict[str, str], options: dict[str, Any], code: str
) -> None:
    sandbox = shop(cells)
    result = buy(sandbox, endpoint(sandbox), **options)
    assert (result.status, result.code) == ("failed", code)
    assert result.reason
    assert result.calls == ()
    assert result.order is None
    assert quantity(sandbox) == 5
    assert code in {**PURCHASE_CODES, **feeds.QUOTE_CODES}


def test_two_currencies_are_not_one_order() -> None:
    sandbox = shop({}, {"id": "B", "price": "1.00 EUR", "shipping": ""})
    result = buy(sandbox, sku=None, items=[("A", 1), ("B", 1)])
    assert (result.status, result.code) == ("failed", "not_one_cart")
    assert result.totals is None


def test_a_sale_counts_on_the_sandboxs_clock() -> None:
    sandbox = shop(
        {"sale_price": "12.00 USD", "sale_price_effective_date": "2026-04-01/2026-04-30"}
    )
    assert buy(sandbox).totals.amount_subtotal == 1200
    sandbox.clock.advance(30 * 86400)
    assert buy(sandbox).totals.amount_subtotal == 1500


def test_stock_that_is_not_counted_is_not_taken() -> None:
    sandbox = shop(
        {"inventory_not_tracked": "true", "inventory_quantity": ""},
        {"id": "B", "availability": "backorder", "inventory_quantity": "0"},
        {
            "id": "C",
            "availability": "preorder",
            "availability_date": "2027-01-01",
            "inventory_quantity": "1",
        },
    )
    result = buy(sandbox, sku=None, items=[("A", 9), ("B", 9), ("C", 9)])
    assert result.completed
    assert [quantity(sandbox, sku) for sku in "ABC"] == [None, 0, 1]


def test_one_product_in_two_lines_is_one_stock() -> None:
    sandbox = shop()
    assert buy(sandbox, sku=None, items=[("A", 2), ("A", 3)]).completed
    assert quantity(sandbox) == 0


def test_all_or_nothing_is_taken_when_somebody_else_is_faster() -> None:
    sandbox = shop({}, {"id": "B"})

    def customize(request: CustomizeCheckoutRequest) -> CustomizeCheckoutResponse:
        sandbox.world(ACCOUNT).catalog.take("B", 5)
        return CustomizeCheckoutResponse()

    at = endpoint(sandbox, customize_checkout=customize)
    result = buy(sandbox, at, items=[("B", 1)])
    assert (result.status, result.code) == ("failed", "sold_out")
    assert [quantity(sandbox, sku) for sku in "AB"] == [5, 0]


# ------------------------------------------------------------------------------ 424, and retries


@pytest.mark.parametrize(
    ("kind", "reply"),
    [
        ("customize_checkout", b"<html>"),
        ("customize_checkout", {"line_items": [{"id": "li_404", "tax_rates": []}]}),
        ("finalize_checkout", b"approved"),
        ("finalize_checkout", {"approved": True}),
        ("finalize_checkout", {}),
        ("product_price_availability", {"availability": {"status": "plenty"}}),
    ],
)
def test_a_reply_that_breaks_the_contract_is_a_424(kind: str, reply: Any) -> None:
    sandbox = shop()
    at = replying(**({"finalize_checkout": APPROVED} | {kind: reply}))
    toggles = ["order_approvals", "custom_tax_rates", "pricing_and_availability"]
    result = buy(sandbox, at, retries=2, toggles=toggles)
    assert (result.status, result.code) == ("failed", "hook_failed")
    refused = [call for call in result.calls if not call.ok]
    assert [call.attempt for call in refused] == [1, 2, 3]
    assert all(call.outcome == "refused" and call.agent_status == 424 for call in refused)
    assert refused[0].issues
    assert refused[0].detail in result.reason
    assert quantity(sandbox) == 5


def test_a_cart_that_is_customized_too_late_is_a_424_and_may_be_tried_again() -> None:
    sandbox = shop()
    slow = [5.0, 4.1]

    def customize(request: CustomizeCheckoutRequest) -> CustomizeCheckoutResponse:
        sandbox.clock.advance(slow.pop() if slow else 0)
        answer: CustomizeCheckoutResponse = rates(8.5)(request)
        return answer

    at = endpoint(sandbox, customize_checkout=customize)
    result = buy(sandbox, at)
    assert (result.status, result.code) == ("failed", "hook_failed")
    assert result.calls[0].agent_status == 424
    result = buy(sandbox, at, retries=1)
    assert result.completed
    assert [call.outcome for call in result.calls] == ["timeout", "answered", "answered"]
    assert result.totals.amount_tax == 128


def test_an_agent_that_tries_again_is_charged_once() -> None:
    sandbox = shop()
    real = endpoint(sandbox)
    lost = [502, 504]

    def respond(body: bytes, headers: dict[str, str]) -> Any:
        answer = real.respond(body, headers)  # the platform approved, but nobody heard it
        return (lost.pop(), {}, b"half a rep") if lost else answer

    result = buy(sandbox, respond, toggles=["order_approvals"], retries=2)
    assert result.completed
    assert [(call.attempt, call.outcome) for call in result.calls] == [
        (1, "error"),
        (2, "error"),
        (3, "answered"),
    ]
    world = sandbox.world(ACCOUNT)
    assert len(world.payment_intents) == len(world.charges) == len(world.sessions) == 1
    assert quantity(sandbox) == 4


def test_a_retry_is_about_the_same_session_so_a_replay_store_answers_it() -> None:
    sandbox = shop()
    runs: list[str] = []

    def finalize(request: FinalizeCheckoutRequest) -> FinalizeCheckoutResponse:
        runs.append(request.id)
        return FinalizeCheckoutResponse.approve(application_fee_amount=len(runs))

    real = hooks.HookEndpoint(
        hooks.Dispatcher(finalize_checkout=finalize),
        sandbox.hook_secret,
        replay=hooks.MemoryReplayStore(),
    )
    replies: list[Any] = []

    def respond(body: bytes, headers: dict[str, str]) -> Any:
        replies.append(real.respond(body, headers))
        return (500, {}, b"") if len(replies) == 1 else replies[-1]

    result = buy(sandbox, respond, toggles=["order_approvals"], retries=1)
    assert (result.completed, len(runs), len(replies)) == (True, 1, 2)
    assert result.totals.application_fee_amount == 1
    first, second = (call.request for call in result.calls)
    assert first["id"] != second["id"]
    assert first["data"] == second["data"]


# --------------------------------------------------------------------------- price, availability


def priced(sandbox: Sandbox, answer: ProductPriceAvailabilityResponse, **options: Any) -> Any:
    at = endpoint(sandbox, product_price_availability=lambda _: answer)
    return buy(sandbox, at, **options)


def test_the_price_hook_has_the_last_word_on_price_and_stock() -> None:
    sandbox = shop()
    offer = ProductPriceAvailabilityResponse.offer
    price = UnitPrice(1999, "usd")
    result = priced(sandbox, offer("in_stock", quantity=50, price=price), quantity=9)
    assert (result.completed, result.totals.amount_subtotal) == (True, 9 * 1999)
    assert result.calls[0].type == PRICE
    assert result.calls[0].request["data"] == {"sku_id": "A"}
    # The feed had five, so none could be taken; it never goes below zero.
    assert quantity(sandbox) == 5
    assert priced(sandbox, offer("in_stock"), quantity=5).totals.amount_subtotal == 7500
    assert quantity(sandbox) == 0
    assert priced(sandbox, offer("in_stock", quantity=1)).completed


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (ProductPriceAvailabilityResponse.gone(), "product_deleted"),
        (ProductPriceAvailabilityResponse.offer("out_of_stock"), "out_of_stock"),
        (ProductPriceAvailabilityResponse.offer("in_stock", quantity=0), "quantity"),
    ],
)
def test_the_price_hook_can_stop_a_purchase(
    answer: ProductPriceAvailabilityResponse, code: str
) -> None:
    result = priced(shop(), answer)
    assert (result.status, result.code) == ("failed", code)


def test_the_price_hooks_sale_has_its_days() -> None:
    sandbox = shop()
    sale = SalePrice(
        unit_amount=1000,
        currency="usd",
        start_date=date(2026, 4, 6),
        end_date=date(2026, 4, 7),
    )
    answer = ProductPriceAvailabilityResponse.offer(
        "in_stock", price=UnitPrice(1200, "usd"), sale_price=sale
    )
    assert priced(sandbox, answer).totals.amount_subtotal == 1000
    sandbox.clock.advance(2 * 86400)
    assert priced(sandbox, answer).totals.amount_subtotal == 1200


def test_without_an_answer_in_time_stripe_takes_the_feeds_word() -> None:
    sandbox = shop()

    def late(_: Any) -> ProductPriceAvailabilityResponse:
        sandbox.clock.advance(5)
        return ProductPriceAvailabilityResponse.gone()

    result = buy(sandbox, endpoint(sandbox, product_price_availability=late))
    assert result.completed
    assert [call.outcome for call in result.calls] == ["timeout", "answered"]
    assert result.totals.amount_subtotal == 1500


def test_an_endpoint_that_ignores_the_price_hook_leaves_it_to_the_feed() -> None:
    sandbox = shop()
    at = replying(finalize_checkout=APPROVED)
    result = buy(sandbox, at, toggles=["order_approvals", "pricing_and_availability"])
    assert result.completed
    assert result.calls[0].notes == ("the reply says nothing",)


# ---------------------------------------------------------------------------- taxes and shipping


@pytest.mark.parametrize(
    ("cells", "percentage", "tax", "total"),
    [
        ({}, 0, 0, 2000),
        ({}, Decimal("8.875"), 133, 2133),
        ({"tax_behavior": "exclusive"}, 10, 150, 2150),
        # In the price already.
        ({"tax_behavior": "inclusive"}, 20, 250, 2000),
    ],
)
def test_automatic_tax_is_a_flat_rate(
    cells: dict[str, str], percentage: Any, tax: int, total: int
) -> None:
    sandbox = shop(cells)
    asked: list[Any] = []

    def customize(request: CustomizeCheckoutRequest) -> CustomizeCheckoutResponse:
        asked.append(request.data)
        return CustomizeCheckoutResponse()

    at = endpoint(sandbox, customize_checkout=customize)
    result = buy(sandbox, at, automatic_tax=True, tax_percentage=percentage)
    assert (result.totals.amount_tax, result.totals.amount_total) == (tax, total)
    assert result.order.discrepancies == ()
    assert asked[0].automatic_tax.enabled
    assert asked[0].line_item_details[0].amount_tax == tax


def test_without_automatic_tax_the_flat_rate_is_not_used() -> None:
    assert buy(shop(), tax_percentage=10).totals.amount_tax == 0


def test_a_foreign_flat_rate_is_a_vat() -> None:
    sandbox = shop({"shipping": "DE:ALL:Standard::5.00 USD"})
    order = buy(sandbox, address="DE", automatic_tax=True, tax_percentage=19).order
    assert order.lines[0].taxes[0].tax_type == "vat"


def test_rates_are_refused_while_stripe_computes_the_tax() -> None:
    sandbox = shop()
    taxes = rates(8.5)

    def customize(body: bytes, headers: dict[str, str]) -> Any:
        request = hooks.parse_request(body)
        answer = taxes(request)
        lines = [
            {
                "id": line.id,
                "tax_rates": [
                    {"rate_data": {"display_name": "Tax", "percentage": 8.5, "inclusive": False}}
                ],
            }
            for line in answer.line_items
        ]
        return 200, {}, json.dumps({"line_items": lines})

    result = buy(sandbox, customize, automatic_tax=True, toggles=["custom_tax_rates"])
    assert (result.status, result.code) == ("failed", "hook_failed")
    assert result.calls[0].issues[0].code == "automatic_tax"


def test_rates_and_shipping_rates_of_the_account_can_be_named() -> None:
    sandbox = shop()
    tax = sandbox.add_tax_rate("VAT", Decimal(20), inclusive=True, account=ACCOUNT)
    courier = sandbox.add_shipping_rate("Courier", 700, "usd", account=ACCOUNT)
    at = replying(
        customize_checkout=lambda data: {
            "line_items": [
                {"id": line["id"], "tax_rates": [{"rate": tax}]}
                for line in data["line_item_details"]
            ],
            "shipping_options": [
                {"shipping_rate": data["shipping_details"]["shipping_rate"]["id"]},
                {"shipping_rate": courier},
            ],
        },
        finalize_checkout=APPROVED,
    )
    result = buy(sandbox, at, shipping_service="Courier")
    assert [choice.display_name for choice in result.shipping] == ["Standard", "Courier"]
    totals = result.totals
    assert (totals.amount_tax, totals.amount_shipping, totals.amount_total) == (250, 700, 2200)
    # With a destination charge everything lives on the platform.
    refused = buy(sandbox, at, charge_type="destination")
    assert refused.code == "hook_failed"
    hints = {issue.hint for issue in refused.calls[0].issues}
    assert any("add_tax_rate" in (hint or "") for hint in hints)
    sandbox.add_tax_rate("Sales tax", 8)
    assert len(sandbox.world().tax_rates) == 1


@pytest.mark.parametrize("amount", [-1, 1.5])
def test_a_rate_that_there_cannot_be_is_refused(amount: Any) -> None:
    with pytest.raises(errors.ResponseError):
        Sandbox().add_shipping_rate("Courier", amount, "usd")
    with pytest.raises(errors.ResponseError):
        Sandbox().add_tax_rate("Tax", 101)


def courier(*options: ShippingOption) -> Any:
    return lambda _: CustomizeCheckoutResponse(shipping_options=options)


def test_the_platforms_shipping_options_replace_the_feeds() -> None:
    sandbox = shop()
    options = [
        ShippingOption.by_data("Courier", 1200, "usd"),
        ShippingOption.by_data("Bike", 300, "usd", tax_behavior="exclusive", tax_code="txcd_1"),
    ]
    at = endpoint(sandbox, customize_checkout=courier(*options))
    result = buy(sandbox, at)
    assert [choice.display_name for choice in result.shipping] == ["Courier", "Bike"]
    assert result.totals.amount_shipping == 300  # the cheapest
    assert buy(sandbox, at, shipping_service="Courier").totals.amount_shipping == 1200
    assert buy(sandbox, at, shipping_service="Standard").code == "unknown_service"
    identifier = result.shipping[1].id
    assert buy(sandbox, at, shipping_service=identifier).totals.amount_shipping == 300
    assert sandbox.world(ACCOUNT).shipping_rates[identifier]["tax_code"] == "txcd_1"


def test_the_platform_may_ship_where_the_feed_does_not() -> None:
    sandbox = shop()
    option = ShippingOption.by_data("Air", 4000, "usd")
    at = endpoint(sandbox, customize_checkout=courier(option))
    result = buy(sandbox, at, address="JP")
    assert (result.completed, result.totals.amount_shipping) == (True, 4000)
    # Where the platform offers nothing of its own, the feed's reason stands.
    silent = endpoint(sandbox, customize_checkout=rates(8.5))
    result = buy(sandbox, silent, address="JP", shipping_service="Standard")
    assert (result.code, result.reason) == (
        "not_shipped_there",
        "A: not shipped there; only to places in US",
    )
    # Without the toggle the feed has the only word.
    result = buy(sandbox, at, address="JP", toggles=["custom_tax_rates"])
    assert result.code == "not_shipped_there"


def test_no_shipping_options_are_no_delivery_unless_nothing_ships() -> None:
    sandbox = shop({}, {"id": "B", "shipping": ""})
    at = endpoint(sandbox, customize_checkout=courier())
    assert buy(sandbox, at).code == "no_shipping"
    result = buy(sandbox, at, "B")
    assert (result.completed, result.totals.amount_shipping) == (True, 0)
    assert result.order.discrepancies == ()


def test_what_a_switched_off_toggle_does_not_ask_for_is_passed_over() -> None:
    sandbox = shop()
    option = ShippingOption.by_data("Courier", 1200, "usd")

    def customize(request: CustomizeCheckoutRequest) -> CustomizeCheckoutResponse:
        taxes = rates(8.5)(request)
        return CustomizeCheckoutResponse(shipping_options=[option], line_items=taxes.line_items)

    at = endpoint(sandbox, customize_checkout=customize)
    shipping = buy(sandbox, at, toggles=["custom_shipping_options"])
    assert (shipping.totals.amount_tax, shipping.totals.amount_shipping) == (0, 1200)
    assert "Custom tax rates is off" in shipping.calls[0].notes[0]
    at_all = endpoint(sandbox, customize_checkout=courier(option))
    nothing = buy(sandbox, at_all, toggles=["custom_shipping_options"])
    assert nothing.calls[0].notes == ()
    tax = buy(sandbox, at, toggles=["custom_tax_rates"])
    assert (tax.totals.amount_tax, tax.totals.amount_shipping) == (128, 500)
    assert "Custom shipping options is off" in tax.calls[0].notes[0]


def test_the_feed_says_how_its_shipping_is_taxed() -> None:
    sandbox = shop({"shipping_tax_behavior": "inclusive"}, {"id": "B"})
    assert buy(sandbox).shipping[0].tax_behavior == "inclusive"
    mixed = buy(sandbox, items=[("B", 1)])
    assert mixed.shipping[0].tax_behavior == "unspecified"


# ------------------------------------------------------------------------- what cannot begin, etc.


def test_the_toggles_follow_what_the_endpoint_handles() -> None:
    sandbox = shop()
    dispatch = hooks.Dispatcher(customize_checkout=rates(8.5))
    at = hooks.HookEndpoint(dispatch, sandbox.hook_secret)
    assert [call.type for call in buy(sandbox, at).calls] == [CUSTOMIZE]
    calls = buy(sandbox, replying(finalize_checkout=APPROVED)).calls
    assert [call.type for call in calls] == [CUSTOMIZE, FINALIZE]
    assert buy(sandbox).calls == ()


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"sku": None}, ValueError, "SKU"),
        ({"quantity": 0}, ValueError, "1 or more"),
        ({"sku": None, "items": [("A", True)]}, ValueError, "1 or more"),
        ({"charge_type": "separate"}, ValueError, "direct"),
        ({"tax_percentage": 8.5}, ValueError, "Decimal"),
        ({"tax_percentage": 101}, ValueError, "100"),
        ({"tax_percentage": Decimal("NaN")}, ValueError, "Decimal"),
        ({"account": ""}, ValueError, "acct_"),
        ({"account": None}, ValueError, "acct_"),
        ({"address": 5}, TypeError, "a text such as"),
        ({"address": {"country": "US", "state": ["CA"]}}, ValueError, "state is a str"),
        ({"address": feeds.Destination("US"), "buyer": {"email": 5}}, ValueError, "email is a str"),
        ({"card": {"exp_month": "12"}}, ValueError, "exp_month is a int"),
        ({"discounts": {"A": -1}}, ValueError, "0 or more"),
        ({"discounts": {"A": 1.5}}, ValueError, "whole number"),
        ({"retries": -1}, ValueError, "retries"),
        ({"hook_timeout": 0}, ValueError, "hook_timeout"),
        ({"toggles": ["order_approval"]}, ValueError, "order_approvals"),
        ({"toggles": ["order_approvals"]}, ValueError, "no endpoint"),
        ({"discounts": {"B": 1}}, ValueError, "not bought"),
        ({"buyer": {"nick": "J"}}, ValueError, "nick"),
        ({"card": {"number": "4242"}}, ValueError, "number"),
        ({"address": {"zip": "94016"}}, ValueError, "zip"),
        ({"address": "USA"}, errors.CellError, "country"),
        ({"colour": "red"}, TypeError, "a purchase has no colour: see PurchaseOptions"),
    ],
)
def test_a_purchase_that_makes_no_sense_is_refused(
    options: dict[str, Any], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        buy(shop(), **options)


@pytest.mark.parametrize(
    "address",
    [
        HOME,
        {"country": "US", "state": "CA", "postal_code": "94016"},
        hooks.Address(country="US", state="CA", postal_code="94016"),
        feeds.Destination("US", "CA", "94016"),
    ],
    ids=lambda address: type(address).__name__,
)
def test_an_address_may_come_in_many_forms(address: Any) -> None:
    sandbox = shop({"shipping": "US:94*:Standard::5.00 USD"})
    result = buy(
        sandbox,
        address=address,
        billing_address={"country": "CH", "city": "Bern"},
        buyer={"name": "Max Muster"},
        card={"brand": "amex", "wallet": {"type": "apple_pay"}},
        agent="Shopper",
        agent_profile="profile_test_shopper",
    )
    order = result.order
    assert order.shipping_details.address.postal_code == "94016"
    assert order.billing_details.address.country == "CH"
    assert (order.customer_name, order.card.brand) == ("Max Muster", "amex")
    assert order.agent.network_business_profile == "profile_test_shopper"
    assert "Muster" not in repr(result)


def test_the_same_seed_gives_the_same_order() -> None:
    def run() -> Any:
        sandbox = shop(seed=7)
        at = endpoint(sandbox, customize_checkout=rates(8.5))
        return buy(sandbox, at, quantity=2).order.raw

    assert run() == run()


def test_one_product_at_one_price_has_one_price_object() -> None:
    sandbox = shop()
    at = endpoint(sandbox, customize_checkout=rates(8.5))
    for _ in range(2):
        assert buy(sandbox, at).completed
    world = sandbox.world(ACCOUNT)
    assert len(world.sessions) == 2
    assert len(world.products) == len(world.prices) == len(world.tax_rates) == 1
    stock(sandbox, {"price": "16.00 USD"})
    assert buy(sandbox, at).completed
    assert (len(world.products), len(world.prices)) == (1, 2)


def test_products_can_be_put_on_the_shelf_without_an_import() -> None:
    sandbox = Sandbox()
    cells = {**CELLS, "id": "A", "title": "Product A"}
    sandbox.stock(feeds.row_from({**cells, "id": "B"}), cells, account=ACCOUNT)
    assert buy(sandbox, endpoint(sandbox, finalize_checkout=approve), "B").completed
    sandbox.stock({**cells, "inventory_quantity": "0"}, account=ACCOUNT)
    assert [quantity(sandbox, sku) for sku in "AB"] == [0, 4]
    with pytest.raises(errors.FeedError, match="price"):
        sandbox.stock({**cells, "price": "$15"}, account=ACCOUNT)
    row: Any = feeds.row_from({**cells, "id": "C"})
    with pytest.raises(errors.FeedError, match="quantity"):
        sandbox.stock(attrs.evolve(row, inventory_quantity=None), account=ACCOUNT)
    assert "C" not in sandbox.world(ACCOUNT).catalog


def test_one_product_is_asked_about_once() -> None:
    sandbox = shop()
    answer = ProductPriceAvailabilityResponse.offer("in_stock", quantity=9)
    at = endpoint(sandbox, product_price_availability=lambda _: answer)
    result = buy(sandbox, at, items=[("A", 2)])
    assert [call.type for call in result.calls] == [PRICE, FINALIZE]


def test_another_secret_can_sign_for_a_server_that_has_its_own() -> None:
    sandbox = shop()
    at = hooks.HookEndpoint(hooks.Dispatcher(finalize_checkout=approve), "whsec_other")
    assert buy(sandbox, at).calls[0].detail.count("bad_signature") == 1
    assert buy(sandbox, at, secret="whsec_other").completed


def test_an_account_that_there_is_not_sells_nothing() -> None:
    sandbox = shop(accounts=[ACCOUNT])
    assert buy(sandbox).completed
    with pytest.raises(ValueError, match="acct_2"):
        buy(sandbox, account="acct_2")


def test_the_sandbox_tells_what_became_of_purchases_without_anybodys_words() -> None:
    sandbox = shop()
    decline = FinalizeCheckoutResponse.decline("Sorry, Jenny")
    buy(sandbox, endpoint(sandbox, finalize_checkout=lambda _: decline))
    buy(sandbox, lambda body, headers: 1 / 0, toggles=["order_approvals"])
    told = sandbox.describe()
    assert "purchase: declined (order_declined)" in told
    assert "purchase: failed (hook_failed)" in told
    assert "  finalize_checkout, attempt 1: error, 500, 0.0" in told
    assert "Jenny" not in told
    assert [result.code for result in sandbox.purchases] == ["order_declined", "hook_failed"]


# ------------------------------------------------------------------- the platform guide's samples


def guide(kind: str, answer: Any, otherwise: tuple[int, bytes]) -> Any:
    """A sample endpoint: it answers one kind of hook, and every other one alike."""

    def respond(body: bytes, headers: dict[str, str]) -> Any:
        request = json.loads(body)
        if request["type"] != kind:
            return otherwise[0], {}, otherwise[1]
        return 200, {}, json.dumps(answer(request["data"])).encode()

    return respond


def node_taxes(data: Any) -> Any:
    rates = [("Sales tax", 8.5), ("Environmental fee", 1)]
    given = [
        {"rate_data": {"display_name": name, "inclusive": False, "percentage": percentage}}
        for name, percentage in rates
    ]
    lines = data.get("line_item_details") or []
    return {"line_items": [{"id": line["id"], "tax_rates": given} for line in lines]}


def node_fee(data: Any) -> Any:
    # The sample reads the schema's spelling of the lines.
    fee = sum(line["unit_amount"] * line["quantity"] for line in data["line_items_details"]) // 50
    return {
        "manual_approval_details": {"type": "approved"},
        "application_fee_details": {"application_fee_amount": fee},
    }


NODE_OTHERWISE = (400, b'{"error":"Unsupported webhook type"}')


@pytest.mark.parametrize(
    ("at", "toggles", "total", "fee"),
    [
        (guide(CUSTOMIZE, node_taxes, NODE_OTHERWISE), ["custom_tax_rates"], 2143, None),
        (guide(FINALIZE, node_fee, NODE_OTHERWISE), ["order_approvals"], 2000, 30),
        (guide(FINALIZE, lambda _: APPROVED, (200, b"null")), None, 2000, None),
    ],
    ids=["node taxes", "node fee", "ruby"],
)
def test_the_platform_guides_sample_endpoints_sell(
    at: Any, toggles: Any, total: int, fee: int | None
) -> None:
    result = buy(shop(), at, **({"toggles": toggles} if toggles else {}))
    assert result.completed, str(result)
    assert (result.totals.amount_total, result.totals.application_fee_amount) == (total, fee)


def test_the_node_sample_fails_for_hooks_that_it_does_not_handle() -> None:
    result = buy(shop(), guide(FINALIZE, node_fee, NODE_OTHERWISE))
    assert (result.code, result.calls[0].status) == ("hook_failed", 400)


def test_the_reference_has_every_code() -> None:
    page = Path(__file__).parents[3] / "docs" / "reference" / "purchases.md"
    rows = set(re.findall(r"^\| `(\w+)` \| (.*) \|$", page.read_text(), re.MULTILINE))
    assert rows == set(PURCHASE_CODES.items())
