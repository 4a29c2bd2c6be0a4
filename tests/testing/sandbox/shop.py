"""A platform in tests: plain HTTP against a sandbox in this process."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable
from typing import Any

import httpx

from agentic_commerce.testing import checkout_session
from agentic_commerce.testing.sandbox import Sandbox, World

API = "https://api.stripe.com"
FILES = "https://files.stripe.com"
UDAP = "2025-09-30.clover;udap_beta=v1"
GA = "2026-10-28.endive"
PREVIEW = "2026-04-22.preview"
ACCOUNT = "acct_1"


class Shop:
    """One connected account, as the platform calls for it."""

    def __init__(self, sandbox: Sandbox, account: str | None = ACCOUNT, base: str = API) -> None:
        self.sandbox = sandbox
        self.http = httpx.Client(transport=sandbox.transport())
        self.account = account
        self.base = base

    @property
    def world(self) -> World:
        return self.sandbox.world(self.account)

    def headers(self, version: str | None = None, **more: str) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {self.sandbox.api_key}"}
        if self.account:
            headers["Stripe-Account"] = self.account
        if version:
            headers["Stripe-Version"] = version
        return headers | more

    def get(self, path: str, version: str | None = None, **params: Any) -> httpx.Response:
        return self.http.get(self.base + path, params=params or None, headers=self.headers(version))

    def post(
        self, path: str, version: str | None = None, key: str | None = None, **data: Any
    ) -> httpx.Response:
        headers = self.headers(version, **({"Idempotency-Key": key} if key else {}))
        if path.startswith("/v2/"):
            return self.http.post(self.base + path, json=data, headers=headers)
        return self.http.post(self.base + path, data=data, headers=headers)

    def upload(self, content: bytes, kind: str = "text/csv", name: str = "feed.csv") -> str:
        answer = self.http.post(
            f"{self.base}/v1/files",
            headers=self.headers(),
            data={"purpose": "data_management_manual_upload"},
            files={"file": (name, content, kind)},
        )
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    def import_v1(self, content: bytes, form: str = "product_catalog_feed") -> dict[str, Any]:
        made = self.post(
            "/v1/data_management/import_sets",
            UDAP,
            file=self.upload(content),
            standard_data_format=form,
        ).json()
        return dict(self.get(f"/v1/data_management/import_sets/{made['id']}", UDAP).json())

    def create_v2(self, feed_type: str = "product", mode: str = "upsert") -> dict[str, Any]:
        path = "/v2/commerce/product_catalog/imports"
        made = self.post(path, GA, feed_type=feed_type, mode=mode, metadata={})
        assert made.status_code == 200, made.text
        return dict(made.json())

    def put(self, made: dict[str, Any], content: bytes, kind: str = "text/csv") -> httpx.Response:
        url = made["status_details"]["awaiting_upload"]["upload_url"]["url"]
        return self.http.put(url, content=content, headers={"Content-Type": kind})

    def import_v2(
        self, content: bytes, feed_type: str = "product", mode: str = "upsert"
    ) -> dict[str, Any]:
        made = self.create_v2(feed_type, mode)
        assert self.put(made, content).status_code == 200
        return self.look(made)

    def look(self, made: dict[str, Any]) -> dict[str, Any]:
        return dict(self.get(f"/v2/commerce/product_catalog/imports/{made['id']}", GA).json())


def cells(sku: str, **changes: str) -> dict[str, str]:
    return {
        "id": sku,
        "title": f"Product {sku}",
        "description": "A product.",
        "link": f"https://shop.example.com/{sku}",
        "image_link": f"https://shop.example.com/{sku}.jpg",
        "availability": "in_stock",
        "price": "15.00 USD",
        "mpn": f"MPN-{sku}",
        "product_category": "Things > Small things",
        "inventory_not_tracked": "false",
        "inventory_quantity": "5",
    } | changes


def feed(*rows: dict[str, str], delimiter: str = ",") -> bytes:
    text = io.StringIO()
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(text, names, delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def report(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def put_order(
    world: World, number: int = 1, *, lines: int = 1, captured: bool = True, amount: int = 4740
) -> dict[str, Any]:
    """Put a completed session and its payment into a world, as a purchase would."""
    session = checkout_session(id=f"cs_test_{number}", created=1775469600 + number)
    payment = session["payment_intent"]
    charge = payment["latest_charge"]
    line = session["line_items"]["data"][0]
    product = line["price"]["product"]
    world.products[product["id"]] = product
    line["price"]["product"] = product["id"]
    session["line_items"]["data"] = [line | {"id": f"li_{n}"} for n in range(lines)]
    session["payment_intent"] = payment["id"] = f"pi_test_{number}"
    session["payment_status"] = "paid" if captured else "unpaid"
    payment["latest_charge"] = charge["id"] = f"ch_test_{number}"
    payment |= {
        "amount": amount,
        "amount_received": amount if captured else 0,
        "currency": "usd",
        "status": "succeeded" if captured else "requires_capture",
    }
    charge |= {
        "amount": amount,
        "amount_captured": amount if captured else 0,
        "amount_refunded": 0,
        "captured": captured,
        "currency": "usd",
        "payment_intent": payment["id"],
        "refunded": False,
    }
    world.sessions[session["id"]] = session
    world.payment_intents[payment["id"]] = payment
    world.charges[charge["id"]] = charge
    return session


def until(condition: Callable[[], object]) -> None:
    """Wait for what a server does when its answer is out."""
    patience = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < patience
        time.sleep(0.001)
