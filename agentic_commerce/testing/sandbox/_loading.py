"""A catalog from a file, without an upload: for tests that begin where it is there already."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import IO, Any, TypeAlias

from agentic_commerce.feeds import Feed, FeedReport
from agentic_commerce.testing.sandbox._reading import apply, apply_promotions, read_source
from agentic_commerce.testing.sandbox._world import World

__all__ = ["FeedSource", "load_feed"]

FeedSource: TypeAlias = (
    "str | os.PathLike[str] | IO[str] | IO[bytes] | bytes | Iterable[str] | Iterable[bytes]"
)


def load_feed(world: World, source: FeedSource, feed: Feed[Any]) -> FeedReport:
    """Lay a feed over a world's catalog, as an upsert would; what the check found."""
    outcome, report = read_source(source, feed, world.catalog)
    apply(outcome, feed, "upsert", world.catalog)
    apply_promotions(outcome, world.promotions)
    return report
