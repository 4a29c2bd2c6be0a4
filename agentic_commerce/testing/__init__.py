"""What users test with: payloads as Stripe sends them, and their signature."""

from agentic_commerce.testing.payloads import (
    ABSENT,
    customize_checkout,
    finalize_checkout,
    line_item,
    product_price_availability,
    sign,
)

__all__ = [
    "ABSENT",
    "customize_checkout",
    "finalize_checkout",
    "line_item",
    "product_price_availability",
    "sign",
]
