"""orders: the webhooks that announce an order, and the session that becomes one."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from agentic_commerce import MoneyError, PayloadError, SignatureError, orders, testing
from agentic_commerce.testing import ABSENT


def faults(payload: Any) -> set[tuple[str, str | None]]:
    with pytest.raises(PayloadError) as caught:
        orders.parse_order(payload)
    return {(issue.code, issue.column) for issue in caught.value.issues}


def charged(**changes: Any) -> dict[str, Any]:
    return testing.checkout_session(payment_intent={"latest_charge": changes})


def lined(*lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return testing.checkout_session(line_items={"data": list(lines)}, **changes)


# ----------------------------------------------------------------------------- the field reference


ORDER = orders.parse_order(
    lined(
        testing.session_line_item(7, price={"external_reference": "007"}),
        payment_intent={"latest_charge": {"receipt_number": "1234-5678"}},
    )
)
LINE = ORDER.lines[0]

ADDRESS = orders.Address(
    line1="354 Oyster Point Blvd",
    city="South San Francisco",
    state="CA",
    postal_code="94080",
    country="US",
)


@pytest.mark.parametrize(
    ("row", "value", "expected"),
    [
        ("Order date", ORDER.ordered_at, datetime(2026, 4, 6, 10, 4, 58, tzinfo=UTC)),
        ("Order quantity", LINE.quantity, 2),
        ("SKU", LINE.sku, "007"),
        ("Product description", LINE.description, "The description of product 7"),
        ("Unit price", LINE.unit_amount, 2000),
        ("Tax amount", LINE.taxes[0].amount, 340),
        ("Tax type", LINE.taxes[0].tax_type, "sales_tax"),
        ("Tax rate", LINE.taxes[0].percentage, Decimal("8.5")),
        (
            "ShippingAddress",
            ORDER.shipping_details,
            orders.ShippingDetails(name="Jenny Rosen", address=ADDRESS),
        ),
        (
            "BillingAddress",
            ORDER.billing_details,
            orders.BillingDetails(
                name="Jenny Rosen",
                address=ADDRESS,
                email="jenny.rosen@example.com",
                phone="+14155550100",
            ),
        ),
        ("Last4", ORDER.card and ORDER.card.last4, "4242"),
        ("ExpMonth", ORDER.card and ORDER.card.exp_month, 12),
        ("ExpYear", ORDER.card and ORDER.card.exp_year, 2034),
        ("CreditCardType", ORDER.card and ORDER.card.brand, "visa"),
        ("Final amount", ORDER.amount_total, 4740),
        ("GTIN", LINE.gtin, "00012345600012"),
        ("MPN", LINE.mpn, "MPN-7"),
        (
            "Agent details",
            ORDER.agent,
            orders.Agent(name="Test Agent", network_business_profile="profile_test_agent"),
        ),
        ("OrderNo", ORDER.order_number, "1234-5678"),
        # Beyond the reference.
        ("email", ORDER.email, "jenny.rosen@example.com"),
        ("customer name", ORDER.customer_name, "Jenny Rosen"),
        ("phone", ORDER.phone, "+14155550100"),
        ("discounts", ORDER.amount_discount, 100),
        ("shipping", ORDER.amount_shipping, 500),
        ("tax", ORDER.amount_tax, 340),
        ("subtotal", ORDER.amount_subtotal, 4000),
        ("payment status", ORDER.payment_status, orders.PaymentStatus.PAID),
        ("session", ORDER.session_id, "cs_test_1"),
        ("session status", (ORDER.status, ORDER.mode), ("complete", "payment")),
        ("mode of the keys", ORDER.livemode, False),
        ("session date", ORDER.created, datetime(2026, 4, 6, 10, tzinfo=UTC)),
        ("payment", (ORDER.payment_intent, ORDER.charge), ("pi_test_1", "ch_test_1")),
        ("currency", (ORDER.currency, LINE.currency), ("usd", "usd")),
        ("ids of the line", (LINE.id, LINE.price, LINE.product), ("li_7", "price_7", "prod_7")),
        ("name of the line", LINE.name, "Product 7"),
        ("included tax", LINE.taxes[0].inclusive, False),
        ("line sums", (LINE.amount_subtotal, LINE.amount_total), (4000, 4240)),
        ("line parts", (LINE.amount_discount, LINE.amount_tax), (100, 340)),
        ("all lines", ORDER.has_all_lines, True),
    ],
)
def test_every_row_of_the_field_reference_has_its_place(
    row: str, value: object, expected: object
) -> None:
    assert value == expected, row


def test_text_bytes_and_mappings_are_read_alike() -> None:
    session = testing.checkout_session()
    expected = orders.parse_order(session)
    assert orders.parse_order(json.dumps(session)) == expected
    assert orders.parse_order(json.dumps(session).encode()) == expected
    assert orders.parse_order(MappingProxyType(session)) == expected
    assert expected.raw is session


# ----------------------------------------------------------------------------------- what is absent


def test_what_stripes_own_library_retrieved_is_read_from_its_dict() -> None:
    session = testing.checkout_session()
    construct: Any = stripe.checkout.Session.construct_from
    theirs = construct(session, "sk_test_1")
    assert orders.parse_order(theirs.to_dict()) == orders.parse_order(session)
    with pytest.raises(PayloadError, match=r"\.to_dict\(\)"):
        orders.parse_order(theirs)


def test_a_session_that_is_not_expanded_has_none_where_the_parts_were() -> None:
    payload = testing.checkout_session(payment_intent="pi_1", line_items=ABSENT)
    order = orders.parse_order(payload)
    assert order.payment_intent == "pi_1"
    assert order.lines == ()
    assert not order.has_all_lines
    nothing = [order.ordered_at, order.order_number, order.billing_details, order.card]
    assert [*nothing, order.agent, order.charge] == [None] * 6
    assert order.email == "jenny.rosen@example.com"


def test_a_charge_that_is_not_expanded_is_its_id() -> None:
    payload = testing.checkout_session(payment_intent={"latest_charge": "ch_1"})
    order = orders.parse_order(payload)
    assert (order.charge, order.ordered_at, order.card) == ("ch_1", None, None)
    assert order.is_agentic


@pytest.mark.parametrize(
    ("changes", "sku", "price", "product", "description"),
    [
        pytest.param(
            {"price": {"product": "prod_9"}}, "00001", "price_1", "prod_9", None, id="product an id"
        ),
        pytest.param(
            {"price": {"product": {"description": ABSENT, "identifiers": ABSENT, "deleted": True}}},
            "00001",
            "price_1",
            "prod_1",
            None,
            id="a deleted product",
        ),
        pytest.param({"price": {"product": None}}, "00001", "price_1", None, None, id="no product"),
        pytest.param({"price": "price_9"}, None, "price_9", None, None, id="price an id"),
        pytest.param({"price": None}, None, None, None, None, id="a line without price"),
        pytest.param({"price": ABSENT}, None, None, None, None, id="price absent"),
        pytest.param(
            {"price": {"external_reference": ABSENT}},
            None,
            "price_1",
            "prod_1",
            "The description of product 1",
            id="without the preview version",
        ),
        pytest.param(
            {"price": {"external_reference": ""}},
            None,
            "price_1",
            "prod_1",
            "The description of product 1",
            id="an empty SKU",
        ),
    ],
)
def test_what_a_line_lacks_is_none(
    changes: dict[str, Any],
    sku: str | None,
    price: str | None,
    product: str | None,
    description: str | None,
) -> None:
    (line,) = orders.parse_order(lined(testing.session_line_item(**changes))).lines
    assert (line.sku, line.price, line.product, line.description) == (
        sku,
        price,
        product,
        description,
    )
    assert line.amount_total == 4240


def test_trade_numbers_are_in_private_preview() -> None:
    item = testing.session_line_item(price={"product": {"identifiers": ABSENT}})
    (line,) = orders.parse_order(lined(item)).lines
    assert (line.gtin, line.mpn) == (None, None)


@pytest.mark.parametrize("taxes", [ABSENT, None, []])
def test_taxes_that_are_not_expanded_are_an_empty_tuple(taxes: Any) -> None:
    (line,) = orders.parse_order(lined(testing.session_line_item(taxes=taxes))).lines
    assert line.taxes == ()
    assert line.amount_tax == 340


@pytest.mark.parametrize(
    ("rate", "tax_type", "percentage"),
    [
        ("txr_1", None, None),
        (None, None, None),
        ({"id": "txr_1", "percentage": None, "tax_type": None}, None, None),
        ({"id": "txr_1", "percentage": 0.1, "tax_type": "vat"}, "vat", Decimal("0.1")),
        ({"id": "txr_1", "percentage": 19, "tax_type": "new"}, "new", Decimal(19)),
    ],
)
def test_a_tax_rate_may_be_an_id_or_nothing(
    rate: Any, tax_type: str | None, percentage: Decimal | None
) -> None:
    item = testing.session_line_item(taxes=[{"amount": 5, "rate": rate}])
    (tax,) = orders.parse_order(lined(item)).lines[0].taxes
    assert (tax.amount, tax.tax_type, tax.percentage) == (5, tax_type, percentage)
    assert tax.value == Decimal("0.05")


def test_a_line_without_currency_has_the_orders() -> None:
    item = testing.session_line_item(currency=ABSENT)
    (line,) = orders.parse_order(lined(item, currency="jpy")).lines
    assert (line.currency, line.unit_price) == ("jpy", Decimal(2000))


@pytest.mark.parametrize(
    "changes",
    [
        {"collected_information": None, "shipping_details": {"name": "Old Place", "address": None}},
        {
            "collected_information": {"shipping_details": None},
            "shipping_details": {"name": "Old Place"},
        },
        {
            "collected_information": {"shipping_details": {"name": "Old Place", "address": None}},
            "shipping_details": {"name": "Another"},
        },
        {
            "collected_information": {"shipping_details": {"name": None, "address": None}},
            "shipping_details": {"name": "Old Place"},
        },
    ],
)
def test_the_shipping_details_are_found_in_both_places(changes: dict[str, Any]) -> None:
    order = orders.parse_order(testing.checkout_session(**changes))
    assert order.shipping_details is not None
    assert order.shipping_details.name == "Old Place"


def test_an_order_may_have_nobody_to_ship_to() -> None:
    order = orders.parse_order(testing.checkout_session(collected_information=ABSENT))
    assert order.shipping_details is None


@pytest.mark.parametrize("details", [None, {"type": "link", "card": ABSENT}, {"card": None}])
def test_a_payment_without_card_has_none(details: Any) -> None:
    order = orders.parse_order(charged(payment_method_details=details))
    assert order.card is None


def test_nothing_but_the_documented_minimum_is_needed() -> None:
    order = orders.parse_order({"id": "cs_1", "currency": "usd", "amount_total": 0})
    assert (order.session_id, order.total, order.metadata) == ("cs_1", Decimal("0.00"), {})
    assert [order.payment_status, order.email, order.subtotal] == [None] * 3


@pytest.mark.parametrize(
    ("details", "agentic"),
    [
        ({}, True),
        ({"network_business_profile": {"id": "profile_1", "display_name": "A"}}, True),
        ({"network_business_profile": ""}, False),
        ({"network_business_profile": None}, False),
        ({"network_business_profile": ABSENT}, False),
        (None, False),
        (ABSENT, False),
    ],
)
def test_an_order_is_agentic_if_the_payment_names_the_agents_profile(
    details: Any, agentic: bool
) -> None:
    payload = testing.checkout_session(payment_intent={"agent_details": details})
    assert orders.parse_order(payload).is_agentic is agentic


def test_an_expanded_profile_is_its_id() -> None:
    details = {"network_business_profile": {"id": "profile_1"}}
    payload = testing.checkout_session(payment_intent={"agent_details": details})
    agent = orders.parse_order(payload).agent
    assert agent is not None
    assert agent.network_business_profile == "profile_1"


@pytest.mark.parametrize(
    ("receipt", "number", "reference"),
    [("1-2", "1-2", "1-2"), (None, None, "cs_test_1"), ("", None, "cs_test_1")],
)
def test_the_reference_falls_back_to_the_session(
    receipt: str | None, number: str | None, reference: str
) -> None:
    order = orders.parse_order(charged(receipt_number=receipt))
    assert (order.order_number, order.reference) == (number, reference)


def test_unknown_words_and_keys_are_kept() -> None:
    payload = testing.checkout_session(
        payment_status="partly", status="new", mode="new", novelty=1, metadata={"a": "b"}
    )
    order = orders.parse_order(payload)
    assert (order.payment_status, order.status, order.mode) == ("partly", "new", "new")
    assert order.raw["novelty"] == 1
    assert order.metadata == {"a": "b"}


# ----------------------------------------------------------------------------------------- amounts


def test_major_units_are_a_view() -> None:
    assert (ORDER.total, ORDER.subtotal) == (Decimal("47.40"), Decimal("40.00"))
    assert (ORDER.discount, ORDER.shipping) == (Decimal("1.00"), Decimal("5.00"))
    assert ORDER.tax == Decimal("3.40")
    assert (LINE.unit_price, LINE.subtotal) == (Decimal("20.00"), Decimal("40.00"))
    assert (LINE.discount, LINE.tax, LINE.total) == (
        Decimal("1.00"),
        Decimal("3.40"),
        Decimal("42.40"),
    )
    assert LINE.taxes[0].value == Decimal("3.40")


@pytest.mark.parametrize(
    ("currency", "total"), [("usd", "47.40"), ("jpy", "4740"), ("kwd", "4.740"), ("xts", "47.40")]
)
def test_the_exponent_is_the_currencys(currency: str, total: str) -> None:
    order = orders.parse_order(testing.checkout_session(currency=currency))
    assert str(order.total) == total


def test_a_currency_that_is_no_code_has_no_major_units() -> None:
    order = orders.parse_order(testing.checkout_session(currency="points"))
    assert order.amount_total == 4740
    with pytest.raises(MoneyError):
        _ = order.total


@pytest.mark.parametrize("amount", ["4740", 4740.0, 47.4, True, None, [], {}, 2**70])
def test_an_amount_is_a_whole_number_or_a_fault(amount: Any) -> None:
    code = "null" if amount is None else "kind"
    # JSON has no whole numbers of 71 bits: they are read as fractions, and refused.
    payload = json.dumps(testing.checkout_session(amount_total=amount))
    assert faults(payload) == {(code, "$.amount_total")}


def test_every_amount_is_checked_at_once_with_its_path() -> None:
    item = testing.session_line_item(
        quantity="2",
        amount_subtotal="4000",
        amount_tax=3.4,
        price={"unit_amount": "2000", "external_reference": 7},
        taxes=[{"amount": "340", "rate": {"id": 1, "percentage": "8.5"}}],
    )
    payload = lined(
        testing.session_line_item(),
        item,
        amount_subtotal="1",
        total_details={"amount_tax": 1.5, "amount_shipping": "5", "amount_discount": False},
    )
    line = "$.line_items.data[1]"
    assert faults(payload) == {
        ("kind", path)
        for path in (
            "$.amount_subtotal",
            "$.total_details.amount_tax",
            "$.total_details.amount_shipping",
            "$.total_details.amount_discount",
            f"{line}.quantity",
            f"{line}.amount_subtotal",
            f"{line}.amount_tax",
            f"{line}.price.unit_amount",
            f"{line}.price.external_reference",
            f"{line}.taxes[0].amount",
            f"{line}.taxes[0].rate.id",
            f"{line}.taxes[0].rate.percentage",
        )
    }


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        pytest.param(b"", {("not_json", "$")}, id="an empty body"),
        pytest.param(b"[]", {("kind", "$")}, id="a list"),
        pytest.param({"object": "charge"}, {("choice", "$.object")}, id="another object"),
        pytest.param(
            {}, {("missing", f"$.{k}") for k in ("id", "currency", "amount_total")}, id="nothing"
        ),
        pytest.param(
            testing.checkout_session(mode="setup", currency=None, amount_total=None),
            {("choice", "$.mode")},
            id="a session that sets a card up",
        ),
        pytest.param(
            testing.checkout_session(mode="subscription", payment_intent=None),
            {("choice", "$.mode")},
            id="a session of a subscription",
        ),
        pytest.param(testing.checkout_session(mode=5), {("kind", "$.mode")}, id="a mode in digits"),
        pytest.param(
            testing.checkout_session(payment_intent=5),
            {("kind", "$.payment_intent")},
            id="a payment in digits",
        ),
        pytest.param(
            testing.checkout_session(payment_intent={"latest_charge": {"created": ABSENT}}),
            {("missing", "$.payment_intent.latest_charge.created")},
            id="a charge without date",
        ),
        pytest.param(
            charged(created="2026-04-06"),
            {("kind", "$.payment_intent.latest_charge.created")},
            id="a date as text",
        ),
        pytest.param(
            charged(created=True),
            {("kind", "$.payment_intent.latest_charge.created")},
            id="a date as a flag",
        ),
        pytest.param(
            charged(created=10**15),
            {("kind", "$.payment_intent.latest_charge.created")},
            id="a date beyond the calendar",
        ),
        pytest.param(
            charged(payment_method_details={"card": {"exp_month": "12", "last4": 4242}}),
            {
                ("kind", f"$.payment_intent.latest_charge.payment_method_details.card.{key}")
                for key in ("exp_month", "last4")
            },
            id="a card of wrong kinds",
        ),
        pytest.param(
            testing.checkout_session(line_items=[]), {("kind", "$.line_items")}, id="a bare list"
        ),
        pytest.param(
            testing.checkout_session(line_items={"data": ABSENT}),
            {("missing", "$.line_items.data")},
            id="a list object without list",
        ),
        pytest.param(
            lined(testing.session_line_item(id=ABSENT)),
            {("missing", "$.line_items.data[0].id")},
            id="a line without id",
        ),
        pytest.param(
            testing.checkout_session(livemode="false"),
            {("kind", "$.livemode")},
            id="a flag as text",
        ),
        pytest.param(
            testing.checkout_session(customer_details={"email": {"a": 1}}),
            {("kind", "$.customer_details.email")},
            id="an address that is none",
        ),
    ],
)
def test_what_cannot_be_read_names_every_fault(
    payload: Any, expected: set[tuple[str, str]]
) -> None:
    assert faults(payload) == expected


@pytest.mark.parametrize(
    ("payload", "parser"),
    [
        (testing.order_event(), "orders.parse_order_event"),
        (testing.agreement_event("created"), "events.parse_event"),
        (testing.finalize_checkout(), "hooks.parse_request"),
    ],
)
def test_another_payload_is_one_fault_that_names_its_parser(
    payload: dict[str, Any], parser: str
) -> None:
    with pytest.raises(PayloadError) as caught:
        orders.parse_order(payload)
    (issue,) = caught.value.issues
    assert issue.code == "other_payload"
    assert parser in str(issue)


def test_buyer_data_shows_neither_in_a_repr_nor_in_an_error() -> None:
    payload = testing.checkout_session(metadata={"note": "for Jenny"})
    shown = repr(orders.parse_order(payload))
    for private in ("Jenny", "jenny", "Oyster", "94080", "South San", "+1415"):
        assert private not in shown
    assert "cs_test_1" in shown
    wrong = testing.checkout_session(customer_details={"email": ["jenny@example.com"]})
    with pytest.raises(PayloadError) as caught:
        orders.parse_order(wrong)
    assert "jenny" not in str(caught.value)


# ----------------------------------------------------------------------------------- discrepancies


def sums(payload: dict[str, Any]) -> list[tuple[str, str | None]]:
    found = orders.parse_order(payload).discrepancies
    assert all(issue.severity == "warning" for issue in found)
    return [(issue.code, issue.column) for issue in found]


TAX = testing.session_line_item()["taxes"][0]
INCLUSIVE = testing.session_line_item(
    amount_discount=0, amount_total=4000, taxes=[TAX | {"rate": TAX["rate"] | {"inclusive": True}}]
)
UNTOLD = [TAX | {"rate": "txr_test_1"}]


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        pytest.param(testing.checkout_session(), [], id="all is well"),
        pytest.param(lined(INCLUSIVE, amount_total=4400), [], id="the prices contain the tax"),
        pytest.param(lined(amount_subtotal=0), [("sum", "$.amount_total")], id="no lines"),
        pytest.param(
            testing.checkout_session(amount_total=4741), [("sum", "$.amount_total")], id="one more"
        ),
        pytest.param(
            testing.checkout_session(amount_total=4739), [("sum", "$.amount_total")], id="one less"
        ),
        pytest.param(
            lined(INCLUSIVE, amount_total=4740),
            [("sum", "$.amount_total")],
            id="a tax in the prices, charged again",
        ),
        pytest.param(
            lined(testing.session_line_item(amount_total=4239)),
            [("sum", "$.line_items.data[0].amount_total")],
            id="a line's total, one less",
        ),
        pytest.param(
            lined(testing.session_line_item(taxes=UNTOLD, amount_total=3900), amount_total=4400),
            [],
            id="the tax may be in the prices",
        ),
        pytest.param(
            lined(testing.session_line_item(taxes=UNTOLD), amount_total=4399),
            [("sum", "$.amount_total")],
            id="less than without the tax",
        ),
        pytest.param(
            testing.checkout_session(total_details={"amount_tax": 380}, amount_total=4760),
            [],
            id="shipping is taxed, in part within its price",
        ),
        pytest.param(
            testing.checkout_session(total_details={"amount_shipping": None}, amount_total=4241),
            [("sum", "$.amount_total")],
            id="nothing to ship",
        ),
        pytest.param(
            testing.checkout_session(amount_subtotal=4001, amount_total=4741),
            [("sum", "$.amount_subtotal")],
            id="the lines' subtotal",
        ),
        pytest.param(
            lined(testing.session_line_item(quantity=3)),
            [("sum", "$.line_items.data[0].amount_subtotal")],
            id="the units",
        ),
        pytest.param(
            lined(testing.session_line_item(amount_tax=341)),
            [("sum", "$.line_items.data[0].amount_tax")],
            id="the taxes",
        ),
        pytest.param(
            lined(testing.session_line_item(amount_total=4300)),
            [("sum", "$.line_items.data[0].amount_total")],
            id="a line's total",
        ),
        pytest.param(
            testing.checkout_session(line_items={"has_more": True}),
            [("lines_missing", "$.line_items")],
            id="more lines than shown",
        ),
        pytest.param(
            testing.checkout_session(line_items=ABSENT),
            [("lines_missing", "$.line_items")],
            id="lines not expanded",
        ),
        pytest.param(
            lined(testing.session_line_item(amount_subtotal=None)), [], id="a subtotal unknown"
        ),
        pytest.param(
            testing.checkout_session(total_details=None, amount_total=1), [], id="parts unknown"
        ),
        pytest.param(
            testing.checkout_session(amount_subtotal=None, amount_total=1), [], id="no subtotal"
        ),
        pytest.param(lined(testing.session_line_item(price=None)), [], id="a price unknown"),
        pytest.param(
            lined(testing.session_line_item(quantity=None, taxes=None)), [], id="a count unknown"
        ),
    ],
)
def test_what_does_not_add_up_is_a_warning_never_a_failure(
    payload: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert sums(payload) == expected


# ---------------------------------------------------------------------------------------- webhooks


def test_a_completed_session_is_one_order() -> None:
    event = orders.parse_order_event(json.dumps(testing.order_event()))
    assert isinstance(event, orders.CheckoutSessionCompleted)
    assert (event.session_id, event.payment_intent) == ("cs_test_1", "pi_test_1")
    assert event.created == datetime(2026, 4, 6, 10, 5, tzinfo=UTC)
    assert (event.id, event.type, event.livemode) == (
        "evt_test_order",
        "checkout.session.completed",
        False,
    )
    assert event.raw["pending_webhooks"] == 1


def test_a_payment_does_not_name_its_session() -> None:
    event = orders.parse_order_event(testing.order_event("payment_intent.succeeded"))
    assert isinstance(event, orders.PaymentIntentSucceeded)
    assert event.payment_intent == "pi_test_1"
    assert not hasattr(event, "session_id")


@pytest.mark.parametrize("kind", ["charge.refunded", "checkout.session.expired", ""])
def test_any_other_snapshot_event_is_unknown(kind: str) -> None:
    event = orders.parse_order_event(testing.order_event(kind, data=ABSENT))
    assert isinstance(event, orders.UnknownOrderEvent)
    assert (event.type, event.account) == (kind, "acct_test_1")


@pytest.mark.parametrize("kind", ["checkout.session.completed", "payment_intent.succeeded", "new"])
@pytest.mark.parametrize(
    ("account", "header"),
    [
        pytest.param("acct_1", {"Stripe-Account": "acct_1"}, id="direct charge"),
        pytest.param(ABSENT, {}, id="destination charge"),
        pytest.param(None, {}, id="null"),
    ],
)
def test_the_headers_of_the_retrieve_call_depend_on_the_charge(
    kind: str, account: Any, header: dict[str, str]
) -> None:
    event = orders.parse_order_event(testing.order_event(kind, account=account))
    assert event.headers == {"Stripe-Version": orders.SESSION_VERSION} | header


def test_a_cloud_providers_envelope_is_opened() -> None:
    event = testing.order_event()
    assert orders.parse_order_event({"detail": event}) == orders.parse_order_event(event)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        pytest.param(b"", {("not_json", "$")}, id="an empty body"),
        pytest.param({}, {("missing", "$.object")}, id="an empty object"),
        pytest.param(
            testing.order_event(type=None), {("null", "$.type")}, id="a type that is null"
        ),
        pytest.param(
            testing.order_event(created="now", livemode=0, account=5),
            {("kind", "$.created"), ("kind", "$.livemode"), ("kind", "$.account")},
            id="three faults at once",
        ),
        pytest.param(
            testing.order_event(data={"object": {"object": "payment_intent"}}),
            {("choice", "$.data.object.object")},
            id="a completed session that is a payment",
        ),
        pytest.param(
            testing.order_event("payment_intent.succeeded", data={"object": {"id": ABSENT}}),
            {("missing", "$.data.object.id")},
            id="a payment without id",
        ),
        pytest.param(testing.order_event(data=None), {("null", "$.data")}, id="no data"),
        pytest.param(
            {"detail": testing.order_event(data=None)}, {("null", "$.detail.data")}, id="wrapped"
        ),
    ],
)
def test_a_webhook_that_cannot_be_read_names_every_fault(
    payload: Any, expected: set[tuple[str, str]]
) -> None:
    with pytest.raises(PayloadError) as caught:
        orders.parse_order_event(payload)
    assert {(issue.code, issue.column) for issue in caught.value.issues} == expected


@pytest.mark.parametrize(
    ("payload", "parser"),
    [
        (testing.agreement_event("created"), "events.parse_event"),
        (testing.checkout_session(), "orders.parse_order"),
        (testing.customize_checkout(), "hooks.parse_request"),
    ],
)
def test_another_payload_is_no_webhook(payload: dict[str, Any], parser: str) -> None:
    with pytest.raises(PayloadError, match=parser):
        orders.parse_order_event(payload)


def test_a_signed_webhook_is_proven_and_then_read() -> None:
    body = json.dumps(testing.order_event()).encode()
    header = testing.sign(body, "whsec_orders", timestamp=1000)
    event = orders.parse_signed_order_event(body, header, "whsec_orders", now=1001)
    assert event == orders.parse_order_event(body)
    with pytest.raises(SignatureError, match="old"):
        orders.parse_signed_order_event(body, header, "whsec_orders", tolerance=1, now=1002)


# --------------------------------------------------------------------------------------------- laws

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)

Path = tuple[str | int, ...]


def _paths(value: Any, path: Path = ()) -> list[Path]:
    inner: Any = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list):
        inner = enumerate(value)
    return [path, *itertools.chain.from_iterable(_paths(v, (*path, k)) for k, v in inner)]


def _put(value: Any, path: Path, junk: Any) -> Any:
    for key in path[:-1]:
        value = value[key]
    value[path[-1]] = junk


SESSION_PATHS = _paths(testing.checkout_session())[1:]
EVENT_PATHS = _paths(testing.order_event())[1:]


@given(st.sampled_from(SESSION_PATHS), anything)
def test_any_session_gives_an_order_or_a_typed_error(path: Path, junk: Any) -> None:
    session = testing.checkout_session()
    _put(session, path, junk)
    try:
        order = orders.parse_order(session)
    except PayloadError as error:
        issues = error.issues
    else:
        assert isinstance(order.discrepancies, tuple)
        assert type(order.amount_total) is int
        return
    assert issues
    assert all(issue.column is not None for issue in issues)


@given(st.sampled_from(EVENT_PATHS), anything)
def test_any_webhook_gives_an_event_or_a_typed_error(path: Path, junk: Any) -> None:
    payload = testing.order_event()
    _put(payload, path, junk)
    try:
        event = orders.parse_order_event(payload)
    except PayloadError as error:
        issues = error.issues
    else:
        assert isinstance(event, orders.OrderEvent)
        return
    assert issues
