"""A feed of 200 MB published: ours, httpx by hand, and stripe-python's own file upload.

The server is a process of its own on 127.0.0.1 that counts bytes and throws them away. Contenders
run interleaved; figures are medians over the rounds, ratios medians of the ratios within a round.
Memory is what a fresh process grows by beyond its imports. Run: ``python benchmarks/client.py``,
with ``--megabytes 20 --rounds 3`` for a quick look.
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
KEY = "sk_test_123"


@contextmanager
def server() -> Iterator[str]:
    command = [sys.executable, str(HERE / "client_server.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.terminate()


def generate(path: Path, size: int) -> None:
    """Write a good product feed of exactly so many bytes; blank lines at its end make them up."""
    import csv  # noqa: PLC0415 - processes that measure memory must not load more than they need
    import io  # noqa: PLC0415
    import random  # noqa: PLC0415

    import feeds_catalog  # noqa: PLC0415

    rng, text, number = random.Random(7), io.StringIO(), 0  # noqa: S311 - a seed, not a secret
    writer = csv.DictWriter(text, feeds_catalog.COLUMNS)
    writer.writeheader()
    with path.open("wb") as file:
        while file.tell() + len(row := text.getvalue().encode()) <= size:
            file.write(row)
            text.seek(0)
            text.truncate()
            writer.writerow(feeds_catalog.good_row(rng, number))
            number += 1
        file.write(b"\n" * (size - file.tell()))


# --------------------------------------------------------------------------------- contenders
# Imports stand in functions, so that each process loads no more than its contender needs.


def client(url: str) -> Any:
    from agentic_commerce import Client  # noqa: PLC0415

    return Client(KEY, account="acct_1", api_url=url, files_url=url)


def upload(path: Path, url: str) -> None:
    with client(url) as ours:
        ours.files.upload(path)


def publish(path: Path, url: str) -> None:
    with client(url) as ours:
        ours.publish(path, check=False)


def publish_v2(path: Path, url: str) -> None:
    with client(url) as ours:
        ours.publish(path, check=False, api="v2")


def publish_checked(path: Path, url: str) -> None:
    with client(url) as ours:
        ours.publish(path)


def by_hand(path: Path, url: str) -> None:
    import httpx  # noqa: PLC0415

    headers = {"Authorization": f"Bearer {KEY}", "Stripe-Account": "acct_1"}
    with httpx.Client(headers=headers) as http, path.open("rb") as file:
        files = {"file": (path.name, file, "text/csv")}
        data = {"purpose": "data_management_manual_upload"}
        http.post(f"{url}/v1/files", data=data, files=files).raise_for_status()


def by_stripe(path: Path, url: str) -> None:
    import stripe  # noqa: PLC0415

    addresses: Any = {"files": url, "api": url}
    theirs = stripe.StripeClient(KEY, base_addresses=addresses, stripe_account="acct_1")
    with path.open("rb") as file:
        purpose: Any = "data_management_manual_upload"
        theirs.v1.files.create({"purpose": purpose, "file": file})


CONTENDERS: dict[str, Callable[[Path, str], None]] = {
    "httpx by hand, multipart": by_hand,
    "files.upload": upload,
    "publish, v1, check=False": publish,
    "publish, v2, check=False": publish_v2,
    "stripe-python's file upload": by_stripe,
    "publish, v1, with its check": publish_checked,
}


# -------------------------------------------------------------------------------------- figures


def times(path: Path, url: str, rounds: int) -> None:
    taken: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    for number in range(rounds + 1):  # the first warms up
        for name, run in CONTENDERS.items():
            start = time.perf_counter()
            run(path, url)
            if number:
                taken[name].append(time.perf_counter() - start)
    size = path.stat().st_size / 1e6
    first = next(iter(taken.values()))
    print("\n| contender | median s | MB/s | throughput ÷ httpx |")
    print("|---|---|---|---|")
    for name, seconds in taken.items():
        middle = statistics.median(seconds)
        ratio = statistics.median(a / b for a, b in zip(first, seconds, strict=True))
        print(f"| {name} | {middle:.3f} | {size / middle:.0f} | {ratio:.2f} |")


def peak() -> float:
    """The most memory that this process has had, in MB.

    Not ru_maxrss: that begins with what the parent had.
    """
    status = Path("/proc/self/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024


def measure(name: str, path: Path, url: str) -> None:
    """Print, in a process of its own, what the contender adds to the interpreter with imports."""
    small = path.with_name("small.csv")
    CONTENDERS[name](small, url)  # whatever is imported late, is imported now
    before = peak()
    CONTENDERS[name](path, url)
    print(f"{before:.1f} {peak() - before:.1f}")


def memory(path: Path, url: str) -> None:
    print("\n| contender | with imports, MB | grows by, MB |")
    print("|---|---|---|")
    for name in CONTENDERS:
        command = [sys.executable, __file__, "--measure", name, "--file", str(path), "--url", url]
        told = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
        before, grown = told.stdout.split()
        print(f"| {name} | {before} | {grown} |")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--megabytes", type=float, default=200)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--measure")
    parser.add_argument("--file", type=Path)
    parser.add_argument("--url")
    given = parser.parse_args()
    if given.measure:
        measure(given.measure, given.file, given.url)
        return
    with tempfile.TemporaryDirectory() as folder, server() as url:
        path = Path(folder) / "catalog.csv"
        generate(path, int(given.megabytes * 1_000_000))
        generate(path.with_name("small.csv"), 20_000)
        print(f"{path.stat().st_size:,} bytes, {given.rounds} rounds")
        times(path, url, given.rounds)
        memory(path, url)


if __name__ == "__main__":
    main()
