"""What a cart comes to: exact, in whole minor units."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentic_commerce import feeds
from agentic_commerce.testing.sandbox._cart import (
    Cart,
    CartLine,
    CartShipping,
    CartTaxRate,
    taxes_on,
)

ROW = feeds.ProductRow(
    id="A",
    title="Product",
    description="A product.",
    link="https://example.com/a",
    image_link="https://example.com/a.jpg",
    availability="in_stock",
    price=feeds.Price.parse("15.00 USD"),
)


def rate(percentage: Any, inclusive: bool = False) -> CartTaxRate:
    return CartTaxRate(
        id="txr_1",
        display_name="Tax",
        percentage=Decimal(percentage),
        inclusive=inclusive,
    )


@pytest.mark.parametrize(
    ("amount", "rates", "expected"),
    [
        (1000, [], []),
        (1000, [rate("8.5")], [85]),
        # Half a unit goes up, each rate by itself.
        (50, [rate(1)], [1]),
        (49, [rate(1)], [0]),
        (50, [rate(1), rate(1)], [1, 1]),
        (1005, [rate("8.5"), rate(1)], [85, 10]),
        # An inclusive tax is the part of the amount that it is.
        (11900, [rate(19, inclusive=True)], [1900]),
        (119, [rate(19, inclusive=True)], [19]),
        (100, [rate(19, inclusive=True)], [16]),
        (10800, [rate(7, inclusive=True), rate(1, inclusive=True)], [700, 100]),
        # An exclusive one is computed on what remains without it.
        (11900, [rate(19, inclusive=True), rate(10)], [1900, 1000]),
        (11900, [rate(10), rate(19, inclusive=True)], [1000, 1900]),
        # Inclusive taxes never come to more than the amount.
        (3, [rate(100, inclusive=True)] * 5, [1, 1, 1, 0, 0]),
        (0, [rate(19, inclusive=True), rate(19)], [0, 0]),
        (10**15, [rate("8.875")], [88_750_000_000_000]),
    ],
)
def test_taxes_are_rounded_once_for_each_rate(
    amount: int, rates: list[CartTaxRate], expected: list[int]
) -> None:
    assert [tax.amount for tax in taxes_on(amount, rates)] == expected


PERCENTAGES = st.decimals(0, 100, places=3)
RATES = st.lists(st.builds(rate, PERCENTAGES, st.booleans()), max_size=4)
AMOUNTS = st.integers(0, 10**9)


@given(AMOUNTS, PERCENTAGES)
def test_one_exclusive_rate_is_the_percentage_of_the_amount(amount: int, percent: Decimal) -> None:
    (tax,) = taxes_on(amount, [rate(percent)])
    assert tax.amount == int((amount * percent / 100).to_integral_value(ROUND_HALF_UP))


@given(AMOUNTS, PERCENTAGES)
def test_an_inclusive_rate_undoes_an_exclusive_one_within_a_unit(
    amount: int, percent: Decimal
) -> None:
    (on_top,) = taxes_on(amount, [rate(percent)])
    (within,) = taxes_on(amount + on_top.amount, [rate(percent, inclusive=True)])
    assert abs(within.amount - on_top.amount) <= 1


@given(AMOUNTS, RATES)
def test_taxes_are_never_negative_and_inclusive_ones_fit(
    amount: int, rates: list[CartTaxRate]
) -> None:
    taxes = taxes_on(amount, rates)
    assert [tax.rate for tax in taxes] == rates
    assert all(tax.amount >= 0 for tax in taxes)
    assert sum(tax.amount for tax in taxes if tax.rate.inclusive) <= amount


@st.composite
def lines(draw: Any) -> CartLine:
    unit, quantity = draw(st.integers(0, 10**6)), draw(st.integers(1, 20))
    line = CartLine(
        id="li_1",
        sku="A",
        name="Product",
        quantity=quantity,
        unit_amount=unit,
        amount_discount=draw(st.integers(0, unit * quantity)),
        row=ROW,
    )
    return line.taxed(draw(RATES))


@given(st.lists(lines(), min_size=1, max_size=4), st.none() | st.integers(0, 10**5))
def test_the_totals_are_the_sums_of_the_lines(
    cart_lines: list[CartLine], shipping: int | None
) -> None:
    choice = None
    if shipping is not None:
        choice = CartShipping(id="shr_1", display_name="Standard", amount=shipping)
    totals = Cart(session="cs_1", currency="usd", lines=tuple(cart_lines), shipping=choice).totals
    on_top = sum(tax.amount for line in cart_lines for tax in line.taxes if not tax.rate.inclusive)
    assert totals.amount_total == (
        totals.amount_subtotal - totals.amount_discount + totals.amount_shipping + on_top
    )
    assert totals.amount_tax == sum(line.amount_tax for line in cart_lines)
    assert totals.amount_shipping == (shipping or 0)
    assert on_top <= totals.amount_tax
