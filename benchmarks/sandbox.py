"""The sandbox: a large import beside the check of the same file, memory, requests a second.

The import goes through the API, upload included, in the same process and run as the check; figures
are medians over the rounds, ratios medians of the ratios within a round. Memory is that of a
process of its own, after it has imported, and at its peak. Requests are measured against empty ones
through the same server (``/ping``), one client, one connection.
Run: ``python benchmarks/sandbox.py``, with ``--rows 20000`` for a quick look.
"""

from __future__ import annotations

import argparse
import gc
import logging
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import feeds_catalog
import httpx
import uvicorn

from agentic_commerce import feeds, hooks
from agentic_commerce.testing.sandbox import Request, Sandbox

VERSION = "2026-10-28.endive"
IMPORTS = "/v2/commerce/product_catalog/imports"
SESSIONS = "/v1/checkout/sessions"


def headers(sandbox: Sandbox) -> dict[str, str]:
    return {"Authorization": f"Bearer {sandbox.api_key}", "Stripe-Version": VERSION}


def publish(path: Path, sandbox: Sandbox) -> int:
    """Create an import, upload the file, and see it to its end; the number of rows accepted."""
    with httpx.Client(transport=sandbox.transport(), headers=headers(sandbox)) as http:
        asked = {"feed_type": "product", "mode": "replace", "metadata": {}}
        made = http.post(f"https://api.stripe.com{IMPORTS}", json=asked).json()
        url = made["status_details"]["awaiting_upload"]["upload_url"]["url"]
        with path.open("rb") as file:
            # Not with the client's own headers: a key does not belong there.
            sent = httpx.Request("PUT", url, content=file, headers={"Content-Type": "text/csv"})
            http.send(sent).raise_for_status()
        done = http.get(f"https://api.stripe.com{IMPORTS}/{made['id']}").json()
        details = done["status_details"][done["status"]]
        return int(details["success_count"])


def imports(path: Path, rows: int, rounds: int) -> None:
    checked, imported = [], []
    for _ in range(rounds):
        gc.collect()
        start = time.perf_counter()
        report = feeds.check(path)
        checked.append(time.perf_counter() - start)
        sandbox = Sandbox()
        gc.collect()
        start = time.perf_counter()
        accepted = publish(path, sandbox)
        imported.append(time.perf_counter() - start)
        assert accepted == report.valid_rows == len(sandbox.world().catalog)
        del sandbox
    ratio = statistics.median(a / b for a, b in zip(imported, checked, strict=True))
    print(f"\n{rows} rows, {path.stat().st_size / 1e6:.0f} MB, {rounds} rounds")
    for name, taken in (("feeds.check", checked), ("import, upload to end", imported)):
        print(f"{name:30}{statistics.median(taken) / rows * 1e6:8.1f} us a row")
    print(f"{'import / check':30}{ratio:8.2f}")


