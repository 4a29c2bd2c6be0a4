"""Two doors to an endpoint: WSGI and ASGI applications that read a body and answer. No framework.

Both take POST only (405 otherwise), read at most one byte more than the endpoint allows, and leave
the path alone: mount them where you like.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, get_args

from agentic_commerce.hooks.endpoint import HookEndpoint, HookReply
from agentic_commerce.hooks.requests import HookRequest

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

__all__ = ["AsgiDoor", "WsgiDoor"]

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_NOT_POST: Final = HookReply(
    405,
    {"Content-Type": "application/json", "Allow": "POST"},
    b'{"error":{"code":"method_not_allowed","message":"hooks are POSTed"}}',
)


class WsgiDoor:
    """A WSGI application over a `HookEndpoint` whose handlers are all sync."""

    def __init__(self, endpoint: HookEndpoint) -> None:
        if any(endpoint.dispatch.is_async(kind) for kind in get_args(HookRequest)):
            raise TypeError("a handler is async, which WSGI cannot await: mount the .asgi door")
        self._endpoint = endpoint

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        if environ["REQUEST_METHOD"] != "POST":
            reply = _NOT_POST
        else:
            headers = {"Stripe-Signature": environ.get("HTTP_STRIPE_SIGNATURE", "")}
            reply = self._endpoint.respond(self._body(environ), headers)
        phrase = HTTPStatus(reply.status).phrase
        start_response(f"{reply.status} {phrase}", list(_with_length(reply).items()))
        return [reply.body]

    def _body(self, environ: WSGIEnvironment) -> bytes:
        most = self._endpoint.max_body + 1
        length = environ.get("CONTENT_LENGTH") or ""
        if length.isascii() and length.isdigit():
            most = min(int(length[:19]), most)
        elif not environ.get("wsgi.input_terminated"):
            return b""  # without a length, reading could block for ever
        body: bytes = environ["wsgi.input"].read(most)
        return body


class AsgiDoor:
    """An ASGI application over a `HookEndpoint`: requests, and an empty lifespan."""

    def __init__(self, endpoint: HookEndpoint) -> None:
        self._endpoint = endpoint

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request, or sit through the server's lifespan."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] != "http":
            raise ValueError(f"hooks come over HTTP, not {scope['type']!r}")
        elif scope["method"] != "POST":
            await _send(send, _NOT_POST)
        else:
            body = await self._body(receive)
            if body is not None:
                await _send(send, await self._endpoint.respond_async(body, dict(scope["headers"])))

    async def _body(self, receive: Receive) -> bytes | None:
        """The body, or as much of it as shows that it is too large; None if the client left."""
        chunks, size, more = [], 0, True
        while more and size <= self._endpoint.max_body:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            more = message.get("more_body", False)
        return b"".join(chunks)


def _with_length(reply: HookReply) -> dict[str, str]:
    return {**reply.headers, "Content-Length": str(len(reply.body))}


async def _send(send: Send, reply: HookReply) -> None:
    headers = [(k.lower().encode(), v.encode()) for k, v in _with_length(reply).items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
