"""Every kind of purchase: the totals add up, and nothing is approved that was not."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import ROUND_HALF_UP, Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentic_commerce import feeds, money, testing
from agentic_commerce.testing.sandbox import Sandbox
from tests.testing.sandbox.buying import ACCOUNT, APPROVED, CELLS, buy, quantity, shop

PRICES = {
    "usd": ["19.99 USD", "5.01 USD", "0.33 USD"],
    "jpy": ["1999 JPY", "501 JPY", "33 JPY"],
    "kwd": ["1.999 KWD", "0.501 KWD", "0.033 KWD"],
}
SHIPPING = {"usd": "4.95 USD", "jpy": "495 JPY", "kwd": "0.495 KWD"}
PERCENTAGE = Decimal("8.875")
BEHAVIOURS = {
    "approve": ("completed", None),
    "decline": ("declined", "order_declined"),
    "raise": ("failed", "hook_failed"),
    "hang": ("declined", "hook_timeout"),
    "malformed": ("failed", "hook_failed"),
}
MATRIX = list(
    product(
        ["direct", "destination"],
        ["automatic", "hook"],
        ["catalog", "hook"],
        BEHAVIOURS,
        [1, 3],
        PRICES,
    )
)


def platform(sandbox: Sandbox, tax: str, shipping: str, behaviour: str) -> Any:
    """A platform's server, in any language: JSON in, JSON out."""

    def respond(body: bytes, headers: dict[str, str]) -> Any:
        request = json.loads(body)
        data = request["data"]
        if request["type"].endswith("customize_checkout"):
            return 200, {}, json.dumps(customize(data, tax, shipping))
        if behaviour == "raise":
            raise RuntimeError("the platform is down")
        if behaviour == "hang":
            sandbox.clock.advance(10)
        if behaviour == "malformed":
            return 200, {}, b'{"manual_approval_details": {"type": "approve"}}'
        if behaviour == "decline":
            details = {"type": "declined", "declined": {"reason": "No"}}
            return 200, {}, json.dumps({"manual_approval_details": details})
        return 200, {}, json.dumps(APPROVED)

    return respond


def customize(data: Any, tax: str, shipping: str) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    if tax == "hook":
        rates = [("Sales tax", PERCENTAGE, False), ("Levy", Decimal(2), True)]
        given = [
            {"rate_data": {"display_name": name, "percentage": float(p), "inclusive": inclusive}}
            for name, p, inclusive in rates
        ]
        answer["line_items"] = [
            {"id": line["id"], "tax_rates": given} for line in data["line_item_details"]
        ]
    if shipping == "hook":
        answer["shipping_options"] = [
            {
                "shipping_rate_data": {
                    "display_name": "Courier",
                    "fixed_amount": {"amount": 777, "currency": data["currency"]},
                }
            }
        ]
    return answer


def expected_total(lines: int, currency: str, tax: str, shipping: str) -> int:
    """The same sum by other means: Decimal, line by line."""
    total = Decimal(0)
    for number in range(lines):
        text = PRICES[currency][number]
        price = money.to_minor_units(Decimal(text.split()[0]), currency)
        amount = Decimal(price * (number + 1))
        net = amount / Decimal("1.02") if tax == "hook" else amount
        total += amount + (net * PERCENTAGE / 100).quantize(Decimal(1), ROUND_HALF_UP)
    whole = Decimal(SHIPPING[currency].split()[0])
    return int(total) + (777 if shipping == "hook" else money.to_minor_units(whole, currency))


@pytest.mark.parametrize(("charge", "tax", "shipping", "behaviour", "lines", "currency"), MATRIX)
def test_every_kind_of_purchase(
    charge: Any, tax: str, shipping: str, behaviour: str, lines: int, currency: str
) -> None:
    sandbox = shop(
        *[
            {
                "id": f"SKU-{n}",
                "price": PRICES[currency][n],
                "shipping": f"US:ALL:Standard::{SHIPPING[currency]}",
            }
            for n in range(lines)
        ]
    )
    result = buy(
        sandbox,
        platform(sandbox, tax, shipping, behaviour),
        sku=None,
        items=[(f"SKU-{n}", n + 1) for n in range(lines)],
        charge_type=charge,
        automatic_tax=tax == "automatic",
        tax_percentage=PERCENTAGE,
        retries=1,
    )
    assert (result.status, result.code) == BEHAVIOURS[behaviour]
    totals = result.totals
    assert totals.amount_total == expected_total(lines, currency, tax, shipping)
    assert totals.currency == currency

    paid = behaviour == "approve"
    home = sandbox.world(ACCOUNT if charge == "direct" else None)
    other = sandbox.world(None if charge == "direct" else ACCOUNT)
    assert (len(home.sessions), len(other.sessions)) == (int(paid), 0)
    assert len(home.payment_intents) == len(home.charges) == int(paid)
    assert len(home.events) == 2 * paid
    left = [quantity(sandbox, f"SKU-{n}") for n in range(lines)]
    assert left == [5 - (n + 1) * paid for n in range(lines)]
    assert (result.order is not None) is paid
    if paid:
        assert result.order.discrepancies == ()
        assert result.order.amount_total == totals.amount_total
        assert [line.sku for line in result.order.lines] == [f"SKU-{n}" for n in range(lines)]


