"""Each cell and each rule across columns: what breaks it, where it is reported, how badly."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from agentic_commerce import feeds
from agentic_commerce.errors import Issue
from agentic_commerce.feeds import CODES, FEEDS, INVENTORY, PRICING, PRODUCT, PROMOTION
from agentic_commerce.feeds._plan import Plan
from agentic_commerce.feeds.columns import gtin_is_sound
from agentic_commerce.feeds.rules import RULES
from tests.feeds import samples

# The cells changed, the code, the column of the issue.
PRODUCT_ERRORS: list[tuple[dict[str, str], str, str]] = [
    ({"id": ""}, "required", "id"),
    ({"title": "  "}, "required", "title"),
    ({"title": "\N{NO-BREAK SPACE}"}, "required", "title"),
    ({"price": " "}, "required", "price"),
    ({"id": "x" * 101}, "too_long", "id"),
    ({"id": "a,b"}, "id_separator", "id"),
    ({"id": "a:b"}, "id_separator", "id"),
    ({"title": "x" * 151}, "too_long", "title"),
    ({"description": "x" * 5001}, "too_long", "description"),
    ({"brand": "x" * 71}, "too_long", "brand"),
    ({"mpn": "x" * 71}, "too_long", "mpn"),
    ({"material": "x" * 101}, "too_long", "material"),
    ({"item_group_id": "x" * 71}, "too_long", "item_group_id"),
    ({"item_group_title": "x" * 151, "item_group_id": "g"}, "too_long", "item_group_title"),
    ({"color": "x" * 101}, "too_long", "color"),
    ({"size": "x" * 21}, "too_long", "size"),
    ({"custom_label_4": "x" * 101}, "too_long", "custom_label_4"),
    ({"link": "example.com/a"}, "url_format", "link"),
    ({"link": "ftp://example.com/a"}, "url_format", "link"),
    ({"link": "https://"}, "url_format", "link"),
    ({"link": "https:///a"}, "url_format", "link"),
    ({"image_link": "https://example.com/a b.jpg"}, "url_format", "image_link"),
    ({"image_link": "https://example.com/a\tb.jpg"}, "url_format", "image_link"),
    ({"video_link": " https://example.com/v.mp4"}, "url_format", "video_link"),
    ({"additional_image_link": ",".join(["https://x.com/1.jpg"] * 11)}, "too_many", ""),
    ({"additional_image_link": "https://x.com/1.jpg,2.jpg"}, "url_format", ""),
    ({"availability": "in stock"}, "choice", "availability"),
    ({"availability": "In_Stock"}, "choice", "availability"),
    ({"condition": "NEW"}, "choice", "condition"),
    ({"age_group": "teen"}, "choice", "age_group"),
    ({"gender": "men"}, "choice", "gender"),
    ({"tax_behavior": "included"}, "choice", "tax_behavior"),
    ({"shipping_cost_basis": "per order"}, "choice", "shipping_cost_basis"),
    ({"size_system": "us"}, "country", "size_system"),
    ({"price": "$15"}, "price_format", "price"),
    ({"price": "19.999 USD"}, "price_scale", "price"),
    ({"length": "20in"}, "dimension_format", "length"),
    ({"weight": "2.5 lbs"}, "weight_format", "weight"),
    ({"gtin": "4006381-333931"}, "gtin_format", "gtin"),
    ({"gtin": "4.00638E+12"}, "gtin_format", "gtin"),
    ({"gtin": "1" * 51}, "too_long", "gtin"),
    ({"google_product_category": "2271 - Apparel > Dresses"}, "category_format", ""),
    ({"gtin": "X123456789"}, "gtin_format", "gtin"),
    ({"google_product_category": "2271 - A > B"}, "category_format", "google_product_category"),
    ({"availability_date": "24.02.2026"}, "date_format", "availability_date"),
    ({"expiration_date": "2026-02-30"}, "date_format", "expiration_date"),
    ({"inventory_not_tracked": "FALSE"}, "boolean", "inventory_not_tracked"),
    ({"disable_checkout": "yes"}, "boolean", "disable_checkout"),
    ({"delete": "TRUE"}, "boolean", "delete"),
    ({"inventory_quantity": "1.0"}, "integer", "inventory_quantity"),
    ({"inventory_quantity": "-1"}, "integer", "inventory_quantity"),
    ({"inventory_quantity": "1_0"}, "integer", "inventory_quantity"),
    ({"inventory_quantity": "\u0661"}, "integer", "inventory_quantity"),
    ({"inventory_quantity": "1,000"}, "integer", "inventory_quantity"),
    ({"popularity_score": "5.1"}, "number_range", "popularity_score"),
    ({"popularity_score": "1e0"}, "number", "popularity_score"),
    ({"popularity_score": "NaN"}, "number", "popularity_score"),
    ({"return_rate": "2.0%"}, "number", "return_rate"),
    ({"return_rate": "100.1"}, "number_range", "return_rate"),
    ({"product_review_count": "5", "product_review_rating": "0.9"}, "number_range", ""),
    ({"stripe_product_tax_code": "txcd_1"}, "tax_code", "stripe_product_tax_code"),
    ({"third_party_tax_code": "ANROK:x"}, "tax_code", "third_party_tax_code"),
    (
        {"sale_price_effective_date": "2025-12-15/2025-12-01", "sale_price": "1 USD"},
        "range_order",
        "",
    ),
    ({"applicable_fees": "US:CA:Fee: x:0.25 USD"}, "price_format", "applicable_fees"),
    ({"shipping": "US:ALL:Std:5.99 USD"}, "entry_parts", "shipping"),
    ({"related_products": ",".join(f"upsell:S{i}" for i in range(11))}, "too_many", ""),
    ({"product_warning": "prop_65:Cancer, and harm"}, "entry_parts", "product_warning"),
    ({"age_restriction": "18+"}, "integer", "age_restriction"),
    # across columns
    ({"availability": "preorder"}, "availability_date", "availability"),
    ({"inventory_quantity": ""}, "quantity_missing", "inventory_quantity"),
    ({"inventory_not_tracked": "false", "inventory_quantity": ""}, "quantity_missing", ""),
    ({"inventory_not_tracked": "true"}, "quantity_untracked", "inventory_quantity"),
    ({"sale_price": "9.00 USD"}, "sale_window", "sale_price"),
    (
        {"sale_price": "9.00 EUR", "sale_price_effective_date": "2025-12-01/2025-12-15"},
        "sale_currency",
        "sale_price",
    ),
    ({"gtin": ""}, "identifier_missing", "gtin"),
    ({"gtin": "", "mpn": " "}, "identifier_missing", "mpn"),
    ({"product_category": ""}, "category_missing", "product_category"),
    ({"product_review_count": "3"}, "rating_missing", "product_review_count"),
    ({"product_review_count": "05"}, "rating_missing", "product_review_count"),
    ({"product_review_count": "0", "product_review_rating": "4"}, "rating_unexpected", ""),
    ({"product_review_count": "00", "product_review_rating": "4"}, "rating_unexpected", ""),
    ({"free_shipping_threshold": "US:ALL:Std:50.00 USD"}, "threshold_service", ""),
    (
        {"free_shipping_threshold": "US:ALL:Fast:5 USD", "shipping": "US:ALL:Std:1-2:5 USD"},
        "threshold_service",
        "free_shipping_threshold",
    ),
    ({"length": "1 in", "width": "1 cm"}, "dimension_units", "length"),
    ({"length": "1 in", "height": "1 cm"}, "dimension_units", "length"),
    ({"custom_variant_option_name_2": "Pattern", "item_group_id": "g"}, "option_pair", ""),
    ({"custom_variant_option_value_3": "Oak"}, "option_pair", "custom_variant_option_value_3"),
    ({"related_products": "upsell:SKU-1"}, "related_self", "related_products"),
    ({"related_products": "upsell:S2,accessory:S2"}, "related_repeated", "related_products"),
]
PRODUCT_WARNINGS: list[tuple[dict[str, str], str, str]] = [
    ({"id": "SKU 1"}, "id_characters", "id"),
    ({"title": "FLORAL POLO"}, "title_caps", "title"),
    ({"item_group_title": "SHOES", "item_group_id": "g"}, "title_caps", "item_group_title"),
    ({"link": "http://example.com/a"}, "insecure_link", "link"),
    ({"video_link": "http://example.com/a"}, "insecure_link", "video_link"),
    ({"description": "A <b>bold</b> shirt"}, "description_markup", "description"),
    ({"description": "See https://example.com"}, "description_link", "description"),
    ({"brand": ""}, "brand_missing", "brand"),
    ({"brand": " "}, "brand_missing", "brand"),
    ({"gtin": "3234567890127"}, "gtin_check", "gtin"),
    ({"gtin": "123"}, "gtin_check", "gtin"),
    ({"gtin": "123456789X", "mpn": "M"}, "", ""),  # a good ISBN-10
    ({"gtin": "1234567890"}, "gtin_check", "gtin"),
    ({"item_group_title": "Shoes"}, "group_missing", "item_group_title"),
    ({"color": "x" * 41}, "color_long", "color"),
    ({"sale_price_effective_date": "2025-12-01/2025-12-15"}, "sale_window_unused", ""),
    (
        {"sale_price": "15.00 USD", "sale_price_effective_date": "2025-12-01/2025-12-15"},
        "sale_not_lower",
        "sale_price",
    ),
    ({"shipping": "US:ALL:Std::5.00 CAD"}, "currency_mixed", "shipping"),
    ({"applicable_fees": "DE:ALL:Deposit:0.10 EUR"}, "currency_mixed", "shipping"),
    ({"weight": "2 lb", "shipping": ""}, "shipping_missing", "shipping"),
    ({"product_review_rating": "4"}, "review_count_missing", "product_review_rating"),
]
OTHER_FEEDS: list[tuple[Any, dict[str, str], str]] = [
    (INVENTORY, {"inventory_quantity": ""}, "required"),
    (INVENTORY, {"availability": "preorder"}, "availability_date"),
    (INVENTORY, {"availability": "preorder", "availability_date": "2027-01-01"}, ""),
    (PRICING, {"price": "15"}, "price_format"),
    (PRICING, {"sale_price": "9.00 USD"}, "sale_window"),
    (PRICING, {"sale_price": "9.00 USD", "sale_price_effective_date": "2025-12-01/2025-12-02"}, ""),
    (PROMOTION, {"active_period": "2026-06-01/2026-06-30"}, "period_zone"),
    (PROMOTION, {"percent_off": ""}, "percent_off_missing"),
    (PROMOTION, {"percent_off": "101"}, "number_range"),
    (PROMOTION, {"percent_off": "20%"}, "integer"),
    (PROMOTION, {"benefit_type": "amount_off", "percent_off": ""}, "amount_off_missing"),
    (PROMOTION, {"amount_off": "5.00 USD"}, "benefit_unused"),
    (PROMOTION, {"target_ids": "SKU-1"}, "targets_unexpected"),
    (PROMOTION, {"excluded_item_group_ids": "G"}, "targets_unexpected"),
    (PROMOTION, {"target_selection": "specific_products"}, "targets_missing"),
    (PROMOTION, {"target_selection": "specific_products", "target_ids": "A,B"}, ""),
    (PROMOTION, {"target_selection": "specific_products", "target_ids": "A,,B"}, "entry_text"),
    (PROMOTION, {"application_type": "promotion_code"}, "code_missing"),
    (PROMOTION, {"application_type": "promotion_code", "promotion_code": "SAVE"}, ""),
    (PROMOTION, {"benefit_type": "free_shipping", "percent_off": ""}, "code_missing"),
    (
        PROMOTION,
        {"application_type": "promotion_code", "promotion_code": "SUN20", "percent_off": "20%"},
        "integer",
    ),
    (PROMOTION, {"promotion_code": "x" * 21}, "promotion_code"),
    (PROMOTION, {"promotion_code": "10 OFF"}, "promotion_code"),
    (PROMOTION, {"link": "http://example.com/sale"}, "insecure_link"),
    (PROMOTION, {"promotion_id": "SUMMER 26"}, "id_characters"),
    (
        PROMOTION,
        {
            "benefit_type": "amount_off",
            "percent_off": "",
            "amount_off": "5.00 USD",
            "minimum_order_amount": "50.00 EUR",
        },
        "currency_mixed",
    ),
]


def issues_of(row: dict[str, str], feed: Any = PRODUCT) -> list[Issue]:
    return list(feeds.check(samples.csv_bytes(row), feed).issues)


@pytest.mark.parametrize("feed", FEEDS.values(), ids=repr)
def test_the_good_row_of_each_feed_has_no_issue(feed: Any) -> None:
    assert issues_of(samples.GOOD[feed.name], feed) == []


def test_every_documented_example_together_is_a_row_without_an_issue() -> None:
    assert set(PRODUCT.columns) - samples.FULL_ROW.keys() == {
        *(f"custom_variant_option_{part}_{n}" for part in ("name", "value") for n in (2, 3)),
        *(f"custom_label_{n}" for n in range(1, 5)),
    }
    assert issues_of(samples.FULL_ROW) == []


@pytest.mark.parametrize(("cells", "code", "column"), PRODUCT_ERRORS)
def test_an_error_of_a_product_is_found_alone(
    cells: dict[str, str], code: str, column: str
) -> None:
    issues = issues_of(samples.PRODUCT_ROW | cells)
    assert [(issue.code, issue.severity, issue.row) for issue in issues] == [(code, "error", 2)]
    assert issues[0].column in (column or cells)


@pytest.mark.parametrize(("cells", "code", "column"), PRODUCT_WARNINGS)
def test_a_warning_of_a_product_does_not_refuse_it(
    cells: dict[str, str], code: str, column: str
) -> None:
    report = feeds.check(samples.csv_bytes(samples.PRODUCT_ROW | cells))
    found = [(issue.code, issue.severity) for issue in report.issues]
    assert found == ([(code, "warning")] if code else [])
    assert report.ok
    assert report.valid_rows == 1
    assert all(issue.column in (column or cells) for issue in report.issues)


@pytest.mark.parametrize(("feed", "cells", "code"), OTHER_FEEDS)
def test_the_rules_of_the_other_feeds(feed: Any, cells: dict[str, str], code: str) -> None:
    found = [issue.code for issue in issues_of(samples.changed(feed, **cells), feed)]
    assert found == ([code] if code else [])


@pytest.mark.parametrize(
    ("cells", "hint"),
    [
        ({"availability": "In stock"}, "in_stock"),
        ({"inventory_not_tracked": "No"}, "false"),
        ({"inventory_quantity": "1,000"}, "1000"),
        ({"inventory_quantity": "5.0"}, "5"),
        ({"return_rate": "2,5%"}, "2.5"),
        ({"gtin": "4006381-333931"}, "4006381333931"),
        ({"gtin": "4.00638E+12"}, "spreadsheet"),
        ({"image_link": "https://x.com/a b"}, "%20"),
        ({"link": "example.com"}, "https://"),
        ({"free_shipping_threshold": "US:ALL:X:5 USD", "shipping": ""}, "none"),
        ({"free_shipping_threshold": "US:ALL:X:5 USD"}, "Standard"),
        ({"third_party_tax_code": "Anrok:x"}, "lower case"),
        ({"weight": "2.5 lbs"}, "2.5 lb"),
    ],
)
def test_an_issue_says_how_to_mend_it(cells: dict[str, str], hint: str) -> None:
    (issue,) = issues_of(samples.PRODUCT_ROW | cells)
    assert hint in (issue.hint or "")


def test_a_text_that_was_good_in_one_row_is_judged_anew_in_the_next() -> None:
    rows = [
        samples.PRODUCT_ROW | {"id": f"S{n}", "related_products": "upsell:S3"} for n in range(5)
    ]
    report = feeds.check(samples.csv_bytes(*rows))
    assert [(issue.code, issue.row) for issue in report.issues] == [("related_self", 5)]


def test_an_issue_carries_row_column_id_cell_and_span() -> None:
    row = samples.PRODUCT_ROW | {"shipping": "US:ALL:Std:3-5:5.00 USD,US:CA:Exp:x:9.00 USD"}
    (issue,) = issues_of(row)
    assert (issue.row, issue.column, issue.id) == (2, "shipping", "SKU-1")
    assert issue.value == row["shipping"]
    assert issue.span is not None
    assert row["shipping"][slice(*issue.span)] == "x"
    assert str(issue) == "row 2, shipping: not a number of days such as 3-5"


def test_a_deletion_needs_only_its_id() -> None:
    rows = list(feeds.scan(samples.csv_bytes({"id": "SKU-1", "price": "free", "delete": "true"})))
    assert rows[-1] == feeds.Deletion("SKU-1")
    report = feeds.check(samples.csv_bytes(samples.PRODUCT_ROW | {"price": "?", "delete": "true"}))
    assert (report.ok, report.valid_rows) == (True, 1)


@pytest.mark.parametrize(("key", "code"), [("", "required"), ("a:b", "id_separator")])
def test_a_deletion_needs_a_good_id(key: str, code: str) -> None:
    (issue,) = issues_of(samples.PRODUCT_ROW | {"id": key, "delete": "true"})
    assert issue.code == code


def test_a_deletion_in_a_file_without_ids_is_refused() -> None:
    row = {name: text for name, text in samples.PRODUCT_ROW.items() if name != "id"}
    report = feeds.check(samples.csv_bytes(row | {"delete": "true"}))
    assert report.counts["missing_column"] == 2  # the header, and the row
    assert report.valid_rows == 0


@pytest.mark.parametrize("feed", FEEDS.values(), ids=repr)
def test_every_code_that_a_rule_uses_is_in_the_table(feed: Any) -> None:
    assert {rule.code for rule in RULES[feed.name]} <= CODES.keys()


QUOTE_FILES = {"quote.py", "_quotes.py", "_offer.py", "_delivery.py"}


def test_the_codes_of_quotes_are_closed() -> None:
    room = Path(feeds.__file__).parent
    text = "\n".join((room / name).read_text() for name in ("_offer.py", "_delivery.py"))
    code = (
        r'(?:Issue|Reason)\("([a-z_]+)"|code, message = "([a-z_]+)"|"(shipping_\w*(?:free|price))"'
    )
    used = {name for names in re.findall(code, text) for name in names if name}
    assert used == set(feeds.QUOTE_CODES)


def test_codes_are_closed() -> None:
    """Every code in the sources is in the table, and every code of the table in the sources."""
    room = Path(feeds.__file__).parent
    files = [path for path in room.glob("*.py") if path.name not in QUOTE_FILES]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    used = set(
        re.findall(r'(?:CellError|reject|_wrong|Issue|_pattern\([^,]+,)\(?\s*"([a-z_]+)"', text)
    )
    used |= set(re.findall(r'_pattern\("[^"]+", "([a-z_]+)"', text))
    used |= set(re.findall(r'declare\(\s*"([a-z_]+)"', text))
    table = text[text.index("CODES: Final") :]
    declared = set(re.findall(r'^    "([a-z_]+)": Code\(', table, re.MULTILINE))
    assert used <= CODES.keys()
    assert declared | set(re.findall(r'declare\(\s*"([a-z_]+)"', text)) == set(CODES)


def test_every_code_has_a_statement_a_source_and_a_severity() -> None:
    for name, code in CODES.items():
        assert code.statement.endswith((".", ":")), name
        assert code.source
        assert code.severity in ("error", "warning")


ALL_ROWS = [
    *((PRODUCT, cells) for cells, _, _ in (*PRODUCT_ERRORS, *PRODUCT_WARNINGS)),
    *((feed, cells) for feed, cells, _ in OTHER_FEEDS),
]


@pytest.mark.parametrize(("feed", "cells"), ALL_ROWS)
def test_the_quick_tests_never_hide_a_problem(feed: Any, cells: dict[str, str]) -> None:
    """What the exact tests find alone, the generated loop must not accept."""
    row = samples.changed(feed, **cells)
    plan = Plan(feed, [*row])
    exact = plan.examine(2, [*row.values()], plan.everything())[0]
    found = Plan(feed, [*row]).examine(2, [*row.values()])[0]
    assert sorted(found, key=str) == sorted(exact, key=str)


@pytest.mark.parametrize(
    ("text", "sound"),
    [
        ("3234567890126", True),
        ("96385074", True),
        ("036000291452", True),
        ("10614141000415", True),
        ("0306406152", True),
        ("080442957X", True),
        ("3234567890127", False),
        ("080442957Y", False),
        ("\u0661" * 4, False),  # eight bytes that are digits, but not ours
        ("1234567", False),
        ("", False),
    ],
)
def test_check_digits(text: str, sound: bool) -> None:
    assert gtin_is_sound(text) is sound


def test_a_category_of_ones_own_may_begin_with_a_number() -> None:
    row = samples.PRODUCT_ROW | {"product_category": "2026 - Autumn > Dresses"}
    assert feeds.check(samples.csv_bytes(row)).counts == {}


@pytest.mark.parametrize(("benefit", "says"), [("percent_off", False), ("free_shipping", True)])
def test_free_shipping_is_named_only_where_it_is_why_a_code_is_needed(
    benefit: str, says: bool
) -> None:
    row = {"application_type": "promotion_code", "benefit_type": benefit, "percent_off": "5"}
    found = feeds.check(samples.csv_bytes(samples.PROMOTION_ROW | row), PROMOTION).issues
    (hint,) = [issue.hint for issue in found if issue.code == "code_missing"]
    assert bool(hint and "free shipping" in hint) is says


def test_ids_parted_by_bars_are_a_warning() -> None:
    row = {"target_selection": "specific_products", "target_ids": "A|B", "excluded_ids": "C,D-1"}
    report = feeds.check(samples.csv_bytes(samples.PROMOTION_ROW | row), PROMOTION)
    (issue,) = report.issues
    assert (issue.code, issue.severity, issue.column) == ("id_characters", "warning", "target_ids")
