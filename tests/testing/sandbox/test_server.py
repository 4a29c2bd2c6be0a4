"""The sandbox over HTTP: the same answers, real failures, large bodies, a clean end."""

from __future__ import annotations

import gc
import json
import random
import socket
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx
import pytest

from agentic_commerce.testing import sandbox as package
from agentic_commerce.testing.sandbox import FaultError, Sandbox
from agentic_commerce.testing.sandbox._server import PING, Server
from tests.testing.sandbox.shop import GA, Shop, cells, feed, put_order, until

SESSIONS = "/v1/checkout/sessions"


@pytest.fixture
def server(sandbox: Sandbox) -> Iterator[Server]:
    with sandbox.serve() as served:
        yield served


@pytest.fixture
def caller(sandbox: Sandbox, server: Server) -> Iterator[Shop]:
    shop = Shop(sandbox, base=server.url)
    shop.http = httpx.Client(timeout=10)
    with shop.http:
        yield shop


def test_what_is_served_is_the_sandbox(caller: Shop) -> None:
    assert caller.get(SESSIONS).json()["data"] == []
    assert caller.import_v1(feed(cells("A")))["status"] == "succeeded"
    assert caller.import_v2(feed(cells("B")))["status"] == "succeeded"
    assert [*caller.world.catalog] == ["A", "B"]
    assert caller.get("/v1/nothing").headers["request-id"]


def test_a_presigned_url_leads_to_the_server(caller: Shop, server: Server) -> None:
    made = caller.create_v2()
    url = made["status_details"]["awaiting_upload"]["upload_url"]["url"]
    assert url.startswith(server.url)
    assert repr(server) == f"<Server {server.url}>"


def test_a_ping_costs_the_sandbox_nothing(caller: Shop) -> None:
    answer = caller.get(PING)
    assert (answer.status_code, answer.content) == (204, b"")
    assert not caller.sandbox.requests


@pytest.mark.parametrize(
    ("fault", "error", "is_done"),
    [
        ("connect", httpx.RemoteProtocolError, False),
        ("reset", httpx.RemoteProtocolError, True),
        ("truncated", httpx.RemoteProtocolError, True),
        ("timeout", httpx.ReadTimeout, True),
    ],
)
def test_a_connection_is_really_cut(
    caller: Shop, fault: FaultError, error: type[Exception], is_done: bool
) -> None:
    put_order(caller.world)
    caller.http.timeout = httpx.Timeout(10, read=0.2)
    caller.sandbox.fail_next(error=fault)
    with pytest.raises((error, httpx.ReadError)):
        caller.post("/v1/refunds", None, "key-1", payment_intent="pi_test_1")
    assert len(caller.world.refunds) == is_done
    again = caller.post("/v1/refunds", None, "key-1", payment_intent="pi_test_1")
    assert again.status_code == 200
    assert len(caller.world.refunds) == 1


def test_a_delay_over_http_is_real(caller: Shop) -> None:
    caller.sandbox.fail_next(200, delay=0.05)
    assert caller.get(SESSIONS).elapsed.total_seconds() >= 0.05


def test_a_server_that_stays_silent_can_be_closed(sandbox: Sandbox) -> None:
    server = sandbox.serve()
    sandbox.fail_next(error="timeout")
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(b"GET /v1/x HTTP/1.1\r\nHost: a\r\n\r\n")
        until(lambda: sandbox.requests)
        server.close()
        assert connection.recv(100) == b""
    server.close()


def test_a_client_that_hangs_up_in_its_upload_leaves_nothing(
    sandbox: Sandbox, server: Server
) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        head = b"POST /v1/files HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n"
        connection.sendall(head + b"x" * 2_000_000)
    answer = httpx.get(server.url + PING)
    assert answer.status_code == 204
    gc.collect()
    assert not sandbox.requests


def quiet_port() -> int:
    """A free port below those that systems give to outgoing connections."""
    while True:
        port = random.randrange(20_000, 32_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def test_a_port_is_free_again_after_the_end_and_taken_before(sandbox: Sandbox) -> None:
    port = quiet_port()
    with sandbox.serve(port) as server:
        assert server.url == f"http://127.0.0.1:{port}"
        with pytest.raises(OSError, match="in use"):
            sandbox.serve(port)
    with Sandbox().serve(port) as other:
        assert httpx.get(other.url + PING).status_code == 204
    with pytest.raises(httpx.ConnectError):
        httpx.get(other.url + PING)


def test_a_large_upload_comes_through_whole(caller: Shop) -> None:
    content = feed(*(cells(f"A{n}", description="x" * 4000) for n in range(3000)))
    assert len(content) > 10_000_000
    file = caller.upload(content)
    assert caller.get(f"/v1/files/{file}/contents").content == content
    made = caller.create_v2()
    assert caller.put(made, content).status_code == 200
    assert caller.look(made)["status"] == "succeeded"
    assert len(caller.world.catalog) == 3000


def test_a_hundred_tries_at_once_with_one_key_refund_once(caller: Shop) -> None:
    put_order(caller.world)

    def refund(_: int) -> bool:
        answer = caller.post("/v1/refunds", None, "key-1", payment_intent="pi_test_1", amount=10)
        assert answer.status_code == 200
        return "idempotent-replayed" in answer.headers

    with ThreadPoolExecutor(8) as pool:
        replayed = [*pool.map(refund, range(100))]
    assert (len(caller.world.refunds), sum(replayed)) == (1, 99)


def test_the_server_goes_on_while_somebody_else_is_being_answered(caller: Shop) -> None:
    with ThreadPoolExecutor(1) as pool:
        with caller.sandbox.lock:
            waiting = pool.submit(caller.get, SESSIONS)
            assert httpx.get(caller.base + PING).status_code == 204
            assert not waiting.done()
        assert waiting.result().status_code == 200


def test_events_follow_the_answer(caller: Shop) -> None:
    bodies: list[bytes] = []
    caller.sandbox.listen(lambda body, _: bodies.append(body))
    put_order(caller.world)
    caller.post("/v1/refunds", payment_intent="pi_test_1")
    caller.http.close()
    until(lambda: len(bodies) == 2)
    assert json.loads(bodies[0])["type"] == "charge.refunded"


def test_without_its_extra_the_server_says_what_to_install(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(package, "_server", raising=False)
    monkeypatch.delitem(sys.modules, "agentic_commerce.testing.sandbox._server", raising=False)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(ModuleNotFoundError, match=r"uvicorn: pip install .*\[sandbox\]"):
        sandbox.serve()


def test_a_broken_query_is_no_reason_to_fall_over(caller: Shop) -> None:
    answer = caller.http.get(caller.base + SESSIONS + "?limit=%FF", headers=caller.headers(GA))
    assert answer.status_code == 400
