"""Lists: of API v1 with cursors, of API v2 with pages; the newest first in both."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from agentic_commerce.testing.sandbox._wire import Refusal, missing

if TYPE_CHECKING:
    from agentic_commerce.testing.sandbox._call import Call
    from agentic_commerce.testing.sandbox._world import Object

__all__ = ["LIST", "V2_CREATED", "list_v1", "list_v2"]

LIST: Final = ("limit", "starting_after", "ending_before", "created")
"""The parameters of every list of API v1."""
V2_CREATED: Final = ("created", "created_gt", "created_gte", "created_lt", "created_lte")
_COMPARE: Final[dict[str, Callable[[float, float], bool]]] = {
    "": operator.eq,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


def list_v1(call: Call, objects: Iterable[Object], kind: str) -> Object:
    """One page of a list. Source: docs.stripe.com/api/pagination."""
    newest = [*objects][::-1]
    wanted = _created_v1(call)
    kept = [value for value in newest if all(test(value["created"]) for test in wanted)]
    limit = call.number("limit", 10, 1, 100)
    after, before = call.text("starting_after"), call.text("ending_before")
    if after and before:
        raise Refusal(400, "You may send only one of starting_after and ending_before.")
    at = _position(kept, after or before, kind, "starting_after" if after else "ending_before")
    if before:
        kept = kept[:at][-limit:]
        has_more = at > limit
    else:
        start = at + 1 if after else 0
        has_more = len(kept) > start + limit
        kept = kept[start : start + limit]
    return call.show(
        {"object": "list", "data": kept, "has_more": has_more, "url": call.request.path}
    )


def _position(values: list[Object], identifier: str | None, kind: str, param: str) -> int:
    if identifier is None:
        return 0
    at = next((n for n, value in enumerate(values) if value["id"] == identifier), None)
    if at is None:
        raise missing(kind, identifier, param)
    return at


def _created_v1(call: Call) -> list[Callable[[float], bool]]:
    given = call.params.get("created")
    bounds = given if isinstance(given, dict) else {} if given is None else {"": given}
    tests = []
    for name, text in bounds.items():
        if name not in _COMPARE or not re.fullmatch(r"\d{1,12}", str(text), re.ASCII):
            raise Refusal(400, "Invalid created: whole unix seconds", param="created")
        tests.append(_bound(name, float(text)))
    return tests


def _bound(name: str, limit: float) -> Callable[[float], bool]:
    compare = _COMPARE[name]
    return lambda value: compare(value, limit)


def list_v2(call: Call, objects: Iterable[Object], filters: Mapping[str, str]) -> Object:
    """One page of a list; ``filters`` maps parameters to the fields that they must equal."""
    kept = [value for value in [*objects][::-1] if _fits(call, value, filters)]
    tests = [_created_v2(call, name) for name in V2_CREATED if call.text(name)]
    kept = [v for v in kept if all(test(_seconds(v["created"])) for test in tests)]
    limit = call.number("limit", 20, 1, 100)
    page = call.text("page")
    start = _position(kept, page, "page", "page") if page else 0
    following = kept[start + limit][("id")] if len(kept) > start + limit else None
    return {
        "data": kept[start : start + limit],
        "next_page_url": _page_url(call, following),
        "previous_page_url": _page_url(call, kept[max(start - limit, 0)]["id"]) if start else None,
    }


def _page_url(call: Call, page: str | None) -> str | None:
    if page is None:
        return None
    kept = {name: value for name, value in call.params.items() if name != "page"}
    return f"{call.request.path}?{urlencode(kept | {'page': page})}"


def _fits(call: Call, value: Mapping[str, Any], filters: Mapping[str, str]) -> bool:
    return all(
        value[name] == call.text(param) for param, name in filters.items() if call.text(param)
    )


def _created_v2(call: Call, name: str) -> Callable[[float], bool]:
    try:
        return _bound(name.removeprefix("created").removeprefix("_"), _seconds(call.required(name)))
    except ValueError:
        raise Refusal(400, f"Invalid {name}: an RFC 3339 timestamp", param=name) from None


def _seconds(text: str) -> float:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError
    return moment.timestamp()
