"""What one account has: its catalog, files, imports, sessions and payments.

Connected accounts are worlds of their own, as is the platform: nothing of one can be seen from
another. Objects of API v1 are kept as Stripe would return them, with ids where nothing is expanded;
`_view` expands them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs
from attrs import field

from agentic_commerce.testing.sandbox._catalog import Catalog

if TYPE_CHECKING:
    from agentic_commerce.testing.sandbox._blob import Blob
    from agentic_commerce.testing.sandbox._wire import Response

__all__ = ["Answer", "StoredFile", "World"]

Object = dict[str, Any]
"""A JSON object, as Stripe would return it with nothing expanded."""


@attrs.define
class StoredFile:
    """An uploaded file, or an error report: what the API says of it, and its bytes."""

    object: Object
    content: Blob


@attrs.define
class Answer:
    """What an idempotency key has been answered with, and what was asked."""

    asked: str
    response: Response
    at: float


@attrs.define(eq=False, kw_only=True)
class World:
    """One account's objects by id. ``account`` is None for the platform itself.

    Of a session ``line_items`` and of a line ``taxes`` are kept in full; `_view` shows them only
    when they are expanded, and the fields in preview only to a preview version.
    """

    account: str | None
    profile: str
    catalog: Catalog = field(repr=False)
    promotions: dict[str, dict[str, str]] = field(factory=dict, repr=False)
    files: dict[str, StoredFile] = field(factory=dict, repr=False)
    import_sets: dict[str, Any] = field(factory=dict, repr=False)
    catalog_imports: dict[str, Any] = field(factory=dict, repr=False)
    agreements: dict[str, Object] = field(factory=dict, repr=False)
    sessions: dict[str, Object] = field(factory=dict, repr=False)
    payment_intents: dict[str, Object] = field(factory=dict, repr=False)
    charges: dict[str, Object] = field(factory=dict, repr=False)
    refunds: dict[str, Object] = field(factory=dict, repr=False)
    products: dict[str, Object] = field(factory=dict, repr=False)
    prices: dict[str, Object] = field(factory=dict, repr=False)
    tax_rates: dict[str, Object] = field(factory=dict, repr=False)
    shipping_rates: dict[str, Object] = field(factory=dict, repr=False)
    events: dict[str, Object] = field(factory=dict, repr=False)
    thin_events: dict[str, Object] = field(factory=dict, repr=False)
    answers: dict[str, Answer] = field(factory=dict, repr=False)

    def find(self, identifier: str) -> Object | None:
        """The object that an id stands for where something can be expanded; None if there is none.

        Told by the id's first letters, as Stripe's ids are.
        """
        table = _TABLES.get(identifier.partition("_")[0])
        found: Object | None = getattr(self, table).get(identifier) if table else None
        return found


_TABLES: Final = {
    "cs": "sessions",
    "pi": "payment_intents",
    "ch": "charges",
    "re": "refunds",
    "prod": "products",
    "price": "prices",
    "txr": "tax_rates",
    "shr": "shipping_rates",
}
"""Which objects an id of these first letters is among."""
