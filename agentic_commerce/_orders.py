"""What an order is made of, and whether its amounts add up. Records only: no JSON here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from attrs import field

from agentic_commerce._parts import Address
from agentic_commerce._record import masked, record
from agentic_commerce.errors import Issue
from agentic_commerce.money import to_major_units

__all__ = [
    "Agent",
    "BillingDetails",
    "Card",
    "Order",
    "OrderLine",
    "OrderTax",
    "PaymentStatus",
    "ShippingDetails",
]


class PaymentStatus(StrEnum):
    """Whether a session is paid. Others arrive as plain text."""

    PAID = "paid"
    UNPAID = "unpaid"
    NO_PAYMENT_REQUIRED = "no_payment_required"


@record(kw_only=True)
class Agent:
    """The agent that sold (private preview): its name and its profile's id (``profile_...``)."""

    name: str | None = None
    network_business_profile: str | None = None


@record(kw_only=True)
class ShippingDetails:
    """Who receives the order, and where."""

    name: str | None = field(default=None, repr=masked)
    address: Address | None = None


@record(kw_only=True)
class BillingDetails:
    """Who pays, and from where."""

    name: str | None = field(default=None, repr=masked)
    address: Address | None = None
    email: str | None = field(default=None, repr=masked)
    phone: str | None = field(default=None, repr=masked)


@record(kw_only=True)
class Card:
    """The card that paid."""

    brand: str | None = None
    last4: str | None = None
    exp_month: int | None = None
    exp_year: int | None = None


@record(kw_only=True)
class OrderTax:
    """One tax on a line.

    ``amount`` is in minor units of ``currency``; ``percentage`` is per cent of 100 (8.5 is 8.5 %);
    ``inclusive`` says whether the price contains the tax.
    """

    amount: int
    currency: str
    tax_type: str | None = None
    percentage: Decimal | None = None
    inclusive: bool | None = None

    @property
    def value(self) -> Decimal:
        """``amount`` in major units."""
        return to_major_units(self.amount, self.currency)


class _Amounts:
    __slots__ = ()

    if TYPE_CHECKING:
        currency: str
        amount_subtotal: int | None
        amount_discount: int | None
        amount_tax: int | None

    @property
    def subtotal(self) -> Decimal | None:
        """``amount_subtotal`` in major units."""
        return _major(self.amount_subtotal, self.currency)

    @property
    def discount(self) -> Decimal | None:
        """``amount_discount`` in major units."""
        return _major(self.amount_discount, self.currency)

    @property
    def tax(self) -> Decimal | None:
        """``amount_tax`` in major units."""
        return _major(self.amount_tax, self.currency)


@record(kw_only=True)
class OrderLine(_Amounts):
    """One line of an order. Amounts are in minor units of ``currency``.

    ``sku`` is text, with its leading zeros: the product's ``id`` in the feed, which Stripe's API
    calls ``price.external_reference`` and hooks call ``sku_id``. It needs the preview version that
    `SESSION_VERSION` names. ``name`` is the line's own text, by default the product's name, and
    ``description`` the product's. ``gtin`` and ``mpn`` are in private preview.
    """

    id: str
    currency: str
    sku: str | None = None
    quantity: int | None = None
    name: str | None = None
    description: str | None = None
    unit_amount: int | None = None
    amount_subtotal: int | None = None
    amount_discount: int | None = None
    amount_tax: int | None = None
    amount_total: int | None = None
    gtin: str | None = None
    mpn: str | None = None
    price: str | None = None
    product: str | None = None
    taxes: tuple[OrderTax, ...] = ()

    @property
    def unit_price(self) -> Decimal | None:
        """``unit_amount`` in major units."""
        return _major(self.unit_amount, self.currency)

    @property
    def total(self) -> Decimal | None:
        """``amount_total`` in major units."""
        return _major(self.amount_total, self.currency)


