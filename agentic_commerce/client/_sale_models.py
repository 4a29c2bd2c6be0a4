"""What Stripe answers about payments and sessions. Names are Stripe's; amounts in minor units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from attrs import field

from agentic_commerce._record import UnixTime, masked, record

__all__ = ["AccountSession", "PaymentIntent", "Refund"]


@record(kw_only=True)
class PaymentIntent:
    """The payment of an order. Amounts are in minor units of ``currency``.

    Source: docs.stripe.com/api/payment_intents/object.
    """

    id: str
    object: Literal["payment_intent"]
    amount: int
    currency: str
    status: str | None = None
    amount_capturable: int | None = None
    amount_received: int | None = None
    application_fee_amount: int | None = None
    latest_charge: str | None = None
    livemode: bool | None = None
    raw: Mapping[str, Any] = field(factory=dict, repr=False, eq=False, metadata={"whole": True})


@record(kw_only=True)
class Refund:
    """Money given back. ``amount`` is in minor units of ``currency``.

    ``status`` is ``pending``, ``succeeded``, ``failed``, ``canceled``, ``requires_action`` or a
    newer word. Source: docs.stripe.com/api/refunds/object.
    """

    id: str
    object: Literal["refund"]
    amount: int
    currency: str
    status: str | None = None
    reason: str | None = None
    failure_reason: str | None = None
    payment_intent: str | None = None
    charge: str | None = None
    created: UnixTime | None = None
    raw: Mapping[str, Any] = field(factory=dict, repr=False, eq=False, metadata={"whole": True})


@record(kw_only=True)
class AccountSession:
    """What the browser needs to show an embedded component: ``client_secret``, which is a secret.

    Hand it to the browser of a person who may act for ``account``, and to nobody else; it is good
    until ``expires_at``. Source: docs.stripe.com/api/account_sessions/object.
    """

    account: str
    object: Literal["account_session"]
    client_secret: str = field(repr=masked)
    expires_at: UnixTime | None = None
    livemode: bool | None = None
    raw: Mapping[str, Any] = field(factory=dict, repr=False, eq=False, metadata={"whole": True})
