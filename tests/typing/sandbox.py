"""What the type checker knows of the sandbox; never run."""

from typing import Any, assert_type

import httpx

from agentic_commerce import AsyncClient, Client, testing
from agentic_commerce.feeds import ProductRow
from agentic_commerce.testing.sandbox import (
    Attempt,
    Catalog,
    Destination,
    Request,
    Response,
    Sandbox,
    World,
)

sandbox = testing.Sandbox(seed=1, index_polls=2, blank_cells="keep")
assert_type(sandbox, Sandbox)
assert_type(sandbox.client(), Client)
assert_type(sandbox.async_client(account="acct_1"), AsyncClient)
assert_type(sandbox.handle(Request(method="GET", path="/v1/events")), Response)
assert_type(sandbox.transport(), httpx.BaseTransport)
assert_type(sandbox.world("acct_1"), World)
assert_type(sandbox.world().catalog, Catalog)
assert_type(sandbox.world().catalog.get("SKU-1"), ProductRow | None)
assert_type(sandbox.listen(lambda body, headers: None, payload="thin"), Destination)
assert_type(sandbox.attempts, tuple[Attempt, ...])
assert_type(sandbox.deliver(), int)
assert_type(sandbox.emit(sandbox.world(), "checkout.session.completed", {}), dict[str, Any])

with sandbox.serve() as server:
    assert_type(server.url, str)

sandbox.fail_next(error="lost")  # type: ignore[arg-type]
sandbox.listen(5)  # type: ignore[arg-type]
Sandbox(blank_cells="drop")  # type: ignore[arg-type]
