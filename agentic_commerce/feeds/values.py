"""The values that one cell holds: money, measures, dates, categories.

Law: ``X.parse(str(x)) == x`` for every value that can be constructed, and every example in Stripe's
documents comes back byte for byte. What cannot be written cannot be constructed: each class checks
itself against the pattern that reads it. Text is matched first, with an ASCII pattern, and only
then given to ``Decimal`` or ``int``, which also take ``NaN``, ``1_0`` and Arabic digits.

Source, unless said otherwise: docs.stripe.com/agentic-commerce/product-catalog (now product-feed).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Final, Literal, NoReturn, cast

import attrs

from agentic_commerce.errors import CellError
from agentic_commerce.feeds._hints import measure_hint, price_hint, time_hint
from agentic_commerce.money import exponent, to_major_units, to_minor_units

__all__ = ["Category", "DateRange", "Dimension", "Price", "VariantOption", "Weight"]

# Rule: digits, and a period before the decimals; no sign, exponent or group separator.
# Source: "Price and promotions", "Item information". The lengths are ours: longer is a mistake.
_NUMBER: Final = r"\d{1,15}(?:\.\d{1,6})?"

# Rule: number, one space, ISO 4217 code in upper case. Source: "Price and promotions" (price).
_PRICE: Final = re.compile(rf"({_NUMBER}) ([A-Z]{{3}})", re.ASCII)

# Rule: number, one space, unit. Source: "Item information" (length, width, height; weight).
_DIMENSION: Final = re.compile(rf"({_NUMBER}) (cm|in)", re.ASCII)
_WEIGHT: Final = re.compile(rf"({_NUMBER}) (lb|oz|g|kg)", re.ASCII)

# Rule: an ISO 8601 calendar date. Source: "Availability and inventory" (availability_date).
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

# Rule: a full ISO 8601 timestamp with a time zone. Source: "Promotions" (active_period). Seconds
# may be left out and have up to six decimals; the zone is never left out, for it moves the window.
_TIMESTAMP: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:\d{2})", re.ASCII
)

# Rule: a numeric Google id, or a path whose levels are parted by ">".
# Source: "Item information" (google_product_category, product_category).
_CATEGORY: Final = re.compile(r"\s*[^>\s][^>]*(?:>\s*[^>\s][^>]*)*")
_CATEGORY_ID: Final = re.compile(r"\d{1,9}", re.ASCII)


def reject(
    code: str, message: str, text: str, start: int = 0, end: int | None = None, **hint: str | None
) -> NoReturn:
    """Raise a CellError about ``text[start:end]``."""
    raise CellError(code, message, (start, len(text) if end is None else end), **hint)


def _fits(pattern: re.Pattern[str], number: object, unit: object) -> bool:
    """Whether a number and its unit make a text that ``pattern`` reads back."""
    if not (isinstance(number, Decimal) and isinstance(unit, str) and number.is_finite()):
        return False
    # The second test keeps Decimal("1E+999999999") from being written out.
    return number.adjusted() < 16 and bool(pattern.fullmatch(f"{number:f} {unit}"))


@attrs.frozen
class Price:
    """An amount of money in major units, written like ``15.00 USD``.

    ``amount`` is a Decimal that is not negative, with its scale kept as written; ``currency`` is an
    upper-case ISO 4217 code. An amount that the currency has no coins for is refused.

    Raises: CellError ``price_format`` or ``price_scale``. Source: "Price and promotions".

    >>> Price.parse("15.00 USD").minor_units, str(Price(Decimal("1500"), "JPY"))
    (1500, '1500 JPY')
    """

    amount: Decimal
    currency: str

    def __attrs_post_init__(self) -> None:
        if not _fits(_PRICE, self.amount, self.currency):
            message = "a price is a Decimal that is not negative and a code such as 'USD'"
            raise CellError("price_format", message)
        # Zeros beyond the last coin do no harm: 1500.00 JPY is 1500 JPY.
        whole, _, decimals = f"{self.amount:f}".partition(".")
        if len(decimals.rstrip("0")) > exponent(self.currency):
            message = f"{self.currency} has no coin for such a fraction"
            reject("price_scale", message, f"{whole}.{decimals}")

    @classmethod
    def parse(cls, text: str) -> Price:
        """Read a price cell such as ``15.00 USD``.

        Raises: CellError ``price_format`` or ``price_scale``.

        >>> Price.parse("15.00 USD")
        Price(amount=Decimal('15.00'), currency='USD')
        """
        match = _PRICE.fullmatch(text)
        if match is None:
            message = "not a price: a number, a space and an upper-case currency code"
            reject("price_format", message, text, hint=price_hint(text, _PRICE))
        return cls(Decimal(match[1]), match[2])

    @classmethod
    def from_minor_units(cls, amount: int, currency: str) -> Price:
        """Turn a hook's or an order's amount (minor units, lower-case code) into a feed's price.

        Raises: MoneyError or CellError.

        >>> str(Price.from_minor_units(1500, "usd"))
        '15.00 USD'
        """
        return cls(to_major_units(amount, currency), currency.upper())

    @property
    def minor_units(self) -> int:
        """The amount in the currency's smallest unit, as hooks and orders carry it."""
        return to_minor_units(self.amount, self.currency)

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"


