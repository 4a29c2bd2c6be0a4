"""How hooks are sent: to functions, to our endpoint, to servers; and how long Stripe waits."""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from agentic_commerce import hooks, testing
from agentic_commerce.testing.sandbox import Clock, _hook_http
from agentic_commerce.testing.sandbox._hook_calls import HookCall, sender
from tests.testing.sandbox.buying import APPROVED, respond, server

PAYLOAD = testing.finalize_checkout()
SECRET = "whsec_test"


def call(
    endpoint: Any, clock: Clock | None = None, limit: float | None = 4.0, payload: Any = PAYLOAD
) -> HookCall:
    clock = clock or Clock()
    now = clock.now
    sends = sender(clock, endpoint, lambda body: testing.sign(body, SECRET), now, limit)
    return sends.call(payload, 1)


class Response:
    """What test clients of web frameworks return."""

    def __init__(self, status_code: int, **body: bytes) -> None:
        self.status_code = status_code
        self.__dict__.update(body)


async def later(reply: Any) -> Any:
    await asyncio.sleep(0)
    return reply


@pytest.mark.parametrize(
    "reply",
    [
        lambda: (200, {}, b"{}"),
        lambda: (200, {}, "{}"),
        lambda: (HTTPStatus.OK, {}, b"{}"),
        lambda: hooks.HookReply(200, {}, b"{}"),
        lambda: Response(200, content=b"{}"),  # httpx, Django
        lambda: Response(200, data=b"{}"),  # Flask
        lambda: later((200, {}, b"{}")),
    ],
)
def test_a_function_may_answer_in_any_of_these_ways(reply: Any) -> None:
    seen = call(lambda body, headers: reply())
    assert (seen.outcome, seen.status, seen.response) == ("answered", 200, b"{}")
    assert seen.ok
    assert seen.agent_status is None


@pytest.mark.parametrize("reply", [None, 200, ("200", {}, b""), Response(200, content=1)])  # type: ignore[arg-type]
def test_a_function_that_returns_no_response_is_a_mistake_of_the_test(reply: Any) -> None:
    with pytest.raises(TypeError, match="returns"):
        call(lambda body, headers: reply)


def test_what_is_sent_is_signed_json() -> None:
    sent: list[Any] = []

    def answer(body: bytes, headers: dict[str, str]) -> Any:
        sent.append((body, headers))
        return 200, {}, b"{}"

    seen = call(answer)
    ((body, headers),) = sent
    assert json.loads(body) == PAYLOAD == seen.request
    hooks.verify_signature(body, headers["Stripe-Signature"], SECRET)
    assert headers["Content-Type"].startswith("application/json")
    assert "Jenny" not in repr(seen)


def test_our_endpoint_is_called_in_process_sync_or_async() -> None:
    async def handler(_: Any) -> hooks.FinalizeCheckoutResponse:
        await asyncio.sleep(0)
        return hooks.FinalizeCheckoutResponse.approve()

    def plain(_: Any) -> hooks.FinalizeCheckoutResponse:
        return hooks.FinalizeCheckoutResponse.approve()

    for each in (handler, plain):
        for limit in (4.0, None):
            endpoint = hooks.HookEndpoint(hooks.Dispatcher(finalize_checkout=each), SECRET)
            seen = call(endpoint, limit=limit)
            assert seen.ok
            assert json.loads(seen.response or b"") == APPROVED


def test_an_async_endpoint_can_be_called_from_a_running_loop() -> None:
    async def answer(body: bytes, headers: dict[str, str]) -> Any:
        return await later((200, {}, b"{}"))

    async def main() -> HookCall:
        return call(answer, limit=None)

    assert asyncio.run(main()).ok


def test_a_wrong_secret_says_so() -> None:
    dispatch = hooks.Dispatcher(finalize_checkout=lambda _: APPROVED)
    seen = call(hooks.HookEndpoint(dispatch, "whsec_other"))
    assert (seen.outcome, seen.status, seen.agent_status) == ("error", 400, 424)
    assert "bad_signature" in seen.detail
    assert "error, 400" in str(seen)


