"""A large file in several processes: the same report as in one."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from agentic_commerce import feeds
from agentic_commerce.feeds import PRICING, PRODUCT, _parallel, reader
from agentic_commerce.feeds._source import Lines
from agentic_commerce.feeds.report import Choice, Tally
from tests.feeds import samples

if TYPE_CHECKING:
    from pathlib import Path


def catalog(rows: int) -> bytes:
    def row(n: int) -> dict[str, str]:
        return samples.PRODUCT_ROW | {
            "id": f"S{n % (rows - 40)}",
            "price": "?" if n % 50 == 7 else "5.00 USD",
            "description": f'A "quoted",\nbroken text {n}',
            "item_group_id": f"G{n // 5}" if n % 2 else "G",
            "color": "Red" if n % 11 else "",
        }

    return samples.csv_bytes(*map(row, range(rows)))


def checker(path: Path, feed: feeds.Feed[Any] = PRODUCT, cap: int = 1000) -> reader.Checker:
    reading = reader.Reading(Lines(path), feed)
    tally = Tally(cap)
    tally.add(reading.issues)
    return reader.Checker(reading, Choice(None, ()), tally, None)


def tasks_of(path: Path, start: int, size: int, whole: reader.Checker) -> list[_parallel.Task]:
    return [_parallel._task(whole, path, span) for span in _parallel.cut(path, start, size)]


@pytest.mark.parametrize("cap", [0, 5, 1000])
def test_pieces_put_together_are_the_whole(tmp_path: Path, cap: int) -> None:
    path = tmp_path / "catalog.csv"
    path.write_bytes(catalog(900))
    alone = feeds.check(path, max_issues=cap)
    together = checker(path, cap=cap)
    start = _parallel.header_end(path, ",")
    assert start is not None
    tasks = tasks_of(path, start, 1, together)
    parts = [_parallel.check_piece(task) for task in tasks]
    rows = _parallel.merge(parts, together)
    assert together.report(rows) == alone
    assert alone.refused_rows > 20


def test_pieces_end_where_records_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_parallel, "BLOCK", 97)
    path = tmp_path / "catalog.csv"
    path.write_bytes(catalog(60))
    together = checker(path)
    spans = list(_parallel.cut(path, _parallel.header_end(path, ",") or 0, 300))
    assert len(spans) > 10
    assert spans[-1][1] == path.stat().st_size
    assert all(end == start for (_, end), (start, _) in pairwise(spans))
    tasks = tasks_of(path, spans[0][0], 300, together)
    parts = [_parallel.check_piece(task) for task in tasks]
    assert all(part.is_cut_well for part in parts)
    assert together.report(_parallel.merge(parts, together)) == feeds.check(path)


def test_two_processes_report_as_one_does(tmp_path: Path) -> None:
    path = tmp_path / "catalog.csv"
    path.write_bytes(catalog(300))
    both, seen = checker(path), list[feeds.Progress]()
    rows = _parallel.check_large(path, both, 2, seen.append, least=1000)
    assert rows == 300
    assert both.report(rows) == feeds.check(path)
    assert seen[-1].bytes_read == path.stat().st_size
    assert _parallel.check_large(path, checker(path), 2, None, least=1000) == 300


def test_a_quote_in_an_unquoted_cell_makes_one_process_do_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_parallel, "BLOCK", 64)
    path = tmp_path / "prices.csv"
    lines = ["id,price", 'a 12" pipe,1.00 USD', *(f'"S\n{n}",1.00 USD' for n in range(40))]
    path.write_text("\n".join(lines))
    assert _parallel.check_large(path, checker(path, PRICING), 2, None, least=200) is None


@pytest.mark.parametrize("data", [b"", b"\n\n", b'"id"x,price\nA,1.00 USD\n'])
def test_a_file_whose_header_is_no_header_is_not_cut(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_bytes(data)
    assert _parallel.header_end(path, ",") is None


def test_a_small_file_is_checked_by_one_process(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_bytes(b"id,price\nA,1.00 USD\n")
    assert _parallel.check_large(path, checker(path, PRICING), 2, None) is None
    assert feeds.check(path, PRICING, workers=2).valid_rows == 1


def test_a_header_alone_has_no_pieces(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_bytes(b"id,price\n")
    assert _parallel.check_large(path, checker(path, PRICING), 2, None, least=0) == 0


def test_a_byte_order_mark_is_one_at_the_start_of_a_file_only(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_bytes(b"\xef\xbb\xbfid,price\n\xef\xbb\xbfA,1.00 USD\n")
    together = checker(path, PRICING)
    (task,) = tasks_of(path, _parallel.header_end(path, ",") or 0, 1, together)
    part = _parallel.check_piece(task)
    assert together.report(_parallel.merge([part], together)) == feeds.check(path, PRICING)
    assert part.tally.counts == {"id_characters": 1}
