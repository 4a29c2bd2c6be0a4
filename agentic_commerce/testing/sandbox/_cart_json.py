"""What hooks say of a cart: the ``data`` of each request.

Shapes: docs.stripe.com/connect/saas/tasks/enable-in-context-selling-on-ai-agents, and what captured
requests have beside them (``checkout_session``, ``sku_id``, ``discounts``, ``metadata``). The lines
of ``finalize_checkout`` are called ``line_items_details`` in the schema and ``line_item_details``
in captures; both are sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import attrs
from attrs import field

from agentic_commerce._record import masked
from agentic_commerce.testing.sandbox._cart import Cart, CartLine, CartShipping, CartTaxRate

__all__ = ["Buyer", "customize_data", "finalize_data", "number", "rate_json", "shipping_rate_json"]

Json = dict[str, Any]


@attrs.frozen(kw_only=True)
class Buyer:
    """Who buys, pays with what, and has it sent where. Addresses have Stripe's keys."""

    name: str = field(repr=masked)
    email: str = field(repr=masked)
    phone: str = field(repr=masked)
    card: Json = field(repr=masked)
    address: Json = field(repr=masked)
    billing_address: Json = field(repr=masked)


def customize_data(cart: Cart, buyer: Buyer) -> Json:
    """What ``customize_checkout`` is asked about."""
    shipping: Json = {"address": dict(buyer.address)}
    if cart.shipping is not None:
        shipping["shipping_rate"] = shipping_rate_json(cart.shipping, cart.currency)
    shipping["shipping_rates"] = [shipping_rate_json(each, cart.currency) for each in cart.choices]
    return {
        "automatic_tax": {"enabled": cart.automatic_tax},
        "currency": cart.currency,
        "checkout_session": cart.session,
        "line_item_details": [_line(line) for line in cart.lines],
        "shipping_details": shipping,
        **_totals(cart),
        "discounts": [],
        "metadata": {},
    }


def finalize_data(cart: Cart, buyer: Buyer) -> Json:
    """What ``finalize_checkout`` is asked about."""
    lines = [_line(line) for line in cart.lines]
    schema = ("id", "unit_amount", "quantity", "name")
    return {
        "automatic_tax": {"enabled": cart.automatic_tax},
        "billing_details": {"name": buyer.name, "address": dict(buyer.billing_address)},
        "currency": cart.currency,
        "checkout_session": cart.session,
        "email": buyer.email,
        "line_item_details": lines,
        "line_items_details": [{name: line[name] for name in schema} for line in lines],
        "payment_method_details": {"type": "card", "card": dict(buyer.card)},
        "phone": buyer.phone,
        "shipping_details": {"name": buyer.name, "address": dict(buyer.address)},
        **_totals(cart),
    }


def _totals(cart: Cart) -> Json:
    totals = cart.totals
    return {
        "amount_subtotal": totals.amount_subtotal,
        "amount_total": totals.amount_total,
        "total_details": {
            "amount_discount": totals.amount_discount,
            "amount_shipping": totals.amount_shipping,
            "amount_tax": totals.amount_tax,
        },
    }


def _line(line: CartLine) -> Json:
    return {
        "id": line.id,
        "sku_id": line.sku,
        "name": line.name,
        "quantity": line.quantity,
        "unit_amount": line.unit_amount,
        "amount_discount": line.amount_discount,
        "amount_subtotal": line.amount_subtotal,
        "amount_tax": line.amount_tax,
        "amount_total": line.amount_total,
        "tax_rates": [{"rate": rate_json(tax.rate), "amount": tax.amount} for tax in line.taxes],
    }


def rate_json(rate: CartTaxRate) -> Json:
    """The hook's subset of a tax rate."""
    return {
        "id": rate.id,
        "display_name": rate.display_name,
        "percentage": number(rate.percentage),
        "inclusive": rate.inclusive,
    }


def number(value: Decimal) -> int | float:
    """A JSON number: 8.5, or 19 without a fraction."""
    return int(value) if value == value.to_integral_value() else float(value)


def shipping_rate_json(choice: CartShipping, currency: str) -> Mapping[str, Any]:
    """The hook's subset of a shipping rate."""
    rate: Json = {
        "id": choice.id,
        "display_name": choice.display_name,
        "metadata": choice.metadata,
        "tax_behavior": choice.tax_behavior,
        "fixed_amount": {"amount": choice.amount, "currency": currency, "currency_options": {}},
    }
    optional = {"tax_code": choice.tax_code, "delivery_estimate": choice.delivery_estimate}
    return rate | {name: value for name, value in optional.items() if value is not None}
