"""The reference page says what the code says."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from agentic_commerce import feeds
from agentic_commerce.feeds import CODES, FEEDS

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.skipif(not DOCS.exists(), reason="the documentation is not installed")
def test_the_reference_page_is_fresh() -> None:
    script = runpy.run_path(str(DOCS / "feeds_reference.py"))
    page = (DOCS / "reference" / "feeds.md").read_text(encoding="utf-8")
    assert page == script["page"](), "run: python docs/feeds_reference.py"
    listed = {name for group in script["GROUPS"].values() for name in group}
    assert listed | {"Issue", "FeedError", "QuoteError", "CellError"} == set(feeds.__all__)
    assert all(f"| `{code}` |" in page for code in (*CODES, *feeds.QUOTE_CODES))
    assert all(f"| `{name}` |" in page for feed in FEEDS.values() for name in feed.columns)
