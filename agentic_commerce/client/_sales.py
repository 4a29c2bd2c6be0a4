"""Orders, their payments, and the sessions of embedded components.

Source: platform guide, "Respond to purchases and fulfill orders", "Manual capture" and "Handle
refunds and disputes"; docs.stripe.com/api/checkout/sessions, /payment_intents/capture, /refunds.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import attrs

from agentic_commerce._payload import convert
from agentic_commerce._record import record
from agentic_commerce.client._call import Call, Pairs, bound_to, perform, reader
from agentic_commerce.client._page import Fetch, Page, check_limit, unix_filters
from agentic_commerce.client._sale_models import AccountSession, PaymentIntent, Refund
from agentic_commerce.client._setup import Setup, segment
from agentic_commerce.client._wire import Flow
from agentic_commerce.errors import Issue, PayloadError
from agentic_commerce.orders import (
    SESSION_EXPAND,
    CheckoutSessionCompleted,
    Order,
    parse_order,
)

__all__ = [
    "capture_payment",
    "create_account_session",
    "fetch_orders",
    "order_filters",
    "refund_payment",
    "retrieve_order",
]

_PATH: Final = "/v1/checkout/sessions"
_READ: Final = "Checkout Sessions: read"
_LINES: Final = "line_items."
_REASONS: Final = ("duplicate", "fraudulent", "requested_by_customer")


# ------------------------------------------------------------------------------------------- orders


@record(kw_only=True)
class _Item:
    id: str
    mode: str | None = None
    raw: Mapping[str, Any] = attrs.field(factory=dict, repr=False, metadata={"whole": True})

    @property
    def is_order(self) -> bool:
        """Whether it sells something; setup and subscription sessions do not."""
        return self.mode in (None, "payment")


@record(kw_only=True)
class _Listed:
    data: tuple[_Item, ...]
    has_more: bool | None = None

    @property
    def after(self) -> str | None:
        """What the next page begins after; None if there is none."""
        return self.data[-1].id if self.has_more else None


def _read_list(value: Mapping[str, Any]) -> _Listed:
    listed: _Listed = convert().payload_reader(_Listed)(value)
    if listed.has_more and not listed.data:
        raise PayloadError([Issue("empty", "there is more, but nothing here", column="$.data")])
    return listed


def retrieve_order(setup: Setup, session: CheckoutSessionCompleted | str) -> Flow[Order]:
    """Fetch a session with all of its lines; a webhook's event brings its own account."""
    if isinstance(session, str):
        id = session
    else:
        id, setup = session.session_id, bound_to(setup, session)
    call = Call(
        operation="retrieve an order",
        method="GET",
        path=f"{_PATH}/{segment(id, 'session')}",
        read=parse_order,
        version=setup.versions.orders,
        permission=_READ,
        query=tuple(("expand[]", name) for name in SESSION_EXPAND),
    )
    order = yield from perform(call, setup)
    return order if order.has_all_lines else (yield from _completed(setup, order))


def _completed(setup: Setup, order: Order) -> Flow[Order]:
    """The same order with the lines that its session did not hold."""
    lines = list((order.raw.get("line_items") or {}).get("data") or ())
    after = lines[-1]["id"] if lines else None
    while True:
        listed = yield from _list_lines(setup, order.session_id, after)
        lines += [item.raw for item in listed.data]
        if (after := listed.after) is None:
            return parse_order({**order.raw, "line_items": {"data": lines, "has_more": False}})


def _list_lines(setup: Setup, session_id: str, after: str | None) -> Flow[_Listed]:
    expand = [name.removeprefix(_LINES) for name in SESSION_EXPAND if name.startswith(_LINES)]
    start = [] if after is None else [("starting_after", after)]

    def read(value: Mapping[str, Any]) -> _Listed:
        whole = {"id": session_id, "currency": "xxx", "amount_total": 0, "line_items": value}
        parse_order(whole)  # a line that cannot be read is this answer's fault
        return _read_list(value)

    call = Call(
        operation="list the lines of an order",
        method="GET",
        path=f"{_PATH}/{segment(session_id, 'session')}/line_items",
        read=read,
        version=setup.versions.orders,
        permission=_READ,
        query=(("limit", "100"), *start, *(("expand[]", name) for name in expand)),
    )
    return (yield from perform(call, setup))


def order_filters(limit: int | None, **moments: datetime | None) -> dict[str, str]:
    """What to list: complete sessions. Raises: ValueError, TypeError."""
    return {"status": "complete"} | unix_filters(**moments) | check_limit(limit)


@attrs.frozen
class _Place:
    """Where a list stands: what is left of a page, and what the next one begins after."""

    left: tuple[_Item, ...] = ()
    after: str | None = None

    @property
    def cursor(self) -> _Place | None:
        return self if self.left or self.after else None


