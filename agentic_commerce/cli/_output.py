"""What the command prints: findings like a linter's, JSON, or Stripe's own error report."""

from __future__ import annotations

import csv
import io
import json
from itertools import groupby
from typing import IO, TYPE_CHECKING, Final

import attrs
import typer
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from agentic_commerce.errors import Issue
    from agentic_commerce.feeds import FeedReport

_WIDTH: Final = 72  # characters of a cell shown around the fault
_STYLE: Final = {"error": "bold red", "warning": "yellow"}


def console(*, stderr: bool = False) -> Console:
    """A terminal or a pipe; what its encoding lacks is escaped, for a finding must not be lost."""
    console = Console(stderr=stderr, soft_wrap=True, highlight=False, markup=False, emoji=False)
    if isinstance(console.file, io.TextIOWrapper):
        console.file.reconfigure(errors="backslashreplace")
    return console


def print_faults_of_file(name: str, report: FeedReport) -> None:
    """Print to standard error what no row of the error report can tell: faults of the header."""
    printer = console(stderr=True)
    for issue in report.issues:
        if issue.row in (None, 1) and issue.severity == "error":
            printer.print(f"{name}: {issue.column or 'the file'}: {issue.message} [{issue.code}]")


def print_text(name: str, report: FeedReport) -> None:
    """Print findings by row, each with the cell and a caret under its fault, then the counts."""
    printer = console()
    # What every row lacks is said once, for the header.
    said = any(i.code == "missing_column" and i.row == 1 for i in report.issues)
    shown = [i for i in report.issues if not (said and i.code == "missing_column" and i.row != 1)]
    for row, issues in groupby(shown, key=lambda issue: issue.row):
        group = list(issues)
        where = "the file" if row is None else "header" if row == 1 else f"row {row}"
        key = next((issue.id for issue in group if issue.id), None)
        printer.print(Text(f"{name}: {where}{f'  {visible(key)}' if key else ''}", "bold"))
        for issue in group:
            for line in finding(issue):
                printer.print(line)
    left = report.errors + report.warnings - len(report.issues)
    if left:
        printer.print(Text(f"... and {left} more findings; --max-issues lists more", "dim"))
    printer.print(Text(f"{name}: {report}", "green" if report.ok else "bold red"))


def finding(issue: Issue) -> Iterator[Text]:
    column = f"{visible(issue.column)}: " if issue.column else ""
    yield Text.assemble(
        "  ", (issue.severity, _STYLE[issue.severity]), f" {column}{issue.message} [{issue.code}]"
    )
    if issue.value is not None and issue.row != 1:
        start, end = issue.span or (0, 0)
        cell, start, end = _window(issue.value, start, end)
        yield Text(f"      {cell}")
        if end > start:
            yield Text(f"      {' ' * start}{'^' * (end - start)}", "red")
    if issue.hint:
        yield Text(f"      {issue.hint}", "cyan")


def visible(text: str) -> str:
    """A text on one line, with its control characters written out."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _window(value: str, start: int, end: int) -> tuple[str, int, int]:
    """The part of a cell around its fault, and where the fault is in what is shown."""
    first = max(0, min(start - _WIDTH // 3, len(value) - _WIDTH))
    last = min(len(value), first + _WIDTH)
    before, after = "..." if first else "", "..." if last < len(value) else ""
    # In columns of a terminal, for some letters take two.
    at = len(before) + cell_len(visible(value[first:start]))
    to = at + cell_len(visible(value[start : min(end, last)]))
    return f"{before}{visible(value[first:last])}{after}", at, to


def print_json(files: Sequence[str], reports: Sequence[FeedReport]) -> None:
    """Print one object: whether all is well, and a report for each file."""
    found = [
        {"file": name, **attrs.asdict(report), "ok": report.ok}
        for name, report in zip(files, reports, strict=True)
    ]
    whole = {"ok": all(report.ok for report in reports), "files": found}
    typer.echo(json.dumps(whole, indent=2))


class Utf8:
    """A binary file, to csv a text one."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, text: str) -> None:
        self._file.write(text.encode())


def refused_writer(file: IO[bytes]) -> Callable[..., None]:
    """Write refused rows as Stripe's error report does: the message first, then the row."""
    writer = csv.writer(Utf8(file))

    def write(row: int, cells: Sequence[str], issues: Sequence[Issue]) -> None:
        if row == 1:
            writer.writerow(["stripe_error_message", *cells])
            return
        errors = (issue for issue in issues if issue.severity == "error")
        message = "; ".join(f"{issue.column or 'row'}: {issue.message}" for issue in errors)
        writer.writerow([f"row {row}: {message}", *cells])

    return write
