"""The hooks chapter of the demo: a real HTTP server, signed hooks, and what comes back."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import attrs
import httpx
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agentic_commerce import testing
from examples.local_server import listening, serving
from examples.platform_hooks import FEE_PERCENT, make_endpoint

__all__ = ["hooks_chapter"]

SECRET: Final = "whsec_demo"  # a made-up secret of a made-up endpoint
DEADLINE: Final = 1.0  # seconds; the default is 3.5, here the demo shall not take long
SLOW: Final = DEADLINE + 0.4  # seconds

Body = dict[str, Any]


# ------------------------------------------------------------------------------------- the platform


class Shelf:
    """The example platform's stock. It counts how often it is asked, and one product is slow."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, sku: str) -> int:
        self.asked += 1
        if sku == "SKU-SLOW":
            time.sleep(SLOW)
        return 0 if sku == "SKU-SOLD-OUT" else 25


class Outcomes(logging.Handler):
    """Collects the word with which the endpoint logs the end of each request."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.late = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        word = str(record.__dict__.get("outcome", record.levelname))
        if word == "late":  # a second line on a request that was answered before
            self.late.set()
        else:
            self.words.append(word)


# ---------------------------------------------------------------------------------- the chapter


@attrs.frozen
class Call:
    """One request of the chapter, and what must come back."""

    title: str
    payload: Body
    status: int
    outcome: str
    expected: Callable[[Body], bool]
    secret: str = SECRET


@attrs.frozen
class Reply:
    """What came back, and after how many milliseconds."""

    status: int
    body: Body
    outcome: str
    milliseconds: float


def hooks_chapter(console: Console) -> Iterator[str]:
    """Send every kind of hook to the example platform; yield what was not as expected."""
    shelf = Shelf()
    endpoint = make_endpoint(SECRET, shelf, deadline=DEADLINE)
    with (
        listening("agentic_commerce.hooks", Outcomes()) as outcomes,
        serving(endpoint.wsgi) as url,
        # No proxy from the environment: the calls stay on this machine.
        httpx.Client(base_url=url, trust_env=False, timeout=10) as client,
    ):
        console.print(
            f"\n[bold]Every kind of hook[/bold]: signed requests to {url}/hooks, over HTTP"
        )
        console.print(
            f"Amounts are in cents. The deadline is {DEADLINE:.1f} s here, to keep the demo short; "
            "the default is 3.5 s\n(Stripe waits 4 s).\n"
        )
        replies = [_send(client, outcomes, call) for call in CALLS]
        console.print(_table(replies, console.width))
        console.print("\nThe first reply in full:\n")
        console.print(Text(_pretty(replies[0].body, console.width)))
        yield from _unexpected(replies)
        yield from _afterwards(console, client, outcomes)
        console.print(f"The shelf was asked {shelf.asked} times: not for the repeated order.\n")
        if shelf.asked != SHELF_IS_ASKED:
            yield f"the shelf was asked {shelf.asked} times"


def _send(client: httpx.Client, outcomes: Outcomes, call: Call) -> Reply:
    body = json.dumps(call.payload).encode()
    headers = {"Stripe-Signature": testing.sign(body, call.secret)}
    begun = time.perf_counter()
    response = client.post("/hooks", content=body, headers=headers)
    milliseconds = (time.perf_counter() - begun) * 1000
    return Reply(response.status_code, response.json(), outcomes.words[-1], milliseconds)


def _table(replies: list[Reply], console_width: int) -> Table:
    table = Table(width=console_width, show_lines=True)
    table.add_column("request", width=27)
    table.add_column("reply", ratio=1)
    table.add_column("status", width=13)
    table.add_column("ms", justify="right", width=6)
    for call, reply in zip(CALLS, replies, strict=True):
        kind = call.payload["type"].rpartition(".")[2]
        table.add_row(
            f"[bold]{kind}[/bold]\n{call.title}",
            Text("\n".join(_in_words(reply.body))),
            f"[bold]{reply.status}[/bold]\n{reply.outcome}",
            f"{reply.milliseconds:.1f}",
        )
    return table


def _in_words(body: Body) -> Iterator[str]:
    """What a reply says, one fact a line."""
    for option in body.get("shipping_options", ()):
        data = option["shipping_rate_data"]
        low, high = data["delivery_estimate"]["minimum"], data["delivery_estimate"]["maximum"]
        price = data["fixed_amount"]
        when = f"{low['value']}-{high['value']} {high['unit']}s"
        yield f"ship: {data['display_name']} {price['amount']} {price['currency']}, {when}"
    for line in body.get("line_items", ()):
        rates = [rate["rate_data"] for rate in line["tax_rates"]]
        for rate in rates:
            yield f"tax:  {line['id']}, {rate['display_name']} {rate['percentage']} %"
    if decision := body.get("manual_approval_details"):
        reason = decision.get("declined", {}).get("reason")
        yield decision["type"] + (f": {reason}" if reason else "")
    if fee := body.get("application_fee_details"):
        yield f"fee:  {fee['application_fee_amount']}"
    if offer := body.get("availability"):
        yield f"{body['sku_id']}: {offer['status']}, {offer['quantity']} left"
        yield f"price: {body['price']['unit_amount']} {body['price']['currency']}"
    if body.get("deleted"):
        yield f"{body['sku_id']}: deleted"
    if error := body.get("error"):
        yield f"{error['code']}: {error['message']}"


def _pretty(value: Any, width: int, depth: int = 0, label: str = "") -> str:
    """JSON on as few lines as fit, deeper by two spaces for each level."""
    start = "  " * depth + label
    line = start + json.dumps(value)
    if len(line) < width or not isinstance(value, (dict, list)):
        return line
    if isinstance(value, list):
        parts = [_pretty(item, width, depth + 1) for item in value]
    else:
        parts = [_pretty(item, width, depth + 1, f'"{key}": ') for key, item in value.items()]
    opening, closing = "[]" if isinstance(value, list) else "{}"
    return f"{start}{opening}\n" + ",\n".join(parts) + f"\n{'  ' * depth}{closing}"


def _unexpected(replies: list[Reply]) -> Iterator[str]:
    for call, reply in zip(CALLS, replies, strict=True):
        seen = (reply.status, reply.outcome)
        if seen != (call.status, call.outcome) or not call.expected(reply.body):
            yield f"{call.title}: {reply}"


def _afterwards(console: Console, client: httpx.Client, outcomes: Outcomes) -> Iterator[str]:
    """What the table cannot show: a GET, and the handler that came too late."""
    status = client.get("/hooks").status_code
    console.print(f"\nA GET: status {status}.")
    if status != httpx.codes.METHOD_NOT_ALLOWED:
        yield f"the GET: {status}"
    if outcomes.late.wait(timeout=SLOW + 5):
        console.print("The slow handler ended after its reply had left: its approval was dropped.")
    else:
        yield "the slow handler's late answer was not logged"


# ------------------------------------------------------------------------------------ the requests


def _customize(state: str, **data: Any) -> Body:
    shipping = {"address": {"state": state}}
    return testing.customize_checkout(data={"shipping_details": shipping, **data})


def _finalize(session: str, sku: str) -> Body:
    line = testing.line_item(sku_id=sku, name="Trail jacket")
    return testing.finalize_checkout(
        data={"checkout_session": session, "line_item_details": [line]}
    )


def _shipping_and_tax(percentage: float | None) -> Callable[[Body], bool]:
    def check(body: Body) -> bool:
        amounts = [
            option["shipping_rate_data"]["fixed_amount"] for option in body["shipping_options"]
        ]
        rates = [
            rate["rate_data"]["percentage"]
            for line in body.get("line_items", [])
            for rate in line["tax_rates"]
        ]
        return amounts == [
            {"amount": 500, "currency": "usd"},
            {"amount": 1500, "currency": "usd"},
        ] and rates == ([] if percentage is None else [percentage])

    return check


def _approved(body: Body) -> bool:
    return body == {
        "manual_approval_details": {"type": "approved"},
        "application_fee_details": {"application_fee_amount": 100},
    }


def _declined(body: Body) -> bool:
    details = body["manual_approval_details"]
    return details["type"] == "declined" and bool(details["declined"]["reason"])


def _refused(code: str) -> Callable[[Body], bool]:
    return lambda body: body["error"]["code"] == code


CALLS: Final = (
    Call("buyer in California", _customize("CA"), 200, "handled", _shipping_and_tax(7.25)),
    Call("buyer in New York", _customize("NY"), 200, "handled", _shipping_and_tax(4)),
    Call(
        "Stripe Tax computes",
        _customize("CA", automatic_tax={"enabled": True}),
        200,
        "handled",
        _shipping_and_tax(None),
    ),
    Call(
        f"in stock: approved, with a fee of {FEE_PERCENT} % of 4000",
        _finalize("cs_test_1", "SKU-1"),
        200,
        "handled",
        _approved,
    ),
    Call(
        "out of stock: declined", _finalize("cs_test_2", "SKU-SOLD-OUT"), 200, "handled", _declined
    ),
    Call(
        f"slow handler ({SLOW:.1f} s): declined at the deadline",
        _finalize("cs_test_3", "SKU-SLOW"),
        200,
        "deadline",
        _declined,
    ),
    Call(
        "the same order again: from the replay store",
        _finalize("cs_test_1", "SKU-1"),
        200,
        "replayed",
        _approved,
    ),
    Call(
        "price and stock now",
        testing.product_price_availability(),
        200,
        "handled",
        lambda body: body["price"] == {"unit_amount": 2000, "currency": "usd"},
    ),
    Call(
        "a product that is gone",
        testing.product_price_availability(data={"sku_id": "SKU-404"}),
        200,
        "handled",
        lambda body: body["deleted"] is True,
    ),
    Call(
        "a hook that does not exist",
        {**testing.customize_checkout(), "type": "v1.delegated_checkout.new_hook"},
        400,
        "unsupported",
        _refused("unsupported"),
    ),
    Call(
        "signed with another secret",
        _finalize("cs_test_4", "SKU-1"),
        400,
        "bad_signature",
        _refused("bad_signature"),
        secret="whsec_other",  # noqa: S106 - made up as well
    ),
)

# The approved order, the one out of stock, the slow one, and one question about price and stock.
SHELF_IS_ASKED: Final = 4
