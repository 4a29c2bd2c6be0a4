"""Hooks over HTTP, to a server on this machine and to no other."""

from __future__ import annotations

import ipaddress
import time
from urllib.parse import urlsplit

import httpx

from agentic_commerce.testing.sandbox._hook_calls import Reply, late

__all__ = ["ToUrl"]


class ToUrl:
    """Posts to a URL, over one connection while the server keeps it open.

    Raises: ValueError if the URL is not on this machine.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or not _is_here(parts.hostname or ""):
            example = "http://127.0.0.1:4242/hooks"
            raise ValueError(f"a hook goes to http:// on this machine only, such as {example}")
        self._url = url
        # No proxy and no certificates are needed to reach the machine itself, and loading
        # certificates takes 20 ms.
        door = httpx.HTTPTransport(verify=False, trust_env=False)
        self._client = httpx.Client(transport=door, trust_env=False)
        self.close = self._client.close

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
