from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import attrs
import pytest

from agentic_commerce import hooks
from agentic_commerce.errors import CODES, ResponseError

BOUND = hooks.DeliveryBound("day", 1)
ESTIMATE = hooks.DeliveryEstimate.days(1, 2)
AMOUNT = hooks.FixedAmount(500, "usd")
APPROVED = hooks.ManualApprovalDetails(type="approved")
DECLINED = hooks.ManualApprovalDetails(type="declined", declined=hooks.Declined("no"))
FEE = hooks.ApplicationFeeDetails(application_fee_amount=1)
STOCK = hooks.Availability("in_stock")
PRICE = hooks.UnitPrice(100, "usd")


def rate_data(**changes: Any) -> hooks.ShippingRateData:
    return hooks.ShippingRateData(**{"display_name": "Std", "fixed_amount": AMOUNT, **changes})


def tax_data(**changes: Any) -> hooks.TaxRateData:
    fields = {"display_name": "Tax", "percentage": 8.5, "inclusive": False}
    return hooks.TaxRateData(**{**fields, **changes})


def sale(**changes: Any) -> hooks.SalePrice:
    days = {"start_date": date(2026, 1, 1), "end_date": date(2026, 1, 31)}
    return hooks.SalePrice(**{"unit_amount": 80, "currency": "usd", **days, **changes})


def price(**changes: Any) -> hooks.ProductPriceAvailabilityResponse:
    return hooks.ProductPriceAvailabilityResponse(**changes)


def anyhow(cls: Any, *args: Any, **fields: Any) -> Any:
    """Construct past the type checker, as an untyped caller would."""
    return cls(*args, **fields)


