"""The webhooks that announce an order: snapshot events of API v1, and what they are read from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Final, Literal

from attrs import field

from agentic_commerce._payload import convert
from agentic_commerce._record import UnixTime, record

__all__ = [
    "SESSION_VERSION",
    "CheckoutSessionCompleted",
    "OrderEvent",
    "PaymentIntentSucceeded",
    "UnknownOrderEvent",
    "read_snapshot",
]

SESSION_VERSION: Final = "2025-12-15.preview"
"""The ``Stripe-Version`` that shows a line's SKU. Send it on the retrieve call only."""


@record(kw_only=True)
class _OrderEvent:
    id: str
    type: str
    created: datetime
    livemode: bool
    account: str | None
    raw: Mapping[str, Any] = field(repr=False, eq=False)

    @property
    def headers(self) -> dict[str, str]:
        """The headers that a call about this event's objects needs, besides the API key.

        With direct charges the session lives on the connected account, Stripe says so in
        ``account``, and ``Stripe-Account`` is needed. With destination charges it lives on the
        platform, ``account`` is None, and the header must not be sent.
        """
        headers = {"Stripe-Version": SESSION_VERSION}
        return headers if self.account is None else headers | {"Stripe-Account": self.account}


@record(kw_only=True)
class CheckoutSessionCompleted(_OrderEvent):
    """A checkout is complete: one order. Retrieve ``session_id`` to read it.

    ``account`` is the connected account whose session it is, None if it is the platform's own.
    """

    event_type: ClassVar[str] = "checkout.session.completed"

    session_id: str
    payment_intent: str | None


@record(kw_only=True)
class PaymentIntentSucceeded(_OrderEvent):
    """A payment succeeded: the same order again, or with manual capture its captured payment.

    It does not name the session. Do not make an order of it: the session's event does that.
    """

    event_type: ClassVar[str] = "payment_intent.succeeded"

    payment_intent: str


@record(kw_only=True)
class UnknownOrderEvent(_OrderEvent):
    """Any other snapshot event. It is no fault: an endpoint may receive many kinds."""


OrderEvent = CheckoutSessionCompleted | PaymentIntentSucceeded | UnknownOrderEvent
"""A snapshot event; ``match`` tells which."""


# ---------------------------------------------------------------------------------------- as sent


@record(kw_only=True)
class _Session:
    id: str
    object: Literal["checkout.session"]
    payment_intent: str | None = None


@record(kw_only=True)
class _PaymentIntent:
    id: str
    object: Literal["payment_intent"]


@record(kw_only=True)
class _SessionData:
    object: _Session


@record(kw_only=True)
class _PaymentIntentData:
    object: _PaymentIntent


@record(kw_only=True)
class _Snapshot:
    id: str
    type: str
    created: UnixTime
    livemode: bool


@record(kw_only=True)
class _SessionSnapshot(_Snapshot):
    data: _SessionData
    account: str | None = None


@record(kw_only=True)
class _PaymentIntentSnapshot(_Snapshot):
    data: _PaymentIntentData
    account: str | None = None


@record(kw_only=True)
class _OtherSnapshot(_Snapshot):
    account: str | None = None


_AnySnapshot = _SessionSnapshot | _PaymentIntentSnapshot | _OtherSnapshot

_SNAPSHOTS: Final[dict[object, type[_AnySnapshot]]] = {
    CheckoutSessionCompleted.event_type: _SessionSnapshot,
    PaymentIntentSucceeded.event_type: _PaymentIntentSnapshot,
}


def read_snapshot(value: Mapping[str, Any]) -> OrderEvent:
    """Read a snapshot event. Raises: PayloadError."""
    kind = value.get("type")
    wire = _SNAPSHOTS.get(kind, _OtherSnapshot) if isinstance(kind, str) else _OtherSnapshot
    found: _AnySnapshot = convert().payload_reader(wire)(value)
    common: dict[str, Any] = {
        "id": found.id,
        "type": found.type,
        "created": found.created,
        "livemode": found.livemode,
        "account": found.account,
        "raw": value,
    }
    match found:
        case _SessionSnapshot(data=_SessionData(object=session)):
            return CheckoutSessionCompleted(
                session_id=session.id, payment_intent=session.payment_intent, **common
            )
        case _PaymentIntentSnapshot(data=_PaymentIntentData(object=payment)):
            return PaymentIntentSucceeded(payment_intent=payment.id, **common)
    return UnknownOrderEvent(**common)
