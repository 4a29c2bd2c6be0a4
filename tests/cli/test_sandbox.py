"""``sandbox``: what it prints, what it shows while it is used, and how it ends."""

from __future__ import annotations

import io
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from agentic_commerce import client, feeds, testing
from agentic_commerce.cli import _sandbox
from agentic_commerce.cli._app import app
from agentic_commerce.testing import Sandbox
from examples.local_server import serving


def once(*actions: Callable[[], object]) -> Callable[[float], bool]:
    """Stand for the waiting: act each time, and stop when there is nothing more to do."""
    left = iter(actions)

    def stopped(_seconds: float) -> bool:
        action = next(left, None)
        if action is not None:
            action()
        return action is None

    return stopped


def played(box: Sandbox, *actions: Callable[[], object], terminal: bool = False) -> str:
    file = io.StringIO()
    console = Console(file=file, force_terminal=terminal, width=100, highlight=False)
    _sandbox.run(box, 0, console, once(*actions))
    return file.getvalue()


def test_settings_are_lines_of_an_environment_file() -> None:
    box = Sandbox(seed=5)
    box.listen("http://127.0.0.1:9/events")
    shown = played(box)
    settings = dict(line.split("=") for line in shown.splitlines() if line.startswith("STRIPE_"))
    assert settings["STRIPE_API_KEY"] == box.api_key
    assert settings["STRIPE_HOOK_SECRET"] == box.hook_secret
    assert settings["STRIPE_EVENT_SECRET"] == box.event_secret
    assert settings["STRIPE_API_URL"].startswith("http://127.0.0.1:")
    assert "# Events (all) go to http://127.0.0.1:9/events" in shown
    assert shown.endswith("The sandbox has stopped.\n")


@pytest.mark.parametrize("terminal", [False, True], ids=["a pipe", "a terminal"])
def test_what_comes_is_shown_once(terminal: bool) -> None:
    box = Sandbox()
    box.listen(lambda body, headers: 500)
    box.stock(testing.product_row(1), account="acct_1")

    def late(body: bytes, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        box.clock.advance(5)
        return 200, {}, b""

    shown = played(
        box,
        lambda: box.agent.propose("acct_1"),
        lambda: box.purchase("SKU-1", account="acct_1", address="US:CA:94016", endpoint=late),
        lambda: box.purchase("SKU-9", account="acct_1", address="US:CA:94016", endpoint=None),
        lambda: box.transport().handle_request(httpx.Request("GET", "http://api/v1/nothing")),
        terminal=terminal,
    )
    assert shown.count("GET /v1/nothing: 401") == 1
    assert shown.count("agreement.created: 500") == 1
    assert shown.count("purchase failed (unknown_sku)") == 1
    assert shown.count("customize_checkout #1: timeout, no reply, 5.000 s") == 1
    assert ("What the sandbox holds" in shown) is terminal


def answered(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["sandbox", "--port", "0", *arguments])


@pytest.fixture
def interrupted() -> Iterator[None]:
    """Ctrl-C, as soon as somebody is prepared for it."""
    before = signal.getsignal(signal.SIGINT)

    def interrupt() -> None:
        while signal.getsignal(signal.SIGINT) is before:
            threading.Event().wait(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt, daemon=True)
    thread.start()
    yield
    thread.join()
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.usefixtures("interrupted")
def test_a_catalog_to_begin_with(tmp_path: Path) -> None:
    path = tmp_path / "catalog.csv"
    feeds.write(path, [testing.product_row(1)])
    targets = ("http://127.0.0.1:9/", "thin=http://127.0.0.1:9/t", "snapshot=http://127.0.0.1:9/s")
    events = [part for target in targets for part in ("--events", target)]
    events += ["--hooks", "http://127.0.0.1:9/hooks"]
    result = answered("--feed", f"acct_1={path}", *events)
    assert result.exit_code == 0, result.output
    assert f"acct_1: {path}: 1 rows: 1 valid" in result.stdout
    assert "# Hooks go to http://127.0.0.1:9/hooks\n" in result.stdout
    assert "# Events (thin) go to http://127.0.0.1:9/t\n" in result.stdout
    assert "# Events (snapshot) go to http://127.0.0.1:9/s\n" in result.stdout
    assert "The sandbox has stopped." in result.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["--feed", "catalog.csv"], "write acct_...=path", id="no account"),
        pytest.param(["--feed", "shop=catalog.csv"], "such as acct_1", id="no such account"),
        pytest.param(["--feed", "acct_1=nothing.csv"], "No such file", id="no file"),
    ],
)
def test_a_wrong_option_is_status_2(arguments: list[str], said: str) -> None:
    result = answered(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_taken_port_is_status_2() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        result = answered("--port", str(other.getsockname()[1]))
    assert result.exit_code == 2
    assert "choose another with --port" in result.stderr


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_sandbox, "NEEDS", ("a_server_that_is_not_there",))
    result = answered()
    assert result.exit_code == 2
    assert "pip install 'agentic-commerce[cli,sandbox]'" in result.stderr


def test_a_real_process_serves_delivers_and_stops_cleanly() -> None:
    heard: list[str] = []

    def platform(environ: dict[str, str], start: Callable[..., object]) -> list[bytes]:
        heard.append(environ["HTTP_STRIPE_SIGNATURE"])
        start("200 OK", [])
        return []

    program = "from agentic_commerce.cli import main; main()"
    with serving(platform) as url:
        command = [sys.executable, "-c", program, "sandbox", "--port", "0", "--events", url]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
            assert process.stdout is not None
            head = [process.stdout.readline() for _ in range(6)]
            settings = dict(line.strip().split("=") for line in head if line.startswith("STRIPE_"))
            key, base = settings["STRIPE_API_KEY"], settings["STRIPE_API_URL"]
            with client.Client(key, account="acct_1", api_url=base, files_url=base) as api:
                made = api.catalog_imports.create("product", "upsert", {})
                assert made.status == "awaiting_upload"
            assert process.stdout.readline() == (
                "POST /v2/commerce/product_catalog/imports for acct_1: 200\n"
            )
            process.send_signal(signal.SIGTERM)
            rest = process.stdout.read()
    assert (process.returncode, rest.splitlines()[-1]) == (0, "The sandbox has stopped.")
