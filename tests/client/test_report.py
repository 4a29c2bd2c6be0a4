"""Error reports: their shapes, and the way back to the rows of the file that was sent."""

from __future__ import annotations

import csv
import io
import pickle
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentic_commerce import feeds
from agentic_commerce.client import RowError, read_errors
from agentic_commerce.client._join import joined
from agentic_commerce.errors import PayloadError
from agentic_commerce.feeds._records import Records, copy_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

SOURCE = b"id,price\r\nA,1.00 USD\r\nB,$2\r\nC,3.00 USD\r\n"


def table(*rows: Sequence[str], delimiter: str = ",", quoting: Any = csv.QUOTE_MINIMAL) -> bytes:
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter, quoting=quoting).writerows(rows)
    return file.getvalue().encode()


def told(report: Any, **options: Any) -> list[tuple[str | None, str]]:
    return [(error.id, error.message) for error in read_errors(report, **options)]


HEADER = ("stripe_error_message", "id", "price")
ROW = ("bad price", "B", "$2")


@pytest.mark.parametrize(
    ("shape", "report"),
    [
        ("first column", table(HEADER, ROW)),
        ("last column", table((*HEADER[1:], HEADER[0]), (*ROW[1:], ROW[0]))),
        ("middle column", table(("id", HEADER[0], "price"), ("B", ROW[0], "$2"))),
        ("tabs", table(HEADER, ROW, delimiter="\t")),
        ("byte order mark", b"\xef\xbb\xbf" + table(HEADER, ROW)),
        ("every cell quoted", table(HEADER, ROW, quoting=csv.QUOTE_ALL)),
        ("line feeds only", table(HEADER, ROW).replace(b"\r\n", b"\n")),
        ("carriage returns only", table(HEADER, ROW).replace(b"\r\n", b"\r")),
        ("no last line end", table(HEADER, ROW).rstrip()),
        ("blank lines", b"\r\n\n" + table(HEADER) + b"\r\n\r\n" + table(ROW) + b"\r\n"),
        ("another case", table(("Stripe_Error_Message ", "id", "price"), ROW)),
        ("the column twice", table((*HEADER, HEADER[0]), (*ROW, "again"))),
    ],
)
def test_a_report_of_any_shape_is_read(shape: str, report: bytes) -> None:
    assert told(report) == [("B", "bad price")], shape


def test_rows_whose_message_is_blank_were_not_refused() -> None:
    assert told(table(HEADER, ("", "A", "1"), ROW, ("  ", "C", "3"))) == [("B", "bad price")]


def test_quoted_line_ends_and_quotes_stay_in_their_cell() -> None:
    (error,) = read_errors(table(HEADER, ('two\nlines, "quoted"', "B", 'a\r\n"b",c')))
    assert error.message == 'two\nlines, "quoted"'
    assert error.row == {"id": "B", "price": 'a\r\n"b",c'}


def test_ragged_rows_are_kept() -> None:
    short, long = read_errors(table(HEADER, ("bad",), ("bad", "B", "$2", "more")))
    assert (short.id, dict(short.row), short.cells) == (None, {}, ())
    assert (long.id, dict(long.row), long.cells) == (
        "B",
        {"id": "B", "price": "$2"},
        ("B", "$2", "more"),
    )
    (unsaid,) = read_errors(table((*HEADER[1:], HEADER[0]), ("B",)))
    assert (unsaid.id, unsaid.message) == ("B", "")


def test_a_column_that_repeats_counts_once() -> None:
    (error,) = read_errors(table(("id", "id", HEADER[0]), ("A", "B", "bad")))
    assert (error.id, error.cells) == ("A", ("A", "B"))


def test_quotes_that_csv_forbids_lose_no_row() -> None:
    report = b'stripe_error_message,id,title\nbad,A,"5" nails"\nbad,B,x\n'
    assert told(report) == [("A", "bad"), ("B", "bad")]


