"""What every call needs to know, from key to retries; and how time passes."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from random import random
from secrets import token_hex
from typing import Any, Final, Protocol

import attrs
from attrs import field

from agentic_commerce import __version__
from agentic_commerce.orders import SESSION_VERSION

__all__ = ["Clock", "Setup", "SystemClock", "Versions"]

API_URL: Final = "https://api.stripe.com"
_VERSION: Final = re.compile(r"[A-Za-z0-9._=;, -]*[A-Za-z0-9]", re.ASCII)
FILES_URL: Final = "https://files.stripe.com"
AGENT: Final = f"agentic-commerce-python/{__version__}"


def _check_version(_: object, attribute: attrs.Attribute[str], value: object) -> None:
    if not (value is None or (isinstance(value, str) and _VERSION.fullmatch(value))):
        raise ValueError(f"versions.{attribute.name} is a text such as 2026-10-28.endive")


def version(default: str | None) -> Any:
    """A field of `Versions`."""
    return field(default=default, validator=_check_version)


@attrs.frozen(kw_only=True)
class Versions:
    """The ``Stripe-Version`` of each group of calls; None sends none, so the account's own holds.

    The defaults are those that Stripe's documents name. Raises: ValueError for a text that cannot
    be a version.
    """

    files: str | None = version(None)
    """``files``: an old and stable part of the API."""
    import_sets: str | None = version("2025-09-30.clover;udap_beta=v1")
    """``import_sets``: the version and the beta that the platform guide names."""
    catalog_imports: str | None = version("2026-10-28.endive")
    """``catalog_imports``: generally available; API v2 needs a version in every request."""
    agreements: str | None = version("2026-04-22.preview")
    """``agreements``: the version in which they became public."""
    events: str | None = version("2026-04-22.preview")
    """``events``: as for the Agreements that most of them are about."""
    orders: str | None = version(SESSION_VERSION)
    """``orders.retrieve`` and ``.list``: the preview that shows a line's SKU."""
    payments: str | None = version(None)
    """``orders.capture`` and ``.refund``: an old and stable part of the API."""
    account_sessions: str | None = version("2026-10-14.preview")
    """``account_sessions``: a preview that knows the component agentic_commerce_settings."""


class Clock(Protocol):
    """How a client tells the time and waits; give your own to test without waiting."""

    def unix(self) -> float:
        """Seconds since 1970."""

    def monotonic(self) -> float:
        """Seconds of a clock that never goes back."""

    def sleep(self, seconds: float) -> None:
        """Wait, in a `Client`."""

    async def sleep_async(self, seconds: float) -> None:
        """Wait, in an `AsyncClient`."""


class SystemClock:
    """The machine's clock."""

    def unix(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds of a clock that never goes back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait; the thread sleeps."""
        time.sleep(seconds)

    async def sleep_async(self, seconds: float) -> None:
        """Wait; other tasks go on."""
        from anyio import sleep  # noqa: PLC0415 - only asynchronous clients need it

        await sleep(seconds)


# Rule: what goes into a header or a path has no character that could end it. Ids are letters,
# digits, underscores, hyphens and dots in every sample; an account context may be a path of ids.
_ID: Final = re.compile(r"[A-Za-z0-9_.-]+", re.ASCII)
_CONTEXT: Final = re.compile(r"[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*", re.ASCII)
_KEY: Final = re.compile(r"[!-~]+", re.ASCII)


def segment(value: str, what: str) -> str:
    """An id as one segment of a path. Raises: ValueError for anything that could leave it."""
    if not isinstance(value, str):
        raise TypeError(f"{what} is a text, not {type(value).__name__}")
    if not _ID.fullmatch(value) or not value.strip("."):
        raise ValueError(
            f"{what} is not an id: only letters, digits, '_', '-' and '.' can be in one"
        )
    return value


def _check_key(_: object, __: object, value: str) -> None:
    # The value is never quoted: it is the key, or something else that was meant to be secret.
    if not isinstance(value, str) or not _KEY.fullmatch(value):
        raise ValueError("api_key is a Stripe key such as sk_test_...: it is empty or has a space")


def _check_account(_: object, attribute: attrs.Attribute[str | None], value: str | None) -> None:
    if value is not None and not (isinstance(value, str) and _CONTEXT.fullmatch(value)):
        raise ValueError(f"{attribute.name} is an account id such as acct_...")


def _check_url(_: object, attribute: attrs.Attribute[str], value: str) -> None:
    # A name and password in it would take the place of the key.
    if not value.startswith(("https://", "http://")) or any(c in value for c in "?#@\r\n "):
        raise ValueError(f"{attribute.name} is an http(s) address without query or user")


def _check_retries(_: object, __: object, value: int) -> None:
    if type(value) is not int or value < 0:
        raise ValueError("max_retries is a whole number, 0 or more")


def _without_slash(url: str) -> str:
    if not isinstance(url, str):
        raise TypeError(f"an address is a text, not {type(url).__name__}")
    return url.rstrip("/")


@attrs.frozen(kw_only=True)
class Setup:
    """All that the flows know. Random numbers and keys come from here, so that tests can fix them.

    ``account`` becomes ``Stripe-Account``, ``context`` becomes ``Stripe-Context``; a call has one
    of them at most.
    """

    api_key: str = field(repr=False, validator=_check_key)
    account: str | None = field(default=None, validator=_check_account)
    context: str | None = field(default=None, validator=_check_account)
    api_url: str = field(default=API_URL, converter=_without_slash, validator=_check_url)
    files_url: str = field(default=FILES_URL, converter=_without_slash, validator=_check_url)
    versions: Versions = field(factory=Versions, validator=attrs.validators.instance_of(Versions))
    max_retries: int = field(default=2, validator=_check_retries)
    random: Callable[[], float] = field(default=random, repr=False)
    token: Callable[[], str] = field(default=token_hex, repr=False)
