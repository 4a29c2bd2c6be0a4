from __future__ import annotations

from collections.abc import Iterator

import pytest

from agentic_commerce import Client
from agentic_commerce.testing.sandbox import Sandbox
from tests.testing.sandbox.shop import ACCOUNT, Shop


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox()


@pytest.fixture
def shop(sandbox: Sandbox) -> Shop:
    return Shop(sandbox)


@pytest.fixture
def client(sandbox: Sandbox) -> Client:
    return sandbox.client(account=ACCOUNT)


@pytest.fixture(params=["in process", "over HTTP"])
def any_client(request: pytest.FixtureRequest, sandbox: Sandbox) -> Iterator[Client]:
    if request.param == "in process":
        yield sandbox.client(account=ACCOUNT)
        return
    with (
        sandbox.serve() as server,
        Client(
            sandbox.api_key, account=ACCOUNT, api_url=server.url, files_url=server.url
        ) as served,
    ):
        yield served
