"""A signed hook to the bytes of its reply: ours beside the ways it is done without us.

Every contender proves the signature, reads the payload, looks at each line and answers two tax
rates for each, as the sample in Stripe's guide does. They run interleaved in one process; the table
gives medians, and the median of the ratios within a round.
Run: ``make bench``, or ``python benchmarks/hooks.py --rounds 15``.
"""

from __future__ import annotations

import argparse
import compileall
import gc
import hashlib
import hmac
import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pydantic
import stripe

import agentic_commerce
from agentic_commerce import hooks, testing

SECRET = "whsec_benchmark"
TAX: dict[str, Any] = {"display_name": "Sales tax", "inclusive": False, "percentage": 8.5}
FEE: dict[str, Any] = {"display_name": "Environmental fee", "inclusive": False, "percentage": 1.0}


# ------------------------------------------------------------------------------------------- ours

RATES = (
    hooks.TaxRate.by_data("Sales tax", 8.5),
    hooks.TaxRate.by_data("Environmental fee", 1.0),
)


def our_handler(request: hooks.CustomizeCheckoutRequest) -> hooks.CustomizeCheckoutResponse:
    return hooks.CustomizeCheckoutResponse(
        line_items=[
            hooks.LineItemTaxes(item.id, RATES)
            for item in request.data.line_item_details
            if item.amount_subtotal
        ]
    )


DISPATCH = hooks.Dispatcher(customize_checkout=our_handler)
BARE = hooks.HookEndpoint(DISPATCH, SECRET, deadline=None)
TIMED = hooks.HookEndpoint(DISPATCH, SECRET)


def ours(body: bytes, header: str) -> bytes:
    return BARE.respond(body, {"Stripe-Signature": header}).body


def ours_with_deadline(body: bytes, header: str) -> bytes:
    return TIMED.respond(body, {"Stripe-Signature": header}).body


# ------------------------------------------------------------------------------------------ peers


def answer_items(items: list[dict[str, Any]]) -> bytes:
    lines = [
        {"id": item["id"], "tax_rates": [{"rate_data": TAX}, {"rate_data": FEE}]}
        for item in items
        if item["amount_subtotal"]
    ]
    return json.dumps({"line_items": lines}).encode()


def answer_objects(items: Any) -> dict[str, Any]:
    return {
        "line_items": [
            {"id": item.id, "tax_rates": [{"rate_data": TAX}, {"rate_data": FEE}]}
            for item in items
            if item.amount_subtotal
        ]
    }


def construct_event(body: bytes, header: str) -> bytes:
    event: Any = stripe.Webhook.construct_event(body, header, SECRET)
    return json.dumps(answer_objects(event.data.line_item_details)).encode()


def untyped(body: bytes, header: str) -> bytes:
    stripe.WebhookSignature.verify_header(body, header, SECRET, 300)
    return answer_items(json.loads(body)["data"]["line_item_details"])


def floor(body: bytes, header: str) -> bytes:
    parts = dict(part.split("=", 1) for part in header.split(","))
    signed = parts["t"].encode() + b"." + body
    if not hmac.compare_digest(
        hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest(), parts["v1"]
    ):
        raise ValueError
    return answer_items(json.loads(body)["data"]["line_item_details"])


