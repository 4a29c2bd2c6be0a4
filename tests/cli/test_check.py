"""The command as a person runs it: what it prints, and its exit status."""

from __future__ import annotations

import contextlib
import csv
import errno
import io
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from agentic_commerce import cli, feeds
from agentic_commerce.cli import _output
from agentic_commerce.cli._app import app
from agentic_commerce.errors import Issue
from tests.feeds import samples

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

BAD = samples.PRODUCT_ROW | {"id": "B", "price": "$15", "title": "LAMP"}


@pytest.fixture
def good(tmp_path: Path) -> str:
    path = tmp_path / "good.csv"
    path.write_bytes(samples.csv_bytes(samples.PRODUCT_ROW))
    return str(path)


@pytest.fixture
def bad(tmp_path: Path) -> str:
    path = tmp_path / "bad.csv"
    path.write_bytes(samples.csv_bytes(samples.PRODUCT_ROW, BAD))
    return str(path)


def run(*arguments: str, data: bytes | None = None) -> Result:
    return CliRunner().invoke(app, ["check", *arguments], input=data)


def test_a_good_file_is_one_line_and_status_0(good: str) -> None:
    result = run(good)
    assert result.exit_code == 0
    assert result.stdout == f"{good}: 1 rows: 1 valid, 0 refused (0 errors, 0 warnings)\n"


def test_findings_are_grouped_by_row_with_a_caret_under_the_fault(bad: str) -> None:
    result = run(bad)
    assert result.exit_code == 1
    assert result.stdout == (
        f"{bad}: row 3  B\n"
        "  error price: not a price: a number, a space and an upper-case currency code"
        " [price_format]\n"
        "      $15\n"
        "      ^^^\n"
        "      $ may be many currencies; write the code, as in '15.00 USD'\n"
        "  warning title: A title should not be all in capitals. [title_caps]\n"
        "      LAMP\n"
        f"{bad}: 2 rows: 1 valid, 1 refused (1 errors, 1 warnings)\n"
    )


def test_several_files_and_standard_input(good: str, bad: str) -> None:
    result = run(good, "-", data=samples.csv_bytes(BAD))
    assert result.exit_code == 1
    assert "-: row 2  B" in result.stdout
    assert run(good, good).exit_code == 0


def test_json_holds_the_whole_report(bad: str) -> None:
    result = run(bad, "--format", "json")
    whole = json.loads(result.stdout)
    assert (result.exit_code, whole["ok"]) == (1, False)
    (report,) = whole["files"]
    assert (report["file"], report["rows"], report["valid_rows"]) == (bad, 2, 1)
    assert report["counts"] == {"price_format": 1, "title_caps": 1}
    assert report["issues"][0]["span"] == [0, 3]


def test_csv_is_stripes_own_error_report(bad: str) -> None:
    result = run(bad, "--format", "csv")
    header, row = csv.reader(io.StringIO(result.stdout, newline=""))
    assert header == ["stripe_error_message", *BAD]
    assert row[1:] == [*BAD.values()]
    assert row[0].startswith("row 3: price: not a price")
    assert "capitals" not in row[0]
    assert result.exit_code == 1


