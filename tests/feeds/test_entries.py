"""Entries: several to a cell, their parts by colons, no escape for either."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from agentic_commerce import feeds
from agentic_commerce.errors import CellError
from agentic_commerce.feeds import (
    ApplicableFee,
    FreeShippingThreshold,
    Price,
    ProductWarning,
    RelatedProduct,
    ShippingOption,
    SpeedRange,
    ThirdPartyTaxCode,
)

# The examples of docs.stripe.com/agentic-commerce/product-catalog, unchanged.
EXAMPLES = [
    (
        feeds.parse_shipping,
        feeds.format_shipping,
        "US:ALL:Standard Shipping:3-5:0.00 USD,US:ALL:Expedited Shipping:1-2:12.99 USD",
    ),
    (
        feeds.parse_shipping,
        feeds.format_shipping,
        "US:94012:Standard Shipping:3-5:0.00 USD,US:73114-74547:Expedited Shipping:1-2:9.99 USD,"
        "US:94*:Expedited Shipping:1-2:9.99 USD,US:94*-95*:Standard Shipping:2-5:0.00 USD",
    ),
    (feeds.parse_shipping, feeds.format_shipping, "US:ALL:Delivery::20.00 USD"),
    (
        feeds.parse_applicable_fees,
        feeds.format_applicable_fees,
        "US:CA:Recycling Fee:0.25 USD,DE:ALL:Bottle Deposit:0.10 EUR",
    ),
    (
        feeds.parse_applicable_fees,
        feeds.format_applicable_fees,
        "US:CA:Recycling Fee:0.25 USD:per_unit",
    ),
    (
        feeds.parse_free_shipping_threshold,
        feeds.format_free_shipping_threshold,
        "US:ALL:Standard Shipping:50.00 USD,US:ALL:Expedited Shipping:100.00 USD",
    ),
    (
        feeds.parse_urls,
        feeds.format_urls,
        "https://www.example.com/image2%2C3.jpg,https://www.example.com/image2%2C4.jpg",
    ),
    (feeds.parse_shipping, feeds.format_shipping, ""),
    (feeds.parse_applicable_fees, feeds.format_applicable_fees, ""),
    (feeds.parse_free_shipping_threshold, feeds.format_free_shipping_threshold, ""),
    (feeds.parse_urls, feeds.format_urls, ""),
]


@pytest.mark.parametrize(("parse", "write", "text"), EXAMPLES)
def test_every_documented_example_comes_back_byte_for_byte(
    parse: Any, write: Any, text: str
) -> None:
    assert write(parse(text)) == text


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (RelatedProduct, "accessory:SKU-9"),
        (ProductWarning, "prop_65: May cause harm"),
        (ThirdPartyTaxCode, "anrok:prod_abc123"),
        (ShippingOption, "FR:75:Colis:2-3:4.90 EUR"),
        (ShippingOption, "JP:13:Kuroneko:1-1:500 JPY"),
        (ShippingOption, "US:941*:Courier::5.00 USD"),
        (FreeShippingThreshold, "CA:ON:Post:75.00 CAD"),
    ],
)
def test_single_entries_come_back(kind: Any, text: str) -> None:
    assert str(kind.parse(text)) == text


BAD = [
    # 4 and 8 parts, as people know them from elsewhere
    ("US:::5.99 USD", "entry_parts", (0, 13), "speed is missing"),
    ("US:CA:Std:5.99 USD:0:1:2:3", "entry_parts", (0, 26), "Google"),
    ("US:CA", "entry_parts", (0, 5), "country:delivery_area"),
    # separators
    (
        "US:ALL:Std:3-5:5.99 USD|US:CA:Fast:1-2:9.99 USD",
        "entry_parts",
        (0, 47),
        "not '|'",
    ),
    ("US:ALL:A::1.00 USD;US:CA:B::1.00 USD", "entry_parts", (0, 36), "not ';'"),
    ("US:ALL:A::1.00 USD, US:CA:B::1.00 USD", "entry_country", (19, 22), "remove the space"),
    ("US:ALL:A::1.00 USD,", "entry_parts", (19, 19), "remove the comma"),
    # countries
    ("USA:ALL:Std::1.00 USD", "entry_country", (0, 3), "'US'"),
    ("us:ALL:Std::1.00 USD", "entry_country", (0, 2), "'US'"),
    ("UK:ALL:Std::1.00 GBP", "entry_country", (0, 2), "'GB'"),
    ("Mars:ALL:Std::1.00 USD", "entry_country", (0, 4), ""),
    # areas
    ("US:all:Std::1.00 USD", "entry_region", (3, 6), "'ALL'"),
    ("US::Std::1.00 USD", "entry_region", (3, 3), "'ALL'"),
    ("US:*:Std::1.00 USD", "entry_region", (3, 4), "'ALL'"),
    ("US:US-CA:Std::1.00 USD", "entry_region", (3, 8), "'CA'"),
    ("DE:by:Std::1.00 EUR", "entry_region", (3, 5), "'BY'"),
    ("DE:Bavaria:Std::1.00 EUR", "entry_region", (3, 10), ""),
    ("DE:80331:Std::1.00 EUR", "entry_area", (3, 8), "region or ALL"),
    ("US:9401:Std::1.00 USD", "entry_area", (3, 7), ""),
    ("US:94012-1234:Std::1.00 USD", "entry_area", (3, 13), ""),
    ("US:95*-94*:Std::1.00 USD", "entry_area", (3, 10), ""),
    ("US:74547-73114:Std::1.00 USD", "entry_area", (3, 14), ""),
    # service, speed, price
    ("US:ALL: ::1.00 USD", "entry_text", (7, 8), ""),
    ("US:ALL:A\nB::1.00 USD", "entry_text", (7, 10), "not '\\n'"),
    ("US:ALL:Std:3:1.00 USD", "entry_speed", (11, 12), "'3-3'"),
    ("US:ALL:Std:3 days:1.00 USD", "entry_speed", (11, 17), ""),
    ("US:ALL:Std:5-3:1.00 USD", "entry_speed", (11, 14), ""),
    ("US:ALL:Std:3-5:$1", "price_format", (15, 17), "15.00 USD"),
    ("US:ALL:Std:3-5:5,99 USD", "price_format", (15, 16), "period"),
    ("US:ALL:Std:3-5:1.005 USD", "price_scale", (15, 20), ""),
]


@pytest.mark.parametrize(("text", "code", "span", "hint"), BAD)
def test_a_bad_shipping_cell_is_refused_where_it_is_wrong(
    text: str, code: str, span: tuple[int, int], hint: str
) -> None:
    with pytest.raises(CellError) as caught:
        feeds.parse_shipping(text)
    error = caught.value
    assert (error.code, error.span) == (code, span)
    assert hint in (error.hint or "")


@pytest.mark.parametrize(
    ("parse", "text", "code"),
    [
        (feeds.parse_applicable_fees, "US:CA:Fee: state:0.25 USD:x", "entry_parts"),
        (feeds.parse_applicable_fees, "US:CA::0.25 USD", "entry_text"),
        (feeds.parse_applicable_fees, "US:CA:Fee:0.25 USD:", "entry_text"),
        (feeds.parse_free_shipping_threshold, "US:94012:Std:50.00 USD", "entry_region"),
        (feeds.parse_free_shipping_threshold, "US:94*:Std:50.00 USD", "entry_region"),
        (feeds.parse_free_shipping_threshold, "US:940:Std:50.00 USD", "entry_region"),
        (feeds.parse_free_shipping_threshold, "US:ALL:50.00 USD", "entry_parts"),
        (RelatedProduct.parse, "sibling:SKU-9", "entry_type"),
        (RelatedProduct.parse, "accessory:", "entry_text"),
        (RelatedProduct.parse, "SKU-9", "entry_parts"),
        (ProductWarning.parse, "and reproductive harm", "entry_parts"),
        (ProductWarning.parse, "Prop 65:x", "entry_type"),
        (ProductWarning.parse, " prop_65:x", "entry_type"),
        (ProductWarning.parse, "prop_65:WARNING: x", "entry_text"),
        (ProductWarning.parse, f"prop_65:{'x' * 1001}", "entry_text"),
        (ThirdPartyTaxCode.parse, "Anrok:prod_abc123", "tax_code"),
        (ThirdPartyTaxCode.parse, "avalara:P0000000", "tax_code"),
        (ThirdPartyTaxCode.parse, f"anrok:{'x' * 115}", "tax_code"),
        (RelatedProduct.parse, "accessory: SKU-9", "entry_text"),
        (feeds.PROMOTION.columns["target_ids"].parse, "A, B", "entry_text"),
        (feeds.PROMOTION.columns["target_ids"].parse, "A, ", "entry_text"),
        (feeds.PROMOTION.columns["excluded_item_group_ids"].parse, "A ,B", "entry_text"),
    ],
)
def test_other_bad_entries_are_refused(parse: Any, text: str, code: str) -> None:
    with pytest.raises(CellError) as caught:
        parse(text)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("text", "span", "hint"),
    [
        ("https://x.com/a.jpg, https://x.com/b.jpg", (20, 40), "space after the comma"),
        ("https://x.com/a.jpg|https://x.com/b.jpg", (19, 20), "not '|'"),
        ("https://x.com/a.jpg; https://x.com/b.jpg", (19, 20), "not ';'"),
    ],
)
def test_images_parted_by_anything_but_a_comma_are_not_one_image(
    text: str, span: tuple[int, int], hint: str
) -> None:
    with pytest.raises(CellError) as caught:
        feeds.parse_urls(text)
    assert (caught.value.code, caught.value.span) == ("url_format", span)
    assert hint in (caught.value.hint or "")
    assert feeds.parse_urls("https://x.com/a;v=1|2.jpg") == ("https://x.com/a;v=1|2.jpg",)


USD = Price.parse("5.00 USD")


@pytest.mark.parametrize(
    "build",
    [
        lambda: ShippingOption("US", "ALL", "a:b", None, USD),
        lambda: ShippingOption("US", "ALL", "a,b", None, USD),
        lambda: ShippingOption("US", "ALL", "", None, USD),
        lambda: ShippingOption("US", "ALL", 5, None, USD),  # type: ignore[arg-type]
        lambda: ShippingOption("US", 94012, "a", None, USD),  # type: ignore[arg-type]
        lambda: ShippingOption(None, "ALL", "a", None, USD),  # type: ignore[arg-type]
        lambda: ShippingOption("US", "ALL", "a", SpeedRange(5, 3), USD),
        lambda: ShippingOption("US", "ALL", "a", SpeedRange(-1, 3), USD),
        lambda: ShippingOption("US", "ALL", "a", None, Decimal(5)),  # type: ignore[arg-type]
        lambda: ApplicableFee("US", "ALL", "a:b", USD),
        lambda: ApplicableFee("US", "ALL", "a", USD, "b:c"),
        lambda: FreeShippingThreshold("US", "94012", "a", USD),
        lambda: RelatedProduct("upsell", "a:b"),
        lambda: RelatedProduct("upsell", "x" * 101),
        lambda: ProductWarning("prop_65", "a, b"),
        lambda: ThirdPartyTaxCode("anrok", "a:b"),
    ],
)
def test_what_cannot_be_written_cannot_be_constructed(build: Any) -> None:
    with pytest.raises(CellError):
        build()


@pytest.mark.parametrize(
    ("area", "address", "covered"),
    [
        ("US:ALL", ("US",), True),
        ("US:ALL", ("us", "CA", "94012"), True),
        ("US:ALL", ("CA",), False),
        ("US:CA", ("US", "CA"), True),
        ("US:CA", ("US", "us-ca"), True),
        ("US:CA", ("US", "NY"), False),
        ("US:CA", ("US",), False),
        ("US:94012", ("US", None, "94012"), True),
        ("US:94012", ("US", None, "94012-1234"), True),
        ("US:94012", ("US", "CA"), False),
        ("US:94012", ("US", "CA", "94013"), False),
        ("US:94012", ("US", "CA", "not a ZIP"), False),
        ("US:94012", ("MX", None, "94012"), False),
        ("US:73114-74547", ("US", None, "74000"), True),
        ("US:73114-74547", ("US", None, "74548"), False),
        ("US:94*", ("US", None, " 94999 "), True),
        ("US:94*", ("US", None, "95000"), False),
        ("US:94*-95*", ("US", None, "95999"), True),
        ("US:94*-95*", ("US", None, "96000"), False),
    ],
)
def test_a_shipping_option_covers_its_area(
    area: str, address: tuple[Any, ...], covered: bool
) -> None:
    assert ShippingOption.parse(f"{area}:Std::1.00 USD").covers(*address) is covered


def test_fees_and_thresholds_cover_their_regions() -> None:
    fee = ApplicableFee.parse("US:CA:Fee:0.25 USD")
    assert fee.covers("US", "CA")
    assert not fee.covers("US", "NY")
    threshold = FreeShippingThreshold.parse("DE:ALL:Post:50.00 EUR")
    assert threshold.covers("DE")
    assert not threshold.covers("FR")


def test_the_fifth_part_of_a_fee_is_kept() -> None:
    assert ApplicableFee.parse("US:CA:Fee:0.25 USD:per_unit").basis == "per_unit"
    assert ApplicableFee.parse("US:CA:Fee:0.25 USD").basis is None


def test_a_comma_in_a_url_is_encoded() -> None:
    assert feeds.format_urls(("https://x.com/a,b.jpg",)) == "https://x.com/a%2Cb.jpg"
