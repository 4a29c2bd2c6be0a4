from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

import pytest

from agentic_commerce import hooks, testing
from agentic_commerce.errors import SignatureError
from agentic_commerce.hooks import HookEndpoint, HookReply, MemoryReplayStore, time_left
from agentic_commerce.hooks._flight import Workers
from agentic_commerce.testing import ABSENT

SECRET = "whsec_test"
NOW = 1_700_000_000
RATE = hooks.TaxRate.by_data("Sales tax", 8.5)
REASON = "Not today."


def tax(request: hooks.CustomizeCheckoutRequest) -> hooks.CustomizeCheckoutResponse:
    return hooks.CustomizeCheckoutResponse(
        line_items=[hooks.LineItemTaxes(i.id, [RATE]) for i in request.data.line_item_details]
    )


def approve(_: object) -> hooks.FinalizeCheckoutResponse:
    return hooks.FinalizeCheckoutResponse.approve(application_fee_amount=50)


def gone(_: object) -> hooks.ProductPriceAvailabilityResponse:
    return hooks.ProductPriceAvailabilityResponse.gone()


DISPATCH = hooks.Dispatcher(tax, approve, gone)


MADE: list[HookEndpoint] = []


def endpoint(dispatch: hooks.Dispatcher = DISPATCH, **options: Any) -> HookEndpoint:
    defaults = {"now": lambda: NOW, "decline_reason": REASON}
    made = HookEndpoint(dispatch, options.pop("secrets", SECRET), **{**defaults, **options})
    MADE.append(made)
    return made


@pytest.fixture(autouse=True)
def _no_thread_outlives_its_test() -> Iterator[None]:
    """A handler that ends late writes to the log: not into that of the next test."""
    yield
    while MADE:
        workers = MADE.pop()._workers
        wait_for(lambda workers=workers: workers._idle == workers._threads)  # type: ignore[misc]


def signed(payload: Any, **changes: Any) -> tuple[bytes, dict[str, str]]:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return body, {"Stripe-Signature": testing.sign(body, SECRET, changes.get("timestamp", NOW))}


Respond = Callable[[HookEndpoint, Any], HookReply]


def _sync(to: HookEndpoint, payload: Any) -> HookReply:
    return to.respond(*signed(payload))


def _async(to: HookEndpoint, payload: Any) -> HookReply:
    return asyncio.run(to.respond_async(*signed(payload)))


@pytest.fixture(params=[_sync, _async], ids=["sync", "async"])
def respond(request: pytest.FixtureRequest) -> Respond:
    """Both ways to answer: the table of behaviour holds for either."""
    way: Respond = request.param
    return way


CUSTOMIZE = testing.customize_checkout()
FINALIZE = testing.finalize_checkout()
PRICE = testing.product_price_availability()
DECLINED = {"manual_approval_details": {"type": "declined", "declined": {"reason": REASON}}}
APPROVED = {
    "manual_approval_details": {"type": "approved"},
    "application_fee_details": {"application_fee_amount": 50},
}


def content(reply: HookReply) -> Any:
    assert reply.headers["Content-Type"] == "application/json"
    return json.loads(reply.body)


def error_code(reply: HookReply) -> str:
    error = content(reply)["error"]
    assert error.keys() == {"code", "message"}
    code: str = error["code"]
    return code


# -------------------------------------------------------------------------- the table, row by row


@pytest.mark.parametrize("deadline", [None, 3.5], ids=["no deadline", "deadline"])
def test_a_handled_hook_is_answered_with_200_and_json(
    respond: Respond, deadline: float | None
) -> None:
    to = endpoint(deadline=deadline)
    reply = respond(to, CUSTOMIZE)
    assert reply.status == 200
    assert [line["id"] for line in content(reply)["line_items"]] == ["li_1"]
    assert content(respond(to, FINALIZE)) == APPROVED
    assert content(respond(to, PRICE))["deleted"] is True


