"""What users of the client write, as mypy sees it. Never run: `make check` type-checks it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import assert_type

import httpx

from agentic_commerce import AsyncClient, Client, events, orders
from agentic_commerce.client import (
    AccountSession,
    Agreement,
    CatalogImport,
    CatalogImportStatus,
    File,
    ImportSet,
    PaymentIntent,
    Refund,
    Versions,
)

client = Client("sk_test_...", versions=Versions(orders="2026-08-26.preview"))
assert_type(client.for_account("acct_1"), Client)
assert_type(client.for_account(None).account, str | None)
Client("sk_test_...", http=httpx.AsyncClient())  # type: ignore[arg-type] # the other client's
AsyncClient("sk_test_...", http=httpx.Client())  # type: ignore[arg-type] # the other client's
Client("sk_test_...", "acct_1")  # type: ignore[call-arg] # options have names

assert_type(client.files.upload("catalog.csv"), File)
assert_type(client.files.download("file_1", "errors.csv"), int)
assert_type(client.import_sets.create("file_1", "product_catalog_feed"), ImportSet)
assert_type(client.catalog_imports.create("product", "upsert"), CatalogImport)
assert_type(client.catalog_imports.list(created_gt=datetime.now(UTC)), Iterator[CatalogImport])
assert_type(client.catalog_imports.retrieve("pcimprt_1").status, CatalogImportStatus | str | None)
assert_type(client.catalog_imports.retrieve("pcimprt_1").error_count, int | None)
assert_type(client.agreements.list(), Iterator[Agreement])
assert_type(client.agreements.confirm("orca_1").state, events.AgreementState)
assert_type(client.events.retrieve("evt_1"), events.Event)
assert_type(client.orders.list(), Iterator[orders.Order])
assert_type(client.orders.capture("pi_1"), PaymentIntent)
assert_type(client.orders.refund("pi_1", 500), Refund)
client.orders.refund("pi_1", 5.0)  # type: ignore[arg-type] # minor units are whole
assert_type(client.account_sessions.create("acct_1"), AccountSession)


def on_event(event: events.Event | orders.OrderEvent) -> None:
    match event:
        case events.AgreementEvent():
            assert_type(client.agreements.retrieve(event), Agreement)
        case events.CatalogImportEvent():
            assert_type(client.catalog_imports.retrieve(event), CatalogImport)
        case orders.CheckoutSessionCompleted():
            assert_type(client.orders.retrieve(event), orders.Order)


async def main() -> None:
    async with AsyncClient("sk_test_...") as other:
        assert_type(other.for_account("acct_1"), AsyncClient)
        assert_type(await other.files.upload(b""), File)
        assert_type(other.orders.list(), AsyncIterator[orders.Order])
        async for one in other.catalog_imports.list():
            assert_type(one, CatalogImport)
        assert_type(await other.orders.refund("pi_1"), Refund)
