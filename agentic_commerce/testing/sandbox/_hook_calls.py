"""Hooks on their way to the platform: signed, timed, and recorded whatever becomes of them.

Stripe waits four seconds. A call takes as long as the longer of two clocks says: the sandbox's,
which a test can put ahead instead of sleeping, and the machine's.
"""

from __future__ import annotations

import inspect
import json
import threading
import time
from collections.abc import Callable, Mapping
from contextvars import copy_context
from typing import Any, Final, Literal, TypeAlias

import attrs
import orjson
from attrs import field

from agentic_commerce._record import masked
from agentic_commerce.errors import Issue
from agentic_commerce.hooks import HookEndpoint, HookReply
from agentic_commerce.hooks.requests import (
    CUSTOMIZE_CHECKOUT,
    CustomizeCheckoutRequest,
    FinalizeCheckoutRequest,
    ProductPriceAvailabilityRequest,
)

__all__ = ["Endpoint", "HookCall", "HookOutcome", "Reply", "Send", "Sender", "late", "sender"]

Endpoint: TypeAlias = "str | HookEndpoint | Callable[[bytes, dict[str, str]], Any]"
"""Where hooks go: a `HookEndpoint`, an ``http://127.0.0.1`` URL, or a function, sync or async.

A function gets the body and the headers, and returns ``(status, headers, body)`` or a response that
has ``status_code`` and ``content`` (or ``data``), as the test clients of web frameworks do.
"""

HookOutcome = Literal["answered", "refused", "error", "timeout", "unreachable"]
"""What became of a call: a good answer, one that breaks the contract, not 2xx, too late, nobody."""

_KINDS: Final = (CustomizeCheckoutRequest, FinalizeCheckoutRequest, ProductPriceAvailabilityRequest)


@attrs.frozen(kw_only=True)
class HookCall:
    """One attempt at a hook, and what came of it.

    ``status`` is None if no reply came in time. ``detail`` and ``issues`` say what was wrong with
    it, ``notes`` what was passed over. ``request`` is what was sent; ``response`` the reply's body.
    """

    type: str
    attempt: int
    outcome: HookOutcome
    status: int | None
    seconds: float
    detail: str = ""
    issues: tuple[Issue, ...] = ()
    notes: tuple[str, ...] = ()
    request: Mapping[str, Any] = field(factory=dict, repr=masked)
    response: bytes | None = field(default=None, repr=masked)
    exception: BaseException | None = field(default=None, repr=False)

    @property
    def ok(self) -> bool:
        """Whether an answer came in time that Stripe would take."""
        return self.outcome == "answered"

    @property
    def agent_status(self) -> int | None:
        """What the agent is answered for it: 424, and it may try again; None if Stripe goes on.

        After four seconds Stripe declines an order, and takes the feed's word for a price.
        """
        waits = self.type == CUSTOMIZE_CHECKOUT or self.outcome != "timeout"
        return 424 if waits and not self.ok else None

    def __str__(self) -> str:
        """One line, as in a log."""
        status = "no reply" if self.status is None else str(self.status)
        detail = f": {self.detail}" if self.detail else ""
        name = self.type.rpartition(".")[2]
        return f"{name} #{self.attempt}: {self.outcome}, {status}, {self.seconds:.3f} s{detail}"


@attrs.frozen
class Reply:
    """What came back, or why nothing did."""

    status: int | None = None
    body: bytes | None = None
    outcome: HookOutcome = "answered"
    detail: str = ""
    exception: BaseException | None = None


Send = Callable[[bytes, dict[str, str], "float | None"], Reply]


class Sender:
    """Sends hooks to one endpoint. ``limit`` is in seconds; None waits for ever, on this thread."""

    def __init__(
        self,
        send: Send,
        sign: Callable[[bytes], str],
        now: Callable[[], float],
        limit: float | None,
    ) -> None:
        self._send, self._sign, self._now, self._limit = send, sign, now, limit

    def call(self, payload: Mapping[str, Any], attempt: int) -> HookCall:
        """Send a hook and wait for its reply, which is not read yet."""
        body = orjson.dumps(payload)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": self._sign(body),
            "User-Agent": "Stripe/1.0 (agentic-commerce sandbox)",
        }
        began, begun = self._now(), time.monotonic()
        reply = self._send(body, headers, self._limit)
        seconds = max(self._now() - began, time.monotonic() - begun)
        if self._limit is not None and seconds > self._limit:
            reply = late(self._limit)
        elif reply.status is not None and not 200 <= reply.status < 300:
            detail = reply.detail or f"{reply.status} is not a success: {_excerpt(reply.body)}"
            reply = attrs.evolve(reply, outcome="error", detail=detail)
        return HookCall(
            type=payload["type"],
            attempt=attempt,
            outcome=reply.outcome,
            status=reply.status,
            seconds=seconds,
            detail=reply.detail,
            request=payload,
            response=reply.body,
            exception=reply.exception,
        )


