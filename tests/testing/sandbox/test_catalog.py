"""What an account sells, as its feeds left it: against a plain dictionary."""

from __future__ import annotations

import threading
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from agentic_commerce import feeds
from agentic_commerce.feeds import INVENTORY, PRICING, PRODUCT
from agentic_commerce.testing.sandbox import Catalog, Sandbox
from agentic_commerce.testing.sandbox._blob import Blob
from agentic_commerce.testing.sandbox._reading import apply, read_feed
from tests.testing.sandbox.shop import Shop, cells, feed


def load(
    catalog: Catalog, *rows: dict[str, str], kind: Any = PRODUCT, mode: str = "upsert"
) -> None:
    outcome = read_feed(Blob(feed(*rows)), "csv", kind, catalog)
    assert outcome.failure is None
    apply(outcome, kind, mode, catalog)


def test_a_product_comes_back_as_the_row_that_its_cells_say() -> None:
    catalog = Catalog()
    load(catalog, cells("A", shipping="US:ALL:Standard:3-5:5.99 USD", brand="Zoë’s"))
    row = catalog.get("A")
    assert row == feeds.row_from(cells("A", shipping="US:ALL:Standard:3-5:5.99 USD", brand="Zoë’s"))
    assert catalog.get("A") is row
    assert catalog.get("B") is None
    assert catalog.cells("B") is None
    assert (len(catalog), [*catalog], "A" in catalog) == (1, ["A"], True)


def test_many_rows_are_remembered_as_typed_rows_but_not_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("agentic_commerce.testing.sandbox._catalog._CACHED", 2)
    catalog = Catalog()
    load(catalog, *(cells(f"A{n}") for n in range(5)))
    assert [row.id for n in range(5) if (row := catalog.get(f"A{n}"))] == [
        f"A{n}" for n in range(5)
    ]


def test_a_column_that_a_file_leaves_out_keeps_its_values() -> None:
    catalog = Catalog()
    load(catalog, cells("A", brand="Old", color="Red"))
    load(catalog, cells("A", title="New"))
    row = catalog.get("A")
    assert row is not None
    assert (row.title, row.brand, row.color) == ("New", "Old", "Red")


@pytest.mark.parametrize(("blank_cells", "brand"), [("clear", None), ("keep", "Old")])
def test_what_a_blank_cell_does_is_a_choice(blank_cells: Any, brand: str | None) -> None:
    catalog = Catalog(blank_cells)
    load(catalog, cells("A", brand="Old"))
    load(catalog, cells("A", brand=""), cells("B", brand="B"))
    row = catalog.get("A")
    assert row is not None
    assert row.brand == brand
    assert catalog.take("A", 2)
    assert catalog.quantity("A") == 3


def test_another_word_for_blank_cells_is_refused() -> None:
    with pytest.raises(ValueError, match="'clear' or 'keep'"):
        Sandbox(blank_cells="drop").world()  # type: ignore[arg-type]


def test_inventory_and_prices_change_their_columns_alone() -> None:
    catalog = Catalog()
    load(catalog, cells("A", brand="Brand"))
    stock = {"id": "A", "availability": "out_of_stock", "inventory_quantity": "0"}
    load(catalog, stock, kind=INVENTORY)
    load(catalog, {"id": "A", "price": "9.50 USD"}, kind=PRICING)
    row = catalog.get("A")
    assert row is not None
    assert (row.brand, row.availability, row.inventory_quantity) == ("Brand", "out_of_stock", 0)
    assert row.price.amount == Decimal("9.50")


def test_pieces_that_are_hidden_altogether_are_thrown_away() -> None:
    catalog = Catalog()
    load(catalog, cells("A"))
    for quantity in range(20):
        stock = {"id": "A", "availability": "in_stock", "inventory_quantity": str(quantity)}
        load(catalog, stock, kind=INVENTORY)
        assert catalog.take("A", 1) == (quantity > 0)
    assert len(catalog._piles["A"]) <= 3
    load(catalog, cells("A"))
    assert isinstance(catalog._piles["A"], bytes)


def test_of_a_column_that_is_repeated_the_first_counts() -> None:
    catalog = Catalog()
    staged = catalog.stage(["id", "price", "price", "unheard_of"], PRICING)
    staged.add(["A", "1.00 USD", "2.00 USD", "x"])
    catalog._piles["A"] = staged.rows["A"]
    assert catalog.cells("A") == {"id": "A", "price": "1.00 USD"}


def test_a_deletion_removes_and_a_replacement_leaves_what_it_names() -> None:
    catalog = Catalog()
    load(catalog, cells("A"), cells("B"), cells("C"))
    load(catalog, cells("D"), cells("A", delete="true"))
    assert [*catalog] == ["B", "C", "D"]
    load(catalog, cells("C", title="New"), mode="replace")
    assert [*catalog] == ["C"]


def test_stock_is_taken_whole_or_not_at_all() -> None:
    catalog = Catalog()
    load(catalog, cells("A"), cells("B", inventory_not_tracked="true", inventory_quantity=""))
    assert catalog.take("A", 3)
    assert not catalog.take("A", 3)
    assert catalog.quantity("A") == 2
    catalog.put_back("A", 3)
    catalog.put_back("B", 3)
    assert (catalog.quantity("A"), catalog.quantity("B"), catalog.quantity("C")) == (5, None, None)
    assert catalog.take("B", 10**6)
    assert not catalog.take("C", 1)
    for act in (catalog.take, catalog.put_back):
        with pytest.raises(ValueError, match="1 or more"):
            act("A", 0)


