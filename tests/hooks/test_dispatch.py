from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentic_commerce import hooks, testing
from agentic_commerce.errors import CODES, PayloadError, ResponseError, UnsupportedHookError
from agentic_commerce.hooks import Dispatcher, check_answer, parse_request

CUSTOMIZE = testing.customize_checkout()
FINALIZE = testing.finalize_checkout()
PRICE = testing.product_price_availability()
RATE = hooks.TaxRate.by_data("Sales tax", 8.5)
TAXED = hooks.CustomizeCheckoutResponse(line_items=[hooks.LineItemTaxes("li_1", [RATE])])
TAXED_JSON = {
    "line_items": [
        {
            "id": "li_1",
            "tax_rates": [
                {
                    "rate_data": {
                        "display_name": "Sales tax",
                        "inclusive": False,
                        "percentage": 8.5,
                    }
                }
            ],
        }
    ]
}


def answering(answer: Any) -> Dispatcher:
    """A dispatcher whose three handlers all return the same thing."""

    def handler(_: Any) -> Any:
        return answer

    return Dispatcher(handler, handler, handler)


def refused(payload: Any, answer: Any) -> dict[str | None, str]:
    with pytest.raises(ResponseError) as caught:
        answering(answer)(payload)
    assert all(issue.code in CODES for issue in caught.value.issues)
    return {issue.column: issue.code for issue in caught.value.issues}


# -------------------------------------------------------------------------------------- dispatching