def fetch_orders(setup: Setup, filters: Mapping[str, str], *, is_whole: bool) -> Fetch[Order]:
    """The orders one by one, each retrieved when it is asked for; or as the list has them."""

    def fetch(cursor: _Place | None) -> Flow[Page[Order]]:
        place = cursor or _Place()
        if not place.left:
            listed = yield from _list_sessions(setup, filters, place.after, is_whole=is_whole)
            place = _Place(tuple(item for item in listed.data if item.is_order), listed.after)
        if not place.left:
            return Page(items=(), cursor=place.cursor)
        first, *left = place.left
        whole = (yield from retrieve_order(setup, first.id)) if is_whole else None
        order = whole or parse_order(first.raw)
        return Page(items=(order,), cursor=_Place(tuple(left), place.after).cursor)

    return fetch


def _list_sessions(
    setup: Setup, filters: Mapping[str, str], after: str | None, *, is_whole: bool
) -> Flow[_Listed]:
    start = () if after is None else (("starting_after", after),)

    def read(value: Mapping[str, Any]) -> _Listed:
        listed = _read_list(value)
        for item in listed.data:
            if item.is_order and not is_whole:
                parse_order(item.raw)  # an order that cannot be read is this answer's fault
        return listed

    call = Call(
        operation="list orders",
        method="GET",
        path=_PATH,
        read=read,
        version=setup.versions.orders,
        permission=_READ,
        query=(*filters.items(), *start),
    )
    return (yield from perform(call, setup))


# ----------------------------------------------------------------------------------------- payments


def capture_payment(
    setup: Setup,
    order: Order | str,
    amount_to_capture: int | None,
    application_fee_amount: int | None,
    idempotency_key: str | None,
) -> Flow[PaymentIntent]:
    """Take the money that was only reserved. Raises: ValueError, TypeError."""
    payment = _payment_of(order)
    amounts = (
        _amount("amount_to_capture", amount_to_capture, order, least=1),
        _amount("application_fee_amount", application_fee_amount, order, least=0),
    )
    call = Call(
        operation="capture a payment",
        method="POST",
        path=f"/v1/payment_intents/{payment}/capture",
        read=reader(PaymentIntent),
        version=setup.versions.payments,
        permission="PaymentIntents: write",
        form=tuple(pair for pair in amounts if pair is not None),
        idempotency_key=idempotency_key,
    )
    return (yield from perform(call, setup))


def refund_payment(
    setup: Setup,
    order: Order | str,
    amount: int | None,
    reason: str | None,
    flags: Mapping[str, bool],
    idempotency_key: str | None,
) -> Flow[Refund]:
    """Give money back. Raises: ValueError, TypeError."""
    form: list[tuple[str, str] | None] = [("payment_intent", _payment_of(order))]
    form.append(_amount("amount", amount, order, least=1))
    if reason is not None:
        if reason not in _REASONS:
            raise ValueError(f"reason is one of {', '.join(_REASONS)}")
        form.append(("reason", reason))
    for name, flag in flags.items():
        if type(flag) is not bool:
            raise TypeError(f"{name} is True or False")
        form.append((name, "true") if flag else None)
    call = Call(
        operation="refund a payment",
        method="POST",
        path="/v1/refunds",
        read=reader(Refund),
        version=setup.versions.payments,
        permission="Charges and Refunds: write",
        form=tuple(pair for pair in form if pair is not None),
        idempotency_key=idempotency_key,
    )
    return (yield from perform(call, setup))


def _payment_of(order: Order | str) -> str:
    payment = order if isinstance(order, str) else order.payment_intent
    if payment is None:
        raise ValueError("the order has no payment")
    return segment(payment, "payment")


def _amount(
    name: str, amount: int | None, order: Order | str, *, least: int
) -> tuple[str, str] | None:
    if amount is None:
        return None
    if type(amount) is not int:
        raise TypeError(f"{name} is a whole number of minor units, not {type(amount).__name__}")
    if amount < least:
        raise ValueError(f"{name} is at least {least}, in minor units")
    if isinstance(order, Order) and amount > order.amount_total:
        raise ValueError(f"{name} is more than the order's total, {order.amount_total}")
    return name, str(amount)


# ------------------------------------------------------------------------------- account sessions


def create_account_session(
    setup: Setup, account: str, idempotency_key: str | None
) -> Flow[AccountSession]:
    """Let a connected account's people see the component agentic_commerce_settings.

    The call is the platform's own, and names the account in its body: no account header.
    """
    form: Pairs = (
        ("account", segment(account, "account")),
        ("components[agentic_commerce_settings][enabled]", "true"),
    )
    call = Call(
        operation="create an account session",
        method="POST",
        path="/v1/account_sessions",
        read=reader(AccountSession),
        version=setup.versions.account_sessions,
        form=form,
        idempotency_key=idempotency_key,
    )
    return (yield from perform(call, attrs.evolve(setup, account=None, context=None)))
