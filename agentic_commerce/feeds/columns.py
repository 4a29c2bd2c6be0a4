"""What a column holds: how its cells are read, written and tested.

A `Codec` is one kind of cell. It reads text with ``parse``, writes a value with ``format``, and
gives the reader a fast test as Python source: ``quick`` may say no to a good cell, never yes to a
bad one, for a cell that fails it is read again by ``parse``. ``build`` is the value of a cell that
passed it. Codecs without ``quick`` are costly to parse and repeat from row to row, so the reader
remembers their texts instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, Final

import attrs

from agentic_commerce.errors import CellError
from agentic_commerce.feeds import entries, values
from agentic_commerce.feeds._hints import choice_hint
from agentic_commerce.feeds.values import reject

__all__ = ["Codec", "Column"]


@attrs.frozen(eq=False)
class Codec:
    """One kind of cell. ``accepts`` names the Python types that ``format`` can write."""

    kind: str
    accepts: tuple[type, ...]
    parse: Callable[[str], Any]
    format: Callable[[Any], str] = str
    quick: str | None = None
    build: str = "{c}"
    many: bool = False


@attrs.frozen(eq=False)
class Column:
    """One column of a feed.

    ``required`` says whether every row needs it; ``source`` is the document that it comes from.
    ``parse`` and ``format`` are a pair; a blank cell is None, or ``()`` where a cell holds several.
    """

    name: str
    codec: Codec
    doc: str
    required: bool
    source: str

    @property
    def kind(self) -> str:
        """What a cell holds, in words."""
        return self.codec.kind

    @property
    def blank(self) -> Any:
        """The value of a blank cell: None, or an empty tuple where a cell holds several."""
        return () if self.codec.many else None

    def parse(self, text: str) -> Any:
        """Read a cell.

        Raises: CellError.
        """
        return self.codec.parse(text) if text else self.blank

    def format(self, value: Any) -> str:
        """Write a cell; None and ``()`` are blank.

        Raises: CellError ``kind`` if the value is not of the column's type.
        """
        if value is None or value == ():
            return ""
        inner = value if self.codec.many and isinstance(value, tuple) else (value,)
        # type() and not isinstance(): True is no number here, nor a datetime a date.
        if any(type(part) not in self.codec.accepts for part in inner) or (
            self.codec.many and inner is not value
        ):
            raise CellError("kind", f"{type(value).__name__} is not {self.codec.kind}")
        return self.codec.format(value)


def _text(limit: int) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if len(text) > limit:
            message = f"{len(text)} characters, and {limit} are allowed"
            reject("too_long", message, text, limit)
        return text

    return parse


def text(limit: int) -> Codec:
    """Any text, up to a number of characters."""
    quick = f"len({{c}}) <= {limit}"
    return Codec(f"text, at most {limit} characters", (str,), _text(limit), quick=quick)


def _parse_any(text: str) -> str:
    return text


ANY_TEXT: Final = Codec("text", (str,), _parse_any, quick="True")

# Rule: at most 100 characters, "alphanumeric". Hyphens are accepted in practice; other characters
# are a warning (rule id_characters). A comma or a colon cannot stand in the lists that name ids.
# Source: "Basic product data" (id).
_ID: Final = re.compile(r"[^,:]{1,100}", re.DOTALL)
PLAIN_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,100}", re.ASCII)


def _parse_id(text: str) -> str:
    if len(text) > 100:
        reject("too_long", f"{len(text)} characters, and 100 are allowed", text, 100)
    if _ID.fullmatch(text) is None:
        at = min(text.find(mark) for mark in ",:" if mark in text)
        reject("id_separator", "an id holds no comma and no colon", text, at, at + 1)
    return text


IDENTIFIER: Final = Codec("id, at most 100 characters", (str,), _parse_id, quick="PLAIN_ID({c})")

# Rule: http or https, a host, and no white space. RFC 1738 has no characters beyond ASCII either,
# but browsers' URLs do, so those pass. Source: "Basic product data" (link), "Media" (image_link).
_AFTER_SCHEME: Final = r"://[^\s/?#\x00-\x20]+(?:[/?#][^\s\x00-\x20]*)?"
_URL: Final = re.compile("https?" + _AFTER_SCHEME)
_HTTPS_URL: Final = re.compile("https" + _AFTER_SCHEME)


def _parse_url(text: str) -> str:
    if _URL.fullmatch(text) is None:
        gap = re.search(r"\s", text.strip())
        start = gap.start() + len(text) - len(text.lstrip()) if gap else 0
        hint = None if "://" in text else "write the whole address, beginning with https://"
        if gap:
            hint = "encode the space as %20"
        end = start + 1 if gap else None
        reject("url_format", "not an http or https address", text, start, end, hint=hint)
    return text


URL: Final = Codec(
    "URL (http or https)",
    (str,),
    _parse_url,
    # The commonest good URL passes without the pattern, in half the time. http: does not pass,
    # for it breaks the rule insecure_link.
    quick="('https://a' <= {c} < 'https://{{' and {c}.isascii() and ' ' not in {c}"
    " and {c}.isprintable() or HTTPS_URL({c}))",
)


# Rule: a comma parts the URLs. A bar or a semicolon before a scheme is meant to. Source: "Media".
_TWO_URLS: Final = re.compile(r"[|;]\s*https?://")


def _parse_listed_url(text: str) -> str:
    if text != text.lstrip() and _URL.fullmatch(text.lstrip()):
        hint = "remove the space after the comma"
        reject("url_format", "a space before the address", text, hint=hint)
    if found := _TWO_URLS.search(text):
        reject("url_format", "two addresses in one entry", text, found.start(), found.start() + 1)
    return _parse_url(text)


def parse_urls(text: str) -> tuple[str, ...]:
    """Read a cell of URLs parted by commas; ``%2C`` within a URL is kept as it is.

    Raises: CellError.

    >>> parse_urls("https://example.com/a%2Cb.jpg,https://example.com/c.jpg")
    ('https://example.com/a%2Cb.jpg', 'https://example.com/c.jpg')
    """
    return entries.parse_entries(text, _parse_listed_url) if text else ()


def format_urls(urls: tuple[str, ...]) -> str:
    """Write URLs into one cell; a comma within a URL becomes ``%2C``, as the documents ask.

    >>> format_urls(("https://example.com/a,b.jpg", "https://example.com/c.jpg"))
    'https://example.com/a%2Cb.jpg,https://example.com/c.jpg'
    """
    return ",".join(url.replace(",", "%2C") for url in urls)


def several(kind: str, parse: Callable[[str], Any], accepts: type, limit: int = 0) -> Codec:
    """Entries parted by commas, perhaps at most ``limit`` of them."""

    def parse_all(text: str) -> tuple[Any, ...]:
        found = entries.parse_entries(text, parse)
        if limit and len(found) > limit:
            reject("too_many", f"{len(found)} entries, and {limit} are allowed", text)
        return found

    format_all = format_urls if parse is _parse_listed_url else entries.format_entries
    many = f"{kind}, comma between" + (f", at most {limit}" if limit else "")
    return Codec(many, (accepts,), parse_all, format_all, many=True)


def url_list(limit: int) -> Codec:
    """Several URLs; a comma within one is written ``%2C``."""
    return several("URLs", _parse_listed_url, str, limit)


def id_list() -> Codec:
    """Several ids."""

    def parse(text: str) -> str:
        if not text.strip():
            reject("entry_text", "an id is empty", text)
        entries.check_edges(text)
        return _parse_id(text)

    return several("ids", parse, str)


def choice(*choices: str) -> Codec:
    """One of a few words."""
    words = frozenset(choices)

    def parse(text: str) -> str:
        if text not in words:
            hint = choice_hint(text, choices)
            reject("choice", f"not one of {', '.join(choices)}", text, hint=hint)
        return text

    return Codec(f"one of {', '.join(choices)}", (str,), parse, quick=f"{{c}} in {choices!r}")


def _parse_bool(text: str) -> bool:
    if text not in ("true", "false"):
        word = text.strip().lower()
        meant = {"yes": "true", "1": "true", "no": "false", "0": "false"}.get(word, word)
        hint = f"write {meant!r}" if meant in ("true", "false") else None
        reject("boolean", "not true or false in lower case", text, hint=hint)
    return text == "true"


def _format_bool(value: bool) -> str:
    return "true" if value else "false"


BOOLEAN: Final = Codec(
    "true or false",
    (bool,),
    _parse_bool,
    _format_bool,
    quick="{c} in ('false', 'true')",
    build="{c} == 'true'",
)

# Rule: a non-negative integer, "Integer (Non-negative integer)". The length is ours.
# Source: "Availability and inventory" (inventory_quantity).
_INTEGER: Final = re.compile(r"\d{1,15}", re.ASCII)
_DECIMAL: Final = re.compile(r"\d{1,9}(?:\.\d{1,9})?", re.ASCII)


def _number_hint(text: str) -> str | None:
    bare = text.strip().rstrip("%").replace(" ", "")
    if re.fullmatch(r"\d{1,3}(,\d{3})+", bare, re.ASCII):
        bare = bare.replace(",", "")
    bare = re.sub(r"\.0+", "", bare.replace(",", "."))
    return f"write {bare!r}" if bare != text and _DECIMAL.fullmatch(bare) else None


def integer(limit: int | None = None) -> Codec:
    """Make the codec of a whole number from 0, perhaps to a limit."""

    def parse(text: str) -> int:
        if _INTEGER.fullmatch(text) is None:
            reject("integer", "not a whole number from 0", text, hint=_number_hint(text))
        if limit is not None and int(text) > limit:
            reject("number_range", f"not between 0 and {limit}", text)
        return int(text)

    if limit is not None:
        return Codec(f"whole number, 0 to {limit}", (int,), parse)
    quick = "{c}.isascii() and {c}.isdigit() and len({c}) < 16"
    return Codec("whole number, 0 or more", (int,), parse, quick=quick, build="int({c})")


def number(low: int, high: int) -> Codec:
    """Make the codec of a decimal number between two bounds."""

    def parse(text: str) -> Decimal:
        if _DECIMAL.fullmatch(text) is None:
            message = "not a number with a period as decimal separator"
            reject("number", message, text, hint=_number_hint(text))
        found = Decimal(text)
        if not low <= found <= high:
            reject("number_range", f"not between {low} and {high}", text)
        return found

    return Codec(f"number, {low} to {high}", (Decimal,), parse, "{:f}".format)


# Rule: digits without dashes or spaces, at most 50; an ISBN-10 may end in X.
# Source: "Product identifiers" (gtin).
_GTIN: Final = re.compile(r"\d{1,50}|\d{9}X", re.ASCII)


def _parse_gtin(text: str) -> str:
    if len(text) > 50:
        reject("too_long", f"{len(text)} characters, and 50 are allowed", text, 50)
    if _GTIN.fullmatch(text) is None:
        bare = re.sub(r"[\s-]", "", text[:60])
        hint = f"write {bare!r}" if bare != text and _GTIN.fullmatch(bare) else None
        if re.fullmatch(r"\d\.\d+[eE]\+?\d+", text):
            hint = "a spreadsheet has turned the number into scientific notation; restore it"
        reject("gtin_format", "not a GTIN, UPC or ISBN in digits", text, hint=hint)
    return text


_ISBN: Final = re.compile(r"\d{9}[\dX]", re.ASCII)


def gtin_is_sound(text: str) -> bool:
    """Whether a text is a GTIN with a right check digit (or an ISBN-10).

    Source: GS1 General Specifications, 7.9.

    >>> gtin_is_sound("3234567890126"), gtin_is_sound("3234567890127")
    (True, False)
    """
    if len(text) == 13 and text.isascii() and text.isdigit():
        # The commonest length, written out. "0" is 48, and all the 48s together are 1200.
        a, b, c, d, e, f, g, h, i, j, k, l, m = text.encode()  # noqa: E741 - thirteen digits
        return (a + c + e + g + i + k + m + 3 * (b + d + f + h + j + l)) % 10 == 0
    if text.isascii() and text.isdigit() and len(text) in (8, 12, 14):
        # The codes of the digits: "0" is 48. Every second from the right counts three times.
        codes = text.encode()
        total = sum(codes[-1::-2]) + 3 * sum(codes[-2::-2])
        return (total - 48 * len(codes) - 96 * (len(codes) // 2)) % 10 == 0
    if _ISBN.fullmatch(text) is None:
        return False
    digits = [10 if digit == "X" else int(digit) for digit in text]
    return (
        sum(weight * digit for weight, digit in zip(range(10, 0, -1), digits, strict=True)) % 11
        == 0
    )


GTIN: Final = Codec("GTIN, UPC or ISBN", (str,), _parse_gtin, quick="gtin_is_sound({c})")

# Rule: "txcd_" and eight digits. Source: "Price and promotions" (stripe_product_tax_code).
_TAX_CODE: Final = re.compile(r"txcd_\d{8}", re.ASCII)
_SIZE_SYSTEM: Final = re.compile(r"[A-Z]{2}", re.ASCII)
# Rule: case-insensitive, at most 20 of A-Z a-z 0-9 _ -. Source: "Promotions" (promotion_code).
_PROMOTION_CODE: Final = re.compile(r"[A-Za-z0-9_-]{1,20}", re.ASCII)


def _pattern(kind: str, code: str, pattern: re.Pattern[str], hint: str | None = None) -> Codec:
    def parse(text: str) -> str:
        if pattern.fullmatch(text) is None:
            reject(code, f"not {kind}", text, hint=hint)
        return text

    return Codec(kind, (str,), parse)


TAX_CODE: Final = _pattern("a tax code such as txcd_99999999", "tax_code", _TAX_CODE)
COUNTRY: Final = _pattern("a two-letter country code", "country", _SIZE_SYSTEM)
PROMOTION_CODE: Final = _pattern(
    "at most 20 letters, digits, _ or -", "promotion_code", _PROMOTION_CODE
)
THIRD_PARTY_TAX_CODE: Final = Codec(
    "tax code such as anrok:prod_abc123",
    (entries.ThirdPartyTaxCode,),
    entries.ThirdPartyTaxCode.parse,
)
PRICE: Final = Codec("price such as 15.00 USD", (values.Price,), values.Price.parse)
DIMENSION: Final = Codec("number and cm or in", (values.Dimension,), values.Dimension.parse)
WEIGHT: Final = Codec("number and lb, oz, g or kg", (values.Weight,), values.Weight.parse)
DATE: Final = Codec("date such as 2026-02-24", (date,), values.parse_date, date.isoformat)
DATE_RANGE: Final = Codec(
    "start/end, two dates or two timestamps", (values.DateRange,), values.DateRange.parse
)
CATEGORY: Final = Codec("category path or id", (values.Category,), values.Category.parse)

# Rule: an id or a path, "but not both". Source: "Item information" (google_product_category). One's
# own category may begin with a number and a dash.
_ID_AND_PATH: Final = re.compile(r"\d+\s*[-:]\s.*", re.ASCII | re.DOTALL)


def _parse_google_category(text: str) -> values.Category:
    if _ID_AND_PATH.fullmatch(text):
        hint = "keep the id alone"
        reject("category_format", "an id and a path in one cell", text, hint=hint)
    return values.Category.parse(text)


GOOGLE_CATEGORY: Final = Codec(
    "Google category path or id", (values.Category,), _parse_google_category
)
SHIPPING: Final = several(
    "country:delivery_area:service:speed_range:price",
    entries.ShippingOption.parse,
    entries.ShippingOption,
)
FEES: Final = several(
    "country:region:fee_label:fee_amount", entries.ApplicableFee.parse, entries.ApplicableFee
)
THRESHOLDS: Final = several(
    "country:region:service:price_threshold",
    entries.FreeShippingThreshold.parse,
    entries.FreeShippingThreshold,
)
RELATED: Final = several(
    "relationship_type:target_id", entries.RelatedProduct.parse, entries.RelatedProduct, 10
)
PRODUCT_WARNINGS: Final = several(
    "type:message", entries.ProductWarning.parse, entries.ProductWarning
)


def _not_among(key: str, related: tuple[entries.RelatedProduct, ...]) -> bool:
    return all(entry.id != key for entry in related)


QUICK_NAMES: Final[dict[str, Callable[..., Any]]] = {
    "HTTPS_URL": _HTTPS_URL.fullmatch,
    "PLAIN_ID": PLAIN_ID.fullmatch,
    "gtin_is_sound": gtin_is_sound,
    "len": len,
    "not_among": _not_among,
}
"""What the quick tests of codecs and rules may call."""
