"""The documented request schemas, key by key, as the platform guide prints them."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

SHIPPING_RATE: dict[str, Any] = {
    "id": "shr_1",
    "display_name": "Standard",
    "metadata": {"zone": "west"},
    "tax_code": "txcd_92010001",
    "tax_behavior": "included",
    "fixed_amount": {
        "amount": 500,
        "currency": "usd",
        "currency_options": {"cad": {"amount": 700, "tax_behavior": "excluded"}},
    },
    "delivery_estimate": {
        "maximum": {"unit": "business_day", "value": 5},
        "minimum": {"unit": "business_day", "value": 3},
    },
}
ADDRESS = {
    "line1": "354 Oyster Point Blvd",
    "line2": "Suite 7",
    "city": "South San Francisco",
    "state": "CA",
    "postal_code": "94080",
    "country": "US",
}
CUSTOMIZE: dict[str, Any] = {
    "type": "v1.delegated_checkout.customize_checkout",
    "id": "hook_1",
    "livemode": False,
    "context": "acct_1",
    "data": {
        "automatic_tax": {"enabled": False},
        "currency": "usd",
        "line_item_details": [
            {
                "id": "li_1",
                "sku_id": "007",
                "unit_amount": 2000,
                "amount_discount": 100,
                "amount_subtotal": 4000,
                "amount_tax": 340,
                "amount_total": 4240,
                "quantity": 2,
                "name": "Flask",
                "tax_rates": [
                    {
                        "rate": {
                            "id": "txr_1",
                            "display_name": "Sales tax",
                            "percentage": 8.5,
                            "inclusive": False,
                        },
                        "amount": 340,
                    }
                ],
            }
        ],
        "shipping_details": {
            "shipping_rate": SHIPPING_RATE,
            "shipping_rates": [deepcopy(SHIPPING_RATE)],
            "address": ADDRESS,
        },
        "amount_total": 4740,
        "amount_subtotal": 4000,
        "total_details": {"amount_discount": 100, "amount_shipping": 500, "amount_tax": 340},
    },
}
FINALIZE: dict[str, Any] = {
    "type": "v1.delegated_checkout.finalize_checkout",
    "id": "hook_2",
    "livemode": True,
    "context": "acct_1",
    "data": {
        "amount_subtotal": 4000,
        "amount_total": 4740,
        "billing_details": {"name": "Jenny Rosen", "address": ADDRESS},
        "currency": "usd",
        "email": "jenny@example.com",
        "line_items_details": [{"id": "li_1", "unit_amount": 2000, "quantity": 2, "name": "Flask"}],
        "payment_method_details": {
            "type": "card",
            "card": {
                "brand": "master_card",
                "country": "US",
                "exp_month": 12,
                "exp_year": 2034,
                "fingerprint": "fp_secret",
                "funding": "credit",
                "iin": "424242",
                "last4": "4444",
                "wallet": {"type": "apple_pay"},
            },
        },
        "phone": "+14155550100",
        "shipping_details": {"name": "Jenny Rosen", "address": ADDRESS},
        "total_details": {"amount_discount": 100, "amount_shipping": 500, "amount_tax": 340},
    },
}
PRICE: dict[str, Any] = {
    "type": "delegated_commerce.product_price_availability",
    "id": "dcpe_1",
    "livemode": False,
    "context": "acct_1",
    "data": {"sku_id": "007"},
}

# Paths that the schemas mark with `?`, or that real payloads lack.
OPTIONAL = {
    "$.context",
    "$.data.line_item_details",
    "$.data.line_items_details",  # required by its schema, but its spelling varies
    "$.data.shipping_details",
    "$.data.shipping_details.shipping_rate",
    "$.data.shipping_details.shipping_rates",
    "$.data.amount_total",
    "$.data.amount_subtotal",
    "$.data.total_details",
    "$.data.line_item_details[0].name",  # missing in a captured payload
    "$.data.billing_details",
    "$.data.email",
    "$.data.phone",
    "$.data.payment_method_details",
    "$.data.payment_method_details.card",
    "$.data.payment_method_details.card.country",
    "$.data.payment_method_details.card.fingerprint",
    "$.data.payment_method_details.card.iin",
    "$.data.payment_method_details.card.wallet",
}
OPTIONAL_KEYS = {
    "display_name",
    "metadata",
    "tax_code",
    "currency_options",
    "delivery_estimate",
    "maximum",
    "minimum",
    "line1",
    "line2",
    "city",
    "state",
    "postal_code",
    "country",
    "address",
    "amount_discount",
    "amount_shipping",
    "amount_tax",
    "name",
}


def paths(value: Any, path: str = "$") -> Iterator[tuple[str, Any, Any, Any]]:
    """Every place in a payload: its path, its container, its key, its value."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in pairs:
        place = f"{path}[{key}]" if isinstance(value, list) else f"{path}.{key}"
        yield place, value, key, inner
        if isinstance(inner, dict | list):
            yield from paths(inner, place)


def is_optional(path: str) -> bool:
    """Whether a payload without this path is still a good one."""
    key = path.rsplit(".", 1)[-1]
    in_line = "line_item_details[0]." in path or "line_items_details[0]." in path
    if in_line:
        return path in OPTIONAL
    return path in OPTIONAL or key in OPTIONAL_KEYS or key.endswith("]") or "metadata" in path
