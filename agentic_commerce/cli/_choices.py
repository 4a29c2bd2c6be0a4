"""What options can be, and which."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Api", "FeedName", "Format", "Mode"]


class FeedName(StrEnum):
    """The feeds."""

    PRODUCT = "product"
    INVENTORY = "inventory"
    PRICING = "pricing"
    PROMOTION = "promotion"


class Format(StrEnum):
    """How findings are printed."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"


class Api(StrEnum):
    """The ways to import a feed."""

    V1 = "v1"
    V2 = "v2"


class Mode(StrEnum):
    """What an import does with products that it does not name."""

    UPSERT = "upsert"
    REPLACE = "replace"