@pytest.mark.parametrize(
    ("body", "header"),
    [
        (b"{}", ""),
        (b"{}", "nonsense"),
        (b"{}", testing.sign(b"[]", SECRET, NOW)),  # of another body
        (b"{}", testing.sign(b"{}", "whsec_other", NOW)),
        (b"{}", testing.sign(b"{}", SECRET, NOW - 301)),
        (b"{}", testing.sign(b"{}", SECRET, NOW + 301)),
        (b"\xff", testing.sign(b"{}", SECRET, NOW)),
        (b"", testing.sign(b"{}", SECRET, NOW)),
    ],
)
def test_an_unproven_body_gets_400_and_reaches_no_handler(body: bytes, header: str) -> None:
    reply = endpoint().respond(body, {"Stripe-Signature": header})
    assert (reply.status, error_code(reply)) == (400, "bad_signature")
    assert reply == asyncio.run(endpoint().respond_async(body, {"stripe-signature": header}))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"[" * 100_000,
        b'{"type": NaN}',
        json.dumps({"type": CUSTOMIZE["type"]}).encode(),
        json.dumps(testing.customize_checkout(livemode="no")).encode(),
    ],
    ids=lambda b: b[:20].decode(),
)
def test_a_signed_body_that_cannot_be_read_gets_400(respond: Respond, body: bytes) -> None:
    reply = respond(endpoint(), body)
    assert (reply.status, error_code(reply)) == (400, "bad_payload")


def test_a_body_over_the_limit_gets_400_before_it_is_hashed(respond: Respond) -> None:
    to = endpoint(max_body=100)
    reply = respond(to, b"x" * 101)
    assert (reply.status, error_code(reply)) == (400, "body_too_large")
    assert error_code(respond(to, b"x" * 100)) == "bad_payload"
    assert error_code(respond(endpoint(), b"x" * (1 << 20))) == "bad_payload"
    assert error_code(respond(endpoint(), b"x" * ((1 << 20) + 1))) == "body_too_large"


@pytest.mark.parametrize("payload", [CUSTOMIZE, FINALIZE, {"type": "v1.other"}])
def test_a_hook_without_handler_gets_400(respond: Respond, payload: Any) -> None:
    reply = respond(endpoint(hooks.Dispatcher()), payload)
    assert (reply.status, error_code(reply)) == (400, "unsupported")


def test_a_hook_without_handler_may_be_ignored_but_is_never_approved(respond: Respond) -> None:
    to = endpoint(hooks.Dispatcher(), unsupported="ignore")
    for payload in (CUSTOMIZE, PRICE, {"type": "v1.other"}):
        reply = respond(to, payload)
        assert (reply.status, content(reply)) == (200, {})
    reply = respond(to, FINALIZE)
    assert (reply.status, content(reply)) == (200, DECLINED)


def broken(kind: str) -> Callable[[Any], Any]:
    def handler(_: object) -> Any:
        if kind == "raises":
            raise KeyError("jenny.rosen@example.com")
        if kind == "exits":
            raise SystemExit(1)
        answers: dict[str, Any] = {
            "returns None": None,
            "returns the other answer": hooks.CustomizeCheckoutResponse()
            if kind == "finalize"
            else "ok",
            "fee above the total": {
                "manual_approval_details": {"type": "approved"},
                "application_fee_details": {"application_fee_amount": 10**9},
            },
            "unknown key": {"manual_approval_details": {"type": "approved"}, "approved": True},
            "approves in its own words": {"approved": True},
            "unwritable": hooks.CustomizeCheckoutResponse(extra={"a": object()}),
        }
        return answers[kind]

    return handler


BROKEN = [
    "raises",
    "returns None",
    "returns the other answer",
    "fee above the total",
    "unknown key",
    "approves in its own words",
    "unwritable",
]


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("deadline", [None, 3.5], ids=["no deadline", "deadline"])
def test_a_broken_handler_declines_at_finalize_and_fails_elsewhere(
    respond: Respond, kind: str, deadline: float | None
) -> None:
    handler = broken(kind)
    to = endpoint(hooks.Dispatcher(handler, handler, handler), deadline=deadline)
    reply = respond(to, FINALIZE)
    assert (reply.status, content(reply)) == (200, DECLINED)
    for payload in (CUSTOMIZE, PRICE):
        reply = respond(to, payload)
        assert reply.status == 500
        assert error_code(reply) in ("handler_error", "bad_answer")
        assert "KeyError" not in reply.body.decode()


def test_a_handler_that_ends_the_interpreter_declines_and_harms_no_worker(
    respond: Respond,
) -> None:
    handler = broken("exits")
    to = endpoint(hooks.Dispatcher(finalize_checkout=handler), threads=1)
    for _ in range(3):
        assert content(respond(to, FINALIZE)) == DECLINED


def test_an_async_handler_that_raises_declines_as_well() -> None:
    async def handler(_: object) -> hooks.FinalizeCheckoutResponse:
        raise ZeroDivisionError

    to = endpoint(hooks.Dispatcher(finalize_checkout=handler))
    assert content(_async(to, FINALIZE)) == DECLINED
    assert content(_sync(to, FINALIZE)) == DECLINED  # which cannot even call it


