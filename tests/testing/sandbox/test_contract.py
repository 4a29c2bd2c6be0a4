"""A strict Stripe: what it takes of a hook's reply, and what it refuses and why."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agentic_commerce import testing
from agentic_commerce.testing.sandbox._contract import read_reply

CUSTOMIZE = testing.customize_checkout()
FINALIZE = testing.finalize_checkout()
PRICE = testing.product_price_availability()

# What the platform guide's sample endpoints send, as their JSON.
NODE_TAXES = {
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
                },
                {
                    "rate_data": {
                        "display_name": "Environmental fee",
                        "inclusive": False,
                        "percentage": 1,
                    }
                },
            ],
        }
    ]
}
NODE_APPROVED = {
    "manual_approval_details": {"type": "approved"},
    "application_fee_details": {"application_fee_amount": 50},
}
NODE_DECLINED = {
    "manual_approval_details": {"type": "declined", "declined": {"reason": "Out of stock"}}
}
RUBY_APPROVED = {"manual_approval_details": {"type": "approved"}}
SHIPPING = {
    "shipping_rate_data": {
        "display_name": "Courier",
        "fixed_amount": {"amount": 700, "currency": "usd"},
        "tax_behavior": "included",
        "delivery_estimate": {
            "minimum": {"unit": "hour", "value": 2},
            "maximum": {"unit": "hour", "value": 4},
        },
    }
}


def nested(value: Any, *path: Any) -> Any:
    """The Node.js sample's taxes with one value replaced."""
    reply = json.loads(json.dumps(NODE_TAXES))
    place = reply
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    return reply


@pytest.mark.parametrize(
    ("request_", "reply"),
    [
        (CUSTOMIZE, NODE_TAXES),
        (CUSTOMIZE, {"line_items": []}),  # the sample's, when there are no lines
        (CUSTOMIZE, {"shipping_options": []}),
        (CUSTOMIZE, {"shipping_options": [SHIPPING, {"shipping_rate": "shr_standard"}]}),
        (CUSTOMIZE, {"line_items": [{"id": "li_1", "tax_rates": [{"rate": "txr_1"}]}]}),
        (FINALIZE, NODE_APPROVED),
        (FINALIZE, NODE_DECLINED),
        (FINALIZE, RUBY_APPROVED),
        (FINALIZE, RUBY_APPROVED | {"metadata": {"order": "1"}}),
        (
            PRICE,
            {
                "sku_id": "SKU-1",
                "merchant_id": "acct_test_1",
                "availability": {"status": "in_stock", "quantity": 3},
                "price": {"unit_amount": 100, "currency": "usd"},
                "as_of": 1775469600,
            },
        ),
        (PRICE, {"sku_id": "SKU-1", "merchant_id": "acct_test_1", "deleted": True}),
    ],
)
def test_a_good_reply_is_taken(request_: Any, reply: Any) -> None:
    body = json.dumps(reply).encode()
    reading = read_reply(request_, body, {"shr_standard", "txr_1"})
    assert reading.issues == ()
    assert reading.answer is not None
    assert reading.notes == ()


@pytest.mark.parametrize("body", [b"", b"  ", b"null", b"{}", b" {}\n"])
def test_a_reply_that_says_nothing_changes_nothing_but_decides_nothing(body: bytes) -> None:
    for request in (CUSTOMIZE, PRICE):
        reading = read_reply(request, body)
        assert (reading.answer, reading.issues) == ({}, ())
        assert reading.notes == ("the reply says nothing",)
    refused = read_reply(FINALIZE, body)
    assert refused.answer is None
    assert refused.issues


def test_json_is_read_as_utf_8_and_no_other_encoding_is_guessed() -> None:
    approval = json.dumps(RUBY_APPROVED)
    assert read_reply(FINALIZE, approval.encode("utf-16")).issues[0].code == "not_json"
    assert read_reply(FINALIZE, approval.encode("utf-8-sig")).answer == RUBY_APPROVED


