from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentic_commerce.errors import MoneyError
from agentic_commerce.money import exponent, percentage, to_major_units, to_minor_units

CURRENCIES = st.sampled_from(["usd", "JPY", "kwd", "isk", "ugx", "EUR"])


@pytest.mark.parametrize(
    ("currency", "digits"),
    [
        ("usd", 2),
        ("USD", 2),
        ("jpy", 0),
        ("xpf", 0),
        ("kwd", 3),
        ("TND", 3),
        ("isk", 2),  # a special case of Stripe's page: written with two decimals
        ("ugx", 2),  # stands in the zero-decimal list, but its special case says two
        ("zzz", 2),  # unknown codes are like most
    ],
)
def test_each_currency_has_the_decimals_that_stripe_counts(currency: str, digits: int) -> None:
    assert exponent(currency) == digits


@pytest.mark.parametrize("currency", ["", "us", "usdd", "us1", " usd", "ußd", "١٢٣", None, 5])
def test_what_is_no_currency_code_is_refused(currency: Any) -> None:
    with pytest.raises(MoneyError, match="three-letter"):
        exponent(currency)


@given(amount=st.integers(-(10**18), 10**18), currency=CURRENCIES)
def test_minor_units_survive_the_way_to_major_units_and_back(amount: int, currency: str) -> None:
    assert to_minor_units(to_major_units(amount, currency), currency) == amount


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("15.00", "usd", 1500),
        ("15", "usd", 1500),
        ("15.000", "usd", 1500),
        ("1E+3", "jpy", 1000),
        ("0.125", "kwd", 125),
        ("-0.01", "usd", -1),
        ("0", "jpy", 0),
    ],
)
def test_major_units_become_minor_units(amount: str, currency: str, minor: int) -> None:
    assert to_minor_units(Decimal(amount), currency) == minor


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        (Decimal("0.001"), "usd"),  # more decimals than the currency
        (Decimal("0.5"), "jpy"),
        (Decimal("NaN"), "usd"),
        (Decimal("Infinity"), "usd"),
        (Decimal("1E+9999999"), "usd"),  # would be a number of ten million digits
        (15.0, "usd"),  # a float
        (15, "usd"),  # an int: whose unit is it?
        ("15.00", "usd"),
    ],
)
def test_what_a_currency_cannot_express_is_refused(amount: Any, currency: str) -> None:
    with pytest.raises(MoneyError):
        to_minor_units(amount, currency)


@pytest.mark.parametrize("amount", [1.0, True, "1", Decimal(1), 10**80 + 1])
def test_minor_units_are_whole_numbers_of_sane_size(amount: Any) -> None:
    with pytest.raises(MoneyError):
        to_major_units(amount, "usd")


def test_the_callers_decimal_context_plays_no_part() -> None:
    with localcontext() as context:
        context.prec = 2
        assert to_major_units(123456789, "usd") == Decimal("1234567.89")
        assert to_minor_units(Decimal("1234567.89"), "usd") == 123456789
        assert percentage(123456789, Decimal("2.9")) == 3580247


@pytest.mark.parametrize(
    ("amount", "percent", "part"),
    [
        (1000, 10, 100),
        (1999, Decimal("2.9"), 58),
        (50, 1, 1),  # half a cent goes up
        (49, 1, 0),
        (-50, 1, -1),  # and away from zero
        (0, 10, 0),
        (100, Decimal("1e-999999"), 0),
    ],
)
def test_a_percentage_is_rounded_half_up(amount: int, percent: Decimal | int, part: int) -> None:
    assert percentage(amount, percent) == part


@pytest.mark.parametrize(
    ("amount", "percent"),
    [
        (1000, 2.9),  # a float
        (1000, True),
        (10.0, 1),
        (1000, Decimal("NaN")),
        (1000, Decimal("Infinity")),
        (1000, "2.9"),
        (10**70 + 1, 1),
    ],
)
def test_a_percentage_of_anything_but_whole_units_is_refused(amount: Any, percent: Any) -> None:
    with pytest.raises(MoneyError):
        percentage(amount, percent)