@pytest.mark.parametrize("error", [KeyError("jenny.rosen@example.com"), SystemExit("jenny")])
def test_an_exception_is_what_a_server_would_make_of_it(error: BaseException) -> None:
    def answer(body: bytes, headers: dict[str, str]) -> Any:
        raise error

    for limit in (4.0, None):
        seen = call(answer, limit=limit)
        assert (seen.outcome, seen.status, seen.agent_status) == ("error", 500, 424)
        assert seen.exception is error
        assert type(error).__name__ in seen.detail
        assert "jenny" not in str(seen) + repr(seen)


@pytest.mark.parametrize(
    ("payload", "agent_status"),
    [
        (testing.customize_checkout(), 424),
        (testing.finalize_checkout(), None),
        (testing.product_price_availability(), None),
    ],
)
def test_four_seconds_on_the_sandboxs_clock_are_too_long(
    payload: Any, agent_status: int | None
) -> None:
    clock = Clock()

    def answer(body: bytes, headers: dict[str, str]) -> Any:
        clock.advance(4.5)
        return 200, {}, b"{}"

    seen = call(answer, clock, payload=payload)
    assert (seen.outcome, seen.status, seen.response) == ("timeout", None, None)
    assert seen.seconds == 4.5
    assert seen.agent_status == agent_status
    assert "no reply within 4 s" in str(seen)
    assert call(answer, clock, limit=None, payload=payload).ok


def test_a_function_that_never_returns_is_left_behind() -> None:
    stuck = threading.Event()

    def answer(body: bytes, headers: dict[str, str]) -> Any:
        stuck.wait()
        return 200, {}, b"{}"

    seen = call(answer, limit=0.01)
    stuck.set()
    assert seen.outcome == "timeout"
    assert seen.seconds >= 0.01


def test_without_an_endpoint_nobody_answers() -> None:
    seen = call(None)
    assert (seen.outcome, seen.status) == ("unreachable", None)


@pytest.mark.parametrize("limit", [0, -1.0])
def test_a_limit_is_positive(limit: float) -> None:
    with pytest.raises(ValueError, match="hook_timeout"):
        call(None, limit=limit)


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1:1/",
        "http://example.com/hooks",
        "http://10.0.0.1/",
        "http://127.0.0.1.example.com/",
        "ftp://localhost/",
        "localhost:4242",
    ],
)
def test_hooks_never_leave_the_machine(url: str) -> None:
    with pytest.raises(ValueError, match="this machine"):
        call(url)


def test_what_is_no_endpoint_is_refused() -> None:
    with pytest.raises(TypeError, match="an endpoint is"):
        call(4242)


# --------------------------------------------------------------------------------- a real server


@pytest.mark.parametrize("limit", [4.0, None])
def test_a_server_is_called_over_http(limit: float | None) -> None:
    with server(lambda handler, _: respond(handler)) as url:
        seen = call(url, limit=limit)
        assert (seen.outcome, seen.status, seen.response) == ("answered", 200, b"{}")
        assert call(url.replace("127.0.0.1", "localhost"), limit=limit).ok


def test_a_servers_error_is_an_error() -> None:
    with server(lambda handler, _: respond(handler, b"oops", 503)) as url:
        seen = call(url)
        assert (seen.outcome, seen.status, seen.response) == ("error", 503, b"oops")
        assert seen.detail == "503 is not a success: 4 bytes"


def test_a_server_that_does_not_answer_is_late() -> None:
    stuck = threading.Event()
    with server(lambda handler, _: stuck.wait()) as url:
        seen = call(url, limit=0.05)
        stuck.set()
    assert (seen.outcome, seen.status) == ("timeout", None)


