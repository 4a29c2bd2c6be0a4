"""Read a feed: ``scan`` (lazy, every problem), ``read`` (strict), ``check`` (the whole file).

Rows are counted by records, the header being row 1. A source is a path (``.tsv`` is tab-separated),
an open text or binary file, the bytes of a file, or lines. Whatever it holds, a check gives a
report; only what cannot be opened raises.
"""

from __future__ import annotations

import csv
import os
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, overload

import attrs

from agentic_commerce.errors import FeedError, Issue
from agentic_commerce.feeds._across import Across, with_first_rows
from agentic_commerce.feeds._header import header_issues, unknown_column
from agentic_commerce.feeds._loop import compile_loop, loop_text
from agentic_commerce.feeds._plan import Plan, Values
from agentic_commerce.feeds._source import Lines, Progress, Source
from agentic_commerce.feeds.codes import CODES
from agentic_commerce.feeds.report import MAX_ISSUES, Choice, FeedReport, Tally
from agentic_commerce.feeds.rows import PRODUCT, Deletion, Feed, ProductRow

if TYPE_CHECKING:
    from collections.abc import (
        Callable,
        Collection,
        Container,
        Generator,
        Iterator,
        Mapping,
        Sequence,
    )

__all__ = ["check", "read", "row_from", "scan"]

R = TypeVar("R")

Refused: TypeAlias = "Callable[[int, Sequence[str], Sequence[Issue]], object]"
"""Called with row number, cells and issues of the header, and of rows that would be refused."""

Accepted: TypeAlias = "Callable[[Sequence[str]], object]"
"""Called with the cells of each row that has no error."""

_MARKS = {"nul": "\0", "encoding": "\ufffd"}


class Reading:
    """One source, opened: its header read, its records not yet.

    A piece of a file has no header, but a plan already, and a delimiter.
    """

    def __init__(
        self,
        lines: Lines,
        feed: Feed[Any],
        plan: Plan | None = None,
        delimiter: str | None = None,
    ) -> None:
        self.lines = lines
        self.issues: list[Issue] = []
        self.is_open_at_end = False
        start = list(islice(lines, 0 if delimiter else 1))
        self.delimiter = delimiter or lines.delimiter(*start)
        self.records = csv.reader(chain(start, lines), delimiter=self.delimiter, strict=True)
        self.header = plan.header if plan else self._read_header()
        self.plan = plan or Plan(feed, self.header or [""])
        if plan is None and self.header:
            self.issues += self._faults(1, self.header)
            self.issues += header_issues(self.header, self.plan)

    def _read_header(self) -> list[str]:
        try:
            header = next(filter(None, self.records), [])
        except csv.Error as error:
            self.issues.append(self._quotes(1, error))
            header = [""]
        if not header and not self.lines.unreadable:
            self.issues.append(Issue("empty_file", "the file has no header"))
        return header

    def _quotes(self, row: int, error: csv.Error) -> Issue:
        if "limit" in str(error):
            hint = "a quote that is never closed makes all that follows one cell"
            return Issue("cell_size", CODES["cell_size"].statement, row=row, hint=hint)
        if self.lines.ended:
            self.is_open_at_end = True
            return Issue("quotes", "a quote is not closed before the end of the file", row=row)
        hint = 'write a quote within a quoted cell twice: "5"" nails"'
        return Issue("quotes", "text follows a closing quote", row=row, hint=hint)

    def _faults(self, row: int, cells: Sequence[str]) -> list[Issue]:
        """Tell what was wrong with the lines of a record, placed in its cell; then forgotten."""
        issues = []
        for code in dict.fromkeys(self.lines.faults):
            at = next((i for i, cell in enumerate(cells) if _MARKS[code] in cell), None)
            column = (
                self.header[at] if row > 1 and at is not None and at < len(self.header) else None
            )
            value = None if at is None else cells[at][:200]
            hint = "save the file as UTF-8" if code == "encoding" else None
            message = CODES[code].statement
            key = self.plan.key(cells) if row > 1 else None
            issues.append(Issue(code, message, "error", column, row, key, value, hint))
        self.lines.faults.clear()
        return issues

    def examine(
        self, row: int, cells: Sequence[str] | csv.Error
    ) -> tuple[list[Issue], Values | Deletion | None]:
        """Every problem of a record, and its values if it has no error."""
        if isinstance(cells, csv.Error):
            self.lines.faults.clear()
            return [self._quotes(row, cells)], None
        if self.lines.faults:
            return self._faults(row, cells), None
        return self.plan.examine(row, cells)

    def ending(self) -> list[Issue]:
        """Tell what is wrong with the file's end."""
        if not self.lines.unreadable:
            return []
        message = "the text file cannot decode its bytes; what follows is not read"
        return [Issue("encoding", message, hint="open the file in binary mode, or as UTF-8")]