def test_faults_of_the_file_are_not_silent_beside_the_csv_report(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_bytes(b"id,id,price\nA,A,1.00 USD\n")
    result = run(str(path), "--feed", "pricing", "--format", "csv")
    assert (result.exit_code, result.stdout.split()) == (1, ["stripe_error_message,id,id,price"])
    assert f"{path}: id: the column is repeated" in result.stderr


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_what_a_terminal_cannot_show_is_escaped(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "prices.csv"
    path.write_bytes("id,price\n\N{HIRAGANA LETTER A},1\n".encode())
    program = "from agentic_commerce.cli import main; main()"
    command = [sys.executable, "-c", program, "check", str(path), "--feed", "pricing"]
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    result = subprocess.run(command, capture_output=True, check=False, env=environment)  # noqa: S603
    assert (result.returncode, result.stderr) == (1, b"")
    assert rb"row 2  \u3042" in result.stdout


def test_findings_are_printed_into_any_text_file() -> None:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        _output.print_text("f", feeds.check(b"id,price\n", feeds.PRICING))
    assert out.getvalue() == "f: 0 rows: 0 valid, 0 refused (0 errors, 0 warnings)\n"


def test_the_caret_stands_under_the_fault_behind_wide_letters() -> None:
    issue = Issue("choice", "m", column="c", row=2, value="\N{HIRAGANA LETTER A}bc", span=(1, 2))
    *_, caret = _output.finding(issue)
    assert caret.plain == " " * 6 + "  ^"


def test_csv_is_the_report_on_one_file(good: str, bad: str) -> None:
    assert run(good, bad, "--format", "csv").exit_code == 2


def test_other_feeds_codes_and_caps(tmp_path: Path, bad: str) -> None:
    prices = tmp_path / "prices.csv"
    prices.write_bytes(b"id,price\nSKU-1,1.00 USD\nC,1.00 USD\n")
    assert run(str(prices), "--feed", "pricing").exit_code == 0
    against = run(str(prices), "--feed", "pricing", "--catalog", bad)
    assert against.exit_code == 1
    assert "unknown_id" in against.stdout
    assert run(bad, "--ignore", "price_format").exit_code == 0
    selected = run(bad, "--select", "title_caps, duplicate_id")
    assert "price_format" not in selected.stdout
    assert "... and 2 more findings" in run(bad, "--max-issues", "0").stdout


def test_a_missing_column_is_said_once(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_bytes(b"id\nA\nB\n")
    result = run(str(path), "--feed", "pricing")
    assert result.stdout == (
        f"{path}: header\n"
        "  error price: the required column price is missing [missing_column]\n"
        f"{path}: 2 rows: 0 valid, 2 refused (3 errors, 0 warnings)\n"
    )


def test_a_row_in_a_file_of_deletions_that_deletes_nothing_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "gone.csv"
    path.write_bytes(b"id,delete\nA,true\nB,\n")
    result = run(str(path))
    assert result.exit_code == 1
    assert f"{path}: row 3  B\n" in result.stdout
    assert "error title: title is required, and the file has no such column" in result.stdout


def test_a_problem_of_the_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.write_bytes(b"")
    assert f"{path}: the file\n  error the file has no header [empty_file]" in run(str(path)).stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.csv"], "none.csv: No such file"),
        (["-", "--catalog", "none.csv"], "none.csv: No such file"),
        (["-", "--select", "pirce_format"], "pirce_format"),
        (["-", "--feed", "orders"], "orders"),
    ],
)
def test_what_cannot_be_done_is_said_with_status_2(arguments: list[str], message: str) -> None:
    result = run(*arguments, data=b"")
    assert result.exit_code == 2
    assert message in result.output


@pytest.mark.parametrize(
    ("value", "span", "lines"),
    [
        ("a\nb\tc", (2, 3), ["a\\nb\\tc", "   ^"]),
        ("x" * 100 + "FAULT" + "y" * 100, (100, 105), None),
        ("short", None, ["short"]),
    ],
)
def test_cells_are_shown_on_one_line(
    value: str, span: tuple[int, int] | None, lines: list[str] | None
) -> None:
    issue = Issue("choice", "m", column="c", row=2, value=value, span=span)
    shown = [line.plain.removeprefix(" " * 6) for line in _output.finding(issue)][1:]
    if lines is not None:
        assert shown == lines
        return
    cell, caret = shown
    assert cell.startswith("...x")
    assert cell.endswith("y...")
    assert cell[caret.index("^") : caret.rindex("^") + 1] == "FAULT"


def test_a_reader_that_has_read_enough_is_no_error(
    monkeypatch: pytest.MonkeyPatch, good: str
) -> None:
    def closed(*_: object) -> None:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    monkeypatch.setattr(_output, "print_text", closed)
    assert (run(good).exit_code, run(good).output) == (1, "")


def test_the_progress_bar_is_for_those_who_watch(bad: str) -> None:
    assert run(bad).stderr == ""


def test_the_command_itself(good: str) -> None:
    program = "from agentic_commerce.cli import main; main()"
    command = [sys.executable, "-c", program, "check", good]
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert (result.returncode, result.stderr) == (0, "")


def test_main_runs_the_application(monkeypatch: pytest.MonkeyPatch, good: str) -> None:
    monkeypatch.setattr(sys, "argv", ["agentic-commerce", "check", good])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code == 0


def test_without_its_extra_the_command_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cli, "NEEDS", ("typer", "no_such_package"))
    with pytest.raises(SystemExit, match=r"needs no_such_package: pip install 'agentic-commerce"):
        cli.main()
