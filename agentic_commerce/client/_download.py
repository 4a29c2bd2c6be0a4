"""Addresses that are not the API's own: presigned ones, and those that a download leads to.

They get no key and no Stripe header, and they stand in no message: whoever has a presigned address
has the file.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import IO, Final
from urllib.parse import SplitResult, urljoin, urlsplit

import attrs

from agentic_commerce.client._policy import try_request
from agentic_commerce.client._setup import AGENT, Setup
from agentic_commerce.client._wire import Flow, Lost, Reply, Request
from agentic_commerce.errors import APIConnectionError, APIError, RateLimitError, ServerError

__all__ = ["check_address", "download_url", "follow", "refused_address"]

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MOST: Final = 5
_PORTS: Final = {"https": 443, "http": 80}


def download_url(setup: Setup, url: str, sink: IO[bytes], operation: str) -> Flow[int]:
    """Take the contents of a presigned address into ``sink``; how many bytes.

    Raises: APIError if it is refused, for example because it has expired; APIConnectionError, also
    if the contents are cut short or the address is not https.
    """
    check_address(setup, url, operation)
    request = Request(method="GET", url=url, headers={"User-Agent": AGENT}, sink=sink)
    outcome = yield from follow(request, setup, operation)
    if isinstance(outcome, Lost):
        raise APIConnectionError(outcome.reason, operation=operation)
    if not outcome.is_success:
        raise refused_address(outcome, operation)
    return sink.tell()


def follow(request: Request, setup: Setup, operation: str) -> Flow[Reply | Lost]:
    """Send a GET, and go where it is redirected; credentials stay with the first origin.

    Raises: APIConnectionError for a redirect that leads in circles, or from https to http.
    """
    for _ in range(_MOST):
        outcome = yield from try_request(request, setup)
        if isinstance(outcome, Lost) or outcome.status not in _REDIRECTS:
            return outcome
        place = outcome.headers.get("location")
        if not place:
            return outcome
        request = _redirected(request, place, setup, operation)
    raise APIConnectionError("the download was redirected too often", operation=operation)


def _redirected(request: Request, place: str, setup: Setup, operation: str) -> Request:
    try:
        url = urljoin(request.url, place)
    except ValueError:
        url = ""
    found = check_address(setup, url, operation)
    if _origin(found) == _origin(urlsplit(request.url)):
        return attrs.evolve(request, url=url)
    return attrs.evolve(request, url=url, headers={"User-Agent": AGENT})


def check_address(setup: Setup, url: str, operation: str) -> SplitResult:
    """Refuse an address that would send a file in the clear, or anywhere but to a host.

    http is for this machine alone, unless the API itself is reached by it, as in tests.
    Raises: APIConnectionError.
    """
    try:
        found = urlsplit(url)
        is_plain = bool(found.hostname) and (found.port or 1) > 0 and "@" not in found.netloc
    except ValueError:
        is_plain, found = False, urlsplit("")
    is_local = _is_loopback(found.hostname) or setup.api_url.startswith("http://")
    if is_plain and (found.scheme == "https" or (found.scheme == "http" and is_local)):
        return found
    raise APIConnectionError("the address that Stripe gave is not https", operation=operation)


def _is_loopback(host: str | None) -> bool:
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False


def _origin(url: SplitResult) -> tuple[str, str | None, int | None]:
    return url.scheme, url.hostname, url.port or _PORTS.get(url.scheme)


def refused_address(reply: Reply, operation: str) -> APIError:
    """The error for an answer of a store of files, whose bodies are not Stripe's and may say much.

    401, 403 and 404 do not speak of the key here: the address has expired, or is not known.
    """
    kind = ServerError if reply.status >= 500 else APIError
    kind = RateLimitError if reply.status == 429 else kind
    hint = "presigned addresses expire; retrieve a new one" if 400 <= reply.status < 500 else None
    message = "the presigned address was refused"
    return kind(message, status=reply.status, operation=operation, hint=hint)
