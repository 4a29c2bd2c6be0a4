"""What makes a run repeat: a clock that moves when it is told to, and ids from a seed."""

from __future__ import annotations

import random
import string
import threading
import time
from datetime import UTC, datetime
from typing import Final

__all__ = ["Clock", "Ids"]

START: Final = 1775469600.0  # 2026-04-06T10:00:00Z
_ALPHABET: Final = string.digits + string.ascii_letters


class Clock:
    """The sandbox's time, in unix seconds. It stands still until it is told to `advance`.

    With ``real`` it runs with the system's clock, and `advance` puts it ahead.

    >>> clock = Clock()
    >>> clock.advance(60)
    >>> clock.now()
    1775469660.0
    """

    def __init__(self, start: float = START, *, real: bool = False) -> None:
        self._offset = 0.0 if real else start
        self._real = real
        self._lock = threading.Lock()

    def now(self) -> float:
        """The time, in unix seconds."""
        return self._offset + time.time() if self._real else self._offset

    def advance(self, seconds: float) -> None:
        """Put the clock ahead.

        Raises: ValueError for a negative number: time does not run backwards.
        """
        if not seconds >= 0:
            raise ValueError("a clock is put ahead by a number of seconds, 0 or more")
        with self._lock:
            self._offset += seconds


def unix(now: float) -> int:
    """Write a time as API v1 does."""
    return int(now)


def rfc3339(now: float) -> str:
    """Write a time as API v2 does.

    >>> rfc3339(1775469600.5)
    '2026-04-06T10:00:00.500Z'
    """
    moment = datetime.fromtimestamp(now, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


class Ids:
    """Ids that look like Stripe's, the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a seed, not a secret

    def new(self, prefix: str, length: int = 24) -> str:
        """A new id.

        >>> Ids(1).new("cs_test").startswith("cs_test_")
        True
        """
        return f"{prefix}_{''.join(self._random.choices(_ALPHABET, k=length))}"

    def fraction(self) -> float:
        """A number from 0 to 1, without 1."""
        return self._random.random()
