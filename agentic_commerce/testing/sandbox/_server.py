"""The sandbox over HTTP: uvicorn on a thread of its own, on 127.0.0.1 only.

Bodies are written to a temporary file as they arrive. A failure that was asked for really happens:
the connection is reset, ends in the middle of the answer, or stays silent.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias

import uvicorn
from starlette.requests import ClientDisconnect
from starlette.requests import Request as Incoming

from agentic_commerce.testing.sandbox._blob import Spool
from agentic_commerce.testing.sandbox._control import control, is_control
from agentic_commerce.testing.sandbox._wire import Request, Response

if TYPE_CHECKING:
    from agentic_commerce.testing.sandbox._sandbox import Sandbox

__all__ = ["Server"]

PING: Final = "/ping"
"""Answers 204 without asking the sandbox: whether the server is up, and what a request costs."""
_HOST: Final = "127.0.0.1"
_LOOK_UP: Final = 0.05  # seconds between two looks at whether a silent connection may end

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]


class _Uvicorn(uvicorn.Server):
    """Tells when it is listening."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_up.set()


class Server:
    """A sandbox that is being served: ``url`` says where, until ``close``. A context manager."""

    def __init__(self, sandbox: Sandbox, port: int) -> None:
        listener = _listen(port)
        self.url = f"http://{_HOST}:{listener.getsockname()[1]}"
        self._sandbox = sandbox
        self._closing = threading.Event()
        config = uvicorn.Config(
            self._app,
            log_config=None,
            access_log=False,
            lifespan="off",
            interface="asgi3",
            proxy_headers=False,
            server_header=False,
            http="h11",
            ws="none",
            loop="asyncio",
            timeout_graceful_shutdown=5,
        )
        self._server = _Uvicorn(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([listener],), name="stripe-sandbox", daemon=True
        )
        self._thread.start()
        self._server.is_up.wait()

    def close(self) -> None:
        """Stop serving, and free the port. It may be called again."""
        self._closing.set()
        self._server.should_exit = True
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Server {self.url}>"

    # ------------------------------------------------------------------------------------ requests

    async def _app(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["path"] == PING:
            await _send(send, Response(status=204))
            return
        spool = Spool()
        try:
            async for piece in Incoming(scope, receive).stream():
                spool.write(piece)
        except ClientDisconnect:
            spool.close()
            return
        request = Request(
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("ascii", "replace"),
            headers={k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]},
            body=spool.blob(),
            origin=self.url,
        )
        response = await self._answer(request)
        if response.delay:
            await asyncio.sleep(response.delay)
        await self._reply(response, receive, send)
        if not self._sandbox.is_idle:
            await asyncio.to_thread(self._sandbox.follow_up)

    async def _answer(self, request: Request) -> Response:
        # A thread costs as much as the answer. It is needed where an import may have to be read, or
        # somebody else is being answered: the loop must go on meanwhile.
        sandbox = self._sandbox
        if is_control(request.path):
            return await asyncio.to_thread(control, sandbox, request)
        if sandbox.is_idle and sandbox.lock.acquire(blocking=False):
            try:
                return sandbox.handle(request)
            finally:
                sandbox.lock.release()
        return await asyncio.to_thread(sandbox.handle, request)

    async def _reply(self, response: Response, receive: Receive, send: Send) -> None:
        if response.fault is None:
            await _send(send, response)
            return
        if response.fault == "truncated":
            await _send(send, response, len(response.body) // 2)
            _connection(send).close()  # what was sent still goes out
        else:
            if response.fault == "timeout":
                await self._stay_silent(receive)
            _connection(send).abort()
        while (await receive())["type"] != "http.disconnect":
            pass  # pragma: no cover - the body has been read, so nothing else comes

    async def _stay_silent(self, receive: Receive) -> None:
        gone = asyncio.ensure_future(receive())
        while not gone.done() and not self._closing.is_set():
            await asyncio.wait({gone}, timeout=_LOOK_UP)
        gone.cancel()


def _listen(port: int) -> socket.socket:
    # The protocol is named, or else asyncio does not switch Nagle's algorithm off: 40 ms a request.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((_HOST, port))
        listener.listen(128)
    except BaseException:
        listener.close()
        raise
    return listener


def _connection(send: Send) -> asyncio.Transport:
    # ASGI has no word for cutting a connection; uvicorn's `send` is a method of what holds it.
    transport: asyncio.Transport = send.__self__.transport  # type: ignore[attr-defined]
    return transport


async def _send(send: Send, response: Response, size: int | None = None) -> None:
    """Send a response, or its head and so many bytes of its body."""
    headers = {**response.headers, "Content-Length": str(len(response.body))}
    if response.status == 204:
        del headers["Content-Length"]
    pairs = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": pairs})
    body = response.body if size is None else response.body[:size]
    await send({"type": "http.response.body", "body": body, "more_body": size is not None})