class Recorder:
    """A handler that remembers what it was asked."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.seen: list[object] = []

    def __call__(self, request: object) -> Any:
        self.seen.append(request)
        return self.answer


def test_a_payload_goes_to_its_handler_as_a_typed_request() -> None:
    tax = Recorder(hooks.CustomizeCheckoutResponse())
    approve = Recorder(hooks.FinalizeCheckoutResponse.approve())
    price = Recorder(hooks.ProductPriceAvailabilityResponse.gone())
    dispatch = Dispatcher(tax, approve, price)
    assert dispatch(CUSTOMIZE) == {}
    assert dispatch(json.dumps(FINALIZE)) == {"manual_approval_details": {"type": "approved"}}
    assert dispatch(json.dumps(PRICE).encode()) == {
        "sku_id": "SKU-1",
        "merchant_id": "acct_test_1",
        "deleted": True,
    }
    assert tax.seen == [parse_request(CUSTOMIZE)]
    assert approve.seen == [parse_request(FINALIZE)]
    assert price.seen == [parse_request(PRICE)]


def test_a_request_that_is_already_parsed_is_taken_as_it_is() -> None:
    request = parse_request(CUSTOMIZE)
    assert answering(TAXED)(request) == TAXED_JSON


def test_a_hook_without_handler_is_unsupported() -> None:
    with pytest.raises(UnsupportedHookError) as caught:
        Dispatcher()(CUSTOMIZE)
    assert caught.value.type == CUSTOMIZE["type"]
    assert not Dispatcher().handles(hooks.CustomizeCheckoutRequest)


def test_a_bad_payload_reaches_no_handler() -> None:
    handler = Recorder(TAXED)
    with pytest.raises(PayloadError):
        Dispatcher(customize_checkout=handler)({"type": CUSTOMIZE["type"]})
    assert handler.seen == []


def test_what_a_handler_raises_comes_out() -> None:
    def handler(_: object) -> hooks.CustomizeCheckoutResponse:
        raise KeyError("rate")

    with pytest.raises(KeyError):
        Dispatcher(customize_checkout=handler)(CUSTOMIZE)


def test_a_handler_must_be_callable() -> None:
    handler: Any = TAXED
    with pytest.raises(TypeError, match="customize_checkout"):
        Dispatcher(customize_checkout=handler)


async def _async_handler(_: object) -> hooks.CustomizeCheckoutResponse:
    await asyncio.sleep(0)
    return TAXED


class _AsyncCallable:
    async def __call__(self, request: object) -> hooks.CustomizeCheckoutResponse:
        return await _async_handler(request)


@pytest.mark.parametrize(
    "handler",
    [
        _async_handler,
        _AsyncCallable(),
        functools.partial(_async_handler),
        lambda r: _async_handler(r),
        lambda _: TAXED,
        lambda _: TAXED_JSON,
    ],
    ids=["async def", "async call", "partial", "lambda", "sync", "mapping"],
)
def test_run_async_takes_async_and_sync_handlers(handler: Any) -> None:
    dispatch = Dispatcher(customize_checkout=handler)
    assert asyncio.run(dispatch.run_async(CUSTOMIZE)) == TAXED_JSON


def test_an_async_handler_called_synchronously_says_what_to_do() -> None:
    dispatch = Dispatcher(customize_checkout=_async_handler)
    assert dispatch.is_async(hooks.CustomizeCheckoutRequest)
    with pytest.raises(ResponseError, match="run_async"):
        dispatch(CUSTOMIZE)


def test_an_awaitable_that_is_no_coroutine_is_refused_as_well() -> None:
    class Later:
        def __await__(self) -> Any:
            return iter(())

    handler: Any = lambda _: Later()  # noqa: E731
    with pytest.raises(ResponseError, match="run_async"):
        Dispatcher(customize_checkout=handler)(CUSTOMIZE)


# ------------------------------------------------------------------------------------ good answers


def test_a_full_customize_answer_is_written_in_stripes_shape() -> None:
    answer = hooks.CustomizeCheckoutResponse(
        shipping_options=[
            hooks.ShippingOption.by_id("shr_1"),
            hooks.ShippingOption.by_data(
                "Standard",
                500,
                "usd",
                delivery_estimate=hooks.DeliveryEstimate.business_days(3, 5),
                tax_behavior=hooks.TaxBehavior.EXCLUSIVE,
                tax_code="txcd_92010001",
                metadata={"zone": "west"},
            ),
        ],
        line_items=[
            hooks.LineItemTaxes(
                "li_1",
                [
                    hooks.TaxRate.by_id("txr_1"),
                    hooks.TaxRate.by_data("VAT", Decimal("20.00"), inclusive=True),
                ],
            )
        ],
    )
    sent = answering(answer)(CUSTOMIZE)
    assert sent == {
        "shipping_options": [
            {"shipping_rate": "shr_1"},
            {
                "shipping_rate_data": {
                    "display_name": "Standard",
                    "fixed_amount": {"amount": 500, "currency": "usd"},
                    "delivery_estimate": {
                        "minimum": {"unit": "business_day", "value": 3},
                        "maximum": {"unit": "business_day", "value": 5},
                    },
                    "tax_behavior": "exclusive",
                    "tax_code": "txcd_92010001",
                    "metadata": {"zone": "west"},
                }
            },
        ],
        "line_items": [
            {
                "id": "li_1",
                "tax_rates": [
                    {"rate": "txr_1"},
                    {"rate_data": {"display_name": "VAT", "percentage": 20, "inclusive": True}},
                ],
            }
        ],
    }
    assert json.loads(json.dumps(sent)) == sent
    assert answering(sent)(CUSTOMIZE) == sent


def test_nothing_deliverable_is_not_the_same_as_no_change() -> None:
    assert answering(hooks.CustomizeCheckoutResponse())(CUSTOMIZE) == {}
    assert answering(hooks.CustomizeCheckoutResponse(shipping_options=[]))(CUSTOMIZE) == {
        "shipping_options": []
    }
    assert answering({"shipping_options": []})(CUSTOMIZE) == {"shipping_options": []}
    assert answering({"shipping_options": None, "line_items": None})(CUSTOMIZE) == {}


def test_extra_keys_are_sent_as_they_are() -> None:
    extra = {"payment_method_options": {"excluded_payment_method_types": ["klarna"]}}
    answer = hooks.CustomizeCheckoutResponse(line_items=TAXED.line_items, extra=extra)
    assert answering(answer)(CUSTOMIZE) == TAXED_JSON | extra


def test_a_full_approval_is_written_in_stripes_shape() -> None:
    answer = hooks.FinalizeCheckoutResponse.approve(50, 4000, {"order": "1001"})
    sent = answering(answer)(FINALIZE)
    assert sent == {
        "manual_approval_details": {"type": "approved"},
        "application_fee_details": {
            "application_fee_amount": 50,
            "transfer_data": {"amount": 4000},
        },
        "metadata": {"order": "1001"},
    }
    assert answering(sent)(FINALIZE) == sent


def test_a_decline_is_written_in_stripes_shape() -> None:
    sent = answering(hooks.FinalizeCheckoutResponse.decline("Out of stock"))(FINALIZE)
    assert sent == {
        "manual_approval_details": {"type": "declined", "declined": {"reason": "Out of stock"}}
    }
    assert answering(sent)(FINALIZE) == sent


def test_a_full_offer_is_written_in_stripes_shape() -> None:
    answer = hooks.ProductPriceAvailabilityResponse.offer(
        "in_stock",
        quantity=3,
        price=hooks.UnitPrice(2000, "usd"),
        sale_price=hooks.SalePrice(
            unit_amount=1500,
            currency="usd",
            start_date=date(2026, 1, 1),
            end_date=date(2026, 1, 31),
        ),
        as_of=1_700_000_000,
    )
    sent = answering(answer)(PRICE)
    assert sent == {
        "sku_id": "SKU-1",
        "merchant_id": "acct_test_1",
        "availability": {"status": "in_stock", "quantity": 3},
        "price": {"unit_amount": 2000, "currency": "usd"},
        "sale_price": {
            "unit_amount": 1500,
            "currency": "usd",
            "start_date": "2026-01-01",
            "end_date": "2026-01-31",
        },
        "as_of": 1_700_000_000,
    }
    assert answering(sent)(PRICE) == sent


def test_the_replies_of_the_guides_own_samples_are_accepted() -> None:
    node = {
        "line_items": [
            {
                "id": item["id"],
                "tax_rates": [
                    {
                        "rate_data": {
                            "display_name": "Sales tax",
                            "inclusive": False,
                            "percentage": 8.5,
                        }
                    },
                    {
                        "rate_data": {
                            "display_name": "Environmental fee",
                            "inclusive": False,
                            "percentage": 1.0,
                        }
                    },
                ],
            }
            for item in CUSTOMIZE["data"]["line_item_details"]
        ]
    }
    assert answering(node)(CUSTOMIZE) == node
    ruby = {"manual_approval_details": {"type": "approved"}}
    assert answering(ruby)(FINALIZE) == ruby


# ------------------------------------------------------------------------------------- bad answers

APPROVED = {"manual_approval_details": {"type": "approved"}}
LINE = {"id": "li_1", "tax_rates": []}


def rate_data(**changes: Any) -> dict[str, Any]:
    data = {"display_name": "Tax", "inclusive": False, "percentage": 8.5, **changes}
    return {"line_items": [{"id": "li_1", "tax_rates": [{"rate_data": data}]}]}


def shipping_data(**changes: Any) -> dict[str, Any]:
    amount = {"amount": 500, "currency": "usd"}
    data = {"display_name": "Std", "fixed_amount": amount, **changes}
    return {"shipping_options": [{"shipping_rate_data": data}]}


RATE_PATH = "$.line_items[0].tax_rates[0]"
SHIPPING_PATH = "$.shipping_options[0].shipping_rate_data"
BAD: list[tuple[str, Any, Any, str, str]] = [
    ("nothing returned", CUSTOMIZE, None, "$", "answer_type"),
    ("a text", CUSTOMIZE, "ok", "$", "answer_type"),
    ("a list", CUSTOMIZE, [], "$", "answer_type"),
    (
        "the other hook's answer",
        CUSTOMIZE,
        hooks.FinalizeCheckoutResponse.approve(),
        "$",
        "answer_type",
    ),
    ("the other hook's answer", FINALIZE, TAXED, "$", "answer_type"),
    (
        "the other hook's mapping",
        CUSTOMIZE,
        APPROVED,
        "$.manual_approval_details",
        "unknown_key",
    ),
    ("a misspelt key", CUSTOMIZE, {"shiping_options": []}, "$.shiping_options", "unknown_key"),
    ("extra in a mapping", CUSTOMIZE, {"extra": {}}, "$.extra", "unknown_key"),
    (
        "an unknown line",
        CUSTOMIZE,
        {"line_items": [{"id": "li_9", "tax_rates": []}]},
        "$.line_items[0].id",
        "unknown_id",
    ),
    ("a line twice", CUSTOMIZE, {"line_items": [LINE, LINE]}, "$.line_items[1].id", "repeated_id"),
    ("850 %", CUSTOMIZE, rate_data(percentage=850), f"{RATE_PATH}.rate_data.percentage", "range"),
    ("a text", CUSTOMIZE, rate_data(percentage="8"), f"{RATE_PATH}.rate_data.percentage", "kind"),
    ("no word", CUSTOMIZE, rate_data(inclusive="no"), f"{RATE_PATH}.rate_data.inclusive", "kind"),
    ("a typo", CUSTOMIZE, rate_data(percent=8.5), f"{RATE_PATH}.rate_data.percent", "unknown_key"),
    (
        "both rate and rate_data",
        CUSTOMIZE,
        {
            "line_items": [
                {
                    "id": "li_1",
                    "tax_rates": [
                        {
                            "rate": "txr_1",
                            "rate_data": {
                                "display_name": "T",
                                "inclusive": True,
                                "percentage": 1,
                            },
                        }
                    ],
                }
            ]
        },
        RATE_PATH,
        "exactly_one",
    ),
    (
        "no tax_rates",
        CUSTOMIZE,
        {"line_items": [{"id": "li_1"}]},
        "$.line_items[0].tax_rates",
        "missing",
    ),
    ("lines of text", CUSTOMIZE, {"line_items": "li_1"}, "$.line_items", "kind"),
    (
        "another currency",
        CUSTOMIZE,
        shipping_data(fixed_amount={"amount": 1, "currency": "eur"}),
        f"{SHIPPING_PATH}.fixed_amount.currency",
        "currency",
    ),
    (
        "a negative amount",
        CUSTOMIZE,
        shipping_data(fixed_amount={"amount": -1, "currency": "usd"}),
        f"{SHIPPING_PATH}.fixed_amount.amount",
        "range",
    ),
    (
        "a major-unit amount",
        CUSTOMIZE,
        shipping_data(fixed_amount={"amount": 5.0, "currency": "usd"}),
        f"{SHIPPING_PATH}.fixed_amount.amount",
        "kind",
    ),
    ("null", CUSTOMIZE, shipping_data(display_name=None), f"{SHIPPING_PATH}.display_name", "null"),
    ("a decline without why", FINALIZE, {"manual_approval_details": {"type": "declined"}},
     "$.manual_approval_details.declined", "missing"),
    ("no decision", FINALIZE, {}, "$.manual_approval_details", "missing"),
    ("a word", FINALIZE, {"manual_approval_details": "yes"}, "$.manual_approval_details", "kind"),
    (
        "a fee above the total",
        FINALIZE,
        hooks.FinalizeCheckoutResponse.approve(4841),
        "$.application_fee_details.application_fee_amount",
        "exceeds_total",
    ),
    (
        "a transfer above the total",
        FINALIZE,
        hooks.FinalizeCheckoutResponse.approve(1, 4841),
        "$.application_fee_details.transfer_data.amount",
        "exceeds_total",
    ),
    (
        "another product",
        PRICE,
        {"sku_id": "SKU-2", "deleted": True},
        "$.sku_id",
        "mismatch",
    ),
    (
        "another merchant",
        PRICE,
        hooks.ProductPriceAvailabilityResponse(merchant_id="acct_2", deleted=True),
        "$.merchant_id",
        "mismatch",
    ),
    (
        "a sale date that is none",
        PRICE,
        {
            "availability": {"status": "in_stock"},
            "price": {"unit_amount": 1, "currency": "usd"},
            "sale_price": {
                "unit_amount": 1,
                "currency": "usd",
                "start_date": "20260101",
                "end_date": date(2026, 2, 1),
            },
        },
        "$.sale_price.start_date",
        "kind",
    ),
    (
        "a day that is none",
        PRICE,
        {
            "availability": {"status": "in_stock"},
            "price": {"unit_amount": 1, "currency": "usd"},
            "sale_price": {
                "unit_amount": 1,
                "currency": "usd",
                "start_date": "2026-02-30",
                "end_date": "2026-03-01",
            },
        },
        "$.sale_price.start_date",
        "kind",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("payload", "answer", "path", "code"), [b[1:] for b in BAD], ids=[b[0] for b in BAD]
)
def test_an_answer_that_breaks_the_contract_is_not_sent(
    payload: Any, answer: Any, path: str, code: str
) -> None:
    assert refused(payload, answer) == {path: code}


def test_keys_that_are_no_texts_are_unknown_keys() -> None:
    assert refused(CUSTOMIZE, {5: 1, "a": 2, None: 3}) == dict.fromkeys(
        ["$.5", "$.a", "$.None"], "unknown_key"
    )


def test_every_fault_of_an_answer_is_named_at_once() -> None:
    answer = {"line_items": [{"id": 5}, {"tax_rates": [{}]}], "shipping": 1}
    assert refused(CUSTOMIZE, answer) == {
        "$.line_items[0].id": "kind",
        "$.line_items[0].tax_rates": "missing",
        "$.line_items[1].id": "missing",
        "$.line_items[1].tax_rates[0]": "exactly_one",
        "$.shipping": "unknown_key",
    }


def test_no_manual_tax_while_stripe_computes_it() -> None:
    payload = testing.customize_checkout(data={"automatic_tax": {"enabled": True}})
    assert refused(payload, TAXED) == {"$.line_items[0].tax_rates": "automatic_tax"}
    no_rates = hooks.CustomizeCheckoutResponse(line_items=[hooks.LineItemTaxes("li_1", [])])
    assert answering(no_rates)(payload) == {"line_items": [{"id": "li_1", "tax_rates": []}]}


def test_a_request_currency_in_upper_case_is_the_same_currency() -> None:
    payload = testing.customize_checkout(data={"currency": "USD"})
    assert answering(shipping_data())(payload) == shipping_data()


def test_without_a_total_a_fee_cannot_exceed_it() -> None:
    payload = testing.finalize_checkout(data={"amount_total": testing.ABSENT})
    fee = hooks.FinalizeCheckoutResponse.approve(10**9)
    assert answering(fee)(payload)["application_fee_details"] == {"application_fee_amount": 10**9}


def test_a_price_answer_without_context_needs_no_merchant() -> None:
    payload = testing.product_price_availability(context=testing.ABSENT)
    assert answering({"deleted": True})(payload) == {"sku_id": "SKU-1", "deleted": True}


def test_check_answer_can_be_used_alone() -> None:
    assert check_answer(parse_request(CUSTOMIZE), TAXED) == TAXED_JSON


# --------------------------------------------------------------------------------------- laws

PERCENT = st.decimals(0, 100, places=4) | st.integers(0, 100) | st.floats(0, 100)
TEXT = st.text(min_size=1).filter(str.strip)
LINE_IDS = [f"li_{n}" for n in range(1, 5)]
RATES = st.builds(hooks.TaxRate.by_id, TEXT) | st.builds(
    hooks.TaxRate.by_data, TEXT, PERCENT, inclusive=st.booleans()
)
OPTIONS = st.builds(hooks.ShippingOption.by_id, TEXT) | st.builds(
    hooks.ShippingOption.by_data,
    TEXT,
    st.integers(0, 10**12),
    st.just("usd"),
    delivery_estimate=st.none() | st.builds(hooks.DeliveryEstimate.days, st.just(1), st.just(2)),
    metadata=st.none() | st.dictionaries(st.text(), st.text()),
)
ANSWERS = st.builds(
    hooks.CustomizeCheckoutResponse,
    shipping_options=st.none() | st.lists(OPTIONS, max_size=3),
    line_items=st.permutations(LINE_IDS).flatmap(
        lambda ids: st.tuples(
            *(st.builds(hooks.LineItemTaxes, st.just(i), st.lists(RATES, max_size=2)) for i in ids)
        )
    ),
)


@given(answer=ANSWERS)
def test_what_is_sent_is_json_and_reads_back_as_the_same_answer(
    answer: hooks.CustomizeCheckoutResponse,
) -> None:
    lines = [testing.line_item(n) for n in range(1, 5)]
    payload = testing.customize_checkout(data={"line_item_details": lines})
    sent = answering(answer)(payload)
    assert answering(json.loads(json.dumps(sent)))(payload) == sent


@given(value=st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_any_answer_at_all_is_sent_or_refused_with_a_typed_error(value: Any) -> None:
    for answer in (value, {"line_items": value}, {"manual_approval_details": value}):
        for payload in (CUSTOMIZE, FINALIZE):
            try:
                sent = answering(answer)(payload)
            except ResponseError as error:
                assert error.issues
            else:
                assert "manual_approval_details" not in sent


@pytest.mark.parametrize(
    "path", ["line_items", "shipping_options"], ids=["line_items", "shipping_options"]
)
def test_answers_may_be_any_mapping_and_any_sequence(path: str) -> None:
    class ReadOnly(Mapping[str, Any]):
        def __init__(self, inner: dict[str, Any]) -> None:
            self._inner = inner

        def __getitem__(self, key: str) -> Any:
            return self._inner[key]

        def __iter__(self) -> Any:
            return iter(self._inner)

        def __len__(self) -> int:
            return len(self._inner)

    build: Callable[..., dict[str, Any]] = rate_data if path == "line_items" else shipping_data
    plain = build()
    unusual = deepcopy(plain)
    unusual[path] = tuple(ReadOnly(item) for item in unusual[path])
    assert answering(ReadOnly(unusual))(CUSTOMIZE) == plain
