"""The command line: options in, an exit status out. What is printed is made in `_output`."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from agentic_commerce import feeds
from agentic_commerce.cli import _output, _remote
from agentic_commerce.cli._agreements import agreements
from agentic_commerce.cli._choices import FeedName, Format
from agentic_commerce.cli._purchase import purchase
from agentic_commerce.cli._sandbox import sandbox
from agentic_commerce.cli._trigger import trigger

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)


@app.callback()
def tools() -> None:
    """Sell through AI agents with Stripe: tools for platforms."""


@app.command()
def check(
    files: Annotated[list[str], typer.Argument(help="CSV or TSV files; - is standard input.")],
    feed: Annotated[FeedName, typer.Option(help="Which feed the files are.")] = FeedName.PRODUCT,
    format: Annotated[  # noqa: A002 - the option's name
        Format, typer.Option(help="csv is Stripe's error report: the refused rows.")
    ] = Format.TEXT,
    select: Annotated[str, typer.Option(help="Only these codes, comma between.")] = "",
    ignore: Annotated[str, typer.Option(help="Not these codes, comma between.")] = "",
    max_issues: Annotated[int, typer.Option(min=0, help="How many findings to list.")] = 1000,
    catalog: Annotated[
        str, typer.Option(help="The product feed whose ids the files may name.")
    ] = "",
    workers: Annotated[int, typer.Option(min=1, help="Processes for large files.")] = 1,
) -> None:
    """Check feeds as Stripe would read them, and explain every problem.

    The exit status is 0 if Stripe would take every row, 1 if not, 2 if a file cannot be read.
    """
    if format is Format.CSV and len(files) > 1:
        raise typer.BadParameter("csv is the report on one file", param_hint="--format")
    options: dict[str, Any] = {
        "feed": feeds.FEEDS[feed],
        "select": _codes(select, "--select") or None,
        "ignore": _codes(ignore, "--ignore"),
        "max_issues": max_issues,
        "workers": workers,
    }
    try:
        if catalog:
            options["catalog"] = _ids(catalog)
        _run(files, format, options)
    except BrokenPipeError:  # whoever read has read enough; typer ends quietly
        raise
    except OSError as error:
        typer.echo(f"{error.filename}: {error.strerror}", err=True)
        raise typer.Exit(2) from None


def _run(files: Sequence[str], format: Format, options: dict[str, Any]) -> None:  # noqa: A002
    binary = typer.get_binary_stream("stdout")
    reports = []
    for name in files:
        refused = _output.refused_writer(binary) if format is Format.CSV else None
        reports.append(_checked(name, refused, options))
        if format is Format.TEXT:
            _output.print_text(name, reports[-1])
        elif format is Format.CSV:
            _output.print_faults_of_file(name, reports[-1])
    if format is Format.JSON:
        _output.print_json(files, reports)
    raise typer.Exit(0 if all(report.ok for report in reports) else 1)


def _source(name: str) -> str | IO[bytes]:
    return typer.get_binary_stream("stdin") if name == "-" else name


def _ids(name: str) -> frozenset[str]:
    """The ids of the rows of a product feed that Stripe would take."""
    rows = feeds.scan(_source(name))
    return frozenset(row.id for row in rows if isinstance(row, feeds.ProductRow))


def _codes(text: str, option: str) -> list[str]:
    codes = [code.strip() for code in text.split(",") if code.strip()]
    for code in codes:
        if code not in feeds.CODES:
            raise typer.BadParameter(f"there is no code {code!r}", param_hint=option)
    return codes


def _checked(
    name: str, refused: Callable[..., object] | None, options: dict[str, Any]
) -> feeds.FeedReport:
    """Check one file, with a progress bar if someone is watching."""
    console = Console(stderr=True)
    columns = (TextColumn(name), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    # No thread refreshes the bar, for a process with threads must not fork workers.
    hidden, drawn = not console.is_terminal, -1
    with Progress(
        *columns, console=console, transient=True, auto_refresh=False, disable=hidden
    ) as bar:
        task = bar.add_task("", total=None)

        def show(at: feeds.Progress) -> None:
            nonlocal drawn
            # By the percent, or by the megabyte where the end is not known.
            step = at.bytes_read * 100 // (at.bytes_total or 100_000_000)
            total = at.bytes_total
            bar.update(task, completed=at.bytes_read, total=total, refresh=step != drawn)
            drawn = step

        return feeds.check(_source(name), refused=refused, progress=show, **options)


for command in (_remote.publish, _remote.status, _remote.errors, sandbox, purchase, trigger):
    app.command()(command)
app.add_typer(agreements, name="agreements")