class _Strict(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(strict=True, extra="allow")


class PRate(_Strict):
    id: str
    display_name: str
    percentage: Decimal
    inclusive: bool


class PTax(_Strict):
    rate: PRate
    amount: int


class PItem(_Strict):
    id: str
    sku_id: str
    unit_amount: int
    quantity: int
    amount_subtotal: int
    amount_total: int
    amount_discount: int
    amount_tax: int
    tax_rates: tuple[PTax, ...]
    name: str | None = None


class POption(_Strict):
    amount: int
    tax_behavior: hooks.TaxBehavior | str


class PAmount(_Strict):
    amount: int
    currency: str
    currency_options: dict[str, POption] = {}


class PBound(_Strict):
    unit: hooks.DeliveryUnit | str
    value: int


class PEstimate(_Strict):
    minimum: PBound | None = None
    maximum: PBound | None = None


class PShippingRate(_Strict):
    id: str
    fixed_amount: PAmount
    tax_behavior: hooks.TaxBehavior | str
    display_name: str | None = None
    tax_code: str | None = None
    delivery_estimate: PEstimate | None = None
    metadata: dict[str, Any] = {}


class PAddress(_Strict):
    line1: str | None = None
    line2: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None


class PShipping(_Strict):
    address: PAddress | None = None
    shipping_rate: PShippingRate | None = None
    shipping_rates: tuple[PShippingRate, ...] = ()


class PTotals(_Strict):
    amount_discount: int | None = None
    amount_shipping: int | None = None
    amount_tax: int | None = None


class PAutomaticTax(_Strict):
    enabled: bool


class PData(_Strict):
    automatic_tax: PAutomaticTax
    currency: str
    line_item_details: tuple[PItem, ...] = ()
    shipping_details: PShipping | None = None
    amount_subtotal: int | None = None
    amount_total: int | None = None
    total_details: PTotals | None = None
    checkout_session: str | None = None
    discounts: tuple[Any, ...] = ()
    metadata: dict[str, Any] = {}


class PRequest(_Strict):
    type: str
    id: str
    livemode: bool
    data: PData
    context: str | None = None


class PRateData(_Strict):
    display_name: str
    inclusive: bool
    percentage: float


class PTaxRate(_Strict):
    rate: str | None = None
    rate_data: PRateData | None = None


class PLine(_Strict):
    id: str
    tax_rates: tuple[PTaxRate, ...]


class PAnswer(_Strict):
    line_items: tuple[PLine, ...] = ()


P_RATES = (PTaxRate(rate_data=PRateData(**TAX)), PTaxRate(rate_data=PRateData(**FEE)))


def with_pydantic(body: bytes, header: str) -> bytes:
    """Typed in both directions, as ours is."""
    stripe.WebhookSignature.verify_header(body, header, SECRET, 300)
    request = PRequest.model_validate_json(body)
    lines = [
        PLine(id=item.id, tax_rates=P_RATES)
        for item in request.data.line_item_details
        if item.amount_subtotal
    ]
    return PAnswer(line_items=tuple(lines)).model_dump_json(exclude_none=True).encode()


def with_pydantic_half(body: bytes, header: str) -> bytes:
    """Typed on the way in only: the answer is a dict that nobody checks."""
    stripe.WebhookSignature.verify_header(body, header, SECRET, 300)
    request = PRequest.model_validate_json(body)
    return json.dumps(answer_objects(request.data.line_item_details)).encode()


def _struct(model: type[pydantic.BaseModel], made: dict[Any, Any]) -> Any:
    """The msgspec struct with the fields of a pydantic model."""
    if model not in made:
        fields: list[Any] = []
        for name, info in model.model_fields.items():
            kind = _struct_kind(info.annotation, made)
            default = () if info.is_required() else (info.default,)
            fields.append((name, kind, *default))
        made[model] = msgspec.defstruct(model.__name__, fields)
    return made[model]


def _struct_kind(kind: Any, made: dict[Any, Any]) -> Any:
    if isinstance(kind, type) and issubclass(kind, pydantic.BaseModel):
        return _struct(kind, made)
    origin, args = getattr(kind, "__origin__", None), getattr(kind, "__args__", ())
    if origin in (tuple, dict):
        inner: Any = tuple(arg if arg is ... else _struct_kind(arg, made) for arg in args)
        return origin[inner]
    if str in args and type(None) not in args:
        return str  # msgspec knows no `Enum | str`: its text stays text
    if args:
        return _struct_kind(args[0], made) | None
    return kind


DECODE = msgspec.json.Decoder(_struct(PRequest, {})).decode


def with_msgspec(body: bytes, header: str) -> bytes:
    stripe.WebhookSignature.verify_header(body, header, SECRET, 300)
    return msgspec.json.encode(answer_objects(DECODE(body).data.line_item_details))


CONTENDERS: dict[str, Callable[[bytes, str], bytes]] = {
    "ours": ours,
    "ours, default deadline": ours_with_deadline,
    "construct_event": construct_event,
    "verify + pydantic": with_pydantic,
    "same, dict answer": with_pydantic_half,
    "untyped (verify + json)": untyped,
    "verify + msgspec": with_msgspec,
    "floor (hmac + json)": floor,
}


# ------------------------------------------------------------------------------------ measurement


def payload(items: int) -> tuple[bytes, str]:
    rate = {"id": "txr_1", **TAX}
    lines = [testing.line_item(n, tax_rates=[{"rate": rate, "amount": 340}]) for n in range(items)]
    body = orjson.dumps(testing.customize_checkout(data={"line_item_details": lines}))
    return body, testing.sign(body, SECRET)


def once(contender: Callable[[bytes, str], bytes], items: int, calls: int) -> list[float]:
    body, header = payload(items)
    times = []
    for _ in range(calls):
        start = time.perf_counter()
        contender(body, header)
        times.append(time.perf_counter() - start)
    return times


def check_same_answers() -> None:
    body, header = payload(3)
    answers = {name: json.loads(run(body, header)) for name, run in CONTENDERS.items()}
    assert all(answer == answers["ours"] for answer in answers.values()), answers


def compare(items: int, rounds: int) -> None:
    calls = max(20, 600 // items)
    samples: dict[str, list[list[float]]] = {name: [] for name in CONTENDERS}
    for _ in range(rounds):
        for name, contender in CONTENDERS.items():
            share = calls if name != "construct_event" else max(5, calls // 8)
            samples[name].append(once(contender, items, share))
    ours_medians = [statistics.median(times) for times in samples["ours"]]
    for name, per_round in samples.items():
        medians = [statistics.median(times) for times in per_round]
        ratio = statistics.median(m / o for m, o in zip(medians, ours_medians, strict=True))
        everything = sorted(t for times in per_round for t in times)
        p99 = everything[int(len(everything) * 0.99)]
        typical = statistics.median(medians) * 1e6
        print(f"| {items:>3} | {name:<24} | {typical:8.1f} | {p99 * 1e6:8.1f} | {ratio:6.2f} |")


def tails(rounds: int) -> None:
    print("\n| 100 items, ours | median µs | p99 µs | worst µs |\n|---|---|---|---|")
    for frozen in (False, True):
        if frozen:
            gc.collect()
            gc.freeze()
        times = sorted(t for _ in range(rounds) for t in once(ours, 100, 300))
        name = "after gc.freeze()" if frozen else "before gc.freeze()"
        middle, p99 = times[len(times) // 2] * 1e6, times[int(len(times) * 0.99)] * 1e6
        print(f"| {name} | {middle:.1f} | {p99:.1f} | {times[-1] * 1e6:.1f} |")
    gc.unfreeze()


def import_times(rounds: int) -> None:
    statements = {
        "interpreter": "pass",
        "import stripe": "import stripe",
        "import agentic_commerce": "import agentic_commerce",
        "from agentic_commerce import hooks": "from agentic_commerce import hooks",
        "from agentic_commerce import feeds": "from agentic_commerce import feeds",
    }
    # An editable install has no bytecode yet, and PYTHONDONTWRITEBYTECODE would keep it so.
    compileall.compile_dir(Path(agentic_commerce.__file__).parent, quiet=1)
    samples: dict[str, list[float]] = {name: [] for name in statements}
    for _ in range(rounds):
        for name, statement in statements.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", statement], check=True)  # noqa: S603
            samples[name].append(time.perf_counter() - start)
    bare = statistics.median(samples.pop("interpreter"))
    net = {name: statistics.median(times) - bare for name, times in samples.items()}
    print("\n| import | net ms | ÷ import stripe |\n|---|---|---|")
    for name, seconds in net.items():
        print(f"| `{name}` | {seconds * 1e3:.1f} | {seconds / net['import stripe']:.3f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=11)
    rounds = parser.parse_args().rounds
    check_same_answers()
    machine = f"{platform.machine()}, {platform.python_implementation()}"
    print(f"{machine} {platform.python_version()}, stripe {stripe.VERSION}, {rounds} rounds\n")
    print("| items | contender | median µs | p99 µs | ÷ ours |\n|---|---|---|---|---|")
    for items in (1, 10, 100):
        compare(items, rounds)
    tails(rounds)
    import_times(rounds)


if __name__ == "__main__":
    main()