def test_stock_never_goes_below_zero_with_many_buyers() -> None:
    catalog = Catalog()
    load(catalog, cells("A", inventory_quantity="100"))
    taken: list[bool] = []
    start = threading.Barrier(8)

    def buy() -> None:
        start.wait()
        taken.extend(catalog.take("A", 1) for _ in range(25))

    threads = [threading.Thread(target=buy) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sum(taken), len(taken), catalog.quantity("A")) == (100, 200, 0)


def test_an_inventory_row_does_not_make_a_product_tracked() -> None:
    catalog = Catalog()
    load(catalog, cells("A", inventory_not_tracked="true", inventory_quantity=""))
    stock = {"id": "A", "availability": "in_stock", "inventory_quantity": "7"}
    load(catalog, stock, kind=INVENTORY)
    row = catalog.get("A")
    assert row is not None
    assert (row.inventory_not_tracked, row.inventory_quantity) == (True, None)


# ------------------------------------------------------------------------------------- the law

SKUS = st.sampled_from(["A", "B", "C", "D"])
PRODUCT_COLUMNS = ("title", "brand", "color", "price", "inventory_quantity", "availability")
OPTIONAL = ("brand", "color", "sale_price", "custom_label_0")
TEXTS = st.sampled_from(["", "one", "two"])


@st.composite
def product_files(draw: st.DrawFn) -> list[dict[str, str]]:
    """Some rows with the same columns: the required ones, and some of the others."""
    names = draw(st.sets(st.sampled_from(OPTIONAL[:2] + OPTIONAL[3:])))
    with_delete = draw(st.booleans())
    rows = []
    for sku in draw(st.lists(SKUS, unique=True, min_size=1)):
        row = cells(sku, title=draw(st.sampled_from(["T", "U"])))
        row["inventory_quantity"] = str(draw(st.integers(0, 9)))
        row |= {name: draw(TEXTS) for name in sorted(names)}
        if with_delete:
            row["delete"] = draw(st.sampled_from(["", "false", "true"]))
        rows.append(row)
    return rows


class Imports(RuleBasedStateMachine):
    """Any sequence of imports, purchases included, through the API."""

    blank_cells: Any = "clear"

    def __init__(self) -> None:
        super().__init__()
        self.shop = Shop(Sandbox(blank_cells=self.blank_cells))
        self.catalog = self.shop.world.catalog
        self.model: dict[str, dict[str, str]] = {}

    def _merge(self, sku: str, row: dict[str, str]) -> None:
        known = self.model.setdefault(sku, {})
        for name, text in row.items():
            if text or self.blank_cells == "clear":
                known[name] = text

    def _import(self, rows: list[dict[str, str]], feed_type: str, mode: str = "upsert") -> None:
        if mode == "upsert" and feed_type == "product":
            done = self.shop.import_v1(feed(*rows))
        else:
            done = self.shop.import_v2(feed(*rows), feed_type, mode)
        refused = [row for row in rows if feed_type != "product" and row["id"] not in self.model]
        assert done["status"] == ("succeeded_with_errors" if refused else "succeeded")

    @rule(rows=product_files())
    def upsert(self, rows: list[dict[str, str]]) -> None:
        self._import(rows, "product")
        for row in rows:
            if row.get("delete") == "true":
                self.model.pop(row["id"], None)
            else:
                self._merge(row["id"], row)

    @rule(rows=product_files())
    def replace(self, rows: list[dict[str, str]]) -> None:
        self._import(rows, "product", "replace")
        self.model = {}
        for row in rows:
            if row.get("delete") != "true":
                self._merge(row["id"], row)

    @rule(sku=SKUS, quantity=st.integers(0, 9), word=st.sampled_from(["in_stock", "out_of_stock"]))
    def inventory(self, sku: str, quantity: int, word: str) -> None:
        row = {"id": sku, "availability": word, "inventory_quantity": str(quantity)}
        self._import([row], "inventory")
        if sku in self.model:
            self._merge(sku, row)

    @rule(sku=SKUS, price=st.sampled_from(["1.00 USD", "2.50 USD"]), sale=st.booleans())
    def price(self, sku: str, price: str, sale: bool) -> None:
        row = {"id": sku, "price": price, "sale_price": "", "sale_price_effective_date": ""}
        if sale:
            row |= {"sale_price": "0.50 USD", "sale_price_effective_date": "2026-01-01/2026-12-31"}
        self._import([row], "pricing")
        if sku in self.model:
            self._merge(sku, row)

    @rule(sku=SKUS, quantity=st.integers(1, 5))
    def buy(self, sku: str, quantity: int) -> None:
        left = int(self.model[sku]["inventory_quantity"]) if sku in self.model else -1
        assert self.catalog.take(sku, quantity) == (left >= quantity)
        if left >= quantity:
            self.model[sku]["inventory_quantity"] = str(left - quantity)

    @rule(sku=SKUS, quantity=st.integers(1, 5))
    def bring_back(self, sku: str, quantity: int) -> None:
        self.catalog.put_back(sku, quantity)
        if sku in self.model:
            left = int(self.model[sku]["inventory_quantity"])
            self.model[sku]["inventory_quantity"] = str(left + quantity)

    @invariant()
    def the_catalog_is_what_the_model_says(self) -> None:
        assert {*self.catalog} == {*self.model}
        for sku, row in self.model.items():
            filled = {name: text for name, text in row.items() if text}
            assert self.catalog.cells(sku) == filled
            assert self.catalog.get(sku) == feeds.row_from(filled)
            assert self.catalog.quantity(sku) == int(filled["inventory_quantity"])


class ImportsThatKeepBlanks(Imports):
    blank_cells = "keep"


TestImports = Imports.TestCase
TestImports.settings = settings(max_examples=20, stateful_step_count=15, deadline=None)
TestImportsThatKeepBlanks = ImportsThatKeepBlanks.TestCase
TestImportsThatKeepBlanks.settings = TestImports.settings