DimensionUnit = Literal["cm", "in"]
WeightUnit = Literal["lb", "oz", "g", "kg"]


@attrs.frozen
class Dimension:
    """A length, width or height with its unit, written like ``20 in``.

    Raises: CellError ``dimension_format``. Source: "Item information".

    >>> Dimension.parse("20.5 in")
    Dimension(value=Decimal('20.5'), unit='in')
    """

    value: Decimal
    unit: DimensionUnit

    def __attrs_post_init__(self) -> None:
        if not _fits(_DIMENSION, self.value, self.unit):
            message = "a dimension is a Decimal that is not negative and 'cm' or 'in'"
            raise CellError("dimension_format", message)

    @classmethod
    def parse(cls, text: str) -> Dimension:
        """Read a cell such as ``20 in``."""
        match = _DIMENSION.fullmatch(text)
        if match is None:
            message = "not a dimension: a number, a space and cm or in"
            reject("dimension_format", message, text, hint=measure_hint(text, _DIMENSION))
        return cls(Decimal(match[1]), cast("DimensionUnit", match[2]))

    def __str__(self) -> str:
        return f"{self.value:f} {self.unit}"


@attrs.frozen
class Weight:
    """A weight with its unit, written like ``2.5 lb``.

    Raises: CellError ``weight_format``. Source: "Item information".

    >>> Weight.parse("2.5 lb")
    Weight(value=Decimal('2.5'), unit='lb')
    """

    value: Decimal
    unit: WeightUnit

    def __attrs_post_init__(self) -> None:
        if not _fits(_WEIGHT, self.value, self.unit):
            message = "a weight is a Decimal that is not negative and 'lb', 'oz', 'g' or 'kg'"
            raise CellError("weight_format", message)

    @classmethod
    def parse(cls, text: str) -> Weight:
        """Read a cell such as ``2.5 lb``."""
        match = _WEIGHT.fullmatch(text)
        if match is None:
            message = "not a weight: a number, a space and lb, oz, g or kg"
            reject("weight_format", message, text, hint=measure_hint(text, _WEIGHT))
        return cls(Decimal(match[1]), cast("WeightUnit", match[2]))

    def __str__(self) -> str:
        return f"{self.value:f} {self.unit}"


def parse_date(text: str) -> date:
    """Read an ISO 8601 calendar date.

    Raises: CellError ``date_format``.

    >>> parse_date("2026-02-24")
    datetime.date(2026, 2, 24)
    """
    if _DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            reject("date_format", "there is no such day in the calendar", text)
    reject("date_format", "not a date such as 2026-02-24", text, hint=time_hint(text))


