"""One call: how its request is built, tried again, and its answer read. No I/O."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import IO, Any, Final, Generic, Literal, TypeVar
from urllib.parse import urlencode

import attrs
import orjson
from attrs import field

from agentic_commerce._payload import convert, read_object
from agentic_commerce.client._download import follow
from agentic_commerce.client._policy import try_request
from agentic_commerce.client._setup import AGENT, Setup
from agentic_commerce.client._wire import Flow, Lost, Reply, Request, Upload
from agentic_commerce.errors import (
    APIConnectionError,
    APIError,
    APIResponseError,
    AuthenticationError,
    IdempotencyError,
    Issue,
    NotFoundError,
    PayloadError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
)
from agentic_commerce.events import AgreementEvent, CatalogImportEvent, Event
from agentic_commerce.orders import CheckoutSessionCompleted

__all__ = [
    "Call",
    "account_headers",
    "answer_of",
    "bound_to",
    "mask",
    "perform",
    "read_as",
    "reader",
    "refusal",
]

T = TypeVar("T")
Pairs = tuple[tuple[str, str], ...]

# Rule: at most 255 characters. Source: docs.stripe.com/api/idempotent_requests.
_KEY: Final = re.compile(r"[!-~]{1,255}", re.ASCII)


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
    if key is not None and not _KEY.fullmatch(key):
        raise ValueError("idempotency_key is 1 to 255 characters of ASCII, without spaces")
    request = build(call, setup, key, sink)
    if sink is None:
        outcome = yield from try_request(request, setup)
    else:
        outcome = yield from follow(request, setup, call.operation)
    if isinstance(outcome, Lost):
        raise APIConnectionError(outcome.reason, operation=call.operation, idempotency_key=key)
    if not outcome.is_success:
        raise refusal(outcome, setup, call.operation, call.permission)
    return outcome


# ------------------------------------------------------------------------------------------ request


def build(
    call: Call[Any], setup: Setup, idempotency_key: str | None, sink: IO[bytes] | None = None
) -> Request:
    """The HTTP request of a call."""
    base = setup.api_url if call.host == "api" else setup.files_url
    query = f"?{urlencode(call.query)}" if call.query else ""
    headers = {
        "Authorization": f"Bearer {setup.api_key}",
        "User-Agent": AGENT,
        "Accept": "application/json" if sink is None else "*/*",
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
    url = f"{base}{call.path}{query}"
    return Request(method=call.method, url=url, headers=sent, body=body, sink=sink)


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


def bound_to(
    setup: Setup, event: AgreementEvent | CatalogImportEvent | Event | CheckoutSessionCompleted
) -> Setup:
    """The setup for a call about an event's object: the event brings its own account.

    A webhook of API v1 has an ``account``, a thin event a ``context``. None of either is the
    platform itself, whatever account the client is bound to.
    Raises: ValueError for what is no account and no path of accounts.
    """
    if isinstance(event, CheckoutSessionCompleted):
        return attrs.evolve(setup, account=event.account, context=None)
    return attrs.evolve(setup, account=None, context=event.context)


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
        request_id=_request_id(reply),
    )
    unread.issues = issues
    raise unread


def reader(kind: type[T]) -> Callable[[Mapping[str, Any]], T]:
    """The function that reads an answer as a record; the conversion room is loaded at first use."""

    def read(value: Mapping[str, Any]) -> T:
        record: T = convert().payload_reader(kind)(value)
        if getattr(record, "id", None) == "":
            raise PayloadError([Issue("empty", "an id must say something", column="$.id")])
        return record

    return read


_KINDS: Final[dict[int, type[APIError]]] = {
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    429: RateLimitError,
}

# Rule: no key, secret or buyer's address in an error. Stripe masks keys in its messages already; a
# proxy in between need not. An e-mail address is the buyer's datum that messages do quote. The
# query of an address may be its signature.
_SECRETS: Final = re.compile(
    r"\b(?:sk|rk|pk|whsec|ek)_[A-Za-z0-9_*]+|[^\s@<>'\"]++@[^\s@<>'\"]+|(?<=\?)[^\s?]+=\S*"
)
_LONGEST: Final = 1000
_ID: Final = re.compile(r"[\w.-]{1,100}", re.ASCII)


def refusal(reply: Reply, setup: Setup, operation: str, permission: str | None = None) -> APIError:
    """The error that an unsuccessful answer stands for, whatever its body is."""
    said = {name: mask(text, setup) for name, text in _error_of(reply).items()}
    message = said.get("message") or _instead(reply)
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
        request_id=_request_id(reply),
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


def _request_id(reply: Reply) -> str | None:
    found = reply.headers.get("request-id", "")
    return found if _ID.fullmatch(found) else None


def _instead(reply: Reply) -> str:
    if 300 <= reply.status < 400:
        return "the API does not redirect: look at api_url, or at a proxy in between"
    kind = reply.headers.get("content-type", "").partition(";")[0]
    what = f"a body of type {kind or 'unknown'}" if reply.body else "no body"
    return f"the answer has {what}, and no error in it that can be read"


def mask(message: str, setup: Setup) -> str:
    """A text from outside as an error may quote it: short, and without what looks secret."""
    # Cut first, since a message may be as long as an answer; then the end may be half a secret.
    text = message if len(message) <= _LONGEST else f"{message[:_LONGEST].rpartition(' ')[0]} ..."
    return _SECRETS.sub("***", text.replace(setup.api_key, "***"))