@overload
def scan(source: Source) -> Iterator[ProductRow | Deletion | Issue]: ...
@overload
def scan(source: Source, feed: Feed[R]) -> Iterator[R | Issue]: ...
def scan(source: Source, feed: Feed[Any] = PRODUCT) -> Iterator[Any]:
    """Read rows lazily; problems come as issues among them, and nothing stops the reading.

    Issues of the header come first. A row with errors is replaced by its issues; a row with
    warnings follows them. Memory is flat, so what only shows across rows (ids that repeat) is left
    to `check`.

    >>> from agentic_commerce.feeds import PRICING
    >>> lines = ["id,price", "SKU-1,15.00 USD", "SKU-2,$15"]
    >>> [item.code for item in scan(lines, PRICING) if isinstance(item, Issue)]
    ['price_format']
    """
    reading = Reading(Lines(source), feed)
    yield from reading.issues
    if reading.header:
        loop = compile_loop(reading.plan, loop_text(reading.plan))
        for item in loop(reading.records, 1, reading.lines.faults):
            if type(item) is tuple:
                yield from _rescan(reading, loop, *item)
            else:
                yield item
    yield from reading.ending()


def _rescan(
    reading: Reading, loop: Callable[..., Iterator[Any]], row: int, cells: Any
) -> Iterator[Any]:
    """Examine a record that the loop did not accept: its issues, and its row if it has no error."""
    issues, values = reading.examine(row, cells)
    yield from issues
    if isinstance(values, Values):
        # The texts that were new are known now, and the loop builds a row fastest.
        item = None if issues else next(loop([cells], row - 1, ()))
        yield values.row() if item is None or type(item) is tuple else item
    elif values is not None:
        yield values


@overload
def read(source: Source) -> Iterator[ProductRow | Deletion]: ...
@overload
def read(source: Source, feed: Feed[R]) -> Iterator[R]: ...
def read(source: Source, feed: Feed[Any] = PRODUCT) -> Iterator[Any]:
    """Read rows lazily and strictly; warnings are passed over.

    Raises: FeedError at the first row (or header) with errors, with all its issues.

    >>> from agentic_commerce.feeds import PRICING
    >>> [str(row.price) for row in read(["id,price", "SKU-1,15.00 USD"], PRICING)]
    ['15.00 USD']
    """
    bad: list[Issue] = []
    for item in scan(source, feed):
        if not isinstance(item, Issue):
            if bad:
                break
            yield item
        elif bad and item.row != bad[0].row:
            break
        elif item.severity == "error":
            bad.append(item)
    if bad:
        raise FeedError(bad)


@overload
def row_from(mapping: Mapping[str, str | None]) -> ProductRow | Deletion: ...
@overload
def row_from(mapping: Mapping[str, str | None], feed: Feed[R]) -> R: ...
def row_from(mapping: Mapping[str, str | None], feed: Feed[Any] = PRODUCT) -> Any:
    """Build a typed row from texts by column name, checked as a file would be.

    None and missing columns are blank. ``delete: "true"`` makes a `Deletion`. A name that is no
    column is an error here, for nobody would see a warning. Values that are no texts, such as a 0,
    are refused as ``kind``.

    Raises: FeedError with every issue that is an error; they have no row number.

    >>> from agentic_commerce.feeds import PRICING
    >>> row_from({"id": "SKU-1", "price": "15.00 USD"}, PRICING).price.minor_units
    1500
    """
    header = [*feed.columns]
    issues = [
        Issue("kind", f"{type(value).__name__} is not a text", column=str(name)[:200])
        for name, value in mapping.items()
        if not (value is None or isinstance(value, str)) or not isinstance(name, str)
    ]
    if issues:
        raise FeedError(issues)
    plan = Plan(feed, header)
    found, values = plan.examine(0, [mapping.get(name) or "" for name in header])
    issues = [attrs.evolve(issue, row=None) for issue in found if issue.severity == "error"]
    issues += [
        attrs.evolve(unknown_column(name, feed), severity="error", row=None)
        for name in mapping
        if name not in feed.columns
    ]
    if issues:
        raise FeedError(issues)
    return values.row() if isinstance(values, Values) else values


