"""``trigger``: what it sends is what our own readers take."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import attrs
import pytest
from typer.testing import CliRunner, Result

from agentic_commerce import events, hooks, orders
from agentic_commerce.cli._app import app
from agentic_commerce.cli._trigger import KINDS
from examples.local_server import serving

SECRET = "whsec_of_the_test"


@attrs.define
class Receiver:
    """A server of any language: it keeps what it gets, and answers as it is told."""

    status: str = "200 OK"
    reply: bytes = b'{"fine": true}'
    url: str = ""
    body: bytes = b""
    header: str = ""

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        self.body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        self.header = environ["HTTP_STRIPE_SIGNATURE"]
        start(self.status, [("Content-Type", "application/json")])
        return [self.reply]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    with serving(made) as made.url:
        yield made


def run(*arguments: str) -> Result:
    return CliRunner(env={"THE_SECRET": SECRET}).invoke(app, ["trigger", *arguments])


def send(receiver: Receiver, kind: str, *more: str) -> Result:
    return run(kind, "--url", receiver.url, "--secret-env", "THE_SECRET", *more)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_signed_and_can_be_read(kind: str, receiver: Receiver) -> None:
    result = send(receiver, kind, "--account", "acct_7")
    assert result.exit_code == 0, result.output
    found: Any
    if kind.startswith(("agreement.", "catalog_import.")):
        found = events.parse_signed_event(receiver.body, receiver.header, SECRET)
        assert type(found) is not events.UnknownEvent
        assert found.type.endswith(f".{kind.partition('.')[2]}")
        assert found.context == "acct_7"
    elif "." in kind:
        found = orders.parse_signed_order_event(receiver.body, receiver.header, SECRET)
        assert (found.type, found.account) == (kind, "acct_7")
    else:
        hooks.verify_signature(receiver.body, receiver.header, SECRET)
        found = hooks.parse_request(receiver.body)
        assert found.context == "acct_7"
    assert result.stdout.startswith(f"{kind} {found.id}: 200, ")
    assert ('"fine"' in result.stdout) is (kind in KINDS[-3:])
    assert SECRET not in result.output


def test_each_time_it_is_another_event(receiver: Receiver) -> None:
    ids = set()
    for _ in range(2):
        send(receiver, "agreement.confirmed")
        ids.add(json.loads(receiver.body)["id"])
    assert len(ids) == 2


def test_the_body_can_be_printed_and_need_not_be_sent() -> None:
    result = run("agreement.confirmed", "--print")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["type"].endswith("agreement.confirmed")


def test_a_refusal_is_shown_with_its_words(receiver: Receiver) -> None:
    receiver.status, receiver.reply = "400 Bad Request", b"no \x1b[31msuch event\n"
    result = send(receiver, "agreement.confirmed")
    assert result.exit_code == 1
    assert ": 400, " in result.stderr
    assert result.stdout == "no ?[31msuch event\n\n"


def test_nobody_there_is_no_success() -> None:
    result = run("agreement.confirmed", "--url", "http://localhost:1", "--secret-env", "THE_SECRET")
    assert result.exit_code == 1
    assert "ConnectError" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["agreement.lost", "--print"], "choose one of", id="no such kind"),
        pytest.param(["agreement.created"], "give a URL", id="nothing to do"),
        pytest.param(["agreement.created", "--url", "http://h"], "signed", id="no secret"),
        pytest.param(
            ["agreement.created", "--url", "http://h", "--secret-env", "NOT_SET"],
            "not set",
            id="an empty variable",
        ),
        pytest.param(
            ["agreement.created", "--url", "h:80", "--secret-env", "THE_SECRET"],
            "not a URL",
            id="no URL",
        ),
        pytest.param(
            ["agreement.created", "--url", "http://[::1", "--secret-env", "THE_SECRET"],
            "not a URL",
            id="half an address",
        ),
        pytest.param(
            ["agreement.created", "--url", "http://h:99999", "--secret-env", "THE_SECRET"],
            "not a URL",
            id="no port",
        ),
    ],
)
def test_a_wrong_option_is_status_2(arguments: list[str], said: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())
