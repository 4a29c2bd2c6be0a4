"""Imports on their way: a file is read when its time has come, and not before."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs
from attrs import field

from agentic_commerce.feeds import Feed
from agentic_commerce.testing.sandbox._blob import Blob
from agentic_commerce.testing.sandbox._reading import (
    Outcome,
    apply,
    apply_promotions,
    read_feed,
)
from agentic_commerce.testing.sandbox._world import Object, World

if TYPE_CHECKING:
    from agentic_commerce.testing.sandbox._sandbox import Sandbox

__all__ = ["Import", "Indexer"]


@attrs.define(eq=False, kw_only=True)
class Import:
    """One import: what the API says of it, and what it is made of.

    ``finish`` writes an outcome into ``object``; ``content`` is None until there is a file.
    """

    world: World = field(repr=False)
    object: Object = field(repr=False)
    feed: Feed[Any]
    mode: str
    finish: Callable[[Import, Outcome], None] = field(repr=False)
    content: Blob | None = None
    extension: str = "csv"
    polls_left: int = 0
    ready_at: float = 0.0
    report: Blob | None = None
    is_awaited: bool = True


class Indexer:
    """Reads files in the order in which they came; Stripe promises no order."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._waiting: list[Import] = []
        self._expected: list[tuple[float, Import]] = []

    @property
    def waiting(self) -> int:
        """How many imports are not finished, whether they have a file or not."""
        return len(self._waiting) + len(self._expected)

    def expect(self, job: Import, until: float) -> None:
        """Take an import that has no file yet; it fails if none comes in time."""
        self._expected.append((until, job))

    def add(self, job: Import, content: Blob, extension: str) -> None:
        """Take an import that has its file."""
        job.content, job.extension, job.is_awaited = content, extension, False
        job.polls_left = self._sandbox.index_polls
        job.ready_at = self._sandbox.clock.now() + self._sandbox.index_seconds
        self._waiting.append(job)

    def poll(self, job: Import) -> None:
        """Somebody asks how an import is doing."""
        if job in self._waiting:
            job.polls_left -= 1
            self.run()

    def run(self) -> None:
        """Read every file whose time has come."""
        now = self._sandbox.clock.now()
        late = [job for until, job in self._expected if until <= now]
        self._expected = [(until, job) for until, job in self._expected if until > now]
        for job in late:
            if job.is_awaited:
                job.is_awaited = False
                message = "No file was uploaded in time."
                job.finish(job, Outcome(failure=message, code="file_not_found"))
        for job in [*self._waiting]:
            if job.polls_left <= 0 and job.ready_at <= now:
                self._waiting.remove(job)
                self._index(job)

    def _index(self, job: Import) -> None:
        content = job.content
        assert content is not None  # noqa: S101 - it waits because it has a file
        outcome = read_feed(content, job.extension, job.feed, job.world.catalog)
        apply(outcome, job.feed, job.mode, job.world.catalog)
        apply_promotions(outcome, job.world.promotions)
        job.content, job.report = None, outcome.report
        job.finish(job, outcome)
