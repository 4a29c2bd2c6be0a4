"""What several commands need: secrets from the environment, a request, money on paper."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

import attrs
import typer

from agentic_commerce.money import exponent, to_major_units

__all__ = ["Answer", "amount", "check_private", "post", "secret_from"]


def secret_from(name: str, option: str) -> str:
    """Return the value of an environment variable, which is never printed."""
    secret = os.environ.get(name, "").strip()
    if not secret:
        message = f"the environment variable {name!r} is not set, or empty"
        raise typer.BadParameter(message, param_hint=option)
    return secret


def amount(minor_units: int, currency: str) -> str:
    """Write an amount with its fraction, such as ``47.40``."""
    return f"{to_major_units(minor_units, currency):.{exponent(currency)}f}"


@attrs.frozen
class Answer:
    """What a server said, after so many seconds; no status if it said nothing, and then why."""

    status: int | None
    body: bytes
    seconds: float
    problem: str = ""

    @property
    def ok(self) -> bool:
        """Whether it was taken."""
        return self.status is not None and 200 <= self.status < 300


def post(url: str, body: bytes, headers: Mapping[str, str], timeout: float) -> Answer:
    """Post JSON. Raises: typer.BadParameter for what is no URL."""
    import httpx  # noqa: PLC0415 - it takes longer to load than all the rest

    host = _host(url)
    begun = time.perf_counter()
    try:
        # A proxy is for other machines: this one is reached without.
        client = httpx.Client(timeout=timeout, trust_env=not _is_here(host))
        with client:
            response = client.post(url, content=body, headers=dict(headers))
    except httpx.HTTPError as error:
        return Answer(None, b"", time.perf_counter() - begun, type(error).__name__)
    return Answer(response.status_code, response.content, time.perf_counter() - begun)


def check_private(url: str, option: str) -> None:
    """Refuse to send a key in the clear to another machine."""
    if not _is_here(_host(url)) and not url.lower().startswith("https://"):
        raise typer.BadParameter("https, or http on this machine", param_hint=option)


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return parts.hostname
    except ValueError:  # a bracket without its twin, a port beyond 65535
        pass
    raise typer.BadParameter(f"not a URL of http or https: {url[:200]!r}")


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
