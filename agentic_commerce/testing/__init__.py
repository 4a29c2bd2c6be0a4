"""What users test with: payloads as Stripe sends them, their signature, and a sandbox."""

from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from agentic_commerce.testing.sandbox import Sandbox

__all__ = [
    "ABSENT",
    "Sandbox",
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


def __getattr__(name: str) -> Any:
    # The sandbox needs every room, and payloads only one.
    if name == "Sandbox":
        from agentic_commerce.testing.sandbox import Sandbox  # noqa: PLC0415

        return Sandbox
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
