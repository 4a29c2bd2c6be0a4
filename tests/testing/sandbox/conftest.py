from __future__ import annotations

import pytest

from agentic_commerce.testing.sandbox import Sandbox
from tests.testing.sandbox.shop import Shop


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox()


@pytest.fixture
def shop(sandbox: Sandbox) -> Shop:
    return Shop(sandbox)
