"""One call: how its request is built, tried again, and its answer read. No I/O."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import IO, Any, Final, Generic, Literal, TypeVar
from urllib.parse import urlencode

import attrs
import orjson
from attrs import field

from agentic_commerce import __version__
from agentic_commerce._payload import convert, read_object
from agentic_commerce.client._policy import pause
from agentic_commerce.client._setup import Setup
from agentic_commerce.client._wire import Flow, Lost, Moment, Reply, Request, Send, Sleep, Upload
from agentic_commerce.errors import (
    APIConnectionError,
    APIError,
    APIResponseError,
    AuthenticationError,
    IdempotencyError,
    NotFoundError,
    PayloadError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
)

__all__ = ["Call", "answer_of", "perform", "read_as", "refusal", "try_request"]

T = TypeVar("T")
Pairs = tuple[tuple[str, str], ...]


@attrs.frozen(kw_only=True)
class Call(Generic[T]):
    """One call of Stripe's API.

    ``operation`` completes "Stripe refused to ..." in errors, ``permission`` is what a restricted
    key needs for it. ``form`` and ``json`` are the two ways of v1 and v2 to send parameters.
    """

    operation: str
    method: Literal["GET", "POST"]
    path: str
    read: Callable[[Mapping[str, Any]], T] = field(repr=False)
    host: Literal["api", "files"] = "api"
    version: str | None = None
    permission: str | None = None
    query: Pairs = field(default=(), repr=False)
    form: Pairs | None = field(default=None, repr=False)
    json: Mapping[str, Any] | None = field(default=None, repr=False)
    upload: Upload | None = None
    content_type: str | None = None
    idempotency_key: str | None = field(default=None, repr=False)


def perform(call: Call[T], setup: Setup) -> Flow[T]:
    """Send the call, again where that may help, and read the answer.

    Raises: APIError or one of its subclasses; APIConnectionError.
    """
    reply = yield from answer_of(call, setup)
    return _read(call, reply)


def answer_of(call: Call[Any], setup: Setup, sink: IO[bytes] | None = None) -> Flow[Reply]:
    """As `perform`, but the successful answer unread; its body in ``sink`` if there is one."""
    key = call.idempotency_key
    if call.method == "POST" and key is None:
        key = f"agentic-commerce-{setup.token()}"
    request = attrs.evolve(build(call, setup, key), sink=sink)
    outcome = yield from try_request(request, setup)
    if isinstance(outcome, Lost):
        raise APIConnectionError(outcome.reason, operation=call.operation, idempotency_key=key)
    if not outcome.is_success:
        raise refusal(outcome, setup, call.operation, call.permission)
    return outcome


def try_request(request: Request, setup: Setup) -> Flow[Reply | Lost]:
    """Send a request, and again while the policy advises it; the last outcome."""
    tried = 0
    while True:
        outcome: Reply | Lost = yield Send(request)
        tried += 1
        now: Moment = yield Sleep(0)
        seconds = pause(outcome, tried, setup, now.unix)
        if seconds is None:
            return outcome
        yield Sleep(seconds)


# ------------------------------------------------------------------------------------------ request

_AGENT: Final = f"agentic-commerce-python/{__version__}"


def build(call: Call[Any], setup: Setup, idempotency_key: str | None) -> Request:
    """The HTTP request of a call."""
    base = setup.api_url if call.host == "api" else setup.files_url
    query = f"?{urlencode(call.query)}" if call.query else ""
    headers = {
        "Authorization": f"Bearer {setup.api_key}",
        "User-Agent": _AGENT,
        "Accept": "application/json",
        "Stripe-Version": call.version,
        "Idempotency-Key": idempotency_key,
    }
    headers |= account_headers(setup)
    body: bytes | Upload = b""
    if call.upload is not None:
        body, headers["Content-Type"] = call.upload, call.content_type
    elif call.json is not None:
        body, headers["Content-Type"] = orjson.dumps(call.json), "application/json"
    elif call.method == "POST":
        body = urlencode(call.form or ()).encode()
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    sent = {name: value for name, value in headers.items() if value is not None}
    return Request(method=call.method, url=f"{base}{call.path}{query}", headers=sent, body=body)


def account_headers(setup: Setup) -> dict[str, str | None]:
    """The header that says for which account a call is made; never both at once.

    ``Stripe-Account`` names the connected account whose objects are meant: feeds, Agreements, and
    with direct charges sessions and payments, too. With destination charges sessions and payments
    are the platform's own, and there must be no header. ``Stripe-Context`` is the same for the
    ``context`` of an event, which may be a path of accounts.
    Source: platform guide; docs.stripe.com/context.
    """
    if setup.context is not None:
        return {"Stripe-Context": setup.context}
    return {"Stripe-Account": setup.account}


# ------------------------------------------------------------------------------------------- answer


def _read(call: Call[T], reply: Reply) -> T:
    return read_as(reply, call.read, call.operation)


def read_as(reply: Reply, read: Callable[[Mapping[str, Any]], T], operation: str) -> T:
    """Read a successful answer. Raises: APIResponseError if it is not what it should be."""
    try:
        return read(read_object(reply.body, "an object"))
    except PayloadError as error:
        issues = error.issues
    unread = APIResponseError(
        f"the answer cannot be read: {'; '.join(map(str, issues[:3]))}",
        status=reply.status,
        operation=operation,
        request_id=reply.headers.get("request-id"),
    )
    unread.issues = issues
    raise unread


def reader(kind: type[T]) -> Callable[[Mapping[str, Any]], T]:
    """The function that reads an answer as a record; the conversion room is loaded at first use."""

    def read(value: Mapping[str, Any]) -> T:
        record: T = convert().payload_reader(kind)(value)
        return record

    return read


_KINDS: Final[dict[int, type[APIError]]] = {
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    429: RateLimitError,
}

# Rule: no key, secret or buyer's address in an error. Stripe masks keys in its messages already; a
# proxy in between need not. An e-mail address is the buyer's datum that messages do quote.
_SECRETS: Final = re.compile(r"\b(?:sk|rk|pk|whsec|ek)_[A-Za-z0-9_*]+|[^\s@<>'\"]+@[^\s@<>'\"]+")


def refusal(reply: Reply, setup: Setup, operation: str, permission: str | None = None) -> APIError:
    """The error that an unsuccessful answer stands for, whatever its body is."""
    said = _error_of(reply)
    message = _masked(said.get("message") or _instead(reply), setup)
    kind = _KINDS.get(reply.status, ServerError if reply.status >= 500 else APIError)
    if reply.status < 500 and "idempotency" in f"{said.get('type')} {said.get('code')}":
        kind = IdempotencyError
    hint = None
    if reply.status == 403 and permission:
        hint = f"a restricted key needs the permission {permission!r} for this"
    return kind(
        message,
        status=reply.status,
        operation=operation,
        type=said.get("type"),
        code=said.get("code"),
        param=said.get("param"),
        request_id=reply.headers.get("request-id"),
        hint=hint,
    )


def _error_of(reply: Reply) -> dict[str, str]:
    try:
        value = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        return {}
    error = value.get("error") if isinstance(value, dict) else None
    if isinstance(error, str):
        return {"message": error}
    return {k: v for k, v in error.items() if isinstance(v, str)} if isinstance(error, dict) else {}


def _instead(reply: Reply) -> str:
    kind = reply.headers.get("content-type", "").partition(";")[0]
    what = f"a body of type {kind or 'unknown'}" if reply.body else "no body"
    return f"the answer has {what}, and no error in it that can be read"


def _masked(message: str, setup: Setup) -> str:
    return _SECRETS.sub("***", message.replace(setup.api_key, "***"))[:1000]