BAD: list[tuple[str, Callable[[], Any], str, str]] = [
    ("a float amount", lambda: anyhow(hooks.FixedAmount, 5.0, "usd"), "$.amount", "kind"),
    ("a bool amount", lambda: hooks.FixedAmount(True, "usd"), "$.amount", "kind"),
    ("a Decimal amount", lambda: anyhow(hooks.FixedAmount, Decimal(5), "usd"), "$.amount", "kind"),
    ("a negative amount", lambda: hooks.FixedAmount(-1, "usd"), "$.amount", "range"),
    ("an upper-case currency", lambda: hooks.FixedAmount(1, "USD"), "$.currency", "currency"),
    ("a long currency", lambda: hooks.FixedAmount(1, "usdd"), "$.currency", "currency"),
    ("no currency", lambda: anyhow(hooks.FixedAmount, 1, None), "$.currency", "currency"),
    ("an unknown unit", lambda: hooks.DeliveryBound("fortnight", 1), "$.unit", "choice"),
    ("a negative value", lambda: hooks.DeliveryBound("day", -1), "$.value", "range"),
    ("minimum above maximum", lambda: hooks.DeliveryEstimate.days(5, 3), "$", "range"),
    ("a bound of text", lambda: anyhow(hooks.DeliveryEstimate, "1", BOUND), "$.minimum", "kind"),
    ("no maximum", lambda: anyhow(hooks.DeliveryEstimate, BOUND, None), "$.maximum", "kind"),
    ("no name", lambda: rate_data(display_name=""), "$.display_name", "empty"),
    ("a blank name", lambda: rate_data(display_name="  "), "$.display_name", "empty"),
    ("an amount of int", lambda: rate_data(fixed_amount=5), "$.fixed_amount", "kind"),
    ("tax behavior", lambda: rate_data(tax_behavior="both"), "$.tax_behavior", "choice"),
    ("no tax word", lambda: rate_data(tax_behavior=5), "$.tax_behavior", "choice"),
    ("an empty tax code", lambda: rate_data(tax_code=""), "$.tax_code", "empty"),
    ("metadata of numbers", lambda: rate_data(metadata={"a": 1}), "$.metadata", "kind"),
    ("metadata of text", lambda: rate_data(metadata="a"), "$.metadata", "kind"),
    ("no estimate", lambda: rate_data(delivery_estimate=3), "$.delivery_estimate", "kind"),
    ("neither rate nor data", lambda: hooks.ShippingOption(), "$", "exactly_one"),
    (
        "both rate and data",
        lambda: hooks.ShippingOption(shipping_rate="shr_1", shipping_rate_data=rate_data()),
        "$",
        "exactly_one",
    ),
    ("an empty rate id", lambda: hooks.ShippingOption.by_id(""), "$.shipping_rate", "empty"),
    ("a percentage of 850", lambda: tax_data(percentage=850), "$.percentage", "range"),
    ("a negative one", lambda: tax_data(percentage=-0.1), "$.percentage", "range"),
    ("NaN", lambda: tax_data(percentage=float("nan")), "$.percentage", "range"),
    ("sNaN", lambda: tax_data(percentage=Decimal("sNaN")), "$.percentage", "range"),
    ("infinity", lambda: tax_data(percentage=float("inf")), "$.percentage", "range"),
    ("Decimal NaN", lambda: tax_data(percentage=Decimal("NaN")), "$.percentage", "range"),
    ("a text of a number", lambda: tax_data(percentage="8.5"), "$.percentage", "kind"),
    ("True", lambda: tax_data(percentage=True), "$.percentage", "kind"),
    (
        "too many digits",
        lambda: tax_data(percentage=Decimal("8.12345678901234567890")),
        "$.percentage",
        "range",
    ),
    ("inclusive of text", lambda: tax_data(inclusive="no"), "$.inclusive", "kind"),
    ("neither rate nor rate_data", lambda: hooks.TaxRate(), "$", "exactly_one"),
    (
        "both rate and rate_data",
        lambda: hooks.TaxRate(rate="txr_1", rate_data=tax_data()),
        "$",
        "exactly_one",
    ),
    ("an empty line id", lambda: hooks.LineItemTaxes("", []), "$.id", "empty"),
    ("one rate", lambda: anyhow(hooks.LineItemTaxes, "li", tax_data()), "$.tax_rates", "kind"),
    ("data for a rate", lambda: anyhow(hooks.LineItemTaxes, "li", [5]), "$.tax_rates[0]", "kind"),
    ("a text", lambda: anyhow(hooks.LineItemTaxes, "li", "txr"), "$.tax_rates", "kind"),
    (
        "a wrong option",
        lambda: anyhow(hooks.CustomizeCheckoutResponse, shipping_options=[rate_data()]),
        "$.shipping_options[0]",
        "kind",
    ),
    (
        "a mapping for lines",
        lambda: anyhow(hooks.CustomizeCheckoutResponse, line_items={"li": 1}),
        "$.line_items",
        "kind",
    ),
    (
        "a known key in extra",
        lambda: hooks.CustomizeCheckoutResponse(extra={"line_items": []}),
        "$.extra.line_items",
        "forbidden",
    ),
    (
        "extra of text",
        lambda: anyhow(hooks.CustomizeCheckoutResponse, extra="x"),
        "$.extra",
        "kind",
    ),
    ("no reason", lambda: hooks.FinalizeCheckoutResponse.decline(""), "$.reason", "empty"),
    ("None", lambda: anyhow(hooks.FinalizeCheckoutResponse.decline, None), "$.reason", "kind"),
    ("a verdict", lambda: hooks.ManualApprovalDetails(type="maybe"), "$.type", "choice"),
    ("no why", lambda: hooks.ManualApprovalDetails(type="declined"), "$.declined", "missing"),
    (
        "an approval with a reason",
        lambda: hooks.ManualApprovalDetails(type="approved", declined=hooks.Declined("x")),
        "$.declined",
        "forbidden",
    ),
    (
        "a decline with a fee",
        lambda: hooks.FinalizeCheckoutResponse(
            manual_approval_details=DECLINED, application_fee_details=FEE
        ),
        "$.application_fee_details",
        "forbidden",
    ),
    (
        "a negative fee",
        lambda: hooks.FinalizeCheckoutResponse.approve(-1),
        "$.application_fee_amount",
        "range",
    ),
    (
        "a float fee",
        lambda: anyhow(hooks.FinalizeCheckoutResponse.approve, 2.5),
        "$.application_fee_amount",
        "kind",
    ),
    (
        "a transfer without a fee",
        lambda: hooks.FinalizeCheckoutResponse.approve(transfer_amount=5),
        "$.application_fee_details",
        "missing",
    ),
    (
        "a negative transfer",
        lambda: hooks.FinalizeCheckoutResponse.approve(1, -5),
        "$.amount",
        "range",
    ),
    ("a status", lambda: hooks.Availability("sold"), "$.status", "choice"),
    ("a quantity", lambda: hooks.Availability("in_stock", -1), "$.quantity", "range"),
    ("a price", lambda: hooks.UnitPrice(-1, "usd"), "$.unit_amount", "range"),
    ("a sale turned round", lambda: sale(end_date=date(2025, 1, 1)), "$.end_date", "range"),
    ("a moment", lambda: sale(end_date=datetime(2026, 2, 1)), "$.end_date", "kind"),  # noqa: DTZ001
    ("a date of text", lambda: sale(start_date="2026-01-01"), "$.start_date", "kind"),
    ("nothing at all", price, "$.availability", "missing"),
    ("gone with stock", lambda: price(deleted=True, availability=STOCK), "$.deleted", "forbidden"),
    (
        "a lone sale",
        lambda: price(availability=STOCK, sale_price=sale()),
        "$.sale_price",
        "currency",
    ),
    (
        "another currency on sale",
        lambda: price(availability=STOCK, price=PRICE, sale_price=sale(currency="eur")),
        "$.sale_price",
        "currency",
    ),
    ("as_of of text", lambda: price(availability=STOCK, as_of="now"), "$.as_of", "kind"),
]


