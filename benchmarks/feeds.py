"""A catalog read and checked: ours, the csv module alone, and pydantic with the same rules.

Contenders run interleaved in one process; figures are medians over the rounds, ratios medians of
the ratios within a round. Memory is the peak of a process of its own. All must find the same bad
rows. Run: ``python benchmarks/feeds.py``, with ``--rows 20000`` for a quick look.
"""

from __future__ import annotations

import argparse
import csv
import gc
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import feeds_catalog
import feeds_peer

from agentic_commerce import feeds
from agentic_commerce.errors import Issue

WORKERS = 2


def csv_alone(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        for _ in csv.reader(file):
            pass


def scan(path: Path) -> None:
    for _ in feeds.scan(path):
        pass


def check(path: Path) -> None:
    feeds.check(path)


def check_by_two(path: Path) -> None:
    feeds.check(path, workers=WORKERS)


def pydantic(path: Path) -> None:
    feeds_peer.read(path)


CONTENDERS: dict[str, Callable[[Path], None]] = {
    "csv.reader alone": csv_alone,
    "feeds.check": check,
    "feeds.check, two workers": check_by_two,
    "feeds.scan": scan,
    "pydantic v2, csv.DictReader": pydantic,
}


def agree(path: Path, bad: set[int]) -> None:
    """Stop unless every contender finds the rows that were made bad."""
    report = feeds.check(path, max_issues=10**9)
    for found in (report, feeds.check(path, max_issues=10**9, workers=WORKERS)):
        assert {i.row for i in found.issues if i.severity == "error"} == bad
    repeated = {i.row for i in report.issues if i.code == "duplicate_id"}
    scanned = {i.row for i in feeds.scan(path) if isinstance(i, Issue) and i.severity == "error"}
    assert scanned == bad - repeated  # scan keeps no ids
    assert feeds_peer.read(path) == bad


def times(path: Path, rows: int, rounds: int, names: list[str]) -> None:
    taken: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            gc.collect()
            start = time.perf_counter()
            CONTENDERS[name](path)
            taken[name].append(time.perf_counter() - start)
    print(f"\n{rows} rows, {path.stat().st_size / 1e6:.0f} MB, {rounds} rounds")
    print(f"{'':30}{'us a row':>10}{'/ csv':>8}{'pydantic /':>12}")
    for name in names:
        each = statistics.median(taken[name]) / rows * 1e6
        line = f"{name:30}{each:10.1f}{ratio(taken[name], taken['csv.reader alone']):8.2f}"
        if "pydantic v2, csv.DictReader" in taken:
            line += f"{ratio(taken['pydantic v2, csv.DictReader'], taken[name]):12.2f}"
        print(line)


def ratio(one: list[float], other: list[float]) -> float:
    return statistics.median(a / b for a, b in zip(one, other, strict=True))


def peak(name: str, path: Path) -> float:
    """The peak memory in MB of a process that does one thing."""
    command = [sys.executable, __file__, "--peak", name, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    return float(done.stdout)


def kept(read: Callable[[], list[Any]]) -> float:
    gc.collect()
    tracemalloc.start()
    rows = read()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return size / len(rows)


def memory(small: Path, large: Path, rows: int) -> None:
    print(f"\nPeak memory at {rows} rows minus at 20000")
    for name in ("feeds.scan", "feeds.check"):
        more = peak(name, large) - peak(name, small)
        print(f"{name:30}{more:10.1f} MB{more * 1e6 / rows:10.0f} bytes a row")
    ours = kept(lambda: [r for r in feeds.scan(small) if not isinstance(r, Issue)])

    def theirs() -> list[Any]:
        rows: list[Any] = []
        feeds_peer.read(small, rows)
        return rows

    other = kept(theirs)
    print(f"\nA row kept: ours {ours:.0f} bytes, pydantic {other:.0f}, {other / ours:.2f} times")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="*", default=[20_000, 200_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=5, help="0 measures memory alone")
    parser.add_argument("--peak", nargs=2)
    options = parser.parse_args()
    if options.peak:
        CONTENDERS[options.peak[0]](Path(options.peak[1]))
        # Not ru_maxrss, which a process inherits from the one that started it.
        status = Path("/proc/self/status").read_text()
        print(int(status.split("VmHWM:")[1].split()[0]) * 1.024e-3)
        return
    print(platform.machine(), platform.python_implementation(), platform.python_version())
    with tempfile.TemporaryDirectory() as folder:
        made: dict[int, Path] = {}
        for rows in options.rows:
            made[rows] = path = Path(folder) / f"catalog-{rows}.csv"
            bad = feeds_catalog.make_catalog(path, rows)
            if not options.rounds:
                continue
            if rows <= 200_000:
                agree(path, bad)
            # A million rows show that nothing grows; the peer's ratio is known by then.
            names = [n for n in CONTENDERS if rows <= 200_000 or "pydantic" not in n]
            times(path, rows, options.rounds if rows <= 200_000 else 1, names)
        if 20_000 in made and len(made) > 1:
            memory(made[20_000], made[max(made)], max(made))


if __name__ == "__main__":
    main()
