"""A catalog without an upload: for tests that begin where it is there already."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from typing import IO, Any, TypeAlias

from agentic_commerce import feeds
from agentic_commerce.feeds import Deletion, Feed
from agentic_commerce.testing.sandbox._reading import apply, apply_promotions, read_source
from agentic_commerce.testing.sandbox._world import World

__all__ = ["Stock", "stock"]

Stock: TypeAlias = "str | os.PathLike[str] | bytes | IO[str] | IO[bytes] | Iterable[Any]"
"""Rows, or what `feeds.check` reads: a path, an open file, bytes, or lines."""


def stock(world: World, source: Stock, feed: Feed[Any]) -> feeds.FeedReport:
    """Lay a feed over a world's catalog, as an upsert would; what the check found."""
    outcome, report = read_source(_readable(source, feed), feed, world.catalog)
    apply(outcome, feed, "upsert", world.catalog)
    apply_promotions(outcome, world.promotions)
    return report


def _readable(source: Stock, feed: Feed[Any]) -> Any:
    rows = [*source] if isinstance(source, list | tuple) else []
    if not any(isinstance(row, feed.row_type | Deletion) for row in rows):
        return source
    file = io.BytesIO()
    feeds.write(file, rows, feed)
    return file.getvalue()
