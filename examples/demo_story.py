"""The whole story over real HTTP: a feed, an Agreement, three purchases, an order."""

from __future__ import annotations

import csv
import logging
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from textwrap import wrap
from typing import Final

import attrs
from rich.console import Console

from agentic_commerce import Client, client, events, feeds, orders, testing
from agentic_commerce.testing.sandbox import Clock, PurchaseResult, Sandbox
from examples.local_server import listening, serving
from examples.story_platform import ACCOUNT, Heard, Platform

__all__ = ["story_chapter"]

LIMIT: Final = 4.0  # seconds that Stripe waits for a hook
INDEXING: Final = 0.6  # seconds; at Stripe it takes minutes

_PATIENCE: Final = 5.0  # seconds until an event that does not arrive is a failure
_CELLS: Final = testing.product_cells

CART: Final = {"MUG-1": 2, "JACKET-1": 1}
HOME: Final = {"country": "US", "state": "CA", "postal_code": "94016"}

SALE: Final = {"sale_price": "99.00 USD", "sale_price_effective_date": "2026-01-01/2099-12-31"}
CATALOG: Final = (
    _CELLS(1, id="JACKET-1", title="Trail jacket", price="120.00 USD") | SALE,
    _CELLS(2, id="MUG-1", title="Enamel mug", price="15.00 USD"),
    _CELLS(3, id="LAMP-1", title="Camping lamp", price="29.00 USD"),
    _CELLS(4, id="STOVE-1", title="Camping stove", price="$49.00"),
    _CELLS(5, id="TENT-1", title="Tent", availability="in stock"),
    _CELLS(6, id="ROPE-1", title="Rope", shipping="US:ALL:Standard:5.00 USD"),
)
REFUSED: Final = {"STOVE-1": 5, "TENT-1": 6, "ROPE-1": 7}  # the rows of the file


@attrs.frozen
class Stage:
    """Everybody in the story, and the paper it is written on."""

    console: Console
    sandbox: Sandbox
    platform: Platform
    client: Client
    url: str

    def title(self, text: str) -> None:
        self.console.print(f"\n[bold]{text}[/bold]")

    def tell(self, text: str) -> None:
        _tell(self.console, text)

    def hear(self) -> Heard:
        """Return the next event that reaches the platform. Raises: queue.Empty."""
        return self.platform.heard.get(timeout=_PATIENCE)


def _tell(console: Console, text: str) -> None:
    for line in wrap(text, console.width - 2, subsequent_indent="    "):
        console.print(f"  {line}", markup=False)


class _Log(logging.Handler):
    """Tells what the platform's endpoint logs."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__()
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        facts = record.__dict__
        name, outcome = facts["hook_type"].rpartition(".")[2], facts["outcome"]
        self._tell(f"the platform: {name} {outcome} in {facts['milliseconds']:.1f} ms")


def story_chapter(console: Console) -> Iterator[str]:
    """Play the story; yield what was not as expected."""
    sandbox = Sandbox(clock=Clock(real=True), index_seconds=INDEXING)

    platform = Platform(sandbox.hook_secret, sandbox.event_secret, slow=LIMIT + 5)
    with (
        listening("agentic_commerce.hooks", _Log(partial(_tell, console))),
        sandbox.serve() as stripe,
        serving(platform) as url,
        Client(
            sandbox.api_key, account=ACCOUNT, api_url=stripe.url, files_url=stripe.url
        ) as seller,
    ):
        console.print(f"A sandbox stands for Stripe at {stripe.url}, the platform is at {url}.")
        sandbox.listen(f"{url}/events", payload="thin")
        sandbox.listen(f"{url}/orders", payload="snapshot", types=["checkout.session.completed"])
        stage = Stage(console, sandbox, platform, seller, url)
        for part in (_catalog, _agreement, _sale, _decline, _silence):
            yield from part(stage)
    platform.close()


# ------------------------------------------------------------------------------------- the catalog


def _catalog(stage: Stage) -> Iterator[str]:
    stage.title("1. The platform publishes a seller's catalog")
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "catalog.csv"
        _write(path)
        stage.tell(f"catalog.csv has {len(CATALOG)} products, and is sent unchecked")
        result = stage.client.publish(
            path, api="v2", check=False, poll_interval=0.2, progress=_Shown(stage)
        )
    stage.tell(f"{result.accepted} rows accepted, {result.refused} refused:")
    for error in result.errors:
        stage.tell(f"row {error.source_row}, {error.id}: {error.message}")
    for _ in range(2):
        _tell_event(stage)
    refused = {error.id: error.source_row for error in result.errors}
    if refused != REFUSED or result.accepted != len(CATALOG) - len(REFUSED):
        yield f"the rows {REFUSED} are refused, not {refused}"


def _write(path: Path) -> None:
    names = dict.fromkeys(name for cells in CATALOG for name in cells)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*names])
        writer.writeheader()
        writer.writerows(CATALOG)


class _Shown:
    """Tells each status of an import once."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._last: object = None

    def __call__(self, progress: client.PublishProgress) -> None:
        status = getattr(progress.state, "status", None)
        if status not in (None, self._last):
            self._stage.tell(f"import: {status}")
            self._last = status


