"""The endpoint's side of a replay store: keys, stored answers, and a store that fails."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Awaitable

import orjson

from agentic_commerce.hooks._outcome import Outcome, logger, where
from agentic_commerce.hooks.replay import ReplayStore
from agentic_commerce.hooks.requests import HookRequest, ProductPriceAvailabilityRequest

__all__ = ["Replays"]


class Replays:
    """Stored answers as outcomes. Without a store there is nothing to recall.

    A store that fails is logged and otherwise ignored: the handler then runs again, and its answer
    is a real decision.
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
        return hashlib.sha256(orjson.dumps(question, option=orjson.OPT_SORT_KEYS)).hexdigest()

    def recall(self, key: str | None) -> Outcome | None:
        """The stored answer, or None."""
        if self._store is None or key is None:
            return None
        try:
            return _replayed(_at_once(self._store.get(key)))
        except Exception as error:
            _failed("get", error)
            return None

    async def recall_async(self, key: str | None) -> Outcome | None:
        """The stored answer, or None; the store may be async."""
        if self._store is None or key is None:
            return None
        try:
            kept = self._store.get(key)
            return _replayed(await kept if inspect.isawaitable(kept) else kept)
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

    async def keep_async(self, key: str | None, outcome: Outcome) -> None:
        """Store a handler's answer; the store may be async."""
        if self._store is not None and key is not None and outcome.name == "handled":
            try:
                kept = self._store.put(key, outcome.body)
                if inspect.isawaitable(kept):
                    await kept
            except Exception as error:
                _failed("put", error)


def _at_once(result: bytes | Awaitable[bytes | None] | Awaitable[None] | None) -> bytes | None:
    if inspect.isawaitable(result):
        if inspect.iscoroutine(result):
            result.close()
        raise TypeError("an async replay store needs respond_async or .asgi")
    return result


def _replayed(kept: bytes | None) -> Outcome | None:
    return None if kept is None else Outcome("replayed", 200, kept)


def _failed(verb: str, error: Exception) -> None:
    logger.error(
        "the replay store failed to %s, so the handler stands alone: %s", verb, where(error)
    )
