"""Error reports as iterators: fetched when the first row is asked for, and read lazily."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from itertools import islice
from typing import IO, TYPE_CHECKING, Any, Final, TypeAlias

from agentic_commerce.client._files import spool
from agentic_commerce.client._refused import work
from agentic_commerce.client._wire import Flow
from agentic_commerce.client.report import RowError, Table, read_errors
from agentic_commerce.feeds import Feed

if TYPE_CHECKING:
    from agentic_commerce.client._shell import AsyncShell, Shell

__all__ = ["each_error", "each_error_async"]

Fetching: TypeAlias = Callable[[IO[bytes]], Flow[bool]]

_BATCH: Final = 500


def each_error(
    shell: Shell, fetch: Fetching, source: Table | None, feed: Feed[Any]
) -> Iterator[RowError]:
    """The rows of a report."""
    with spool() as file:
        if shell.run(fetch(file)):
            file.seek(0)
            yield from read_errors(file, source=source, feed=feed)


async def each_error_async(
    shell: AsyncShell, fetch: Fetching, source: Table | None, feed: Feed[Any]
) -> AsyncIterator[RowError]:
    """The same; files are read on a thread."""
    async with shell.enter(spool()) as file:
        is_there = await shell.run(fetch(file))
        rows = await shell.run(work(lambda: _begun(file, source, feed))) if is_there else iter(())
        while batch := await shell.run(work(lambda: list(islice(rows, _BATCH)))):
            for error in batch:
                yield error


def _begun(file: IO[bytes], source: Table | None, feed: Feed[Any]) -> Iterator[RowError]:
    file.seek(0)
    return read_errors(file, source=source, feed=feed)