def test_promotions_have_another_id() -> None:
    assert told(table((HEADER[0], "promotion_id"), ("bad", "SUMMER"))) == [("SUMMER", "bad")]


@pytest.mark.parametrize(
    ("defect", "report", "code"),
    [
        ("nothing at all", b"", "missing"),
        ("no such column", b"id,price\nA,1\n", "missing"),
        ("not a table", b"<html>expired</html>", "missing"),
        ("UTF-16", table(HEADER, ROW).decode().encode("utf-16"), "missing"),
        ("cut within a quoted cell", b'stripe_error_message,id\nbad,"SKU', "not_csv"),
        ("an endless cell", b"stripe_error_message,id\nbad," + b"x" * 200_000, "not_csv"),
    ],
)
def test_what_is_no_whole_report_is_an_error(defect: str, report: bytes, code: str) -> None:
    with pytest.raises(PayloadError) as caught:
        list(read_errors(report))
    assert [issue.code for issue in caught.value.issues] == [code], defect


def test_a_record_shows_no_contents_and_travels() -> None:
    (error,) = read_errors(table(HEADER, ROW), source=SOURCE, feed=feeds.PRICING)
    assert "$2" not in repr(error)
    assert pickle.loads(pickle.dumps(error)) == error  # noqa: S301


def test_a_row_is_found_again_with_our_own_issues() -> None:
    (error,) = read_errors(table(HEADER, ROW), source=SOURCE, feed=feeds.PRICING)
    assert error.source_row == 3
    assert [(issue.code, issue.row) for issue in error.issues] == [("price_format", 3)]


@pytest.mark.parametrize(
    ("claim", "source", "refused", "rows"),
    [
        ("by id, though a cell was changed", "id,price\nA,1\nB, $2 \n", "bad,B,$2", [3]),
        ("of one id by contents", "id,price\nB,1\nB,$2\nB,3\n", "bad,B,$2", [3]),
        ("two of one id", "id,price\nB,1\nB,2\nB,3\n", "bad,B,3\nbad,B,1", [4, 2]),
        ("the other of one id is changed", "id,price\nB,1 \nB,2\n", "bad,B,1\nbad,B,2", [2, 3]),
        ("nobody can tell which", "id,price\nB,1\nB,3\n", "bad,B,2", [None]),
        ("twins in order", "id,price\nB,1\nA,0\nB,1\n", "bad,B,1\nbad,B,1", [2, 4]),
        ("the first of twins", "id,price\nB,1\nB,1\n", "bad,B,1", [2]),
        ("without id by contents", "id,price\n,1\n,2\n", "bad,,2", [3]),
        ("not there", "id,price\nA,1\n", "bad,B,2\nbad,,7", [None, None]),
        ("after blank lines", "\nid,price\n\nA,1\n\nB,2\n", "bad,B,2", [3]),
        ("columns in another order", "price,id\n1,\n2,\n", "bad,,2", [3]),
        ("after a bad quote", 'id,price\nA,"1"x\nB,2\n', "bad,B,2", [3]),
        ("after a cell over two lines", 'id,price\nA,"1\n\n2"\nB,2\n', "bad,B,2", [3]),
        ("more than the report shows", "id,price,title\nB,2,x\nB,1,x\n", "bad,B,1", [3]),
    ],
)
def test_rows_are_found_again(
    claim: str, source: str, refused: str, rows: list[int | None]
) -> None:
    report = f"stripe_error_message,id,price\n{refused}\n"
    found = read_errors(report.encode(), source=source.encode(), feed=feeds.PRICING)
    assert [error.source_row for error in found] == rows, claim


def test_a_report_without_ids_is_joined_by_contents() -> None:
    report = b"stripe_error_message,price\nbad,2\n"
    (error,) = read_errors(report, source=b"id,price\nA,1\nB,2\n", feed=feeds.PRICING)
    assert (error.id, error.source_row) == (None, 3)


