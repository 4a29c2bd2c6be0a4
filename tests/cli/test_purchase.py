"""``purchase``: an agent buys from a feed, and a real server's hooks are called."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from typer.testing import CliRunner, Result

from agentic_commerce import feeds, hooks, testing
from agentic_commerce.cli._app import app
from examples.local_server import serving

SECRET = "whsec_of_the_test"


@attrs.define
class Platform:
    """A platform whose decision a test can change."""

    decision: hooks.FinalizeCheckoutResponse = attrs.field(
        factory=lambda: hooks.FinalizeCheckoutResponse.approve(application_fee_amount=100)
    )
    url: str = ""
    heard: list[str] = attrs.field(factory=list)

    def customize(self, request: hooks.CustomizeCheckoutRequest) -> hooks.CustomizeCheckoutResponse:
        rate = hooks.TaxRate.by_data("Sales tax", 10)
        taxes = [hooks.LineItemTaxes(line.id, [rate]) for line in request.data.line_item_details]
        return hooks.CustomizeCheckoutResponse(line_items=taxes)

    def finalize(self, request: hooks.FinalizeCheckoutRequest) -> hooks.FinalizeCheckoutResponse:
        return self.decision

    def __call__(self, environ: dict[str, Any], start: Any) -> Any:
        if environ["PATH_INFO"].startswith("/broken"):
            start("200 OK", [])
            return [b'{"manual_approval_details": {"type": "declined"}, "shipping_options": []}']
        if environ["PATH_INFO"] == "/events":
            self.heard.append(environ["HTTP_STRIPE_SIGNATURE"])
            start("204 No Content", [])
            return []
        dispatch = hooks.Dispatcher(
            customize_checkout=self.customize, finalize_checkout=self.finalize
        )
        return hooks.HookEndpoint(dispatch, SECRET).wsgi(environ, start)


@pytest.fixture
def platform(caplog: pytest.LogCaptureFixture) -> Iterator[Platform]:
    caplog.set_level(logging.CRITICAL)
    made = Platform()
    with serving(made) as made.url:
        yield made


@pytest.fixture
def catalog(tmp_path: Path) -> str:
    path = tmp_path / "catalog.csv"
    feeds.write(path, [testing.product_row(1), testing.product_row(2, inventory_quantity="1")])
    return str(path)


def run(catalog: str, *arguments: str, sku: str = "SKU-1", to: str = "US:CA:94016") -> Result:
    command = ["purchase", "--feed", catalog, "--sku", sku, "--to", to, *arguments]
    return CliRunner(env={"THE_SECRET": SECRET}).invoke(app, command)


def hooked(platform: Platform, path: str = "/hooks") -> list[str]:
    return ["--endpoint", platform.url + path, "--secret-env", "THE_SECRET"]


def test_a_completed_order_shows_calls_events_and_receipt(platform: Platform, catalog: str) -> None:
    events = ["--events", f"{platform.url}/events", "--event-secret-env", "THE_SECRET"]
    result = run(catalog, *hooked(platform), *events, "--quantity", "2", "--sku", "SKU-2:1")
    assert result.exit_code == 0, result.output
    shown = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert shown[0].startswith("customize_checkout, attempt 1: answered, 200, ")
    assert shown[1].startswith("finalize_checkout, attempt 1: answered, 200, ")
    assert shown[2:-1] == [
        "checkout.session.completed: 204",
        "payment_intent.succeeded: 204",
        "completed",
        "",
        "2 x Product 1 (SKU-1) 40.00",
        "1 x Product 2 (SKU-2) 20.00",
        "shipping 5.00",
        "tax 6.00",
        "total USD 71.00",
        shown[-2],
    ]
    assert shown[-2].endswith(", paid")
    assert shown[-1] == "your fee 1.00"
    assert len(platform.heard) == 2
    assert SECRET not in result.output


def test_a_declined_order_is_status_1_with_the_reason(platform: Platform, catalog: str) -> None:
    platform.decision = hooks.FinalizeCheckoutResponse.decline("Not today.")
    result = run(catalog, *hooked(platform))
    assert result.exit_code == 1
    *_, outcome, total = result.stdout.splitlines()
    assert outcome == "declined: Not today. [order_declined]"
    assert total.split() == ["not", "charged:", "total", "USD", "27.00"]


def test_what_is_wrong_with_a_reply_is_said(platform: Platform, catalog: str) -> None:
    broken = hooked(platform, "/broken")
    result = run(catalog, *broken, "--hooks", "order_approvals", "--retries", "1")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0].startswith("finalize_checkout, attempt 1: refused, 200, ")
    assert "    $.manual_approval_details.declined: a decline needs a reason" in lines
    assert "finalize_checkout, attempt 2: refused, 200, " in result.stdout


def test_a_failing_server_and_a_note_are_shown(platform: Platform, catalog: str) -> None:
    result = run(catalog, *hooked(platform, "/broken"), "--hooks", "custom_tax_rates")
    assert result.exit_code == 0
    assert "    note: " in result.stdout
    nobody = ["--endpoint", "http://127.0.0.1:1/", "--secret-env", "THE_SECRET"]
    result = run(catalog, *nobody)
    assert result.exit_code == 1
    assert "unreachable, no reply" in result.stdout
    assert "    nothing answered: " in result.stdout


def test_json_and_the_options_of_a_checkout(catalog: str) -> None:
    result = run(catalog, "--tax", "10", "--service", "Express", "--json")
    whole = json.loads(result.stdout)
    assert (result.exit_code, whole["status"], whole["calls"]) == (0, "completed", [])
    assert whole["totals"]["amount_total"] == 2000 + 200 + 1500
    assert whole["order"]["session"].startswith("cs_test_")
    failed = json.loads(run(catalog, "--json", sku="SKU-9").stdout)
    assert (failed["code"], failed["totals"], failed["order"]) == ("unknown_sku", None, None)


def test_json_holds_the_calls(platform: Platform, catalog: str) -> None:
    whole = json.loads(run(catalog, *hooked(platform), "--json").stdout)
    assert [(call["status"], call["issues"]) for call in whole["calls"]] == [(200, [])] * 2


def test_an_event_that_is_not_taken_is_said(catalog: str) -> None:
    events = ["--events", "http://127.0.0.1:1/", "--event-secret-env", "THE_SECRET"]
    result = run(catalog, *events)
    assert result.exit_code == 0
    assert "checkout.session.completed: ConnectError, would be tried again" in result.stdout


def test_rows_that_stripe_would_refuse_are_told(tmp_path: Path) -> None:
    path = tmp_path / "catalog.csv"
    bad = testing.product_cells(3, price="$15")
    path.write_text("\n".join([",".join(bad), ",".join(f'"{cell}"' for cell in bad.values())]))
    result = run(str(path), sku="SKU-3")
    assert result.exit_code == 1
    assert "1 rows: 0 valid, 1 refused" in result.stderr
    assert "unknown_sku" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["--endpoint", "http://127.0.0.1:1/"], "needs --secret-env", id="unsigned"),
        pytest.param(["--events", "http://h/"], "needs --event-secret-env", id="unsigned events"),
        pytest.param(
            ["--endpoint", "http://127.0.0.1:1/", "--secret-env", "NOT_SET"], "not set", id="unset"
        ),
        pytest.param(
            ["--endpoint", "http://shop.example/", "--secret-env", "THE_SECRET"],
            "this machine only",
            id="another machine",
        ),
        pytest.param(["--tax", "a lot"], "number of per cent", id="tax"),
        pytest.param(["--to", "US:CA:94016:x"], "", id="an address with too many parts"),
        pytest.param(["--sku", "SKU-1:0"], "quantity of 1 or more", id="none of it"),
    ],
)
def test_a_wrong_option_is_status_2(catalog: str, arguments: list[str], said: str) -> None:
    result = run(catalog, *arguments)
    assert result.exit_code == 2, result.output
    assert said in " ".join(result.stderr.replace("│", " ").split())


def test_a_feed_that_is_not_there_is_status_2(tmp_path: Path) -> None:
    result = run(str(tmp_path / "nothing.csv"))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "No such file" in result.stderr


# ------------------------------------------------------------------------- in a running sandbox


def run_without_feed(platform: Platform, sku: str, to: str = "US:CA:94016") -> Result:
    command = ["purchase", "--sku", sku, "--to", to, *hooked(platform)]
    return CliRunner(env={"THE_SECRET": SECRET}).invoke(app, command)


def test_without_a_feed_a_sample_of_that_id_is_bought(platform: Platform) -> None:
    result = run_without_feed(platform, "MUG-7:2")
    assert result.exit_code == 0, result.output
    assert "2 x Product 1 (MUG-7)" in result.stdout
    assert "49.00" in result.stdout  # 2 x 20.00, 4.00 tax, 5.00 Standard
    assert "sold are samples at 20.00 USD" in result.stderr


def test_an_id_that_no_feed_could_have_is_status_2(platform: Platform) -> None:
    result = run_without_feed(platform, "A,B")
    assert result.exit_code == 2
    assert "an id holds no comma" in " ".join(result.stderr.split())


def test_what_is_no_account_is_status_2(catalog: str) -> None:
    result = run(catalog, "--account", "shop")
    assert result.exit_code == 2
    assert "an account is a text such as acct_1" in " ".join(result.stderr.split())


@pytest.fixture
def sandbox() -> Iterator[tuple[testing.Sandbox, str]]:
    box = testing.Sandbox(hook_secret=SECRET)
    box.stock(testing.product_row(1), account="acct_test_1")
    with box.serve() as server:
        yield box, server.url


def run_there(url: str, *arguments: str, key: str = "") -> Result:
    command = ["purchase", "--sandbox", url, "--sku", "SKU-1", "--to", "US:CA:94016", *arguments]
    return CliRunner(env={"STRIPE_API_KEY": key, "THE_SECRET": SECRET}).invoke(app, command)


def test_an_agent_buys_in_a_running_sandbox(
    sandbox: tuple[testing.Sandbox, str], platform: Platform
) -> None:
    box, url = sandbox
    endpoint = ["--endpoint", f"{platform.url}/hooks"]
    result = run_there(url, *endpoint, "--service", "Express", key=box.api_key)
    assert result.exit_code == 0, result.output
    assert "finalize_checkout, attempt 1: answered, 200" in result.stdout
    assert "37.00" in result.stdout  # 20.00, 2.00 tax, 15.00 Express
    assert len(box.purchases) == 1
    assert box.api_key not in result.output
    taxed = run_there(url, "--tax", "8.5", "--json", key=box.api_key)
    assert json.loads(taxed.stdout)["totals"]["amount_tax"] == 170


def test_what_a_running_sandbox_refuses_is_status_2(
    sandbox: tuple[testing.Sandbox, str], platform: Platform
) -> None:
    box, url = sandbox
    for result, said in [
        (run_there(url, key="sk_test_other"), "Invalid API Key"),
        (run_there(url), "'STRIPE_API_KEY' is not set"),
        (run_there(url, "--quantity", "2", "--feed", "x.csv", key=box.api_key), "its own products"),
        (run_there(url, "--secret-env", "THE_SECRET", key=box.api_key), "its own secrets"),
        (run_there("http://sandbox.example", key=box.api_key), "http on this machine"),
        (run_there("http://127.0.0.1:1", key=box.api_key), "ConnectError"),
        (run_there(f"{platform.url}/broken", key=box.api_key), "is no sandbox"),
    ]:
        assert result.exit_code == 2, result.output
        assert said in " ".join(result.stderr.split())
