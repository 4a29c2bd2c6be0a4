"""Minor and major units of a currency.

Feeds write ``Decimal`` major units (``15.00 USD``); hooks and orders carry ``int`` minor units
(``1500`` with ``usd``). These functions convert exactly and never round by themselves.
"""

from __future__ import annotations

import re
from decimal import (
    ROUND_HALF_UP,
    Context,
    Decimal,
    DecimalException,
    Inexact,
    InvalidOperation,
    Overflow,
)
from typing import Final

from agentic_commerce.errors import MoneyError

__all__ = ["exponent", "percentage", "to_major_units", "to_minor_units"]

# Rule: amounts are in the currency's smallest unit, which for most is a hundredth.
# Source: docs.stripe.com/currencies, "Minor units in API amounts". UGX stands in that page's
# zero-decimal list, and ISK used to; its "Special cases" say that both are nevertheless passed with
# two decimals (5 UGX is 500). The special case is the narrower statement, so it wins.
_ZERO_DECIMAL: Final = frozenset(
    [
        "bif",
        "clp",
        "djf",
        "gnf",
        "jpy",
        "kmf",
        "krw",
        "mga",
        "pyg",
        "rwf",
        "vnd",
        "vuv",
        "xaf",
        "xof",
        "xpf",
    ]
)
_THREE_DECIMAL: Final = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])

# Rule: three ASCII letters. Source: ISO 4217; feeds write it in upper case, hooks in lower case.
_CURRENCY: Final = re.compile(r"[A-Za-z]{3}", re.ASCII)

# Arithmetic that raises instead of rounding; the caller's own decimal context plays no part.
_EXACT: Final = Context(prec=60, traps=[Inexact, InvalidOperation, Overflow])


def exponent(currency: str) -> int:
    """How many decimals one major unit of a currency has in Stripe's API: 0, 2 or 3.

    ISK and UGX count two, as Stripe's API does, although only whole units can be charged.

    Raises: MoneyError if it is not a three-letter code. A code that we do not know has 2.
    Source: docs.stripe.com/currencies.

    >>> exponent("usd"), exponent("JPY"), exponent("kwd")
    (2, 0, 3)
    """
    if not (isinstance(currency, str) and _CURRENCY.fullmatch(currency)):
        raise MoneyError("a currency is a three-letter ISO 4217 code such as 'usd'")
    code = currency.lower()
    return 0 if code in _ZERO_DECIMAL else 3 if code in _THREE_DECIMAL else 2


def to_minor_units(amount: Decimal, currency: str) -> int:
    """Turn major units into minor units, exactly.

    Raises: MoneyError if the currency has no such fraction, or the amount is not a finite Decimal
    (a float cannot hold most prices, so it is refused).

    >>> to_minor_units(Decimal("15.00"), "usd"), to_minor_units(Decimal("1500"), "jpy")
    (1500, 1500)
    """
    digits = exponent(currency)
    if not isinstance(amount, Decimal) or not amount.is_finite():
        raise MoneyError("an amount in major units is a finite Decimal, never a float")
    try:
        fitted = amount.quantize(Decimal((0, (1,), -digits)), context=_EXACT)
        return int(fitted.scaleb(digits, context=_EXACT))
    except DecimalException:
        raise MoneyError(
            f"{currency.upper()} has {digits} decimal(s), and this amount has more, or is absurd"
        ) from None


def to_major_units(amount: int, currency: str) -> Decimal:
    """Turn minor units into major units, with as many decimals as the currency has.

    Raises: MoneyError if the amount is not an int.

    >>> to_major_units(1500, "usd"), to_major_units(1500, "jpy")
    (Decimal('15.00'), Decimal('1500'))
    """
    digits = exponent(currency)
    if type(amount) is not int:
        raise MoneyError("an amount in minor units is an int")
    try:
        return _EXACT.create_decimal(amount).scaleb(-digits, context=_EXACT)
    except DecimalException:
        raise MoneyError("an amount in minor units has at most 60 digits") from None


def percentage(amount: int, percent: Decimal | int) -> int:
    """So many percent of an amount, both in minor units, half a unit rounded up (away from zero).

    For application fees and the like: ``percentage(1999, Decimal("2.9"))``.

    Raises: MoneyError for a float, which cannot hold most percentages.

    >>> percentage(1999, Decimal("2.9"))
    58
    """
    if type(amount) is not int or isinstance(percent, (bool, float)):
        raise MoneyError("a percentage is taken of an int, and the percentage is a Decimal or int")
    try:
        product = _EXACT.multiply(amount, percent).scaleb(-2, context=_EXACT)
        return int(product.to_integral_value(rounding=ROUND_HALF_UP))
    except (DecimalException, OverflowError, ValueError, TypeError):
        raise MoneyError("a percentage is a finite Decimal or int of at most 60 digits") from None
