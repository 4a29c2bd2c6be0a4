"""The two clients: one loop each, around the same flows. The only import of httpx."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, closing
from functools import cached_property
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import attrs
import httpx
from anyio import CancelScope
from anyio.to_thread import run_sync

from agentic_commerce.client._resources import AsyncFiles, AsyncImportSets, Files, ImportSets
from agentic_commerce.client._setup import API_URL, FILES_URL, Clock, Setup, SystemClock, Versions
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
)
from agentic_commerce.errors import AgenticCommerceError

__all__ = ["AsyncClient", "AsyncShell", "Client", "Shell"]

T = TypeVar("T")
C = TypeVar("C")

_PIECE: Final = 1 << 18
_TIMEOUT: Final = 60.0
_LARGEST: Final = 32 << 20
"""The largest answer that is held in memory; Stripe's are a few kilobytes, a page a few hundred."""


# --------------------------------------------------------------------------------- what both share


class _TooLargeError(Exception):
    """An answer is larger than any that Stripe gives."""


class _TruncatedError(Exception):
    """An answer is shorter than it said."""


class _ChangedError(Exception):
    """A file became shorter while it was sent."""


# The first that fits counts. None of these sentences holds an address: it may be presigned.
_REASONS: Final[tuple[tuple[type[Exception], str, bool], ...]] = (
    (httpx.ConnectTimeout, "the connection took too long", True),
    (httpx.PoolTimeout, "no connection of the pool became free in time", True),
    (httpx.WriteTimeout, "sending took too long", True),
    (httpx.ReadTimeout, "no answer came in time", True),
    (httpx.ConnectError, "there was no connection", True),
    (httpx.UnsupportedProtocol, "the address is not http or https", False),
    (httpx.LocalProtocolError, "the request cannot be sent", False),
    (httpx.DecodingError, "the answer could not be decoded", False),
    (httpx.RequestError, "the connection broke", True),
    (_TruncatedError, "the answer was cut short", True),
    (_TooLargeError, "the answer is too large", False),
    (_ChangedError, "the file became shorter while it was sent", False),
)
_FAULTS: Final = tuple(kind for kind, _, _ in _REASONS)


def _lost(error: Exception) -> Lost:
    reason, may_retry = next((r, m) for kind, r, m in _REASONS if isinstance(error, kind))
    return Lost(f"{reason} ({type(error).__name__.strip('_')})", may_retry)


@attrs.frozen(kw_only=True)
class _Wiring:
    """What the views of one client share."""

    timeout: httpx.Timeout
    clock: Clock
    is_owned: bool
    """Whether the connections are ours to close."""

    def request(self, request: Request, content: Any) -> httpx.Request:
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
        return Moment(self.clock.unix(), self.clock.monotonic())


def _wiring(timeout: float | httpx.Timeout, clock: Clock | None, *, is_owned: bool) -> _Wiring:
    if not isinstance(timeout, httpx.Timeout):
        timeout = httpx.Timeout(timeout, connect=min(timeout, 10))
    return _Wiring(timeout=timeout, clock=clock or SystemClock(), is_owned=is_owned)


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
        is_plain = "content-encoding" not in headers and announced.isdigit()
        if is_plain and int(announced) != self._size:
            raise _TruncatedError
        return Reply(status=response.status_code, headers=headers, body=b"".join(self._held))


def _pieces(upload: Upload) -> Iterator[bytes]:
    yield upload.head
    upload.file.seek(upload.start)
    left = upload.size
    while left:
        piece = upload.file.read(min(_PIECE, left))
        if not piece:
            raise _ChangedError
        left -= len(piece)
        yield piece
    yield upload.tail


async def _pieces_async(upload: Upload) -> AsyncIterator[bytes]:
    pieces = _pieces(upload)
    while (piece := await run_sync(next, pieces, None)) is not None:
        yield piece


def _check_open(*, is_closed: bool) -> None:
    if is_closed:
        raise AgenticCommerceError("the client is closed")


# ------------------------------------------------------------------------------------------ shells


class Shell:
    """Carries out what flows ask for, blocking."""

    def __init__(self, setup: Setup, http: httpx.Client, wiring: _Wiring) -> None:
        self.setup, self._http, self._wiring = setup, http, wiring

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

    def _do(self, step: Step) -> Outcome:
        if isinstance(step, Sleep):
            if step.seconds > 0:
                self._wiring.clock.sleep(step.seconds)
            return self._wiring.moment()
        _check_open(is_closed=self._http.is_closed)
        try:
            return self._send(step.request)
        except _FAULTS as error:
            return _lost(error)

    def _send(self, request: Request) -> Reply:
        body = request.body
        content = _pieces(body) if isinstance(body, Upload) else body
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

    def __init__(self, setup: Setup, http: httpx.AsyncClient, wiring: _Wiring) -> None:
        self.setup, self._http, self._wiring = setup, http, wiring

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

    async def _do(self, step: Step) -> Outcome:
        if isinstance(step, Sleep):
            if step.seconds > 0:
                await self._wiring.clock.sleep_async(step.seconds)
            return self._wiring.moment()
        _check_open(is_closed=self._http.is_closed)
        try:
            return await self._send(step.request)
        except _FAULTS as error:
            return _lost(error)

    async def _send(self, request: Request) -> Reply:
        body = request.body
        content = _pieces_async(body) if isinstance(body, Upload) else body
        made = self._wiring.request(request, content)
        response = await self._http.send(made, stream=True, auth=None, follow_redirects=False)
        try:
            taken = _Body(request, response)
            async for piece in response.aiter_bytes():
                await run_sync(taken.add, piece)
            return taken.reply()
        finally:
            with CancelScope(shield=True):
                await response.aclose()

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
        await run_sync(context.__exit__, None, None, None)


