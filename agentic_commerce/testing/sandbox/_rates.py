"""Tax rates and shipping rates that an account has already, for answers that name them by id."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from agentic_commerce.hooks import FixedAmount, ShippingRateData, TaxRateData
from agentic_commerce.testing.sandbox._cart import CartShipping, CartTaxRate
from agentic_commerce.testing.sandbox._order_json import shipping_rate_object, tax_rate_object
from agentic_commerce.testing.sandbox._world import World

__all__ = ["file_shipping_rate", "file_tax_rate"]


def file_tax_rate(
    world: World, identifier: str, display_name: str, percentage: Decimal | int, inclusive: bool
) -> str:
    """File a tax rate; its id. Raises: ResponseError for a rate that there cannot be."""
    TaxRateData(display_name=display_name, percentage=percentage, inclusive=inclusive)
    rate = CartTaxRate(
        id=identifier,
        display_name=display_name,
        percentage=Decimal(percentage),
        inclusive=inclusive,
    )
    world.tax_rates[identifier] = tax_rate_object(rate)
    return identifier


def file_shipping_rate(
    world: World,
    identifier: str,
    display_name: str,
    amount: int,
    currency: str,
    metadata: Mapping[str, str],
) -> str:
    """File a shipping rate; its id. Raises: ResponseError for a rate that there cannot be."""
    price = FixedAmount(amount, currency)
    ShippingRateData(display_name=display_name, fixed_amount=price, metadata=metadata)
    rate = CartShipping(
        id=identifier, display_name=display_name, amount=amount, metadata=dict(metadata)
    )
    world.shipping_rates[identifier] = shipping_rate_object(rate, currency)
    return identifier
