"""Runs of a handler that can be outwaited: worker threads, and who waits for which run."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Generic, TypeVar
from weakref import WeakSet

__all__ = ["Flight", "Flights", "Workers"]

T = TypeVar("T")
Job = Callable[[], object]


class Workers:
    """Daemon threads that are started when needed and used again.

    A thread pool of the standard library waits for its threads when the interpreter ends, so one
    handler that is stuck for ever would keep the process alive; these are left behind. When all
    ``limit`` threads are busy a job waits for its turn, until it starts or is taken back.
    """

    def __init__(self, limit: int, spawn: Callable[[Job], None] | None = None) -> None:
        self._limit = limit
        self._spawn = _spawn if spawn is None else spawn
        self.forget()
        _of_this_process.add(self)

    def forget(self) -> None:
        """Start from nothing, as a forked child must: it has none of its parent's threads."""
        self._changed = threading.Condition()
        self._jobs: deque[Job] = deque()
        self._idle = self._threads = 0

    def start(self, job: Job) -> bool:
        """Run a job on a thread of its own, in its turn; False if there can be no thread at all."""
        with self._changed:
            self._jobs.append(job)
            if len(self._jobs) <= self._idle or self._threads == self._limit:
                self._changed.notify()
                return True
            try:
                self._spawn(self._work)
            except RuntimeError:  # the process has all the threads that it may have
                if not self._threads:
                    self._jobs.remove(job)
                return bool(self._threads)
            self._threads += 1
            return True

    def take_back(self, job: Job) -> bool:
        """Whether a job could be kept from starting; False if it has started already."""
        with self._changed:
            waits = job in self._jobs
            if waits:
                self._jobs.remove(job)
            return waits

    def _work(self) -> None:
        while True:
            with self._changed:
                self._idle += 1
                self._changed.wait_for(lambda: self._jobs)
                self._idle -= 1
                job = self._jobs.popleft()
            with suppress(BaseException):  # a job reports by itself; SystemExit ends no worker
                job()
            del job  # an idle thread must not keep a request alive


def _spawn(work: Job) -> None:
    threading.Thread(target=work, name="agentic_commerce", daemon=True).start()


class Flight(Generic[T]):
    """One run of a handler: its result to come, and how many requests wait for it until when."""

    def __init__(self, key: str | None, ends: float | None) -> None:
        self.key = key
        self.ends = ends
        self.result: Future[T] = Future()
        self.landed_at = 0.0
        self.waiting = 1
        self.cancel: Callable[[], object] | None = None

    def is_in_time(self) -> bool:
        """Whether a result that comes now comes in time for anybody."""
        return self.waiting > 0 and (self.ends is None or time.monotonic() <= self.ends)


class Flights(Generic[T]):
    """The runs under way, by key, so that equal requests at the same time share one."""

    def __init__(self) -> None:
        self.forget()
        _of_this_process.add(self)

    def forget(self) -> None:
        """Start from nothing, as a forked child must: its parent's runs never land here."""
        self._lock = threading.Lock()
        self._flights: dict[str, Flight[T]] = {}

    def join(self, key: str | None, ends: float | None) -> tuple[Flight[T], bool]:
        """Wait for the run of this key, or for a new one that the caller must start (True)."""
        with self._lock:
            flight = self._flights.get(key) if key is not None else None
            if flight is not None:
                flight.waiting += 1
                flight.ends = ends  # the latest to come can wait the longest
                return flight, False
            flight = Flight(key, ends)
            if key is not None:
                self._flights[key] = flight
            return flight, True

    def leave(self, flight: Flight[T], ends: float | None) -> bool:
        """Stop waiting. True if the result is there, False if it comes too late for the caller."""
        with self._lock:
            flight.waiting -= 1
            landed = flight.result.done()
            abandoned = not landed and not flight.waiting
            if abandoned:
                self._drop(flight)
        if abandoned and flight.cancel is not None:
            flight.cancel()
        return landed and (ends is None or flight.landed_at <= ends)

    def land(self, flight: Flight[T], result: T) -> bool:
        """Hand over the result and forget the run. False if it is too late for everybody."""
        with self._lock:
            self._drop(flight)
            in_time = flight.is_in_time()
            flight.landed_at = time.monotonic()
            flight.result.set_result(result)
            return in_time

    def _drop(self, flight: Flight[T]) -> None:
        if flight.key is not None and self._flights.get(flight.key) is flight:
            del self._flights[flight.key]


_of_this_process: WeakSet[Any] = WeakSet()


def _forget_everything() -> None:
    for thing in list(_of_this_process):
        thing.forget()


if hasattr(os, "register_at_fork"):  # pragma: no branch - every system but Windows
    os.register_at_fork(after_in_child=_forget_everything)
