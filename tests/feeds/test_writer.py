"""Feeds written: what a file holds, that it comes back, and that nothing half-written is left."""

from __future__ import annotations

import io
import os
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from agentic_commerce import feeds
from agentic_commerce.errors import CellError, FeedError
from agentic_commerce.feeds import PRICING, PRODUCT, PROMOTION, Deletion, Price, PriceRow
from tests.feeds import samples

if TYPE_CHECKING:
    from pathlib import Path

PRICE = Price.parse("1.00 USD")
ROWS = [PriceRow(id="A", price=PRICE), PriceRow(id="B", price=Price.parse("1500 JPY"))]
TEXT = "id,price\r\nA,1.00 USD\r\nB,1500 JPY\r\n"


def product(**changes: Any) -> feeds.ProductRow:
    row = feeds.row_from(samples.PRODUCT_ROW)
    assert isinstance(row, feeds.ProductRow)
    for name, value in changes.items():
        setattr(row, name, value)
    return row


def written(*rows: Any, **options: Any) -> str:
    file = io.StringIO()
    assert feeds.write(file, rows, **options) == len(rows)
    return file.getvalue()


def test_every_kind_of_target_gets_the_same_bytes(tmp_path: Path) -> None:
    binary, text, path = io.BytesIO(), io.StringIO(), tmp_path / "prices.csv"
    for target in (binary, text, path, str(path)):
        assert feeds.write(target, iter(ROWS), PRICING) == 2
    assert binary.getvalue() == path.read_bytes() == text.getvalue().encode() == TEXT.encode()
    tabs = tmp_path / "prices.tsv"
    feeds.write(tabs, ROWS, PRICING)
    assert tabs.read_bytes() == TEXT.replace(",", "\t").encode()
    assert list(feeds.read(tabs, PRICING)) == ROWS


def test_only_the_columns_in_use_are_written() -> None:
    header = written(product(color="Red")).splitlines()[0].split(",")
    assert set(header) == samples.PRODUCT_ROW.keys() | {"color"}
    assert header == [name for name in PRODUCT.columns if name in header]
    assert written(feed=PRICING) == "id,price\r\n"


def test_the_columns_asked_for_are_written_in_their_order() -> None:
    assert written(*ROWS, feed=PRICING, columns=["price", "id"]).startswith(
        "price,id\r\n1.00 USD,A"
    )
    full = written(*ROWS, feed=PRICING, columns=list(PRICING.columns))
    assert full.startswith("id,price,sale_price,sale_price_effective_date\r\nA,1.00 USD,,\r\n")


def test_columns_that_lose_something_or_do_not_exist_are_refused() -> None:
    with pytest.raises(ValueError, match="has a price, which is not among the columns"):
        feeds.write(io.StringIO(), ROWS, PRICING, columns=["id"])
    with pytest.raises(ValueError, match="has no column cost"):
        feeds.write(io.StringIO(), ROWS, PRICING, columns=["id", "price", "cost"])
    with pytest.raises(ValueError, match="asked for twice"):
        feeds.write(io.StringIO(), ROWS, PRICING, columns=["id", "price", "id"])


@pytest.mark.parametrize("columns", [["id"], ["delete"]])
def test_a_deletion_is_never_written_as_a_row_that_deletes_nothing(columns: list[str]) -> None:
    with pytest.raises(ValueError, match="row 2 is a deletion"):
        feeds.write(io.StringIO(), [Deletion("A")], columns=columns)


def test_booleans_decimals_and_quotes() -> None:
    row = product(
        inventory_not_tracked=False,
        popularity_score=Decimal("4.70"),
        title='=A "big", +lamp\nand @shade',
    )
    text = written(row)
    assert ",false," in text
    assert ",4.70" in text
    assert '"=A ""big"", +lamp\nand @shade"' in text
    assert list(feeds.read(text.encode())) == [row]


def test_an_exponent_is_never_written() -> None:
    assert ",2\r\n" in written(product(return_rate=Decimal("2E+0")))
    assert ",20\r\n" in written(product(return_rate=Decimal("2E+1")))


