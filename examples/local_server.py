"""A WSGI application on 127.0.0.1, for trying things out: the standard library's server."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import TCPServer, ThreadingMixIn
from typing import Any, TypeVar
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Leave the screen to the table."""


class _Server(ThreadingMixIn, WSGIServer):
    """A thread for each request, so that a slow handler holds up nobody else."""

    daemon_threads = True

    def server_bind(self) -> None:
        # The base class asks DNS for the machine's name, which can take seconds offline.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]
        self.setup_environ()


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """A WSGI application on a free port of 127.0.0.1; gives its URL."""
    with make_server("127.0.0.1", 0, app, server_class=_Server, handler_class=_Quiet) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


Handler = TypeVar("Handler", bound=logging.Handler)


@contextmanager
def listening(name: str, handler: Handler) -> Iterator[Handler]:
    """Hear what a logger says, and keep it off the screen."""
    logger = logging.getLogger(name)
    level, propagate = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield handler
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = propagate
