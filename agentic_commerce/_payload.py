"""Bytes to a JSON object, and what to say when it is not the object that a parser reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any, Final, TypeVar

import attrs
import orjson

from agentic_commerce.errors import Issue, PayloadError

__all__ = ["EVENT", "convert", "object_issue", "read_object", "read_wrapped"]

T = TypeVar("T")

EVENT: Final = "an event with object, type, id and created"


@cache
def convert() -> ModuleType:
    """The conversion room, loaded at first use: cattrs would double the import time of a room."""
    return import_module("agentic_commerce._convert")


def read_object(payload: bytes | str | Mapping[str, Any], expected: str) -> Mapping[str, Any]:
    """The JSON object in a body, or the mapping that it was decoded to.

    ``expected`` says what the object should be, for the error. Raises: PayloadError.
    """
    # Bytes first: to ask whether they are a Mapping would cost more than to read an envelope.
    if type(payload) is not bytes and isinstance(payload, Mapping):
        return payload
    try:
        value = orjson.loads(payload)
    except (orjson.JSONDecodeError, TypeError) as error:
        issue = Issue("not_json", f"not JSON: {error}", column="$", hint=_hint(payload))
        raise PayloadError([issue]) from None
    if type(value) is dict:
        return value
    raise PayloadError([Issue("kind", f"expected {expected}", column="$")])


def _hint(payload: object) -> str:
    if hasattr(payload, "to_dict"):
        return "pass the object's .to_dict()"
    return "pass the body as it was received" if payload else "the body is empty"


def read_wrapped(value: Mapping[str, Any], tag: str, read: Callable[[Mapping[str, Any]], T]) -> T:
    """Read the event whose ``object`` is ``tag`` inside a cloud provider's envelope.

    Raises: PayloadError, with paths that start at the envelope, or saying what this is instead.
    """
    inside, path = _opened(value)
    if issue := object_issue(inside, tag, path):
        raise PayloadError([issue])
    try:
        return read(inside)
    except PayloadError as error:
        issues = [attrs.evolve(i, column=f"{path}{(i.column or '$')[1:]}") for i in error.issues]
    raise PayloadError(issues)


def _opened(value: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
    # Sources: docs.stripe.com/event-destinations/eventbridge and /eventgrid, "Event structure".
    detail, data = value.get("detail"), value.get("data")
    if "object" not in value and isinstance(detail, Mapping):
        return detail, "$.detail"
    if "object" not in value and "specversion" in value and isinstance(data, Mapping):
        return data, "$.data"
    return value, "$"


# ----------------------------------------------------------------------------------- mistaken kinds

_PARSERS: Final = {
    "event": ("a snapshot event of API v1", "orders.parse_order_event"),
    "v2.core.event": ("a thin event", "events.parse_event"),
    "v2.orchestrated_commerce.agreement": ("an Agreement", "events.parse_agreement"),
    "checkout.session": ("a Checkout Session", "orders.parse_order"),
}
_HOOKS: Final = ("v1.delegated_checkout.", "delegated_commerce.")


def object_issue(value: Mapping[str, Any], wanted: str, path: str = "$") -> Issue | None:
    """What is wrong with a payload whose ``object`` is not the ``wanted`` one; None if it is.

    A payload that another parser reads is named, with its parser: an endpoint that was registered
    for the wrong events is the usual cause.
    """
    tag, kind = value.get("object"), value.get("type")
    if tag == wanted:
        return None
    if isinstance(tag, str) and tag in _PARSERS:
        return _other(*_PARSERS[tag], path)
    if "object" not in value and isinstance(kind, str) and kind.startswith(_HOOKS):
        return _other("a checkout hook", "hooks.HookEndpoint or hooks.parse_request", path)
    if "object" not in value:
        return Issue("missing", "required, but absent", column=f"{path}.object")
    return Issue("choice", f"expected {wanted!r}", column=f"{path}.object")


def _other(what: str, parser: str, path: str) -> Issue:
    return Issue("other_payload", f"this is {what}", column=path, hint=f"read it with {parser}")
