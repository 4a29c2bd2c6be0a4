"""Write docs/reference/feeds.md from the code: ``python docs/feeds_reference.py``.

A test fails when the page is not what this makes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agentic_commerce.feeds import CODES, FEEDS, QUOTE_CODES

PAGE = Path(__file__).parent / "reference" / "feeds.md"

HEAD = """\
# agentic_commerce.feeds

Reading, checking and writing feeds, what a buyer pays, every column, and every rule. Amounts in
rows are `Decimal` in major units, in quotes `int` in minor units. `Issue` and the errors are in
[errors](errors.md). `docs/feeds_reference.py` generates this page from the code. Sources are
sections of Stripe's product feed page; *newer* ones were added after its first edition
(`/agentic-commerce/product-catalog`).
"""


def columns(feed: Any) -> Iterator[str]:
    """The table of a feed's columns."""
    yield f"\n## The {feed.name} feed\n"
    formats = f"v2 `feed_type` is `{feed.v2_feed_type}`"
    if feed.v1_format:
        formats = f"v1 `standard_data_format` is `{feed.v1_format}`, {formats}"
    yield f"Rows are `{feed.row_type.__name__}`; {formats}.\n"
    yield "| column | required | a cell holds | what for | source |"
    yield "|---|---|---|---|---|"
    for column in feed.columns.values():
        required = "yes" if column.required else ""
        yield f"| `{column.name}` | {required} | {column.kind} | {column.doc} | {column.source} |"


GROUPS = {
    "Read": ("check", "FeedReport", "Progress", "scan", "read", "row_from"),
    "Write": ("write", "split"),
    "Quote": (
        *("quote", "Quote", "QuoteItem", "QuoteLine", "QuoteFee"),
        *("QuoteShipping", "QuoteShippingPart", "Reason", "AddressLike", "Destination"),
        "QUOTE_CODES",
    ),
    "Rows": ("ProductRow", "InventoryRow", "PriceRow", "PromotionRow", "Deletion"),
    "Values": (
        *("Price", "ShippingOption", "SpeedRange", "ApplicableFee", "FreeShippingThreshold"),
        *("Dimension", "Weight", "DateRange", "Category", "VariantOption"),
        *("RelatedProduct", "ProductWarning", "ThirdPartyTaxCode"),
        *("parse_shipping", "format_shipping", "parse_applicable_fees", "format_applicable_fees"),
        *("parse_free_shipping_threshold", "format_free_shipping_threshold"),
        *("parse_urls", "format_urls"),
    ),
    "Tables": (
        *("Feed", "Column", "Codec", "Code"),
        *("PRODUCT", "INVENTORY", "PRICING", "PROMOTION", "FEEDS", "CODES"),
    ),
}
DATA = {
    "PRODUCT": "The product feed: `Feed` of `ProductRow` and `Deletion`.",
    "INVENTORY": "The inventory feed: `Feed` of `InventoryRow`.",
    "PRICING": "The price feed: `Feed` of `PriceRow`.",
    "PROMOTION": "The promotion feed: `Feed` of `PromotionRow` and `Deletion`.",
    "FEEDS": "The feeds by name.",
    "CODES": "Every code that an issue about a feed can have.",
    "QUOTE_CODES": "Every code of a quote's reasons and issues, with its meaning; see below.",
}


def names() -> Iterator[str]:
    """Every public name, with its docstring."""
    for title, group in GROUPS.items():
        yield f"\n## {title}\n\n```{{eval-rst}}\n.. currentmodule:: agentic_commerce.feeds"
        for name in group:
            if name in DATA:
                yield f"\n.. py:data:: {name}\n\n   {DATA[name]}"
            elif name[0].islower():
                yield f"\n.. autofunction:: {name}"
            elif title == "Rows":
                yield f"\n.. autoclass:: {name}"
            else:
                yield f"\n.. autoclass:: {name}\n   :members:"
        yield "```"


def codes() -> Iterator[str]:
    """The table of codes."""
    yield "\n## Codes\n"
    yield "Each issue has one of these codes, for `check(select=..., ignore=...)`.\n"
    yield "| code | severity | rule | source |"
    yield "|---|---|---|---|"
    for name, code in sorted(CODES.items()):
        yield f"| `{name}` | {code.severity} | {code.statement} | {code.source} |"


def quote_codes() -> Iterator[str]:
    """The table of what a quote can say."""
    yield "\n## Codes of quotes\n"
    yield "Reasons and issues of a `Quote` have one of these.\n"
    yield "| code | meaning |"
    yield "|---|---|"
    for code, meaning in QUOTE_CODES.items():
        yield f"| `{code}` | {meaning} |"


def page() -> str:
    """The whole page."""
    lines = [HEAD.rstrip("\n"), *names()]
    for feed in FEEDS.values():
        lines += columns(feed)
    return "\n".join([*lines, *codes(), *quote_codes()]) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
