"""What users write, as mypy sees it. Never run: `make check` type-checks it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal, assert_type

from agentic_commerce import Issue, PayloadError, hooks, money, orders, testing
from agentic_commerce.hooks import HookReply
from agentic_commerce.testing.sandbox import HookCall, PurchaseResult, Totals


def tax(request: hooks.CustomizeCheckoutRequest) -> hooks.CustomizeCheckoutResponse:
    assert_type(request.data.line_item_details, tuple[hooks.CustomizeLineItem, ...])
    assert_type(request.data.line_item_details[0].sku_id, str)
    assert_type(request.data.line_item_details[0].tax_rates[0].rate.percentage, Decimal)
    assert_type(request.data.amount_total, int | None)
    assert_type(request.account, str | None)
    if request.data.shipping_details and request.data.shipping_details.shipping_rate:
        rate = request.data.shipping_details.shipping_rate
        assert_type(rate.tax_behavior, hooks.TaxBehavior | str)
    request.id = "other"  # type: ignore[misc] # requests are frozen
    return hooks.CustomizeCheckoutResponse(
        shipping_options=[hooks.ShippingOption.by_data("Standard", 500, "usd")],
        line_items=[hooks.LineItemTaxes("li_1", [hooks.TaxRate.by_data("Tax", 8.5)])],
    )


async def approve(request: hooks.FinalizeCheckoutRequest) -> hooks.FinalizeCheckoutResponse:
    assert_type(request.data.line_items_details, tuple[hooks.FinalizeLineItem, ...])
    assert_type(request.data.line_item_details[0].sku_id, str | None)
    if request.data.amount_total is None:
        return hooks.FinalizeCheckoutResponse.decline("No total")
    fee = money.percentage(request.data.amount_total, Decimal("2.9"))
    assert_type(fee, int)
    assert_type(hooks.time_left(), float | None)
    return hooks.FinalizeCheckoutResponse.approve(application_fee_amount=fee)


def price(request: hooks.ProductPriceAvailabilityRequest) -> dict[str, Any]:
    return {"sku_id": request.data.sku_id, "deleted": True}


dispatch = hooks.Dispatcher(
    customize_checkout=tax, finalize_checkout=approve, product_price_availability=price
)
assert_type(dispatch(b"{}"), dict[str, Any])

hooks.Dispatcher(customize_checkout=approve)  # type: ignore[arg-type] # another hook's handler
hooks.TaxRateData(display_name="Tax", inclusive=False)  # type: ignore[call-arg] # no percentage

endpoint = hooks.HookEndpoint(dispatch, ["whsec_1", "whsec_2"], replay=hooks.MemoryReplayStore())
assert_type(endpoint.respond(b"", {}), HookReply)
assert_type(endpoint.respond(b"", {}).status, int)


async def main() -> None:
    assert_type(await endpoint.respond_async(b"", {}), HookReply)
    assert_type(await dispatch.run_async({}), dict[str, Any])


def read(payload: bytes) -> str:
    try:
        request = hooks.parse_request(payload)
    except PayloadError as error:
        assert_type(error.issues, tuple[Issue, ...])
        return "unreadable"
    match request:
        case hooks.CustomizeCheckoutRequest():
            assert_type(request.data, hooks.CustomizeCheckoutData)
        case hooks.FinalizeCheckoutRequest():
            assert_type(request.data, hooks.FinalizeCheckoutData)
        case hooks.ProductPriceAvailabilityRequest():
            assert_type(request.data, hooks.ProductPriceAvailabilityData)
    return request.type


assert_type(testing.customize_checkout(id="x"), dict[str, Any])
assert_type(testing.sign(b"", "whsec_1"), str)


def buying(sandbox: testing.Sandbox, endpoint: hooks.HookEndpoint) -> None:
    result = sandbox.purchase("A", account="acct_1", address="US:CA:94016", endpoint=endpoint)
    assert_type(result, PurchaseResult)
    assert_type(result.status, Literal["completed", "declined", "failed"])
    assert_type(result.order, orders.Order | None)
    assert_type(result.totals, Totals | None)
    assert_type(result.calls, tuple[HookCall, ...])
    assert_type(result.calls[0].seconds, float)
    sandbox.purchase(
        items=[("A", 1), ("B", 2)],
        account="acct_1",
        address=hooks.Address(country="US"),
        endpoint="http://127.0.0.1:4242",
        shipping_service="Express",
        charge_type="destination",
        toggles=["order_approvals"],
        tax_percentage=Decimal("8.5"),
        hook_timeout=None,
        retries=1,
    )
    sandbox.purchase("A", address="US", endpoint=None)  # type: ignore[call-arg]  # whose catalog?
    sandbox.purchase(
        "A",
        account="acct_1",
        address="US",
        endpoint=None,
        charge_type="separate",  # type: ignore[arg-type]
    )
