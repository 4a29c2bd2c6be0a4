"""What the commands that call Stripe print, for people and for programs."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import attrs
import typer
from rich.text import Text

from agentic_commerce.cli import _output
from agentic_commerce.cli._choices import Format

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agentic_commerce.client import Agreement, PublishResult, RowError
    from agentic_commerce.feeds import FeedReport

__all__ = [
    "print_agreement",
    "print_errors",
    "print_refused_feed",
    "print_result",
    "print_state",
]


def print_refused_feed(name: str, report: FeedReport, *, as_json: bool) -> None:
    """Print why nothing was sent."""
    if as_json:
        report_json = {"file": name, **attrs.asdict(report), "ok": report.ok}
        typer.echo(json.dumps({"ok": False, "imports": [], "check": report_json}, indent=2))
        return
    _output.print_text(name, report)
    _output.console().print(Text(f"{name}: nothing was sent", "bold red"))


def print_result(name: str, result: PublishResult, *, as_json: bool) -> None:
    """Print what came of a publication."""
    if as_json:
        typer.echo(json.dumps(_result_json(result), indent=2))
        return
    console = _output.console()
    for error in result.errors:
        _print_error(console, error)
    if result.is_cut:
        console.print(Text("... and more: agentic-commerce errors ID lists them all", "dim"))
    for one in result.imports:
        again = " (begun by an earlier run: --run imports it anew)" if one.replayed else ""
        console.print(_output.visible(f"{one.id}: {one.state.status}{again}"))
    for note in result.discrepancies:
        console.print(Text(_output.visible(note), "yellow"))
    console.print(Text(f"{name}: {_counts(result)}", "green" if result.ok else "bold"))


def _counts(result: PublishResult) -> str:
    known = {
        "accepted": result.accepted,
        "refused": result.refused,
        "dropped": result.dropped,
    }
    told = ", ".join(f"{count} {word}" for word, count in known.items() if count is not None)
    rows = "rows" if result.rows is None else f"{result.rows} rows"
    return f"{rows}: {told}" + ("" if result.is_finished else "; not finished")


def _result_json(result: PublishResult) -> dict[str, Any]:
    names = ("id", "part", "parts", "bytes", "replayed", "file", "accepted", "refused")
    imports = [
        {name: getattr(one, name) for name in names} | {"status": one.state.status}
        for one in result.imports
    ]
    told = ("ok", "is_finished", "rows", "accepted", "refused", "dropped", "is_cut")
    return {
        **{name: getattr(result, name) for name in told},
        "imports": imports,
        "discrepancies": result.discrepancies,
        "errors": [attrs.asdict(error) for error in result.errors],
    }


def _print_error(console: Any, error: RowError) -> None:
    where = f"row {error.source_row}  " if error.source_row is not None else ""
    whose = "not sent: " if error.is_dropped else ""
    text = _output.visible(f"{where}{error.id or ''}: {whose}{error.message}")
    console.print(Text(text, "bold"))
    for issue in error.issues:
        for line in _output.finding(issue):
            console.print(line)


def print_errors(found: Iterable[RowError], format: Format) -> int:  # noqa: A002
    """Print rows as they come; how many."""
    count = 0
    if format is Format.JSON:
        # Nothing is printed before the report is there: half of a list is no JSON.
        for count, error in enumerate(found, 1):
            typer.echo("," if count > 1 else "[")
            typer.echo(json.dumps(attrs.asdict(error)), nl=False)
        typer.echo("\n]" if count else "[]")
        return count
    if format is Format.CSV:
        writer = csv.writer(_output.Utf8(typer.get_binary_stream("stdout")))
        for count, error in enumerate(found, 1):
            if count == 1:
                writer.writerow(["stripe_error_message", *error.row])
            writer.writerow([error.message, *error.cells])
        return count
    console = _output.console()
    for count, error in enumerate(found, 1):  # noqa: B007 - the last is what is returned
        _print_error(console, error)
    return count


def print_state(state: Any, *, as_json: bool) -> None:
    """Print an import as it is now."""
    accepted, refused = _state_counts(state)
    if as_json:
        told = {"id": state.id, "status": state.status, "is_finished": state.is_terminal}
        typer.echo(json.dumps({**told, "accepted": accepted, "refused": refused}, indent=2))
        return
    counts = "" if accepted is None else f": {accepted} accepted, {refused or 0} refused"
    typer.echo(_output.visible(f"{state.id} {state.status}{counts}"))


def _state_counts(state: Any) -> tuple[int | None, int | None]:
    if not hasattr(state, "result"):
        return state.success_count, state.error_count
    if state.result is None:
        return None, None
    return state.result.successes.row_count, state.result.errors.row_count


def print_agreement(agreement: Agreement, *, as_json: bool) -> None:
    """Print an Agreement: on one line, or as Stripe has it."""
    if as_json:
        typer.echo(json.dumps(agreement.raw))
        return
    seller = agreement.seller_details.network_business_profile
    agent = agreement.orchestrator_details.network_business_profile
    since = agreement.created.isoformat()
    words = f"{agreement.id}  {agreement.status}  seller {seller}  agent {agent}  since {since}"
    typer.echo(_output.visible(words))
