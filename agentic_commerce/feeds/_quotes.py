"""The records of a quote: what goes in, what comes out, and every reason it can give.

Amounts are whole numbers of minor units (cents for USD), as hooks and orders carry them; the prices
inside rows stay Decimal major units. Nothing here shows where a buyer lives, except the country.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, Protocol

import attrs
from attrs import field

from agentic_commerce.errors import CellError, Issue, QuoteError
from agentic_commerce.feeds.entries import ApplicableFee, ShippingOption, SpeedRange, check_country
from agentic_commerce.feeds.rows import InventoryRow, PriceRow, ProductRow

if TYPE_CHECKING:
    from collections.abc import Sequence

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
]

QUOTE_CODES: Final[dict[str, str]] = {
    # Why the unit amount is what it is.
    "price": "The row has no sale price.",
    "sale": "The sale price: its window is open, and it is the lower one.",
    "sale_not_begun": "The price: the sale has not begun.",
    "sale_over": "The price: the sale is over.",
    "sale_window": "The price: the row does not say when the sale is.",
    "sale_time": "The price: the quote was not told the time, so no sale counts.",
    "sale_currency": "The price: the sale price is in another currency.",
    "sale_not_lower": "The price: the sale price is not below it.",
    # Why shipping costs what it does.
    "shipping_price": "The prices of the rows' shipping options.",
    "shipping_partly_free": "The thresholds of some rows are met; the others are charged.",
    "shipping_free": "The thresholds of all rows that would cost something are met.",
    # Why a line, or the whole cart, cannot be bought or delivered.
    "checkout_disabled": "The row sends its buyers to its link.",
    "out_of_stock": "The row is out of stock.",
    "quantity": "The cart holds more of a product than there are.",
    "expired": "The row has expired.",
    "fee_currency": "A fee of the row applies, but is in another currency.",
    "shipping_currency": "The row ships there, but its price is in another currency.",
    "address_incomplete": "Delivery, or a fee, depends on parts of the address that are not given.",
    "not_shipped_there": "The row does not ship to the address.",
    "no_common_service": "No shipping service serves all rows of the cart.",
}
"""Every code of a quote's reasons and issues, with its meaning."""


class AddressLike(Protocol):
    """What a quote reads of an address: the `Address` of hooks and orders has it, and others may.

    ``country`` is two letters, ``state`` a subdivision code with or without the country.
    """

    @property
    def country(self) -> str | None: ...
    @property
    def state(self) -> str | None: ...
    @property
    def postal_code(self) -> str | None: ...


def _masked(value: object) -> str:
    return "'***'" if value else repr(value)


@attrs.frozen
class Destination:
    """As much of an address as shipping depends on, written ``US:CA:94016``.

    Law: ``Destination.parse(str(x)) == x``. State and postal code do not appear in a repr.

    Raises: CellError ``entry_country``, ``entry_parts`` or ``entry_text``.

    >>> Destination.parse("US:CA:94016").postal_code, str(Destination("DE"))
    ('94016', 'DE')
    """

    country: str
    state: str | None = field(default=None, repr=_masked)
    postal_code: str | None = field(default=None, repr=_masked)

    def __attrs_post_init__(self) -> None:
        check_country(self.country)
        for part in (self.state, self.postal_code):
            if part is not None and (not part.strip() or ":" in part):
                raise CellError("entry_text", "a part of a destination is blank or holds a colon")

    @classmethod
    def parse(cls, text: str) -> Destination:
        """Read ``country``, ``country:state``, or ``country:state:postal_code``."""
        parts = text.split(":")
        if len(parts) > 3:
            raise CellError("entry_parts", "a destination is country:state:postal_code")
        country, state, postal_code = (*parts, "", "")[:3]
        return cls(country, state or None, postal_code or None)

    def __str__(self) -> str:
        return f"{self.country}:{self.state or ''}:{self.postal_code or ''}".rstrip(":")


@attrs.frozen(kw_only=True)
class QuoteItem:
    """So many units of a product row.

    ``discount`` is taken off the whole line, in minor units. ``price`` and ``inventory`` stand in
    for what the row says of price and sale, and of availability and stock: the newest rows of the
    price and inventory feeds.
    """

    row: ProductRow
    quantity: int = 1
    discount: int = 0
    price: PriceRow | None = None
    inventory: InventoryRow | None = None


@attrs.frozen
class Reason:
    """Why: a code of `QUOTE_CODES`, and a sentence about this case."""

    code: str
    message: str

    def __str__(self) -> str:
        return self.message


@attrs.frozen(kw_only=True)
class QuoteFee:
    """A fee on a line, per unit. Minor units."""

    label: str
    unit_amount: int
    amount: int
    entry: ApplicableFee = field(repr=False)


