"""What is done with a feed before it is sent: checked, freed of bad rows, cut, and digested.

All of it blocks, and runs on a thread in an `AsyncClient`. Files that are made on the way lie in a
temporary directory and are gone when the publication ends.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, Literal

import attrs
from attrs import Factory, field

from agentic_commerce.client._digest import digest
from agentic_commerce.client._files import Content, Source, opened
from agentic_commerce.client._wait import check_times
from agentic_commerce.client._wire import content_type_of
from agentic_commerce.client.publishing import PublishProgress
from agentic_commerce.client.report import RowError, row_error
from agentic_commerce.errors import FeedError, Issue
from agentic_commerce.feeds import Feed, FeedReport, Progress, check, split
from agentic_commerce.feeds._records import copy_rows

__all__ = ["Options", "Part", "Prepared", "Report", "prepare"]

Report = Callable[[PublishProgress], object]

_LARGEST: Final = {"v1": 200_000_000, "v2": 4_000_000_000}
_PIECE: Final = 1 << 20
_LISTED: Final = 1000
"""How many errors a `FeedError` holds at least, if there are as many."""


@attrs.frozen(kw_only=True)
class Options:
    """What a caller of `publish` chose. Raises: ValueError for what does not go together."""

    feed: Feed[Any]
    api: Literal["v1", "v2"]
    on_bad_rows: Literal["refuse", "drop"]
    check: bool
    mode: Literal["upsert", "replace"]
    standard_data_format: str | None
    metadata: Mapping[str, str]
    run: str
    wait: bool
    timeout: float
    poll_interval: float
    max_errors: int
    max_bytes: int | None

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.feed, Feed):
            raise TypeError("feed is one of feeds.PRODUCT, INVENTORY, PRICING and PROMOTION")
        for name, allowed in _CHOICES.items():
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} is {' or '.join(map(repr, allowed))}")
        if self.api == "v1":
            self._check_v1()
        elif self.standard_data_format is not None:
            raise ValueError("standard_data_format belongs to v1; v2 goes by the feed")
        if self.mode == "replace":
            self._check_replace()
        if self.on_bad_rows == "drop" and not self.check:
            raise ValueError("only a check finds bad rows to drop: check=False forbids it")
        check_times(self.timeout, self.poll_interval)
        if self.max_errors < 0 or not 0 < self.largest <= _LARGEST[self.api]:
            raise ValueError("max_errors is at least 0, max_bytes more than 0 and within the limit")

    def _check_v1(self) -> None:
        if self.mode != "upsert" or self.metadata:
            raise ValueError('mode and metadata belong to v2: give api="v2"')
        if self.data_format is None:
            raise ValueError(
                f"API v1 has no documented format for the {self.feed.name} feed:"
                ' give api="v2", or the name as standard_data_format if you know it'
            )

    def _check_replace(self) -> None:
        if self.feed.name != "product":
            raise ValueError('only the product feed can be sent with mode="replace"')
        if self.on_bad_rows == "drop":
            raise ValueError(
                'mode="replace" deletes what is not in the file, so a row that is dropped would be'
                " deleted at Stripe: mend the rows, or upsert"
            )

    @property
    def data_format(self) -> str | None:
        """What v1 calls the feed."""
        return self.standard_data_format or self.feed.v1_format

    @property
    def largest(self) -> int:
        """How many bytes one file may have."""
        return _LARGEST[self.api] if self.max_bytes is None else self.max_bytes


_CHOICES: Final = {
    "api": ("v1", "v2"),
    "on_bad_rows": ("refuse", "drop"),
    "mode": ("upsert", "replace"),
}


@attrs.frozen(kw_only=True)
class Part:
    """One file to be sent, and what its contents are known by."""

    content: Content
    digest: str


@attrs.frozen(kw_only=True)
class Prepared:
    """A feed that can be sent."""

    source: Content
    parts: tuple[Part, ...]
    report: FeedReport | None = None
    dropped: frozenset[int] = frozenset()
    errors: tuple[RowError, ...] = ()


def prepare(stack: ExitStack, source: Source, options: Options, report: Report) -> Prepared:
    """Open, check, cut and digest a feed; ``stack`` closes what was opened.

    Raises: FeedError before anything is sent; ValueError; OSError.
    """
    content = _told_apart(stack.enter_context(opened(source)))
    if content.upload.size > options.largest:
        _check_may_cut(content, options)
    checked, bad = None, _BadRows(options, options.on_bad_rows == "drop")
    if options.check:
        checked = _checked(content, options, bad, report)
    parts = [content]
    if bad.rows or content.upload.size > options.largest:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="agentic-commerce-")))
        if bad.rows:
            report(PublishProgress(stage="drop", rows_done=len(bad.rows)))
            path = _without(content, bad, folder)
            parts = [stack.enter_context(opened(path, content.content_type))]
        if parts[0].upload.size > options.largest:
            parts = _cut(stack, parts[0], folder, options, report)
    return Prepared(
        source=content,
        parts=tuple(_part(one, report, i, len(parts)) for i, one in enumerate(parts, 1)),
        report=checked,
        dropped=frozenset(bad.rows),
        errors=tuple(bad.errors),
    )


def _told_apart(content: Content) -> Content:
    """A feed without a name is CSV or TSV by its first line, as when it is read."""
    file, start = content.upload.file, content.upload.start
    name = getattr(file, "name", None)
    if isinstance(name, str) and Path(name).suffix:
        return content
    file.seek(start)
    first = file.readline(_PIECE)
    if b"\t" not in first or b"," in first:
        return content
    name = f"{Path(content.name).stem}.tsv"
    return attrs.evolve(content, name=name, content_type=content_type_of(name))


def _check_may_cut(content: Content, options: Options) -> None:
    if options.mode == "replace":
        raise ValueError(
            f"the file has {content.upload.size} bytes, and {options.largest} is the most for one"
            ' import; mode="replace" cannot be split, for each part would delete the others'
        )


@attrs.define
class _BadRows:
    """What the check refuses: the issues, the rows' numbers, and as many records as are asked for.

    A row's number is all that is kept of each.
    """

    options: Options
    is_dropping: bool
    issues: list[Issue] = Factory(list)
    rows: list[int] = Factory(list)
    errors: list[RowError] = Factory(list)
    header: Sequence[str] = field(default=())

    def add(self, row: int, cells: Sequence[str], issues: Sequence[Issue]) -> None:
        """Take a row that is refused, or the header."""
        wrong = [issue for issue in issues if issue.severity == "error"]
        if len(self.issues) < _LISTED:
            self.issues += wrong
        if row == 1:
            self.header = cells
            return
        if not self.is_dropping:
            return
        self.rows.append(row)
        if len(self.errors) < self.options.max_errors:
            message = "; ".join(f"{issue.column or 'row'}: {issue.message}" for issue in wrong)
            more = {"source_row": row, "issues": tuple(issues), "is_dropped": True}
            self.errors.append(row_error(self.header, cells, message, **more))


def _checked(content: Content, options: Options, bad: _BadRows, report: Report) -> FeedReport:
    """Check the feed. Raises: FeedError if it, or its header, or all of it, is refused."""
    upload, shown = content.upload, -1

    def show(at: Progress) -> None:
        nonlocal shown
        if at.bytes_read // _PIECE != shown:
            shown = at.bytes_read // _PIECE
            done = PublishProgress(stage="check", bytes_done=at.bytes_read, bytes_total=upload.size)
            report(done)

    upload.file.seek(upload.start)
    found = check(upload.file, options.feed, progress=show, refused=bad.add)
    whole = [issue for issue in found.issues if issue.severity == "error" and issue.row is None]
    errors = [*bad.issues, *(issue for issue in whole if issue not in bad.issues)]
    if found.ok and found.rows == 0:
        errors.append(Issue("empty_file", "the file has a header and no rows"))
    is_of_file = any(issue.row in (None, 1) for issue in errors)
    if errors and (is_of_file or not bad.is_dropping or found.valid_rows == 0):
        raise _refused(errors, found)
    return found


def _refused(issues: Sequence[Issue], report: FeedReport) -> FeedError:
    error = FeedError(issues)
    error.report = report
    return error


def _without(content: Content, bad: _BadRows, folder: Path) -> Path:
    """Write the good rows into a file of the same name, each byte of them as it was."""
    path = folder / content.name
    content.upload.file.seek(content.upload.start)
    with path.open("wb") as file:
        copy_rows(content.upload.file, file, frozenset(bad.rows))
    return path


def _cut(
    stack: ExitStack, content: Content, folder: Path, options: Options, report: Report
) -> list[Content]:
    """Cut a feed into files that are not too large."""
    report(PublishProgress(stage="split", bytes_total=content.upload.size))
    content.upload.file.seek(content.upload.start)
    paths = split(content.upload.file, folder / "parts", max_bytes=options.largest)
    return [stack.enter_context(opened(path, content.content_type)) for path in paths]


def _part(content: Content, report: Report, part: int, parts: int) -> Part:
    upload, size = content.upload, content.upload.size
    report(PublishProgress(stage="hash", bytes_total=size, part=part, parts=parts))
    return Part(content=content, digest=digest(upload.file, upload.start, size))
