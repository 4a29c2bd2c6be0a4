"""Share the checking of a large file between processes.

The file is cut at line ends where the number of quotes so far is even. That is a record's end
unless a quote stands in an unquoted cell; whether it was one shows when the piece before it has
been read, for a piece that starts at a record's start ends within quotes if it was not. Then the
file is checked by one process after all.
"""

from __future__ import annotations

import csv
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache, partial
from typing import IO, TYPE_CHECKING, Final, NamedTuple

from agentic_commerce.feeds import reader
from agentic_commerce.feeds._across import Memory, duplicate
from agentic_commerce.feeds._plan import Plan
from agentic_commerce.feeds._source import Lines, Progress
from agentic_commerce.feeds.report import Choice, Tally
from agentic_commerce.feeds.rows import FEEDS

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator
    from concurrent.futures import Future
    from pathlib import Path

LEAST_BYTES: Final = 32 << 20  # below this a second process costs more than it saves
BLOCK: Final = 1 << 20
PIECES: Final = 8  # for each process


class Task(NamedTuple):
    """What a process must know to check a piece; all of it can be pickled."""

    path: str
    span: tuple[int, int]
    feed: str
    header: tuple[str, ...]
    delimiter: str
    choice: Choice
    max_issues: int
    catalog: Container[str] | None


class Part(NamedTuple):
    """What it found. Row numbers count from the piece's start, whose first record is row 2."""

    rows: int
    tally: Tally
    memory: Memory
    is_cut_well: bool


def header_end(path: Path, delimiter: str) -> int | None:
    """Where the header's record ends, in bytes; None if that cannot be told."""
    taken = 0

    def lines(file: IO[bytes]) -> Iterator[str]:
        nonlocal taken
        for raw in file:
            taken += len(raw)
            yield raw.decode(errors="replace")

    with path.open("rb") as file:
        try:
            records = csv.reader(lines(file), delimiter=delimiter, strict=True)
            return taken if next(filter(None, records), None) else None
        except csv.Error:
            return None


def cut(path: Path, start: int, size: int) -> Iterator[tuple[int, int]]:
    """Cut a file, from an offset, into pieces of at least ``size`` bytes."""
    begin, position, quotes = start, start, 0
    with path.open("rb") as file:
        file.seek(start)
        while block := file.read(BLOCK):
            if position + len(block) - begin >= size:
                at = _record_end(block, quotes)
                if at is not None:
                    yield begin, position + at
                    begin = position + at
            quotes += block.count(b'"')
            position += len(block)
    if begin < position:
        yield begin, position


def _record_end(block: bytes, quotes: int) -> int | None:
    """Return the end of the first line of a block that ends outside of quotes."""
    start = 0
    while (end := block.find(b"\n", start)) >= 0:
        quotes += block.count(b'"', start, end)
        if quotes % 2 == 0:
            return end + 1
        start = end + 1
    return None


@lru_cache(maxsize=1)
def _plan(feed: str, header: tuple[str, ...]) -> Plan:
    """One plan for all the pieces that a process checks: its memos are warm after the first."""
    return Plan(FEEDS[feed], header)


def check_piece(task: Task) -> Part:
    """Check one piece of a file."""
    lines = Lines(task.path, task.span)
    plan = _plan(task.feed, task.header)
    reading = reader.Reading(lines, plan.feed, plan, task.delimiter)
    tally = Tally(task.max_issues)
    checker = reader.Checker(reading, task.choice, tally, task.catalog)
    checker.run()
    return Part(checker.last_row - 1, tally, checker.across.memory, not reading.is_open_at_end)


def check_large(
    path: Path,
    checker: reader.Checker,
    workers: int,
    progress: Callable[[Progress], object] | None,
    least: int = LEAST_BYTES,
) -> int | None:
    """Check a large file in several processes, into ``checker``; the number of its rows.

    None if the file is small or cannot be cut; the checker is as it was then.
    """
    total = path.stat().st_size
    start = header_end(path, checker.reading.delimiter) if total >= least else None
    if start is None:
        return None
    size = max(least // 8, (total - start) // (workers * PIECES) + 1)
    report = partial(_report, progress, workers, total)
    with ProcessPoolExecutor(workers - 1) as pool:
        parts = _shared(pool, checker, path, cut(path, start, size), workers, report)
    if not all(part.is_cut_well for part in parts[:-1]):
        return None
    rows = merge(parts, checker)
    if progress:
        progress(Progress(total, total))
    return rows


def _report(
    progress: Callable[[Progress], object] | None, workers: int, total: int, done: int
) -> None:
    # The others are about as far as this process is.
    if progress:
        progress(Progress(min(done * workers, total), total))


def _shared(
    pool: ProcessPoolExecutor,
    checker: reader.Checker,
    path: Path,
    pieces: Iterable[tuple[int, int]],
    workers: int,
    report: Callable[[int], None],
) -> list[Part]:
    """Check a file in the pool and here, in about equal shares; the parts in the file's order.

    Each process of the pool has one share, and begins when it is cut. This one has the last, in
    smaller pieces: what it finds need not travel, and it knows how far the work is.
    """
    theirs: list[Future[Part]] = []
    own: list[tuple[int, int]] = []
    for piece in pieces:
        own.append(piece)
        # One more than an equal share: this process has the cutting to do as well.
        if len(theirs) < workers - 1 and len(own) > PIECES:
            share = own[0][0], own[-1][1]
            theirs.append(pool.submit(check_piece, _task(checker, path, share)))
            own.clear()
    here = []
    for piece in own:
        here.append(check_piece(_task(checker, path, piece)))
        report(piece[1] - own[0][0])
    return [*(future.result() for future in theirs), *here]


def _task(checker: reader.Checker, path: Path, span: tuple[int, int]) -> Task:
    reading = checker.reading
    return Task(
        str(path),
        span,
        reading.plan.feed.name,
        tuple(reading.header),
        reading.delimiter,
        checker.choice,
        checker.tally.max_issues,
        checker.catalog,
    )


def merge(parts: Iterable[Part], checker: reader.Checker) -> int:
    """Put the parts of a file together, in order; the number of rows."""
    rows = 0
    key = checker.reading.plan.feed.key
    for part in parts:
        repeated = checker.across.memory.merge(part.memory, rows)
        issues = [duplicate(key, row, text) for text, row in repeated.items()]
        checker.tally.merge(part.tally, rows, checker.choice.of(issues))
        rows += part.rows
    return rows
