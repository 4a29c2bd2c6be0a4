from __future__ import annotations

import json
from copy import deepcopy
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentic_commerce import hooks
from agentic_commerce.errors import CODES, PayloadError, UnsupportedHookError
from agentic_commerce.hooks import parse_request
from tests.hooks.payloads import CUSTOMIZE, FINALIZE, PRICE, is_optional, paths

DOCUMENTED = [CUSTOMIZE, FINALIZE, PRICE]


def customize(payload: Any = CUSTOMIZE) -> hooks.CustomizeCheckoutRequest:
    request = parse_request(payload)
    assert isinstance(request, hooks.CustomizeCheckoutRequest)
    return request


def finalize(payload: Any = FINALIZE) -> hooks.FinalizeCheckoutRequest:
    request = parse_request(payload)
    assert isinstance(request, hooks.FinalizeCheckoutRequest)
    return request


def issues(payload: Any) -> dict[str | None, str]:
    with pytest.raises(PayloadError) as caught:
        parse_request(payload)
    assert caught.value.issues
    assert all(issue.code in CODES for issue in caught.value.issues)
    return {issue.column: issue.code for issue in caught.value.issues}


# ---------------------------------------------------------------------------------- good payloads


@pytest.mark.parametrize("payload", DOCUMENTED, ids=lambda p: p["type"])
def test_bytes_text_and_mappings_are_read_alike(payload: Any) -> None:
    text = json.dumps(payload)
    requests = [parse_request(p) for p in (payload, text, text.encode(), MappingProxyType(payload))]
    assert all(request == requests[0] for request in requests)
    assert all(dict(request.raw) == payload for request in requests)


@pytest.mark.parametrize("payload", DOCUMENTED, ids=lambda p: p["type"])
def test_the_record_that_is_read_is_the_one_that_the_constructor_builds(payload: Any) -> None:
    request = parse_request(payload)
    for record in (request, request.data):
        fields = {a.name: getattr(record, a.name) for a in attrs.fields(type(record))}
        assert type(record)(**fields) == record


def test_a_customize_request_has_every_documented_field() -> None:
    request = customize()
    assert (request.type, request.id, request.livemode) == (CUSTOMIZE["type"], "hook_1", False)
    assert request.context == request.account == "acct_1"
    data = request.data
    assert data.automatic_tax.enabled is False
    assert (data.currency, data.amount_total, data.amount_subtotal) == ("usd", 4740, 4000)
    assert data.total_details == hooks.TotalDetails(
        amount_discount=100, amount_shipping=500, amount_tax=340
    )
    (line,) = data.line_item_details
    assert (line.id, line.sku_id, line.quantity, line.name) == ("li_1", "007", 2, "Flask")
    assert (line.unit_amount, line.amount_subtotal, line.amount_total) == (2000, 4000, 4240)
    assert (line.amount_discount, line.amount_tax) == (100, 340)
    (tax,) = line.tax_rates
    assert tax.amount == 340
    assert tax.rate.percentage == Decimal("8.5")
    assert (tax.rate.id, tax.rate.display_name, tax.rate.inclusive) == ("txr_1", "Sales tax", False)


def test_a_shipping_rate_has_every_documented_field() -> None:
    details = customize().data.shipping_details
    assert details is not None
    assert details.address is not None
    assert details.address.postal_code == "94080"
    rate = details.shipping_rate
    assert rate is not None
    assert details.shipping_rates == (rate,)
    assert (rate.id, rate.display_name, rate.tax_code) == ("shr_1", "Standard", "txcd_92010001")
    assert rate.metadata == {"zone": "west"}
    assert (rate.fixed_amount.amount, rate.fixed_amount.currency) == (500, "usd")
    option = rate.fixed_amount.currency_options["cad"]
    assert (option.amount, option.tax_behavior) == (700, hooks.TaxBehavior.EXCLUSIVE)
    assert rate.delivery_estimate is not None
    assert rate.delivery_estimate.minimum is not None
    assert rate.delivery_estimate.minimum.unit is hooks.DeliveryUnit.BUSINESS_DAY
    assert rate.delivery_estimate.minimum.value == 3


