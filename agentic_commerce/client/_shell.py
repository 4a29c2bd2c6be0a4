"""The two shells: one loop each, around the same flows. They and the clients alone know httpx."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, aclosing, asynccontextmanager, closing
from functools import partial
from threading import get_ident
from typing import Any, Final, Self, TypeVar

import attrs
import httpx
from anyio import CancelScope, from_thread
from anyio.to_thread import run_sync

from agentic_commerce.client._files import stamp_of
from agentic_commerce.client._page import Fetch
from agentic_commerce.client._setup import Clock, Setup, SystemClock
from agentic_commerce.client._threads import check_wanted, on_thread
from agentic_commerce.client._wire import (
    Flow,
    Lost,
    Moment,
    Outcome,
    Reply,
    Request,
    Sleep,
    Step,
    Upload,
    Work,
)
from agentic_commerce.errors import AgenticCommerceError

__all__ = ["TIMEOUT", "AsyncShell", "Shell", "Wiring", "wiring"]

T = TypeVar("T")
C = TypeVar("C")

_PIECE: Final = 2 << 20
_AHEAD: Final = 16 << 20
"""From this size on a thread that reads ahead is worth its start."""
_AWAITED: Final = 1 << 18
"""Larger pieces are faster; but an awaited one must be gone as a whole within the timeout."""
TIMEOUT: Final = 60.0
_LARGEST: Final = 32 << 20
"""The largest answer that is held in memory; Stripe's are a few kilobytes, a page a few hundred."""


# --------------------------------------------------------------------------------- what both share


class _TooLargeError(Exception):
    """An answer is larger than any that Stripe gives."""


class _TruncatedError(Exception):
    """An answer is shorter than it said."""


class _ChangedError(Exception):
    """A file is not any more what it was when it was opened."""


class _UnreadableError(Exception):
    """A file cannot be read any more: it was closed, or its disk failed."""


# The first that fits counts. None of these sentences holds an address: it may be presigned.
_REASONS: Final[tuple[tuple[type[Exception], str, bool], ...]] = (
    (httpx.ConnectTimeout, "the connection took too long", True),
    (httpx.PoolTimeout, "no connection of the pool became free in time", True),
    (httpx.WriteTimeout, "sending took too long", True),
    (httpx.ReadTimeout, "no answer came in time", True),
    (httpx.ConnectError, "there was no connection", True),
    (httpx.UnsupportedProtocol, "the address is not http or https", False),
    (httpx.InvalidURL, "the address is none", False),
    (httpx.LocalProtocolError, "the request cannot be sent", False),
    (httpx.DecodingError, "the answer could not be decoded", False),
    (httpx.RequestError, "the connection broke", True),
    (_TruncatedError, "the answer was cut short", True),
    (_TooLargeError, "the answer is too large", False),
    (_ChangedError, "the file was changed while it was sent", False),
    (_UnreadableError, "the file cannot be read any more", False),
)
_FAULTS: Final = tuple(kind for kind, _, _ in _REASONS)


def _lost(error: Exception) -> Lost:
    reason, may_retry = next((r, m) for kind, r, m in _REASONS if isinstance(error, kind))
    return Lost(f"{reason} ({type(error).__name__.strip('_')})", may_retry)


@attrs.define
class _Owner:
    """The process that uses the connections: after a fork, two would take each other's answers."""

    pid: int | None = None

    def check(self) -> None:
        pid = os.getpid()
        if self.pid is None:  # a client that was only made before the fork has no connections yet
            self.pid = pid
        elif self.pid != pid:
            raise AgenticCommerceError("the client was used before a fork: make one per process")


@attrs.frozen(kw_only=True)
class Wiring:
    """What the views of one client share."""

    timeout: httpx.Timeout
    clock: Clock
    is_owned: bool
    """Whether the connections are ours to close."""
    owner: _Owner = attrs.field(factory=_Owner)

    def request(self, request: Request, content: Any) -> httpx.Request:
        """The request as httpx has it."""
        # Not the caller's client.build_request: its default headers, cookies and parameters are
        # not for Stripe, and even less for a presigned address.
        headers = dict(request.headers)
        if isinstance(request.body, Upload):
            headers["Content-Length"] = str(request.body.length)
        extensions = {"timeout": self.timeout.as_dict()}
        return httpx.Request(
            request.method, request.url, headers=headers, content=content, extensions=extensions
        )

    def moment(self) -> Moment:
        """What the clock says."""
        return Moment(self.clock.unix(), self.clock.monotonic())