def test_keys_that_stripe_has_announced_but_not_named_are_noted() -> None:
    reading = read_reply(CUSTOMIZE, json.dumps(NODE_TAXES | {"payment_methods": 1}).encode())
    assert reading.answer == NODE_TAXES
    assert reading.notes == ("'payment_methods' is not documented; it was not looked at",)


TAXES = ("line_items", 0, "tax_rates", 0, "rate_data")


@pytest.mark.parametrize(
    ("request_", "reply", "code", "path"),
    [
        (CUSTOMIZE, b"<html>", "not_json", "$"),
        (CUSTOMIZE, b"\xff", "not_json", "$"),
        (CUSTOMIZE, b'{"a": NaN}', "not_json", "$"),
        (CUSTOMIZE, [], "kind", "$"),
        (FINALIZE, b"null", "kind", "$"),
        (FINALIZE, b"", "not_json", "$"),
        (FINALIZE, {}, "missing", "$.manual_approval_details"),
        (
            FINALIZE,
            {"manual_approval_details": {"type": "declined"}},
            "missing",
            "$.manual_approval_details.declined",
        ),
        (
            FINALIZE,
            {"manual_approval_details": {"type": "maybe"}},
            "choice",
            "$.manual_approval_details.type",
        ),
        (FINALIZE, RUBY_APPROVED | {"approved": True}, "unknown_key", "$.approved"),
        (
            FINALIZE,
            NODE_APPROVED | {"application_fee_details": {"application_fee_amount": 99999}},
            "exceeds_total",
            "$.application_fee_details.application_fee_amount",
        ),
        (
            FINALIZE,
            NODE_APPROVED | {"application_fee_details": {"application_fee_amount": 12.5}},
            "kind",
            "$.application_fee_details.application_fee_amount",
        ),
        (CUSTOMIZE, nested("8.5", *TAXES, "percentage"), "kind", None),
        (CUSTOMIZE, nested(850, *TAXES, "percentage"), "range", None),
        (CUSTOMIZE, nested("no", *TAXES, "inclusive"), "kind", None),
        (CUSTOMIZE, nested("li_404", "line_items", 0, "id"), "unknown_id", "$.line_items[0].id"),
        (
            CUSTOMIZE,
            {"line_items": [*NODE_TAXES["line_items"]] * 2},
            "repeated_id",
            "$.line_items[1].id",
        ),
        (
            CUSTOMIZE,
            {"line_items": [{"id": "li_1", "tax_rates": [{"rate": "txr_404"}]}]},
            "unknown_id",
            "$.line_items[0].tax_rates[0].rate",
        ),
        (
            CUSTOMIZE,
            {"shipping_options": [{"shipping_rate": "shr_404"}]},
            "unknown_id",
            "$.shipping_options[0].shipping_rate",
        ),
        (
            CUSTOMIZE,
            {"shipping_options": [SHIPPING | {"shipping_rate": "shr_standard"}]},
            "exactly_one",
            "$.shipping_options[0]",
        ),
        (
            testing.customize_checkout(data={"automatic_tax": {"enabled": True}}),
            NODE_TAXES,
            "automatic_tax",
            "$.line_items[0].tax_rates",
        ),
        (
            testing.customize_checkout(data={"currency": "eur"}),
            {"shipping_options": [SHIPPING]},
            "currency",
            "$.shipping_options[0].shipping_rate_data.fixed_amount.currency",
        ),
        (
            PRICE,
            {"sku_id": "B", "merchant_id": "acct_test_1", "deleted": True},
            "mismatch",
            "$.sku_id",
        ),
        (PRICE, {"sku_id": "SKU-1", "merchant_id": "acct_test_1"}, "missing", "$.availability"),
    ],
)
def test_a_reply_that_breaks_the_contract_is_refused_and_says_why(
    request_: Any, reply: Any, code: str, path: str | None
) -> None:
    body = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
    reading = read_reply(request_, body, {"shr_standard"})
    assert reading.answer is None
    (issue,) = reading.issues
    assert issue.code == code
    assert path is None or issue.column == path
    assert str(issue)
