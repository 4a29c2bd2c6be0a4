"""``agentic-commerce purchase``: an agent buys, and your server's hooks are called."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from agentic_commerce import testing
from agentic_commerce.cli._common import amount, check_private, post, secret_from
from agentic_commerce.errors import FeedError

if TYPE_CHECKING:
    from agentic_commerce.testing.sandbox import Attempt, Sandbox

__all__ = ["purchase"]

ACCOUNT: Final = "acct_test_1"
_KEY: Final = "STRIPE_API_KEY"
_WIDTH: Final = 64
_WAIT: Final = 300.0  # seconds for a whole purchase in another process

Json = dict[str, Any]


def purchase(  # noqa: PLR0913, PLR0917 - one parameter, one option
    sku: Annotated[list[str], typer.Option(help="A product's id, or ID:QUANTITY; repeat it.")],
    to: Annotated[str, typer.Option(help="Where to, as in US:CA:94016.")],
    feed: Annotated[
        str, typer.Option(help="The product feed that has the product; a sample without it.")
    ] = "",
    sandbox: Annotated[
        str, typer.Option(help="A running sandbox's URL, to buy there; its key is STRIPE_API_KEY.")
    ] = "",
    quantity: Annotated[int, typer.Option(min=1, help="How many of each.")] = 1,
    endpoint: Annotated[
        str, typer.Option(help="Your hooks, as in http://127.0.0.1:4242/hooks; none without it.")
    ] = "",
    secret_env: Annotated[
        str, typer.Option(help="The environment variable that holds the hooks' signing secret.")
    ] = "",
    account: Annotated[str, typer.Option(help="The connected account that sells.")] = ACCOUNT,
    service: Annotated[str, typer.Option(help="How to ship; the cheapest way if none.")] = "",
    hooks: Annotated[
        str,
        typer.Option(
            help="Which hooks are on, comma between: order_approvals, custom_tax_rates, "
            "custom_shipping_options (these three by default), pricing_and_availability."
        ),
    ] = "",
    retries: Annotated[int, typer.Option(min=0, help="How often the agent tries again.")] = 0,
    limit: Annotated[float, typer.Option(min=0.1, help="Seconds until a hook is late.")] = 4.0,
    tax: Annotated[str, typer.Option(help="Stripe Tax is on, with so many per cent.")] = "",
    events: Annotated[str, typer.Option(help="Where events go.")] = "",
    event_secret_env: Annotated[
        str, typer.Option(help="The environment variable that holds the events' signing secret.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Let an agent buy, and call your hooks as Stripe would: signed, timed, and checked.

    The exit status is 0 if the order was completed, 1 if it was declined or failed, 2 if an option
    is wrong.
    """
    if feed and sandbox:
        raise typer.BadParameter("a running sandbox has its own products", param_hint="--feed")
    items = [_item(text, quantity) for text in sku]
    wanted = {
        "items": items,
        "account": account,
        "address": to,
        "endpoint": endpoint or None,
        "shipping_service": service or None,
        "retries": retries,
        "hook_timeout": limit,
        **({"toggles": [name.strip() for name in hooks.split(",")]} if hooks else {}),
        **({"automatic_tax": True, "tax_percentage": _percentage(tax)} if tax else {}),
    }
    attempts: tuple[Attempt, ...] = ()
    if sandbox:
        if secret_env or events or event_secret_env:
            message = "a running sandbox has its own secrets, and sends its own events"
            raise typer.BadParameter(message, param_hint="--sandbox")
        result = _bought_there(sandbox, wanted)
    else:
        box = _sandbox(endpoint, secret_env, events, event_secret_env)
        _stock(box, feed, account, [identifier for identifier, _ in items])
        result = _bought(box, wanted)
        attempts = box.attempts
    for line in [json.dumps(result, indent=2)] if as_json else _lines(result, attempts):
        typer.echo(line)
    raise typer.Exit(0 if result["status"] == "completed" else 1)


def _bought(box: Sandbox, wanted: Json) -> Json:
    from agentic_commerce.testing.sandbox import told  # noqa: PLC0415 - loads every room

    try:
        return told(box.purchase(**wanted))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _bought_there(url: str, wanted: Json) -> Json:
    """Buy in a sandbox that another process serves."""
    check_private(url, "--sandbox")
    if "tax_percentage" in wanted:
        wanted["tax_percentage"] = str(wanted["tax_percentage"])
    headers = {
        "Authorization": f"Bearer {secret_from(_KEY, '--sandbox')}",
        "Content-Type": "application/json",
    }
    body = json.dumps(wanted).encode()
    answer = post(f"{url.rstrip('/')}/sandbox/purchases", body, headers, _WAIT)
    if answer.status is None:
        raise typer.BadParameter(f"{url}: {answer.problem}", param_hint="--sandbox")
    try:
        found: Json = json.loads(answer.body)
        problem = None if answer.ok and "status" in found else found["error"]["message"]
    except (ValueError, LookupError, TypeError):
        problem = f"{url} is no sandbox"
    if problem is not None:
        raise typer.BadParameter(problem, param_hint="--sandbox")
    return found


