"""Products put straight into a catalog, for tests that are not about imports."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping

from agentic_commerce.errors import FeedError
from agentic_commerce.feeds import PRODUCT, Deletion, ProductRow, check, row_from, write
from agentic_commerce.testing.sandbox._blob import Blob
from agentic_commerce.testing.sandbox._reading import apply, read_feed
from agentic_commerce.testing.sandbox._world import World

__all__ = ["put_products"]


def put_products(
    world: World, products: Iterable[ProductRow | Deletion | Mapping[str, str]]
) -> None:
    """Upsert products as an import of one file would, at once.

    Raises: FeedError for a product that Stripe would refuse; then none is put.
    """
    rows: list[ProductRow | Deletion] = [
        row_from(product) if isinstance(product, Mapping) else product for product in products
    ]
    file = io.BytesIO()
    write(file, rows, PRODUCT)
    report = check(file.getvalue(), PRODUCT)
    if not report.ok:
        raise FeedError(issue for issue in report.issues if issue.severity == "error")
    outcome = read_feed(Blob(file.getvalue()), "csv", PRODUCT, world.catalog)
    apply(outcome, PRODUCT, "upsert", world.catalog)