# ------------------------------------------------------------------------------------ concurrency


@pytest.mark.parametrize("behaviour", ["approve", "decline"])
def test_many_agents_at_once_never_sell_more_than_there_is(behaviour: str) -> None:
    sandbox = shop({"inventory_quantity": "7"})
    together = threading.Barrier(8)
    at = platform(sandbox, "hook", "catalog", behaviour)

    def agent(_: int) -> Any:
        together.wait()
        return [buy(sandbox, at) for _ in range(3)]

    with ThreadPoolExecutor(8) as pool:
        results = [result for found in pool.map(agent, range(8)) for result in found]
    completed = [result for result in results if result.completed]
    world = sandbox.world(ACCOUNT)
    sold = 7 if behaviour == "approve" else 0
    assert len(completed) == len(world.sessions) == len(world.charges) == sold
    assert quantity(sandbox) == 7 - sold
    assert {result.session_id for result in completed} == set(world.sessions)
    assert len({result.session_id for result in results}) == 24
    others = {result.code for result in results} - {None}
    assert others <= {"quantity", "sold_out", "order_declined"}


def test_a_platform_may_call_the_sandbox_while_it_is_asked() -> None:
    sandbox = shop()
    seen: list[Any] = []

    def respond(body: bytes, headers: dict[str, str]) -> Any:
        seen.append(sandbox.world(ACCOUNT).catalog.quantity("A"))  # from a thread of its own
        with sandbox.lock:
            return 200, {}, json.dumps(APPROVED)

    assert buy(sandbox, respond, toggles=["order_approvals"]).completed
    assert seen == [4]


# ------------------------------------------------------------------------------------------ laws

RATES = st.lists(
    st.builds(
        lambda percentage, inclusive: {
            "rate_data": {
                "display_name": "Tax",
                "percentage": float(percentage),
                "inclusive": inclusive,
            }
        },
        st.decimals(0, 30, places=3),
        st.booleans(),
    ),
    max_size=3,
)
AMOUNTS = st.integers(0, 99_999)


@settings(max_examples=50)
@given(
    st.lists(st.tuples(AMOUNTS, st.integers(1, 9), st.integers(0, 50)), min_size=1, max_size=4),
    RATES,
    st.sampled_from(["usd", "jpy", "kwd"]),
    st.none() | AMOUNTS,
    st.integers(0, 100),
)
def test_whatever_the_hooks_answer_the_order_adds_up(
    lines: list[tuple[int, int, int]], rates: Any, currency: str, shipping: Any, fee: int
) -> None:
    rows = [
        {
            "id": f"SKU-{n}",
            "price": str(feeds.Price.from_minor_units(amount, currency)),
            "shipping": "",
            "inventory_quantity": "9",
        }
        for n, (amount, _, _) in enumerate(lines)
    ]
    sandbox = shop(*rows)

    def respond(body: bytes, headers: dict[str, str]) -> Any:
        data = json.loads(body)["data"]
        if "line_items_details" in data:
            kept = min(fee, data["amount_total"])
            details = {"application_fee_details": {"application_fee_amount": kept}}
            return 200, {}, json.dumps(APPROVED | details)
        answer: dict[str, Any] = {
            "line_items": [
                {"id": line["id"], "tax_rates": rates} for line in data["line_item_details"]
            ]
        }
        if shipping is not None:
            price = {"amount": shipping, "currency": currency}
            option = {"display_name": "Courier", "fixed_amount": price}
            answer["shipping_options"] = [{"shipping_rate_data": option}]
        return 200, {}, json.dumps(answer)

    discounts = {
        f"SKU-{n}": amount * count * percent // 100
        for n, (amount, count, percent) in enumerate(lines)
    }
    result = buy(
        sandbox,
        respond,
        sku=None,
        items=[(f"SKU-{n}", count) for n, (_, count, _) in enumerate(lines)],
        discounts=discounts,
    )
    assert result.completed, str(result)
    order = result.order
    assert order.discrepancies == ()
    assert order.amount_discount == sum(discounts.values())
    assert order.amount_shipping == (shipping or 0)
    assert sum(line.amount_total for line in order.lines) + (shipping or 0) == order.amount_total
    assert result.totals.application_fee_amount <= order.amount_total


# ----------------------------------------------------------------- what the order looks like


def test_a_session_has_the_shape_of_the_sample_payload() -> None:
    """Whoever tests with `testing.checkout_session` finds every key of it in a purchase."""
    sandbox = shop(CELLS | {"id": "A"})
    result = buy(
        sandbox, platform(sandbox, "hook", "catalog", "approve"), card={"funding": "credit"}
    )
    assert missing(testing.checkout_session(), result.order.raw) == []


def missing(sample: Any, value: Any, path: str = "$") -> list[str]:
    if isinstance(sample, dict):
        gone = [f"{path}.{name}" for name in sample if name not in value]
        here = [name for name in sample if name in value]
        return gone + [p for n in here for p in missing(sample[n], value[n], f"{path}.{n}")]
    if isinstance(sample, list):
        return missing(sample[0], value[0], f"{path}[0]") if sample else []
    return []
