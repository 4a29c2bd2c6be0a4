from __future__ import annotations

import pytest

from tests.client.server import KINDS, Caller


@pytest.fixture(params=KINDS)
def call(request: pytest.FixtureRequest) -> Caller:
    """Either client; the tests of the calls run on both."""
    return Caller(request.param)
