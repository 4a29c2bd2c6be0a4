"""Where answers are kept, so that a repeated request gets the same one.

Agents may retry a checkout after a failure (Stripe hands them a 424), so hooks repeat. The key is a
digest of what the request asks, not of the envelope's ``id``, which nothing says is stable across
retries.
"""

from __future__ import annotations

import hashlib
import inspect
import threading
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Protocol

import orjson

from agentic_commerce.hooks._outcome import Outcome, logger, where
from agentic_commerce.hooks.requests import HookRequest, ProductPriceAvailabilityRequest

__all__ = ["MemoryReplayStore", "ReplayStore", "Replays"]


class ReplayStore(Protocol):
    """Keeps answers by key for a while; implement it over Redis or a table to share them.

    Both methods may return an awaitable if the endpoint is only used through ``respond_async`` or
    ``.asgi``; a plain method that waits would hold up the event loop there. They run before the
    reply leaves and count against its deadline. If one raises, the handler stands alone, and the
    log says so.
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


class Replays:
    """Stored answers as outcomes. Without a store there is nothing to recall.

    A store that fails, or returns what is no answer, is logged and otherwise ignored: the handler
    then runs again, and its answer is a real decision.
    """

    def __init__(self, store: ReplayStore | None) -> None:
        self._store = store

    def key(self, request: HookRequest) -> str | None:
        """The key of a request: equal for equal questions, whatever the envelope's ``id``.

        The whole ``data`` counts, not only the checkout session: a session is customized anew when
        its address changes, and an approval must never answer for another amount. A price and
        availability request has no key: its answer changes by the minute, the question never does.
        """
        if self._store is None or isinstance(request, ProductPriceAvailabilityRequest):
            return None
        question = [request.type, request.livemode, request.context, request.raw["data"]]
        try:
            text = orjson.dumps(question, option=orjson.OPT_SORT_KEYS)
        except TypeError:  # orjson reads deeper nesting than it writes
            return None
        return hashlib.sha256(text).hexdigest()

    def recall(self, key: str | None) -> Outcome | None:
        """The stored answer, or None."""
        if self._store is None or key is None:
            return None
        try:
            return _replayed(_at_once(self._store.get(key)))
        except Exception as error:
            _failed("get", error)
            return None

    async def recall_async(self, key: str | None, timeout: float | None) -> Outcome | None:
        """The stored answer, or None; the store may be async, and has so many seconds."""
        import asyncio  # noqa: PLC0415 - a WSGI platform need not load it

        if self._store is None or key is None:
            return None
        try:
            kept = self._store.get(key)
            if inspect.isawaitable(kept):
                kept = await asyncio.wait_for(kept, timeout)
            return _replayed(kept)
        except Exception as error:
            _failed("get", error)
            return None

    def keep(self, key: str | None, outcome: Outcome) -> None:
        """Store a handler's answer; failures and fallbacks are not stored."""
        if self._store is not None and key is not None and outcome.name == "handled":
            try:
                _at_once(self._store.put(key, outcome.body))
            except Exception as error:
                _failed("put", error)

    async def keep_async(self, key: str | None, outcome: Outcome, timeout: float | None) -> None:
        """Store a handler's answer; the store may be async, and has so many seconds."""
        import asyncio  # noqa: PLC0415

        if self._store is not None and key is not None and outcome.name == "handled":
            try:
                kept = self._store.put(key, outcome.body)
                if inspect.isawaitable(kept):
                    await asyncio.wait_for(kept, timeout)
            except Exception as error:
                _failed("put", error)


def _at_once(result: bytes | Awaitable[bytes | None] | Awaitable[None] | None) -> bytes | None:
    if inspect.isawaitable(result):
        if inspect.iscoroutine(result):
            result.close()
        raise TypeError("an async replay store needs respond_async or .asgi")
    return result


def _replayed(kept: object) -> Outcome | None:
    if kept is None:
        return None
    # A client that decodes its answers gives text, another a view; both are an answer's bytes.
    body = kept.encode() if isinstance(kept, str) else bytes(memoryview(kept))  # type: ignore[arg-type]
    if not isinstance(orjson.loads(body), dict):
        raise TypeError("what the store returned is no answer")
    return Outcome("replayed", 200, body)


def _failed(verb: str, error: Exception) -> None:
    logger.error(
        "the replay store failed to %s, so the handler stands alone: %s", verb, where(error)
    )
