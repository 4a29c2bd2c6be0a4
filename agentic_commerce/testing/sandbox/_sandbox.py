"""The sandbox itself: its worlds, its door, what it sends."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Unpack

from agentic_commerce.feeds import PRODUCT, Feed, FeedReport
from agentic_commerce.signature import sign
from agentic_commerce.testing.sandbox._agreements import Agent
from agentic_commerce.testing.sandbox._catalog import BlankCells, Catalog
from agentic_commerce.testing.sandbox._clock import Clock, Ids, rfc3339, unix
from agentic_commerce.testing.sandbox._delivery import (
    Attempt,
    Delivery,
    Destination,
    Payload,
    Receiver,
)
from agentic_commerce.testing.sandbox._desk import Desk
from agentic_commerce.testing.sandbox._faults import FaultError, Faults
from agentic_commerce.testing.sandbox._gate import is_account
from agentic_commerce.testing.sandbox._indexer import Indexer
from agentic_commerce.testing.sandbox._loading import FeedSource, load_feed
from agentic_commerce.testing.sandbox._log import Seen, describe
from agentic_commerce.testing.sandbox._presigned import Presigned
from agentic_commerce.testing.sandbox._secrets import SigningSecret, chosen
from agentic_commerce.testing.sandbox._view import view
from agentic_commerce.testing.sandbox._wire import Request, Response
from agentic_commerce.testing.sandbox._world import Object, World

if TYPE_CHECKING:
    import httpx

    from agentic_commerce.client import AsyncClient, Client
    from agentic_commerce.feeds import Deletion, ProductRow
    from agentic_commerce.testing.sandbox._hook_calls import Endpoint
    from agentic_commerce.testing.sandbox._result import PurchaseResult
    from agentic_commerce.testing.sandbox._server import Server
    from agentic_commerce.testing.sandbox._wanted import PurchaseOptions, To

__all__ = ["API_VERSION", "Sandbox"]

API_VERSION: Final = "2026-10-28.endive"
"""What a request without ``Stripe-Version`` gets, and what snapshot events are written in."""
_REMEMBERED: Final = 1000


class Sandbox:
    """Stripe's side on your machine: what a platform calls, and what calls the platform.

    Everything is in memory, nothing leaves the machine but events to a URL elsewhere that you name,
    and with the same ``seed`` a run repeats to
    the last id. ``clock`` stands still until it is told to advance. Any ``acct_...`` is a connected
    account with a world of its own, unless ``accounts`` names those that there are. An import is
    final once it was asked about ``index_polls`` times and ``index_seconds`` have passed.
    ``blank_cells`` says what a blank cell of an upsert does: "clear" or "keep". Signatures bear the
    time of ``signing_clock``, the system's, because the platform checks them by its own. Events are
    sent when the request that caused them is answered; with ``sandbox.auto_deliver = False`` they
    wait for `deliver`. Key and secrets are made up unless they are given, as those that the
    platform's settings have already.

    >>> sandbox = Sandbox(seed=1)
    >>> sandbox.api_key.startswith("sk_test_"), sandbox.hook_secret.startswith("whsec_")
    (True, True)
    """

    def __init__(  # noqa: PLR0913 - all by name, all with a default
        self,
        *,
        seed: int = 0,
        clock: Clock | None = None,
        accounts: Collection[str] | None = None,
        index_polls: int = 0,
        index_seconds: float = 0.0,
        blank_cells: BlankCells = "clear",
        signing_clock: Callable[[], float] = time.time,
        api_key: str | None = None,
        hook_secret: str | None = None,
        event_secret: str | None = None,
    ) -> None:
        self.clock = clock or Clock()
        self.ids = Ids(seed)
        self.api_version = API_VERSION
        self.accounts = accounts
        self.index_polls, self.index_seconds = index_polls, index_seconds
        self.lock = threading.RLock()
        self.requests: deque[Seen] = deque(maxlen=_REMEMBERED)
        self.purchases: deque[PurchaseResult] = deque(maxlen=_REMEMBERED // 10)
        self.faults = Faults()
        self.worlds: dict[str | None, World] = {}
        self._blank_cells: BlankCells = blank_cells
        self._signing_clock = signing_clock
        self.api_key = chosen(api_key, self.ids.new("sk_test"))
        self.keys: dict[str, frozenset[str] | None] = {self.api_key: None}
        self._hooks = SigningSecret(lambda: self.ids.new("whsec", 32), hook_secret)
        self._events = SigningSecret(lambda: self.ids.new("whsec", 32), event_secret)
        self.delivery = Delivery(self.clock, signing_clock, _post)
        self.auto_deliver = True
        self.hook_url: str | None = None  # of purchases that another process asks for: see _control
        self.presigned: dict[str, Presigned] = {}
        self._request: tuple[str | None, str | None] = (None, None)
        self._desk = Desk(self)
        self.indexer = Indexer(self)
        self.agent = Agent(self)

    # -------------------------------------------------------------------------------------- worlds

    def world(self, account: str | None = None) -> World:
        """The world of a connected account, or of the platform; made when first asked for.

        Raises: ValueError for what is no account's id.
        """
        with self.lock:
            if account not in self.worlds:
                if account is not None and not is_account(account):
                    raise ValueError("an account is a text such as acct_1")
                profile = f"profile_test_{(account or 'platform').removeprefix('acct_')}"
                catalog = Catalog(self._blank_cells)
                self.worlds[account] = World(account=account, profile=profile, catalog=catalog)
            return self.worlds[account]

    def load_feed(
        self, source: FeedSource, *, account: str | None = None, feed: Feed[Any] = PRODUCT
    ) -> FeedReport:
        """Fill a catalog from a file at once, as an upsert would in its time.

        ``source`` is what `feeds.check` reads. The rows that have no error are there then; the
        report says what the others have.

        >>> sandbox = Sandbox()
        >>> from agentic_commerce import feeds
        >>> sandbox.load_feed(["id,price", "SKU-1,9.90 USD"], feed=feeds.PRICING).counts
        {'unknown_id': 1}
        """
        with self.lock:
            return load_feed(self.world(account), source, feed)

    # ------------------------------------------------------------------------------------ requests

    def handle(self, request: Request) -> Response:
        """Answer one request, and do what it asks. Events that follow wait for `deliver`."""
        with self.lock:
            return self._desk.answer(request)

    @contextmanager
    def caused_by(self, request: str, key: str | None) -> Iterator[None]:
        """Let the events that are emitted meanwhile name this request as their cause."""
        self._request = (request, key)
        try:
            yield
        finally:
            self._request = (None, None)

    def fail_next(
        self,
        status: int = 500,
        times: int = 1,
        path: str | None = None,
        error: FaultError | None = None,
        delay: float = 0,
    ) -> None:
        """Let the next requests fail, or those of one path (and what lies below it).

        With a ``status`` of 400 or more nothing is carried out. ``error`` fails without an answer:
        ``connect`` (nothing is carried out), ``reset``, ``timeout``, ``truncated`` (it is), or
        ``expired`` for a presigned URL. ``delay`` is in seconds; with ``status=200`` it is all.

        Raises: ValueError.
        """
        with self.lock:
            self.faults.add(status, times, path, error, delay)

    def restricted_key(self, *permissions: str) -> str:
        """A new ``rk_test_...`` with these permissions, such as ``product_catalog_import_write``.

        Whatever else it asks for is refused with 403, and the message names what it lacks.
        """
        with self.lock:
            key = self.ids.new("rk_test")
            self.keys[key] = frozenset(permissions)
            return key

    def settle(self) -> None:
        """Finish every import whose time has come, as Stripe does by itself."""
        with self.lock:
            self.indexer.run()

    # ------------------------------------------------------------------------------------- secrets

    @property
    def hook_secret(self) -> str:
        """What signs hooks: the ``whsec_...`` of the Agentic Commerce Extension."""
        return self._hooks.value

    @property
    def event_secret(self) -> str:
        """What signs events, of both kinds: another ``whsec_...``."""
        return self._events.value

    def rotate_hook_secret(self, overlap: float = 86_400) -> str:
        """Make a new hook secret; for ``overlap`` seconds both sign. Return the new one."""
        with self.lock:
            return self._hooks.rotate(self.clock.now(), overlap)

    def rotate_event_secret(self, overlap: float = 86_400) -> str:
        """The same for events."""
        with self.lock:
            return self._events.rotate(self.clock.now(), overlap)

    def sign_hook(self, body: bytes, secret: str | None = None) -> str:
        """The ``Stripe-Signature`` of a hook's body, by every secret that is valid, or by this."""
        if secret is not None:
            return sign(body, secret, int(self._signing_clock()))
        return self._hooks.sign(body, self.clock.now(), self._signing_clock())

    # -------------------------------------------------------------------------------------- events

    def emit(self, world: World, type: str, object: Object) -> Object:  # noqa: A002 - Stripe's words
        """Log a snapshot event of API v1 about an object, and put it on its way; the event.

        On a connected account (a direct charge) it has ``account``.
        """
        with self.lock:
            identifier, key = self._request
            event: Object = {
                "id": self.ids.new("evt"),
                "object": "event",
                "api_version": API_VERSION,
                "created": unix(self.clock.now()),
                "data": {"object": view(world, object, (), API_VERSION)},
                "livemode": False,
                "pending_webhooks": len(self.delivery.destinations),
                "request": {"id": identifier, "idempotency_key": key},
                "type": type,
            }
            if world.account is not None:
                event["account"] = world.account
            world.events[event["id"]] = event
            self.delivery.add(event)
            return event

    def emit_thin(
        self,
        world: World,
        type: str,  # noqa: A002 - Stripe's word
        related_object: Mapping[str, str],
        data: Mapping[str, Any] | None = None,
    ) -> Object:
        """Log a thin event of API v2, and put it on its way; the event as it is fetched.

        ``data`` is what only the fetched event has. ``context`` is the connected account.
        """
        with self.lock:
            identifier, key = self._request
            event: Object = {
                "id": self.ids.new("evt_test"),
                "object": "v2.core.event",
                "created": rfc3339(self.clock.now()),
                "livemode": False,
                "related_object": dict(related_object),
                "type": type,
            }
            if world.account is not None:
                event["context"] = world.account
            if identifier is not None:
                request = {"id": identifier, "idempotency_key": key}
                event["reason"] = {"type": "request", "request": request}
            self.delivery.add(event)
            if data is not None:
                event = {**event, "changes": {}, "data": dict(data)}
            world.thin_events[event["id"]] = event
            return event

    def listen(
        self,
        receiver: Receiver,
        *,
        payload: Payload = "all",
        types: Collection[str] | None = None,
    ) -> Destination:
        """Send the events of every account to a URL, or to a function of body and headers.

        ``payload`` chooses snapshot events (API v1), thin events (API v2) or all; ``types`` the
        types. They are signed with `event_secret`.
        """
        with self.lock:
            destination = Destination(
                id=self.ids.new("we"),
                receiver=receiver,
                payload=payload,
                types=None if types is None else tuple(types),
                signing=self._events,
            )
            self.delivery.destinations.append(destination)
            return destination

    def deliver(self) -> int:
        """Send the events that are due by the clock; how many attempts that took.

        An event that fails is due again later: see `Clock.advance`. Nothing is locked meanwhile, so
        a receiver may call the sandbox.
        """
        return self.delivery.run()

    @property
    def is_idle(self) -> bool:
        """Whether no import and no event is waiting for anything."""
        return not (self.indexer.waiting or self.delivery.waiting)

    def follow_up(self) -> None:
        """Do what Stripe does by itself after a request: `settle`, and `deliver` what is due.

        What carries requests calls it. With ``auto_deliver`` off, events wait for `deliver`.
        """
        self.settle()
        if self.auto_deliver and not self.delivery.out_of_order:
            self.deliver()

    def disturb_events(
        self, *, twice: bool = False, late: float = 0.0, out_of_order: bool = False
    ) -> None:
        """From now on send events twice, so many seconds late, or the newest first.

        Events out of order wait until `deliver` is called. Without arguments all is well again.
        """
        with self.lock:
            self.delivery.twice, self.delivery.late = twice, late
            self.delivery.out_of_order = out_of_order

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Every attempt to deliver an event, oldest first."""
        return tuple(self.delivery.attempts)

    # ----------------------------------------------------------------------------------- purchases

    def stock(self, *products: ProductRow | Deletion | Mapping[str, str], account: str) -> None:
        """Put products into a connected account's catalog at once, as an import would in its time.

        A product is a row, or a mapping of cells as `feeds.row_from` takes it.

        Raises: FeedError for one that Stripe would refuse.
        """
        from agentic_commerce.testing.sandbox._shelf import put_products  # noqa: PLC0415

        put_products(self.world(account), products)

    def purchase(
        self,
        sku: str | None = None,
        quantity: int = 1,
        *,
        account: str,
        address: To,
        endpoint: Endpoint | None,
        shipping_service: str | None = None,
        items: Iterable[tuple[str, int]] = (),
        **options: Unpack[PurchaseOptions],
    ) -> PurchaseResult:
        """Let an agent buy from a connected account, and call the platform's hooks as Stripe does.

        Give one ``sku``, or ``items`` of SKU and quantity. ``address`` is a mapping with Stripe's
        keys, an address of hooks or orders, or text such as ``US:CA:94016``. ``endpoint`` is a
        `HookEndpoint`, an ``http://127.0.0.1`` URL or a function; None calls no hooks.
        ``shipping_service`` is the name of a shipping option; None takes the cheapest. What else
        can be said is in `PurchaseOptions`.

        Whatever hooks do, the result says it: nothing is raised for a bad hook.
        Raises: ValueError, TypeError or CellError for a purchase that cannot begin.
        """
        from agentic_commerce.testing.sandbox._purchase import purchase  # noqa: PLC0415 - many rooms
        from agentic_commerce.testing.sandbox._wanted import Options  # noqa: PLC0415

        lines = [*items] if sku is None else [(sku, quantity), *items]
        return purchase(
            self,
            lines,
            account=account,
            address=address,
            endpoint=endpoint,
            shipping_service=shipping_service,
            options=Options.of(options),
        )

    def add_tax_rate(
        self,
        display_name: str,
        percentage: Decimal | int,
        *,
        inclusive: bool = False,
        account: str | None = None,
    ) -> str:
        """Let there be a tax rate, of a connected account or of the platform; its id.

        With direct charges hooks can name the account's, with destination charges the platform's.

        Raises: ResponseError for a rate that there cannot be.
        """
        from agentic_commerce.testing.sandbox._rates import file_tax_rate  # noqa: PLC0415

        with self.lock:
            world, identifier = self.world(account), self.ids.new("txr")
            return file_tax_rate(world, identifier, display_name, percentage, inclusive)

    def add_shipping_rate(
        self,
        display_name: str,
        amount: int,
        currency: str,
        *,
        metadata: Mapping[str, str] | None = None,
        account: str | None = None,
    ) -> str:
        """Let there be a shipping rate of so many minor units; its id. See `add_tax_rate`."""
        from agentic_commerce.testing.sandbox._rates import file_shipping_rate  # noqa: PLC0415

        with self.lock:
            world, identifier = self.world(account), self.ids.new("shr")
            return file_shipping_rate(
                world, identifier, display_name, amount, currency, metadata or {}
            )

    # -------------------------------------------------------------------------------------- access

    def client(self, account: str | None = None) -> Client:
        """An `agentic_commerce.Client` that talks to this sandbox, in this process."""
        from agentic_commerce.testing.sandbox import _clients  # noqa: PLC0415 - loads httpx

        return _clients.client(self, account)

    def async_client(self, account: str | None = None) -> AsyncClient:
        """An `agentic_commerce.AsyncClient` that talks to this sandbox, in this process."""
        from agentic_commerce.testing.sandbox import _clients  # noqa: PLC0415 - loads httpx

        return _clients.async_client(self, account)

    def transport(self) -> httpx.BaseTransport:
        """What makes an `httpx.Client` talk to this sandbox, in this process."""
        from agentic_commerce.testing.sandbox import _transport  # noqa: PLC0415 - loads httpx

        return _transport.SandboxTransport(self)

    def async_transport(self) -> httpx.AsyncBaseTransport:
        """What makes an `httpx.AsyncClient` talk to this sandbox, in this process."""
        from agentic_commerce.testing.sandbox import _transport  # noqa: PLC0415 - loads httpx

        return _transport.AsyncSandboxTransport(self)

    def serve(self, port: int = 0) -> Server:
        """Serve the sandbox over HTTP on 127.0.0.1, until ``close``; needs the extra ``sandbox``.

        Raises: OSError if the port is taken; ModuleNotFoundError without the extra.
        """
        try:
            from agentic_commerce.testing.sandbox import _server  # noqa: PLC0415 - loads uvicorn
        except ModuleNotFoundError as error:
            needs = f"The server needs {error.name}: pip install 'agentic-commerce[sandbox]'"
            raise ModuleNotFoundError(needs, name=error.name) from error
        return _server.Server(self, port)

    # ------------------------------------------------------------------------------------- telling

    def describe(self) -> str:
        """What the sandbox saw, for a test that failed: requests, worlds, attempts."""
        return describe(self)

    def __str__(self) -> str:
        return self.describe()

    def __repr__(self) -> str:
        return f"<Sandbox: {len(self.worlds)} accounts, {len(self.requests)} requests>"


def _post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    from agentic_commerce.testing.sandbox import _transport  # noqa: PLC0415 - loads httpx

    return _transport.post(url, body, headers)
