"""``agentic-commerce trigger``: a signed sample event or hook, to any server."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from secrets import token_hex
from typing import Annotated, Any, Final

import typer

from agentic_commerce import testing
from agentic_commerce.cli._common import Answer, post, secret_from

__all__ = ["KINDS", "trigger"]

_TIMEOUT: Final = 10.0  # seconds
_SHOWN: Final = 2000  # characters of an answer

Payload = dict[str, Any]

_EVENTS: Final = (
    *(
        f"agreement.{word}"
        for word in ("created", "partially_confirmed", "confirmed", "terminated")
    ),
    *(
        f"catalog_import.{word}"
        for word in ("processing", "succeeded", "succeeded_with_errors", "failed")
    ),
    "checkout.session.completed",
    "payment_intent.succeeded",
)
_HOOKS: Final = ("customize_checkout", "finalize_checkout", "product_price_availability")
KINDS: Final = (*_EVENTS, *_HOOKS)


def trigger(
    kind: Annotated[str, typer.Argument(help=f"One of {', '.join(KINDS)}.")],
    url: Annotated[str, typer.Option(help="Where to send it.")] = "",
    secret_env: Annotated[
        str, typer.Option(help="The environment variable that holds the signing secret.")
    ] = "",
    account: Annotated[str, typer.Option(help="The connected account that it is about.")] = "",
    show: Annotated[bool, typer.Option("--print", help="Print the body.")] = False,
) -> None:
    """Send a signed sample event, or a sample hook, to your own server.

    The exit status is 0 if the server took it, 1 if not, 2 if an option is wrong.
    """
    if kind not in KINDS:
        raise typer.BadParameter(f"choose one of {', '.join(KINDS)}", param_hint="KIND")
    if not url and not show:
        raise typer.BadParameter("give a URL, or --print", param_hint="--url")
    if url and not secret_env:
        message = "what is sent must be signed: name the variable that holds the secret"
        raise typer.BadParameter(message, param_hint="--secret-env")
    payload = _payload(kind, account)
    body = json.dumps(payload).encode()
    if show:
        typer.echo(json.dumps(payload, indent=2))
    if url:
        signature = testing.sign(body, secret_from(secret_env, "--secret-env"))
        headers = {"Content-Type": "application/json", "Stripe-Signature": signature}
        answer = post(url, body, headers, _TIMEOUT)
        _tell(f"{kind} {payload['id']}", answer, reply=kind in _HOOKS)
        raise typer.Exit(0 if answer.ok else 1)


def _sample(kind: str) -> Payload:
    room, _, word = kind.partition(".")
    if room == "agreement":
        return testing.agreement_event(word)
    if room == "catalog_import":
        return testing.catalog_import_event(word)
    if kind in _HOOKS:
        payload: Payload = getattr(testing, kind)()
        return payload
    return testing.order_event(kind)


def _payload(kind: str, account: str) -> Payload:
    """Make a sample with an id and a time of its own, so that it is not taken for a repetition."""
    payload, end = _sample(kind), token_hex(12)
    key = "context"
    if kind in _HOOKS:
        payload["id"] = f"dcpe_{end}"
    elif payload["object"] == "event":
        payload |= {"id": f"evt_test_{end}", "created": int(time.time())}
        key = "account"
    else:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        payload |= {"id": f"evt_test_{end}", "created": now}
    return payload | ({key: account} if account else {})


def _tell(what: str, answer: Answer, *, reply: bool) -> None:
    said = answer.problem or str(answer.status)
    typer.echo(f"{what}: {said}, {answer.seconds:.3f} s", err=not answer.ok)
    text = answer.body.decode("utf-8", "replace")[:_SHOWN]
    if text and (reply or not answer.ok):
        typer.echo("".join(c if c.isprintable() or c == "\n" else "?" for c in text))
