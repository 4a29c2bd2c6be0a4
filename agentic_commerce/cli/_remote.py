"""The commands that call Stripe about feeds: publish, status, errors."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from agentic_commerce import feeds
from agentic_commerce.cli import _output, _results
from agentic_commerce.cli._account import Account, ApiUrl, AsJson, connected
from agentic_commerce.cli._choices import Api, FeedName, Format, Mode
from agentic_commerce.errors import FeedError, ImportFailedError, WaitTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from agentic_commerce.client import Client, PublishProgress

__all__ = ["errors", "publish", "status"]

ImportId = Annotated[str, typer.Argument(metavar="ID", help="impset_... (v1) or pcimprt_... (v2)")]
FeedOption = Annotated[FeedName, typer.Option("--feed", help="Which feed the file is.")]


def publish(  # noqa: PLR0913, PLR0917 - each is one choice of the caller's
    file: Annotated[str, typer.Argument(help="A CSV or TSV file; - is standard input.")],
    feed: FeedOption = FeedName.PRODUCT,
    account: Account = None,
    api: Annotated[Api, typer.Option(help="Import sets (v1) or catalog imports (v2).")] = Api.V1,
    drop_bad_rows: Annotated[
        bool, typer.Option("--drop-bad-rows", help="Send the good rows; report the others.")
    ] = False,
    check: Annotated[bool, typer.Option(help="Check the file before it is sent.")] = True,
    mode: Annotated[
        Mode, typer.Option(help="replace deletes products that the file lacks (v2).")
    ] = Mode.UPSERT,
    data_format: Annotated[
        str, typer.Option(help="standard_data_format, for feeds of which v1 documents none.")
    ] = "",
    run: Annotated[
        str, typer.Option(help="Any text; another one imports the same contents anew.")
    ] = "",
    wait: Annotated[bool, typer.Option(help="Wait until the import is finished.")] = True,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to wait.")] = 3600,
    max_errors: Annotated[int, typer.Option(min=0, help="How many bad rows to list.")] = 1000,
    json: AsJson = False,
    api_url: ApiUrl = "",
) -> None:
    """Check a feed, upload it, wait for its import, and print what Stripe refused.

    The key is read from STRIPE_API_KEY. The exit status is 0 if every row was taken (or sent, with
    --no-wait), 1 if a row was refused or dropped or an import failed, 2 for a wrong option, a file
    that cannot be read, or an error of the API.
    """
    source: Any = typer.get_binary_stream("stdin") if file == "-" else file
    options: dict[str, Any] = {
        "api": api.value,
        "on_bad_rows": "drop" if drop_bad_rows else "refuse",
        "check": check,
        "mode": mode.value,
        "standard_data_format": data_format or None,
        "run": run,
        "wait": wait,
        "timeout": timeout,
        "max_errors": max_errors,
    }
    with connected(account, api_url) as client, _shown_progress(file) as progress:
        try:
            result = client.publish(source, feeds.FEEDS[feed], progress=progress, **options)
        except FeedError as error:
            _results.print_refused_feed(file, error.report, as_json=json)
            raise typer.Exit(1) from None
        except (ImportFailedError, WaitTimeoutError) as error:
            if error.result is not None:
                _results.print_result(file, error.result, as_json=json)
            raise
    _results.print_result(file, result, as_json=json)
    is_sent = not wait and not result.dropped
    raise typer.Exit(0 if result.ok or is_sent else 1)


def status(
    id: ImportId,  # noqa: A002 - Stripe's word
    account: Account = None,
    json: AsJson = False,
    api_url: ApiUrl = "",
) -> None:
    """Look at an import. The status is 0 unless it has failed or rows were refused."""
    with connected(account, api_url) as client:
        state = _imports(client, id).retrieve(id)
    _results.print_state(state, as_json=json)
    raise typer.Exit(1 if state.status in ("failed", "succeeded_with_errors") else 0)


def errors(
    id: ImportId,  # noqa: A002 - Stripe's word
    source: Annotated[
        str, typer.Option(help="The file that was sent: tells its rows, and our own findings.")
    ] = "",
    feed: FeedOption = FeedName.PRODUCT,
    format: Annotated[  # noqa: A002 - the option's name
        Format, typer.Option(help="csv is the report as Stripe has it.")
    ] = Format.TEXT,
    account: Account = None,
    api_url: ApiUrl = "",
) -> None:
    """Print the rows that Stripe refused. The status is 0 if there are none, 1 if there are."""
    with connected(account, api_url) as client:
        options: dict[str, Any] = {"source": source or None, "feed": feeds.FEEDS[feed]}
        found = _imports(client, id).errors(id, **options)
        count = _results.print_errors(found, format)
    raise typer.Exit(1 if count else 0)


def _imports(client: Client, id: str) -> Any:  # noqa: A002 - Stripe's word
    """The group of calls that an id belongs to."""
    if id.startswith("impset_"):
        return client.import_sets
    if id.startswith("pcimprt_"):
        return client.catalog_imports
    raise typer.BadParameter("an import's id begins with impset_ or pcimprt_", param_hint="ID")


@contextmanager
def _shown_progress(name: str) -> Iterator[Callable[[PublishProgress], None]]:
    """Show a bar if someone is watching.

    The ids of imports are always told, for they are needed if this is interrupted.
    """
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn())
    known: set[str] = set()
    with Progress(
        *columns,
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task(_output.visible(name), total=None)

        def show(told: PublishProgress) -> None:
            part = f" {told.part}/{told.parts}" if told.parts > 1 else ""
            done = told.bytes_done if told.bytes_done is not None else told.rows_done
            total = told.bytes_total if told.bytes_done is not None else told.rows_total
            words = f"{_output.visible(name)}: {told.stage}{part}"
            bar.update(task, description=words, completed=done or 0, total=total)
            if told.state is not None and told.state.id not in known:
                known.add(told.state.id)
                console.print(f"import {_output.visible(told.state.id)}")  # above the bar

        yield show