def test_a_finalize_request_has_every_documented_field() -> None:
    data = finalize().data
    assert (data.currency, data.amount_total, data.amount_subtotal) == ("usd", 4740, 4000)
    assert (data.email, data.phone) == ("jenny@example.com", "+14155550100")
    assert data.billing_details is not None
    assert data.billing_details.name == "Jenny Rosen"
    assert data.shipping_details is not None
    assert data.shipping_details.address is not None
    assert data.shipping_details.address.line2 == "Suite 7"
    method = data.payment_method_details
    assert method is not None
    assert method.type == "card"
    card = method.card
    assert card is not None
    assert (card.last4, card.exp_month, card.exp_year, card.country) == ("4444", 12, 2034, "US")
    assert (card.funding, card.fingerprint, card.iin) == ("credit", "fp_secret", "424242")
    assert card.wallet == hooks.Wallet(type="apple_pay")


def test_a_price_request_names_the_product() -> None:
    request = parse_request(PRICE)
    assert isinstance(request, hooks.ProductPriceAvailabilityRequest)
    assert request.data.sku_id == "007"
    assert request.account == "acct_1"


@pytest.mark.parametrize("key", ["line_item_details", "line_items_details"])
def test_the_lines_of_a_finalize_request_are_read_under_both_spellings(key: str) -> None:
    payload = deepcopy(FINALIZE)
    payload["data"][key] = payload["data"].pop("line_items_details")
    data = finalize(payload).data
    assert [line.id for line in data.line_item_details] == ["li_1"]
    assert data.line_items_details is data.line_item_details
    assert data.line_item_details[0].sku_id is None


@pytest.mark.parametrize("wrong", [0, "", False, {}])
def test_a_wrong_kind_under_one_spelling_is_not_hidden_by_the_other(wrong: Any) -> None:
    payload = deepcopy(FINALIZE)
    payload["data"]["line_item_details"] = wrong
    assert issues(payload) == {"$.data.line_item_details": "kind"}


def test_an_empty_list_under_one_spelling_gives_way_to_the_other() -> None:
    payload = deepcopy(FINALIZE)
    payload["data"]["line_item_details"] = []
    assert len(finalize(payload).data.line_item_details) == 1


def test_a_finalize_line_keeps_what_practice_adds_to_it() -> None:
    payload = deepcopy(FINALIZE)
    lines = deepcopy(CUSTOMIZE["data"]["line_item_details"])
    payload["data"] |= {"line_item_details": lines, "line_items_details": None}
    (line,) = finalize(payload).data.line_item_details
    assert (line.sku_id, line.amount_total, line.tax_rates[0].amount) == ("007", 4240, 340)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("included", hooks.TaxBehavior.INCLUSIVE),
        ("inclusive", hooks.TaxBehavior.INCLUSIVE),
        ("excluded", hooks.TaxBehavior.EXCLUSIVE),
        ("exclusive", hooks.TaxBehavior.EXCLUSIVE),
        ("unspecified", hooks.TaxBehavior.UNSPECIFIED),
        ("something_new", "something_new"),
    ],
)
def test_both_vocabularies_of_tax_behavior_are_read(sent: str, read: str) -> None:
    payload = deepcopy(CUSTOMIZE)
    payload["data"]["shipping_details"]["shipping_rate"]["tax_behavior"] = sent
    details = customize(payload).data.shipping_details
    assert details is not None
    assert details.shipping_rate is not None
    assert details.shipping_rate.tax_behavior == read


@pytest.mark.parametrize(
    ("sent", "read"),
    [("master_card", "mastercard"), ("mastercard", "mastercard"), ("jcb", "jcb")],
)
def test_card_brands_are_open_and_both_spellings_of_mastercard_are_one(
    sent: str, read: str
) -> None:
    payload = deepcopy(FINALIZE)
    payload["data"]["payment_method_details"]["card"]["brand"] = sent
    request = finalize(payload)
    method = request.data.payment_method_details
    assert method is not None
    assert method.card is not None
    assert method.card.brand == read
    assert request.raw["data"]["payment_method_details"]["card"]["brand"] == sent


