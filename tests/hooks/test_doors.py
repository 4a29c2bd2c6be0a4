from __future__ import annotations

import asyncio
import io
import json
import threading
from collections.abc import Iterator
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.validate import validator

import httpx
import pytest

from agentic_commerce import hooks, testing

SECRET = "whsec_test"
BODY = json.dumps(testing.finalize_checkout()).encode()
APPROVED = {"manual_approval_details": {"type": "approved"}}


def approve(_: object) -> hooks.FinalizeCheckoutResponse:
    return hooks.FinalizeCheckoutResponse.approve()


ENDPOINT = hooks.HookEndpoint(hooks.Dispatcher(finalize_checkout=approve), SECRET, max_body=100_000)


def signature(body: bytes = BODY) -> dict[str, str]:
    return {"Stripe-Signature": testing.sign(body, SECRET)}


class Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A real server of the standard library, with its own check of the WSGI rules in between."""
    with make_server("127.0.0.1", 0, validator(ENDPOINT.wsgi), handler_class=Quiet) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}/hooks"
        running.shutdown()
        thread.join()


def test_over_real_http_a_signed_hook_is_answered(server: str) -> None:
    reply = httpx.post(server, content=BODY, headers=signature())
    assert reply.status_code == 200
    assert reply.json() == APPROVED
    assert reply.headers["content-type"] == "application/json"


def test_over_real_http_everything_else_is_refused(server: str) -> None:
    assert httpx.post(server, content=BODY).status_code == 400
    assert httpx.post(server, content=b"").status_code == 400
    assert httpx.post(server, content=b" " * 100_001, headers=signature()).status_code == 400
    for method in ("GET", "PUT", "DELETE", "OPTIONS"):
        reply = httpx.request(method, server)
        assert reply.status_code == 405
        assert reply.headers["allow"] == "POST"


def call_wsgi(**environ: Any) -> tuple[str, bytes]:
    started: list[str] = []
    defaults = {
        "REQUEST_METHOD": "POST",
        "HTTP_STRIPE_SIGNATURE": signature()["Stripe-Signature"],
        "wsgi.input": io.BytesIO(BODY),
    }

    def start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
        started.append(status)

    body = b"".join(ENDPOINT.wsgi({**defaults, **environ}, start_response))
    return started[0], body


@pytest.mark.parametrize(
    ("environ", "status"),
    [
        ({"CONTENT_LENGTH": str(len(BODY))}, "200 OK"),
        ({"CONTENT_LENGTH": "", "wsgi.input_terminated": True}, "200 OK"),  # chunked
        ({}, "400 Bad Request"),  # no length: reading could block for ever
        ({"CONTENT_LENGTH": "-1"}, "400 Bad Request"),
        ({"CONTENT_LENGTH": "٥"}, "400 Bad Request"),
        ({"CONTENT_LENGTH": "9" * 5000}, "200 OK"),  # reads what there is, within the limit
        ({"CONTENT_LENGTH": "5"}, "400 Bad Request"),  # cut off
    ],
    ids=lambda v: str(v)[:40],
)
def test_the_wsgi_door_trusts_no_length(environ: dict[str, Any], status: str) -> None:
    assert call_wsgi(**environ)[0] == status


def test_the_wsgi_door_refuses_async_handlers_when_it_is_mounted() -> None:
    async def handler(_: object) -> hooks.FinalizeCheckoutResponse:
        return hooks.FinalizeCheckoutResponse.approve()

    endpoint = hooks.HookEndpoint(hooks.Dispatcher(finalize_checkout=handler), SECRET)
    with pytest.raises(TypeError, match=r"\.asgi"):
        endpoint.wsgi  # noqa: B018


# -------------------------------------------------------------------------------------------- ASGI


def asgi(method: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
    async def run() -> httpx.Response:
        door: Any = ENDPOINT.asgi
        transport = httpx.ASGITransport(app=door)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, "/hooks", content=body, headers=headers)

    return asyncio.run(run())


def test_the_asgi_door_answers_and_refuses_like_the_other() -> None:
    reply = asgi("POST", BODY, signature())
    assert (reply.status_code, reply.json()) == (200, APPROVED)
    assert reply.headers["content-length"] == str(len(reply.content))
    assert asgi("POST", BODY, {}).status_code == 400
    assert asgi("POST", b" " * 100_001, signature()).status_code == 400
    reply = asgi("GET", b"", {})
    assert (reply.status_code, reply.headers["allow"]) == (405, "POST")


def converse(scope: dict[str, Any], *messages: Any) -> tuple[list[Any], int]:
    """Feed messages to the door; return what it sent and how many messages it left unread."""
    incoming = list(messages)
    sent: list[Any] = []

    async def receive() -> Any:
        return incoming.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(ENDPOINT.asgi(scope, receive, send))
    return sent, len(incoming)


POST = {
    "type": "http",
    "method": "POST",
    "headers": [(k.lower().encode(), v.encode()) for k, v in signature().items()],
}


def test_a_body_in_pieces_is_put_together() -> None:
    pieces = [
        {"type": "http.request", "body": BODY[:10], "more_body": True},
        {"type": "http.request", "more_body": True},
        {"type": "http.request", "body": BODY[10:]},
    ]
    sent, _ = converse(POST, *pieces)
    assert sent[0]["status"] == 200
    assert json.loads(sent[1]["body"]) == APPROVED


def test_a_body_without_end_is_not_read_to_its_end() -> None:
    piece = {"type": "http.request", "body": b"x" * 60_000, "more_body": True}
    sent, unread = converse(POST, *[piece] * 10)
    assert sent[0]["status"] == 400
    assert unread == 8


def test_a_client_that_leaves_gets_no_reply() -> None:
    piece = {"type": "http.request", "body": b"x", "more_body": True}
    sent, _ = converse(POST, piece, {"type": "http.disconnect"})
    assert sent == []


def test_the_servers_lifespan_is_sat_through() -> None:
    messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent, _ = converse({"type": "lifespan"}, *messages)
    assert [m["type"] for m in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_a_websocket_is_no_hook() -> None:
    with pytest.raises(ValueError, match="websocket"):
        converse({"type": "websocket"})
