"""The laws: what is written is read back, for every value and every row."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentic_commerce import feeds
from agentic_commerce.errors import Issue
from agentic_commerce.feeds import FEEDS
from agentic_commerce.feeds._plan import Plan, Values
from tests.feeds import samples
from tests.feeds import strategies as any_

VALUES = {
    "price": any_.PRICES,
    "dimension": any_.DIMENSIONS,
    "weight": any_.WEIGHTS,
    "range": any_.RANGES,
    "category": any_.CATEGORIES,
    "shipping": any_.SHIPPING,
    "fee": any_.FEES,
    "threshold": any_.THRESHOLDS,
    "related": any_.RELATED,
    "warning": any_.NOTES,
    "tax code": any_.TAX_CODES,
    "option": st.builds(feeds.VariantOption, any_.TEXT.filter(lambda t: "/" not in t), any_.TEXT),
}


@pytest.mark.parametrize("kind", VALUES)
@given(data=st.data())
def test_every_value_is_read_back_as_it_was_written(kind: str, data: Any) -> None:
    value = data.draw(VALUES[kind])
    assert type(value).parse(str(value)) == value


@pytest.mark.parametrize(
    ("strategy", "parse", "write"),
    [
        (any_.SHIPPING, feeds.parse_shipping, feeds.format_shipping),
        (any_.FEES, feeds.parse_applicable_fees, feeds.format_applicable_fees),
        (
            any_.THRESHOLDS,
            feeds.parse_free_shipping_threshold,
            feeds.format_free_shipping_threshold,
        ),
        (any_.URLS, feeds.parse_urls, feeds.format_urls),
    ],
)
@given(data=st.data())
def test_every_cell_of_entries_is_read_back(
    strategy: Any, parse: Any, write: Any, data: Any
) -> None:
    entries = tuple(data.draw(st.lists(strategy, max_size=4)))
    assert parse(write(entries)) == entries


def found_by_rules_alone(issues: list[Issue]) -> bool:
    """Whether the cells were good, and only rules across columns were broken."""
    cell_codes = {"required", "too_long", "too_many", "kind", "choice", "boolean"}
    return not any(i.code in cell_codes or i.code.endswith("_format") for i in issues)


@pytest.mark.parametrize("feed", FEEDS.values(), ids=repr)
@settings(max_examples=25)
@given(data=st.data())
def test_rows_that_were_written_are_read_back(feed: Any, data: Any) -> None:
    rows = data.draw(st.lists(any_.rows(feed), max_size=3))
    file = io.BytesIO()
    feeds.write(file, rows, feed)
    kept = iter(rows)
    for item in feeds.scan(file.getvalue(), feed):
        if isinstance(item, Issue):
            assert found_by_rules_alone([item]), item
        else:
            assert item in rows
            assert item in kept  # in order
    names = list(feed.columns)
    plan = Plan(feed, names)
    for row in rows:
        cells = [feed.columns[name].format(getattr(row, name)) for name in names]
        assert Values(plan, cells).row() == row


CELLS = st.sampled_from(
    """ x 0 00 5 -5 4.5 NaN true false in_stock preorder percent_off 20~in 20~cm 2~lb <b> \u0661
    15.00~USD 9.00~USD 9.00~EUR 2026-02-24 2025-12-01/2025-12-15 a:b A-1 ~ ~x \x85 LAMP
    http://a.com https://a.com/x https://a.com/~x upsell:SKU-1 prop_65:x anrok:x
    3234567890126 3234567890127 US:ALL:Std:1-2:5.00~USD US:ALL:Std:50.00~USD US:ALL:Fee:0.10~EUR
    """.replace("\n", " ").split(" ")
).map(lambda text: text.replace("~", " ")) | st.just("X" * 160)


@pytest.mark.parametrize("feed", FEEDS.values(), ids=repr)
@settings(max_examples=50)
@given(data=st.data())
def test_the_quick_tests_accept_nothing_that_the_exact_ones_refuse(feed: Any, data: Any) -> None:
    """Any cells in any columns: the loop, which accepts most rows, and the exact examination."""
    good = samples.GOOD[feed.name]
    names = data.draw(st.lists(st.sampled_from(list(feed.columns)), unique=True, max_size=6))
    rows = [good | {name: data.draw(CELLS) for name in names} for _ in range(2)]
    header = list(rows[0])
    report = feeds.check(samples.csv_bytes(*rows), feed)
    exact = []
    for number, row in enumerate(rows, 2):
        plan = Plan(feed, header)
        cells = list(row.values())
        exact += plan.examine(number, cells, plan.everything())[0]
    across = ("duplicate_id", "variant_attributes")
    found = [i for i in report.issues if i.row != 1 and i.code not in across]
    assert sorted(found, key=str) == sorted(exact, key=str)
