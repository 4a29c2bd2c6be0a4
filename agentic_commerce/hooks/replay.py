"""Where answers are kept, so that a repeated request gets the same one.

Agents may retry a checkout after a failure (Stripe hands them a 424), so hooks repeat. The key is a
digest of what the request asks, not of the envelope's ``id``, which nothing says is stable across
retries.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Protocol

__all__ = ["MemoryReplayStore", "ReplayStore"]


class ReplayStore(Protocol):
    """Keeps answers by key for a while; implement it over Redis or a table to share them.

    Both methods may return an awaitable if the endpoint is only used through ``respond_async`` or
    ``.asgi``. They run within the deadline. If one raises, the handler runs as if there were no
    store, and the log says so.
    """

    def get(self, key: str) -> bytes | Awaitable[bytes | None] | None:
        """Return the answer kept under the key, or None."""
        ...

    def put(self, key: str, answer: bytes) -> Awaitable[None] | None:
        """Keep an answer, for minutes rather than days: agents retry at once."""
        ...


class MemoryReplayStore:
    """Keeps the newest answers of this process: at most ``max_entries``, each ``ttl`` seconds.

    Safe to share between threads. With several processes each has its own; then use a shared store.
    """

    def __init__(
        self,
        *,
        max_entries: int = 4096,
        ttl: float = 600,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if max_entries < 1 or not ttl > 0:
            raise ValueError("max_entries and ttl must be positive")
        self._max_entries = max_entries
        self._ttl = ttl
        self._clock = clock
        self._lock = threading.Lock()
        self._answers: OrderedDict[str, tuple[float, bytes]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._answers)

    def get(self, key: str) -> bytes | None:
        """Return the answer kept under the key, unless it has expired."""
        with self._lock:
            self._drop_expired()
            kept = self._answers.get(key)
        return None if kept is None else kept[1]

    def put(self, key: str, answer: bytes) -> None:
        """Keep an answer; the oldest goes when there are too many."""
        with self._lock:
            self._drop_expired()
            self._answers.pop(key, None)
            self._answers[key] = (self._clock() + self._ttl, answer)
            if len(self._answers) > self._max_entries:
                self._answers.popitem(last=False)

    def _drop_expired(self) -> None:
        # All live equally long, so the oldest expire first.
        now = self._clock()
        while self._answers and next(iter(self._answers.values()))[0] <= now:
            self._answers.popitem(last=False)
