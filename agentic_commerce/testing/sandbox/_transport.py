"""The sandbox as a transport of httpx, sync and async."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, cast

import httpx

from agentic_commerce.testing.sandbox._blob import Blob, Spool
from agentic_commerce.testing.sandbox._clock import Clock
from agentic_commerce.testing.sandbox._wire import Request, Response

if TYPE_CHECKING:
    from agentic_commerce.testing.sandbox._sandbox import Sandbox

__all__ = ["AsyncSandboxTransport", "SandboxTransport", "post"]

_TIMEOUT: Final = 10.0  # seconds that Stripe would wait for a webhook's receiver


class SandboxTransport(httpx.BaseTransport):
    """Carries the requests of an `httpx.Client` to a sandbox in this process."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request, and deliver the events that follow from it."""
        spool = Spool()
        for piece in cast("Iterable[bytes]", request.stream):
            spool.write(piece)
        response = self._sandbox.handle(_read(request, spool.blob()))
        self._sandbox.follow_up()
        return _written(request, response, self._sandbox.clock)


class AsyncSandboxTransport(httpx.AsyncBaseTransport):
    """Carries the requests of an `httpx.AsyncClient` to a sandbox in this process."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request, and deliver the events that follow from it."""
        spool = Spool()
        async for piece in cast("AsyncIterable[bytes]", request.stream):
            spool.write(piece)
        response = self._sandbox.handle(_read(request, spool.blob()))
        await asyncio.to_thread(self._sandbox.follow_up)
        return _written(request, response, self._sandbox.clock)


def _read(request: httpx.Request, body: Blob) -> Request:
    return Request(
        method=request.method,
        path=request.url.path,
        query=request.url.query.decode("ascii", "replace"),
        headers=dict(request.headers),
        body=body,
    )


def _written(request: httpx.Request, response: Response, clock: Clock) -> httpx.Response:
    # Nobody sleeps in this process: a delay passes on the sandbox's clock.
    clock.advance(response.delay)
    patience = request.extensions.get("timeout", {}).get("read")
    is_late = patience is not None and response.delay > patience
    if is_late or response.fault not in (None, "truncated"):
        raise _failure("timeout" if is_late else response.fault, request)
    stream = _Stream(response.body, request if response.fault else None)
    headers = {**response.headers, "Content-Length": str(len(response.body))}
    return httpx.Response(response.status, headers=headers, stream=stream, request=request)


def _failure(fault: str | None, request: httpx.Request) -> httpx.TransportError:
    if fault == "connect":
        return httpx.ConnectError("nothing listens there", request=request)
    if fault == "timeout":
        return httpx.ReadTimeout("no answer in time", request=request)
    return httpx.ReadError("the connection was reset", request=request)


class _Stream(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body, or the first half of it if it is cut in the middle."""

    def __init__(self, body: bytes, cut: httpx.Request | None) -> None:
        self._body = body
        self._cut = cut

    def __iter__(self) -> Iterator[bytes]:
        if self._cut is None:
            yield self._body
            return
        yield self._body[: len(self._body) // 2]
        message = "peer closed connection without sending complete message body"
        raise httpx.RemoteProtocolError(message, request=self._cut)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Post an event to its receiver; the status. No proxy is asked, and the body is not read."""
    sending = httpx.stream(
        "POST", url, content=body, headers=dict(headers), timeout=_TIMEOUT, trust_env=False
    )
    with sending as response:
        return response.status_code
