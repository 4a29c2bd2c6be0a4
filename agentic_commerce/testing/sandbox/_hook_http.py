"""Hooks over HTTP, to a server on this machine and to no other."""

from __future__ import annotations

import ipaddress
import time
from urllib.parse import urlsplit

import httpx

from agentic_commerce.testing.sandbox._hook_calls import Reply, Send, late

__all__ = ["to_url"]


def to_url(url: str) -> Send:
    """Make what posts to a URL. Raises: ValueError if it is not on this machine."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not _is_here(parts.hostname or ""):
        message = "a hook goes to http:// on this machine only, such as http://127.0.0.1:4242/hooks"
        raise ValueError(message)

    def send(body: bytes, headers: dict[str, str], limit: float | None) -> Reply:
        try:
            return _post(url, body, headers, limit)
        except httpx.TimeoutException:
            return late(limit)
        except httpx.TransportError as error:
            detail = f"nothing answered: {type(error).__name__}"
            return Reply(None, None, "unreachable", detail, error)

    return send


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _post(url: str, body: bytes, headers: dict[str, str], limit: float | None) -> Reply:
    begun = time.monotonic()
    # No proxy and no certificates are needed to reach the machine itself; loading them takes 20 ms.
    door = httpx.HTTPTransport(verify=False, trust_env=False)
    client = httpx.Client(transport=door, trust_env=False, timeout=limit)
    with client, client.stream("POST", url, content=body, headers=headers) as response:
        received = bytearray()
        for piece in response.iter_raw():
            received += piece
            # The timeout of a client is for each piece: a body may drip in for ever.
            if limit is not None and time.monotonic() - begun > limit:
                return late(limit)
        return Reply(response.status_code, bytes(received))
