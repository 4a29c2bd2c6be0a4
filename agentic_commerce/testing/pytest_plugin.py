"""Fixtures for pytest, there as soon as the package is installed.

``-p no:agentic_commerce`` switches them off. A test that fails shows what its sandbox saw. Nothing
is loaded before a test asks for it, so a test suite that uses none of this starts as fast as
without it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from agentic_commerce.client import AsyncClient, Client
    from agentic_commerce.feeds import ProductRow
    from agentic_commerce.testing.sandbox import Sandbox

__all__ = ["ProductRowFactory", "SamplePayload", "SignHook"]

_SANDBOX: pytest.StashKey[Sandbox] = pytest.StashKey()


class SamplePayload(dict[str, Any]):
    """A sample payload; called with changes it makes another one."""

    def __init__(self, factory: Callable[..., dict[str, Any]], *arguments: Any) -> None:
        super().__init__(factory(*arguments))
        self._factory = factory

    def __call__(self, *arguments: Any, **changes: Any) -> dict[str, Any]:
        """Make a payload, as the factory of `agentic_commerce.testing` does."""
        return self._factory(*arguments, **changes)


class SignHook(Protocol):
    """What ``sign_hook`` is."""

    def __call__(
        self, body: bytes | str, secret: str | None = None, timestamp: int | None = None
    ) -> str:
        """Return the ``Stripe-Signature`` of a body; by the sandbox's hook secret if None."""


class ProductRowFactory(Protocol):
    """What ``product_row`` is."""

    def __call__(self, number: int = 1, **cells: str | None) -> ProductRow:
        """Make a row with some cells changed. Raises: FeedError."""


@pytest.fixture
def stripe_sandbox(request: pytest.FixtureRequest) -> Sandbox:
    """Stripe's side on your machine: a new, empty `testing.Sandbox` for each test.

    Its options come from ``@pytest.mark.stripe_sandbox(index_polls=2)``, the nearest mark first.
    """
    from agentic_commerce.testing.sandbox import Sandbox  # noqa: PLC0415 - loads every room

    options: dict[str, Any] = {}
    for mark in request.node.iter_markers("stripe_sandbox"):
        options = {**mark.kwargs, **options}
    sandbox = request.node.stash[_SANDBOX] = Sandbox(**options)
    return sandbox


@pytest.fixture
def stripe_client(stripe_sandbox: Sandbox) -> Iterator[Client]:
    """A `Client` of the platform, connected to ``stripe_sandbox``; it waits on its clock."""
    with stripe_sandbox.client() as client:
        yield client


@pytest.fixture
def stripe_async_client(stripe_sandbox: Sandbox) -> AsyncClient:
    """The same, async. It holds no connection, so nobody has to close it."""
    return stripe_sandbox.async_client()


@pytest.fixture
def sign_hook(request: pytest.FixtureRequest) -> SignHook:
    """Sign a hook's body as Stripe would; by the secret given, or by the sandbox's."""

    def sign(body: bytes | str, secret: str | None = None, timestamp: int | None = None) -> str:
        from agentic_commerce.testing import payloads  # noqa: PLC0415

        if secret is None:
            secret = request.getfixturevalue("stripe_sandbox").hook_secret
        return payloads.sign(body, secret, timestamp)

    return sign


@pytest.fixture
def customize_checkout_payload() -> SamplePayload:
    """A ``customize_checkout`` request; call it with changes for another one."""
    from agentic_commerce.testing import payloads  # noqa: PLC0415

    return SamplePayload(payloads.customize_checkout)


@pytest.fixture
def finalize_checkout_payload() -> SamplePayload:
    """A ``finalize_checkout`` request; call it with changes for another one."""
    from agentic_commerce.testing import payloads  # noqa: PLC0415

    return SamplePayload(payloads.finalize_checkout)


@pytest.fixture
def agreement_event_payload() -> SamplePayload:
    """The thin event that an Agreement was confirmed; call it with a kind for another one."""
    from agentic_commerce.testing import event_payloads  # noqa: PLC0415

    return SamplePayload(event_payloads.agreement_event, "confirmed")


@pytest.fixture
def product_row() -> ProductRowFactory:
    """Make a row of a product feed: ``product_row(price="9.90 USD")``."""
    from agentic_commerce.testing import feed_rows  # noqa: PLC0415

    return feed_rows.product_row


def pytest_configure(config: pytest.Config) -> None:
    """Announce the mark."""
    line = "stripe_sandbox(**options): the options of this test's Sandbox (agentic-commerce)"
    config.addinivalue_line("markers", line)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show with a failure what the test's sandbox saw."""
    report = yield
    sandbox = item.stash.get(_SANDBOX, None)
    if sandbox is not None and report.failed:
        report.sections.append(("stripe sandbox", sandbox.describe()))
    return report
