"""Events on their way to the platform: signed, at least once, tried again when they fail.

Stripe tries again for days, with growing pauses; the pauses here pass on the sandbox's clock.
Source: docs.stripe.com/webhooks, "Event delivery behaviors".
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, TypeAlias

import attrs
import orjson
from attrs import field

from agentic_commerce._record import masked
from agentic_commerce.testing.sandbox._clock import Clock
from agentic_commerce.testing.sandbox._secrets import SigningSecret

__all__ = ["Attempt", "Delivery", "Destination", "Receiver"]

RETRY_DELAYS: Final = (60.0, 600.0, 3600.0, 14400.0)
"""Seconds from one attempt to the next. Ours: Stripe gives the days and not the pauses."""

Receiver: TypeAlias = "str | Callable[[bytes, dict[str, str]], Any]"
"""A URL, or a function of body and headers.

What it returns is a status, ``(status, headers, body)``, or has one as ``status_code`` or
``status``; anything else is success.
"""

Payload = Literal["all", "snapshot", "thin"]
Post = Callable[[str, bytes, Mapping[str, str]], int]


@attrs.frozen(kw_only=True)
class Destination:
    """Where events go. ``payload``: snapshot events of API v1, thin events of API v2, or all."""

    id: str
    receiver: Receiver
    payload: Payload
    types: tuple[str, ...] | None
    signing: SigningSecret = field(repr=False)

    def wants(self, event: Mapping[str, Any]) -> bool:
        """Whether an event goes here."""
        kind = "snapshot" if event["object"] == "event" else "thin"
        if self.payload not in ("all", kind):
            return False
        return self.types is None or event["type"] in self.types


@attrs.frozen(kw_only=True)
class Attempt:
    """One attempt to deliver an event: ``status`` is None if nothing answered."""

    event: str
    type: str
    destination: str
    number: int
    status: int | None
    error: str | None
    at: float

    @property
    def ok(self) -> bool:
        """Whether the event arrived."""
        return self.status is not None and 200 <= self.status < 300


@attrs.define(kw_only=True)
class _Pending:
    due: float
    order: int
    destination: Destination
    event: str
    type: str
    body: bytes = field(repr=masked)
    tries: int = 0


class Delivery:
    """The events that wait, and every attempt that was made."""

    def __init__(self, clock: Clock, signing_clock: Callable[[], float], post: Post) -> None:
        self.destinations: list[Destination] = []
        self.attempts: list[Attempt] = []
        self.twice = False
        self.late = 0.0
        self.out_of_order = False
        self._clock = clock
        self._signing_clock = signing_clock
        self._post = post
        self._lock = threading.Lock()
        self._pending: list[_Pending] = []
        self._order = 0

    @property
    def waiting(self) -> int:
        """How many deliveries have not been made yet, or are to be made again."""
        return len(self._pending)

    def add(self, event: Mapping[str, Any]) -> None:
        """Put an event on its way to everyone who wants it."""
        body = orjson.dumps(event)
        due = self._clock.now() + self.late
        with self._lock:
            for destination in filter(lambda d: d.wants(event), self.destinations):
                for _ in range(2 if self.twice else 1):
                    self._order += 1
                    self._pending.append(
                        _Pending(
                            due=due,
                            order=self._order,
                            destination=destination,
                            event=event["id"],
                            type=event["type"],
                            body=body,
                        )
                    )

    def run(self) -> int:
        """Deliver what is due; the number of attempts. Nothing is locked meanwhile."""
        due = self._take_due()
        for pending in due:
            self._attempt(pending)
        return len(due)

    def _take_due(self) -> list[_Pending]:
        now = self._clock.now()
        with self._lock:
            due = [pending for pending in self._pending if pending.due <= now]
            self._pending = [pending for pending in self._pending if pending.due > now]
        return sorted(due, key=lambda p: p.order, reverse=self.out_of_order)

    def _attempt(self, pending: _Pending) -> None:
        pending.tries += 1
        status, error = self._send(pending)
        attempt = Attempt(
            event=pending.event,
            type=pending.type,
            destination=pending.destination.id,
            number=pending.tries,
            status=status,
            error=error,
            at=self._clock.now(),
        )
        with self._lock:
            self.attempts.append(attempt)
            if not attempt.ok and pending.tries <= len(RETRY_DELAYS):
                pending.due = self._clock.now() + RETRY_DELAYS[pending.tries - 1]
                self._pending.append(pending)

    def _send(self, pending: _Pending) -> tuple[int | None, str | None]:
        signing, receiver = pending.destination.signing, pending.destination.receiver
        signature = signing.sign(pending.body, self._clock.now(), self._signing_clock())
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature,
            "User-Agent": "Stripe/1.0 (agentic-commerce sandbox)",
        }
        try:
            if isinstance(receiver, str):
                return self._post(receiver, pending.body, headers), None
            return _status(receiver(pending.body, headers)), None
        except Exception as error:
            return None, type(error).__name__


def _status(returned: object) -> int:
    if isinstance(returned, tuple) and len(returned) == 3:
        returned = returned[0]
    # The `status` of a Werkzeug response is a text such as "500 INTERNAL SERVER ERROR".
    for name in ("status_code", "status"):
        returned = getattr(returned, name, returned)
    if isinstance(returned, int) and not isinstance(returned, bool):
        return int(returned)
    return 200