def memory(path: Path) -> None:
    for mode in ("empty", "import"):
        command = [sys.executable, __file__, "--memory", mode, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
        print(f"{'memory, ' + mode:30}{done.stdout.strip()}")


def measure_memory(mode: str, path: Path) -> None:
    sandbox = Sandbox()
    if mode == "import":
        publish(path, sandbox)
    gc.collect()
    status = Path("/proc/self/status").read_text()
    now, peak = (int(status.split(f"{name}:")[1].split()[0]) / 1000 for name in ("VmRSS", "VmHWM"))
    print(f"{now:8.0f} MB, at its peak {peak:.0f} MB, {len(sandbox.world().catalog)} products")


def rate(act: Callable[[], object], seconds: float) -> float:
    for _ in range(50):
        act()
    count, start = 0, time.perf_counter()
    while (taken := time.perf_counter() - start) < seconds:
        act()
        count += 1
    return count / taken


def requests(seconds: float) -> None:
    """Requests a second: by hand, through httpx in this process, and over HTTP."""
    sandbox = Sandbox()
    mine = headers(sandbox)
    by_hand = Request(method="GET", path=SESSIONS, headers=mine)
    local = httpx.Client(transport=sandbox.transport(), headers=mine)
    print(f"\n{'requests a second':42}")
    print(f"{'Sandbox.handle':42}{rate(lambda: sandbox.handle(by_hand), seconds):8.0f}")
    url = f"https://api.stripe.com{SESSIONS}"
    print(f"{'httpx, in process':42}{rate(lambda: local.get(url), seconds):8.0f}")
    with sandbox.serve() as server, httpx.Client(headers=mine) as http:
        floor, served = [], []
        for _ in range(3):
            floor.append(rate(lambda: http.get(server.url + "/ping"), seconds))
            served.append(rate(lambda: http.get(server.url + SESSIONS), seconds))
        print(f"{'httpx, over HTTP, an empty request':42}{statistics.median(floor):8.0f}")
        print(f"{'httpx, over HTTP, a list of sessions':42}{statistics.median(served):8.0f}")
        ratio = statistics.median(a / b for a, b in zip(floor, served, strict=True))
        print(f"{'  time / that of an empty request':42}{ratio:8.2f}")


# ---------------------------------------------------------------------------------------- purchases

SHIRT = {
    "id": "SHIRT",
    "title": "Shirt",
    "description": "A shirt.",
    "link": "https://shop.example.com/shirt",
    "image_link": "https://shop.example.com/shirt.jpg",
    "brand": "Example",
    "mpn": "SH-1",
    "product_category": "Apparel > Shirts",
    "availability": "in_stock",
    "inventory_quantity": "100000000",
    "price": "15.00 USD",
    "shipping": "US:ALL:Standard:3-5:5.00 USD,US:ALL:Express:1-2:9.00 USD",
}
APPROVED = b'{"manual_approval_details":{"type":"approved"}}'


async def platform_server(_: Any, receive: Any, send: Any) -> None:
    """The least that a platform can do: no change to the cart, and an approval."""
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message["body"], message["more_body"]
    answer = APPROVED if body.startswith(b'{"type":"v1.delegated_checkout.finalize') else b"{}"
    length = [(b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    await send({"type": "http.response.body", "body": answer})


def serve_platform() -> None:
    """Serve in a process of its own, as a platform does, and say where."""
    # A socket that names its protocol: of others asyncio leaves Nagle's algorithm on.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        print(f"http://127.0.0.1:{listening.getsockname()[1]}/", flush=True)
        config = uvicorn.Config(platform_server, log_level="critical", lifespan="off")
        uvicorn.Server(config).run(sockets=[listening])


@contextmanager
def serving() -> Iterator[str]:
    command = [sys.executable, __file__, "--serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def purchases(seconds: float) -> None:
    """Purchases a second with two hooks, in process and over HTTP, against two empty requests."""
    sandbox = Sandbox()
    sandbox.stock(SHIRT, account="acct_1")
    secret = sandbox.hook_secret
    handlers = hooks.Dispatcher(
        customize_checkout=lambda _: hooks.CustomizeCheckoutResponse(),
        finalize_checkout=lambda _: hooks.FinalizeCheckoutResponse.approve(),
    )

    def buy(endpoint: Any) -> None:
        result = sandbox.purchase("SHIRT", account="acct_1", address="US:CA", endpoint=endpoint)
        assert result.completed

    print(f"\n{'purchases a second, two hooks each':42}")
    print(f"{'without hooks':42}{rate(lambda: buy(None), seconds):8.0f}")
    endpoint = hooks.HookEndpoint(handlers, secret)
    print(f"{'a HookEndpoint in process':42}{rate(lambda: buy(endpoint), seconds):8.0f}")
    with serving() as url, httpx.Client() as http:
        floor, bought = [], []
        for _ in range(3):
            floor.append(rate(lambda: http.post(url, content=b"{}"), seconds) / 2)
            bought.append(rate(lambda: buy(url), seconds))
    print(f"{'a server that always says yes':42}{statistics.median(bought):8.0f}")
    print(f"{'two empty requests to that server':42}{statistics.median(floor):8.0f}")
    ratio = statistics.median(a / b for a, b in zip(floor, bought, strict=True))
    print(f"{'  time / that of two empty requests':42}{ratio:8.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--memory", nargs=2)
    parser.add_argument("--serve", action="store_true")
    options = parser.parse_args()
    if options.serve:
        serve_platform()
        return
    if options.memory:
        measure_memory(options.memory[0], Path(options.memory[1]))
        return
    print(platform.machine(), platform.python_implementation(), platform.python_version())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "catalog.csv"
        feeds_catalog.make_catalog(path, options.rows)
        imports(path, options.rows, options.rounds)
        memory(path)
    requests(options.seconds)
    logging.disable(logging.CRITICAL)  # what an endpoint logs of each hook
    purchases(options.seconds)


if __name__ == "__main__":
    main()