@pytest.mark.parametrize(("build", "path", "code"), [b[1:] for b in BAD], ids=[b[0] for b in BAD])
def test_what_one_object_can_know_to_be_wrong_cannot_be_built(
    build: Callable[[], Any], path: str, code: str
) -> None:
    with pytest.raises(ResponseError) as caught:
        build()
    (issue,) = caught.value.issues
    assert (issue.column, issue.code) == (path, code)
    assert issue.code in CODES


def test_a_constructor_names_every_fault_at_once() -> None:
    with pytest.raises(ResponseError) as caught:
        anyhow(hooks.FixedAmount, "5", "USD")
    assert {issue.column for issue in caught.value.issues} == {"$.amount", "$.currency"}


def test_a_year_is_passed_on_with_a_warning() -> None:
    with pytest.warns(UserWarning, match="year"):
        bound = hooks.DeliveryBound("year", 1)
    assert bound.unit == "year"


GOOD: list[Any] = [
    hooks.ShippingOption.by_id("shr_1"),
    hooks.ShippingOption.by_data(
        "Express",
        1500,
        "usd",
        delivery_estimate=hooks.DeliveryEstimate.business_days(1, 1),
        tax_behavior="exclusive",
        tax_code="txcd_92010001",
        metadata={"carrier": "x"},
    ),
    hooks.DeliveryEstimate(hooks.DeliveryBound("week", 3), hooks.DeliveryBound("day", 5)),
    hooks.TaxRate.by_id("txr_1"),
    hooks.TaxRate.by_data("Tax", 0),
    hooks.TaxRate.by_data("Tax", 100, inclusive=True),
    hooks.TaxRate.by_data("Tax", Decimal("8.375")),
    hooks.LineItemTaxes("li_1", iter([hooks.TaxRate.by_id("txr_1")])),
    hooks.CustomizeCheckoutResponse(),
    hooks.CustomizeCheckoutResponse(shipping_options=[], line_items=()),
    hooks.FinalizeCheckoutResponse.approve(),
    hooks.FinalizeCheckoutResponse.approve(0, 0, {"a": "b"}),
    hooks.FinalizeCheckoutResponse.decline("Out of stock"),
    hooks.TransferData(),
    hooks.ProductPriceAvailabilityResponse.gone(),
    hooks.ProductPriceAvailabilityResponse.offer(
        "in_stock", quantity=0, price=PRICE, sale_price=sale(), as_of=1_700_000_000
    ),
]


@pytest.mark.parametrize("answer", GOOD, ids=repr)
def test_answers_are_values(answer: Any) -> None:
    again = attrs.evolve(answer)
    assert again == answer
    assert hash(again) == hash(answer)
    for a in attrs.fields(type(answer)):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(answer, a.name, None)


@pytest.mark.parametrize(
    ("word", "sent"), [("included", "inclusive"), ("excluded", "exclusive"), ("exclusive",) * 2]
)
def test_the_guides_words_for_tax_behavior_are_sent_as_the_apis(word: str, sent: str) -> None:
    assert rate_data(tax_behavior=word).tax_behavior == sent


def test_the_two_parts_of_a_customize_answer_may_be_given_by_position() -> None:
    options = [hooks.ShippingOption.by_id("shr_1")]
    lines = [hooks.LineItemTaxes("li_1", [])]
    answer = hooks.CustomizeCheckoutResponse(options, lines)
    assert (answer.shipping_options, answer.line_items) == (tuple(options), tuple(lines))


def test_the_callers_dict_can_change_without_changing_the_answer() -> None:
    metadata = {"a": "b"}
    answer = hooks.FinalizeCheckoutResponse.approve(metadata=metadata)
    metadata["a"] = "changed"
    assert answer.metadata == {"a": "b"}