def test_a_deletion_is_its_id_and_true() -> None:
    text = written(product(), Deletion("B"))
    rows = list(feeds.read(text.encode()))
    assert rows == [product(), Deletion("B")]
    promotion = written(Deletion("SUMMER"), feed=PROMOTION)
    assert list(feeds.read(promotion.encode(), PROMOTION)) == [Deletion("SUMMER")]


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"price": 15.0}, "price"),
        ({"price": "15.00 USD"}, "price"),
        ({"inventory_quantity": True}, "inventory_quantity"),
        ({"inventory_quantity": 1.0}, "inventory_quantity"),
        ({"title": None}, ""),
        ({"shipping": PRICE}, "shipping"),
        ({"shipping": ("US:ALL:Std::1.00 USD",)}, "shipping"),
        ({"additional_image_link": "https://x.com/1.jpg"}, "additional_image_link"),
        ({"disable_checkout": "true"}, "disable_checkout"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(changes: dict[str, Any], column: str) -> None:
    if not column:
        assert ",," in written(product(**changes))
        return
    with pytest.raises(FeedError) as caught:
        written(product(), product(**changes))
    (issue,) = caught.value.issues
    assert (issue.code, issue.column, issue.row, issue.id) == ("kind", column, 3, "SKU-1")


def test_a_row_of_another_feed_is_refused() -> None:
    with pytest.raises(FeedError, match="ProductRow is no row of the pricing feed"):
        written(product(), feed=PRICING)
    with pytest.raises(FeedError, match="Deletion is no row of the pricing feed"):
        written(Deletion("A"), feed=PRICING)
    with pytest.raises(CellError, match="float is not"):
        PRICING.columns["price"].format(1.5)


def test_a_path_is_replaced_only_when_all_went_well(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("as it was")
    path.chmod(0o640)

    def rows() -> Any:
        yield ROWS[0]
        raise RuntimeError("the database went away")

    for options in ({}, {"columns": ["id", "price"]}):
        with pytest.raises(RuntimeError):
            feeds.write(path, rows(), PRICING, **options)
        assert path.read_text() == "as it was"
        assert [file.name for file in tmp_path.iterdir()] == ["prices.csv"]


def test_a_file_replaced_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.touch(0o600)
    feeds.write(path, ROWS, PRICING)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_first_row_that_uses_every_column_settles_them() -> None:
    text = (
        "id,availability,inventory_quantity,availability_date\r\n"
        "A,preorder,1,2027-01-01\r\nB,in_stock,2,\r\n"
    )
    rows = list(feeds.read(text.encode(), feeds.INVENTORY))
    assert written(*rows, feed=feeds.INVENTORY) == text


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real.csv", tmp_path / "link.csv"
    link.symlink_to(real)
    feeds.write(link, ROWS, PRICING)
    assert link.is_symlink()
    assert real.read_bytes() == TEXT.encode()


def test_nothing_takes_the_place_of_a_device(tmp_path: Path) -> None:
    """Who writes to /dev/null as root must not be left with a file there."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit(path.read_bytes)
        feeds.write(path, ROWS, PRICING)
        assert read.result() == TEXT.encode()
    assert path.is_fifo()


def test_cells_longer_than_csv_can_read_are_written_all_the_same() -> None:
    assert len(written(product(description="x" * 200_000))) > 200_000


# --------------------------------------------------------------------------------- split


def test_split_files_hold_every_row_once_and_the_header_each(tmp_path: Path) -> None:
    rows = [PriceRow(id=f"S{n}", price=PRICE) for n in range(100)]
    source = tmp_path / "prices.csv"
    feeds.write(source, rows, PRICING)
    files = feeds.split(source, tmp_path / "parts", max_bytes=300)
    assert [file.name for file in files[:2]] == ["prices-0001.csv", "prices-0002.csv"]
    assert all(file.stat().st_size <= 300 for file in files)
    assert [row for file in files for row in feeds.read(file, PRICING)] == rows


@pytest.mark.parametrize(
    "data",
    [
        b'id,price\n"A\n1","x\n\ny"\nB,1\n"C""",2',
        b"\xef\xbb\xbfid,price\r\nA\xff,1\r\nB,2\r\nC,3\r\n",
        b"id,price\rA,1\rB,2",
        b'id,price\r\n12" pipe,1\r\nB,"x',
    ],
)
def test_split_cuts_no_record(data: bytes, tmp_path: Path) -> None:
    files = feeds.split(io.BytesIO(data), tmp_path, max_bytes=max(len(data) - 4, 14))
    bodies = b"".join(file.read_bytes().split(b"id,price", 1)[1].lstrip(b"\r\n") for file in files)
    assert bodies.rstrip() == data.split(b"id,price", 1)[1].strip()
    assert len(files) > 1


def test_split_takes_the_first_line_with_anything_for_the_header(tmp_path: Path) -> None:
    data = b"\r\n\r\nid,price\r\nA,1.00 USD\r\nB,2.00 USD\r\n"
    files = feeds.split(data, tmp_path, max_bytes=24)
    assert [file.read_bytes() for file in files] == [
        b"id,price\r\nA,1.00 USD\r\n",
        b"id,price\r\nB,2.00 USD\r\n",
    ]


def test_split_tells_tabs_as_check_does(tmp_path: Path) -> None:
    data = b'id\ttitle\n1\t"a\nb"\n2\t"c\nd"\n3\t"e\nf"\n'
    files = feeds.split(data, tmp_path, max_bytes=22)
    assert [file.read_bytes()[9:] for file in files] == [
        b'1\t"a\nb"\n',
        b'2\t"c\nd"\n',
        b'3\t"e\nf"\n',
    ]


def test_split_of_a_header_alone_is_one_file(tmp_path: Path) -> None:
    (file,) = feeds.split([b"id,price"], tmp_path)
    assert file.read_bytes() == b"id,price\r\n" or file.read_bytes() == b"id,price\n"
    assert feeds.split(b"", tmp_path / "none") == []


def test_split_passes_on_what_csv_cannot_read(tmp_path: Path) -> None:
    data = b"id\n" + b"x" * 131_073 + b"\nB\n"
    (file,) = feeds.split(data, tmp_path)
    assert file.read_bytes() == data


def test_a_row_that_fits_nowhere_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        feeds.split([b"id", b"A", b"B" * 100], tmp_path, max_bytes=20)
    with pytest.raises(ValueError, match="does not fit"):
        feeds.split([b"id", b"B" * 100], tmp_path, max_bytes=20)
    assert list(tmp_path.iterdir()) == []
