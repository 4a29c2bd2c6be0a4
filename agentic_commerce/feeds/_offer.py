"""What one item of a cart costs by itself, and whether it can be bought.

Where the documents are silent the choice is in docs/explanation/feeds.md, "What a buyer pays".
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from agentic_commerce.errors import Issue
from agentic_commerce.feeds._quotes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agentic_commerce.feeds._quotes import QuoteItem
    from agentic_commerce.feeds.rows import PriceRow, ProductRow
    from agentic_commerce.feeds.values import DateRange, Price

__all__ = ["currency_of", "stock_issues", "unit_price"]


def currency_of(item: QuoteItem) -> str:
    """The currency of an item's price, in lower case."""
    return _priced(item).price.currency.lower()


def unit_price(item: QuoteItem, now: date | None) -> tuple[Price, Reason]:
    """The price of one unit at a moment, and why it is that one."""
    priced = _priced(item)
    reason = _price_reason(priced, now)
    sale = priced.sale_price
    return (sale if reason.code == "sale" and sale is not None else priced.price), reason


def _priced(item: QuoteItem) -> ProductRow | PriceRow:
    return item.row if item.price is None else item.price


def _price_reason(priced: ProductRow | PriceRow, now: date | None) -> Reason:
    sale, window = priced.sale_price, priced.sale_price_effective_date
    if sale is None:
        return Reason("price", "the price; there is no sale")
    if sale.currency != priced.price.currency:
        return Reason("sale_currency", "the price; the sale price is in another currency")
    if sale.amount >= priced.price.amount:
        return Reason("sale_not_lower", "the price; the sale price is not lower")
    if window is None:
        return Reason("sale_window", "the price; nothing says when the sale is")
    if now is None:
        return Reason("sale_time", "the price; a sale needs to know the time")
    return _window_reason(window, now)


def _window_reason(window: DateRange, now: date) -> Reason:
    first, last = _span(window, now)
    if first < window.start:
        return Reason("sale_not_begun", f"the price; the sale begins {window.start.isoformat()}")
    if last > window.end:
        return Reason("sale_over", f"the price; the sale ended {window.end.isoformat()}")
    return Reason("sale", f"the sale price, until {window.end.isoformat()}")


def _span(window: DateRange, now: date) -> tuple[date, date]:
    """``now`` in the window's terms: a moment, a day, or a day's first and last second in UTC."""
    if window.has_times:
        if isinstance(now, datetime):
            return now, now
        return tuple(datetime.combine(now, at, UTC) for at in (time(), time(23, 59, 59)))  # type: ignore[return-value]
    day = day_of(now)
    return day, day


def day_of(now: date) -> date:
    """The day of a moment, in the moment's own zone."""
    return now.date() if isinstance(now, datetime) else now


def stock_issues(item: QuoteItem, wanted: int, now: date | None) -> Iterator[Issue]:
    """Why an item cannot be bought; ``wanted`` counts the product's units in the whole cart."""
    row = item.row
    if row.disable_checkout:
        message = "cannot be bought through an agent; buyers are sent to its link"
        yield Issue("checkout_disabled", message, column="disable_checkout", id=row.id)
    expires = row.expiration_date
    if expires is not None and now is not None and day_of(now) >= expires:
        message = f"no longer shown since {expires.isoformat()}"
        yield Issue("expired", message, column="expiration_date", id=row.id)
    availability, stock = _stock(item)
    if availability == "out_of_stock":
        yield Issue("out_of_stock", "out of stock", column="availability", id=row.id)
    elif stock is not None and wanted > stock:
        message = f"{wanted} wanted, {stock} left"
        yield Issue("quantity", message, column="inventory_quantity", id=row.id)


def _stock(item: QuoteItem) -> tuple[str, int | None]:
    """The availability, and how many are left, None where that is no limit.

    Preorders and backorders are sold beyond what is there; only what is in stock can run out.
    """
    row, newer = item.row, item.inventory
    if newer is not None:
        availability, stock = newer.availability, newer.inventory_quantity
        return availability, stock if availability == "in_stock" else None
    counted = row.availability == "in_stock" and not row.inventory_not_tracked
    return row.availability, row.inventory_quantity if counted else None
