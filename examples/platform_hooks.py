"""The hooks of an example platform: tax per state, two shipping options, approval by stock, a fee.

Copy this file and replace the tables by your own data. Amounts are in minor units (cents for USD),
percentages are per cent of 100.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Final

from agentic_commerce import hooks, money

# The states in which the example's sellers collect sales tax, and the rate of each. Made up for the
# example: real rates depend on the street and on the product.
TAX_PERCENT: Final = {"CA": Decimal("7.25"), "NY": Decimal(4), "WA": Decimal("6.5")}

# The platform's share of the goods sold.
FEE_PERCENT: Final = Decimal("2.5")

# The feed's product id -> the price of one unit, in US cents.
PRICES: Final = {"SKU-1": 2000, "SKU-2": 3550, "SKU-SOLD-OUT": 9900}

StockLevel = Callable[[str], int]
"""How many units of a product are on the shelf."""


class PlatformHooks:
    """The three handlers. They share the shelf that they ask for stock."""

    def __init__(self, stock_level: StockLevel) -> None:
        self._stock_level = stock_level

    def customize_checkout(
        self, request: hooks.CustomizeCheckoutRequest
    ) -> hooks.CustomizeCheckoutResponse:
        """Offer two ways of shipping, and tax each line by the buyer's state."""
        currency = request.data.currency
        options = [
            hooks.ShippingOption.by_data(
                "Standard",
                500,
                currency,
                delivery_estimate=hooks.DeliveryEstimate.business_days(3, 5),
            ),
            hooks.ShippingOption.by_data(
                "Express",
                1500,
                currency,
                delivery_estimate=hooks.DeliveryEstimate.business_days(1, 2),
            ),
        ]
        return hooks.CustomizeCheckoutResponse(
            shipping_options=options, line_items=_line_taxes(request.data)
        )

    def finalize_checkout(
        self, request: hooks.FinalizeCheckoutRequest
    ) -> hooks.FinalizeCheckoutResponse:
        """Approve what is on the shelf and take the platform's fee; decline the rest."""
        lines = request.data.line_item_details
        wanted: Counter[str] = Counter()
        for line in lines:
            # The documented schema has no sku_id here, real requests do. Without it there is
            # nothing to look up, so the order is not approved.
            if line.sku_id is None:
                return hooks.FinalizeCheckoutResponse.decline(f"{line.name} is out of stock.")
            wanted[line.sku_id] += line.quantity
            if self._stock_level(line.sku_id) < wanted[line.sku_id]:
                return hooks.FinalizeCheckoutResponse.decline(f"{line.name} is out of stock.")
        if not lines:  # nothing that could be looked up is nothing that may be sold
            return hooks.FinalizeCheckoutResponse.decline("The order has no lines.")
        goods = sum(line.unit_amount * line.quantity for line in lines)
        return hooks.FinalizeCheckoutResponse.approve(
            application_fee_amount=money.percentage(goods, FEE_PERCENT)
        )

    def product_price_availability(
        self, request: hooks.ProductPriceAvailabilityRequest
    ) -> hooks.ProductPriceAvailabilityResponse:
        """Say what a product costs now, and whether it can be had."""
        sku = request.data.sku_id
        if sku not in PRICES:
            return hooks.ProductPriceAvailabilityResponse.gone()
        quantity = self._stock_level(sku)
        return hooks.ProductPriceAvailabilityResponse.offer(
            "in_stock" if quantity else "out_of_stock",
            quantity=quantity,
            price=hooks.UnitPrice(PRICES[sku], "usd"),
        )


def _line_taxes(data: hooks.CustomizeCheckoutData) -> list[hooks.LineItemTaxes]:
    if data.automatic_tax.enabled:  # Stripe Tax computes; rates from us would be refused
        return []
    address = data.shipping_details.address if data.shipping_details else None
    percent = TAX_PERCENT.get(address.state or "") if address else None
    if percent is None:
        return []
    rate = hooks.TaxRate.by_data("Sales tax", percent)
    return [hooks.LineItemTaxes(line.id, [rate]) for line in data.line_item_details]


def make_endpoint(
    secret: str, stock_level: StockLevel, *, deadline: float | None = 3.5
) -> hooks.HookEndpoint:
    """The endpoint to mount. ``deadline`` is in seconds; Stripe waits four."""
    platform = PlatformHooks(stock_level)
    dispatch = hooks.Dispatcher(
        customize_checkout=platform.customize_checkout,
        finalize_checkout=platform.finalize_checkout,
        product_price_availability=platform.product_price_availability,
    )
    return hooks.HookEndpoint(dispatch, secret, deadline=deadline, replay=hooks.MemoryReplayStore())
