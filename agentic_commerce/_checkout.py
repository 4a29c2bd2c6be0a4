"""A Checkout Session as Stripe's API returns it, and how it is laid out as an order.

Private, and loaded when the first session is read. A field that may hold an id or the whole object
says so in its type; which of the two it is depends on the request's ``expand``. A key that is not
listed here is ignored.

Source: docs.stripe.com/api/checkout/sessions/object; what is in a preview only is marked.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from attrs import field

from agentic_commerce._convert import payload_reader
from agentic_commerce._orders import (
    Agent,
    BillingDetails,
    Card,
    Order,
    OrderLine,
    OrderTax,
    PaymentStatus,
    ShippingDetails,
)
from agentic_commerce._parts import TotalDetails
from agentic_commerce._record import UnixTime, record

__all__ = ["read_order"]


@record(kw_only=True)
class Identifiers:
    """A product's trade numbers (private preview)."""

    gtin: str | None = None
    mpn: str | None = None


@record(kw_only=True)
class Product:
    """What a price is for; a deleted product has nothing but its id."""

    id: str
    description: str | None = None
    identifiers: Identifiers | None = None


@record(kw_only=True)
class Price:
    """A line's price; ``external_reference`` (preview) is the product's ``id`` in the feed."""

    id: str
    product: Product | str | None = None
    unit_amount: int | None = None
    external_reference: str | None = None


@record(kw_only=True)
class TaxRate:
    """A rate that applies to a line. ``percentage`` is per cent of 100."""

    id: str
    tax_type: str | None = None
    percentage: Decimal | None = None
    inclusive: bool | None = None


@record(kw_only=True)
class LineTax:
    """A tax on a line, present when ``line_items.data.taxes`` was expanded."""

    amount: int
    rate: TaxRate | str | None = None


@record(kw_only=True)
class LineItem:
    """One line."""

    id: str
    quantity: int | None = None
    currency: str | None = None
    description: str | None = None
    price: Price | str | None = None
    amount_subtotal: int | None = None
    amount_discount: int | None = None
    amount_tax: int | None = None
    amount_total: int | None = None
    taxes: tuple[LineTax, ...] = ()


@record(kw_only=True)
class LineItems:
    """The first lines; ``has_more`` says that there are others."""

    data: tuple[LineItem, ...]
    has_more: bool | None = None


@record(kw_only=True)
class Customer:
    """The buyer, as the session knows them."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None


@record(kw_only=True)
class CollectedInformation:
    """Where the shipping details stand since API version 2025-03-31."""

    shipping_details: ShippingDetails | None = None


@record(kw_only=True)
class PaymentMethodDetails:
    """How the buyer paid."""

    card: Card | None = None


@record(kw_only=True)
class Charge:
    """The charge that paid the order."""

    id: str
    created: UnixTime
    billing_details: BillingDetails | None = None
    payment_method_details: PaymentMethodDetails | None = None
    receipt_number: str | None = None


@record(kw_only=True)
class Profile:
    """A business in Stripe's network."""

    id: str


@record(kw_only=True)
class AgentDetails:
    """The agent that sold (private preview)."""

    name: str | None = None
    network_business_profile: Profile | str | None = None


@record(kw_only=True)
class PaymentIntent:
    """The payment of the order."""

    id: str
    latest_charge: Charge | str | None = None
    agent_details: AgentDetails | None = None


@record(kw_only=True)
class Session:
    """The session."""

    id: str
    currency: str
    amount_total: int
    amount_subtotal: int | None = None
    created: UnixTime | None = None
    livemode: bool | None = None
    mode: str | None = None
    status: str | None = None
    payment_status: PaymentStatus | str | None = None
    total_details: TotalDetails | None = None
    customer_details: Customer | None = None
    collected_information: CollectedInformation | None = None
    shipping_details: ShippingDetails | None = None
    payment_intent: PaymentIntent | str | None = None
    line_items: LineItems | None = None
    metadata: Mapping[str, Any] = field(factory=dict)


def read_order(value: Mapping[str, Any]) -> Order:
    """Read a session and lay it out as an order. Raises: PayloadError."""
    session = payload_reader(Session)(value)
    totals = session.total_details or TotalDetails()
    customer = session.customer_details or Customer()
    items = session.line_items
    return Order(
        session_id=session.id,
        currency=session.currency,
        amount_total=session.amount_total,
        amount_subtotal=session.amount_subtotal,
        amount_discount=totals.amount_discount,
        amount_shipping=totals.amount_shipping,
        amount_tax=totals.amount_tax,
        created=session.created,
        livemode=session.livemode,
        mode=session.mode,
        status=session.status,
        payment_status=session.payment_status,
        email=customer.email,
        customer_name=customer.name,
        phone=customer.phone,
        shipping_details=_shipping(session),
        lines=tuple([_line(item, session.currency) for item in items.data]) if items else (),
        has_all_lines=items is not None and not items.has_more,
        metadata=session.metadata,
        raw=value,
        **_payment(session.payment_intent),
    )


def _shipping(session: Session) -> ShippingDetails | None:
    collected = session.collected_information or CollectedInformation()
    places = (collected.shipping_details, session.shipping_details)
    filled = [place for place in places if place is not None and (place.name or place.address)]
    # An object without name and address says nothing; it must not hide the other place.
    return filled[0] if filled else None


def _payment(payment: PaymentIntent | str | None) -> dict[str, Any]:
    if not isinstance(payment, PaymentIntent):
        return {"payment_intent": payment}
    found = {"payment_intent": payment.id, "agent": _agent(payment.agent_details)}
    charge = payment.latest_charge
    if not isinstance(charge, Charge):
        return found | {"charge": charge}
    method = charge.payment_method_details
    return found | {
        "charge": charge.id,
        "ordered_at": charge.created,
        "order_number": charge.receipt_number or None,
        "billing_details": charge.billing_details,
        "card": method.card if method else None,
    }


def _agent(details: AgentDetails | None) -> Agent | None:
    if details is None:
        return None
    profile = details.network_business_profile
    name = profile.id if isinstance(profile, Profile) else profile
    return Agent(name=details.name, network_business_profile=name or None)


def _line(item: LineItem, currency: str) -> OrderLine:
    price = item.price if isinstance(item.price, Price) else Price(id=item.price or "")
    product = (
        price.product if isinstance(price.product, Product) else Product(id=price.product or "")
    )
    numbers = product.identifiers or Identifiers()
    currency = item.currency or currency
    return OrderLine(
        id=item.id,
        currency=currency,
        sku=price.external_reference or None,
        quantity=item.quantity,
        name=item.description,
        description=product.description,
        unit_amount=price.unit_amount,
        amount_subtotal=item.amount_subtotal,
        amount_discount=item.amount_discount,
        amount_tax=item.amount_tax,
        amount_total=item.amount_total,
        gtin=numbers.gtin,
        mpn=numbers.mpn,
        price=price.id or None,
        product=product.id or None,
        taxes=tuple([_tax(tax, currency) for tax in item.taxes]),
    )


def _tax(tax: LineTax, currency: str) -> OrderTax:
    rate = tax.rate if isinstance(tax.rate, TaxRate) else TaxRate(id="")
    return OrderTax(
        amount=tax.amount,
        currency=currency,
        tax_type=rate.tax_type,
        percentage=rate.percentage,
        inclusive=rate.inclusive,
    )
