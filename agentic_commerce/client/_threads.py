"""Work on a thread that ends when nobody waits for it any more."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, local

from anyio import CancelScope, from_thread
from anyio.to_thread import run_sync

__all__ = ["check_wanted", "on_thread"]


class _StoppedError(Exception):
    """Nobody waits for the work of this thread any more."""


_thread = local()


def check_wanted() -> None:
    """End the work of this thread if its task was cancelled."""
    from_thread.check_cancelled()
    stop: Event | None = getattr(_thread, "stop", None)
    if stop is not None and stop.is_set():
        raise _StoppedError


async def on_thread(function: Callable[[], object]) -> object:
    """Call on a thread; a task that is cancelled waits until the thread has noticed it.

    asyncio leaves a thread alone when it cancels its task, and the files that it reads are about to
    be closed.
    """
    stop, started, ended = Event(), Event(), Event()

    def run() -> object:
        _thread.stop = stop
        started.set()
        try:
            return None if stop.is_set() else function()
        finally:
            _thread.stop = None
            ended.set()

    try:
        return await run_sync(run)
    except BaseException:
        stop.set()
        if started.is_set():
            with CancelScope(shield=True):
                await run_sync(ended.wait)
        raise