def test_a_repeated_id_is_among_our_issues() -> None:
    source = b"id,price\nB,1.00 USD\nB,2.00 USD\n"
    report = b"stripe_error_message,id,price\nbad,B,2.00 USD\n"
    (error,) = read_errors(report, source=source, feed=feeds.PRICING)
    assert [(issue.code, issue.message) for issue in error.issues] == [
        ("duplicate_id", "the id stood in row 2 already")
    ]


def test_bytes_that_are_no_text_are_named_in_the_right_row() -> None:
    source = b"id,price\n\xff,1\nB,2.00 USD\nC,\xff\n"
    report = b"stripe_error_message,id,price\nbad,B,2.00 USD\nbad,C,?\n"
    good, bad = read_errors(report, source=source, feed=feeds.PRICING)
    assert (good.issues, bad.source_row) == ((), 4)
    assert [issue.code for issue in bad.issues] == ["encoding"]


def test_no_errors_need_no_source(tmp_path: Path) -> None:
    unread = tmp_path / "prices.csv"
    unread.write_bytes(SOURCE)
    assert told(table(HEADER), source=unread) == []


# --------------------------------------------------------------------------------------- laws

CELLS = st.text(st.sampled_from('ab",\r\n\t x'), max_size=4)
IDS = st.sampled_from(["", "A", "B", "C", "SKU 4"])


@given(st.data(), st.lists(st.tuples(IDS, CELLS, CELLS), min_size=1, max_size=12))
def test_the_join_names_exactly_the_rows_that_were_refused(
    data: st.DataObject, rows: list[tuple[str, str, str]]
) -> None:
    """Rows that are the same stand for one another, so contents are compared."""
    refused = sorted(data.draw(st.sets(st.integers(0, len(rows) - 1))))
    source = table(("id", "price", "title"), *rows, quoting=csv.QUOTE_ALL)
    order = data.draw(st.permutations(refused))
    report = table(
        ("stripe_error_message", "id", "price", "title"), *(("no", *rows[i]) for i in order)
    )
    found = [e.source_row for e in read_errors(report, source=source, feed=feeds.PRICING)]
    assert [rows[row - 2] for row in found if row] == [rows[i] for i in order]
    assert len(set(found)) == len(order)


@given(
    st.data(),
    st.lists(
        st.text(st.sampled_from('ab",\r\n\t\0\ufeff'), max_size=6).filter(lambda t: t != "\0"),
        max_size=12,
    ),
)
def test_rows_are_numbered_alike_by_check_and_copied_byte_for_byte(
    data: st.DataObject, lines: list[str]
) -> None:
    source = ("id,price\n" + "\n".join(lines)).encode()
    numbered = [row for row, _ in Records(source, feeds.PRICING)]
    report = feeds.check(source, feeds.PRICING)
    assert numbered == list(range(2, report.rows + 2))
    dropped = data.draw(st.sets(st.sampled_from(numbered)) if numbered else st.just(set()))
    file = io.BytesIO()
    copy_rows(source, file, dropped)
    assert feeds.check(file.getvalue(), feeds.PRICING).rows == report.rows - len(dropped)


def test_memory_does_not_grow_with_the_source_or_a_report_that_is_read_alone() -> None:
    def lines(count: int) -> Iterator[bytes]:
        yield b"id,price,stripe_error_message\n"
        for number in range(count):
            yield b"%d,1.00 USD,bad\n" % number

    def peak(errors: Iterable[RowError]) -> int:
        tracemalloc.start()
        try:
            for _ in errors:
                pass
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    report = b"stripe_error_message,id,price\nbad,7,2\n"
    few, many = (peak(joined([report], lines(n), feeds.PRICING)) for n in (1_000, 12_000))
    assert many < few + 200_000
    few, many = (peak(read_errors(lines(n))) for n in (1_000, 12_000))
    assert many < few + 200_000