@pytest.mark.parametrize("payload", DOCUMENTED, ids=lambda p: p["type"])
def test_unknown_keys_never_refuse_and_stay_in_raw(payload: Any) -> None:
    extended = deepcopy(payload)
    maps = ("metadata", "currency_options")  # their keys are data
    for _, _, key, thing in [("", None, "", extended), *paths(payload_copy := deepcopy(extended))]:
        if isinstance(thing, dict) and key not in maps:
            thing["new_key"] = [{"deep": 1}]
    extended["data"] = payload_copy["data"]
    request = parse_request(extended)
    assert request == parse_request(payload)
    assert request.raw["new_key"] == request.raw["data"]["new_key"] == [{"deep": 1}]


def test_observed_but_undocumented_keys_are_read() -> None:
    payload = deepcopy(CUSTOMIZE)
    payload["data"] |= {"checkout_session": "cs_1", "discounts": [{}], "metadata": {"a": "b"}}
    data = customize(payload).data
    assert (data.checkout_session, data.discounts, data.metadata) == ("cs_1", ({},), {"a": "b"})


@pytest.mark.parametrize("payload", DOCUMENTED, ids=lambda p: p["type"])
@pytest.mark.parametrize("gone", ["absent", "null"])
def test_each_optional_key_may_be_absent_or_null(payload: Any, gone: str) -> None:
    for path, _, _, _ in paths(payload):
        if not is_optional(path) or path.endswith("]"):
            continue
        changed = deepcopy(payload)
        container, key = next((c, k) for p, c, k, _ in paths(changed) if p == path)
        if gone == "absent":
            del container[key]
        elif "metadata." not in path:
            container[key] = None
        assert parse_request(changed).id == payload["id"], path


# ----------------------------------------------------------------------------------- bad payloads


@pytest.mark.parametrize("payload", DOCUMENTED, ids=lambda p: p["type"])
@pytest.mark.parametrize(("gone", "code"), [("absent", "missing"), ("null", "null")])
def test_each_required_key_is_missed_by_its_path(payload: Any, gone: str, code: str) -> None:
    required = [p for p, c, _, _ in paths(payload) if isinstance(c, dict) and not is_optional(p)]
    assert len(required) > 4
    for path in required:
        if path.endswith(".cad"):
            continue  # an entry of a map
        changed = deepcopy(payload)
        container, key = next((c, k) for p, c, k, _ in paths(changed) if p == path)
        if gone == "absent":
            del container[key]
        else:
            container[key] = None
        found = issues(changed)
        if path == "$.type":
            assert path in found
        else:
            assert found == {path: code}, path


def test_every_missing_key_is_named_at_once() -> None:
    payload = {"type": FINALIZE["type"], "data": {"line_items_details": [{"id": "li"}, {}]}}
    assert issues(payload) == {
        "$.id": "missing",
        "$.livemode": "missing",
        "$.data.currency": "missing",
        "$.data.line_items_details[0].unit_amount": "missing",
        "$.data.line_items_details[0].quantity": "missing",
        "$.data.line_items_details[0].name": "missing",
        "$.data.line_items_details[1].id": "missing",
        "$.data.line_items_details[1].unit_amount": "missing",
        "$.data.line_items_details[1].quantity": "missing",
        "$.data.line_items_details[1].name": "missing",
    }


def test_a_list_that_is_wrong_throughout_is_explained_as_far_as_anybody_reads() -> None:
    payload = deepcopy(FINALIZE)
    payload["data"]["line_items_details"] = [5] * 300_000
    found = issues(payload)
    assert list(found) == [f"$.data.line_items_details[{n}]" for n in range(100)]


