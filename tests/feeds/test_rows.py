"""The tables of columns: what the documents list is there, derived from the row classes."""

from __future__ import annotations

from typing import Any

import pytest

from agentic_commerce import feeds
from agentic_commerce.feeds import FEEDS, INVENTORY, PRICING, PRODUCT, PROMOTION
from tests.feeds import samples


@pytest.mark.parametrize(
    ("feed", "name", "v1_format", "v2_feed_type", "columns"),
    [
        (PRODUCT, "product", "product_catalog_feed", "product", 62),
        (INVENTORY, "inventory", "inventory_feed", "inventory", 4),
        (PRICING, "pricing", None, "pricing", 4),
        (PROMOTION, "promotion", None, "promotion", 16),
    ],
)
def test_the_feeds(
    feed: Any, name: str, v1_format: str | None, v2_feed_type: str, columns: int
) -> None:
    assert (feed.name, feed.v1_format, feed.v2_feed_type) == (name, v1_format, v2_feed_type)
    assert len(feed.columns) == columns
    assert FEEDS[name] is feed
    assert repr(feed) == f"<Feed {name}>"


def test_the_columns_that_every_product_needs() -> None:
    required = {"id", "title", "description", "link", "image_link", "availability", "price"}
    assert set(PRODUCT.required) == required
    assert {c.name for c in PRODUCT.columns.values() if c.required} == required


@pytest.mark.parametrize("name", samples.FULL_ROW)
def test_every_documented_example_of_a_column_comes_back_byte_for_byte(name: str) -> None:
    column = PRODUCT.columns[name]
    assert column.format(column.parse(samples.FULL_ROW[name])) == samples.FULL_ROW[name]
    assert column.format(column.parse("")) == ""
    assert column.kind
    assert column.doc.endswith(".")


def test_custom_variant_options_are_pairs_in_order() -> None:
    row = feeds.row_from(
        samples.PRODUCT_ROW
        | {
            "custom_variant_option_name_1": "Material",
            "custom_variant_option_value_1": "Oak",
            "custom_variant_option_name_3": "Finish",
            "custom_variant_option_value_3": "Matte",
        }
    )
    assert isinstance(row, feeds.ProductRow)
    assert [str(option) for option in row.variant_options] == ["Material/Oak", "Finish/Matte"]


def test_rows_are_values() -> None:
    one, same = feeds.row_from(samples.FULL_ROW), feeds.row_from(samples.FULL_ROW)
    assert one == same
    assert hash(one) == hash(same)
    assert one != feeds.row_from(samples.FULL_ROW | {"title": "Other"})
