"""A sale through an agent, from the webhook that announces it to a typed order.

A session's event holds neither its lines nor its payment. So there are two steps:
`parse_order_event` reads the webhook and says which session to retrieve, and how; `parse_order`
reads the retrieved session.

Source: docs.stripe.com/connect/saas/tasks/enable-in-context-selling-on-ai-agents, "Respond to
purchases and fulfill orders" and "Checkout session field reference".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any, Final

from agentic_commerce._order_events import (
    SESSION_VERSION,
    CheckoutSessionCompleted,
    OrderEvent,
    PaymentIntentSucceeded,
    UnknownOrderEvent,
    read_snapshot,
)
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
from agentic_commerce._parts import Address
from agentic_commerce._payload import EVENT, object_issue, read_object, read_wrapped
from agentic_commerce.errors import Issue, PayloadError
from agentic_commerce.signature import verify_signature

__all__ = [
    "SESSION_EXPAND",
    "SESSION_VERSION",
    "Address",
    "Agent",
    "BillingDetails",
    "Card",
    "CheckoutSessionCompleted",
    "Order",
    "OrderEvent",
    "OrderLine",
    "OrderTax",
    "PaymentIntentSucceeded",
    "PaymentStatus",
    "ShippingDetails",
    "UnknownOrderEvent",
    "parse_order",
    "parse_order_event",
    "parse_signed_order_event",
]

SESSION_EXPAND: Final = (
    "line_items.data.price.product",
    "line_items.data.taxes",
    "payment_intent.latest_charge",
)
"""What to ``expand`` when retrieving a session, so that one call brings the whole order."""


# ---------------------------------------------------------------------------------------- webhooks


def parse_order_event(payload: bytes | str | Mapping[str, Any]) -> OrderEvent:
    """Read a webhook about an order: a snapshot event of API v1, from JSON or a mapping.

    An event in an envelope of Amazon EventBridge or Azure Event Grid is taken out of it. The bytes
    are not proven to come from Stripe: see `parse_signed_order_event`.

    Raises: PayloadError naming every fault with its path. A thin event or a hook handed in by
    mistake is one fault, which names the right parser.
    """
    value = read_object(payload, EVENT)
    if value.get("object") == "event":
        return read_snapshot(value)
    return read_wrapped(value, "event", read_snapshot)


def parse_signed_order_event(
    body: bytes,
    header: str | bytes | None,
    secrets: str | Iterable[str],
    *,
    tolerance: float = 300,
    now: float | None = None,
) -> OrderEvent:
    """Prove that a webhook comes from Stripe and is fresh, and only then read it.

    The arguments are those of `hooks.verify_signature`; the secret is the webhook endpoint's own.

    Raises: SignatureError if it is not proven; else as `parse_order_event`.
    """
    verify_signature(body, header, secrets, tolerance=tolerance, now=now)
    return parse_order_event(body)


# ------------------------------------------------------------------------------------------ orders

# Rule: an agent's sale is a one-time payment. Source: the guide named above, "Handle refunds and
# disputes": in-context selling creates PaymentIntents. Setup and subscription sessions have none.
_OTHER_MODES: Final = ("setup", "subscription")


def parse_order(session: bytes | str | Mapping[str, Any]) -> Order:
    """Read a retrieved Checkout Session, as JSON or as the mapping it decodes to, as an order.

    Retrieve it with `SESSION_EXPAND` and `SESSION_VERSION`; whatever was not expanded is None.
    Stripe returns only the first lines of a long order: look at ``order.has_all_lines``.

    Raises: PayloadError naming every fault with its path; also for a session in ``setup`` or
    ``subscription`` mode, which sells nothing that an order could hold.
    """
    value = read_object(session, "a Checkout Session")
    issue = object_issue(value, "checkout.session")
    if issue is not None and issue.code != "missing":
        raise PayloadError([issue])
    if value.get("mode") in _OTHER_MODES:
        message = "an order is a session in payment mode"
        raise PayloadError([Issue("choice", message, column="$.mode")])
    order: Order = _checkout().read_order(value)
    return order


@cache
def _checkout() -> ModuleType:
    return import_module("agentic_commerce._checkout")