class Checker:
    """One run over one reading: what it accepts, what it finds, what it remembers."""

    def __init__(
        self,
        reading: Reading,
        choice: Choice,
        tally: Tally,
        catalog: Container[str] | None,
        refused: Refused | None = None,
        accepted: Accepted | None = None,
    ) -> None:
        self.reading = reading
        self.choice = choice
        self.tally = tally
        self.catalog = catalog
        self.across = Across(reading.plan, catalog)
        self.last_row = 1
        self._refused = refused
        self._accepted = accepted
        told = accepted is not None
        accept, extra = self.across.accept(told=told), self.across.tests()
        text = loop_text(reading.plan, accept=accept, extra=extra, told=told)
        self._loop = compile_loop(reading.plan, text, ACCEPTED=accepted, **self.across.names())

    def run(self) -> int:
        """Read all records; the number of rows."""
        width = self.reading.plan.width
        for row, cells in self._to_last_row():
            issues, values = self.reading.examine(row, cells)
            if type(cells) is list and len(cells) == width and any(cells):
                issues += self.across.examine(row, cells, deleted=isinstance(values, Deletion))
            issues = self.choice.of(issues)
            if self.tally.add(issues, row):
                if self._refused:
                    self._refused(row, cells if type(cells) is list else [], issues)
            elif self._accepted:
                self._accepted(cells)
        return self.last_row - 1

    def _to_last_row(self) -> Generator[tuple[int, Any], None, None]:
        self.last_row = yield from self._loop(self.reading.records, 1, self.reading.lines.faults)

    def report(self, rows: int) -> FeedReport:
        """Return the report, with what shows only at the end: differing variants, first rows."""
        self.tally.add(self.choice.of(self.reading.ending()))
        memory = self.across.memory
        variants = self.choice.of(memory.variant_issues())
        listed = self.tally.listed(variants)
        self.tally.add(variants)
        return self.tally.report(rows, with_first_rows(listed, memory))


def check(  # noqa: PLR0913 - each is one choice of the caller's
    source: Source,
    feed: Feed[Any] = PRODUCT,
    *,
    progress: Callable[[Progress], object] | None = None,
    workers: int = 1,
    select: Collection[str] | None = None,
    ignore: Collection[str] = (),
    max_issues: int = MAX_ISSUES,
    catalog: Container[str] | None = None,
    refused: Refused | None = None,
    accepted: Accepted | None = None,
) -> FeedReport:
    """Check a whole feed: header, cells, across columns and across rows.

    ``progress`` is called now and then. ``workers`` processes share a large file given by path.
    ``select`` and ``ignore`` are codes of the feed rules: only issues that count are reported, and
    only they make a row invalid. The report lists ``max_issues`` issues at most; its counts are
    true. ``catalog`` holds the ids that an inventory or price feed may name. ``refused`` is called
    with row number, cells and issues: of the header first, then of each row that has an error;
    ``accepted`` is called with the cells of each other row. (There is one process then.)

    Raises: ValueError for a code that there is not; OSError if the source cannot be read.

    >>> from agentic_commerce.feeds import PRICING
    >>> report = check(["id,price", "SKU-1,15.00 USD", "SKU-1,15.00 USD"], PRICING)
    >>> report.rows, report.valid_rows, report.counts
    (2, 1, {'duplicate_id': 1})
    """
    choice, tally = Choice(select, ignore), Tally(max_issues)
    reading = Reading(Lines(source, progress=progress), feed)
    tally.add(choice.of(reading.issues))
    if refused:
        refused(1, reading.header, choice.of(reading.issues))
    if not reading.header:
        tally.add(choice.of(reading.ending()))
        return tally.report(0, tally.listed())
    checker = Checker(reading, choice, tally, catalog, refused, accepted)
    rows = None
    told = refused or accepted
    if workers > 1 and told is None and isinstance(source, (str, os.PathLike)):
        from agentic_commerce.feeds import _parallel  # noqa: PLC0415 - multiprocessing is large

        rows = _parallel.check_large(Path(source), checker, workers, progress)
    return checker.report(checker.run() if rows is None else rows)
