"""What people really write, and what they meant by it.

Nothing here decides anything: a cell is already refused when one of these is asked for a hint, so
these patterns may be as wide as the mistakes are.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST: Final = 200  # nobody means a value with a longer text than this

_SYMBOLS: Final = {"€": "EUR", "£": "GBP"}
_LOOSE_PRICE: Final = re.compile(
    r"([A-Za-z]{3}|[€£$¥])?\s*([\d.,' ]*\d)\s*([A-Za-z]{3}|[€£$¥])?", re.ASCII
)
_GROUPS: Final = re.compile(r"\d{1,3}(?:[,. ']\d{3})+(?:[.,]\d{1,2})?", re.ASCII)
_LOOSE_MEASURE: Final = re.compile(r"([\d.,]*\d)\s*([A-Za-z\"'.]+)", re.ASCII)
_UNITS: Final = {
    "lbs": "lb",
    "pound": "lb",
    "pounds": "lb",
    "ounce": "oz",
    "ounces": "oz",
    "gram": "g",
    "grams": "g",
    "gr": "g",
    "kgs": "kg",
    "kilo": "kg",
    "kilos": "kg",
    "kilogram": "kg",
    "kilograms": "kg",
    "inch": "in",
    "inches": "in",
    '"': "in",
    "''": "in",
    "centimeter": "cm",
    "centimeters": "cm",
    "centimetre": "cm",
    "centimetres": "cm",
    "cms": "cm",
}


def _period_number(number: str) -> str:
    """``1.500,00``, ``1,500.00`` and ``15,00`` as a number with a period and no groups."""
    if _GROUPS.fullmatch(number):
        decimals = re.search(r"[.,](\d{1,2})$", number)
        whole = number[: decimals.start()] if decimals else number
        return re.sub(r"\D", "", whole) + (f".{decimals[1]}" if decimals else "")
    number = number.replace(",", ".")
    return f"0{number}" if number.startswith(".") else number


def _suggest(candidate: str, pattern: re.Pattern[str]) -> str | None:
    return f"write {candidate!r}" if pattern.fullmatch(candidate) else None


def price_hint(text: str, pattern: re.Pattern[str]) -> str:
    """How to write a price, if it can be told from ``$15``, ``15,00 eur`` or ``USD 15.00``."""
    text = text[:_LONGEST]
    if not text.isascii() and re.search(r"[^\S ]", text):
        text = re.sub(r"[^\S ]", " ", text)
        if pattern.fullmatch(text):
            return "the space is a non-breaking one; write an ordinary space"
    match = _LOOSE_PRICE.fullmatch(text.strip())
    if match:
        currency = match[3] or match[1]
        if currency is None:
            return "the currency is missing, as in '15.00 USD'"
        if currency in "$¥":
            return f"{currency} may be many currencies; write the code, as in '15.00 USD'"
        code = _SYMBOLS.get(currency, currency.upper())
        found = _suggest(f"{_period_number(match[2])} {code}", pattern)
        if found:
            return found
    return "write a price as in '15.00 USD'"


def measure_hint(text: str, pattern: re.Pattern[str]) -> str | None:
    """How to write a measure, if it can be told from ``2.5lbs`` or ``20 inches``."""
    match = _LOOSE_MEASURE.fullmatch(text[:_LONGEST].strip())
    if match is None:
        return None
    unit = match[2].lower().rstrip(".")
    return _suggest(f"{_period_number(match[1])} {_UNITS.get(unit, unit)}", pattern)


def time_hint(text: str) -> str | None:
    """Tell what is unusual about a date or a range."""
    text = text[:_LONGEST]
    if re.search(r"\d{1,2}[./]\d{1,2}[./]\d{2,4}", text):
        return "write year-month-day with hyphens, as in 2026-02-24"
    if re.search(r"T.*[+-]\d{2}(?:\d{2})?$", text):
        return "write the time zone with hours and minutes, as in +01:00"
    if " / " in text or text != text.strip():
        return "remove the spaces"
    if "T" in text and not re.search(r"(?:Z|[+-]\d{2}:\d{2})$", text):
        return "add the time zone, as in 2026-06-01T00:00:00Z"
    if re.search("\\d (?:-|to) \\d|\u2013", text):  # a dash as in a range of words
        return "put a slash between start and end, as in 2025-12-01/2025-12-15"
    return None


def choice_hint(text: str, choices: Iterable[str]) -> str | None:
    """Return the choice that was meant: ``In stock`` is ``in_stock``, ``instock`` too."""

    def squeeze(word: str) -> str:
        return re.sub(r"[\W_]+", "", word).lower()

    word = squeeze(text[:_LONGEST])
    meant = next((choice for choice in choices if squeeze(choice) == word), None)
    return meant and f"write {meant!r}"


def separator_hint(text: str) -> str | None:
    """Return the separator that was used instead of a comma."""
    for wrong in "|;\n":
        if wrong in text:
            return f"put a comma between entries, not {wrong!r}"
    return None