def _sandbox(endpoint: str, secret_env: str, events: str, event_secret_env: str) -> Sandbox:
    if bool(endpoint) != bool(secret_env):
        raise typer.BadParameter("an endpoint needs --secret-env, and that an endpoint")
    if bool(events) != bool(event_secret_env):
        raise typer.BadParameter("--events needs --event-secret-env, and that --events")
    hook = secret_from(secret_env, "--secret-env") if endpoint else None
    event = secret_from(event_secret_env, "--event-secret-env") if events else None
    from agentic_commerce.testing.sandbox import Clock  # noqa: PLC0415 - loads every room

    box = testing.Sandbox(clock=Clock(real=True), hook_secret=hook, event_secret=event)
    if events:
        box.listen(events)
    return box


def _percentage(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise typer.BadParameter("a number of per cent", param_hint="--tax") from None


def _item(text: str, quantity: int) -> tuple[str, int]:
    sku, colon, count = text.rpartition(":")
    return (sku, int(count)) if colon and count.isascii() and count.isdigit() else (text, quantity)


def _stock(box: Sandbox, feed: str, account: str, wanted: list[str]) -> None:
    try:
        if not feed:
            box.stock(
                *[testing.product_row(id=identifier) for identifier in wanted], account=account
            )
            typer.echo("no feed: sold are samples at 20.00 USD each, shipped in the US", err=True)
            return
        report = box.load_feed(feed, account=account)
    except OSError as error:
        typer.echo(f"{error.filename}: {error.strerror}", err=True)
        raise typer.Exit(2) from None
    except (FeedError, ValueError) as error:
        raise typer.BadParameter(str(error)) from None
    if not report.ok:
        typer.echo(f"{feed}: {report}", err=True)


# ------------------------------------------------------------------------------------- what is said


def _lines(result: Json, attempts: tuple[Attempt, ...]) -> Iterator[str]:
    for call in result["calls"]:
        yield from _call(call)
    for attempt in attempts:
        said = attempt.error or attempt.status
        yield f"{attempt.type}: {said}" + ("" if attempt.ok else ", would be tried again")
    status, code = result["status"], result["code"]
    yield f"{status}: {result['reason']} [{code}]" if code else status
    if result["order"]:
        yield from _receipt(result["order"])
    if result["totals"]:
        yield from _totals(result["totals"], is_paid=bool(result["order"]))


def _totals(totals: Json, *, is_paid: bool) -> Iterator[str]:
    currency, fee = totals["currency"], totals["application_fee_amount"]
    if not is_paid:
        label = f"not charged: total {currency.upper()}"
        yield _row(label, amount(totals["amount_total"], currency))
    if fee is not None:
        yield _row("your fee", amount(fee, currency))


def _call(call: Json) -> Iterator[str]:
    name, said = call["type"].rpartition(".")[2], call["status"] or "no reply"
    yield f"{name}, attempt {call['attempt']}: {call['outcome']}, {said}, {call['seconds']:.3f} s"
    if call["detail"] and not call["issues"]:
        yield f"    {call['detail']}"
    for issue in call["issues"]:
        yield f"    {issue['path']}: {issue['message']}"
        if issue["hint"]:
            yield f"      {issue['hint']}"
    for note in call["notes"]:
        yield f"    note: {note}"


def _receipt(order: Json) -> Iterator[str]:
    """An order on paper: no name and no street, for it may end up in a log."""
    currency = order["currency"]
    yield ""
    for line in order["lines"]:
        label = f"{line['quantity']} x {line['name']} ({line['sku']})"
        yield _row(label, amount(line["amount_subtotal"], currency))
    extras = {
        "discount": -(order["amount_discount"] or 0),
        "shipping": order["amount_shipping"],
        "tax": order["amount_tax"],
    }
    for label, value in extras.items():
        if value:
            yield _row(label, amount(value, currency))
    yield _row(f"total {currency.upper()}", amount(order["amount_total"], currency))
    yield f"  {order['session']}, {order['payment_status']}"


def _row(label: str, value: str) -> str:
    return f"  {label[: _WIDTH - 14]:<{_WIDTH - 12}}{value:>12}"
