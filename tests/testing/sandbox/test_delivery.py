"""Events on their way: signed, at least once, again when they fail; and disturbed on demand."""

from __future__ import annotations

import json
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest

from agentic_commerce import hooks, orders
from agentic_commerce.errors import SignatureError
from agentic_commerce.testing.sandbox import Sandbox
from agentic_commerce.testing.sandbox._delivery import RETRY_DELAYS
from tests.testing.sandbox.shop import Shop, put_order

COMPLETED = "checkout.session.completed"


class Inbox:
    """A receiver that answers as it is told, and keeps what came."""

    def __init__(self, *answers: Any) -> None:
        self.answers = [*answers]
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []

    def __call__(self, body: bytes, headers: dict[str, str]) -> Any:
        self.bodies.append(body)
        self.headers.append(headers)
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def types(self) -> list[str]:
        return [json.loads(body)["type"] for body in self.bodies]


def emit(sandbox: Sandbox, kind: str = COMPLETED) -> None:
    world = sandbox.world("acct_1")
    sandbox.emit(world, kind, put_order(world))


def test_an_order_arrives_signed_and_is_read(sandbox: Sandbox) -> None:
    inbox = Inbox()
    sandbox.listen(inbox)
    emit(sandbox)
    assert sandbox.deliver() == 1
    event = orders.parse_signed_order_event(
        inbox.bodies[0], inbox.headers[0]["Stripe-Signature"], sandbox.event_secret
    )
    assert isinstance(event, orders.CheckoutSessionCompleted)
    assert (event.session_id, event.account) == ("cs_test_1", "acct_1")
    with pytest.raises(SignatureError):
        orders.parse_signed_order_event(
            inbox.bodies[0], inbox.headers[0]["Stripe-Signature"], sandbox.hook_secret
        )
    (attempt,) = sandbox.attempts
    assert (attempt.ok, attempt.status, attempt.number, attempt.type) == (True, 200, 1, COMPLETED)


def test_everyone_gets_what_they_asked_for(sandbox: Sandbox) -> None:
    everything, snapshots, thin, chosen = Inbox(), Inbox(), Inbox(), Inbox()
    sandbox.listen(everything)
    sandbox.listen(snapshots, payload="snapshot")
    sandbox.listen(thin, payload="thin")
    sandbox.listen(chosen, types=["payment_intent.succeeded"])
    emit(sandbox)
    sandbox.agent.propose("acct_1")
    sandbox.deliver()
    agreement = "v2.orchestrated_commerce.agreement"
    told = [f"{agreement}.created", f"{agreement}.partially_confirmed"]
    assert everything.types == [COMPLETED, *told]
    assert (snapshots.types, thin.types, chosen.types) == ([COMPLETED], told, [])


@pytest.mark.parametrize(
    "answer",
    [
        500,
        301,
        ValueError("down"),
        HTTPStatus.BAD_GATEWAY,
        (500, {}, b""),
        SimpleNamespace(status=400),
        SimpleNamespace(status_code=503),
        SimpleNamespace(status_code=500, status="500 INTERNAL SERVER ERROR"),
    ],
    ids=[
        "a status",
        "a redirect",
        "an exception",
        "a named status",
        "a triple",
        "a reply",
        "a response",
        "a response of Werkzeug",
    ],
)
def test_an_event_that_fails_is_sent_again_when_its_time_comes(
    sandbox: Sandbox, answer: Any
) -> None:
    inbox = Inbox(answer, SimpleNamespace(status=200))
    sandbox.listen(inbox)
    emit(sandbox)
    assert (sandbox.deliver(), sandbox.deliver()) == (1, 0)
    assert not sandbox.attempts[0].ok
    assert "checkout.session.completed failed, attempt 1" in str(sandbox)
    sandbox.clock.advance(RETRY_DELAYS[0])
    assert (sandbox.deliver(), sandbox.delivery.waiting) == (1, 0)
    assert [attempt.ok for attempt in sandbox.attempts] == [False, True]
    assert inbox.bodies[0] == inbox.bodies[1]


def test_an_event_is_given_up_in_the_end(sandbox: Sandbox) -> None:
    inbox = Inbox(*[500] * 10)
    sandbox.listen(inbox)
    emit(sandbox)
    for _ in range(10):
        sandbox.deliver()
        sandbox.clock.advance(max(RETRY_DELAYS))
    assert len(inbox.bodies) == 1 + len(RETRY_DELAYS)
    assert sandbox.delivery.waiting == 0


