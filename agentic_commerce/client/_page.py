"""Lists: one flow for each page, and a cursor that leads from page to page."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, Generic, TypeAlias, TypeVar
from urllib.parse import urlsplit

import attrs

from agentic_commerce._payload import convert
from agentic_commerce._record import record
from agentic_commerce.client._call import Call, perform, reader
from agentic_commerce.client._setup import Setup
from agentic_commerce.client._wire import Flow
from agentic_commerce.errors import Issue, PayloadError

__all__ = [
    "Fetch",
    "Page",
    "check_limit",
    "read_v2_page",
    "rfc3339_filters",
    "unix_filters",
    "v2_pages",
]

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Page(Generic[T]):
    """Some items, and the cursor of the page after them; None if there is none."""

    items: tuple[T, ...]
    cursor: Any


Fetch: TypeAlias = Callable[[Any], Flow[Page[T]]]
"""From a cursor (None: the first page) to the flow that fetches its page."""

_LARGEST: Final = 100


def check_limit(limit: int | None) -> dict[str, str]:
    """How many items a page may have. Raises: ValueError, TypeError."""
    if limit is None:
        return {}
    if type(limit) is not int:
        raise TypeError(f"limit is a whole number, not {type(limit).__name__}")
    if not 1 <= limit <= _LARGEST:
        raise ValueError(f"limit is the size of a page, from 1 to {_LARGEST}")
    return {"limit": str(limit)}


# ------------------------------------------------------------------------------------------ filters


def rfc3339_filters(**moments: datetime | None) -> dict[str, str]:
    """Moments as API v2 takes them. Raises: TypeError, or ValueError for one without a zone."""
    return {
        name: _aware(name, moment).isoformat().replace("+00:00", "Z")
        for name, moment in moments.items()
        if moment is not None
    }


def unix_filters(**moments: datetime | None) -> dict[str, str]:
    """Moments as API v1 takes them, ``created_gt`` as ``created[gt]``, in whole seconds.

    What Stripe made has a whole second; rounding by the comparison leaves each result as it was.
    Raises: TypeError, or ValueError for a moment without a zone.
    """
    filters = {}
    for name, moment in moments.items():
        if moment is not None:
            key, _, comparison = name.rpartition("_")
            seconds = _aware(name, moment).timestamp()
            whole = math.floor(seconds) if comparison in ("gt", "lte") else math.ceil(seconds)
            filters[f"{key}[{comparison}]"] = str(whole)
    return filters


def _aware(name: str, moment: datetime) -> datetime:
    if not isinstance(moment, datetime):
        raise TypeError(f"{name} is a datetime, not {type(moment).__name__}")
    if moment.utcoffset() is None:
        raise ValueError(f"{name} needs a time zone, such as datetime.now(UTC) has")
    return moment


# -------------------------------------------------------------------------------------------- pages


def v2_pages(
    setup: Setup,
    kind: type[T],
    operation: str,
    path: str,
    version: str | None,
    filters: Mapping[str, str],
    permission: str | None = None,
) -> Fetch[T]:
    """The pages of a list of API v2."""

    def read(value: Mapping[str, Any]) -> Page[T]:
        return read_v2_page(value, path, reader(kind))

    def fetch(cursor: str | None) -> Flow[Page[T]]:
        call = Call(
            operation=operation,
            method="GET",
            path=path if cursor is None else f"{path}?{cursor}",
            read=read,
            version=version,
            permission=permission,
            query=tuple(filters.items()) if cursor is None else (),
        )
        return (yield from perform(call, setup))

    return fetch


@record(kw_only=True)
class _Listed:
    data: tuple[Mapping[str, Any], ...]
    next_page_url: str | None = None


def read_v2_page(
    value: Mapping[str, Any], path: str, read: Callable[[Mapping[str, Any]], T]
) -> Page[T]:
    """Read a page of API v2, whose cursor is the query of its ``next_page_url``.

    The address itself is not followed: host and path stay those of the list, which the key is for.
    Raises: PayloadError.
    """
    listed: _Listed = convert().payload_reader(_Listed)(value)
    items = tuple(_item(index, item, read) for index, item in enumerate(listed.data))
    if not listed.next_page_url:
        return Page(items=items, cursor=None)
    found = urlsplit(listed.next_page_url)
    if found.path != path or not found.query or not found.query.isascii():
        raise PayloadError([Issue("choice", f"expected {path}?...", column="$.next_page_url")])
    return Page(items=items, cursor=found.query)


def _item(index: int, value: Mapping[str, Any], read: Callable[[Mapping[str, Any]], T]) -> T:
    try:
        return read(value)
    except PayloadError as error:
        issues = error.issues
    where = f"$.data[{index}]"
    raise PayloadError(attrs.evolve(i, column=f"{where}{(i.column or '$')[1:]}") for i in issues)
