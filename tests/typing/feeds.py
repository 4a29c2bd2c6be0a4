"""What mypy must know about the feeds. Never run: `mypy` is the test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal, assert_type

from agentic_commerce import Issue, feeds, hooks, orders
from agentic_commerce.feeds import (
    INVENTORY,
    PRICING,
    PRODUCT,
    Deletion,
    InventoryRow,
    Price,
    PriceRow,
    ProductRow,
)


def reading_and_writing() -> None:
    for item in feeds.scan("catalog.csv"):
        assert_type(item, ProductRow | Deletion | Issue)
        if isinstance(item, Issue):
            assert_type(item.severity, Literal["error", "warning"])
            assert_type(item.span, tuple[int, int] | None)
        elif isinstance(item, Deletion):
            assert_type(item.id, str)
        else:
            assert_type(item.price, Price)
            assert_type(item.price.amount, Decimal)
            assert_type(item.shipping, tuple[feeds.ShippingOption, ...])
            assert_type(item.availability_date, date | None)

    assert_type(feeds.scan(Path("prices.csv"), PRICING), Iterator[PriceRow | Issue])
    assert_type(feeds.read(["id,price"], INVENTORY), Iterator[InventoryRow])
    assert_type(feeds.read("catalog.csv", PRODUCT), Iterator[ProductRow | Deletion])
    assert_type(feeds.row_from({"id": "A"}), ProductRow | Deletion)
    assert_type(feeds.row_from({"id": "A"}, PRICING), PriceRow)

    report = feeds.check("catalog.csv", progress=lambda at: at.bytes_read, workers=2)
    assert_type(report.ok, bool)
    assert_type(report.errors, int)
    assert_type(report.issues, tuple[Issue, ...])
    assert_type(report.counts, Mapping[str, int])

    row = PriceRow(id="A", price=Price.parse("1.00 USD"))
    row.id = "B"  # type: ignore[misc]  # rows are frozen for mypy
    PriceRow(id="A")  # type: ignore[call-arg]  # a required column is missing
    PriceRow("A", Price.parse("1.00 USD"))  # type: ignore[call-arg]  # columns are named
    PriceRow(id="A", price="1.00 USD")  # type: ignore[arg-type]  # a price is a Price
    Price(15.0, "USD")  # type: ignore[arg-type]  # never a float
    InventoryRow(id="A", availability="in stock", inventory_quantity=1)  # type: ignore[arg-type]
    assert_type(feeds.write("prices.csv", [row], PRICING), int)
    assert_type(feeds.split("catalog.csv", "parts"), list[Path])

    assert_type(feeds.parse_shipping("")[0].speed, feeds.SpeedRange | None)
    assert_type(feeds.parse_shipping("")[0].covers("US", "CA", "94012"), bool)
    assert_type(feeds.Price.parse("15.00 USD").minor_units, int)
    assert_type(PRODUCT.v1_format, str | None)


def quoting(row: ProductRow, inventory: InventoryRow, price: PriceRow) -> None:
    quote = feeds.quote([(row, 2)], feeds.Destination("US", "CA"), now=date(2026, 12, 5))
    assert_type(quote.lines[0].unit_amount, int)
    assert_type(quote.lines[0].price_reason, feeds.Reason)
    assert_type(quote.shipping, tuple[feeds.QuoteShipping, ...])
    assert_type(quote.choose(), feeds.QuoteShipping | None)
    assert_type(quote.shipping[0].speed, feeds.SpeedRange | None)
    assert_type(quote.issues, tuple[Issue, ...])
    assert_type(quote.total("Standard"), int)
    feeds.quote([row], hooks.Address(country="US"), now=datetime.now(UTC))
    feeds.quote([row], {"country": "US", "state": "CA"})
    item = feeds.QuoteItem(row=row, quantity=2, discount=100, price=price, inventory=inventory)
    feeds.quote([item, (row, 1), row], orders.Address(country="US"))
    feeds.quote([row], "US:CA")  # type: ignore[arg-type]  # Destination.parse it
    feeds.quote([(row, 1.5)], item)  # type: ignore[list-item,arg-type]  # whole units, an address
