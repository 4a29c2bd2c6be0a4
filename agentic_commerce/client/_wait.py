"""Following an import until it is finished."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from agentic_commerce.client._setup import Setup
from agentic_commerce.client._wire import Flow, Moment, Sleep
from agentic_commerce.client.models import CatalogImport, ImportSet, without_addresses
from agentic_commerce.errors import WaitTimeoutError

__all__ = ["check_times", "wait_until_finished"]

T = TypeVar("T", CatalogImport, ImportSet)

_GROWTH: Final = 1.5
_LONGEST: Final = 30.0


def check_times(timeout: float, poll_interval: float) -> None:
    """Raises: ValueError for times that nobody can wait, such as NaN."""
    if not (timeout >= 0 and poll_interval > 0):
        raise ValueError("timeout is at least 0 and poll_interval more than 0, in seconds")


def wait_until_finished(
    setup: Setup,
    known: T | str,
    retrieve: Callable[[Setup, str], Flow[T]],
    check: Callable[[T, Setup], None],
    timeout: float,
    poll_interval: float,
    progress: Callable[[T], object] | None,
) -> Flow[T]:
    """Retrieve an import until its status is terminal; the pauses grow up to half a minute.

    ``check`` raises if it ended badly. Raises: WaitTimeoutError with the last state.
    """
    check_times(timeout, poll_interval)
    start: Moment = yield Sleep(0)
    id, pause = known if isinstance(known, str) else known.id, poll_interval
    while True:
        state = yield from retrieve(setup, id)
        if progress is not None:
            progress(state)
        if state.is_terminal:
            check(state, setup)
            return state
        now: Moment = yield Sleep(0)
        left = start.monotonic + timeout - now.monotonic
        if left <= 0:
            raise WaitTimeoutError(without_addresses(state), timeout)
        # Imports that began together should not be polled together. The last look is at the end.
        yield Sleep(min(pause * (1 + setup.random() / 4), left))
        pause = min(pause * _GROWTH, max(_LONGEST, poll_interval))
