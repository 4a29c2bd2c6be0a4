"""Bytes and headers in, status and bytes out: a hook endpoint that answers in time or declines.

The law of this module: no path leads from an error, a timeout or a missing handler to an approval.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from contextvars import ContextVar, copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from agentic_commerce.errors import (
    PayloadError,
    ResponseError,
    SignatureError,
    UnsupportedHookError,
)
from agentic_commerce.hooks._flight import Flight, Flights, Workers
from agentic_commerce.hooks._outcome import (
    HookReply,
    Outcome,
    Subject,
    error_body,
    log,
    refusal,
    subject_of,
    to_json,
    where,
)
from agentic_commerce.hooks.dispatch import (
    Dispatcher,
    check_answer,
    dump_answer,
    is_async_function,
    parse_request,
)
from agentic_commerce.hooks.replay import Replays, ReplayStore
from agentic_commerce.hooks.requests import FINALIZE_CHECKOUT, FinalizeCheckoutRequest, HookRequest
from agentic_commerce.hooks.responses import FinalizeCheckoutResponse, HookResponse
from agentic_commerce.signature import Verifier

if TYPE_CHECKING:
    import asyncio

    from agentic_commerce.hooks.doors import AsgiDoor, WsgiDoor

__all__ = ["HookEndpoint", "HookReply", "time_left"]

_NO_THREAD = "the process can start no thread"
_TOO_LATE = "nobody waited any more, so the handler did not run"

_ends: ContextVar[float | None] = ContextVar("agentic_commerce_hook_ends", default=None)


def time_left() -> float | None:
    """Seconds until the endpoint answers without the handler; None outside, or without a deadline.

    For handlers: pass it to the database or the tax service as a timeout. Never negative.
    """
    ends = _ends.get()
    return None if ends is None else max(0.0, ends - time.monotonic())


Fallback = Callable[[Any], HookResponse | Mapping[str, Any]]


class HookEndpoint:
    """Verifies, reads, dispatches, checks and answers a hook within its deadline.

    ========================  =================================================================
    ``dispatch``              the `Dispatcher` with your handlers
    ``secrets``               the endpoint's signing secret (``whsec_...``), or several
    ``tolerance``             how old, or how far in the future, a signature may be, in seconds
    ``deadline``              seconds until the reply leaves (Stripe waits four); None: no limit
    ``fallback``              answers, at once, for a handler that is late; it cannot approve
    ``replay``                a `ReplayStore`: a repeated request gets the stored answer
    ``livemode``              refuse test requests (True) or live ones (False)
    ``unsupported``           a hook without handler: ``"refuse"`` (400) or ``"ignore"`` (200 {})
    ``decline_reason``        the reason of a decline that no handler gave
    ``max_body``              the largest body, in bytes
    ``threads``               how many sync handlers run at once, stuck ones included; more wait
    ``on_error``              called with the exception and the request when a handler fails; with
                              a TimeoutError when it is late
    ``now``                   the wall clock, in unix seconds, for the signature's age
    ========================  =================================================================

    With a deadline, sync handlers run on worker threads. Constructing an endpoint loads stripe, so
    that the first hook does not pay for it.

    Raises: SignatureError if a secret is missing or empty; ValueError for a limit that is none.
    """

    def __init__(  # noqa: PLR0913 - each is a decision that only the platform can make
        self,
        dispatch: Dispatcher,
        secrets: str | Iterable[str],
        *,
        tolerance: float = 300,
        deadline: float | None = 3.5,
        fallback: Fallback | None = None,
        replay: ReplayStore | None = None,
        livemode: bool | None = None,
        unsupported: Literal["refuse", "ignore"] = "refuse",
        decline_reason: str = "The order could not be confirmed.",
        max_body: int = 1_048_576,
        threads: int = 64,
        on_error: Callable[[BaseException, HookRequest], object] | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        if deadline is not None and not deadline > 0:
            raise ValueError("deadline is a positive number of seconds, or None")
        if unsupported not in ("refuse", "ignore"):
            raise ValueError("unsupported is 'refuse' or 'ignore'")
        if fallback is not None and is_async_function(fallback):
            raise ValueError("fallback is a plain function: there is no time left to await one")
        if threads < 1 or max_body < 1:
            raise ValueError("threads and max_body must be positive")
        self.dispatch = dispatch
        self.max_body = max_body
        self._verifier = Verifier(secrets, tolerance)
        self._deadline = deadline
        self._fallback = fallback
        self._replays = Replays(replay)
        self._direct = deadline is None and replay is None  # nobody to outwait, nothing to share
        self._livemode = livemode
        self._unsupported = unsupported
        self._on_error = on_error
        self._now = now
        self._workers = Workers(threads)
        self._flights: Flights[Outcome] = Flights()
        self._tasks: set[asyncio.Task[None]] = set()
        self._declined = to_json(dump_answer(FinalizeCheckoutResponse.decline(decline_reason)))
        dispatch.warm_up()

    # ------------------------------------------------------------------------------- the two ways

    def respond(self, body: bytes, headers: Mapping[str, str]) -> HookReply:
        """Answer a request: its raw body and its headers (in any case).

        Whatever a client sends and whatever a handler raises becomes a reply. With a deadline the
        reply leaves in time even if the handler is stuck in its thread.
        """
        begun = time.monotonic()
        request = self._admit(body, headers, begun)
        if isinstance(request, HookReply):
            return request
        if self._direct:
            return self._reply(request, self._attempt(request), begun)
        ends = None if self._deadline is None else begun + self._deadline
        flight, leads = self._flights.join(self._replays.key(request), ends)
        if leads:
            self._start(flight, request)
        with suppress(TimeoutError):
            flight.result.result(None if ends is None else ends - time.monotonic())
        landed = self._flights.leave(flight, ends)
        outcome = flight.result.result() if landed else self._late(request)
        return self._reply(request, outcome, begun)

    async def respond_async(self, body: bytes, headers: Mapping[str, str]) -> HookReply:
        """Answer a request on an event loop: async handlers run on it, sync ones on a thread.

        As `respond`; but a handler that blocks the loop holds up the reply with everything else.
        """
        import asyncio  # noqa: PLC0415 - a WSGI platform need not load it

        begun = time.monotonic()
        request = self._admit(body, headers, begun)
        if isinstance(request, HookReply):
            return request
        ends = None if self._deadline is None else begun + self._deadline
        flight, leads = self._flights.join(self._replays.key(request), ends)
        if leads:
            self._start_async(flight, request)
        landed = False
        try:
            timeout = None if ends is None else ends - time.monotonic()
            await asyncio.wait({asyncio.wrap_future(flight.result)}, timeout=timeout)
        finally:  # also when the server gives up on this request
            landed = self._flights.leave(flight, ends)
        outcome = flight.result.result() if landed else self._late(request)
        return self._reply(request, outcome, begun)

    @property
    def wsgi(self) -> WsgiDoor:
        """The endpoint as a WSGI application. POST only.

        Raises: TypeError if a handler is async; mount `asgi` instead.
        """
        from agentic_commerce.hooks.doors import WsgiDoor  # noqa: PLC0415 - only for who mounts it

        return WsgiDoor(self)

    @property
    def asgi(self) -> AsgiDoor:
        """The endpoint as an ASGI application. POST only."""
        from agentic_commerce.hooks.doors import AsgiDoor  # noqa: PLC0415

        return AsgiDoor(self)

    # ---------------------------------------------------------------------------------- admission

    def _admit(
        self, body: bytes, headers: Mapping[str, str], begun: float
    ) -> HookRequest | HookReply:
        """Read a request that a handler may see, or reply to it at once."""
        request = self._read(body, headers)
        if isinstance(request, Outcome):
            unproven = request.name in ("bad_signature", "body_too_large")
            about = Subject() if unproven else subject_of(body)
            return self._reply(about, request, begun)
        if self._livemode is not None and request.livemode is not self._livemode:
            mode = "live" if self._livemode else "test"
            refused = refusal("wrong_mode", f"this endpoint takes {mode} requests only")
            return self._reply(request, refused, begun)
        if not self.dispatch.handles(type(request)):
            return self._reply(request, self._unhandled(UnsupportedHookError(request.type)), begun)
        return request

    def _read(self, body: bytes, headers: Mapping[str, str]) -> HookRequest | Outcome:
        try:
            if len(body) > self.max_body:
                return refusal("body_too_large", f"a body has at most {self.max_body} bytes")
            header = headers.get("Stripe-Signature") or _signature_header(headers)
            self._verifier.verify(body, header, self._now())
            return parse_request(body)
        except SignatureError as error:
            return refusal("bad_signature", str(error))
        except PayloadError as error:
            return refusal("bad_payload", str(error))
        except UnsupportedHookError as error:
            return self._unhandled(error)

    def _unhandled(self, error: UnsupportedHookError) -> Outcome:
        if self._unsupported == "refuse":
            return refusal("unsupported", str(error))
        # A missing handler must not look like consent.
        body = self._declined if error.type == FINALIZE_CHECKOUT else b"{}"
        return Outcome("unsupported", 200, body, str(error))

    # --------------------------------------------------------------------------------- the handler

    def _start(self, flight: Flight[Outcome], request: HookRequest) -> None:
        """Run the handler: here and now without a deadline, else on a thread in its turn."""
        if flight.ends is None:
            self._fly(flight, request)
            return
        job = partial(copy_context().run, self._fly, flight, request)
        flight.cancel = partial(self._workers.take_back, job)
        if not self._workers.start(job):
            self._land(flight, request, self._fail_closed(request, "handler_error", _NO_THREAD))

    def _fly(self, flight: Flight[Outcome], request: HookRequest) -> None:
        """Run the handler once, on this thread, for everyone who waits for this request."""
        _ends.set(flight.ends)
        try:
            outcome = self._replays.recall(flight.key)
            if outcome is None and flight.is_in_time():
                outcome = self._attempt(request)
                if flight.is_in_time():
                    self._replays.keep(flight.key, outcome)
        except BaseException as error:  # a handler that calls sys.exit() must leave nobody waiting
            self._land(flight, request, self._failure(request, error))
            raise
        self._land(flight, request, outcome or self._fail_closed(request, "deadline", _TOO_LATE))

    def _start_async(self, flight: Flight[Outcome], request: HookRequest) -> None:
        import asyncio  # noqa: PLC0415 - a WSGI platform need not load it

        loop = asyncio.get_running_loop()
        task = loop.create_task(self._fly_async(flight, request))
        self._tasks.add(task)  # the loop itself keeps no task alive
        task.add_done_callback(self._tasks.discard)

        def cancel() -> None:
            with suppress(RuntimeError):  # the loop is closed, and the task with it
                loop.call_soon_threadsafe(task.cancel)

        flight.cancel = cancel

    async def _fly_async(self, flight: Flight[Outcome], request: HookRequest) -> None:
        """Run the handler once, on this loop or on a thread, for everyone who waits."""
        _ends.set(flight.ends)
        try:
            outcome = await self._replays.recall_async(flight.key, time_left())
            if outcome is None and flight.is_in_time():
                outcome = await self._attempt_async(flight, request)
                if flight.is_in_time():
                    await self._replays.keep_async(flight.key, outcome, time_left())
        except BaseException as error:  # cancelled at the deadline, or by the server
            cancelled = self._fail_closed(request, "deadline", where(error))
            self._land(flight, request, cancelled)
            raise
        self._land(flight, request, outcome or self._fail_closed(request, "deadline", _TOO_LATE))

    def _land(self, flight: Flight[Outcome], request: HookRequest, outcome: Outcome) -> None:
        if not self._flights.land(flight, outcome):
            detail = f"came after the reply and was dropped: {outcome.name} {outcome.detail}"
            log(request, "late", detail.strip())

    def _attempt(self, request: HookRequest) -> Outcome:
        try:
            return Outcome("handled", 200, to_json(self.dispatch(request)))
        except Exception as error:
            return self._failure(request, error)

    async def _attempt_async(self, flight: Flight[Outcome], request: HookRequest) -> Outcome:
        handler = self.dispatch.handler(type(request))
        try:
            if is_async_function(handler):
                answer = handler(request)
            else:
                answer = await self._on_thread(flight, partial(handler, request))
            if inspect.isawaitable(answer):  # also of a plain function around an async one
                answer = await answer
            return Outcome("handled", 200, to_json(check_answer(request, answer)))
        except (Exception, SystemExit) as error:  # the latter would end the loop
            return self._failure(request, error)

    async def _on_thread(self, flight: Flight[Outcome], function: Callable[[], object]) -> object:
        """Call a function on a worker. What has started is not cancelled: it ends when it ends."""
        import asyncio  # noqa: PLC0415 - a WSGI platform need not load it

        done: Future[object] = Future()
        context = copy_context()

        def job() -> None:
            # From here on nobody else can resolve it, unless the request was given up just now.
            if done.set_running_or_notify_cancel():  # pragma: no branch
                flight.cancel = None
                try:
                    done.set_result(context.run(function))
                except BaseException as error:
                    # An asyncio future cannot hold a StopIteration, nor should a SystemExit pass.
                    plain = isinstance(error, Exception) and not isinstance(error, StopIteration)
                    done.set_exception(error if plain else RuntimeError(type(error).__name__))

        cancel = flight.cancel
        if not self._workers.start(job):
            raise RuntimeError(_NO_THREAD)
        try:
            return await asyncio.wrap_future(done)
        finally:
            self._workers.take_back(job)  # if nobody waits for it any more
            flight.cancel = cancel

    # ----------------------------------------------------------------------------- what went wrong

    def _failure(self, request: HookRequest, error: BaseException) -> Outcome:
        self._tell(request, error)
        if isinstance(error, ResponseError):
            return self._fail_closed(request, "bad_answer", str(error))
        return self._fail_closed(request, "handler_error", where(error))

    def _tell(self, request: HookRequest, error: BaseException) -> None:
        if self._on_error is not None:
            try:
                self._on_error(error, request)
            except Exception as second:
                log(request, "on_error", where(second))

    def _late(self, request: HookRequest) -> Outcome:
        detail = f"no answer within {self._deadline} s"
        self._tell(request, TimeoutError(detail))
        if self._fallback is None:
            return self._fail_closed(request, "deadline", detail)
        try:
            answer = check_answer(request, self._fallback(request))
            if not _approves(answer):
                return Outcome("fallback", 200, to_json(answer), detail)
            problem = "a timeout must not approve"
        except Exception as error:
            problem = self._failure(request, error).detail
        return self._fail_closed(request, "deadline", f"{detail}; fallback: {problem}")

    def _fail_closed(self, request: HookRequest, name: str, detail: str) -> Outcome:
        if isinstance(request, FinalizeCheckoutRequest):
            return Outcome(name, 200, self._declined, detail)
        return Outcome(name, 500, error_body(name, "the hook could not be answered"), detail)

    # --------------------------------------------------------------------------------------- reply

    def _reply(self, about: HookRequest | Subject, outcome: Outcome, begun: float) -> HookReply:
        log(about, outcome.name, outcome.detail, begun=begun)
        return HookReply(outcome.status, {"Content-Type": "application/json"}, outcome.body)


def _signature_header(headers: Mapping[str, str]) -> str | bytes | None:
    """The header's value under any spelling of its name, WSGI's and ASGI's among them."""
    for name, value in headers.items():
        text = name.decode("latin-1") if isinstance(name, bytes) else name
        if text.lower().replace("_", "-").removeprefix("http-") == "stripe-signature":
            return value
    return None


def _approves(answer: Mapping[str, Any]) -> bool:
    decision = answer.get("manual_approval_details")
    return decision is not None and decision["type"] != "declined"