# ------------------------------------------------------------------------------------------ headers


@pytest.mark.parametrize(
    "name",
    ["Stripe-Signature", "stripe-signature", "STRIPE-SIGNATURE", "HTTP_STRIPE_SIGNATURE"],
)
def test_the_header_is_found_in_any_case(name: str) -> None:
    body, headers = signed(CUSTOMIZE)
    value = headers["Stripe-Signature"]
    assert endpoint().respond(body, {"Host": "x", name: value}).status == 200


def test_headers_may_be_bytes_as_asgi_has_them() -> None:
    body, headers = signed(CUSTOMIZE)
    raw: Any = {b"host": b"x", b"stripe-signature": headers["Stripe-Signature"].encode()}
    assert endpoint().respond(body, raw).status == 200


def test_without_the_header_the_reply_names_it() -> None:
    reply = endpoint().respond(b"{}", {"Host": "x"})
    assert "Stripe-Signature" in content(reply)["error"]["message"]


def test_several_secrets_are_accepted_while_one_is_rolled() -> None:
    to = endpoint(secrets=["whsec_new", SECRET])
    assert to.respond(*signed(CUSTOMIZE)).status == 200


@pytest.mark.parametrize("mode", [True, False])
def test_an_endpoint_can_insist_on_its_mode(respond: Respond, mode: bool) -> None:
    to = endpoint(livemode=mode)
    assert respond(to, testing.finalize_checkout(livemode=mode)).status == 200
    reply = respond(to, testing.finalize_checkout(livemode=not mode))
    assert (reply.status, error_code(reply)) == (400, "wrong_mode")


# ------------------------------------------------------------------------------------ construction


@pytest.mark.parametrize("secrets", ["", " ", [], [""], None])
def test_without_a_secret_it_cannot_be_constructed(secrets: Any) -> None:
    with pytest.raises((SignatureError, TypeError)):
        HookEndpoint(DISPATCH, secrets)


async def _late(_: object) -> Any:
    return None