@record(kw_only=True)
class Order(_Amounts):
    """A completed Checkout Session, laid out as an order.

    Amounts are in minor units of ``currency``, a lowercase ISO 4217 code; `total` and its like give
    them in major units. A part that was absent, null or not expanded is None. Buyer data does not
    appear in a repr, and ``raw`` is the session as it was given.

    ``ordered_at`` is when the charge was made, ``created`` when the session was. ``order_number``
    is the charge's receipt number, None until a receipt was sent: see `reference`.

    Raises: MoneyError from the major-unit properties if ``currency`` is no three-letter code.
    """

    session_id: str
    currency: str
    amount_total: int
    amount_subtotal: int | None = None
    amount_discount: int | None = None
    amount_shipping: int | None = None
    amount_tax: int | None = None
    created: datetime | None = None
    ordered_at: datetime | None = None
    order_number: str | None = None
    livemode: bool | None = None
    mode: str | None = None
    status: str | None = None
    payment_status: PaymentStatus | str | None = None
    payment_intent: str | None = None
    charge: str | None = None
    email: str | None = field(default=None, repr=masked)
    customer_name: str | None = field(default=None, repr=masked)
    phone: str | None = field(default=None, repr=masked)
    agent: Agent | None = None
    shipping_details: ShippingDetails | None = None
    billing_details: BillingDetails | None = None
    card: Card | None = None
    lines: tuple[OrderLine, ...] = ()
    has_all_lines: bool = False
    metadata: Mapping[str, Any] = field(factory=dict, repr=masked)
    raw: Mapping[str, Any] = field(factory=dict, repr=False, eq=False)

    @property
    def reference(self) -> str:
        """What to call the order: ``order_number``, or the session's id while there is none."""
        return self.order_number or self.session_id

    @property
    def is_agentic(self) -> bool:
        """Whether the payment names the agent's profile.

        The agent is in private preview: without it, or with ``payment_intent`` not expanded, this
        is False of every order, and only the lines' SKUs tell which orders came from your feed.
        """
        return self.agent is not None and bool(self.agent.network_business_profile)

    @property
    def shipping(self) -> Decimal | None:
        """``amount_shipping`` in major units."""
        return _major(self.amount_shipping, self.currency)

    @property
    def total(self) -> Decimal:
        """``amount_total`` in major units."""
        return to_major_units(self.amount_total, self.currency)

    @property
    def discrepancies(self) -> tuple[Issue, ...]:
        """What does not add up, as warnings; empty if all is well.

        An order is never refused for its sums, because the buyer has been charged by them. A tax is
        part of the prices or comes on top of them, as its ``inclusive`` says; where nothing does (a
        tax on shipping, a rate that was not expanded), anything from none of it to all of it on top
        is accepted. Amounts that are not there are not looked at, except that no shipping is 0.
        """
        return tuple(_discrepancies(self))


def _major(amount: int | None, currency: str) -> Decimal | None:
    return None if amount is None else to_major_units(amount, currency)


# ------------------------------------------------------------------------------------ discrepancies


def _discrepancies(order: Order) -> Iterator[Issue]:
    if not order.has_all_lines:
        hint = "expand line_items, and list the rest (GET /v1/checkout/sessions/{id}/line_items)"
        message = f"only {len(order.lines)} line(s) are here, and the session has others"
        yield _warning("lines_missing", message, "$.line_items", hint)
    subtotals = [line.amount_subtotal for line in order.lines]
    known = [amount for amount in subtotals if amount is not None]
    if order.has_all_lines and len(known) == len(subtotals):
        yield from _sum("$.amount_subtotal", order.amount_subtotal, sum(known), "the lines")
    taxes = [tax for line in order.lines for tax in line.taxes]
    yield from _total("$.amount_total", order, order.amount_shipping or 0, taxes)
    for index, line in enumerate(order.lines):
        yield from _line_discrepancies(line, f"$.line_items.data[{index}]")


def _line_discrepancies(line: OrderLine, path: str) -> Iterator[Issue]:
    if line.unit_amount is not None and line.quantity is not None:
        product = line.unit_amount * line.quantity
        yield from _sum(f"{path}.amount_subtotal", line.amount_subtotal, product, "the units")
    if line.taxes:
        taxes = sum(tax.amount for tax in line.taxes)
        yield from _sum(f"{path}.amount_tax", line.amount_tax, taxes, "the taxes")
    yield from _total(f"{path}.amount_total", line, 0, line.taxes)


def _sum(path: str, amount: int | None, expected: int, what: str) -> Iterator[Issue]:
    if amount is not None and amount != expected:
        yield _warning("sum", f"{amount}, but {what} come to {expected}", path)


def _total(
    path: str, whole: Order | OrderLine, shipping: int, taxes: Sequence[OrderTax]
) -> Iterator[Issue]:
    parts = (whole.amount_total, whole.amount_subtotal, whole.amount_discount, whole.amount_tax)
    amount, subtotal, discount, tax = parts
    if amount is None or subtotal is None or discount is None or tax is None:
        return
    least, most = (subtotal - discount + shipping + part for part in _on_top(tax, taxes))
    if not least <= amount <= most:
        expected = (
            str(least) if least == most else f"{least} to {most}, by which taxes are included"
        )
        yield _warning("sum", f"{amount}, but the parts come to {expected}", path)


def _on_top(amount: int, taxes: Sequence[OrderTax]) -> tuple[int, int]:
    """The least and the most of a tax that may come on top of the prices."""
    rest = OrderTax(amount=amount - sum(tax.amount for tax in taxes), currency="")
    bounds = [_bounds(tax) for tax in (*taxes, rest)]
    return sum(low for low, _ in bounds), sum(high for _, high in bounds)


def _bounds(tax: OrderTax) -> tuple[int, int]:
    if tax.inclusive is None:
        return min(tax.amount, 0), max(tax.amount, 0)
    return (0, 0) if tax.inclusive else (tax.amount, tax.amount)


def _warning(code: str, message: str, path: str, hint: str | None = None) -> Issue:
    return Issue(code, message, severity="warning", column=path, hint=hint)
