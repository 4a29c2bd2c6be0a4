"""The commands that call Stripe, as a person runs them, against a server on this machine."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import typer
from typer.testing import CliRunner

from agentic_commerce.cli._account import connected
from agentic_commerce.cli._app import app
from tests.client.stripe import Stripe, served
from tests.client.test_publish import BAD, FEED, no_b

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from typer.testing import Result

KEY = "sk_test_123"


@pytest.fixture
def stripe() -> Iterator[Stripe]:
    stripe = Stripe(refuse=no_b, pending=0)
    with served(stripe):
        yield stripe


@pytest.fixture
def feed(tmp_path: Path) -> str:
    path = tmp_path / "stock.csv"
    path.write_bytes(FEED)
    return str(path)


def run(stripe: Stripe, *arguments: str, key: str | None = KEY, data: bytes = b"") -> Result:
    environment = {"STRIPE_API_KEY": key, "STRIPE_API_URL": stripe.url, "COLUMNS": "200"}
    account = [] if arguments[-1] == "--help" else ["--account", "acct_1"]
    return CliRunner().invoke(app, [*arguments, *account], input=data, env=environment)


def publish(stripe: Stripe, feed: str, *more: str, **options: Any) -> Result:
    return run(stripe, "publish", feed, "--feed", "inventory", *more, **options)


@pytest.mark.parametrize("api", ["v1", "v2"])
def test_publish_prints_what_was_refused(stripe: Stripe, feed: str, api: str) -> None:
    result = publish(stripe, feed, "--api", api)
    assert result.exit_code == 1
    begun = "impset_0" if api == "v1" else "pcimprt_0"
    assert result.stdout == (
        "row 3  B: not this one\n"
        f"{begun}: succeeded_with_errors\n"
        f"{feed}: 4 rows: 3 accepted, 1 refused, 0 dropped\n"
    )
    assert result.stderr == f"import {begun}\n"
    again = publish(stripe, feed, "--api", api)
    assert "(begun by an earlier run: --run imports it anew)" in again.stdout
    anew = publish(stripe, feed, "--api", api, "--run", "2")
    assert begun not in anew.stdout


def test_status_0_means_that_all_was_taken(stripe: Stripe, feed: str) -> None:
    stripe.refuse = lambda row: None
    result = publish(stripe, feed)
    assert result.exit_code == 0
    assert result.stdout.endswith("4 rows: 4 accepted, 0 refused, 0 dropped\n")


def test_standard_input_is_published_without_its_bad_rows(stripe: Stripe) -> None:
    result = publish(stripe, "-", "--drop-bad-rows", data=BAD)
    assert result.exit_code == 1
    assert "row 3  X: not sent: availability: " in result.stdout
    assert "error availability" in result.stdout
    assert result.stdout.endswith("-: 5 rows: 2 accepted, 1 refused, 2 dropped\n")
    assert b"X," not in stripe.files["file_0"]


def test_a_bad_file_is_explained_and_not_sent(stripe: Stripe, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(BAD)
    result = publish(stripe, str(path))
    assert (result.exit_code, stripe.calls) == (1, [])
    assert "row 3  X" in result.stdout
    assert result.stdout.endswith(f"{path}: nothing was sent\n")
    told = json.loads(publish(stripe, str(path), "--json").stdout)
    assert (told["ok"], told["check"]["valid_rows"]) == (False, 3)


def test_json_holds_the_whole_result(stripe: Stripe, feed: str) -> None:
    told = json.loads(publish(stripe, feed, "--json").stdout)
    assert (told["rows"], told["accepted"], told["refused"], told["ok"]) == (4, 3, 1, False)
    assert told["imports"][0]["status"] == "succeeded_with_errors"
    assert told["errors"][0]["source_row"] == 3


def test_counts_that_do_not_fit_and_more_errors_are_told(stripe: Stripe, tmp_path: Path) -> None:
    stripe.tune = lambda shown: shown.update(result=None)
    stripe.refuse = lambda row: None
    path = tmp_path / "bad.csv"
    path.write_bytes(FEED + b"X,?,1\r\n" * 2)
    result = publish(stripe, str(path), "--drop-bad-rows", "--max-errors", "1")
    assert "... and more: agentic-commerce errors ID lists them all" in result.stdout
    assert "Stripe does not say how many rows it took" in result.stdout


def test_what_is_sent_can_be_followed_later(stripe: Stripe, feed: str) -> None:
    stripe.pending = 1
    sent = publish(stripe, feed, "--no-wait")
    assert (sent.exit_code, sent.stdout.splitlines()[-1]) == (
        0,
        f"{feed}: 4 rows: 0 dropped; not finished",
    )
    pending = run(stripe, "status", "impset_0")
    assert (pending.exit_code, pending.stdout) == (0, "impset_0 pending\n")
    done = run(stripe, "status", "impset_0")
    assert done.exit_code == 1
    assert done.stdout == "impset_0 succeeded_with_errors: 3 accepted, 1 refused\n"
    told = json.loads(run(stripe, "status", "impset_0", "--json").stdout)
    assert told == {
        "id": "impset_0",
        "status": "succeeded_with_errors",
        "is_finished": True,
        "accepted": 3,
        "refused": 1,
    }


def test_the_status_of_a_catalog_import(stripe: Stripe, feed: str) -> None:
    stripe.refuse = lambda row: None
    publish(stripe, feed, "--api", "v2")
    result = run(stripe, "status", "pcimprt_0")
    assert (result.exit_code, result.stdout) == (
        0,
        "pcimprt_0 succeeded: 4 accepted, 0 refused\n",
    )


def test_errors_are_printed_in_three_forms(stripe: Stripe, feed: str) -> None:
    stripe.refuse = lambda row: "no" if row["id"] in "BC" else None
    publish(stripe, feed, "--no-wait")
    asked = ["errors", "impset_0", "--feed", "inventory"]
    text = run(stripe, *asked, "--source", feed)
    assert (text.exit_code, text.stdout) == (1, "row 3  B: no\nrow 4  C: no\n")
    found = json.loads(run(stripe, *asked, "--format", "json").stdout)
    assert [(error["id"], error["source_row"]) for error in found] == [("B", None), ("C", None)]
    table = run(stripe, *asked, "--format", "csv").stdout
    assert list(csv.reader(io.StringIO(table, newline=""))) == [
        ["stripe_error_message", "id", "availability", "inventory_quantity"],
        ["no", "B", "in_stock", "2"],
        ["no", "C", "in_stock", "3"],
    ]


@pytest.mark.parametrize(("form", "shown"), [("text", ""), ("json", "[]\n"), ("csv", "")])
def test_no_errors_are_status_0(stripe: Stripe, feed: str, form: str, shown: str) -> None:
    stripe.refuse = lambda row: None
    publish(stripe, feed, "--no-wait")
    result = run(stripe, "errors", "impset_0", "--format", form)
    assert (result.exit_code, result.stdout) == (0, shown)


@pytest.mark.parametrize(
    ("defect", "arguments", "message"),
    [
        ("no such file", ["publish", "nowhere.csv"], "nowhere.csv: No such file"),
        ("replace in v1", ["publish", "-", "--mode", "replace"], 'give api="v2"'),
        ("an id of nothing", ["status", "cus_1"], "begins with impset_ or pcimprt_"),
        ("an id that leaves its place", ["status", "impset_/../x"], "is not an id"),
        ("an import that is not there", ["errors", "impset_9", "--format", "json"], "HTTP 404"),
        ("the key in the clear", ["status", "impset_1", "--api-url", "http://a.example"], "https"),
        ("no address", ["status", "impset_1", "--api-url", "http://["], "https"),
        ("an option that is none", ["publish", "-", "--api", "v3"], "--api"),
    ],
)
def test_what_goes_wrong_is_told_without_traceback(
    stripe: Stripe, defect: str, arguments: list[str], message: str
) -> None:
    missing = httpx.Response(404, json={"error": {"message": "no such import"}})
    stripe.imports["impset_9"] = {"file": "file_9", "looks": -9}
    look = "GET /v1/data_management/import_sets/ID"
    stripe.faults[look] = [lambda response: missing] * 3
    result = run(stripe, *arguments)
    assert (result.exit_code, result.stdout) == (2, ""), defect
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_an_import_that_failed_is_status_1(stripe: Stripe, feed: str) -> None:
    stripe.tune = lambda shown: shown.update(status="failed", failed_reason="bad\x1b[2Jfile")
    result = publish(stripe, feed)
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == "import impset_0 failed: bad?[2Jfile"


def test_time_that_is_up_is_told_with_the_import(stripe: Stripe, feed: str) -> None:
    stripe.pending = 10**9
    result = publish(stripe, feed, "--timeout", "0")
    assert result.exit_code == 2
    told = "import impset_0 is pending after 0 s; wait again"
    assert result.stderr.splitlines()[-1] == told
    assert result.stdout.splitlines()[0] == "impset_0: pending"


@pytest.mark.parametrize(("pending", "status"), [(0, "failed"), (10**9, "pending")])
def test_an_unlucky_end_is_json_too(stripe: Stripe, feed: str, pending: int, status: str) -> None:
    stripe.pending = pending
    stripe.tune = lambda shown: shown.update(status=status)
    result = publish(stripe, feed, "--timeout", "0", "--json")
    told = json.loads(result.stdout)
    assert (told["ok"], told["imports"][0]["status"]) == (False, status)


def test_a_failure_before_the_file_was_sent_has_no_result(stripe: Stripe, feed: str) -> None:
    stripe.faults["PUT /presigned/ID"] = [lambda response: httpx.Response(403)]
    failed = {"status": "failed", "status_details": {"failed": {"code": "file_not_found"}}}
    look = "GET /v2/commerce/product_catalog/imports/ID"
    stripe.faults[look] = [lambda response: httpx.Response(200, json=response.json() | failed)]
    result = publish(stripe, feed, "--api", "v2", "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines()[-1] == "import pcimprt_0 failed: file_not_found"


def test_an_account_that_is_empty_is_not_the_platform(stripe: Stripe, feed: str) -> None:
    environment = {"STRIPE_API_KEY": KEY, "STRIPE_API_URL": stripe.url}
    arguments = ["publish", feed, "--feed", "inventory", "--account", ""]
    result = CliRunner().invoke(app, arguments, env=environment)
    assert (result.exit_code, stripe.calls) == (2, [])
    assert "account is an account id" in result.stderr


def test_a_fault_of_the_system_without_a_file_is_one_line(
    stripe: Stripe, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STRIPE_API_KEY", KEY)
    with pytest.raises(typer.Exit), connected(None, stripe.url):
        raise OSError(28, "No space left on device")
    assert capsys.readouterr().err == "No space left on device\n"


def test_the_key_comes_from_the_environment_and_is_never_shown(stripe: Stripe, feed: str) -> None:
    for key in (None, ""):
        result = publish(stripe, feed, key=key)
        assert result.exit_code == 2
        assert "set STRIPE_API_KEY" in result.stderr
    result = publish(stripe, feed, key="sk_test_ secret")
    assert result.exit_code == 2
    assert "secret" not in result.output
    assert stripe.calls == []


def test_without_another_address_the_key_goes_to_stripe_alone(stripe: Stripe) -> None:
    environment = {"STRIPE_API_KEY": KEY, "STRIPE_API_URL": ""}
    result = CliRunner().invoke(app, ["publish", "nowhere.csv"], env=environment)
    assert (result.exit_code, stripe.calls) == (2, [])


def test_a_reader_that_has_read_enough_is_no_error(
    stripe: Stripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRIPE_API_KEY", KEY)
    with pytest.raises(BrokenPipeError), connected(None, stripe.url):
        raise BrokenPipeError


# ------------------------------------------------------------------------------------ agreements

AGREEMENT = {
    "id": "orca_1",
    "object": "v2.orchestrated_commerce.agreement",
    "created": "2026-04-06T10:00:00.000Z",
    "initiated_by": "seller",
    "status": "initiated",
    "orchestrator_details": {"name": "Agent", "network_business_profile": "profile_agent"},
    "seller_details": {"network_business_profile": "profile_seller"},
    "status_transitions": {},
}


class Agreements(Stripe):
    """A Stripe that has one Agreement."""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(f"{request.method} {request.url.path}")
        if request.url.path.endswith("/agreements"):
            return httpx.Response(200, json={"data": [AGREEMENT], "next_page_url": None})
        return httpx.Response(200, json=AGREEMENT)


@pytest.fixture
def agreements() -> Iterator[Stripe]:
    with served(stripe := Agreements()):
        yield stripe


@pytest.mark.parametrize(
    ("arguments", "call"),
    [
        (["list"], "GET /v2/orchestrated_commerce/agreements"),
        (["show", "orca_1"], "GET /v2/orchestrated_commerce/agreements/orca_1"),
        (["confirm", "orca_1"], "POST /v2/orchestrated_commerce/agreements/orca_1/confirm"),
        (
            ["terminate", "orca_1", "--yes"],
            "POST /v2/orchestrated_commerce/agreements/orca_1/terminate",
        ),
    ],
)
def test_agreements(agreements: Stripe, arguments: list[str], call: str) -> None:
    result = run(agreements, "agreements", *arguments)
    assert (result.exit_code, agreements.calls) == (0, [call])
    assert result.stdout == (
        "orca_1  initiated  seller profile_seller  agent profile_agent"
        "  since 2026-04-06T10:00:00+00:00\n"
    )
    assert json.loads(run(agreements, "agreements", *arguments, "--json").stdout) == AGREEMENT


def test_an_agreement_is_not_ended_without_asking(agreements: Stripe) -> None:
    result = run(agreements, "agreements", "terminate", "orca_1", data=b"n\n")
    assert (result.exit_code, agreements.calls) == (1, [])
    result = run(agreements, "agreements", "terminate", "orca_1", data=b"y\n")
    assert (result.exit_code, len(agreements.calls)) == (0, 1)
