"""Feeds record by record, for whoever must find a row again: the client's error reports.

Rows are counted as `check` counts them: the header is row 1, a blank line is none, and a record
that csv cannot read is one.
"""

from __future__ import annotations

import csv
from itertools import chain, islice
from typing import IO, TYPE_CHECKING, Any, Final

from agentic_commerce.feeds._source import Lines, Source
from agentic_commerce.feeds.reader import Reading
from agentic_commerce.feeds.writer import raw_records

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from agentic_commerce.errors import Issue
    from agentic_commerce.feeds.rows import Feed

__all__ = ["Records", "copy_rows", "foreign_records"]


class Records:
    """The records of a feed with their row numbers; what is wrong with one, if it is asked for."""

    def __init__(self, source: Source, feed: Feed[Any]) -> None:
        self._reading = Reading(Lines(source), feed)
        self.header: Sequence[str] = self._reading.header

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        """Return row numbers and cells; a record that csv cannot read has no cells."""
        records, faults = self._reading.records, self._reading.lines.faults
        faults.clear()
        row = 1
        while True:
            try:
                for cells in records:
                    if cells or faults:
                        row += 1
                        yield row, cells
                        faults.clear()
                return
            except csv.Error:
                row += 1
                yield row, []
                faults.clear()

    def issues(self, row: int, cells: Sequence[str]) -> list[Issue]:
        """Every problem of the record that was given last, apart from those across rows."""
        return self._reading.examine(row, cells)[0]


def copy_rows(source: Source, target: IO[bytes], dropped: Container[int]) -> None:
    """Copy a feed without the rows of these numbers; the bytes of the others stay as they are."""
    row = 0
    for record in raw_records(Lines(source), strict=True):
        if record.strip(b"\r\n"):
            row += 1
            if row not in dropped:
                target.write(record)


_END: Final = "\0end of file\0"


def foreign_records(source: Source) -> Iterator[list[str]]:
    """Return the cells of each record of a table that another program wrote, header included.

    Quotes are read leniently, and the first line, not the name, tells commas from tabs.

    Raises: csv.Error if the file ends within a quoted cell, or a cell is endless.
    """
    lines = Lines(source)
    start = list(islice(lines, 1))
    is_tsv = any("\t" in line and "," not in line for line in start)
    # A last line of our own shows whether a quote is still open where the file ends.
    closed = chain(start, lines, [_END])
    for cells in csv.reader(closed, delimiter="\t" if is_tsv else ","):
        if cells == [_END]:
            return
        if cells:
            yield cells
    raise csv.Error("the file ends within a quoted cell")
