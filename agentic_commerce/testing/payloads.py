"""Sample payloads, as Stripe would send them, and their signature.

Each factory returns a fresh JSON-ready dict in the documented shape, with every documented key.
Keyword arguments change it deeply: a mapping is merged into the mapping at that place, a list or
anything else replaces what was there, and `ABSENT` takes a key out.

>>> customize_checkout(data={"currency": "eur"})["data"]["currency"]
'eur'
>>> "context" in customize_checkout(context=ABSENT)
False
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

from agentic_commerce.hooks.requests import (
    CUSTOMIZE_CHECKOUT,
    FINALIZE_CHECKOUT,
    PRODUCT_PRICE_AVAILABILITY,
)
from agentic_commerce.signature import sign
from agentic_commerce.testing._changes import ABSENT, changed

__all__ = [
    "ABSENT",
    "CARD",
    "customize_checkout",
    "finalize_checkout",
    "line_item",
    "product_price_availability",
    "sign",
]

CARD: Final[dict[str, Any]] = {
    "brand": "visa",
    "country": "US",
    "exp_month": 12,
    "exp_year": 2034,
    "fingerprint": "fp_test_1",
    "funding": "credit",
    "iin": "424242",
    "last4": "4242",
}
"""The sample card, as a finalize hook tells of it."""


def customize_checkout(**changes: Any) -> dict[str, Any]:
    """A ``customize_checkout`` payload: one line of two units to California, tax by hook.

    Amounts are in minor units of USD. The keys that are observed but not documented
    (``checkout_session``, ``discounts``, ``metadata``) are there too.
    """
    payload = _envelope(CUSTOMIZE_CHECKOUT, "hook_customize_1")
    payload["data"] = {
        "automatic_tax": {"enabled": False},
        "currency": "usd",
        "checkout_session": "cs_test_1",
        "line_item_details": [line_item()],
        "shipping_details": {
            "shipping_rate": _shipping_rate("shr_standard", "Standard", 500),
            "shipping_rates": [
                _shipping_rate("shr_standard", "Standard", 500),
                _shipping_rate("shr_express", "Express", 1500),
            ],
            "address": _address(),
        },
        "amount_subtotal": 4000,
        "amount_total": 4500,
        "total_details": {"amount_discount": 0, "amount_shipping": 500, "amount_tax": 0},
        "discounts": [],
        "metadata": {},
    }
    return changed(payload, changes)


def finalize_checkout(**changes: Any) -> dict[str, Any]:
    """A ``finalize_checkout`` payload: the order of `customize_checkout` with 8.5 % tax, by card.

    The lines stand under ``line_item_details``, with the ``sku_id`` that real payloads have. For
    the schema's spelling: ``finalize_checkout(data={"line_item_details": ABSENT,
    "line_items_details": [...]})``.
    """
    payload = _envelope(FINALIZE_CHECKOUT, "hook_finalize_1")
    contact = {"name": "Jenny Rosen", "address": _address()}
    payload["data"] = {
        "amount_subtotal": 4000,
        "amount_total": 4840,
        "billing_details": contact,
        "currency": "usd",
        "checkout_session": "cs_test_1",
        "email": "jenny.rosen@example.com",
        "line_item_details": [line_item(amount_tax=340)],
        "payment_method_details": {
            "type": "card",
            "card": {**CARD, "wallet": {"type": "apple_pay"}},
        },
        "phone": "+14155550100",
        "shipping_details": deepcopy(contact),
        "total_details": {"amount_discount": 0, "amount_shipping": 500, "amount_tax": 340},
    }
    return changed(payload, changes)


def product_price_availability(**changes: Any) -> dict[str, Any]:
    """A ``product_price_availability`` payload, which asks for one ``sku_id``."""
    payload = _envelope(PRODUCT_PRICE_AVAILABILITY, "hook_price_1")
    payload["data"] = {"sku_id": "SKU-1"}
    return changed(payload, changes)


def line_item(number: int = 1, **changes: Any) -> dict[str, Any]:
    """One line of a hook payload: two units of 20.00 USD, with ids made from ``number``.

    Subtotal and total follow from unit amount, quantity, discount and tax unless they are given.

    >>> line_item(quantity=3)["amount_total"]
    6000
    """
    line: dict[str, Any] = {
        "id": f"li_{number}",
        "sku_id": f"SKU-{number}",
        "name": f"Product {number}",
        "quantity": 2,
        "unit_amount": 2000,
        "amount_discount": 0,
        "amount_tax": 0,
        "tax_rates": [],
    }
    return changed(line, {**_totals({**line, **changes}), **changes})


def _totals(line: Mapping[str, Any]) -> dict[str, int]:
    parts = [line[name] for name in ("unit_amount", "quantity", "amount_discount", "amount_tax")]
    if not all(type(part) is int for part in parts):
        return {"amount_subtotal": 4000, "amount_total": 4000}  # of a line that makes no sense
    unit_amount, quantity, discount, tax = parts
    subtotal = unit_amount * quantity
    return {"amount_subtotal": subtotal, "amount_total": subtotal - discount + tax}


def _envelope(kind: str, identifier: str) -> dict[str, Any]:
    return {"type": kind, "id": identifier, "livemode": False, "context": "acct_test_1"}


def _address() -> dict[str, Any]:
    return {
        "line1": "354 Oyster Point Blvd",
        "line2": "",
        "city": "South San Francisco",
        "state": "CA",
        "postal_code": "94080",
        "country": "US",
    }


def _shipping_rate(identifier: str, name: str, amount: int) -> dict[str, Any]:
    return {
        "id": identifier,
        "display_name": name,
        "metadata": {},
        "tax_code": "txcd_92010001",
        "tax_behavior": "exclusive",
        "fixed_amount": {"amount": amount, "currency": "usd", "currency_options": {}},
        "delivery_estimate": {
            "minimum": {"unit": "business_day", "value": 3},
            "maximum": {"unit": "business_day", "value": 5},
        },
    }
