"""A real server on 127.0.0.1 whose answers are a function of the request, and a fake clock."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import anyio
import attrs
import httpx
from attrs import field

from agentic_commerce import AsyncClient, Client

# Made once: reading the certificates takes longer than a test.
TLS = ssl.create_default_context()

KEY = "sk_test_4eC39HqLyjWDarjtT1zdp7dc"


@attrs.frozen(kw_only=True)
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> list[tuple[str, str]]:
        return parse_qsl(self.body.decode(), keep_blank_values=True)


@attrs.frozen
class Answer:
    """What to answer; ``length`` lies about the body's, ``breaks`` ends the connection after it."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(factory=dict)
    length: int | None = None


def answer(value: Any, status: int = 200, **headers: str) -> Answer:
    names = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json"} | names)


def problem(status: int, message: str = "no", **more: Any) -> Answer:
    return answer({"error": {"message": message, **more}}, status)


class Drop:
    """End the connection without an answer."""


@attrs.frozen
class Hold:
    """Send the head of an answer and a part of its body, or nothing at all, and then no more."""

    part: bytes | None
    until: threading.Event


@attrs.frozen
class Reset:
    """Reset the connection after so many bytes of the body."""

    after: int


@attrs.frozen
class Stall:
    """Read so many bytes of the body, tell that, and no more."""

    after: int
    reached: threading.Event
    until: threading.Event


Reaction = Answer | Drop | Hold
Handler = Callable[[Seen], Reaction]


@attrs.define
class Server:
    url: str
    seen: list[Seen] = field(factory=list)


def _handler(
    handle: Handler, server: Server, before: list[Reset | Stall]
) -> type[BaseHTTPRequestHandler]:
    class Connection(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # a client's delayed ACK costs 40 ms an answer

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

        def _spoil(self, fault: Reset | Stall, length: int) -> None:
            self.close_connection = True
            self.rfile.read(min(fault.after, length))
            if isinstance(fault, Stall):
                fault.reached.set()
                fault.until.wait(10)
                return
            now = struct.pack("ii", 1, 0)  # close at once, with a reset
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, now)
            self.connection.close()

        def _hold(self, hold: Hold) -> None:
            self.close_connection = True
            if hold.part is not None:
                self.send_response(200)
                self.send_header("Content-Length", "1000000")
                self.end_headers()
                self.wfile.write(hold.part)
            hold.until.wait(10)

        def _react(self) -> None:
            length = int(self.headers.get("content-length", 0))
            if before:
                self._spoil(before.pop(0), length)
                return
            parts = urlsplit(self.path)
            seen = Seen(
                method=self.command,
                path=parts.path,
                query=parse_qsl(parts.query),
                headers={name.lower(): value for name, value in self.headers.items()},
                body=self.rfile.read(length),
            )
            server.seen.append(seen)
            reaction = handle(seen)
            if isinstance(reaction, Drop):
                self.close_connection = True
                return
            if isinstance(reaction, Hold):
                self._hold(reaction)
                return
            self.send_response(reaction.status)
            for name, value in reaction.headers.items():
                self.send_header(name, value)
            size = len(reaction.body) if reaction.length is None else reaction.length
            self.send_header("Content-Length", str(size))
            if size != len(reaction.body):
                self.send_header("Connection", "close")
                self.close_connection = True
            self.end_headers()
            self.wfile.write(reaction.body)

        do_GET = do_POST = do_PUT = _react  # noqa: N815

    return Connection


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *args: Any) -> None:
        pass


@contextmanager
def serve(handle: Handler, *before: Reset | Stall) -> Iterator[Server]:
    """A server; ``before`` spoils the first requests, before they are handled."""
    server = Server("")
    listener = _Quiet(("127.0.0.1", 0), _handler(handle, server, list(before)))
    server.url = f"http://127.0.0.1:{listener.server_address[1]}"
    thread = threading.Thread(target=listener.serve_forever, args=(0.005,))
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()


def sequence(*reactions: Reaction) -> Handler:
    """One reaction for each request, in order; the last one for ever after."""
    left = list(reactions)
    return lambda seen: left.pop(0) if len(left) > 1 else left[0]


class FakeClock:
    """A clock that moves when somebody sleeps, and nobody waits."""

    def __init__(self, unix: float = 1_800_000_000.0) -> None:
        self.now, self.slept = unix, list[float]()

    def unix(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    async def sleep_async(self, seconds: float) -> None:
        self.sleep(seconds)
        await anyio.lowlevel.checkpoint()


KINDS = ("sync", "async")


@attrs.define
class Caller:
    """Runs one scenario on either client; what it awaits or iterates is resolved."""

    kind: str
    clock: FakeClock = field(factory=FakeClock)

    def __call__(self, url: str, scenario: Callable[[Any], Any], **options: Any) -> Any:
        given: dict[str, Any] = {
            "api_url": url,
            "files_url": url,
            "clock": self.clock,
            "timeout": 5,
        }
        given |= options
        if self.kind == "sync":
            with httpx.Client(verify=TLS) as http, Client(KEY, **{"http": http} | given) as client:
                found = scenario(client)
                return list(found) if isinstance(found, Iterator) else found
        return anyio.run(self._await, scenario, given)

    async def _await(self, scenario: Callable[[Any], Any], given: dict[str, Any]) -> Any:
        async with httpx.AsyncClient(verify=TLS) as http:
            client = AsyncClient(KEY, **{"http": http} | given)
            found = scenario(client)
            if isinstance(found, AsyncIterator):
                return [item async for item in found]
            return await found
