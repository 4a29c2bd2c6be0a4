"""From a catalog's quote to a cart, and what the hooks' answers make of it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

import attrs

from agentic_commerce.feeds import (
    DateRange,
    Price,
    PriceRow,
    ProductRow,
    Quote,
    QuoteItem,
    QuoteShipping,
)
from agentic_commerce.feeds.values import parse_date
from agentic_commerce.testing.sandbox._cart import Cart, CartLine, CartShipping, CartTaxRate
from agentic_commerce.testing.sandbox._order_json import derived_id

__all__ = [
    "automatic_rate",
    "catalog_shipping",
    "lines_of",
    "offered_shipping",
    "priced_item",
    "stored_shipping",
    "stored_tax_rate",
    "with_rates",
]

Json = Mapping[str, Any]


# ----------------------------------------------------------------------------- from the catalog


def priced_item(row: ProductRow, quantity: int, discount: int, answer: Json) -> QuoteItem:
    """An item at the price, and with the stock, that the price hook gave; without one the feed's.

    A hook that names no quantity does not count its stock.
    """
    availability = answer.get("availability")
    if availability is not None:
        stock = availability.get("quantity")
        row = attrs.evolve(
            row,
            availability=availability["status"],
            inventory_quantity=stock,
            inventory_not_tracked=stock is None,
        )
    return QuoteItem(row=row, quantity=quantity, discount=discount, price=_price_row(row, answer))


def _price_row(row: ProductRow, answer: Json) -> PriceRow | None:
    price, sale = answer.get("price"), answer.get("sale_price")
    if price is None:
        return None
    window = sale and DateRange(parse_date(sale["start_date"]), parse_date(sale["end_date"]))
    return PriceRow(
        id=row.id,
        price=_major(price),
        sale_price=None if sale is None else _major(sale),
        sale_price_effective_date=window,
    )


def _major(price: Json) -> Price:
    return Price.from_minor_units(price["unit_amount"], price["currency"])


def lines_of(found: Quote, new_id: Callable[[], str]) -> Iterator[CartLine]:
    """The lines of a cart: each product, then the fees on it, as lines of their own.

    Source: product-feed, ``applicable_fees``: "Use them as separate line items at checkout".
    """
    for line in found.lines:
        row = line.item.row
        yield CartLine(
            id=new_id(),
            sku=row.id,
            name=row.title,
            quantity=line.quantity,
            unit_amount=line.unit_amount,
            amount_discount=line.amount_discount,
            row=row,
        )
        for fee in line.fees:
            yield CartLine(
                id=new_id(),
                sku=row.id,
                name=fee.label,
                quantity=line.quantity,
                unit_amount=fee.unit_amount,
                row=row,
                is_fee=True,
            )


def catalog_shipping(found: Quote) -> tuple[CartShipping, ...]:
    """The ways to ship that the feed offers, the cheapest first."""
    return tuple(_catalog_choice(found, choice) for choice in found.shipping)


def _catalog_choice(found: Quote, choice: QuoteShipping) -> CartShipping:
    estimate, speed = None, choice.speed
    if speed is not None:
        estimate = {
            "minimum": {"unit": "day", "value": speed.minimum},
            "maximum": {"unit": "day", "value": speed.maximum},
        }
    behaviors = {line.item.row.shipping_tax_behavior for line in found.lines if line.ships}
    behavior = behaviors.pop() if len(behaviors) == 1 else None
    return CartShipping(
        id=derived_id("shr", choice.service, choice.amount, found.currency, speed),
        display_name=choice.service,
        amount=choice.amount,
        tax_behavior=behavior or "unspecified",
        delivery_estimate=estimate,
    )


def automatic_rate(line: CartLine, percentage: Decimal | int, country: str) -> CartTaxRate:
    """The flat rate that stands in for Stripe Tax."""
    inclusive = line.row.tax_behavior == "inclusive"
    return CartTaxRate(
        id=derived_id("txr", "automatic", country, Decimal(percentage).normalize(), inclusive),
        display_name="Tax (flat rate of the sandbox)",
        percentage=Decimal(percentage),
        inclusive=inclusive,
        tax_type="sales_tax" if country == "US" else "vat",
    )


# -------------------------------------------------------------------------------- from the hooks


def with_rates(cart: Cart, answer: Json, known: Mapping[str, Json]) -> Cart:
    """The cart with the tax rates of a ``customize_checkout`` answer; other lines keep theirs."""
    given = {
        line["id"]: [_tax_rate(rate, known) for rate in line["tax_rates"]]
        for line in answer.get("line_items") or ()
    }
    lines = [line.taxed(given[line.id]) if line.id in given else line for line in cart.lines]
    return attrs.evolve(cart, lines=tuple(lines))


def _tax_rate(rate: Json, known: Mapping[str, Json]) -> CartTaxRate:
    if "rate" in rate:
        return stored_tax_rate(known[rate["rate"]])
    data = rate["rate_data"]
    percentage = Decimal(str(data["percentage"]))
    return CartTaxRate(
        id=derived_id("txr", data["display_name"], percentage.normalize(), data["inclusive"]),
        display_name=data["display_name"],
        percentage=percentage,
        inclusive=data["inclusive"],
    )


def stored_tax_rate(rate: Json) -> CartTaxRate:
    """A tax rate of the account, as the API shows it."""
    return CartTaxRate(
        id=rate["id"],
        display_name=rate["display_name"],
        percentage=Decimal(str(rate["percentage"])),
        inclusive=rate["inclusive"],
        tax_type=rate.get("tax_type"),
    )


def offered_shipping(
    cart: Cart, answer: Json, known: Mapping[str, Json]
) -> tuple[CartShipping, ...]:
    """The ways to ship that a ``customize_checkout`` answer puts in the place of the catalog's."""
    sent = {choice.id: choice for choice in cart.choices}
    choices = []
    for option in answer["shipping_options"]:
        identifier = option.get("shipping_rate")
        if identifier is None:
            choices.append(_new_shipping(option["shipping_rate_data"]))
        else:
            choices.append(sent.get(identifier) or stored_shipping(known[identifier]))
    return tuple(choices)


_SHIPPING_PARTS: Final = ("tax_behavior", "tax_code", "metadata", "delivery_estimate")


def _new_shipping(data: Json) -> CartShipping:
    price = data["fixed_amount"]
    parts = {name: data[name] for name in _SHIPPING_PARTS if name in data}
    said = [data["display_name"], price["amount"], price["currency"], sorted(parts.items())]
    return CartShipping(
        id=derived_id("shr", *said),
        display_name=data["display_name"],
        amount=price["amount"],
        **parts,
    )


def stored_shipping(rate: Json) -> CartShipping:
    """A shipping rate of the account, as the API shows it."""
    return CartShipping(
        id=rate["id"],
        display_name=rate["display_name"],
        amount=rate["fixed_amount"]["amount"],
        **{name: rate[name] for name in _SHIPPING_PARTS if name in rate},
    )
