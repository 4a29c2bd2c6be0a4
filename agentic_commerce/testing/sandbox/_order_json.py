"""What a paid cart becomes in Stripe's API: Checkout Session, PaymentIntent, Charge, and the rest.

Objects hold ids where nothing is expanded, as a `World` keeps them. Prices, products and rates have
ids made from what they say, so the same product at the same price has one price, as it has at
Stripe. Shapes: docs.stripe.com/api; the fields that an order is read from are those of the session
field reference, those in private preview included.
"""

from __future__ import annotations

import hashlib
from typing import Any

import attrs

from agentic_commerce.testing.sandbox._cart import Cart, CartLine, CartShipping, CartTaxRate
from agentic_commerce.testing.sandbox._cart_json import Buyer, number, shipping_rate_json
from agentic_commerce.testing.sandbox._world import World

__all__ = ["Payment", "derived_id", "file_order", "shipping_rate_object", "tax_rate_object"]

Json = dict[str, Any]


def derived_id(prefix: str, *parts: object) -> str:
    """Make an id that is always the same for the same thing."""
    text = "\0".join(map(str, parts))
    return f"{prefix}_{hashlib.sha256(text.encode()).hexdigest()[:24]}"


@attrs.frozen(kw_only=True)
class Payment:
    """How the order is paid, and who gets what of it. Minor units.

    ``destination`` is the connected account of a destination charge, None for a direct one.
    """

    id: str
    charge: str
    created: int
    destination: str | None
    captured: bool
    application_fee_amount: int | None
    transfer_amount: int | None
    metadata: dict[str, str]
    agent_name: str
    agent_profile: str


def file_order(world: World, cart: Cart, buyer: Buyer, payment: Payment) -> Json:
    """File a session and all that belongs to it in a world; the session.

    An order that costs nothing has no payment.
    """
    for line in cart.lines:
        product, price = _product(line, payment.created), _price(line, cart.currency)
        world.products[product["id"]] = product
        world.prices[price["id"]] = price
        for tax in line.taxes:
            world.tax_rates.setdefault(tax.rate.id, tax_rate_object(tax.rate))
    if cart.shipping is not None:
        rate = shipping_rate_object(cart.shipping, cart.currency)
        world.shipping_rates.setdefault(cart.shipping.id, rate)
    session = _session(cart, buyer, payment)
    if session["payment_intent"] is not None:
        world.payment_intents[payment.id] = _payment_intent(cart, payment)
        world.charges[payment.charge] = _charge(cart, buyer, payment)
    world.sessions[cart.session] = session
    return session


# ------------------------------------------------------------------------------ products and rates


def _product_id(line: CartLine) -> str:
    return derived_id("prod", line.sku, line.name if line.is_fee else "")


def _product(line: CartLine, created: int) -> Json:
    row = line.row
    product = {
        "id": _product_id(line),
        "object": "product",
        "active": True,
        "created": created,
        "description": None,
        "images": [],
        "livemode": False,
        "metadata": {},
        "name": line.name,
        "url": None,
    }
    if line.is_fee:
        return product
    return product | {
        "description": row.description,
        "identifiers": {"gtin": row.gtin, "mpn": row.mpn},
        "images": [row.image_link],
        "url": row.link,
    }


def _price(line: CartLine, currency: str) -> Json:
    product = _product_id(line)
    return {
        "id": derived_id("price", product, currency, line.unit_amount),
        "object": "price",
        "active": True,
        "currency": currency,
        "external_reference": None if line.is_fee else line.sku,
        "livemode": False,
        "product": product,
        "type": "one_time",
        "unit_amount": line.unit_amount,
    }


def tax_rate_object(rate: CartTaxRate) -> Json:
    """A tax rate as the API shows it."""
    return {
        "id": rate.id,
        "object": "tax_rate",
        "active": True,
        "display_name": rate.display_name,
        "inclusive": rate.inclusive,
        "livemode": False,
        "percentage": number(rate.percentage),
        "tax_type": rate.tax_type,
    }


def shipping_rate_object(shipping: CartShipping, currency: str) -> Json:
    """A shipping rate as the API shows it."""
    rate = dict(shipping_rate_json(shipping, currency))
    return {"object": "shipping_rate", "active": True, "livemode": False, **rate}


