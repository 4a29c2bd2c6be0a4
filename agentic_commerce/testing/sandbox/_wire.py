"""One request, one response, and a refusal in Stripe's words.

The whole sandbox is a function from `Request` to `Response`. What sends and receives them is
elsewhere: `_transport` in this process, `_server` over HTTP.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import attrs
from attrs import field

from agentic_commerce._record import masked
from agentic_commerce.testing.sandbox._blob import Blob

__all__ = ["Refusal", "Request", "Response"]

INVALID: Final = "invalid_request_error"


def _lower(headers: Mapping[str, str]) -> Mapping[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@attrs.frozen(kw_only=True)
class Request:
    """What a client sent. Names of headers are in lower case.

    ``origin`` is where the sandbox can be reached, for URLs that it gives out. A large body is
    given as a `Blob`.
    """

    method: str
    path: str
    query: str = field(default="", repr=masked)
    headers: Mapping[str, str] = field(factory=dict, repr=masked, converter=_lower)
    body: bytes | Blob = field(default=b"", repr=masked)
    origin: str = "https://uploads.sandbox.invalid"

    @property
    def content(self) -> Blob:
        """The body, however large."""
        return self.body if isinstance(self.body, Blob) else Blob(self.body)

    @property
    def content_type(self) -> str:
        """The media type of the body, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@attrs.frozen(kw_only=True)
class Response:
    """What the client gets.

    ``delay`` is in seconds, before the first byte. ``fault`` tells the carrier to fail instead:
    ``connect``, ``reset``, ``timeout`` or ``truncated``.
    """

    status: int
    headers: Mapping[str, str] = field(factory=dict)
    body: bytes = field(default=b"", repr=masked)
    delay: float = 0.0
    fault: str | None = None

    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


def answer(value: Mapping[str, Any], status: int = 200) -> Response:
    """Make a response of JSON."""
    body = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    return Response(status=status, headers={"Content-Type": "application/json"}, body=body)


class Refusal(Exception):  # noqa: N818 - an answer, not a fault of ours
    """Why a request is not carried out, as Stripe would say it."""

    def __init__(
        self,
        status: int,
        message: str,
        code: str | None = None,
        param: str | None = None,
        type: str = INVALID,  # noqa: A002 - Stripe's word
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.code = status, message, code
        self.param, self.type = param, type

    def response(self, path: str) -> Response:
        """Put it in the shape of the API that was asked: v2 always has a code."""
        is_v2 = path.startswith("/v2/")
        code = self.code or (_V2_CODES.get(self.status, "invalid_fields") if is_v2 else None)
        error = {"code": code, "message": self.message, "param": self.param, "type": self.type}
        error = {name: value for name, value in error.items() if value is not None}
        return answer({"error": error}, self.status)


_V2_CODES: Final = {
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    409: "conflict",
    429: "rate_limit",
    500: "internal_error",
    503: "service_unavailable",
}


def missing(kind: str, identifier: str, param: str = "id") -> Refusal:
    """Refuse an id that there is not in this account."""
    message = f"No such {kind}: {identifier[:100]!r}"
    return Refusal(404, message, "resource_missing", param)