@pytest.mark.parametrize(
    "options",
    [
        {"deadline": 0},
        {"deadline": -1},
        {"deadline": float("nan")},
        {"tolerance": -1},
        {"unsupported": "approve"},
        {"threads": 0},
        {"max_body": 0},
        {"decline_reason": ""},
        {"fallback": _late},
    ],
    ids=str,
)
def test_an_option_that_makes_no_sense_is_refused_at_construction(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - ResponseError for the reason, ValueError else
        endpoint(**options)


def test_the_wall_clock_is_the_default() -> None:
    body = json.dumps(CUSTOMIZE).encode()
    to = HookEndpoint(DISPATCH, SECRET)
    assert to.respond(body, {"Stripe-Signature": testing.sign(body, SECRET)}).status == 200


# ---------------------------------------------------------------------------------------- deadline


class Gate:
    """A handler that waits until the test lets it go, and counts its calls."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.open = threading.Event()
        self.entered = threading.Semaphore(0)
        self.calls = 0
        self.left: list[float | None] = []

    def __call__(self, _: object) -> Any:
        self.calls += 1
        self.left.append(time_left())
        self.entered.release()
        assert self.open.wait(10)
        return self.answer

    def slow(self) -> hooks.Dispatcher:
        return hooks.Dispatcher(self, self, self)


@pytest.fixture
def gate(_no_thread_outlives_its_test: None) -> Iterator[Gate]:
    gate = Gate(hooks.FinalizeCheckoutResponse.approve())
    yield gate
    gate.open.set()


@pytest.mark.parametrize(
    ("payload", "status"),
    [(FINALIZE, 200), (CUSTOMIZE, 500), (PRICE, 500)],
    ids=lambda p: str(p)[:9],
)
def test_the_reply_leaves_in_time_even_if_the_handler_is_stuck(
    respond: Respond, gate: Gate, payload: Any, status: int
) -> None:
    to = endpoint(gate.slow(), deadline=0.05)
    begun = time.monotonic()
    reply = respond(to, payload)
    assert time.monotonic() - begun < 2
    assert reply.status == status
    if status == 200:
        assert content(reply) == DECLINED
    else:
        assert error_code(reply) == "deadline"


def test_a_late_result_is_dropped_and_the_log_says_so(
    gate: Gate, caplog: pytest.LogCaptureFixture
) -> None:
    store = MemoryReplayStore()
    to = endpoint(gate.slow(), deadline=0.05, replay=store)
    with caplog.at_level(logging.INFO, "agentic_commerce.hooks"):
        assert content(_sync(to, FINALIZE)) == DECLINED
        gate.open.set()
        wait_for(lambda: "late" in outcomes(caplog))
    assert outcomes(caplog) == ["deadline", "late"]
    assert "dropped" in caplog.text
    assert len(store) == 0


def test_a_late_async_handler_is_cancelled(caplog: pytest.LogCaptureFixture) -> None:
    cancelled: list[bool] = []

    async def handler(_: object) -> hooks.FinalizeCheckoutResponse:
        try:
            await asyncio.sleep(10)
        finally:
            cancelled.append(True)
        return hooks.FinalizeCheckoutResponse.approve()

    async def run() -> HookReply:
        to = endpoint(hooks.Dispatcher(finalize_checkout=handler), deadline=0.05)
        reply = await to.respond_async(*signed(FINALIZE))
        await asyncio.sleep(0.01)
        return reply

    assert content(asyncio.run(run())) == DECLINED
    assert cancelled == [True]
    assert "deadline" in outcomes(caplog)


def test_an_async_handler_that_will_not_be_cancelled_cannot_hold_the_reply() -> None:
    async def handler(_: object) -> hooks.FinalizeCheckoutResponse:
        for _ in range(3):
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0.1)
        return hooks.FinalizeCheckoutResponse.approve()

    async def run() -> tuple[HookReply, float]:
        to = endpoint(hooks.Dispatcher(finalize_checkout=handler), deadline=0.05)
        begun = time.monotonic()
        reply = await to.respond_async(*signed(FINALIZE))
        took = time.monotonic() - begun
        await asyncio.sleep(0.4)
        return reply, took

    reply, took = asyncio.run(run())
    assert content(reply) == DECLINED
    assert took < 0.2


def test_when_the_server_gives_up_on_a_request_its_async_handler_is_cancelled() -> None:
    cancelled: list[bool] = []

    async def handler(_: object) -> hooks.FinalizeCheckoutResponse:
        try:
            await asyncio.sleep(10)
        finally:
            cancelled.append(True)
        return hooks.FinalizeCheckoutResponse.approve()

    async def run() -> None:
        to = endpoint(hooks.Dispatcher(finalize_checkout=handler))
        task = asyncio.ensure_future(to.respond_async(*signed(FINALIZE)))
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.01)

    asyncio.run(run())
    assert cancelled == [True]


def test_a_sync_handler_does_not_block_the_event_loop(gate: Gate) -> None:
    async def run() -> HookReply:
        to = endpoint(gate.slow(), deadline=None)
        task = asyncio.ensure_future(to.respond_async(*signed(FINALIZE)))
        await asyncio.sleep(0.02)  # the loop turns while the handler waits
        assert not task.done()
        gate.open.set()
        return await task

    assert content(asyncio.run(run()))["manual_approval_details"]["type"] == "approved"


def test_the_handler_can_read_how_much_time_is_left(respond: Respond) -> None:
    seen: list[float | None] = []

    def handler(_: object) -> hooks.FinalizeCheckoutResponse:
        seen.append(time_left())
        return hooks.FinalizeCheckoutResponse.approve()

    respond(endpoint(hooks.Dispatcher(finalize_checkout=handler), deadline=3.5), FINALIZE)
    respond(endpoint(hooks.Dispatcher(finalize_checkout=handler), deadline=None), FINALIZE)
    assert time_left() is None
    assert seen[0] is not None
    assert 3 < seen[0] <= 3.5
    assert seen[1] is None


def test_a_request_waits_for_a_thread_and_its_handler_never_runs_in_vain(
    respond: Respond, gate: Gate
) -> None:
    to = endpoint(gate.slow(), deadline=0.05, threads=1)
    assert content(_sync(to, FINALIZE)) == DECLINED
    assert content(respond(to, FINALIZE)) == DECLINED
    assert error_code(respond(to, CUSTOMIZE)) == "deadline"
    gate.open.set()
    wait_for(lambda: error_code(respond(to, CUSTOMIZE)) == "bad_answer")
    assert gate.calls == 2  # the stuck one and the last: those in between never started


def test_more_requests_than_threads_are_all_answered_in_time() -> None:
    def handler(_: object) -> hooks.FinalizeCheckoutResponse:
        time.sleep(0.01)
        return hooks.FinalizeCheckoutResponse.approve()

    async def run() -> list[HookReply]:
        dispatch = hooks.Dispatcher(finalize_checkout=handler)
        to = endpoint(dispatch, threads=2, replay=SlowStore())
        payloads = [testing.finalize_checkout(context=f"acct_{n}") for n in range(20)]
        return list(await asyncio.gather(*(to.respond_async(*signed(p)) for p in payloads)))

    replies = asyncio.run(run())
    assert {content(r)["manual_approval_details"]["type"] for r in replies} == {"approved"}


class SlowStore(MemoryReplayStore):
    def put(self, key: str, answer: bytes) -> None:
        time.sleep(0.005)
        super().put(key, answer)


def test_where_no_thread_can_be_started_the_hook_fails_closed(
    respond: Respond, caplog: pytest.LogCaptureFixture
) -> None:
    def spawn(work: object) -> None:
        raise RuntimeError("can't start new thread")

    to = endpoint(replay=MemoryReplayStore())
    to._workers = Workers(2, spawn)
    for _ in range(3):
        assert content(respond(to, FINALIZE)) == DECLINED
        assert error_code(respond(to, CUSTOMIZE)) == "handler_error"
    assert set(outcomes(caplog)) == {"handler_error"}


def test_a_plain_function_around_an_async_one_is_awaited(caplog: pytest.LogCaptureFixture) -> None:
    async def inner(_: object) -> hooks.FinalizeCheckoutResponse:
        await asyncio.sleep(0)
        return hooks.FinalizeCheckoutResponse.approve()

    dispatch = hooks.Dispatcher(finalize_checkout=lambda r: inner(r))
    assert content(_async(endpoint(dispatch), FINALIZE)) == {
        "manual_approval_details": {"type": "approved"}
    }
    assert content(_sync(endpoint(dispatch), FINALIZE)) == DECLINED
    assert "respond_async" in caplog.text


@pytest.mark.parametrize("error", [StopIteration, SystemExit, KeyboardInterrupt])
def test_exceptions_that_no_future_can_hold_decline_as_well(
    error: type[BaseException],
) -> None:
    def handler(_: object) -> hooks.FinalizeCheckoutResponse:
        raise error

    async def async_handler(_: object) -> hooks.FinalizeCheckoutResponse:
        raise SystemExit

    for function in (handler, async_handler):
        to = endpoint(hooks.Dispatcher(finalize_checkout=function))
        assert content(_async(to, FINALIZE)) == DECLINED


def test_an_answer_that_blocked_the_loop_past_the_deadline_is_late(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def handler(_: object) -> hooks.FinalizeCheckoutResponse:
        time.sleep(0.1)
        return hooks.FinalizeCheckoutResponse.approve()

    store = MemoryReplayStore()
    to = endpoint(hooks.Dispatcher(finalize_checkout=handler), deadline=0.02, replay=store)
    assert content(_async(to, FINALIZE)) == DECLINED
    assert set(outcomes(caplog)) == {"late", "deadline"}
    assert len(store) == 0


# ---------------------------------------------------------------------------------------- fallback


def test_after_the_deadline_the_fallback_answers(respond: Respond, gate: Gate) -> None:
    fallback = hooks.Dispatcher(
        customize_checkout=lambda _: {"shipping_options": [{"shipping_rate": "shr_flat"}]},
        finalize_checkout=lambda _: hooks.FinalizeCheckoutResponse.decline("Try again later"),
    )
    to = endpoint(gate.slow(), deadline=0.05, fallback=fallback)
    reply = respond(to, CUSTOMIZE)
    assert reply.status == 200
    assert content(reply) == {"shipping_options": [{"shipping_rate": "shr_flat"}]}
    reason = content(respond(to, FINALIZE))["manual_approval_details"]["declined"]["reason"]
    assert reason == "Try again later"
    assert error_code(respond(to, PRICE)) == "deadline"  # the fallback has no handler for it


@pytest.mark.parametrize(
    "answer",
    [
        hooks.FinalizeCheckoutResponse.approve(),
        {"manual_approval_details": {"type": "approved"}},
        None,
        hooks.CustomizeCheckoutResponse(),
        ZeroDivisionError(),
    ],
    ids=["approves", "approves as a mapping", "None", "the other answer", "raises"],
)
def test_a_fallback_can_never_approve(respond: Respond, gate: Gate, answer: Any) -> None:
    def fallback(_: object) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    to = endpoint(gate.slow(), deadline=0.05, fallback=fallback)
    assert content(respond(to, FINALIZE)) == DECLINED


# ----------------------------------------------------------------------------------------- replays


class Counter:
    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, _: object) -> hooks.FinalizeCheckoutResponse:
        self.calls += 1
        return hooks.FinalizeCheckoutResponse.approve(self.calls)


@pytest.mark.parametrize("deadline", [None, 3.5], ids=["no deadline", "deadline"])
def test_the_same_request_again_gets_the_stored_answer(
    respond: Respond, deadline: float | None
) -> None:
    counter = Counter()
    dispatch = hooks.Dispatcher(finalize_checkout=counter)
    to = endpoint(dispatch, replay=MemoryReplayStore(), deadline=deadline)
    first = respond(to, testing.finalize_checkout(id="hook_a"))
    again = respond(to, testing.finalize_checkout(id="hook_b"))  # a retry may have another id
    assert counter.calls == 1
    assert again == first


@pytest.mark.parametrize(
    "changes",
    [
        {"context": "acct_2"},
        {"livemode": True},
        {"data": {"checkout_session": "cs_2"}},
        {"data": {"amount_total": 4841}},
        {"data": {"email": "other@example.com"}},
    ],
    ids=str,
)
def test_another_question_runs_the_handler_again(changes: dict[str, Any]) -> None:
    counter = Counter()
    to = endpoint(hooks.Dispatcher(finalize_checkout=counter), replay=MemoryReplayStore())
    _sync(to, FINALIZE)
    _sync(to, testing.finalize_checkout(**changes))
    assert counter.calls == 2


def test_price_and_availability_is_asked_afresh_every_time() -> None:
    calls: list[object] = []

    def handler(request: object) -> hooks.ProductPriceAvailabilityResponse:
        calls.append(request)
        return gone(request)

    dispatch = hooks.Dispatcher(product_price_availability=handler)
    to = endpoint(dispatch, replay=MemoryReplayStore())
    _sync(to, PRICE)
    _sync(to, PRICE)
    assert len(calls) == 2


def test_a_failure_is_not_stored() -> None:
    answers = iter([None, hooks.FinalizeCheckoutResponse.approve()])
    handler: Any = lambda _: next(answers)  # noqa: E731
    to = endpoint(hooks.Dispatcher(finalize_checkout=handler), replay=MemoryReplayStore())
    assert content(_sync(to, FINALIZE)) == DECLINED
    assert content(_sync(to, FINALIZE))["manual_approval_details"]["type"] == "approved"


@pytest.mark.parametrize("deadline", [None, 3.5], ids=["no deadline", "deadline"])
def test_two_equal_requests_at_the_same_time_run_the_handler_once(
    gate: Gate, deadline: float | None
) -> None:
    to = endpoint(gate.slow(), replay=MemoryReplayStore(), deadline=deadline)
    replies: list[HookReply] = []
    threads = [threading.Thread(target=lambda: replies.append(_sync(to, FINALIZE))) for _ in "123"]
    for thread in threads:
        thread.start()
    assert gate.entered.acquire(timeout=5)
    time.sleep(0.05)  # let the others join the run
    gate.open.set()
    for thread in threads:
        thread.join(5)
    assert gate.calls == 1
    assert [content(reply) for reply in replies] == [
        {"manual_approval_details": {"type": "approved"}}
    ] * 3


def test_two_equal_requests_on_one_loop_run_the_handler_once() -> None:
    calls: list[object] = []

    async def handler(request: object) -> hooks.FinalizeCheckoutResponse:
        calls.append(request)
        await asyncio.sleep(0.02)
        return hooks.FinalizeCheckoutResponse.approve()

    async def run() -> list[HookReply]:
        dispatch = hooks.Dispatcher(finalize_checkout=handler)
        to = endpoint(dispatch, replay=MemoryReplayStore())
        return list(await asyncio.gather(*(to.respond_async(*signed(FINALIZE)) for _ in "123")))

    replies = asyncio.run(run())
    assert len(calls) == 1
    assert len({reply.body for reply in replies}) == 1


def test_a_follower_may_still_be_in_time_when_the_first_is_not(gate: Gate) -> None:
    store = MemoryReplayStore()
    to = endpoint(gate.slow(), replay=store, deadline=0.3)
    replies: dict[str, HookReply] = {}

    def ask(name: str) -> None:
        replies[name] = _sync(to, FINALIZE)

    first = threading.Thread(target=ask, args=["first"])
    second = threading.Thread(target=ask, args=["second"])
    first.start()
    assert gate.entered.acquire(timeout=5)
    time.sleep(0.2)
    second.start()
    first.join(5)
    gate.open.set()
    second.join(5)
    assert content(replies["first"]) == DECLINED
    assert content(replies["second"])["manual_approval_details"]["type"] == "approved"
    assert gate.calls == 1
    wait_for(lambda: len(store) == 1)


def test_once_everybody_has_given_up_the_next_request_starts_anew(gate: Gate) -> None:
    to = endpoint(gate.slow(), replay=MemoryReplayStore(), deadline=0.05)
    assert content(_sync(to, FINALIZE)) == DECLINED
    gate.open.set()
    assert content(_sync(to, FINALIZE))["manual_approval_details"]["type"] == "approved"
    assert gate.calls == 2


@pytest.mark.parametrize("kept", [b"", b"garbage", "text", b"[]", 5, True])
def test_what_a_store_returns_is_sent_only_if_it_is_an_answer(
    respond: Respond, kept: Any, caplog: pytest.LogCaptureFixture
) -> None:
    to = endpoint(replay=FixedStore(kept))
    assert content(respond(to, FINALIZE)) == APPROVED
    assert "failed to get" in caplog.text


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, bytes.decode])
def test_a_store_may_return_text_or_any_bytes(respond: Respond, kind: Any) -> None:
    to = endpoint(replay=FixedStore(kind(json.dumps(DECLINED).encode())))
    reply = respond(to, FINALIZE)
    assert type(reply.body) is bytes
    assert content(reply) == DECLINED


class FixedStore:
    def __init__(self, kept: Any) -> None:
        self.kept = kept

    def get(self, key: str) -> Any:
        return self.kept

    def put(self, key: str, answer: bytes) -> None:
        return None


def test_a_slow_store_takes_its_time_from_the_deadline_and_spares_the_handler(
    respond: Respond,
) -> None:
    class SlowToGet(FixedStore):
        def get(self, key: str) -> Any:
            time.sleep(0.1)
            return None

    counter = Counter()
    dispatch = hooks.Dispatcher(finalize_checkout=counter)
    to = endpoint(dispatch, replay=SlowToGet(None), deadline=0.02)
    assert content(respond(to, FINALIZE)) == DECLINED
    wait_for(lambda: not to._flights._flights)
    assert counter.calls == 0  # nobody waited any more: no stock was reserved for nothing


def test_an_async_store_that_hangs_is_given_up_at_the_deadline(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Hanging(AsyncStore):
        async def put(self, key: str, answer: bytes) -> None:
            await asyncio.sleep(60)

    to = endpoint(replay=Hanging(), deadline=0.05)
    assert content(_async(to, FINALIZE)) == DECLINED
    assert to._tasks == set()


def test_a_question_that_is_nested_too_deeply_for_a_key_is_answered_without_one(
    respond: Respond,
) -> None:
    deep: list[Any] = []
    for _ in range(600):
        deep = [deep]
    payload = testing.finalize_checkout(data={"deep": ABSENT})
    payload["data"]["deep"] = deep
    to = endpoint(replay=MemoryReplayStore())
    assert content(respond(to, payload)) == APPROVED


class BrokenStore:
    def get(self, key: str) -> bytes | None:
        raise ConnectionError("redis://:password@host")

    def put(self, key: str, answer: bytes) -> None:
        raise ConnectionError("redis://:password@host")


def test_a_store_that_fails_is_logged_and_the_handler_decides(
    respond: Respond, caplog: pytest.LogCaptureFixture
) -> None:
    to = endpoint(replay=BrokenStore())
    assert content(respond(to, FINALIZE)) == APPROVED
    wait_for(lambda: "failed to put" in caplog.text)
    assert "failed to get" in caplog.text
    assert "ConnectionError" in caplog.text
    assert "password" not in caplog.text


class AsyncStore:
    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    async def get(self, key: str) -> bytes | None:
        return self.kept.get(key)

    async def put(self, key: str, answer: bytes) -> None:
        self.kept[key] = answer


def test_an_async_store_serves_the_async_way() -> None:
    counter = Counter()
    store = AsyncStore()
    to = endpoint(hooks.Dispatcher(finalize_checkout=counter), replay=store)
    assert _async(to, FINALIZE) == _async(to, FINALIZE)
    assert counter.calls == len(store.kept) == 1


def test_an_async_store_cannot_serve_the_sync_way_and_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert content(_sync(endpoint(replay=AsyncStore()), FINALIZE)) == APPROVED
    assert "TypeError" in caplog.text


def test_an_awaitable_that_is_no_coroutine_is_refused_by_the_sync_way() -> None:
    class FutureStore:
        def get(self, key: str) -> Awaitable[bytes | None]:
            class Later:
                def __await__(self) -> Any:
                    return iter(())

            return Later()

        def put(self, key: str, answer: bytes) -> None:
            return None

    assert content(_sync(endpoint(replay=FutureStore()), FINALIZE)) == APPROVED


# --------------------------------------------------------------------------------------------- log


def outcomes(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.outcome for r in caplog.records if hasattr(r, "outcome")]


def wait_for(condition: Callable[[], bool]) -> None:
    ends = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < ends, "it never came true"
        time.sleep(0.005)


def test_a_record_has_type_id_context_outcome_and_milliseconds(
    respond: Respond, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "agentic_commerce.hooks"):
        respond(endpoint(), FINALIZE)
    (record,) = caplog.records
    facts: Mapping[str, Any] = vars(record)
    assert record.name == "agentic_commerce.hooks"
    assert (facts["hook_type"], facts["hook_id"]) == (FINALIZE["type"], "hook_finalize_1")
    assert (facts["hook_context"], facts["outcome"]) == ("acct_test_1", "handled")
    assert 0 <= facts["milliseconds"] < 3500


def test_a_record_says_where_the_handler_failed_and_nothing_personal(
    respond: Respond, caplog: pytest.LogCaptureFixture
) -> None:
    handler = broken("raises")
    with caplog.at_level(logging.DEBUG, "agentic_commerce.hooks"):
        respond(endpoint(hooks.Dispatcher(finalize_checkout=handler)), FINALIZE)
        respond(endpoint(hooks.Dispatcher(finalize_checkout=broken("unknown key"))), FINALIZE)
        endpoint().respond(b"{}", {"Stripe-Signature": testing.sign(b"[]", SECRET, NOW)})
    assert outcomes(caplog) == ["handler_error", "bad_answer", "bad_signature"]
    assert "KeyError at" in caplog.text
    assert "test_endpoint.py" in caplog.text
    assert "$.approved: unknown key" in caplog.text
    data = FINALIZE["data"]
    for hidden in (SECRET, data["email"], data["phone"], "Jenny", "Oyster", "fp_test_1", "424242"):
        assert hidden not in caplog.text


@pytest.mark.parametrize(
    ("payload", "outcome"),
    [
        ({**FINALIZE, "type": "v1.other"}, "unsupported"),
        ({**FINALIZE, "data": {}}, "bad_payload"),
    ],
)
def test_a_proven_hook_that_cannot_be_read_is_still_named(
    payload: Any, outcome: str, caplog: pytest.LogCaptureFixture
) -> None:
    _sync(endpoint(), payload)
    (record,) = caplog.records
    facts: Mapping[str, Any] = vars(record)
    assert facts["outcome"] == outcome
    assert facts["hook_type"] == payload["type"]
    assert (facts["hook_id"], facts["hook_context"]) == ("hook_finalize_1", "acct_test_1")


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"type": 5, "id": null}'])
def test_what_has_no_envelope_is_an_unread_hook(
    body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    _sync(endpoint(), body)
    assert "unread hook: bad_payload" in caplog.text


def test_no_record_is_made_when_nobody_listens(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "agentic_commerce.hooks"):
        _sync(endpoint(), FINALIZE)
    assert caplog.records == []


def test_the_error_tracker_gets_the_exception_itself(respond: Respond) -> None:
    seen: list[tuple[BaseException, object]] = []
    dispatch = hooks.Dispatcher(finalize_checkout=broken("raises"))
    to = endpoint(dispatch, on_error=lambda error, request: seen.append((error, request)))
    respond(to, FINALIZE)
    ((error, request),) = seen
    assert isinstance(error, KeyError)
    assert isinstance(request, hooks.FinalizeCheckoutRequest)


def test_the_error_tracker_hears_of_a_deadline_once(respond: Respond, gate: Gate) -> None:
    seen: list[type[BaseException]] = []
    to = endpoint(gate.slow(), deadline=0.05, on_error=lambda e, _: seen.append(type(e)))
    respond(to, FINALIZE)
    assert seen == [TimeoutError]


def test_an_error_tracker_that_fails_changes_nothing(
    respond: Respond, caplog: pytest.LogCaptureFixture
) -> None:
    def on_error(error: BaseException, request: object) -> None:
        raise ConnectionError

    to = endpoint(hooks.Dispatcher(finalize_checkout=broken("raises")), on_error=on_error)
    assert content(respond(to, FINALIZE)) == DECLINED
    assert outcomes(caplog) == ["on_error", "handler_error"]
