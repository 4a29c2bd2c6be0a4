"""Failures on demand, and the replay that makes them harmless."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from agentic_commerce.testing.sandbox import Clock, Sandbox
from tests.testing.sandbox.shop import API, GA, Shop, cells, feed, put_order

SESSIONS = "/v1/checkout/sessions"
IMPORTS = "/v2/commerce/product_catalog/imports"


def refund(shop: Shop, key: str | None = None, **data: Any) -> httpx.Response:
    return shop.post("/v1/refunds", None, key, payment_intent="pi_test_1", **data)


# ------------------------------------------------------------------------------------- idempotency


@pytest.mark.parametrize("path", ["/v1/refunds", IMPORTS])
def test_a_key_repeats_the_stored_answer_and_does_nothing_again(shop: Shop, path: str) -> None:
    put_order(shop.world)
    data: dict[str, Any] = {"payment_intent": "pi_test_1", "amount": "100"}
    if path == IMPORTS:
        data = {"feed_type": "product", "mode": "upsert", "metadata": {}}
    first, second = (shop.post(path, GA, "key-1", **data) for _ in range(2))
    assert first.content == second.content
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert first.headers["request-id"] != second.headers["request-id"]
    assert second.headers["idempotency-key"] == "key-1"
    assert len(shop.world.refunds) + len(shop.world.catalog_imports) == 1


def test_a_key_with_another_body_is_refused(shop: Shop) -> None:
    put_order(shop.world)
    assert refund(shop, "key-1", amount=100).status_code == 200
    answer = refund(shop, "key-1", amount=200)
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "idempotency_error")
    other = shop.post("/v1/account_sessions", None, "key-1", account="acct_1")
    assert other.json()["error"]["type"] == "idempotency_error"


def test_an_upload_with_another_boundary_is_the_same_request(shop: Shop) -> None:
    content = feed(cells("A"))

    def upload(body: bytes) -> httpx.Response:
        headers = shop.headers(**{"Idempotency-Key": "key-1"})
        data = {"purpose": "data_management_manual_upload"}
        files = {"file": ("a.csv", body, "text/csv")}
        return shop.http.post(f"{API}/v1/files", headers=headers, data=data, files=files)

    assert upload(content).json() == upload(content).json()
    assert upload(content + b"\n").status_code == 400


def test_keys_belong_to_an_account_and_are_forgotten_in_time(shop: Shop) -> None:
    other = Shop(shop.sandbox, "acct_2")
    for one in (shop, other):
        put_order(one.world)
        assert refund(one, "key-1", amount=100).status_code == 200
    shop.sandbox.clock.advance(86_400)
    assert refund(shop, "key-1", amount=200).json()["amount"] == 200


def test_a_request_that_was_refused_leaves_its_key_free(shop: Shop) -> None:
    assert refund(shop, "key-1").status_code == 404
    put_order(shop.world)
    assert refund(shop, "key-1").status_code == 200


# ------------------------------------------------------------------------------------------ faults


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (500, "api_error", None),
        (503, "api_error", None),
        (429, "invalid_request_error", "rate_limit"),
        (409, "invalid_request_error", "lock_timeout"),
        (402, "invalid_request_error", None),
    ],
)
def test_a_request_fails_in_stripes_shape_and_nothing_is_done(
    shop: Shop, status: int, kind: str, code: str | None
) -> None:
    put_order(shop.world)
    shop.sandbox.fail_next(status, times=2)
    for _ in range(2):
        answer = refund(shop, "key-1")
        assert answer.status_code == status
        error = answer.json()["error"]
        assert (error["type"], error.get("code")) == (kind, code)
        assert answer.headers["request-id"]
    assert not shop.world.refunds
    assert refund(shop, "key-1").status_code == 200


@pytest.mark.parametrize(
    ("fault", "error", "is_done"),
    [
        ("connect", httpx.ConnectError, False),
        ("reset", httpx.ReadError, True),
        ("timeout", httpx.ReadTimeout, True),
        ("truncated", httpx.RemoteProtocolError, True),
    ],
)
def test_an_answer_that_is_lost_is_found_again_by_its_key(
    shop: Shop, fault: Any, error: type[Exception], is_done: bool
) -> None:
    put_order(shop.world)
    shop.sandbox.fail_next(error=fault)
    with pytest.raises(error):
        refund(shop, "key-1", amount=100)
    assert len(shop.world.refunds) == is_done
    again = refund(shop, "key-1", amount=100)
    assert ("idempotent-replayed" in again.headers) == is_done
    assert len(shop.world.refunds) == 1
    assert f"({fault})" in str(shop.sandbox)


def test_a_path_fails_with_what_lies_below_it_and_nothing_else(shop: Shop) -> None:
    shop.sandbox.fail_next(503, path="/v1/refunds/")
    assert shop.get(SESSIONS).status_code == 200
    assert shop.get("/v1/refunds_of_another_kind").status_code == 404
    assert shop.get("/v1/refunds/re_1").status_code == 503
    assert shop.get("/v1/refunds/re_1").status_code == 404


def test_failures_come_in_the_order_in_which_they_were_asked_for(shop: Shop) -> None:
    shop.sandbox.fail_next(500, times=2)
    shop.sandbox.fail_next(429)
    assert len(shop.sandbox.faults) == 3
    assert [shop.get(SESSIONS).status_code for _ in range(4)] == [500, 500, 429, 200]


def test_a_presigned_url_expires_on_demand_and_nothing_else_does(shop: Shop) -> None:
    shop.sandbox.fail_next(error="expired")
    made = shop.create_v2()
    answer = shop.put(made, feed(cells("A")))
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "expired_url")
    assert shop.put(made, feed(cells("A"))).status_code == 200


def test_a_delay_passes_on_the_sandboxs_clock_and_is_a_timeout_if_it_is_too_long(
    shop: Shop,
) -> None:
    before = shop.sandbox.clock.now()
    shop.sandbox.fail_next(200, delay=4)
    answer = shop.get(SESSIONS)
    assert (answer.status_code, shop.sandbox.clock.now() - before) == (200, 4)
    assert answer.elapsed
    shop.sandbox.fail_next(200, delay=6)  # and httpx waits for five
    with pytest.raises(httpx.ReadTimeout):
        shop.get(SESSIONS)


@pytest.mark.parametrize(
    "wrong",
    [{"times": 0}, {"status": 99}, {"delay": -1}, {"error": "lost"}, {"path": "v1/refunds"}],
    ids=["never", "no status", "before", "no such error", "no path"],
)
def test_a_failure_that_makes_no_sense_is_refused(sandbox: Sandbox, wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"error is one of|times is 1 or more|path is that of"):
        sandbox.fail_next(**wrong)


async def asked(sandbox: Sandbox) -> httpx.Response:
    async with httpx.AsyncClient(transport=sandbox.async_transport()) as http:
        headers = {"Authorization": f"Bearer {sandbox.api_key}"}
        return await http.get(API + SESSIONS, headers=headers)


def test_the_same_sandbox_serves_asynchronous_clients() -> None:
    import asyncio  # noqa: PLC0415 - this test's alone

    sandbox = Sandbox(clock=Clock())
    assert asyncio.run(asked(sandbox)).status_code == 200
    sandbox.fail_next(200, delay=1)
    assert asyncio.run(asked(sandbox)).status_code == 200
    sandbox.fail_next(error="truncated")
    with pytest.raises(httpx.RemoteProtocolError):
        asyncio.run(asked(sandbox))
    sandbox.fail_next(error="timeout")
    with pytest.raises(httpx.ReadTimeout):
        asyncio.run(asked(sandbox))


def test_an_asynchronous_upload_is_read_piece_by_piece(shop: Shop) -> None:
    import asyncio  # noqa: PLC0415 - this test's alone

    made = shop.create_v2()
    url = made["status_details"]["awaiting_upload"]["upload_url"]["url"]

    async def pieces() -> Any:
        yield feed(cells("A"))
        yield b""

    async def put() -> int:
        async with httpx.AsyncClient(transport=shop.sandbox.async_transport()) as http:
            headers = {"Content-Type": "text/csv"}
            return (await http.put(url, content=pieces(), headers=headers)).status_code

    assert asyncio.run(put()) == 200
    assert shop.look(made)["status"] == "succeeded"
