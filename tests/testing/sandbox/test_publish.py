"""Publishing into the sandbox: a feed's whole way, by either API, whatever fails on it."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

import pytest

from agentic_commerce import Client, feeds
from agentic_commerce.errors import ImportFailedError, WaitTimeoutError
from agentic_commerce.testing.sandbox import Sandbox
from tests.testing.sandbox.shop import ACCOUNT, cells, feed, put_order

MIXED = feed(cells("A"), cells("B", price="$15"), cells("C"))
Api = Literal["v1", "v2"]
APIS = pytest.mark.parametrize("api", ["v1", "v2"])


@APIS
def test_a_feed_is_published_and_its_bad_rows_come_back(
    sandbox: Sandbox, any_client: Client, api: Api
) -> None:
    dropped = any_client.publish(MIXED, api=api, on_bad_rows="drop")
    assert (dropped.rows, dropped.accepted, dropped.refused, dropped.dropped) == (3, 2, 0, 1)
    assert [*sandbox.world(ACCOUNT).catalog] == ["A", "C"]
    sent = any_client.publish(MIXED, api=api, check=False)
    assert (sent.accepted, sent.refused) == (2, 1)
    (error,) = sent.errors
    assert error.id == "B"
    assert "price" in error.message
    assert error.row["price"] == "$15"


@APIS
def test_publishing_again_goes_on_with_the_same_imports(
    sandbox: Sandbox, client: Client, api: Api
) -> None:
    first = client.publish(MIXED, api=api, on_bad_rows="drop")
    again = client.publish(MIXED, api=api, on_bad_rows="drop")
    assert (first.replayed, again.replayed) == (False, True)
    assert [one.id for one in first.imports] == [one.id for one in again.imports]
    world = sandbox.world(ACCOUNT)
    assert len(world.import_sets) + len(world.catalog_imports) == 1


@APIS
def test_a_client_waits_on_the_sandboxs_clock(api: Api) -> None:
    sandbox = Sandbox(index_seconds=600)
    before = sandbox.clock.now()
    done = sandbox.client(account=ACCOUNT).publish(MIXED, api=api, on_bad_rows="drop")
    assert done.is_finished
    assert sandbox.clock.now() - before >= 600


@APIS
def test_an_import_that_takes_too_long_or_fails_is_told(api: Api) -> None:
    client = Sandbox(index_polls=10**6).client(account=ACCOUNT)
    with pytest.raises(WaitTimeoutError):
        client.publish(MIXED, api=api, on_bad_rows="drop", timeout=60)
    with pytest.raises(ImportFailedError):
        Sandbox().client(account=ACCOUNT).publish(b"id,title\nA,T\n", api=api, check=False)


@APIS
@pytest.mark.parametrize("fault", ["connect", "reset", "timeout", "truncated"])
def test_nothing_is_imported_twice_when_answers_are_lost(
    sandbox: Sandbox, client: Client, api: Api, fault: Any
) -> None:
    for path in ("/v1/data_management/import_sets", "/v2/commerce/product_catalog/imports"):
        sandbox.fail_next(error=fault, path=path)
    done = client.publish(MIXED, api=api, on_bad_rows="drop")
    assert done.accepted == 2
    world = sandbox.world(ACCOUNT)
    assert len(world.import_sets) + len(world.catalog_imports) == 1


def test_an_upload_url_that_has_expired_is_renewed(sandbox: Sandbox, client: Client) -> None:
    sandbox.fail_next(error="expired")
    assert client.publish(MIXED, api="v2", on_bad_rows="drop").accepted == 2


def test_inventory_and_prices_are_published_too(sandbox: Sandbox, client: Client) -> None:
    client.publish(feed(cells("A")))
    stock = feed({"id": "A", "availability": "in_stock", "inventory_quantity": "7"})
    assert client.publish(stock, feeds.INVENTORY).accepted == 1
    price = feed({"id": "A", "price": "9.00 USD"})
    assert client.publish(price, feeds.PRICING, api="v2").accepted == 1
    row = sandbox.world(ACCOUNT).catalog.get("A")
    assert row is not None
    assert (row.inventory_quantity, str(row.price)) == (7, "9.00 USD")


def test_the_asynchronous_client_does_the_same() -> None:
    sandbox = Sandbox(index_seconds=30)

    async def run() -> tuple[int | None, str]:
        client = sandbox.async_client(account=ACCOUNT)
        done = await client.publish(MIXED, api="v2", on_bad_rows="drop")
        put_order(sandbox.world(ACCOUNT))
        order = await client.orders.retrieve("cs_test_1")
        return done.accepted, order.session_id

    assert asyncio.run(run()) == (2, "cs_test_1")


def test_with_a_seed_a_whole_run_repeats() -> None:
    def run(seed: int) -> tuple[Any, ...]:
        sandbox = Sandbox(seed=seed, index_polls=3)
        client = sandbox.client(account=ACCOUNT)
        sandbox.fail_next(500)
        client.publish(MIXED, api="v2", on_bad_rows="drop")
        world = sandbox.world(ACCOUNT)
        told = [*world.thin_events.values()]
        return sandbox.clock.now(), [*sandbox.requests], told

    assert run(1) == run(1)
    assert run(1) != run(2)
