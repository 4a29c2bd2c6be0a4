"""Sample rows of a product feed, which agree with the sample payloads of the hooks.

>>> product_row(2, price="9.90 USD").price.minor_units
990
"""

from __future__ import annotations

from agentic_commerce.feeds import ProductRow, row_from

__all__ = ["product_cells", "product_row"]


def product_cells(number: int = 1, **cells: str | None) -> dict[str, str]:
    """The cells of a product by column, as texts, with an ``id`` made from ``number``.

    Keyword arguments are cells to change or to add, and None leaves one out. Nothing is checked, so
    it makes bad rows as well. Prices are in major units: 20.00 USD, two ways of shipping.

    >>> product_cells(7, price="$15", mpn=None)["price"]
    '$15'
    """
    link = f"https://shop.example/products/{number}"
    sample: dict[str, str | None] = {
        "id": f"SKU-{number}",
        "title": f"Product {number}",
        "description": f"The description of product {number}",
        "link": link,
        "image_link": f"{link}.jpg",
        "brand": "Test Brand",
        "mpn": f"MPN-{number}",
        "product_category": "Home > Mugs",
        "availability": "in_stock",
        "inventory_quantity": "25",
        "price": "20.00 USD",
        "shipping": "US:ALL:Standard:3-5:5.00 USD,US:ALL:Express:1-2:15.00 USD",
    }
    return {name: text for name, text in (sample | cells).items() if text is not None}


def product_row(number: int = 1, **cells: str | None) -> ProductRow:
    """The same as a typed row.

    Raises: FeedError if the cells do not make one; ValueError for a ``delete``, which makes a
    `feeds.Deletion`.

    >>> product_row(7).id
    'SKU-7'
    """
    row = row_from(product_cells(number, **cells))
    if isinstance(row, ProductRow):
        return row
    raise ValueError("a row with a `delete` is a feeds.Deletion")
