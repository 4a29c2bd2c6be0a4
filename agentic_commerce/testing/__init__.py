"""What users test with: payloads as Stripe sends them, and their signature."""

from agentic_commerce.testing._changes import ABSENT
from agentic_commerce.testing.event_payloads import (
    agreement_event,
    catalog_import_event,
    checkout_session,
    order_event,
    session_line_item,
)
from agentic_commerce.testing.payloads import (
    customize_checkout,
    finalize_checkout,
    line_item,
    product_price_availability,
    sign,
)

__all__ = [
    "ABSENT",
    "agreement_event",
    "catalog_import_event",
    "checkout_session",
    "customize_checkout",
    "finalize_checkout",
    "line_item",
    "order_event",
    "product_price_availability",
    "session_line_item",
    "sign",
]