@attrs.frozen(kw_only=True)
class QuoteLine:
    """One item of the cart. Minor units, before tax.

    ``amount_subtotal`` is unit amount times quantity, ``amount_total`` less the discount and with
    the fees. ``price_reason`` says which price was used and why, ``regular_unit_amount`` what it
    would be without a sale. ``issues`` says why it cannot be bought or delivered; none if it can.
    """

    id: str
    quantity: int
    unit_amount: int
    regular_unit_amount: int
    amount_discount: int
    fees: tuple[QuoteFee, ...]
    price_reason: Reason
    issues: tuple[Issue, ...]
    item: QuoteItem = field(repr=False)

    @property
    def on_sale(self) -> bool:
        """Whether the unit amount is the sale price."""
        return self.price_reason.code == "sale"

    @property
    def amount_subtotal(self) -> int:
        """Unit amount times quantity, in minor units."""
        return self.unit_amount * self.quantity

    @property
    def amount_fees(self) -> int:
        """The fees of all units, in minor units."""
        return sum(fee.amount for fee in self.fees)

    @property
    def amount_total(self) -> int:
        """What the line comes to before tax, in minor units."""
        return self.amount_subtotal - self.amount_discount + self.amount_fees

    @property
    def ships(self) -> bool:
        """Whether there is something to ship: the row has shipping options for somewhere."""
        return bool(self.item.row.shipping)


@attrs.frozen(kw_only=True)
class QuoteShippingPart:
    """What one line adds to a shipping choice. Minor units.

    ``amount`` is what the line is charged: 0 where the order pays once and another line is dearer,
    and where ``is_free``, because the threshold of ``free_from`` is met.
    """

    id: str
    option: ShippingOption
    basis: Literal["per_order", "per_item"]
    quantity: int
    amount: int
    free_from: int | None
    is_free: bool


@attrs.frozen(kw_only=True)
class QuoteShipping:
    """One way to ship the whole cart. Minor units.

    ``regular_amount`` is what it would cost without thresholds; ``speed`` is the slowest of the
    lines', in days, None if one does not say.
    """

    service: str
    amount: int
    regular_amount: int
    speed: SpeedRange | None
    reason: Reason
    parts: tuple[QuoteShippingPart, ...]


@attrs.frozen(kw_only=True)
class Quote:
    """What a buyer pays for a cart, before tax. Minor units of ``currency`` (lowercase).

    ``shipping`` holds the choices that serve the whole cart, the cheapest first. ``issues`` holds
    every reason why the cart cannot be bought as it is, those of the lines first.
    """

    currency: str
    lines: tuple[QuoteLine, ...]
    shipping: tuple[QuoteShipping, ...]
    issues: tuple[Issue, ...]

    @property
    def ok(self) -> bool:
        """Whether the whole cart can be bought and delivered."""
        return not self.issues

    @property
    def needs_shipping(self) -> bool:
        """Whether any line ships."""
        return any(line.ships for line in self.lines)

    @property
    def amount_subtotal(self) -> int:
        """The lines' subtotals: no discounts, fees, shipping or tax."""
        return sum(line.amount_subtotal for line in self.lines)

    @property
    def amount_discount(self) -> int:
        """The lines' discounts."""
        return sum(line.amount_discount for line in self.lines)

    @property
    def amount_merchandise(self) -> int:
        """The subtotal less discounts, which thresholds of free shipping are compared with."""
        return self.amount_subtotal - self.amount_discount

    @property
    def amount_fees(self) -> int:
        """The lines' fees."""
        return sum(line.amount_fees for line in self.lines)

    def choose(self, service: str | None = None) -> QuoteShipping | None:
        """The choice of this service; without a name the cheapest. None if nothing ships.

        Raises: QuoteError if the service does not serve the whole cart, or none does.
        """
        if not self.needs_shipping:
            return None
        for choice in self.shipping:
            if service is None or choice.service == service:
                return choice
        raise QuoteError([*self._undelivered(service)])

    def _undelivered(self, service: str | None) -> Sequence[Issue]:
        if not self.shipping:
            return [issue for issue in self.issues if issue.column == "shipping"]
        offered = ", ".join(choice.service for choice in self.shipping)
        message = "no such shipping service for this cart and address"
        return [Issue("choice", message, value=service, hint=f"offered: {offered}")]

    def total(self, service: str | None = None) -> int:
        """What the buyer pays before tax, with this shipping service (by default the cheapest).

        Raises: as `choose`.
        """
        choice = self.choose(service)
        shipping = 0 if choice is None else choice.amount
        return self.amount_merchandise + self.amount_fees + shipping
