"""Which outcomes are worth another try, and when.

Source: docs.stripe.com/error-low-level and /rate-limits: a lock (409), too many requests (429) and
faults of the server or the wire pass by themselves. A try that may have been carried out is safe to
repeat, because every call that changes something has the same idempotency key on each try.
"""

from __future__ import annotations

import re
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

from agentic_commerce.client._setup import Setup
from agentic_commerce.client._wire import Flow, Lost, Moment, Reply, Request, Send, Sleep

__all__ = ["pause", "try_request"]

_RETRIED: Final = frozenset({409, 429, 500, 502, 503, 504})
_FIRST: Final = 0.5
_LONGEST: Final = 8.0
_OBEYED: Final = 60.0
"""A server may ask for a longer pause than ours, up to this; beyond, the caller should decide."""

_SECONDS: Final = re.compile(r"\d++(?:\.\d++)?", re.ASCII)


def pause(outcome: Reply | Lost, tried: int, setup: Setup, now: float) -> float | None:
    """How many seconds to wait before the next try; None if there should be none.

    ``tried`` counts the tries so far, ``now`` is in unix seconds. Half of our own pause is jitter,
    so that clients which failed together do not come back together.
    """
    if tried > setup.max_retries or not _passes(outcome):
        return None
    ours: float = min(_FIRST * 2 ** min(tried - 1, 10), _LONGEST) * (1 + setup.random()) / 2
    asked = _retry_after(outcome, now) if isinstance(outcome, Reply) else None
    if asked is None:
        return ours
    return None if asked > _OBEYED else max(asked, ours)


def _passes(outcome: Reply | Lost) -> bool:
    if isinstance(outcome, Lost):
        return outcome.may_retry
    # Stripe knows best. Source: stripe-python reads this header before the status as well.
    advice = outcome.headers.get("stripe-should-retry")
    if advice in ("true", "false"):
        return advice == "true"
    return outcome.status in _RETRIED


def _retry_after(reply: Reply, now: float) -> float | None:
    """Seconds from ``Retry-After``, which holds seconds or a date; None if it holds neither."""
    text = reply.headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:  # an HTTP date is in GMT, whatever this machine's zone is
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, moment.timestamp() - now)


def try_request(request: Request, setup: Setup) -> Flow[Reply | Lost]:
    """Send a request, and again while the policy advises it; the last outcome."""
    tried = 0
    while True:
        outcome: Reply | Lost = yield Send(request)
        tried += 1
        now: Moment = yield Sleep(0)
        seconds = pause(outcome, tried, setup, now.unix)
        if seconds is None:
            return outcome
        yield Sleep(seconds)