WRONG = ["5", 5, 5.7, True, None, [], {}, [1], {"a": 1}]


@pytest.mark.parametrize("payload", DOCUMENTED, ids=lambda p: p["type"])
def test_no_value_is_taken_for_another_kind(payload: Any) -> None:
    def kind(value: Any) -> str:
        return {int: "number", float: "number"}.get(type(value), type(value).__name__)

    for path, _, _, value in paths(payload):
        if path.endswith("]") or "metadata" in path:
            continue
        for wrong in WRONG:
            same = kind(wrong) == kind(value)
            percentage = path.endswith("percentage")
            if wrong is None or (same and (type(wrong) is type(value) or percentage)):
                continue
            changed = deepcopy(payload)
            container, key = next((c, k) for p, c, k, _ in paths(changed) if p == path)
            container[key] = wrong
            assert any(str(p).startswith(path) for p in issues(changed)), (path, wrong)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("quantity", 5.7),
        ("quantity", "2"),
        ("quantity", True),
        ("quantity", 10**30),  # JSON readers make a float of it
        ("sku_id", 7),
        ("unit_amount", "2000"),
        ("name", 5),
        ("tax_rates", {}),
        ("tax_rates", "none"),
    ],
)
def test_wrong_kinds_in_a_line_are_found_in_text_as_well(path: str, value: Any) -> None:
    payload = deepcopy(CUSTOMIZE)
    payload["data"]["line_item_details"][0][path] = value
    found = issues(json.dumps(payload))
    assert found == {f"$.data.line_item_details[0].{path}": "kind"}


@pytest.mark.parametrize("key", ["line_item_details", "line_items_details"])
def test_a_fault_in_a_line_is_named_under_the_key_that_was_sent(key: str) -> None:
    payload = deepcopy(FINALIZE)
    payload["data"][key] = payload["data"].pop("line_items_details")
    payload["data"][key][0]["quantity"] = 5.7
    assert issues(payload) == {f"$.data.{key}[0].quantity": "kind"}


@pytest.mark.parametrize("number", [float("nan"), float("inf"), Decimal("NaN")])
def test_a_number_that_is_none_is_refused_in_a_mapping_too(number: Any) -> None:
    payload = deepcopy(CUSTOMIZE)
    payload["data"]["line_item_details"][0]["tax_rates"][0]["rate"]["percentage"] = number
    path = "$.data.line_item_details[0].tax_rates[0].rate.percentage"
    assert issues(payload) == {path: "kind"}


@pytest.mark.parametrize("number", [8, Decimal("8.50")])
def test_a_percentage_may_be_any_finite_number(number: Any) -> None:
    payload = deepcopy(CUSTOMIZE)
    payload["data"]["line_item_details"][0]["tax_rates"][0]["rate"]["percentage"] = number
    assert customize(payload).data.line_item_details[0].tax_rates[0].rate.percentage == number


def test_a_mapping_that_fails_when_it_is_read_is_a_typed_error() -> None:
    class Broken(dict[str, Any]):
        def items(self) -> Any:
            raise OSError

        def __getitem__(self, key: str) -> Any:
            raise OSError

    assert issues({**PRICE, "data": Broken()}) == {"$.data": "kind"}


def test_a_flag_that_is_a_word_is_refused() -> None:
    payload = deepcopy(CUSTOMIZE)
    payload["data"]["automatic_tax"]["enabled"] = "no"
    payload["livemode"] = 0
    assert issues(payload) == {"$.livemode": "kind", "$.data.automatic_tax.enabled": "kind"}


def test_a_fault_deep_in_a_map_has_its_key_in_the_path() -> None:
    payload = deepcopy(CUSTOMIZE)
    amount = payload["data"]["shipping_details"]["shipping_rate"]["fixed_amount"]
    amount["currency_options"]["cad"]["amount"] = "7"
    path = "$.data.shipping_details.shipping_rate.fixed_amount.currency_options.cad.amount"
    assert issues(payload)[path] == "kind"


