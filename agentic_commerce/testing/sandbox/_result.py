"""What became of a purchase."""

from __future__ import annotations

from typing import Final, Literal

import attrs
from attrs import field

from agentic_commerce.feeds import Quote
from agentic_commerce.orders import Order
from agentic_commerce.testing.sandbox._cart import CartShipping, Totals
from agentic_commerce.testing.sandbox._hook_calls import HookCall

__all__ = ["PURCHASE_CODES", "PurchaseResult", "PurchaseStatus"]

PurchaseStatus = Literal["completed", "declined", "failed"]
"""What became of a purchase: paid (or authorised), refused by somebody, or never carried out."""

PURCHASE_CODES: Final[dict[str, str]] = {
    # Declined.
    "order_declined": "The finalize_checkout hook declined the order; the reason is the hook's.",
    "hook_timeout": "The finalize_checkout hook was late, which declines the payment.",
    "card_declined": "The bank declined the card, as the test asked.",
    # Failed.
    "unknown_sku": "The account's catalog has no such product.",
    "product_deleted": "The product_price_availability hook says that the product is gone.",
    "not_one_cart": "The products cannot be one order, for example because of two currencies.",
    "hook_failed": "A hook failed or its reply was refused; the agent got 424 and gave up.",
    "no_shipping": "Nothing can be delivered: the customize_checkout hook offered no way to ship.",
    "unknown_service": "The agent asked for a shipping service that is not offered.",
    "sold_out": "Somebody else bought the last ones between quote and payment.",
}
"""Why a purchase was not completed, beside the codes of `feeds.QUOTE_CODES`."""


@attrs.frozen(kw_only=True)
class PurchaseResult:
    """What became of a purchase, and everything that happened on the way.

    ``code`` is None when completed, else one of `PURCHASE_CODES` or `feeds.QUOTE_CODES`; ``reason``
    says it in words, those of the platform for a decline. ``order`` is the session as it would be
    retrieved; ``totals`` (minor units) what was, or would have been, paid. ``calls`` are all
    attempts at hooks. ``shipping`` is what could be chosen from.
    """

    status: PurchaseStatus
    code: str | None = None
    reason: str | None = None
    order: Order | None = None
    totals: Totals | None = None
    calls: tuple[HookCall, ...] = ()
    session_id: str | None = None
    payment_intent: str | None = None
    shipping: tuple[CartShipping, ...] = ()
    quote: Quote | None = field(default=None, repr=False)

    @property
    def completed(self) -> bool:
        """Whether the order was placed."""
        return self.status == "completed"

    def __str__(self) -> str:
        """The outcome and each call, as a failing test should show them."""
        outcome = f"{self.status} ({self.code}): {self.reason}" if self.code else self.status
        return "\n".join([outcome, *(f"  {call}" for call in self.calls)])
