"""The fixtures, as an annotated test sees them. For mypy alone: it is never run."""

from __future__ import annotations

from typing import Any, assert_type

from agentic_commerce import AsyncClient, Client, feeds
from agentic_commerce.testing import Sandbox
from agentic_commerce.testing.pytest_plugin import ProductRowFactory, SamplePayload, SignHook
from agentic_commerce.testing.sandbox import PurchaseResult


def test_sandbox(stripe_sandbox: Sandbox, product_row: ProductRowFactory) -> None:
    row = assert_type(product_row(2, price="9.90 USD"), feeds.ProductRow)
    stripe_sandbox.stock(row, account="acct_1")
    assert_type(stripe_sandbox.load_feed("catalog.csv", account="acct_1"), feeds.FeedReport)
    result = stripe_sandbox.purchase(
        "SKU-2", account="acct_1", address="US:CA:94016", endpoint=None, retries=1
    )
    assert_type(result, PurchaseResult)
    product_row(price=5)  # type: ignore[arg-type]  # cells are texts


def test_clients(stripe_client: Client, stripe_async_client: AsyncClient) -> None:
    assert_type(stripe_client.for_account("acct_1"), Client)
    assert_type(stripe_async_client.for_account("acct_1"), AsyncClient)


def test_samples(finalize_checkout_payload: SamplePayload, sign_hook: SignHook) -> None:
    assert_type(finalize_checkout_payload(livemode=True), dict[str, Any])
    assert_type(sign_hook(b"{}", "whsec_1", timestamp=5), str)
    sign_hook({})  # type: ignore[arg-type]  # the very bytes that are sent