def test_a_server_whose_answer_drips_in_is_late() -> None:
    def drip(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        try:
            for _ in range(1000):
                handler.wfile.write(b" ")
                handler.wfile.flush()
                if stop.wait(0.005):
                    return
        except OSError:  # the sandbox has hung up
            return

    stop = threading.Event()
    with server(drip) as url:
        seen = call(url, limit=0.05)
        stop.set()
    assert (seen.outcome, seen.status) == ("timeout", None)


def test_a_server_whose_head_drips_in_is_late() -> None:
    def drip(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        try:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
            while not stop.wait(0.005):
                handler.wfile.write(b"X-More: yes\r\n")
                handler.wfile.flush()
        except OSError:  # the sandbox has hung up
            return

    stop = threading.Event()
    with server(drip) as url:
        seen = call(url, limit=0.05)
        stop.set()
    assert (seen.outcome, seen.status) == ("timeout", None)
    assert seen.seconds < 0.4  # each line alone would come in time


def test_when_the_time_is_up_nothing_is_waited_for() -> None:
    with pytest.raises(TimeoutError):  # which a drip meets between two pieces, by chance
        _hook_http._left(time.monotonic())
    assert _hook_http._left(None) is None


@pytest.mark.parametrize(
    ("length", "body", "outcome", "detail"),
    [
        (1 << 21, b" " * (1 << 21), "refused", "the reply is larger than 1048576 bytes"),
        (1000, b"{}", "unreachable", "the reply broke off before its end"),
    ],
    ids=["more than anybody needs", "less than was promised"],
)
def test_a_reply_of_the_wrong_length_is_not_taken(
    length: int, body: bytes, outcome: str, detail: str
) -> None:
    def reply(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(length))
        handler.end_headers()
        try:
            handler.wfile.write(body)
        except OSError:  # the sandbox has hung up
            return

    with server(reply) as url:
        seen = call(url)
    assert (seen.outcome, seen.detail, seen.response) == (outcome, detail, None)


def test_a_connection_is_kept_and_closed_with_its_sandbox() -> None:
    clock, seen = Clock(), []

    def answer(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        seen.append(handler.client_address)
        respond(handler)

    with server(answer, "HTTP/1.1") as url:
        assert call(url, clock).ok
        assert call(url, clock).ok
        first, second = seen
        assert first == second
        (connection,) = _hook_http._pools[clock]._free
        sock = connection[1].sock
        assert sock.fileno() >= 0
        del clock, connection
        gc.collect()
        assert sock.fileno() == -1


def test_a_connection_that_the_server_has_closed_is_not_used_again() -> None:
    clock = Clock()

    def answer(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        respond(handler)
        handler.close_connection = True  # without a word in the response
        gone.set()

    gone = threading.Event()
    with server(answer, "HTTP/1.1") as url:
        assert call(url, clock).ok
        gone.wait()
        pool = _hook_http._pools[clock]
        ((_, connection),) = pool._free
        connection.sock.settimeout(1)
        assert connection.sock.recv(1, socket.MSG_PEEK) == b""
        assert call(url, clock).ok
    # Nor one that is broken, or has been idle for long, or leads elsewhere.
    with server(lambda handler, _: respond(handler), "HTTP/1.1") as url:
        assert call(url, clock).ok
        ((_, connection),) = pool._free
        connection.sock.close()
        assert call(url, clock).ok
        ((since, connection),) = pool._free
        pool._free = [(since - 60, connection)]
        assert call(url, clock).ok
        ((_, other),) = pool._free
        assert other is not connection
    pool.close()


def test_where_nothing_listens_nothing_answers() -> None:
    with server(lambda handler, _: respond(handler)) as url:
        pass
    seen = call(url)
    assert (seen.outcome, seen.status, seen.agent_status) == ("unreachable", None, 424)
    assert "ConnectionRefusedError" in seen.detail
    assert "no reply" in str(seen)