def _excerpt(body: bytes | None) -> str:
    """What an error says of itself: the code and message of our own endpoint's shape, no more."""
    try:
        error = json.loads(body or b"")["error"]
        return f"{error['code']}: {error['message']}"[:500]
    except (ValueError, LookupError, TypeError):
        return f"{len(body or b'')} bytes"


def late(limit: float | None) -> Reply:
    """What Stripe makes of a reply that did not come in time."""
    return Reply(outcome="timeout", detail=f"no reply within {limit:g} s")


def sender(
    owner: object,
    endpoint: Endpoint | None,
    sign: Callable[[bytes], str],
    now: Callable[[], float],
    limit: float | None,
) -> Sender:
    """Make a sender; without an endpoint nobody answers. Connections live as long as the owner.

    Raises: ValueError for a URL of another machine, TypeError for what is no endpoint.
    """
    if limit is not None and not limit > 0:
        raise ValueError("hook_timeout is a positive number of seconds, or None")
    if endpoint is None:
        return Sender(_to_nobody, sign, now, limit)
    if isinstance(endpoint, str):
        from agentic_commerce.testing.sandbox._hook_http import ToUrl  # noqa: PLC0415 - for a URL

        return Sender(ToUrl(endpoint, owner), sign, now, limit)
    if isinstance(endpoint, HookEndpoint):
        return Sender(_to_endpoint(endpoint, limit), sign, now, limit)
    if callable(endpoint):
        return Sender(_to_function(endpoint), sign, now, limit)
    raise TypeError("an endpoint is a HookEndpoint, a URL, or a function of body and headers")


def _to_nobody(_body: bytes, _headers: dict[str, str], _limit: float | None) -> Reply:
    return Reply(outcome="unreachable", detail="there is no endpoint")


# -------------------------------------------------------------------------------------- in process


def _to_endpoint(endpoint: HookEndpoint, limit: float | None) -> Send:
    if any(endpoint.dispatch.is_async(kind) for kind in _KINDS):
        return _to_function(endpoint.respond_async)
    # An endpoint with a deadline of its own has threads of its own, and needs no other.
    deadline = endpoint._deadline
    punctual = limit is not None and deadline is not None and deadline <= limit
    return _to_function(endpoint.respond, inline=punctual)


def _to_function(function: Callable[[bytes, dict[str, str]], Any], *, inline: bool = False) -> Send:
    def send(body: bytes, headers: dict[str, str], limit: float | None) -> Reply:
        run = _Run(function, body, headers)
        if inline or (limit is None and not inspect.iscoroutinefunction(function)):
            run()
        else:
            _on_thread(run, limit)
        if not run.done:
            return late(limit)
        if run.exception is not None:
            kind = type(run.exception).__name__
            detail = f"the endpoint raised {kind}, which a server would answer with 500"
            return Reply(500, None, "error", detail, run.exception)
        return Reply(*_taken_apart(run.result))

    return send


class _Run:
    """One call of a function, and what came of it."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self._function, self._arguments = function, arguments
        self.result: Any = None
        self.exception: BaseException | None = None
        self.done = False

    def __call__(self) -> None:
        try:
            result = self._function(*self._arguments)
            self.result = _awaited(result) if inspect.isawaitable(result) else result
        except (Exception, SystemExit) as error:  # a server would answer, and go on
            self.exception = error
        self.done = True


def _awaited(result: Any) -> Any:
    import asyncio  # noqa: PLC0415 - only for who has an async endpoint

    async def wait() -> Any:
        return await result

    return asyncio.run(wait())


def _on_thread(run: _Run, limit: float | None) -> None:
    # A daemon: an endpoint that is stuck for ever must not keep the test run alive.
    context = copy_context()
    thread = threading.Thread(target=context.run, args=(run,), name="sandbox_hook", daemon=True)
    thread.start()
    thread.join(limit)


def _taken_apart(result: Any) -> tuple[int, bytes]:
    """Status and body of what a function returned."""
    if isinstance(result, HookReply):
        return result.status, result.body
    if isinstance(result, tuple) and len(result) == 3:
        status, _, body = result
    else:
        status = getattr(result, "status_code", None)
        body = getattr(result, "content", None) or getattr(result, "data", b"")
    body = body.encode() if isinstance(body, str) else body
    if not isinstance(status, int) or isinstance(status, bool) or not isinstance(body, bytes):
        raise TypeError(
            "an endpoint returns (status, headers, body), or a response with status_code and"
            f" content; this one returned a {type(result).__name__}"
        )
    return int(status), body
