"""A catalog can be filled without an upload."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agentic_commerce import feeds, testing
from agentic_commerce.testing import Sandbox

LINES = ["id,availability,inventory_quantity", "SKU-1,in_stock,3", "SKU-9,in_stock,3"]


@pytest.mark.parametrize("kind", ["rows", "path", "bytes", "lines"])
def test_a_catalog_is_filled_from(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "catalog.csv"
    feeds.write(path, [testing.product_row(1), testing.product_row(2)])
    source: Any = {
        "rows": [testing.product_row(1), testing.product_row(2)],
        "path": path,
        "bytes": path.read_bytes(),
        "lines": path.read_text().splitlines(),
    }[kind]
    sandbox = Sandbox()
    assert sandbox.stock(source, account="acct_1").valid_rows == 2
    assert [*sandbox.world("acct_1").catalog] == ["SKU-1", "SKU-2"]
    assert not sandbox.world().catalog


def test_bad_rows_are_reported_and_left_out() -> None:
    sandbox = Sandbox()
    sandbox.stock((testing.product_row(1),))
    report = sandbox.stock(LINES, feed=feeds.INVENTORY)
    assert (report.rows, report.valid_rows) == (2, 1)
    assert [issue.id for issue in report.issues] == ["SKU-9"]
    assert sandbox.world().catalog.quantity("SKU-1") == 3


def test_rows_of_other_feeds_and_deletions_are_taken() -> None:
    sandbox = Sandbox()
    sandbox.stock([testing.product_row(1), testing.product_row(2)])
    price = feeds.PriceRow(id="SKU-1", price=feeds.Price.parse("9.90 USD"))
    assert sandbox.stock([price], feed=feeds.PRICING).ok
    assert sandbox.stock([feeds.Deletion("SKU-2")]).ok
    assert [*sandbox.world().catalog] == ["SKU-1"]
    row = sandbox.world().catalog.get("SKU-1")
    assert row is not None
    assert row.price == feeds.Price.parse("9.90 USD")