# ------------------------------------------------------------------------------------- the session


def _session(cart: Cart, buyer: Buyer, payment: Payment) -> Json:
    totals = cart.totals
    free = totals.amount_total == 0
    contact = {"name": buyer.name, "email": buyer.email, "phone": buyer.phone}
    return {
        "id": cart.session,
        "object": "checkout.session",
        "amount_subtotal": totals.amount_subtotal,
        "amount_total": totals.amount_total,
        "automatic_tax": {"enabled": cart.automatic_tax},
        "collected_information": {
            "shipping_details": {"address": dict(buyer.address), "name": buyer.name}
        },
        "created": payment.created,
        "currency": cart.currency,
        "customer_details": contact | {"address": dict(buyer.billing_address)},
        "line_items": {
            "object": "list",
            "data": [_item(line, cart.currency) for line in cart.lines],
            "has_more": False,
            "url": f"/v1/checkout/sessions/{cart.session}/line_items",
        },
        "livemode": False,
        "metadata": dict(payment.metadata),
        "mode": "payment",
        "payment_intent": None if free else payment.id,
        # Before a manual capture: undocumented; ours.
        "payment_status": (
            "no_payment_required" if free else "paid" if payment.captured else "unpaid"
        ),
        "shipping_cost": _shipping_cost(cart),
        "status": "complete",
        "total_details": {
            "amount_discount": totals.amount_discount,
            "amount_shipping": totals.amount_shipping,
            "amount_tax": totals.amount_tax,
        },
    }


def _shipping_cost(cart: Cart) -> Json | None:
    if cart.shipping is None:
        return None
    amount = cart.shipping.amount
    return {
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "shipping_rate": cart.shipping.id,
    }


def _item(line: CartLine, currency: str) -> Json:
    return {
        "id": line.id,
        "object": "item",
        "amount_discount": line.amount_discount,
        "amount_subtotal": line.amount_subtotal,
        "amount_tax": line.amount_tax,
        "amount_total": line.amount_total,
        "currency": currency,
        "description": line.name,
        "price": _price(line, currency),
        "quantity": line.quantity,
        "taxes": [{"amount": tax.amount, "rate": tax_rate_object(tax.rate)} for tax in line.taxes],
    }


# ------------------------------------------------------------------------------------- the payment


def _payment_intent(cart: Cart, payment: Payment) -> Json:
    total = cart.totals.amount_total
    return {
        "id": payment.id,
        "object": "payment_intent",
        "agent_details": {
            "name": payment.agent_name,
            "network_business_profile": payment.agent_profile,
        },
        "amount": total,
        "amount_capturable": 0 if payment.captured else total,
        "amount_received": total if payment.captured else 0,
        "application_fee_amount": payment.application_fee_amount,
        "capture_method": "automatic" if payment.captured else "manual",
        "created": payment.created,
        "currency": cart.currency,
        "latest_charge": payment.charge,
        "livemode": False,
        "metadata": {},
        "on_behalf_of": payment.destination,
        "status": "succeeded" if payment.captured else "requires_capture",
        "transfer_data": _transfer(payment),
    }


def _transfer(payment: Payment) -> Json | None:
    if payment.destination is None:
        return None
    transfer: Json = {"destination": payment.destination}
    if payment.transfer_amount is not None:
        transfer["amount"] = payment.transfer_amount
    return transfer


def _charge(cart: Cart, buyer: Buyer, payment: Payment) -> Json:
    total = cart.totals.amount_total
    contact = {"name": buyer.name, "email": buyer.email, "phone": buyer.phone}
    return {
        "id": payment.charge,
        "object": "charge",
        "amount": total,
        "amount_captured": total if payment.captured else 0,
        "amount_refunded": 0,
        "application_fee_amount": payment.application_fee_amount,
        "billing_details": contact | {"address": dict(buyer.billing_address)},
        "captured": payment.captured,
        "created": payment.created,
        "currency": cart.currency,
        "livemode": False,
        "metadata": {},
        "on_behalf_of": payment.destination,
        "paid": True,
        "payment_intent": payment.id,
        "payment_method_details": {"card": dict(buyer.card), "type": "card"},
        "receipt_number": None,
        "refunded": False,
        "status": "succeeded",
        "transfer_data": _transfer(payment),
    }