# ----------------------------------------------------------------------------------------- clients


class Client:
    """Stripe's API for platforms, blocking. Threads may share one.

    ``account`` is the connected account that calls are made for; `for_account` gives a view for
    another. ``http`` is your own ``httpx.Client``, for its proxies, limits or transport; it stays
    open when this client is closed. ``timeout`` is in seconds, for each piece of sending and
    receiving, not for a call as a whole. ``max_retries`` more tries follow one that failed in
    passing. Nothing shows the key.

    Raises: ValueError for a key, an account or an address that cannot be one.
    """

    def __init__(  # noqa: PLR0913 - each is one choice of the caller's
        self,
        api_key: str,
        *,
        account: str | None = None,
        http: httpx.Client | None = None,
        api_url: str = API_URL,
        files_url: str = FILES_URL,
        versions: Versions = Versions(),  # noqa: B008 - frozen
        max_retries: int = 2,
        timeout: float | httpx.Timeout = _TIMEOUT,
        clock: Clock | None = None,
    ) -> None:
        if http is not None and not isinstance(http, httpx.Client):
            raise TypeError("http is an httpx.Client; AsyncClient takes an httpx.AsyncClient")
        setup = Setup(
            api_key=api_key,
            account=account,
            api_url=api_url,
            files_url=files_url,
            versions=versions,
            max_retries=max_retries,
        )
        wiring = _wiring(timeout, clock, is_owned=http is None)
        self._shell = Shell(setup, http or httpx.Client(), wiring)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(account={self.account!r})"

    @property
    def account(self) -> str | None:
        """The connected account that calls are made for; None for the platform itself."""
        return self._shell.setup.account

    def for_account(self, account: str | None) -> Self:
        """A view for a connected account (None: the platform), with the same connections.

        To close a view closes nothing. Raises: ValueError.
        """
        shell = self._shell
        view = object.__new__(type(self))
        setup = attrs.evolve(shell.setup, account=account)
        view._shell = Shell(setup, shell._http, attrs.evolve(shell._wiring, is_owned=False))
        return view

    def close(self) -> None:
        """Close the connections, unless they are your own ``http``'s."""
        if self._shell._wiring.is_owned:
            self._shell._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @cached_property
    def files(self) -> Files:
        """Uploaded files, and files that Stripe made."""
        return Files(self._shell)

    @cached_property
    def import_sets(self) -> ImportSets:
        """Imports through the data-management API (v1)."""
        return ImportSets(self._shell)


class AsyncClient:
    """Stripe's API for platforms, awaiting; otherwise as `Client`.

    ``http`` is an ``httpx.AsyncClient``. It works under asyncio and trio.
    """

    def __init__(  # noqa: PLR0913 - each is one choice of the caller's
        self,
        api_key: str,
        *,
        account: str | None = None,
        http: httpx.AsyncClient | None = None,
        api_url: str = API_URL,
        files_url: str = FILES_URL,
        versions: Versions = Versions(),  # noqa: B008 - frozen
        max_retries: int = 2,
        timeout: float | httpx.Timeout = _TIMEOUT,
        clock: Clock | None = None,
    ) -> None:
        if http is not None and not isinstance(http, httpx.AsyncClient):
            raise TypeError("http is an httpx.AsyncClient; Client takes an httpx.Client")
        setup = Setup(
            api_key=api_key,
            account=account,
            api_url=api_url,
            files_url=files_url,
            versions=versions,
            max_retries=max_retries,
        )
        wiring = _wiring(timeout, clock, is_owned=http is None)
        self._shell = AsyncShell(setup, http or httpx.AsyncClient(), wiring)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(account={self.account!r})"

    @property
    def account(self) -> str | None:
        """The connected account that calls are made for; None for the platform itself."""
        return self._shell.setup.account

    def for_account(self, account: str | None) -> Self:
        """A view for a connected account (None: the platform), with the same connections.

        To close a view closes nothing. Raises: ValueError.
        """
        shell = self._shell
        view = object.__new__(type(self))
        setup = attrs.evolve(shell.setup, account=account)
        view._shell = AsyncShell(setup, shell._http, attrs.evolve(shell._wiring, is_owned=False))
        return view

    async def close(self) -> None:
        """Close the connections, unless they are your own ``http``'s."""
        if self._shell._wiring.is_owned:
            await self._shell._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    @cached_property
    def files(self) -> AsyncFiles:
        """Uploaded files, and files that Stripe made."""
        return AsyncFiles(self._shell)

    @cached_property
    def import_sets(self) -> AsyncImportSets:
        """Imports through the data-management API (v1)."""
        return AsyncImportSets(self._shell)
