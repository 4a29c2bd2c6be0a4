"""Files as they come: whatever the bytes are, there is a report, and its counts add up."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentic_commerce import feeds
from agentic_commerce.errors import FeedError, Issue
from agentic_commerce.feeds import INVENTORY, PRICING, PRODUCT, PROMOTION
from agentic_commerce.feeds._plan import MEMO_SIZE
from tests.feeds import samples

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

GOOD = b"id,price\r\nA,1.00 USD\r\nB,2.00 USD\r\n"


def bad_rows(report: feeds.FeedReport) -> set[int]:
    return {i.row for i in report.issues if i.severity == "error" and i.row and i.row > 1}


def codes(source: Any, feed: Any = PRICING) -> list[tuple[str, int | None]]:
    return [(issue.code, issue.row) for issue in feeds.check(source, feed).issues]


# ------------------------------------------------------------------------------- sources


@pytest.mark.parametrize(
    "source",
    [
        GOOD,
        io.BytesIO(GOOD),
        io.StringIO(GOOD.decode(), newline=""),
        io.StringIO(GOOD.decode().replace("\r\n", "\n")),
        GOOD.splitlines(),
        GOOD.decode().splitlines(keepends=True),
        iter(GOOD.decode().splitlines()),
        b"\xef\xbb\xbf" + GOOD,
        io.StringIO("\N{BOM}".replace("\N{BOM}", "\ufeff") + GOOD.decode()),
        GOOD.replace(b"\r\n", b"\n"),
        GOOD.replace(b"\r\n", b"\r"),
        GOOD.strip(),
        GOOD.replace(b"\r\n", b"\r").splitlines(keepends=True),
        b"\r\n\r\n" + GOOD.replace(b"\r\n", b"\r\n\r\n"),
        GOOD.replace(b",", b"\t"),
        b'"id","price"\r\n"A","1.00 USD"\r\n"B","2.00 USD"\r\n',
        b"price,id\r\n1.00 USD,A\r\n2.00 USD,B\r\n",
    ],
    ids=range(17),
)
def test_every_kind_of_source_reads_the_same(source: Any) -> None:
    rows = list(feeds.read(source, PRICING))
    assert [(row.id, str(row.price)) for row in rows] == [("A", "1.00 USD"), ("B", "2.00 USD")]


def test_paths_and_open_files(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_bytes(GOOD)
    tabs = tmp_path / "prices.tsv"
    tabs.write_bytes(GOOD.replace(b",", b"\t"))
    for source in (path, str(path), tabs):
        assert feeds.check(source, PRICING).valid_rows == 2
    with path.open("rb") as binary, path.open(encoding="utf-8") as text, tabs.open("rb") as third:
        for file in (binary, text, third):
            assert feeds.check(file, PRICING).valid_rows == 2


def test_a_file_that_is_not_there_raises(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        feeds.check(tmp_path / "none.csv")


def test_reading_is_lazy() -> None:
    def lines() -> Any:
        yield "id,price"
        yield "A,1.00 USD"
        yield "B,2.00 USD"
        raise AssertionError("read too far")

    first = next(feeds.scan(lines(), PRICING))
    assert isinstance(first, feeds.PriceRow)
    assert first.id == "A"


def test_a_cell_may_hold_separators_quotes_and_line_breaks() -> None:
    row = samples.PRODUCT_ROW | {"description": 'A "shirt",\r\nwith\nbreaks\u2028and\x85more\x0b.'}
    (read,) = feeds.read(samples.csv_bytes(row))
    assert isinstance(read, feeds.ProductRow)
    assert read.description == row["description"]


def test_rows_are_counted_by_records_not_lines() -> None:
    good = samples.PRODUCT_ROW | {"description": "two\nlines"}
    bad = samples.PRODUCT_ROW | {"id": "B", "price": "?"}
    assert [i.row for i in feeds.check(samples.csv_bytes(good, bad)).issues] == [3]


def test_long_files_are_read_in_pieces() -> None:
    rows = [f"S{number},{number}.00 USD" for number in range(20_000)]
    report = feeds.check("\r\n".join(["id,price", *rows]).encode(), PRICING)
    assert (report.rows, report.valid_rows) == (20_000, 20_000)


def test_a_memo_that_is_full_starts_anew() -> None:
    lines = ["id,price", *(f"S{n},{n}.00 USD" for n in range(MEMO_SIZE + 5))]
    assert feeds.check(lines, PRICING).ok
    shipping = [
        samples.PRODUCT_ROW | {"id": f"S{n}", "shipping": f"US:ALL:S{n}::1.00 USD"}
        for n in range(MEMO_SIZE + 5)
    ]
    assert feeds.check(samples.csv_bytes(*shipping)).ok


# -------------------------------------------------------------------------- damaged files


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (b"", [("empty_file", None)]),
        (b"\r\n\r\n", [("empty_file", None)]),
        ([], [("empty_file", None)]),
        (b"id,price", []),
        (b"id,price\r\nA\x00,1.00 USD", [("nul", 2)]),
        (b"id,price\r\nA\xff,1.00 USD\r\nB,1.00 USD", [("encoding", 2)]),
        (b"id,price\r\nA,1.00 USD,\r\nB,2.00 USD", [("ragged", 2)]),
        (b"id,price\r\nA\r\nB,2.00 USD", [("ragged", 2)]),
        (b"id,price\r\n,\r\nB,2.00 USD", [("empty_row", 2)]),
        (b'id,price\r\n"A"x,1.00 USD\r\nB,2.00 USD', [("quotes", 2)]),
        (b'id,price\r\n"A,1.00 USD\r\nB,2.00 USD', [("quotes", 2)]),
        (b'id,price\r\n"A\xff"x,1.00 USD\r\nB,2.00 USD', [("quotes", 2)]),
        (b"id,price\r\n" + b"A" * 131_073 + b",1.00 USD\r\nB,1.00 USD", [("cell_size", 2)]),
        (b'"id"x,price\r\nA,1.00 USD', [("quotes", 1), ("missing_column", 1)]),
        (b"id,price,price\r\nA,1.00 USD,x", [("repeated_column", 1)]),
        (b"id,price,\r\nA,1.00 USD,", [("unknown_column", 1)]),
        (b"id;price\r\nA;1.00 USD", [("separator", 1), ("missing_column", 1)]),
        (b"id,price\xff\r\nA,1.00 USD", [("encoding", 1), ("missing_column", 1)]),
    ],
)
def test_what_is_wrong_with_a_file_is_placed(source: Any, expected: list[Any]) -> None:
    found = codes(source)
    assert found[: len(expected)] == expected
    if expected and expected[0][0] not in ("empty_file", "separator", "quotes", "encoding"):
        assert found == expected


def test_a_file_in_utf_16_is_named_as_such() -> None:
    report = feeds.check("id,price\nA,1.00 USD\n".encode("utf-16"), PRICING)
    assert {"encoding", "nul"} <= report.counts.keys()
    assert not report.ok


def test_damage_is_placed_in_its_column() -> None:
    (issue,) = feeds.check(b"id,price\r\nA,1\xff USD\r\n", PRICING).issues
    assert (issue.column, issue.id, issue.value) == ("price", "A", "1\ufffd USD")
    (issue,) = feeds.check(b"id,price\r\nA,1,\xff\r\n", PRICING).issues
    assert (issue.code, issue.column) == ("encoding", None)


def test_text_that_cannot_be_decoded_ends_the_reading(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_bytes(GOOD + b"C,\xff")
    with path.open(encoding="utf-8") as file:
        report = feeds.check(file, PRICING)
    assert [(issue.code, issue.row) for issue in report.issues][-1] == ("encoding", None)
    with path.open(encoding="utf-8") as file:
        items = list(feeds.scan(file, PRICING))
    assert isinstance(items[-1], Issue)


def test_surrogates_are_not_utf_8() -> None:
    assert codes(io.StringIO("id,price\nA\ud800,1.00 USD\n")) == [("encoding", 2)]
    assert codes(["id,price", "A\ud800,1.00 USD"]) == [("encoding", 2)]


# ------------------------------------------------------------------------------- headers


@pytest.mark.parametrize(
    ("header", "feed", "code", "hint"),
    [
        ("id,Price", PRICING, "missing_column", "'Price'"),
        ("id,price,sale_prise", PRICING, "unknown_column", "sale_price"),
        ("id,price,zzz", PRICING, "unknown_column", None),
        ("id;price", PRICING, "separator", "put commas"),
        ("id|price", PRICING, "separator", "put commas"),
        ("id,title,g:image_link,g:link", PRODUCT, "dialect", "Stripe"),
        ("id,title,image link,sale price", PRODUCT, "dialect", "Stripe"),
        ("id,title,product_type,identifier_exists", PRODUCT, "dialect", "Stripe"),
        ("item_id,title,image_url,seller_name", PRODUCT, "dialect", "Stripe"),
        ("id,title,image_url", PRODUCT, "unknown_column", "image_link"),
        ("id,title,product_type", PRODUCT, "unknown_column", "product_category"),
    ],
)
def test_a_header_is_explained(header: str, feed: Any, code: str, hint: str | None) -> None:
    issues = [i for i in feeds.check([header], feed).issues if i.code == code]
    assert issues
    assert all(issue.row == 1 for issue in issues)
    assert any((hint or "") in (issue.hint or "") for issue in issues)


def test_whose_dialect_a_header_is() -> None:
    (google,) = (i for i in feeds.check(["id,g:title,g:link"]).issues if i.code == "dialect")
    assert "Google" in google.message
    openai = "id,seller_name,seller_url,enable_search"
    (other,) = (i for i in feeds.check([openai]).issues if i.code == "dialect")
    assert "OpenAI" in other.message


def test_a_tsv_named_csv_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_bytes(GOOD.replace(b",", b"\t"))
    assert codes(path)[0] == ("separator", 1)


def test_a_missing_column_refuses_every_row_and_hides_nothing() -> None:
    lines = ["id,price", *(["A,"] * 3), "A,oops"]
    report = feeds.check(["id", *"ABC"], PRICING, max_issues=3)
    assert (report.rows, report.valid_rows, report.counts) == (3, 0, {"missing_column": 4})
    assert [issue.row for issue in report.issues] == [1, 2, 3]
    crowded = feeds.check(["id,sale_price", "A,x", "B,y"], PRICING, max_issues=3)
    assert [issue.code for issue in crowded.issues] == ["missing_column"] + ["price_format"] * 2
    assert feeds.check(lines, PRICING).refused_rows == 4


def test_brand_and_shipping_are_asked_for_once_if_their_column_is_absent() -> None:
    row = {k: v for k, v in samples.PRODUCT_ROW.items() if k not in ("brand", "shipping")}
    report = feeds.check(samples.csv_bytes(row, row | {"id": "B"}))
    assert [(i.code, i.row) for i in report.issues] == [("brand_missing", 1)]
    weighty = feeds.check(samples.csv_bytes(row | {"weight": "1 kg"}))
    assert weighty.counts == {"brand_missing": 1, "shipping_missing": 1}


# --------------------------------------------------------------------------- across rows


def test_a_repeated_id_names_the_first_row() -> None:
    report = feeds.check(["id,price", "A,1.00 USD", "B,1.00 USD", "A,2.00 USD"], PRICING)
    (issue,) = report.issues
    assert (issue.code, issue.row, issue.id) == ("duplicate_id", 4, "A")
    assert "row 2" in issue.message
    assert report.valid_rows == 2


def test_a_row_with_an_error_counts_as_the_first_of_its_id() -> None:
    assert codes(["id,price", "A,?", "A,1.00 USD"]) == [("price_format", 2), ("duplicate_id", 3)]


def test_an_id_that_is_too_long_is_not_remembered() -> None:
    lines = ["id,price", *[f"{'x' * 101},1.00 USD"] * 2]
    assert codes(lines) == [("too_long", 2), ("too_long", 3)]


@pytest.mark.parametrize("key", ["A", "C"])
def test_an_id_is_in_the_given_catalog(key: str) -> None:
    report = feeds.check(["id,price", f"{key},1.00 USD", "B,?"], PRICING, catalog={"A", "B"})
    assert report.counts.get("unknown_id", 0) == (key == "C")


def test_variants_of_a_group_fill_the_same_attributes() -> None:
    def variant(key: str, group: str, **cells: str) -> dict[str, str]:
        return samples.PRODUCT_ROW | {"id": key, "item_group_id": group, "size": ""} | cells

    rows = [
        variant("A", "G", color="Red"),
        variant("B", "G", color="Blue"),
        variant("C", "G", color="Green", size="M"),
        variant("D", "G", color="Black", size="L"),
        variant("E", "H", color=""),
        variant("F", "", color="", price="?"),
        variant("G", "G", color="", price="?"),
    ]
    report = feeds.check(samples.csv_bytes(*rows))
    found = [issue for issue in report.issues if issue.code == "variant_attributes"]
    assert [(issue.row, issue.value) for issue in found] == [(4, "G"), (8, "G")]
    assert "fills color, size" in found[0].message
    assert "fills none" in found[1].message
    assert report.valid_rows == 5


# --------------------------------------------------------------- scan, read, check, row_from


def test_scan_gives_issues_before_the_row_they_warn_of() -> None:
    row = samples.PRODUCT_ROW | {"title": "LAMP"}
    issue, read = feeds.scan(samples.csv_bytes(row))
    assert isinstance(issue, Issue)
    assert isinstance(read, feeds.ProductRow)
    assert (issue.code, read.title) == ("title_caps", "LAMP")


def test_a_good_row_that_the_loop_does_not_know_is_still_built() -> None:
    row = samples.PRODUCT_ROW | {"title": " Lamp", "link": "HTTPS".lower() + "://3d.example.com"}
    (read,) = feeds.scan(samples.csv_bytes(row))
    assert isinstance(read, feeds.ProductRow)
    assert read.title == " Lamp"


def test_scan_and_check_agree() -> None:
    rows = [samples.PRODUCT_ROW | {"id": f"S{n}", "price": p} for n, p in enumerate("?!1")]
    scanned = [item for item in feeds.scan(samples.csv_bytes(*rows)) if isinstance(item, Issue)]
    assert scanned == list(feeds.check(samples.csv_bytes(*rows)).issues)


def test_read_raises_all_errors_of_the_first_bad_row() -> None:
    bad = samples.PRODUCT_ROW | {"price": "?", "availability": "?", "title": "LAMP"}
    rows = feeds.read(samples.csv_bytes(samples.PRODUCT_ROW, bad, samples.PRODUCT_ROW))
    assert isinstance(next(rows), feeds.ProductRow)
    with pytest.raises(FeedError, match="would refuse") as caught:
        next(rows)
    assert [(i.code, i.row) for i in caught.value.issues] == [("choice", 3), ("price_format", 3)]
    two_bad = feeds.read(samples.csv_bytes(bad, bad))
    with pytest.raises(FeedError) as caught:
        next(two_bad)
    assert {issue.row for issue in caught.value.issues} == {2}


def test_read_passes_over_warnings() -> None:
    assert len(list(feeds.read(samples.csv_bytes(samples.PRODUCT_ROW | {"title": "LAMP"})))) == 1


def test_a_row_can_be_built_from_texts() -> None:
    row = feeds.row_from(samples.PRODUCT_ROW | {"mpn": None})
    assert isinstance(row, feeds.ProductRow)
    assert row == next(feeds.read(samples.csv_bytes(samples.PRODUCT_ROW)))
    assert feeds.row_from({"id": "A", "delete": "true"}) == feeds.Deletion("A")


def test_texts_of_a_row_are_judged_as_a_file_is() -> None:
    with pytest.raises(FeedError) as caught:
        feeds.row_from(samples.PRODUCT_ROW | {"price": "$5", "colour": "red"})
    issues = caught.value.issues
    assert [(i.code, i.column, i.row) for i in issues] == [
        ("price_format", "price", None),
        ("unknown_column", "colour", None),
    ]


@pytest.mark.parametrize("wrong", [{"inventory_quantity": 0}, {"price": 5}, {None: ["x"]}])
def test_what_is_no_text_is_not_taken_for_a_blank(wrong: Any) -> None:
    with pytest.raises(FeedError) as caught:
        feeds.row_from(samples.PRODUCT_ROW | wrong)
    (issue,) = caught.value.issues
    assert (issue.code, issue.column) == ("kind", str(next(iter(wrong))))


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_the_bytes_of_a_file_may_be_of_any_kind(kind: Any) -> None:
    assert feeds.check(kind(samples.csv_bytes(samples.PRODUCT_ROW))).valid_rows == 1


@pytest.mark.parametrize(
    ("feed", "header"), [(PRODUCT, b"id,delete\n"), (PROMOTION, b"delete,promotion_id\n")]
)
def test_a_file_of_deletions_needs_no_other_columns(feed: Any, header: bytes) -> None:
    good = header + b"true,true\n"
    report = feeds.check(good, feed)
    assert (report.ok, report.valid_rows, report.warnings) == (True, 1, 0)
    assert list(feeds.read(good, feed)) == [feeds.Deletion("true")]
    bad = feeds.check(good + b"false,false\n", feed)
    assert (bad.rows, bad.valid_rows) == (2, 1)
    assert bad.counts["missing_column"] == len(feed.required) - 1
    assert {issue.row for issue in bad.issues} == {3}


def test_codes_can_be_selected_and_ignored() -> None:
    rows = samples.csv_bytes(samples.PRODUCT_ROW | {"price": "?", "title": "LAMP"})
    assert feeds.check(rows, select=["title_caps"]).counts == {"title_caps": 1}
    ignored = feeds.check(rows, ignore=["price_format"])
    assert (ignored.counts, ignored.valid_rows) == ({"title_caps": 1}, 1)
    both = feeds.check(rows, select=["title_caps", "price_format"], ignore=["title_caps"])
    assert both.counts == {"price_format": 1}


def test_a_code_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="no such code: pirce_format"):
        feeds.check(b"", ignore=["pirce_format"])
    with pytest.raises(TypeError, match="list of texts"):
        feeds.check(b"", select="price_format")


def test_the_list_of_issues_is_capped_and_the_counts_are_true() -> None:
    lines = ["id,price", *(f"S{n},?" for n in range(50))]
    report = feeds.check(lines, PRICING, max_issues=3)
    assert (len(report.issues), report.errors, report.is_cut) == (3, 50, True)
    assert str(report) == "50 rows: 0 valid, 50 refused (50 errors, 0 warnings)"


def test_progress_is_reported_in_bytes(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("id,price\n" + "".join(f"S{n},1.00 USD\n" for n in range(20_000)))
    seen: list[feeds.Progress] = []
    feeds.check(path, PRICING, progress=seen.append)
    assert seen[-1].bytes_read == seen[-1].bytes_total == path.stat().st_size
    assert seen == sorted(seen)
    seen.clear()
    feeds.check(path.read_text().splitlines(), PRICING, progress=seen.append)
    assert 0 < len(seen) < 10
    assert seen[-1].bytes_total is None


def test_accepted_rows_are_handed_over_those_with_warnings_and_deletions_too() -> None:
    lines = ["id,price", "A,1.00 USD", "B,$1", "A,2.00 USD", "a b,3.00 USD", "C,4.00 USD"]
    seen: list[list[str]] = []
    report = feeds.check(lines, PRICING, accepted=lambda cells: seen.append([*cells]))
    assert report.valid_rows == len(seen) == 3
    assert [cells[0] for cells in seen] == ["A", "a b", "C"]


def test_what_the_callers_function_raises_is_not_taken_for_a_fault_of_the_row() -> None:
    def stop(cells: Sequence[str]) -> None:
        raise ValueError(cells[0])

    with pytest.raises(ValueError, match=r"^A$"):
        feeds.check(["id,price", "A,1.00 USD"], PRICING, accepted=stop)


def test_refused_rows_are_handed_over_with_the_header_first() -> None:
    seen: list[tuple[int, list[str], list[str]]] = []
    feeds.check(
        b'id,price\r\nA,?\r\nB,1.00 USD\r\n"C"x,1\r\n',
        PRICING,
        refused=lambda row, cells, issues: seen.append((row, [*cells], [i.code for i in issues])),
    )
    expected = [(1, ["id", "price"], []), (2, ["A", "?"], ["price_format"]), (4, [], ["quotes"])]
    assert seen == expected


# ------------------------------------------------------------------------------- the law

HEADERS = [",".join(feed.columns).encode() for feed in (PRODUCT, INVENTORY, PRICING, PROMOTION)]
PIECES = st.sampled_from(
    [
        *HEADERS,
        samples.csv_bytes(samples.PRODUCT_ROW),
        samples.csv_bytes(samples.FULL_ROW).split(b"\r\n", 1)[1],
        *(b"\r\n", b"\n", b"\r", b",", b'"', b"\t", b"\0", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe"),
        *(b"true", b"A,1.00 USD", b"id,price", b"delete", b"x" * 200, "\u2028\u0661".encode()),
    ]
)
ANY_FILE = st.binary(max_size=200) | st.lists(PIECES | st.binary(max_size=8)).map(b"".join)


@given(data=ANY_FILE, feed=st.sampled_from([PRODUCT, INVENTORY, PRICING, PROMOTION]))
def test_any_bytes_at_all_give_a_report_whose_counts_add_up(data: bytes, feed: Any) -> None:
    report = feeds.check(data, feed)
    assert report.rows == report.valid_rows + len(bad_rows(report))
    assert report.errors + report.warnings == sum(report.counts.values()) == len(report.issues)
    items = list(feeds.scan(data, feed))
    assert sum(not isinstance(item, Issue) for item in items) >= report.valid_rows
    assert feeds.check(io.StringIO(data.decode(errors="ignore")), feed).rows >= 0
