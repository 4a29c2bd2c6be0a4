"""A cart and what it comes to. Pure arithmetic in minor units; never a float.

How Stripe rounds is not documented. Here each rate's tax is computed for each line, on what is left
of the line after its discount, exactly, and rounded once to a whole minor unit, half up. Inclusive
taxes are the part of the amount that they are; exclusive ones are computed on what remains without
them, and come on top. Inclusive taxes never come to more than the amount that holds them.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs
from attrs import field

from agentic_commerce.feeds import ProductRow

__all__ = ["Cart", "CartLine", "CartShipping", "CartTax", "CartTaxRate", "Totals", "taxes_on"]


@attrs.frozen(kw_only=True)
class CartTaxRate:
    """A tax rate. ``percentage`` is per cent of 100."""

    id: str
    display_name: str
    percentage: Decimal
    inclusive: bool
    tax_type: str | None = None


@attrs.frozen
class CartTax:
    """What a rate comes to on a line."""

    rate: CartTaxRate
    amount: int


def taxes_on(amount: int, rates: Iterable[CartTaxRate]) -> tuple[CartTax, ...]:
    """Compute the taxes on an amount in minor units, one for each rate, in their order.

    >>> rate = CartTaxRate(id="txr_1", display_name="VAT", percentage=Decimal(19), inclusive=True)
    >>> [tax.amount for tax in taxes_on(11900, [rate])]
    [1900]
    """
    listed = tuple(rates)
    included = sum((Fraction(rate.percentage) for rate in listed if rate.inclusive), Fraction(0))
    net = Fraction(amount * 100) / (100 + included)
    taxes, rest = [], amount
    for rate in listed:
        tax = half_up(net * Fraction(rate.percentage) / 100)
        if rate.inclusive:
            tax = min(tax, rest)
            rest -= tax
        taxes.append(CartTax(rate, tax))
    return tuple(taxes)


def half_up(value: Fraction) -> int:
    """Round to a whole number; a half goes up. Amounts are not negative."""
    return int((value * 2 + 1) // 2)


@attrs.frozen(kw_only=True)
class CartLine:
    """One line: so many of a product, or a fee on one. Minor units.

    ``sku`` is the product's ``id`` in the feed; of a fee it is that of the product, and ``is_fee``.
    """

    id: str
    sku: str
    name: str
    quantity: int
    unit_amount: int
    row: ProductRow = field(repr=False)
    is_fee: bool = False
    amount_discount: int = 0
    taxes: tuple[CartTax, ...] = ()

    @property
    def amount_subtotal(self) -> int:
        """Unit amount times quantity."""
        return self.unit_amount * self.quantity

    @property
    def amount_taxable(self) -> int:
        """The subtotal less the discount."""
        return self.amount_subtotal - self.amount_discount

    @property
    def amount_tax(self) -> int:
        """All taxes, whether the price includes them or not."""
        return sum(tax.amount for tax in self.taxes)

    @property
    def amount_total(self) -> int:
        """What the buyer pays for the line: taxes that are not in the price come on top."""
        on_top = sum(tax.amount for tax in self.taxes if not tax.rate.inclusive)
        return self.amount_taxable + on_top

    def taxed(self, rates: Iterable[CartTaxRate]) -> CartLine:
        """The same line with these rates and no others."""
        return attrs.evolve(self, taxes=taxes_on(self.amount_taxable, rates))


@attrs.frozen(kw_only=True)
class CartShipping:
    """A way to ship the cart. ``amount`` is in minor units; a shipping tax there is none."""

    id: str
    display_name: str
    amount: int
    tax_behavior: str = "unspecified"
    tax_code: str | None = None
    metadata: dict[str, str] = field(factory=dict)
    delivery_estimate: dict[str, Any] | None = None


@attrs.frozen(kw_only=True)
class Totals:
    """What an order comes to, in minor units of ``currency`` (lowercase).

    ``amount_total`` is subtotal, less discount, plus shipping, plus the taxes that are not in the
    prices; ``amount_tax`` is all taxes. ``application_fee_amount`` is what the platform keeps.
    """

    currency: str
    amount_subtotal: int
    amount_discount: int
    amount_shipping: int
    amount_tax: int
    amount_total: int
    application_fee_amount: int | None = None


@attrs.frozen(kw_only=True)
class Cart:
    """What a buyer is about to pay for: the lines, how they ship, and how they may ship."""

    session: str
    currency: str
    lines: tuple[CartLine, ...]
    shipping: CartShipping | None = None
    choices: tuple[CartShipping, ...] = ()
    automatic_tax: bool = False

    @property
    def totals(self) -> Totals:
        """The sums. Minor units."""
        shipping = 0 if self.shipping is None else self.shipping.amount
        return Totals(
            currency=self.currency,
            amount_subtotal=sum(line.amount_subtotal for line in self.lines),
            amount_discount=sum(line.amount_discount for line in self.lines),
            amount_shipping=shipping,
            amount_tax=sum(line.amount_tax for line in self.lines),
            amount_total=sum(line.amount_total for line in self.lines) + shipping,
        )