def test_values_never_stand_in_an_error() -> None:
    payload = deepcopy(FINALIZE)
    payload["data"]["email"] = ["jenny@example.com"]
    payload["data"]["phone"] = 14155550100
    with pytest.raises(PayloadError) as caught:
        parse_request(payload)
    assert "jenny" not in str(caught.value) + repr(caught.value)
    assert "4155550100" not in str(caught.value) + repr(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        "",
        b"{",
        b'{"type": "v1.delegated_checkout',
        b"\xff\xfe{}",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'"\\ud800"',
        b"\xef\xbb\xbf{}",
        None,
        5,
    ],
    ids=lambda b: repr(b)[:24],
)
def test_what_is_not_json_is_a_payload_error(body: Any) -> None:
    assert issues(body) == {"$": "not_json"}


@pytest.mark.parametrize("body", [b"[]", b"null", b"1", b'"text"', b"true"])
def test_json_that_is_no_object_is_a_payload_error(body: bytes) -> None:
    assert issues(body) == {"$": "kind"}


def test_of_a_repeated_key_the_last_one_counts() -> None:
    body = b'{"id": "first", ' + json.dumps(PRICE)[1:].encode()
    assert parse_request(body).id == "dcpe_1"


def test_a_payload_without_type_says_what_an_envelope_needs() -> None:
    assert issues({}) == dict.fromkeys(["$.type", "$.id", "$.livemode", "$.data"], "missing")
    assert issues({"type": 5, "id": "x", "livemode": True, "data": {}}) == {"$.type": "kind"}


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ({"type": "v1.delegated_checkout.other"}, "no hook of type"),
        ({"type": "v2.core.thing", "object": "v2.core.event"}, "webhook event"),
        ({"type": "checkout.session.completed", "object": "event"}, "webhook event"),
    ],
)
def test_an_unknown_type_is_named_and_an_event_is_told_apart(payload: Any, message: str) -> None:
    with pytest.raises(UnsupportedHookError, match=message) as caught:
        parse_request(payload)
    assert caught.value.type == payload["type"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(payload=JSON)
def test_any_json_at_all_gives_a_request_or_a_typed_error(payload: Any) -> None:
    with pytest.raises((PayloadError, UnsupportedHookError)):
        parse_request(json.dumps(payload))


@given(data=st.data(), value=JSON)
def test_any_json_in_any_place_gives_a_request_or_a_typed_error(
    data: st.DataObject, value: Any
) -> None:
    payload = deepcopy(data.draw(st.sampled_from(DOCUMENTED)))
    places = list(paths(payload))
    _, container, key, _ = data.draw(st.sampled_from(places))
    container[key] = value
    try:
        assert parse_request(payload).raw == payload
    except (PayloadError, UnsupportedHookError) as error:
        assert str(error)


@given(body=st.binary())
def test_any_bytes_at_all_give_a_typed_error(body: bytes) -> None:
    with pytest.raises((PayloadError, UnsupportedHookError)):
        parse_request(body)


# ------------------------------------------------------------------------------------------- reprs


def test_no_buyer_data_stands_in_a_repr() -> None:
    payload = deepcopy(FINALIZE)
    payload["data"]["metadata"] = {"gift_for": "Grandma"}
    shown = repr(finalize(payload)) + repr(customize())
    for hidden in (
        "jenny",
        "Jenny",
        "+1415",
        "Oyster",
        "Suite",
        "San Francisco",
        "94080",
        "fp_secret",
        "424242",
        "Grandma",
    ):
        assert hidden not in shown
    for useful in ("li_1", "acct_1", "hook_2", "4444", "'007'", "4740"):
        assert useful in shown


def test_requests_compare_by_content_and_not_by_raw() -> None:
    changed = deepcopy(CUSTOMIZE) | {"new": 1}
    assert customize(changed) == customize()
    others: list[object] = [finalize(), "text"]
    assert customize() not in others
    changed["data"]["currency"] = "eur"
    assert customize(changed) != customize()