def _tell_event(stage: Stage) -> Heard:
    event = stage.hear()
    stage.tell(f"signed event at the platform: {_name(event)}")
    return event


def _name(event: Heard) -> str:
    return ".".join(event.type.split(".")[-2:])


# ----------------------------------------------------------------------------------- the Agreement


def _agreement(stage: Stage) -> Iterator[str]:
    stage.title("2. The seller and an agent form an Agreement")
    asked = stage.client.agreements.create(stage.sandbox.agent.profile)
    stage.tell(f"the seller asks {stage.sandbox.agent.name}: {asked.id}")
    _tell_event(stage)
    stage.client.agreements.confirm(asked.id)
    _tell_event(stage)
    stage.tell("the agent confirms as well")
    stage.sandbox.agent.confirm(asked.id)
    last = _tell_event(stage)
    agreement = stage.client.agreements.retrieve(asked.id)
    stage.tell(f"the Agreement is {agreement.status}")
    if not isinstance(last, events.AgreementConfirmed):
        yield f"the last event is {_name(last)}"


# --------------------------------------------------------------------------------- three purchases


def _sale(stage: Stage) -> Iterator[str]:
    stage.title("3. An agent buys two mugs and a jacket for somebody in California")
    _tell_quote(stage)
    result = stage.sandbox.purchase(
        items=CART.items(),
        account=ACCOUNT,
        address=HOME,
        endpoint=f"{stage.url}/hooks",
        shipping_service="Express",
    )
    _tell_outcome(stage, result)
    if not result.completed or result.totals is None:
        yield f"the first purchase: {result}"
        return
    stage.tell(f"the platform keeps {_money(result.totals.application_fee_amount or 0)}")
    event = stage.hear()
    stage.tell(f"signed event at the platform: {event.type}; it fetches the order:")
    if not isinstance(event, orders.CheckoutSessionCompleted):
        yield f"the event is {event.type}"
        return
    order = stage.client.orders.retrieve(event)
    for line in _receipt(order):
        stage.tell(line)
    if order.amount_total != result.totals.amount_total or order.discrepancies:
        yield f"the order does not add up: {order.discrepancies}"


def _decline(stage: Stage) -> Iterator[str]:
    stage.title("4. It wants a lamp, which the feed has and the warehouse has not")
    result = _buy_lamp(stage, "/hooks")
    if result.code != "order_declined":
        yield f"the second purchase: {result}"


def _silence(stage: Stage) -> Iterator[str]:
    stage.title(
        f"5. It tries once more, and the platform is silent; Stripe waits {LIMIT:g} seconds"
    )
    result = _buy_lamp(stage, "/hooks/slow")
    if result.code != "hook_timeout":
        yield f"the third purchase: {result}"


def _buy_lamp(stage: Stage, path: str) -> PurchaseResult:
    result = stage.sandbox.purchase(
        "LAMP-1",
        account=ACCOUNT,
        address=HOME,
        endpoint=f"{stage.url}{path}",
        hook_timeout=LIMIT,
    )
    _tell_outcome(stage, result)
    return result


def _tell_quote(stage: Stage) -> None:
    """What the agent knows before anybody is asked: the feed alone says it."""
    catalog = stage.sandbox.world(ACCOUNT).catalog
    rows = [(catalog.get(sku), quantity) for sku, quantity in CART.items()]
    quote = feeds.quote(
        [(row, quantity) for row, quantity in rows if row is not None], HOME, now=datetime.now(UTC)
    )
    for line in quote.lines:
        price, why = _money(line.unit_amount), line.price_reason.message
        stage.tell(f"the feed says: {line.quantity} x {line.id} at {price}, {why}")
    for way in quote.shipping:
        stage.tell(f"the feed says: {way.service} shipping {_money(way.amount)}")


def _tell_outcome(stage: Stage, result: PurchaseResult) -> None:
    for call in result.calls:
        name, said = call.type.rpartition(".")[2], call.status or "no reply"
        stage.tell(f"Stripe's side: {name} {call.outcome}, {said}, after {call.seconds:.3f} s")
    reason = f" ({result.code}): {result.reason}" if result.code else ""
    stage.tell(f"the purchase is {result.status}{reason}")


def _receipt(order: orders.Order) -> Iterator[str]:
    yield f"+{'-' * 50}"
    for line in order.lines:
        yield f"| {line.quantity} x {line.name:<30}{line.subtotal:>14}"
    yield f"| {'shipping':<34}{order.shipping:>14}"
    taxed = f"tax ({order.lines[0].taxes[0].percentage:f} %)"
    yield f"| {taxed:<34}{order.tax:>14}"
    yield f"| {f'total {order.currency.upper()}':<34}{order.total:>14}"
    card, agent = order.card, order.agent
    if card is not None and agent is not None:
        yield f"| {order.payment_status} by {card.brand} {card.last4}, through {agent.name}"
    yield f"+{'-' * 50}"


def _money(amount: int) -> Decimal:
    return Decimal(amount).scaleb(-2)
