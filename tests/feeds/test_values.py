"""Values of one cell: what is read, what is refused and why, and that writing gives it back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from agentic_commerce.errors import CellError, MoneyError
from agentic_commerce.feeds import Category, DateRange, Dimension, Price, VariantOption, Weight
from agentic_commerce.feeds.values import parse_date

# The examples of docs.stripe.com/agentic-commerce/product-catalog, unchanged, and more good texts.
GOOD = [
    (Price, "15.00 USD"),
    (Price, "12.99 USD"),
    (Price, "0.00 USD"),
    (Price, "1500 JPY"),
    (Price, "1500.00 JPY"),
    (Price, "1.234 KWD"),
    (Price, "15 USD"),
    (Dimension, "20 in"),
    (Dimension, "20.50 cm"),
    (Weight, "2.5 lb"),
    (Weight, "0 oz"),
    (Weight, "700 g"),
    (Weight, "1.250 kg"),
    (DateRange, "2025-12-01/2025-12-15"),
    (DateRange, "2026-06-01T00:00:00Z/2026-06-30T23:59:59Z"),
    (DateRange, "2026-06-01T00:00:00+00:00/2026-06-30T23:59:59-07:00"),
    (DateRange, "2026-06-01T00:00:00.500000Z/2026-06-01T00:00:01Z"),
    (DateRange, "2025-12-01/2025-12-01"),
    (Category, "2271"),
    (Category, "Apparel & Accessories > Clothing > Dresses"),
    (Category, "Shoes>Boots"),
    (Category, "3-Piece Sets"),
    (VariantOption, "Material/Oak"),
    (VariantOption, "Ratio/1/2"),
]


@pytest.mark.parametrize(("kind", "text"), GOOD)
def test_a_good_text_comes_back_byte_for_byte(kind: Any, text: str) -> None:
    value = kind.parse(text)
    assert str(value) == text
    assert kind.parse(str(value)) == value


# text, code, span of the fault, what the hint holds
BAD_PRICES = [
    ("$15.00", "price_format", "many currencies"),
    ("15.00", "price_format", "currency is missing"),
    ("15,00 EUR", "price_format", "'15.00 EUR'"),
    ("1,500.00 USD", "price_format", "'1500.00 USD'"),
    ("1.500,00 EUR", "price_format", "'1500.00 EUR'"),
    ("15.00 usd", "price_format", "'15.00 USD'"),
    ("USD 15.00", "price_format", "'15.00 USD'"),
    ("15.00USD", "price_format", "'15.00 USD'"),
    ("€15.00", "price_format", "'15.00 EUR'"),
    (".99 USD", "price_format", "'0.99 USD'"),
    ("15.00\N{NO-BREAK SPACE}USD", "price_format", "non-breaking"),
    ("15.00\N{NO-BREAK SPACE}usd", "price_format", "'15.00 USD'"),
    (" 15.00 USD", "price_format", "'15.00 USD'"),
    ("NaN USD", "price_format", "as in '15.00 USD'"),
    ("Infinity USD", "price_format", "as in"),
    ("1_0 USD", "price_format", "as in"),
    ("1e3 USD", "price_format", "as in"),
    ("-5.00 USD", "price_format", "as in"),
    ("\u0661\u0665 USD", "price_format", "as in"),  # Arabic digits
    ("15. USD", "price_format", "as in"),
    ("15.00.00 USD", "price_format", "as in"),
    ("15.00 USDX", "price_format", "as in"),
    ("15.00 US\u0044\n", "price_format", "'15.00 USD'"),
    ("9" * 5000, "price_format", "missing"),
    ("", "price_format", "as in"),
]


@pytest.mark.parametrize(("text", "code", "hint"), BAD_PRICES)
def test_a_bad_price_is_refused_with_a_hint(text: str, code: str, hint: str) -> None:
    with pytest.raises(CellError) as caught:
        Price.parse(text)
    assert caught.value.code == code
    assert caught.value.span == (0, len(text))
    assert hint in str(caught.value)


@pytest.mark.parametrize("text", ["19.999 USD", "1500.50 JPY", "1.2345 KWD"])
def test_a_price_has_no_fraction_its_currency_has_no_coin_for(text: str) -> None:
    with pytest.raises(CellError, match="no coin") as caught:
        Price.parse(text)
    assert caught.value.code == "price_scale"


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        (Decimal("NaN"), "USD"),
        (Decimal("Inf"), "USD"),
        (Decimal(-1), "USD"),
        (Decimal("-0.00"), "USD"),
        (Decimal("1E+999999999"), "USD"),
        (Decimal("1E-7"), "USD"),
        (15, "USD"),
        (15.0, "USD"),
        (Decimal(15), "usd"),
        (Decimal(15), None),
    ],
)
def test_what_cannot_be_written_cannot_be_a_price(amount: Any, currency: Any) -> None:
    with pytest.raises(CellError):
        Price(amount, currency)


def test_a_price_is_written_without_an_exponent() -> None:
    price = Price(Decimal("1E+3"), "USD")
    assert str(price) == "1000 USD"
    assert Price.parse(str(price)) == price


def test_prices_convert_to_and_from_minor_units() -> None:
    assert Price.parse("15.00 USD").minor_units == 1500
    assert Price.parse("1500.00 JPY").minor_units == 1500
    assert str(Price.from_minor_units(1500, "jpy")) == "1500 JPY"
    with pytest.raises(MoneyError):
        Price.from_minor_units(15, "dollars")


BAD = [
    (Dimension, "20in", "dimension_format", (0, 4), "'20 in'"),
    (Dimension, "20 inches", "dimension_format", (0, 9), "'20 in'"),
    (Dimension, '20"', "dimension_format", (0, 3), "'20 in'"),
    (Dimension, "20,5 cm", "dimension_format", (0, 7), "'20.5 cm'"),
    (Dimension, "20 furlongs", "dimension_format", (0, 11), None),
    (Dimension, "20", "dimension_format", (0, 2), None),
    (Weight, "2.5 lbs", "weight_format", (0, 7), "'2.5 lb'"),
    (Weight, "1.000 Pounds", "weight_format", (0, 12), "'1000 lb'"),
    (Weight, "2.5", "weight_format", (0, 3), None),
    (DateRange, "2025-12-01", "range_format", (0, 10), None),
    (DateRange, "2025-12-01 - 2025-12-15", "range_format", (0, 23), "slash"),
    (DateRange, "2025-12-15/2025-12-01", "range_order", (11, 21), None),
    (DateRange, "2025-12-01/2025-12-32", "date_format", (11, 21), None),
    (DateRange, "2025-12-01/", "date_format", (11, 11), None),
    (DateRange, "2025-12-01/2025-12-15T00:00:00Z", "range_format", (0, 31), None),
    (DateRange, "2025-12-01T00:00:00/2025-12-15T00:00:00", "date_format", (0, 19), "time zone"),
    (DateRange, "2025-12-01 / 2025-12-15", "date_format", (0, 11), "spaces"),
    (
        DateRange,
        "2025-12-01T00:00:00+0100/2025-12-15T00:00:00+0100",
        "date_format",
        (0, 24),
        "+01:00",
    ),
    (DateRange, "2025-12-01T25:00:00Z/2025-12-15T00:00:00Z", "date_format", (0, 20), None),
    (Category, "Apparel >  > Dresses", "category_format", (0, 20), None),
    (Category, " ", "category_format", (0, 1), None),
    (VariantOption, "Material", "option_pair", (0, 0), None),
    (VariantOption, "/Oak", "option_pair", (0, 0), None),
]


@pytest.mark.parametrize(("kind", "text", "code", "span", "hint"), BAD)
def test_a_bad_text_is_refused_where_it_is_wrong(
    kind: Any, text: str, code: str, span: tuple[int, int], hint: str | None
) -> None:
    with pytest.raises(CellError) as caught:
        kind.parse(text)
    assert (caught.value.code, caught.value.span) == (code, span)
    assert (hint is None and caught.value.hint is None) or (hint or "") in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("2026-02-30", None),
        ("24.02.2026", "year-month-day"),
        ("02/24/2026", "year-month-day"),
        ("2026-2-4", None),
        ("0000-01-01", None),
        ("\u0662026-02-24", None),
    ],
)
def test_a_date_is_a_day_of_the_calendar(text: str, hint: str | None) -> None:
    with pytest.raises(CellError) as caught:
        parse_date(text)
    assert caught.value.code == "date_format"
    assert (hint or "") in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (date(2025, 12, 2), date(2025, 12, 1)),
        (date(2025, 12, 1), datetime(2025, 12, 2, tzinfo=UTC)),
        (datetime(2025, 12, 1), datetime(2025, 12, 2)),  # noqa: DTZ001 - no zone is the defect
        (datetime(2025, 12, 1, tzinfo=timezone(timedelta(seconds=30))), datetime.now(UTC)),
        ("2025-12-01", "2025-12-02"),
    ],
)
def test_what_cannot_be_written_cannot_be_a_range(start: Any, end: Any) -> None:
    with pytest.raises(CellError):
        DateRange(start, end)


def test_a_range_knows_whether_it_has_times() -> None:
    assert not DateRange.parse("2025-12-01/2025-12-15").has_times
    assert DateRange.parse("2026-06-01T00:00Z/2026-06-30T00:00Z").has_times


@pytest.mark.parametrize("unit", ["lbs", "in", None])
def test_a_weight_has_a_unit_of_weight(unit: Any) -> None:
    with pytest.raises(CellError):
        Weight(Decimal(1), unit)


def test_a_dimension_has_a_unit_of_length() -> None:
    with pytest.raises(CellError):
        Dimension(Decimal(1), "kg")  # type: ignore[arg-type]  # the defect


def test_a_category_is_an_id_or_a_path() -> None:
    assert (Category("2271").id, Category("2271").path) == (2271, ())
    assert (Category("A > B").id, Category("A > B").path) == (None, ("A", "B"))
