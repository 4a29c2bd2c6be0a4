"""Clients of this library that talk to a sandbox, and wait on its clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import httpx

from agentic_commerce.client import AsyncClient, Client
from agentic_commerce.client._setup import Setup
from agentic_commerce.testing.sandbox._clock import Clock, Ids

if TYPE_CHECKING:
    from agentic_commerce.testing.sandbox._sandbox import Sandbox

__all__ = ["async_client", "client"]


class _Waiting:
    """A client's clock that moves the sandbox's instead of waiting."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def unix(self) -> float:
        return self._clock.now()

    def monotonic(self) -> float:
        return self._clock.now()

    def sleep(self, seconds: float) -> None:
        self._clock.advance(seconds)

    async def sleep_async(self, seconds: float) -> None:
        self._clock.advance(seconds)


def client(sandbox: Sandbox, account: str | None) -> Client:
    """Make a client whose pauses pass on the sandbox's clock."""
    http = httpx.Client(transport=sandbox.transport())
    made = Client(sandbox.api_key, account=account, http=http, clock=_Waiting(sandbox.clock))
    made._shell.setup = _repeating(made._shell.setup, sandbox.ids)
    return made


def async_client(sandbox: Sandbox, account: str | None) -> AsyncClient:
    """Make the asynchronous one."""
    http = httpx.AsyncClient(transport=sandbox.async_transport())
    made = AsyncClient(sandbox.api_key, account=account, http=http, clock=_Waiting(sandbox.clock))
    made._shell.setup = _repeating(made._shell.setup, sandbox.ids)
    return made


def _repeating(setup: Setup, ids: Ids) -> Setup:
    """Let what a client chooses by chance, its pauses and its keys, repeat with the sandbox."""
    return attrs.evolve(setup, random=ids.fraction, token=lambda: ids.new("key", 32))
