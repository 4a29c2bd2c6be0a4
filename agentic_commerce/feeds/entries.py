"""Values that stand several to a cell: entries parted by commas, their parts by colons.

Law: ``X.parse(str(x)) == x`` for every entry that can be constructed, and the same for a whole cell
with each pair of ``parse_...`` and ``format_...``. The documents give no escape for a comma or a
colon ("fee_label": no colons in the name), so an entry whose parts hold one cannot be constructed.

Source, unless said otherwise: docs.stripe.com/agentic-commerce/product-catalog (now product-feed).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, NoReturn, TypeVar, cast

import attrs

from agentic_commerce.errors import CellError
from agentic_commerce.feeds._hints import choice_hint, separator_hint
from agentic_commerce.feeds.values import Price, reject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = [
    "ApplicableFee",
    "FreeShippingThreshold",
    "ProductWarning",
    "RelatedProduct",
    "ShippingOption",
    "SpeedRange",
    "ThirdPartyTaxCode",
    "format_applicable_fees",
    "format_free_shipping_threshold",
    "format_shipping",
    "parse_applicable_fees",
    "parse_free_shipping_threshold",
    "parse_shipping",
]

# Rule: ISO 3166-1 alpha-2. Source: "Fulfillment" (country). The list of countries grows, so only
# the shape is a rule; the codes that people take for one are named in the hint.
_COUNTRY: Final = re.compile(r"[A-Z]{2}", re.ASCII)
_NOT_COUNTRIES: Final = {"UK": "GB", "EN": "GB", "USA": "US", "EL": "GR"}

# Rule: an ISO 3166-2 subdivision without its country prefix, or ALL. Source: "Fulfillment".
_REGION: Final = re.compile(r"ALL|[A-Z0-9]{1,3}", re.ASCII)

# Rule: US only: a ZIP code, a range of them, or prefixes with a wildcard at the end, or a range of
# such prefixes. Source: "Fulfillment" (delivery_area, postal_code).
_ZIP_AREA: Final = re.compile(r"(\d{5}|\d{1,4}\*)(?:-(\d{5}|\d{1,4}\*))?", re.ASCII)
_ZIP: Final = re.compile(r"(\d{5})(?:-?\d{4})?", re.ASCII)

# Rule: minimum and maximum number of days. Source: "Fulfillment" (speed_range).
_SPEED: Final = re.compile(r"(0|[1-9]\d{0,2})-(0|[1-9]\d{0,2})", re.ASCII)

# Rule: no colon in a part, no comma in an entry, for neither can be escaped; not empty; no line
# break or NUL. Source: "applicable_fees" forbids colons in labels; we apply it to every part.
_TEXT: Final = re.compile(r"[^\S\r\n]*[^,:\s\0][^,:\0\r\n]*")

# Rule: an id that lists can carry. Source: "Basic product data" (id, at most 100 characters).
_TARGET: Final = re.compile(r"[^,:\0\r\n]{1,100}")

# Rule: provider, colon, code; at most 120 characters; anrok is the only provider.
# Source: "Price and promotions" (third_party_tax_code). The code may not hold a space.
_THIRD_PARTY: Final = re.compile(r"anrok:[^\s:,\0]{1,114}")


def _wrong(code: str, message: str, part: str, hint: str | None = None) -> NoReturn:
    reject(code, message, part, hint=hint)


def check_country(country: str) -> None:
    if not (isinstance(country, str) and _COUNTRY.fullmatch(country)):
        hint = None
        if isinstance(country, str):
            upper = country.strip().upper()
            meant = _NOT_COUNTRIES.get(upper, upper)
            if country != country.strip():
                hint = "remove the space after the comma"
            elif _COUNTRY.fullmatch(meant):
                hint = f"write {meant!r}"
        _wrong("entry_country", "not a two-letter country code", str(country), hint)
    if country == "UK":
        _wrong("entry_country", "UK is not a country code", country, "write 'GB'")


def _check_region(region: str, country: str) -> None:
    # No US subdivision is a number; a cut-off ZIP code is more likely.
    is_number = country == "US" and str(region).isdigit()
    if isinstance(region, str) and _REGION.fullmatch(region) and not is_number:
        return
    hint = None
    text = str(region)
    if text.upper() == "ALL" or text in ("", "*"):
        hint = "write 'ALL' for the whole country"
    elif text.upper().startswith(f"{country}-"):
        hint = f"leave out the country prefix: {text[len(country) + 1 :].upper()!r}"
    elif _ZIP_AREA.fullmatch(text):
        hint = "postal codes can stand in shipping only"
    elif _REGION.fullmatch(text.upper()):
        hint = f"write {text.upper()!r}"
    _wrong("entry_region", "not a region: a subdivision code such as CA, or ALL", text, hint)


def zip_bounds(area: str) -> tuple[str, str] | None:
    """Return the lowest and the highest ZIP code of an area, or None if it is not a postal one."""
    match = _ZIP_AREA.fullmatch(area)
    if match is None:
        return None
    low, high = match[1], match[2] or match[1]
    return low.rstrip("*").ljust(5, "0"), high.rstrip("*").ljust(5, "9")


def _check_area(area: str, country: str) -> None:
    bounds = zip_bounds(area) if isinstance(area, str) else None
    if bounds is None or (country != "US" and _REGION.fullmatch(area)):
        if country == "US" and isinstance(area, str) and re.search(r"\d", area):
            message = "not a ZIP area: 94012, 73114-74547, 94* or 94*-95*"
            _wrong("entry_area", message, area)
        return _check_region(area, country)
    if country != "US":
        hint = "name a region or ALL"
        _wrong("entry_area", "postal codes are supported for the US only", area, hint)
    if bounds[0] > bounds[1]:
        _wrong("entry_area", "the range of ZIP codes ends before it starts", area)
    return None


def _check_text(text: str, what: str) -> None:
    if not (isinstance(text, str) and _TEXT.fullmatch(text)):
        blank = not (isinstance(text, str) and text.strip())
        problem = "is empty" if blank else "holds a comma, a colon or a line break"
        _wrong("entry_text", f"the {what} {problem}", str(text))


def _check_price(price: Price) -> None:
    if not isinstance(price, Price):
        raise CellError("price_format", "not a Price")


class SpeedRange(NamedTuple):
    """The least and the most days that shipping takes, written ``3-5``."""

    minimum: int
    maximum: int

    @classmethod
    def parse(cls, text: str) -> SpeedRange:
        """Read a speed range such as ``3-5``.

        Raises: CellError ``entry_speed``.

        >>> SpeedRange.parse("3-5").maximum
        5
        """
        match = _SPEED.fullmatch(text)
        if match is None:
            hint = f"write '{text}-{text}'" if _SPEED.fullmatch(f"{text}-{text}") else None
            _wrong("entry_speed", "not a number of days such as 3-5", text, hint)
        speed = cls(int(match[1]), int(match[2]))
        if speed.minimum > speed.maximum:
            _wrong("entry_speed", "the longest time is shorter than the shortest", text)
        return speed

    def __str__(self) -> str:
        return f"{self.minimum}-{self.maximum}"


_E = TypeVar("_E")


def _parts(text: str, count: tuple[int, ...], shape: str) -> list[str]:
    parts = text.split(":")
    if len(parts) in count:
        return parts
    hint = f"write {shape}"
    if shape.startswith("country:delivery_area") and len(parts) == 4:
        hint = "the speed is missing; leave it empty if unknown: country:area:service::price"
    elif len(parts) == 8:
        hint = f"this is Google's form with handling and transit times; write {shape}"
    _wrong("entry_parts", f"{len(parts)} parts instead of {count[0]}", text, hint)


def _part(parse: Callable[[str], _E], parts: list[str], index: int) -> _E:
    """Parse one part of an entry; a fault is placed within the entry."""
    try:
        return parse(parts[index])
    except CellError as error:
        offset = sum(map(len, parts[:index])) + index
        span = (error.span[0] + offset, error.span[1] + offset)
        raise CellError(error.code, error.message, span, error.hint) from None


def _checked(check: Callable[..., None], *context: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        check(text, *context)
        return text

    return parse


@attrs.frozen
class ShippingOption:
    """One way to ship, written ``country:delivery_area:service:speed_range:price``.

    ``area`` is a region (``CA``), ``ALL``, or in the US a ZIP code (``94012``), a range of them
    (``73114-74547``), a prefix (``94*``) or a range of prefixes (``94*-95*``). ``speed`` is in days
    and may be None. ``price`` is in major units.

    Raises: CellError ``entry_...`` or ``price_...``. Source: "Fulfillment" (shipping).

    >>> option = ShippingOption.parse("US:94*:Express:1-2:9.99 USD")
    >>> option.speed, option.covers("US", "CA", "94016")
    (SpeedRange(minimum=1, maximum=2), True)
    """

    country: str
    area: str
    service: str
    speed: SpeedRange | None
    price: Price

    def __attrs_post_init__(self) -> None:
        check_country(self.country)
        _check_area(self.area, self.country)
        _check_text(self.service, "service")
        if self.speed is not None:
            SpeedRange.parse(str(self.speed))
        _check_price(self.price)

    @classmethod
    def parse(cls, text: str) -> ShippingOption:
        """Read one entry of a shipping cell."""
        parts = _parts(text, (5,), "country:delivery_area:service:speed_range:price")
        country = _part(_checked(check_country), parts, 0)
        return cls(
            country,
            _part(_checked(_check_area, country), parts, 1),
            _part(_checked(_check_text, "service"), parts, 2),
            _part(SpeedRange.parse, parts, 3) if parts[3] else None,
            _part(Price.parse, parts, 4),
        )

    def covers(
        self, country: str, region: str | None = None, postal_code: str | None = None
    ) -> bool:
        """Whether this option ships to an address.

        ``region`` is a subdivision with or without the country prefix. What the address does not
        tell, it cannot match: a ZIP area covers no address without a postal code.

        >>> ShippingOption.parse("US:CA:Standard::5.00 USD").covers("US", "US-CA")
        True
        """
        bounds = zip_bounds(self.area) if self.country == "US" else None
        if bounds is None:
            return _in_region(self.area, self.country, country, region)
        found = _ZIP.fullmatch((postal_code or "").strip())
        if found is None or country.upper() != "US":
            return False
        return bounds[0] <= found[1] <= bounds[1]

    def __str__(self) -> str:
        speed = "" if self.speed is None else self.speed
        return f"{self.country}:{self.area}:{self.service}:{speed}:{self.price}"


def _in_region(area: str, area_country: str, country: str, region: str | None) -> bool:
    if country.upper() != area_country:
        return False
    return area == "ALL" or (region or "").upper().removeprefix(f"{area_country}-") == area


@attrs.frozen
class ApplicableFee:
    """A fee for each unit, not in the price, written ``country:region:fee_label:fee_amount``.

    ``basis`` is the fifth part that catalog exports may have; Stripe does not document its values,
    so it is kept as it is. ``amount`` is in major units.

    Raises: CellError ``entry_...`` or ``price_...``. Source: "Price and promotions".

    >>> ApplicableFee.parse("US:CA:Recycling Fee:0.25 USD").amount.minor_units
    25
    """

    country: str
    region: str
    label: str
    amount: Price
    basis: str | None = None

    def __attrs_post_init__(self) -> None:
        check_country(self.country)
        _check_region(self.region, self.country)
        _check_text(self.label, "fee label")
        _check_price(self.amount)
        if self.basis is not None:
            _check_text(self.basis, "fee basis")

    @classmethod
    def parse(cls, text: str) -> ApplicableFee:
        """Read one entry of an applicable_fees cell."""
        parts = _parts(text, (4, 5), "country:region:fee_label:fee_amount")
        country = _part(_checked(check_country), parts, 0)
        return cls(
            country,
            _part(_checked(_check_region, country), parts, 1),
            _part(_checked(_check_text, "fee label"), parts, 2),
            _part(Price.parse, parts, 3),
            _part(_checked(_check_text, "fee basis"), parts, 4) if len(parts) == 5 else None,
        )

    def covers(self, country: str, region: str | None = None) -> bool:
        """Whether the fee applies to an address."""
        return _in_region(self.region, self.country, country, region)

    def __str__(self) -> str:
        basis = "" if self.basis is None else f":{self.basis}"
        return f"{self.country}:{self.region}:{self.label}:{self.amount}{basis}"


@attrs.frozen
class FreeShippingThreshold:
    """From what subtotal a service is free, written ``country:region:service:price_threshold``.

    ``threshold`` is the order's merchandise subtotal in major units. Regions only: thresholds have
    no postal form.

    Raises: CellError ``entry_...`` or ``price_...``. Source: "Fulfillment".

    >>> FreeShippingThreshold.parse("US:ALL:Standard Shipping:50.00 USD").service
    'Standard Shipping'
    """

    country: str
    region: str
    service: str
    threshold: Price

    def __attrs_post_init__(self) -> None:
        check_country(self.country)
        _check_region(self.region, self.country)
        _check_text(self.service, "service")
        _check_price(self.threshold)

    @classmethod
    def parse(cls, text: str) -> FreeShippingThreshold:
        """Read one entry of a free_shipping_threshold cell."""
        parts = _parts(text, (4,), "country:region:service:price_threshold")
        country = _part(_checked(check_country), parts, 0)
        return cls(
            country,
            _part(_checked(_check_region, country), parts, 1),
            _part(_checked(_check_text, "service"), parts, 2),
            _part(Price.parse, parts, 3),
        )

    def covers(self, country: str, region: str | None = None) -> bool:
        """Whether the threshold applies to an address."""
        return _in_region(self.region, self.country, country, region)

    def __str__(self) -> str:
        return f"{self.country}:{self.region}:{self.service}:{self.threshold}"


RelationType = Literal["upsell", "cross_sell", "substitute", "accessory"]
RELATIONS: Final = ("upsell", "cross_sell", "substitute", "accessory")
WarningType = Literal["legal_disclaimer", "safety_warning", "prop_65"]
WARNINGS: Final = ("legal_disclaimer", "safety_warning", "prop_65")


def _check_type(text: str, choices: tuple[str, ...]) -> None:
    if text not in choices:
        hint = choice_hint(text, choices)
        if hint and text.strip() in choices:
            hint = "remove the space after the comma"
        _wrong("entry_type", f"not one of {', '.join(choices)}", text, hint)


def check_edges(text: str) -> None:
    """Refuse white space around an id in a list: it would name another product, or none."""
    if text != text.strip():
        hint = "remove the space after the comma or colon"
        _wrong("entry_text", "an id with a space around it", text, hint)


def _check_target(text: str) -> None:
    if not (isinstance(text, str) and _TARGET.fullmatch(text)):
        _wrong("entry_text", "not an id: 1 to 100 characters without comma or colon", str(text))
    check_edges(text)


@attrs.frozen
class RelatedProduct:
    """A product that goes with this one, written ``relationship_type:target_id``.

    Raises: CellError ``entry_...``. Source: "Related products".

    >>> RelatedProduct.parse("accessory:SKU-9").id
    'SKU-9'
    """

    type: RelationType
    id: str

    def __attrs_post_init__(self) -> None:
        _check_type(self.type, RELATIONS)
        _check_target(self.id)

    @classmethod
    def parse(cls, text: str) -> RelatedProduct:
        """Read one entry of a related_products cell."""
        parts = _parts(text, (2,), "relationship_type:target_id")
        _check_type(parts[0], RELATIONS)
        target = _part(_checked(_check_target), parts, 1)
        return cls(cast("RelationType", parts[0]), target)

    def __str__(self) -> str:
        return f"{self.type}:{self.id}"


@attrs.frozen
class ProductWarning:
    """A warning that buyers must see, written ``type:message``.

    The message has at most 1000 characters and no comma or colon, which nothing can escape. A
    space after the first colon belongs to it.

    Raises: CellError ``entry_...``. Source: "Product warnings".

    >>> ProductWarning.parse("prop_65:May contain lead").message
    'May contain lead'
    """

    type: WarningType
    message: str

    def __attrs_post_init__(self) -> None:
        _check_type(self.type, WARNINGS)
        _check_text(self.message, "message")
        if len(self.message) > 1000:
            _wrong("entry_text", "the message has more than 1000 characters", self.message)

    @classmethod
    def parse(cls, text: str) -> ProductWarning:
        """Read one entry of a product_warning cell."""
        kind, colon, message = text.partition(":")
        if not colon:
            hint = "a comma ends a warning; take the commas out of the message"
            _wrong("entry_parts", "a warning without its type", text, hint)
        _check_type(kind, WARNINGS)
        checked = _part(_checked(_check_text, "message"), [kind, message], 1)
        return cls(cast("WarningType", kind), checked)

    def __str__(self) -> str:
        return f"{self.type}:{self.message}"


@attrs.frozen
class ThirdPartyTaxCode:
    """A tax code of another provider, written ``anrok:prod_abc123``.

    Raises: CellError ``tax_code``. Source: "Price and promotions" (third_party_tax_code).

    >>> ThirdPartyTaxCode.parse("anrok:prod_abc123").code
    'prod_abc123'
    """

    provider: Literal["anrok"]
    code: str

    def __attrs_post_init__(self) -> None:
        if not _THIRD_PARTY.fullmatch(str(self)):
            hint = "write 'anrok' in lower case" if self.provider.lower() == "anrok" else None
            _wrong("tax_code", "not a tax code such as anrok:prod_abc123", str(self), hint)

    @classmethod
    def parse(cls, text: str) -> ThirdPartyTaxCode:
        """Read a third_party_tax_code cell."""
        provider, _, code = text.partition(":")
        return cls(cast("Literal['anrok']", provider), code)

    def __str__(self) -> str:
        return f"{self.provider}:{self.code}"


def parse_entries(text: str, parse: Callable[[str], _E]) -> tuple[_E, ...]:
    """Read a cell of entries parted by commas; a fault is placed within the cell."""
    entries, offset = [], 0
    for entry in text.split(","):
        try:
            entries.append(parse(entry))
        except CellError as error:
            hint = separator_hint(text) or _comma_hint(text, offset) or error.hint
            if not entry and text:
                hint = "remove the comma that has no entry"
            span = (error.span[0] + offset, error.span[1] + offset)
            raise CellError(error.code, error.message, span, hint) from None
        offset += len(entry) + 1
    return tuple(entries)


def _comma_hint(text: str, offset: int) -> str | None:
    """``US:ALL:Standard::5,99 USD`` is cut at its decimal comma; say so at either half."""
    around = re.search(r"\d,\d{1,2} ?[A-Z]{3}", text[max(0, offset - 9) : offset + 200], re.ASCII)
    return "write a period as decimal separator, not a comma" if around else None


def format_entries(entries: Iterable[object]) -> str:
    """Write entries into one cell."""
    return ",".join(map(str, entries))


def parse_shipping(text: str) -> tuple[ShippingOption, ...]:
    """Read a shipping cell. A blank cell has no entries.

    Raises: CellError.

    >>> [option.service for option in parse_shipping("US:ALL:Standard:3-5:0.00 USD")]
    ['Standard']
    """
    return parse_entries(text, ShippingOption.parse) if text else ()


def format_shipping(options: Iterable[ShippingOption]) -> str:
    """Write a shipping cell.

    >>> format_shipping(parse_shipping("US:ALL:Delivery::20.00 USD"))
    'US:ALL:Delivery::20.00 USD'
    """
    return format_entries(options)


def parse_applicable_fees(text: str) -> tuple[ApplicableFee, ...]:
    """Read an applicable_fees cell. A blank cell has no entries.

    Raises: CellError.

    >>> parse_applicable_fees("DE:ALL:Bottle Deposit:0.10 EUR")[0].label
    'Bottle Deposit'
    """
    return parse_entries(text, ApplicableFee.parse) if text else ()


def format_applicable_fees(fees: Iterable[ApplicableFee]) -> str:
    """Write an applicable_fees cell.

    >>> format_applicable_fees(parse_applicable_fees("DE:ALL:Bottle Deposit:0.10 EUR"))
    'DE:ALL:Bottle Deposit:0.10 EUR'
    """
    return format_entries(fees)


def parse_free_shipping_threshold(text: str) -> tuple[FreeShippingThreshold, ...]:
    """Read a free_shipping_threshold cell. A blank cell has no entries.

    Raises: CellError.

    >>> parse_free_shipping_threshold("US:ALL:Standard:50.00 USD")[0].threshold.amount
    Decimal('50.00')
    """
    return parse_entries(text, FreeShippingThreshold.parse) if text else ()


def format_free_shipping_threshold(thresholds: Iterable[FreeShippingThreshold]) -> str:
    """Write a free_shipping_threshold cell.

    >>> format_free_shipping_threshold(parse_free_shipping_threshold("US:ALL:Std:50.00 USD"))
    'US:ALL:Std:50.00 USD'
    """
    return format_entries(thresholds)
