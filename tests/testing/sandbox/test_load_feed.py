"""A catalog can be filled from a file, without an upload."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agentic_commerce import feeds, testing
from agentic_commerce.testing import Sandbox


@pytest.mark.parametrize("kind", ["path", "bytes", "lines"])
def test_a_catalog_is_filled_from(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "catalog.csv"
    feeds.write(path, [testing.product_row(1), testing.product_row(2)])
    sources: dict[str, Any] = {
        "path": path,
        "bytes": path.read_bytes(),
        "lines": path.read_text().splitlines(),
    }
    sandbox = Sandbox()
    assert sandbox.load_feed(sources[kind], account="acct_1").valid_rows == 2
    assert [*sandbox.world("acct_1").catalog] == ["SKU-1", "SKU-2"]
    assert not sandbox.world().catalog


def test_bad_rows_are_reported_and_left_out() -> None:
    sandbox = Sandbox()
    sandbox.stock(testing.product_row(1), account="acct_1")
    lines = ["id,availability,inventory_quantity", "SKU-1,in_stock,3", "SKU-9,in_stock,3"]
    report = sandbox.load_feed(lines, account="acct_1", feed=feeds.INVENTORY)
    assert (report.rows, report.valid_rows) == (2, 1)
    assert [issue.id for issue in report.issues] == ["SKU-9"]
    assert sandbox.world("acct_1").catalog.quantity("SKU-1") == 3
