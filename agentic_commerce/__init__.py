"""Sell through AI agents with Stripe: the Python SDK for platforms.

Importing this package loads nothing but itself; each name below is loaded when it is first used.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as typing's, without the 7 ms that importing typing takes
if TYPE_CHECKING:
    from typing import Any

    from agentic_commerce import client, errors, events, feeds, hooks, money, orders, testing
    from agentic_commerce.client import AsyncClient, Client
    from agentic_commerce.errors import (
        AgenticCommerceError,
        APIConnectionError,
        APIError,
        APIResponseError,
        AuthenticationError,
        CellError,
        FeedError,
        IdempotencyError,
        ImportFailedError,
        ImportPendingError,
        Issue,
        MoneyError,
        NotFoundError,
        PayloadError,
        PermissionDeniedError,
        QuoteError,
        RateLimitError,
        ResponseError,
        ServerError,
        SignatureError,
        UnsupportedHookError,
        WaitTimeoutError,
    )

__version__ = "0.1.0"

__all__ = [
    "APIConnectionError",
    "APIError",
    "APIResponseError",
    "AgenticCommerceError",
    "AsyncClient",
    "AuthenticationError",
    "CellError",
    "Client",
    "FeedError",
    "IdempotencyError",
    "ImportFailedError",
    "ImportPendingError",
    "Issue",
    "MoneyError",
    "NotFoundError",
    "PayloadError",
    "PermissionDeniedError",
    "QuoteError",
    "RateLimitError",
    "ResponseError",
    "ServerError",
    "SignatureError",
    "UnsupportedHookError",
    "WaitTimeoutError",
    "client",
    "errors",
    "events",
    "feeds",
    "hooks",
    "money",
    "orders",
    "testing",
]

_ROOMS = frozenset({"client", "errors", "events", "feeds", "hooks", "money", "orders", "testing"})


def __getattr__(name: str) -> Any:
    from importlib import import_module  # noqa: PLC0415

    if name in _ROOMS:
        return import_module(f"{__name__}.{name}")
    if name in __all__:
        room = "client" if name.endswith("Client") else "errors"
        return getattr(import_module(f"{__name__}.{room}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