def wiring(timeout: float | httpx.Timeout, clock: Clock | None, *, is_owned: bool) -> Wiring:
    """The wiring that a client's arguments ask for."""
    if not isinstance(timeout, httpx.Timeout):
        if not timeout > 0:
            raise ValueError("timeout is more than 0, in seconds")
        timeout = httpx.Timeout(timeout, connect=min(timeout, 10))
    return Wiring(timeout=timeout, clock=clock or SystemClock(), is_owned=is_owned)


class _Body:
    """Takes an answer's body piece by piece, into the sink or into memory."""

    def __init__(self, request: Request, response: httpx.Response) -> None:
        self._response = response
        self._sink = request.sink if response.is_success else None
        self._held: list[bytes] = []
        self._size = 0
        if self._sink is not None:
            # What an earlier try left there is not part of this answer.
            self._sink.seek(0)
            self._sink.truncate()

    def add(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._sink is not None:
            self._sink.write(piece)
        elif self._size > _LARGEST:
            raise _TooLargeError
        else:
            self._held.append(piece)

    def reply(self) -> Reply:
        response = self._response
        headers = {name.lower(): value for name, value in response.headers.items()}
        announced = headers.get("content-length", "")
        # Real connections notice this themselves, transports in memory do not.
        is_plain = "content-encoding" not in headers and announced.isdecimal()
        if is_plain and int(announced) != self._size:
            raise _TruncatedError
        return Reply(status=response.status_code, headers=headers, body=b"".join(self._held))


def _begin(upload: Upload) -> None:
    """Put a file to its start, where each try begins, if it still is what it was when opened."""
    try:
        end = upload.file.seek(0, os.SEEK_END)
        upload.file.seek(upload.start)
    except (OSError, ValueError):  # a closed file raises ValueError
        raise _UnreadableError from None
    if end < upload.start + upload.size or stamp_of(upload.file) != upload.stamp:
        raise _ChangedError


def _pieces(upload: Upload) -> Generator[bytes, None, None]:
    """The whole body; the next piece of a large file is read while one is sent."""
    yield upload.head
    read = _read_ahead if upload.size >= _AHEAD else _read
    with closing(read(upload, _PIECE)) as pieces:
        done = 0
        for piece in pieces:
            done += len(piece)
            if upload.told is not None:
                upload.told(done)
            yield piece
    yield upload.tail


def _read_ahead(upload: Upload, most: int) -> Generator[bytes, None, None]:
    pieces = _read(upload, most)
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(next, pieces, b"")
        while piece := coming.result():
            coming = reader.submit(next, pieces, b"")
            yield piece


async def _pieces_async(upload: Upload) -> AsyncGenerator[bytes, None]:
    yield upload.head
    pieces, done = _read(upload, _AWAITED), 0
    while piece := await run_sync(next, pieces, b""):
        done += len(piece)
        if upload.told is not None:
            upload.told(done)
        yield piece
    yield upload.tail


def _read(upload: Upload, most: int) -> Generator[bytes, None, None]:
    left = upload.size
    while left:
        try:
            piece = upload.file.read(min(most, left))
        except (OSError, ValueError):
            raise _UnreadableError from None
        if not piece:
            raise _ChangedError
        left -= len(piece)
        yield piece


def _check_usable(wiring: Wiring, *, is_closed: bool) -> None:
    wiring.owner.check()
    if is_closed:
        raise AgenticCommerceError("the client is closed")


# ------------------------------------------------------------------------------------------ shells


class Shell:
    """Carries out what flows ask for, blocking."""

    def __init__(self, setup: Setup, http: httpx.Client, wiring: Wiring) -> None:
        self.setup, self._http, self._wiring = setup, http, wiring

    def for_account(self, account: str | None) -> Self:
        """The same for another account; it owns no connections."""
        setup = attrs.evolve(self.setup, account=account)
        return type(self)(setup, self._http, attrs.evolve(self._wiring, is_owned=False))

    def close(self) -> None:
        """Close the connections, if they are ours."""
        if self._wiring.is_owned:
            self._http.close()

    def each(self, fetch: Fetch[T]) -> Iterator[T]:
        """What the pages hold; a page is fetched when its first item is asked for."""
        cursor = None
        while True:
            page = self.run(fetch(cursor))
            yield from page.items
            if (cursor := page.cursor) is None:
                return

    def run(self, flow: Flow[T]) -> T:
        """Run a flow to its end."""
        outcome: Outcome | None = None
        with closing(flow):
            while True:
                try:
                    step = flow.send(outcome)
                except StopIteration as done:
                    result: T = done.value
                    return result
                outcome = self._do(step)

    def notifier(self, call: Callable[[T], object] | None) -> Callable[[T], None]:
        """A function that calls, if there is something to call."""

        def notify(value: T) -> None:
            if call is not None:
                call(value)

        return notify

    def _do(self, step: Step) -> Outcome:
        if isinstance(step, Work):
            done: object = step.function()
            return done
        if isinstance(step, Sleep):
            if step.seconds > 0:
                self._wiring.clock.sleep(step.seconds)
            return self._wiring.moment()
        _check_usable(self._wiring, is_closed=self._http.is_closed)
        try:
            return self._send(step.request)
        except _FAULTS as error:
            return _lost(error)

    def _send(self, request: Request) -> Reply:
        if not isinstance(request.body, Upload):
            return self._exchange(request, request.body)
        _begin(request.body)
        # Closed before another try begins: nothing may still be reading the same file then.
        with closing(_pieces(request.body)) as content:
            return self._exchange(request, content)

    def _exchange(self, request: Request, content: Any) -> Reply:
        made = self._wiring.request(request, content)
        with closing(
            self._http.send(made, stream=True, auth=None, follow_redirects=False)
        ) as response:
            taken = _Body(request, response)
            for piece in response.iter_bytes():
                taken.add(piece)
            return taken.reply()


class AsyncShell:
    """Carries out what flows ask for, awaiting; files are read and written on a thread."""

    def __init__(self, setup: Setup, http: httpx.AsyncClient, wiring: Wiring) -> None:
        self.setup, self._http, self._wiring = setup, http, wiring

    def for_account(self, account: str | None) -> Self:
        """The same for another account; it owns no connections."""
        setup = attrs.evolve(self.setup, account=account)
        return type(self)(setup, self._http, attrs.evolve(self._wiring, is_owned=False))

    async def close(self) -> None:
        """Close the connections, if they are ours."""
        if self._wiring.is_owned:
            await self._http.aclose()

    async def each(self, fetch: Fetch[T]) -> AsyncIterator[T]:
        """What the pages hold; a page is fetched when its first item is asked for."""
        cursor = None
        while True:
            page = await self.run(fetch(cursor))
            for item in page.items:
                yield item
            if (cursor := page.cursor) is None:
                return

    async def run(self, flow: Flow[T]) -> T:
        """Run a flow to its end."""
        outcome: Outcome | None = None
        with closing(flow):
            while True:
                try:
                    step = flow.send(outcome)
                except StopIteration as done:
                    result: T = done.value
                    return result
                outcome = await self._do(step)

    def notifier(self, call: Callable[[T], object] | None) -> Callable[[T], None]:
        """A function that calls in the loop, also from a thread, where it ends cancelled work."""
        home = get_ident()

        def notify(value: T) -> None:
            if get_ident() != home:
                check_wanted()
                if call is not None:
                    from_thread.run_sync(call, value)
            elif call is not None:
                call(value)

        return notify

    async def _do(self, step: Step) -> Outcome:
        if isinstance(step, Work):
            return await on_thread(step.function)
        if isinstance(step, Sleep):
            if step.seconds > 0:
                await self._wiring.clock.sleep_async(step.seconds)
            return self._wiring.moment()
        _check_usable(self._wiring, is_closed=self._http.is_closed)
        try:
            return await self._send(step.request)
        except _FAULTS as error:
            return _lost(error)

    async def _send(self, request: Request) -> Reply:
        response = await self._answer(request)
        try:
            taken = _Body(request, response)
            async for piece in response.aiter_bytes():
                if request.sink is None:
                    taken.add(piece)
                else:
                    await run_sync(taken.add, piece)
            return taken.reply()
        finally:
            with CancelScope(shield=True):
                await response.aclose()

    async def _answer(self, request: Request) -> httpx.Response:
        send = partial(self._http.send, stream=True, auth=None, follow_redirects=False)
        body = request.body
        if not isinstance(body, Upload):
            return await send(self._wiring.request(request, body))
        await run_sync(_begin, body)
        async with aclosing(_pieces_async(body)) as content:
            return await send(self._wiring.request(request, content))

    @asynccontextmanager
    async def enter(self, context: AbstractContextManager[C]) -> AsyncIterator[C]:
        """A blocking context manager, entered and left on a thread."""
        value = await run_sync(context.__enter__)
        try:
            yield value
        except BaseException as error:
            with CancelScope(shield=True):
                await run_sync(context.__exit__, type(error), error, error.__traceback__)
            raise
        # What is whole is kept, even if somebody cancels just now.
        with CancelScope(shield=True):
            await run_sync(context.__exit__, None, None, None)