def _parse_timestamp(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        reject("date_format", "there is no such moment in the calendar", text)
    if moment.tzinfo is UTC and not text.endswith("Z"):
        # A name of its own keeps "+00:00" from being written back as "Z".
        moment = moment.replace(tzinfo=timezone(timedelta(0), text[-6:]))
    return moment


def _moment_text(moment: date) -> str:
    if not isinstance(moment, datetime):
        return moment.isoformat()
    text = moment.isoformat(timespec="auto")
    return f"{text[:-6]}Z" if moment.tzinfo is UTC else text


def _moment(text: str) -> date:
    return _parse_timestamp(text) if _TIMESTAMP.fullmatch(text) else parse_date(text)


@attrs.frozen
class DateRange:
    """A start and an end, both dates or both timestamps with a time zone, written ``start/end``.

    Sale windows are dates by default (``2025-12-01/2025-12-15``), promotion periods timestamps
    (``2026-06-01T00:00:00Z/2026-06-30T23:59:59Z``).

    Raises: CellError ``range_format``, ``range_order`` or ``date_format``.
    Source: "Price and promotions" (sale_price_effective_date), "Promotions" (active_period).

    >>> window = DateRange.parse("2025-12-01/2025-12-15")
    >>> window.start, str(window)
    (datetime.date(2025, 12, 1), '2025-12-01/2025-12-15')
    """

    start: date
    end: date

    def __attrs_post_init__(self) -> None:
        texts = [self._checked(moment) for moment in (self.start, self.end)]
        whole = "/".join(texts)
        if isinstance(self.start, datetime) is not isinstance(self.end, datetime):
            reject("range_format", "one side is a date and the other a timestamp", whole)
        if self.end < self.start:
            start = len(texts[0]) + 1
            reject("range_order", "the range ends before it starts", whole, start)

    @staticmethod
    def _checked(moment: object) -> str:
        text = _moment_text(moment) if isinstance(moment, date) else ""
        if not (_DATE.fullmatch(text) or _TIMESTAMP.fullmatch(text)):
            message = "a side of a range is a date, or a datetime whose zone is in whole minutes"
            raise CellError("range_format", message)
        return text

    @property
    def has_times(self) -> bool:
        """Whether the two sides are timestamps."""
        return isinstance(self.start, datetime)

    @classmethod
    def parse(cls, text: str) -> DateRange:
        """Read a cell such as ``2025-12-01/2025-12-15``."""
        start, slash, end = text.partition("/")
        if not slash or "/" in end:
            message = "not a range: a start, a slash and an end"
            reject("range_format", message, text, hint=time_hint(text))
        moments: list[date] = []
        for side, offset in ((start, 0), (end, len(start) + 1)):
            try:
                moments.append(_moment(side))
            except CellError as error:
                span = (error.span[0] + offset, error.span[1] + offset)
                raise CellError(error.code, error.message, span, error.hint) from None
        return cls(*moments)

    def __str__(self) -> str:
        return f"{_moment_text(self.start)}/{_moment_text(self.end)}"


@attrs.frozen
class Category:
    """A Google category id (``2271``) or a path (``Apparel & Accessories > Clothing``).

    The text is kept as it was written. ``id`` is None for a path, ``path`` is empty for an id.

    Raises: CellError ``category_format``. Source: "Item information".

    >>> Category("Apparel & Accessories > Clothing").path
    ('Apparel & Accessories', 'Clothing')
    >>> Category("2271").id
    2271
    """

    text: str

    def __attrs_post_init__(self) -> None:
        if not (isinstance(self.text, str) and _CATEGORY.fullmatch(self.text)):
            message = "not a category: an id, or a path with > between its levels"
            reject("category_format", message, str(self.text))

    @property
    def id(self) -> int | None:
        """The numeric Google category, if this is one."""
        return int(self.text) if _CATEGORY_ID.fullmatch(self.text) else None

    @property
    def path(self) -> tuple[str, ...]:
        """The levels of the path, widest first."""
        if _CATEGORY_ID.fullmatch(self.text):
            return ()
        return tuple(level.strip() for level in self.text.split(">"))

    @classmethod
    def parse(cls, text: str) -> Category:
        """Read a category cell."""
        return cls(text)

    def __str__(self) -> str:
        return self.text


@attrs.frozen
class VariantOption:
    """One custom variant option: a name column and the value column of the same number.

    The documents write the pair as ``Material/Oak``, and so do we; in a file it is two columns.

    Raises: CellError ``option_pair``. Source: "Custom variant options".

    >>> VariantOption.parse("Material/Oak")
    VariantOption(name='Material', value='Oak')
    """

    name: str
    value: str

    def __attrs_post_init__(self) -> None:
        if not (self.name and self.value) or "/" in self.name:
            raise CellError("option_pair", "an option has a name without a slash, and a value")

    @classmethod
    def parse(cls, text: str) -> VariantOption:
        """Read a pair such as ``Material/Oak``."""
        name, _, value = text.partition("/")
        return cls(name, value)

    def __str__(self) -> str:
        return f"{self.name}/{self.value}"
