"""Hooks over HTTP, to a server on this machine and to no other.

The standard library's client does: it knows no proxies and no certificates, which nothing on this
machine needs, and a whole call can be bounded, not only each piece of it.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from http.client import HTTPConnection, HTTPException, IncompleteRead
from typing import Any, Final
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary, finalize

from agentic_commerce.testing.sandbox._hook_calls import Reply, late

__all__ = ["ToUrl"]

# A connection that has been idle for longer is not used again: the server may be closing it.
_IDLE: Final = 1.0
_PIECE: Final = 1 << 16
_LARGEST: Final = 1 << 20  # bytes of a reply; ours, so that a server gone mad does not fill memory


class _Punctual(socket.socket):
    """A socket that stops receiving when its time is up, however little comes at once.

    A timeout of the standard library begins anew with every byte, in a head as in a body.
    """

    ends: float | None = None

    def recv_into(self, *arguments: Any) -> int:
        """Receive. Raises: TimeoutError."""
        self.settimeout(_left(self.ends))
        return super().recv_into(*arguments)


class _Pool:
    """Connections that are open and free, with the time since when. Used from any thread."""

    def __init__(self) -> None:
        self._free: list[tuple[float, HTTPConnection]] = []

    def take(self, host: str, port: int) -> HTTPConnection:
        """A connection that can be used, open or to be opened."""
        while self._free:
            since, connection = self._free.pop()
            fits = (connection.host, connection.port) == (host, port)
            if fits and time.monotonic() - since < _IDLE and _is_quiet(connection):
                return connection
            connection.close()
        return HTTPConnection(host, port)

    def give(self, connection: HTTPConnection) -> None:
        """Keep a connection that has answered."""
        self._free.append((time.monotonic(), connection))

    def close(self) -> None:
        """Close every connection that is free."""
        while self._free:
            self._free.pop()[1].close()


def _is_quiet(connection: HTTPConnection) -> bool:
    """Whether the server has neither closed a connection nor sent what nobody asked for."""
    try:
        connection.sock.settimeout(0)
        connection.sock.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


_pools: WeakKeyDictionary[object, _Pool] = WeakKeyDictionary()


def _pool_of(owner: object) -> _Pool:
    """The connections that are kept for an owner, and closed when it is gone."""
    pool = _pools.get(owner)
    if pool is None:
        pool = _pools.setdefault(owner, _Pool())
        finalize(owner, pool.close)
    return pool


class ToUrl:
    """Posts to a URL on this machine. Raises: ValueError if it is not."""

    def __init__(self, url: str, owner: object) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        if parts.scheme != "http" or not _is_here(self._host):
            example = "http://127.0.0.1:4242/hooks"
            raise ValueError(f"a hook goes to http:// on this machine only, such as {example}")
        self._path = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
        self._pool = _pool_of(owner)

    def __call__(self, body: bytes, headers: dict[str, str], limit: float | None) -> Reply:
        """Post a hook, and wait no longer than the limit, in seconds."""
        ends = None if limit is None else time.monotonic() + limit
        connection = self._pool.take(self._host, self._port)
        try:
            reply, is_kept = _post(connection, self._path, body, headers, ends)
        except TimeoutError:
            reply, is_kept = late(limit), False
        except IncompleteRead as error:
            detail = "the reply broke off before its end"
            reply, is_kept = Reply(None, None, "unreachable", detail, error), False
        except (OSError, HTTPException) as error:
            detail = f"nothing answered: {type(error).__name__}"
            reply, is_kept = Reply(None, None, "unreachable", detail, error), False
        if is_kept:
            self._pool.give(connection)
        else:
            connection.close()
        return reply


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _post(
    connection: HTTPConnection, path: str, body: bytes, headers: dict[str, str], ends: float | None
) -> tuple[Reply, bool]:
    """The reply, and whether the connection can be used again. Raises: TimeoutError and others."""
    if connection.sock is None:
        connection.timeout = _left(ends)
        connection.connect()
        plain: Any = connection.sock
        connection.sock = _Punctual(fileno=plain.detach())
    sock: Any = connection.sock
    sock.ends = ends
    sock.settimeout(_left(ends))
    connection.request("POST", path, body, headers)
    response = connection.getresponse()
    received = bytearray()
    while piece := response.read1(_PIECE):
        received += piece
        if len(received) > _LARGEST:
            detail = f"the reply is larger than {_LARGEST} bytes"
            return Reply(response.status, None, "refused", detail), False
    if response.length:
        raise IncompleteRead(bytes(received), response.length)
    response.close()  # which frees the connection for the next one
    return Reply(response.status, bytes(received)), not response.will_close


def _left(ends: float | None) -> float | None:
    if ends is None:
        return None
    left = ends - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
