"""Any value and any row that can be constructed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from agentic_commerce import feeds
from agentic_commerce.feeds import columns as c
from agentic_commerce.feeds import entries
from agentic_commerce.feeds.values import Category, DateRange, Dimension, Price, Weight

if TYPE_CHECKING:
    from collections.abc import Callable

AMOUNTS = st.decimals(0, 10**9, places=2) | st.decimals(0, 10**9, places=0)
CURRENCIES = st.sampled_from(["USD", "EUR", "GBP", "CAD"])
PRICES = st.builds(Price, AMOUNTS, CURRENCIES) | st.builds(
    Price, st.integers(0, 10**12).map(Decimal), st.sampled_from(["JPY", "KWD", "USD"])
)
NUMBERS = st.decimals(0, 10**9, places=3)
DIMENSIONS = st.builds(Dimension, NUMBERS, st.sampled_from(["cm", "in"]))
WEIGHTS = st.builds(Weight, NUMBERS, st.sampled_from(["lb", "oz", "g", "kg"]))
PAIRS_OF_DATES = st.tuples(st.dates(), st.dates()).map(sorted)
PAIRS_OF_TIMES = st.tuples(*[st.datetimes(timezones=st.just(UTC))] * 2).map(sorted)
PERIODS = PAIRS_OF_TIMES.map(lambda pair: DateRange(*pair))
RANGES = PAIRS_OF_DATES.map(lambda pair: DateRange(*pair)) | PERIODS

# Text that can stand anywhere in a CSV file; what a surrogate is, UTF-8 cannot say.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
PLAIN = TEXT.filter(lambda text: not text[0].isspace())
PART = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0,:\r\n"), min_size=1
).filter(str.strip)
IDS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0,:\r\n"),
    min_size=1,
    max_size=20,
).filter(lambda text: text == text.strip())
LEVEL = st.text(
    st.characters(exclude_categories=["Cs", "Nd"], exclude_characters="\0>"), min_size=1
).filter(str.strip)
CATEGORIES = st.lists(LEVEL, min_size=1, max_size=3).map(lambda levels: Category(">".join(levels)))
CATEGORIES |= st.integers(1, 99999).map(lambda number: Category(str(number)))

COUNTRIES = st.sampled_from(["US", "DE", "FR", "JP"])
REGIONS = st.sampled_from(["ALL", "CA", "BY", "NSW"])
ZIPS = st.sampled_from(["94012", "73114-74547", "94*", "94*-95*", "1*"])
SPEEDS = st.none() | st.tuples(st.integers(0, 9), st.integers(9, 99)).map(
    lambda days: feeds.SpeedRange(*days)
)
SHIPPING = st.builds(feeds.ShippingOption, COUNTRIES, REGIONS, PART, SPEEDS, PRICES) | st.builds(
    feeds.ShippingOption, st.just("US"), ZIPS, PART, SPEEDS, PRICES
)
FEES = st.builds(feeds.ApplicableFee, COUNTRIES, REGIONS, PART, PRICES, st.none() | PART)
THRESHOLDS = st.builds(feeds.FreeShippingThreshold, COUNTRIES, REGIONS, PART, PRICES)
RELATED = st.builds(feeds.RelatedProduct, st.sampled_from(entries.RELATIONS), IDS)
NOTES = st.builds(feeds.ProductWarning, st.sampled_from(entries.WARNINGS), PART)
TAX_CODES = st.from_regex(r"[a-z0-9_]{1,20}", fullmatch=True).map(
    lambda code: feeds.ThirdPartyTaxCode("anrok", code)
)
URLS = st.from_regex(r"https?://[a-z0-9.]{1,9}\.com(/[a-zA-Z0-9%_.~-]{0,9}){0,3}", fullmatch=True)

_BY_CODEC: dict[Any, st.SearchStrategy[Any]] = {
    c.PRICE: PRICES,
    c.DIMENSION: DIMENSIONS,
    c.WEIGHT: WEIGHTS,
    c.DATE: st.dates(),
    c.DATE_RANGE: RANGES,
    c.CATEGORY: CATEGORIES,
    c.GOOGLE_CATEGORY: CATEGORIES.filter(lambda category: not category.text[0].isdigit())
    | st.integers(1, 99999).map(lambda number: Category(str(number))),
    c.URL: URLS,
    c.BOOLEAN: st.booleans(),
    c.THIRD_PARTY_TAX_CODE: TAX_CODES,
    c.IDENTIFIER: IDS,
    c.GTIN: st.from_regex(r"[0-9]{1,50}", fullmatch=True),
    c.TAX_CODE: st.from_regex(r"txcd_[0-9]{8}", fullmatch=True),
    c.COUNTRY: COUNTRIES,
    c.PROMOTION_CODE: st.from_regex(r"[A-Za-z0-9_-]{1,20}", fullmatch=True),
    c.ANY_TEXT: TEXT,
    c.SHIPPING: st.lists(SHIPPING, max_size=3).map(tuple),
    c.FEES: st.lists(FEES, max_size=3).map(tuple),
    c.THRESHOLDS: st.lists(THRESHOLDS, max_size=3).map(tuple),
    c.RELATED: st.lists(RELATED, max_size=3).map(tuple),
    c.PRODUCT_WARNINGS: st.lists(NOTES, max_size=3).map(tuple),
}


def _values(column: feeds.Column) -> st.SearchStrategy[Any]:
    codec = column.codec
    if codec in _BY_CODEC:
        return _BY_CODEC[codec]
    if codec.kind.startswith("one of "):
        return st.sampled_from(codec.kind.removeprefix("one of ").split(", "))
    if codec.kind.startswith("text"):
        # A text of a required cell is not blank; every text is within its smallest limit.
        return (PLAIN if column.required else TEXT).map(lambda text: text[:20])
    if codec.kind.startswith("whole number"):
        return st.integers(0, 100)
    if codec.kind.startswith("number"):
        return st.decimals(1, 5, places=2)
    if codec.kind.startswith("URLs"):
        return st.lists(URLS, max_size=3).map(tuple)
    return st.lists(IDS, max_size=3).map(tuple)


def rows(feed: Any) -> st.SearchStrategy[Any]:
    """Any row of a feed, whatever the rules across its columns say."""
    build: Callable[..., Any] = feed.row_type
    optional = {
        name: st.just(column.blank) | _values(column)
        for name, column in feed.columns.items()
        if not column.required and name != "delete"
    }
    required = {name: _values(feed.columns[name]) for name in feed.required}
    return st.builds(build, **required, **optional)


MOMENTS: tuple[type, ...] = (date, datetime)