def test_events_come_twice_late_and_out_of_order_on_demand(sandbox: Sandbox) -> None:
    inbox = Inbox()
    sandbox.listen(inbox)
    sandbox.disturb_events(twice=True)
    emit(sandbox)
    sandbox.deliver()
    assert inbox.types == [COMPLETED] * 2
    assert inbox.bodies[0] == inbox.bodies[1]
    sandbox.disturb_events(late=600)
    emit(sandbox)
    assert sandbox.deliver() == 0
    sandbox.clock.advance(600)
    assert sandbox.deliver() == 1
    sandbox.disturb_events(out_of_order=True)
    emit(sandbox, "first")
    emit(sandbox, "second")
    sandbox.follow_up()
    assert len(inbox.bodies) == 3
    sandbox.deliver()
    assert inbox.types[3:] == ["second", "first"]
    sandbox.disturb_events()
    emit(sandbox, "third")
    sandbox.follow_up()
    assert inbox.types[5:] == ["third"]


def test_events_follow_a_request_at_once_unless_they_are_held_back(shop: Shop) -> None:
    inbox = Inbox()
    shop.sandbox.listen(inbox)
    put_order(shop.world)
    shop.post("/v1/refunds", payment_intent="pi_test_1", amount=10)
    assert len(inbox.bodies) == 2
    shop.sandbox.auto_deliver = False
    shop.post("/v1/refunds", payment_intent="pi_test_1", amount=10)
    assert len(inbox.bodies) == 2
    assert shop.sandbox.deliver() == 2


def test_a_receiver_may_call_the_sandbox(shop: Shop) -> None:
    seen: list[int] = []

    def receive(body: bytes, headers: dict[str, str]) -> None:
        seen.append(shop.get("/v1/checkout/sessions").status_code)

    shop.sandbox.listen(receive, types=["charge.refunded"])
    put_order(shop.world)
    shop.post("/v1/refunds", payment_intent="pi_test_1")
    assert seen == [200]


def test_while_a_secret_is_rotated_both_are_good(sandbox: Sandbox) -> None:
    body = b'{"type": "x"}'
    old = sandbox.hook_secret
    new = sandbox.rotate_hook_secret(overlap=60)
    assert new == sandbox.hook_secret != old
    header = sandbox.sign_hook(body)
    for secret in (old, new):
        hooks.verify_signature(body, header, secret)
    sandbox.clock.advance(60)
    header = sandbox.sign_hook(body)
    hooks.verify_signature(body, header, new)
    with pytest.raises(SignatureError):
        hooks.verify_signature(body, header, old)


def test_an_events_secret_is_rotated_for_those_who_listen_already(sandbox: Sandbox) -> None:
    inbox = Inbox()
    destination = sandbox.listen(inbox)
    old = sandbox.event_secret
    new = sandbox.rotate_event_secret(overlap=0)
    emit(sandbox)
    sandbox.deliver()
    signature = inbox.headers[0]["Stripe-Signature"]
    hooks.verify_signature(inbox.bodies[0], signature, new)
    with pytest.raises(SignatureError):
        hooks.verify_signature(inbox.bodies[0], signature, old)
    assert new not in repr(destination) + repr(destination.signing)


def test_signatures_bear_the_time_that_they_are_told_to() -> None:
    sandbox = Sandbox(signing_clock=lambda: 1_000_000.0)
    assert sandbox.sign_hook(b"{}").startswith("t=1000000,v1=")


class Receiving(BaseHTTPRequestHandler):
    bodies: list[bytes] = []

    def do_POST(self) -> None:
        self.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()

    def log_request(self, *_: object) -> None:
        pass


def test_events_are_posted_to_a_url_and_a_dead_one_is_a_failed_attempt(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")  # nobody: a proxy plays no part
    server = HTTPServer(("127.0.0.1", 0), Receiving)
    url = f"http://127.0.0.1:{server.server_port}/webhook"
    thread = Thread(target=server.handle_request)
    thread.start()
    sandbox.listen(url)
    emit(sandbox)
    sandbox.deliver()
    thread.join()
    server.server_close()
    emit(sandbox)
    sandbox.deliver()
    first, second = sandbox.attempts
    assert (first.status, second.status, second.error) == (204, None, "ConnectError")
    assert json.loads(Receiving.bodies[0])["type"] == COMPLETED
