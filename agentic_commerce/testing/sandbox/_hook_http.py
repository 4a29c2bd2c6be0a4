"""Hooks over HTTP, to a server on this machine and to no other."""

from __future__ import annotations

import ipaddress
import time
from typing import Final
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary, finalize

import httpx

from agentic_commerce.testing.sandbox._hook_calls import Reply, late

__all__ = ["ToUrl"]


# A connection that has been idle for longer is not used again: the server may be closing it.
_IDLE: Final = 1.0

_clients: WeakKeyDictionary[object, httpx.Client] = WeakKeyDictionary()


def client_of(owner: object) -> httpx.Client:
    """The client that keeps an owner's connections; closed when the owner is gone."""
    client = _clients.get(owner)
    if client is None:
        # No proxy and no certificates are needed to reach the machine itself, and loading
        # certificates takes 20 ms.
        limits = httpx.Limits(keepalive_expiry=_IDLE)
        door = httpx.HTTPTransport(verify=False, trust_env=False, limits=limits)
        client = httpx.Client(transport=door, trust_env=False)
        client = _clients.setdefault(owner, client)
        finalize(owner, client.close)
    return client


class ToUrl:
    """Posts to a URL on this machine. Raises: ValueError if it is not."""

    def __init__(self, url: str, owner: object) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or not _is_here(parts.hostname or ""):
            example = "http://127.0.0.1:4242/hooks"
            raise ValueError(f"a hook goes to http:// on this machine only, such as {example}")
        self._url = url
        self._client = client_of(owner)

    def __call__(self, body: bytes, headers: dict[str, str], limit: float | None) -> Reply:
        """Post a hook, and wait no longer than the limit."""
        try:
            return self._post(body, headers, limit)
        except httpx.TimeoutException:
            return late(limit)
        except httpx.TransportError as error:
            detail = f"nothing answered: {type(error).__name__}"
            return Reply(None, None, "unreachable", detail, error)

    def _post(self, body: bytes, headers: dict[str, str], limit: float | None) -> Reply:
        begun = time.monotonic()
        url, received = self._url, bytearray()
        with self._client.stream(
            "POST", url, content=body, headers=headers, timeout=limit
        ) as response:
            for piece in response.iter_raw():
                received += piece
                # The timeout of a client is for each piece: a body may drip in for ever.
                if limit is not None and time.monotonic() - begun > limit:
                    return late(limit)
            return Reply(response.status_code, bytes(received))


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
