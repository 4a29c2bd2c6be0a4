"""The platform of the demo's story: one server for hooks and events, as yours would be."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from queue import SimpleQueue
from typing import Any, Final

from agentic_commerce import events, orders
from examples.platform_hooks import make_endpoint

__all__ = ["ACCOUNT", "Platform"]

ACCOUNT: Final = "acct_demo_seller"

Heard = events.Event | orders.OrderEvent


class Platform:
    """A WSGI application. What it was told of stands in ``heard``.

    ``/hooks`` answers in time. ``/hooks/slow`` asks a warehouse that takes ``slow`` seconds, and
    has no deadline of its own: what not to do.
    """

    def __init__(self, hook_secret: str, event_secret: str, slow: float) -> None:
        self.heard: SimpleQueue[Heard] = SimpleQueue()
        self._event_secret = event_secret
        self._warehouse = SlowWarehouse(slow)
        self._hooks = {
            "/hooks": make_endpoint(hook_secret, _shelf),
            "/hooks/slow": make_endpoint(hook_secret, self._warehouse, deadline=None),
        }

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path in self._hooks:
            return self._hooks[path].wsgi(environ, start_response)
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        header = environ["HTTP_STRIPE_SIGNATURE"]
        parse = events.parse_signed_event if path == "/events" else orders.parse_signed_order_event
        self.heard.put(parse(body, header, self._event_secret))
        start_response("204 No Content", [])
        return []

    def close(self) -> None:
        """Let nobody wait any longer."""
        self._warehouse.close()


def _shelf(sku: str) -> int:
    return 0 if sku == "LAMP-1" else 25


class SlowWarehouse:
    """Answers too late, or as soon as nobody needs the answer any more."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._closed = seconds, threading.Event()

    def __call__(self, sku: str) -> int:
        self._closed.wait(self._seconds)
        return _shelf(sku)

    def close(self) -> None:
        self._closed.set()
