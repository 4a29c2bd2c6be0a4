"""Sample rows are good rows, and agree with the sample payloads."""

from __future__ import annotations

import pytest

from agentic_commerce import feeds, testing


def test_a_sample_row_has_no_finding() -> None:
    report = feeds.check(_lines(testing.product_cells(1), testing.product_cells(2)))
    assert (report.rows, report.errors, report.warnings) == (2, 0, 0)


def test_a_sample_row_is_the_product_of_the_sample_hooks() -> None:
    row, line = testing.product_row(), testing.line_item()
    assert (row.id, row.title) == (line["sku_id"], line["name"])
    assert row.price.minor_units == line["unit_amount"]


def test_cells_are_changed_added_left_out_and_not_checked() -> None:
    cells = testing.product_cells(9, price="$15", color="red", mpn=None)
    assert (cells["id"], cells["price"], cells["color"]) == ("SKU-9", "$15", "red")
    assert "mpn" not in cells
    with pytest.raises(feeds.FeedError, match="price"):
        testing.product_row(9, price="$15")


def test_a_row_that_deletes_is_no_product() -> None:
    with pytest.raises(ValueError, match="Deletion"):
        testing.product_row(delete="true")


def test_what_tests_use_is_listed_before_it_is_loaded() -> None:
    assert set(testing.__all__) <= set(dir(testing))
    # Asked directly: in this process the module is there already, as an attribute.
    assert testing.__getattr__("payloads").sign is testing.sign
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        testing.nothing  # noqa: B018


def _lines(*rows: dict[str, str]) -> list[str]:
    names = list(rows[0])
    quoted = [",".join(f'"{row[name]}"' for name in names) for row in rows]
    return [",".join(names), *quoted]
