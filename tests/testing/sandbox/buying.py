"""A platform with products, and endpoints that behave and misbehave."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from agentic_commerce import feeds, hooks
from agentic_commerce.hooks import CustomizeCheckoutRequest, FinalizeCheckoutRequest
from agentic_commerce.testing.sandbox import Sandbox

ACCOUNT = "acct_1"
HOME = "US:CA:94016"
Body = Mapping[str, Any]
Function = Callable[[bytes, dict[str, str]], Any]

CELLS = {
    "description": "A product.",
    "link": "https://shop.example.com/p",
    "image_link": "https://shop.example.com/p.jpg",
    "availability": "in_stock",
    "price": "15.00 USD",
    "mpn": "MPN-1",
    "product_category": "Things > Small things",
    "inventory_not_tracked": "",
    "inventory_quantity": "5",
    "shipping": "US:ALL:Standard:3-5:5.00 USD,US:ALL:Express:1-2:9.00 USD",
    "tax_behavior": "",
    "applicable_fees": "",
    "availability_date": "",
}


def stock(sandbox: Sandbox, *products: Mapping[str, str], account: str = ACCOUNT) -> None:
    """Put products into an account's catalog, as an import would."""
    rows = [{**CELLS, "id": "A", "title": f"Product {p.get('id', 'A')}", **p} for p in products]
    names = list(dict.fromkeys(name for row in rows for name in row))
    catalog = sandbox.world(account).catalog
    staged = catalog.stage(names, feeds.PRODUCT)
    for row in rows:
        staged.add([row.get(name, "") for name in names])
    catalog.upsert(staged)


def shop(*products: Mapping[str, str], **options: Any) -> Sandbox:
    sandbox = Sandbox(**options)
    stock(sandbox, *(products or ({},)))
    return sandbox


def quantity(sandbox: Sandbox, sku: str = "A") -> int | None:
    return sandbox.world(ACCOUNT).catalog.quantity(sku)


def rates(*percentages: float, inclusive: bool = False) -> Any:
    def customize(request: CustomizeCheckoutRequest) -> hooks.CustomizeCheckoutResponse:
        given = [hooks.TaxRate.by_data(f"Tax {p}", p, inclusive=inclusive) for p in percentages]
        lines = [hooks.LineItemTaxes(line.id, given) for line in request.data.line_item_details]
        return hooks.CustomizeCheckoutResponse(line_items=lines)

    return customize


def approve(_: FinalizeCheckoutRequest) -> hooks.FinalizeCheckoutResponse:
    return hooks.FinalizeCheckoutResponse.approve()


def endpoint(sandbox: Sandbox, **handlers: Any) -> hooks.HookEndpoint:
    """Our own endpoint, with an approval unless there is another."""
    chosen = {"finalize_checkout": approve} | handlers
    return hooks.HookEndpoint(hooks.Dispatcher(**chosen), sandbox.hook_secret)


def replying(status: int = 200, **bodies: Any) -> Function:
    """A server that gives each kind of hook one reply: JSON, bytes, or a function of the data."""

    def respond(body: bytes, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        request = json.loads(body)
        reply = bodies.get(request["type"].rpartition(".")[2], {})
        reply = reply(request["data"]) if callable(reply) else reply
        return status, {}, reply if isinstance(reply, bytes) else json.dumps(reply).encode()

    return respond


APPROVED = {"manual_approval_details": {"type": "approved"}}


def buy(sandbox: Sandbox, endpoint: Any = None, sku: str | None = "A", **options: Any) -> Any:
    given = {"account": ACCOUNT, "address": HOME} | options
    return sandbox.purchase(sku, endpoint=endpoint, **given)


@contextmanager
def server(
    answer: Callable[[BaseHTTPRequestHandler, bytes], object], version: str = "HTTP/1.0"
) -> Iterator[str]:
    """A server on this machine; ``answer`` writes the response to a request with this body."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = version

        def do_POST(self) -> None:
            answer(self, self.rfile.read(int(self.headers["Content-Length"])))

        def log_message(self, *arguments: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{running.server_port}/hooks"
        finally:
            running.shutdown()
            thread.join()


def respond(handler: BaseHTTPRequestHandler, body: bytes = b"{}", status: int = 200) -> None:
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
