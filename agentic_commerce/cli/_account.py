"""From options and the environment to a client, and from its errors to an exit status."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import urlsplit

import typer

from agentic_commerce.errors import AgenticCommerceError, ImportFailedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agentic_commerce.client import Client

__all__ = ["Account", "ApiUrl", "AsJson", "connected"]

Account = Annotated[
    str | None,
    typer.Option("--account", help="The connected account, acct_...; else the key's own."),
]
ApiUrl = Annotated[
    str,
    typer.Option(
        "--api-url", envvar="STRIPE_API_URL", help="Another server than Stripe's, for tests."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

_KEY: Final = "STRIPE_API_KEY"


@contextmanager
def connected(account: str | None, api_url: str) -> Iterator[Client]:
    """A client with the key of the environment.

    What goes wrong is one line: status 2, or 1 if the import itself failed.
    """
    key = os.environ.get(_KEY, "")
    if not key:
        typer.echo(f"no key: set {_KEY} to a secret or restricted key of Stripe's", err=True)
        raise typer.Exit(2)
    _check_url(api_url)
    from agentic_commerce.client import Client  # noqa: PLC0415 - loads httpx

    urls: dict[str, Any] = {"api_url": api_url, "files_url": api_url} if api_url else {}
    try:
        # Not `account or None`: an empty account is a shell variable that nobody has set, and what
        # is meant for a connected account must not end in the platform's own.
        with Client(key, account=account, **urls) as client:
            yield client
    except BrokenPipeError:  # whoever read has read enough; typer ends quietly
        raise
    except (AgenticCommerceError, ValueError) as error:  # a WaitTimeoutError is an OSError, too
        typer.echo(" ".join(_printable(str(error)).split()), err=True)
        raise typer.Exit(1 if isinstance(error, ImportFailedError) else 2) from None
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        typer.echo(f"{where}{error.strerror or error}", err=True)
        raise typer.Exit(2) from None


def _check_url(api_url: str) -> None:
    """Refuse to send the key in the clear to another machine."""
    try:
        place = urlsplit(api_url)
        is_local = place.hostname in ("localhost", "127.0.0.1", "::1")
    except ValueError:
        is_local = False
    if api_url and not api_url.startswith("https://") and not is_local:
        raise typer.BadParameter("https, or http on this machine", param_hint="--api-url")


def _printable(text: str) -> str:
    """A text of the network's without what could steer a terminal."""
    return "".join(c if c.isprintable() or c.isspace() else "?" for c in text)
