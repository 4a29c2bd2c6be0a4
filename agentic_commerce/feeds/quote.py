"""What a buyer at an address pays for some products: prices, fees, and the ways to ship.

Pure: the time comes in as ``now``. Taxes are no part of it. Amounts are whole numbers of minor
units, as in hooks and orders. What the documents do not say, such as how the shipping options of
several rows make one order's, is chosen in docs/explanation/feeds.md, "What a buyer pays".

Source: docs.stripe.com/agentic-commerce/product-feed, "Price and promotions" and "Fulfillment".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any

from agentic_commerce.errors import Issue, QuoteError
from agentic_commerce.feeds._delivery import (
    Place,
    cart_issues,
    delivery_issues,
    fee_issues,
    fees,
    shipping_choices,
)
from agentic_commerce.feeds._offer import currency_of, stock_issues, unit_price
from agentic_commerce.feeds._quotes import (
    QUOTE_CODES,
    AddressLike,
    Destination,
    Quote,
    QuoteFee,
    QuoteItem,
    QuoteLine,
    QuoteShipping,
    QuoteShippingPart,
    Reason,
)
from agentic_commerce.feeds.rows import ProductRow

__all__ = [
    "QUOTE_CODES",
    "AddressLike",
    "Destination",
    "Quote",
    "QuoteFee",
    "QuoteItem",
    "QuoteLine",
    "QuoteShipping",
    "QuoteShippingPart",
    "Reason",
    "quote",
]

QuoteItems = Iterable[QuoteItem | ProductRow | tuple[ProductRow, int]]


def quote(
    items: QuoteItems,
    address: AddressLike | Mapping[str, Any],
    *,
    now: date | None = None,
) -> Quote:
    """Say what a buyer at an address pays for some products, before tax, in minor units.

    An item is a row (one unit), a row with a quantity, or a `QuoteItem`. The address has
    ``country``, ``state`` and ``postal_code``, as attributes or as keys. ``now`` is a datetime with
    a zone, or a date; without it no sale and no expiry counts. What cannot be bought or delivered
    is no error but an issue of its line.

    Raises: QuoteError for what is no cart: no items, two currencies, a quantity below 1, a discount
    above the line's subtotal, or a ``now`` without a zone; and for what is no address.
    Source: "Price and promotions", "Fulfillment"; our choices: docs/explanation/feeds.md.

    >>> from agentic_commerce.feeds import row_from
    >>> row = row_from({
    ...     "id": "A", "title": "Shirt", "description": "A shirt.", "link": "https://example.com/a",
    ...     "image_link": "https://example.com/a.jpg", "availability": "in_stock", "brand": "B",
    ...     "mpn": "1", "product_category": "Shirts", "inventory_quantity": "9",
    ...     "price": "15.00 USD", "shipping": "US:ALL:Standard:3-5:5.00 USD",
    ... })
    >>> found = quote([(row, 2)], Destination("US", "CA"))
    >>> found.amount_subtotal, found.shipping[0].amount, found.total("Standard")
    (3000, 500, 3500)
    """
    cart = _cart(items)
    _refuse(_time_issues(now))
    currency = _currency(cart)
    place = _place(address)
    wanted = Counter[str]()
    for item in cart:
        wanted[item.row.id] += item.quantity
    lines = [_line(item, place, currency, wanted[item.row.id], now) for item in cart]
    _refuse(_discount_issues(lines))
    merchandise = sum(line.amount_subtotal - line.amount_discount for line in lines)
    choices = shipping_choices(lines, place, currency, merchandise)
    issues = [issue for line in lines for issue in line.issues]
    return Quote(
        currency=currency,
        lines=tuple(lines),
        shipping=tuple(choices),
        issues=(*issues, *cart_issues(lines, choices)),
    )


def _line(item: QuoteItem, place: Place, currency: str, wanted: int, now: date | None) -> QuoteLine:
    price, reason = unit_price(item, now)
    issues = [
        *stock_issues(item, wanted, now),
        *fee_issues(item, place, currency),
        *delivery_issues(item.row, place, currency),
    ]
    return QuoteLine(
        id=item.row.id,
        quantity=item.quantity,
        unit_amount=price.minor_units,
        regular_unit_amount=(item.price or item.row).price.minor_units,
        amount_discount=item.discount,
        fees=tuple(fees(item, place, currency)),
        price_reason=reason,
        issues=tuple(issues),
        item=item,
    )


# ------------------------------------------------------------------------------------ what comes in


def _refuse(issues: Iterable[Issue]) -> None:
    found = tuple(issues)
    if found:
        raise QuoteError(found)


def _cart(items: QuoteItems) -> list[QuoteItem]:
    cart = [_item(item, f"items[{index}]") for index, item in enumerate(items)]
    if not cart:
        raise QuoteError([Issue("empty", "a cart has at least one item", column="items")])
    _refuse(issue for index, item in enumerate(cart) for issue in _item_issues(item, index))
    return cart


def _item(item: object, path: str) -> QuoteItem:
    if isinstance(item, QuoteItem):
        return item
    if isinstance(item, ProductRow):
        return QuoteItem(row=item)
    if isinstance(item, Sequence) and len(item) == 2 and isinstance(item[0], ProductRow):
        return QuoteItem(row=item[0], quantity=item[1])
    message = "an item is a ProductRow, a ProductRow and a quantity, or a QuoteItem"
    raise QuoteError([Issue("kind", message, column=path)])


def _item_issues(item: QuoteItem, index: int) -> Iterator[Issue]:
    for name, least in (("quantity", 1), ("discount", 0)):
        value = getattr(item, name)
        where = f"items[{index}].{name}"
        if type(value) is not int:
            yield Issue("kind", "expected a whole number", column=where, id=item.row.id)
        elif value < least:
            yield Issue("range", f"must be at least {least}", column=where, id=item.row.id)
    for name in ("price", "inventory"):
        newer = getattr(item, name)
        if newer is not None and newer.id != item.row.id:
            where = f"items[{index}].{name}"
            yield Issue("mismatch", "is of another product", column=where, id=item.row.id)


def _discount_issues(lines: Sequence[QuoteLine]) -> Iterator[Issue]:
    for index, line in enumerate(lines):
        if line.amount_discount > line.amount_subtotal:
            message = f"takes more off than the line's {line.amount_subtotal}"
            yield Issue("range", message, column=f"items[{index}].discount", id=line.id)


def _time_issues(now: object) -> Iterator[Issue]:
    if now is not None and not isinstance(now, date):
        yield Issue("kind", "expected a date, a datetime or None", column="now")
    elif isinstance(now, datetime) and now.utcoffset() is None:
        yield Issue("kind", "a datetime needs a time zone", column="now")


def _currency(cart: Sequence[QuoteItem]) -> str:
    currencies = sorted({currency_of(item) for item in cart})
    if len(currencies) > 1:
        message = f"one cart has one currency, not {', '.join(currencies)}"
        raise QuoteError([Issue("currency", message, column="items")])
    return currencies[0]


def _place(address: AddressLike | Mapping[str, Any]) -> Place:
    names = ("country", "state", "postal_code")
    if not isinstance(address, Mapping) and not all(hasattr(address, name) for name in names):
        message = "an address has country, state and postal_code, as has Destination.parse(text)"
        raise QuoteError([Issue("kind", message, column="address")])
    read = address.get if isinstance(address, Mapping) else partial(getattr, address)
    return Place(*[str(read(name) or "").strip() for name in names])
