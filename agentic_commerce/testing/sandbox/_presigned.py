"""URLs that are good for one thing and a short while: a feed's upload, an error report's download.

They are no part of the API: no key belongs in such a request, and one that has a key is refused, as
a storage service refuses two kinds of authentication at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from agentic_commerce.testing.sandbox._clock import rfc3339
from agentic_commerce.testing.sandbox._wire import Refusal, Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from agentic_commerce.testing.sandbox._sandbox import Sandbox

__all__ = ["Presigned", "is_presigned", "presign", "respond"]

LIFETIME: Final = 300.0  # seconds. Source: the guide's sample; the reference's sample says an hour.
_PREFIX: Final = "/presigned/"


@attrs.define(kw_only=True)
class Presigned:
    """What a URL stands for: ``method`` is PUT or GET, and a PUT is used up by its success."""

    method: str
    expires_at: float
    act: Callable[[Request], Response]


def is_presigned(path: str) -> bool:
    """Whether a path is that of such a URL."""
    return path.startswith(_PREFIX)


def presign(
    sandbox: Sandbox, origin: str, method: str, act: Callable[[Request], Response]
) -> dict[str, str]:
    """Make a URL: ``url`` and ``expires_at``, as the API gives them."""
    token = sandbox.ids.new("url", 32)
    expires_at = sandbox.clock.now() + LIFETIME
    sandbox.presigned[token] = Presigned(method=method, expires_at=expires_at, act=act)
    return {"url": f"{origin}{_PREFIX}{token}", "expires_at": rfc3339(expires_at)}


def respond(sandbox: Sandbox, request: Request) -> Response:
    """Answer a request to such a URL. Raises: Refusal."""
    token = request.path.removeprefix(_PREFIX)
    url = sandbox.presigned.get(token)
    if url is None or url.method != request.method:
        raise Refusal(403, "This URL is not signed for this request.", "signature_mismatch")
    if "authorization" in request.headers:
        raise Refusal(400, "Only one way to authenticate is allowed.", "extra_authorization")
    if sandbox.clock.now() >= url.expires_at:
        raise Refusal(403, "Request has expired.", "expired_url")
    response = url.act(request)
    if url.method == "PUT":
        del sandbox.presigned[token]
    return response
