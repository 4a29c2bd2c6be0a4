"""The client and the sandbox together: what one sends, the other understands."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import pytest

from agentic_commerce import Client, events, orders
from agentic_commerce.errors import (
    APIConnectionError,
    APIError,
    AuthenticationError,
    IdempotencyError,
    ImportFailedError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    WaitTimeoutError,
)
from agentic_commerce.testing.sandbox import Sandbox
from tests.testing.sandbox.shop import ACCOUNT, cells, feed, put_order, report

MIXED = feed(cells("A"), cells("B", price="$15"), cells("C"))
TIMES: dict[str, Any] = {"timeout": 3600, "poll_interval": 1}


def test_an_import_set_is_uploaded_created_and_waited_for(
    sandbox: Sandbox, any_client: Client
) -> None:
    file = any_client.files.upload(MIXED)
    made = any_client.import_sets.create(file, "product_catalog_feed")
    done = any_client.import_sets.wait(made.id, **TIMES)
    assert done.result is not None
    assert (done.status, done.result.rows_processed) == ("succeeded_with_errors", 3)
    assert done.result.errors.file is not None
    target = io.BytesIO()
    any_client.files.download(done.result.errors.file, target)
    assert [row["id"] for row in report(target.getvalue().decode())] == ["B"]
    assert [*sandbox.world(ACCOUNT).catalog] == ["A", "C"]


def test_a_catalog_import_is_created_uploaded_and_waited_for(
    sandbox: Sandbox, any_client: Client
) -> None:
    made = any_client.catalog_imports.create("product", "upsert", {"file_name": "a.csv"})
    any_client.catalog_imports.upload(made, MIXED)
    done = any_client.catalog_imports.wait(made.id, **TIMES)
    assert (done.status, done.metadata) == ("succeeded_with_errors", {"file_name": "a.csv"})
    assert [*sandbox.world(ACCOUNT).catalog] == ["A", "C"]


def test_pauses_pass_on_the_sandboxs_clock() -> None:
    sandbox = Sandbox(index_seconds=600)
    before = sandbox.clock.now()
    client = sandbox.client(account=ACCOUNT)
    made = client.import_sets.create(client.files.upload(MIXED), "product_catalog_feed")
    assert client.import_sets.wait(made.id, **TIMES).is_terminal
    assert sandbox.clock.now() - before >= 600


def test_an_import_that_takes_too_long_or_fails_is_told() -> None:
    slow = Sandbox(index_polls=10**6).client(account=ACCOUNT)
    made = slow.import_sets.create(slow.files.upload(MIXED), "product_catalog_feed")
    with pytest.raises(WaitTimeoutError):
        slow.import_sets.wait(made.id, timeout=60, poll_interval=1)
    client = Sandbox().client(account=ACCOUNT)
    other = client.catalog_imports.create("product", "upsert")
    client.catalog_imports.upload(other, b"id,title\nA,T\n")
    with pytest.raises(ImportFailedError):
        client.catalog_imports.wait(other.id, **TIMES)


def test_an_upload_url_that_expires_is_renewed(sandbox: Sandbox, client: Client) -> None:
    made = client.catalog_imports.create("product", "upsert")
    sandbox.fail_next(error="expired")
    client.catalog_imports.upload(made, MIXED)
    sandbox.clock.advance(300)
    other = client.catalog_imports.create("product", "upsert")
    sandbox.clock.advance(300)
    client.catalog_imports.upload(other, MIXED)
    assert len(sandbox.world(ACCOUNT).catalog) == 2


@pytest.mark.parametrize("fault", ["connect", "reset", "timeout", "truncated"])
def test_nothing_is_done_twice_when_answers_are_lost(
    sandbox: Sandbox, client: Client, fault: Any
) -> None:
    world = sandbox.world(ACCOUNT)
    put_order(world)
    sandbox.fail_next(error=fault, times=2)
    client.orders.refund(client.orders.retrieve("cs_test_1"), amount=100)
    sandbox.fail_next(error=fault, path="/v1/refunds")
    client.orders.refund(client.orders.retrieve("cs_test_1"), amount=50)
    sandbox.fail_next(error=fault)
    client.catalog_imports.create("product", "upsert")
    assert (len(world.refunds), len(world.catalog_imports)) == (2, 1)


def test_the_asynchronous_client_does_the_same() -> None:
    sandbox = Sandbox(index_seconds=30)
    put_order(sandbox.world(ACCOUNT))

    async def run() -> tuple[str | None, str]:
        client = sandbox.async_client(account=ACCOUNT)
        made = await client.catalog_imports.create("product", "upsert")
        await client.catalog_imports.upload(made, MIXED)
        done = await client.catalog_imports.wait(made.id, **TIMES)
        order = await client.orders.retrieve("cs_test_1")
        return done.status, order.session_id

    assert asyncio.run(run()) == ("succeeded_with_errors", "cs_test_1")


def test_with_a_seed_a_whole_run_repeats() -> None:
    def run(seed: int) -> tuple[Any, ...]:
        sandbox = Sandbox(seed=seed, index_polls=3)
        client = sandbox.client(account=ACCOUNT)
        sandbox.fail_next(500)
        made = client.catalog_imports.create("product", "upsert")
        client.catalog_imports.upload(made, MIXED)
        client.catalog_imports.wait(made.id, **TIMES)
        told = [*sandbox.world(ACCOUNT).thin_events.values()]
        return sandbox.clock.now(), [*sandbox.requests], told

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_imports_are_listed_page_by_page(client: Client) -> None:
    made = [client.catalog_imports.create("product", "upsert").id for _ in range(3)]
    listed = [one.id for one in client.catalog_imports.list(limit=1)]
    assert listed == made[::-1]


def test_an_agreement_is_made_followed_and_ended(sandbox: Sandbox, client: Client) -> None:
    sent: list[tuple[bytes, str]] = []
    sandbox.listen(lambda body, headers: sent.append((body, headers["Stripe-Signature"])))
    made = client.agreements.create(sandbox.agent.profile)
    client.agreements.confirm(made.id)
    sandbox.agent.confirm(made.id)
    client.agreements.terminate(made.id)
    assert [one.id for one in client.agreements.list()] == [made.id]
    assert client.agreements.retrieve(made.id).status == "terminated"
    told = []
    for body, signature in sent:
        thin = events.parse_signed_event(body, signature, sandbox.event_secret)
        told.append(client.events.retrieve(thin.id))
    state = events.agreement_states(told)[made.id]
    assert state.status == events.AgreementStatus.TERMINATED
    assert state.seller_confirmed_at is not None


def test_orders_are_retrieved_listed_captured_and_refunded(
    sandbox: Sandbox, any_client: Client
) -> None:
    world = sandbox.world(ACCOUNT)
    put_order(world, lines=12)
    put_order(world, 2, captured=False)
    order = any_client.orders.retrieve("cs_test_1")
    assert isinstance(order, orders.Order)
    assert order.lines is not None
    assert (len(order.lines), order.has_all_lines) == (12, True)
    assert len([*any_client.orders.list()]) == 2
    unpaid = any_client.orders.retrieve("cs_test_2")
    any_client.orders.capture(unpaid)
    any_client.orders.refund(unpaid, amount=740)
    with pytest.raises(APIError) as caught:
        any_client.orders.refund(unpaid, amount=4001)
    assert caught.value.param == "amount"
    assert len(world.refunds) == 1


def test_account_sessions_are_for_the_platform(sandbox: Sandbox) -> None:
    made = sandbox.client().account_sessions.create(ACCOUNT)
    assert made.client_secret.startswith("accs_secret_")
    assert "accs_secret_" not in repr(made)


def test_refusals_become_the_clients_errors(sandbox: Sandbox, client: Client) -> None:
    stranger = sandbox.client(account="acct_2")
    made = client.catalog_imports.create("product", "upsert")
    with pytest.raises(NotFoundError):
        stranger.catalog_imports.retrieve(made.id)
    sandbox.accounts = [ACCOUNT]
    with pytest.raises(PermissionDeniedError):
        stranger.catalog_imports.retrieve(made.id)
    client.catalog_imports.create("product", "upsert", idempotency_key="key-1")
    with pytest.raises(IdempotencyError):
        client.catalog_imports.create("pricing", "upsert", idempotency_key="key-1")
    sandbox.fail_next(429, times=3)
    with pytest.raises(RateLimitError):
        client.catalog_imports.retrieve(made.id)
    sandbox.fail_next(error="timeout", times=3)
    with pytest.raises(APIConnectionError):
        client.catalog_imports.retrieve(made.id)
    sandbox.keys.clear()
    with pytest.raises(AuthenticationError):
        client.catalog_imports.retrieve(made.id)
