"""Runs of a handler that can be outwaited: worker threads, and who waits for which run."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from queue import SimpleQueue
from typing import Generic, TypeVar

__all__ = ["Flight", "Flights", "Workers"]

T = TypeVar("T")


class Workers:
    """Daemon threads that are started when needed and used again.

    A thread pool of the standard library waits for its threads when the interpreter ends, so one
    handler that is stuck for ever would keep the process alive; these are left behind. When all
    ``limit`` threads are busy nothing is queued: a job that starts late is a job that ends late.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._clear()

    def start(self, job: Callable[[], None]) -> bool:
        """Run a job on a thread of its own; False if every thread is busy."""
        if os.getpid() != self._process:  # forked: the parent's threads do not exist here
            self._clear()
        with self._lock:
            if self._idle:
                self._idle -= 1
            elif self._threads < self._limit:
                self._threads += 1
                thread = threading.Thread(target=self._work, name="agentic_commerce", daemon=True)
                thread.start()
            else:
                return False
        self._jobs.put(job)
        return True

    def _clear(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._jobs: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._idle = self._threads = 0

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            with suppress(BaseException):  # a job reports by itself; SystemExit ends no worker
                job()
            del job  # an idle thread must not keep a request alive
            with self._lock:
                self._idle += 1


class Flight(Generic[T]):
    """One run of a handler: its result to come, and how many requests wait for it."""

    def __init__(self, key: str | None) -> None:
        self.key = key
        self.result: Future[T] = Future()
        self.waiting = 1
        self.cancel: Callable[[], object] | None = None


class Flights(Generic[T]):
    """The runs under way, by key, so that equal requests at the same time share one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights: dict[str, Flight[T]] = {}

    def join(self, key: str | None) -> tuple[Flight[T], bool]:
        """Wait for the run of this key, or for a new one that the caller must start (True)."""
        with self._lock:
            flight = self._flights.get(key) if key is not None else None
            if flight is not None:
                flight.waiting += 1
                return flight, False
            flight = Flight(key)
            if key is not None:
                self._flights[key] = flight
            return flight, True

    def leave(self, flight: Flight[T]) -> bool:
        """Stop waiting. True if the result is there, False if it comes too late for the caller."""
        with self._lock:
            flight.waiting -= 1
            landed = flight.result.done()
            abandoned = not landed and not flight.waiting
            if abandoned:
                self._forget(flight)
        if abandoned and flight.cancel is not None:
            flight.cancel()
        return landed

    def land(self, flight: Flight[T], result: T) -> bool:
        """Hand over the result. False if it is too late: nobody waits for it."""
        with self._lock:
            in_time = flight.waiting > 0
            flight.result.set_result(result)
            return in_time

    def close(self, flight: Flight[T]) -> None:
        """Forget a run that has landed; the next equal request starts a new one."""
        with self._lock:
            self._forget(flight)

    def _forget(self, flight: Flight[T]) -> None:
        if flight.key is not None and self._flights.get(flight.key) is flight:
            del self._flights[flight.key]
