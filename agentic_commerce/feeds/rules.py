"""The rules, each declared once: its code, what it says, where that is written, and its test.

A `Rule` looks at one row, across its columns. It has an exact test, ``broken``, on parsed values,
and a fast one, ``quick``, Python source on the raw cells: ``quick`` may say no to a good row, never
yes to a bad one. ``quick`` may name columns, ``M_<column>`` (a memo from text to parsed value), and
what `columns.QUICK_NAMES` holds. Where only parsed values tell, ``key`` instead names the raw texts
that decide, and the reader remembers which of them were good.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import attrs

from agentic_commerce.feeds.codes import (
    BASIC,
    FULFIL,
    IDENTIFIERS,
    ITEM,
    PRICES,
    PROMOTIONS,
    REVIEWS,
    STOCK,
    VARIANTS,
    declare,
)
from agentic_commerce.feeds.columns import PLAIN_ID, gtin_is_sound

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["RULES", "Rule"]


@attrs.frozen(eq=False)
class Rule:
    """One rule across the columns of a row; ``columns[0]`` is where it is reported.

    Without ``quick`` and ``key`` the quick test of the cell ``columns[0]`` covers the rule as well.

    ``broken`` gets the parsed values and returns whether the rule is broken, or a hint (then it
    is). A rule with ``header_once`` asks for its column once, in the header, if it is absent there.
    """

    code: str
    columns: tuple[str, ...]
    quick: str | None
    broken: Callable[[Mapping[str, Any]], bool | str]
    hint: str | None = None
    key: str | None = None
    header_once: bool = False


def _mixed(v: Mapping[str, Any]) -> bool | str:
    currency = v["price"].currency
    prices = [option.price for option in v["shipping"]]
    prices += [fee.amount for fee in v["applicable_fees"]]
    prices += [threshold.threshold for threshold in v["free_shipping_threshold"]]
    others = {price.currency for price in prices} - {currency}
    return bool(others) and f"{', '.join(sorted(others))} beside {currency}"


def _unknown_service(v: Mapping[str, Any]) -> bool | str:
    services = {option.service for option in v["shipping"]}
    missing = {threshold.service for threshold in v["free_shipping_threshold"]} - services
    if not missing:
        return False
    known = ", ".join(sorted(services)) or "none"
    return f"{', '.join(sorted(missing))} is not in shipping, which has: {known}"


def _units(v: Mapping[str, Any]) -> bool:
    measures = (v["length"], v["width"], v["height"])
    return len({measure.unit for measure in measures if measure}) > 1


_TAG: Final = re.compile(r"</?[a-zA-Z][^<>]*>")

# The texts that decide the rules of fulfilment. They repeat from row to row.
_FULFILMENT: Final = "(shipping, free_shipping_threshold, applicable_fees, price[-3:])"

_PREORDER = Rule(
    declare("availability_date", "A preorder must say when it becomes available.", STOCK),
    ("availability_date", "availability"),
    "availability != 'preorder' or availability_date",
    lambda v: v["availability"] == "preorder" and v["availability_date"] is None,
)

_SALES = (
    Rule(
        declare("sale_window", "A sale price must say from when to when it holds.", PRICES),
        ("sale_price_effective_date", "sale_price"),
        "not sale_price or sale_price_effective_date",
        lambda v: v["sale_price"] is not None and v["sale_price_effective_date"] is None,
        hint="add the first and the last day, as in 2025-12-01/2025-12-15",
    ),
    Rule(
        declare(
            "sale_window_unused", "A sale window should come with a sale price.", PRICES, "warning"
        ),
        ("sale_price_effective_date", "sale_price"),
        "sale_price or not sale_price_effective_date",
        lambda v: v["sale_price"] is None and v["sale_price_effective_date"] is not None,
    ),
    Rule(
        declare("sale_currency", "The sale price must be in the price's currency.", PRICES),
        ("sale_price", "price"),
        "not sale_price or sale_price[-3:] == price[-3:]",
        lambda v: bool(v["sale_price"]) and v["sale_price"].currency != v["price"].currency,
    ),
    Rule(
        declare("sale_not_lower", "The sale price should be below the price.", PRICES, "warning"),
        ("sale_price", "price"),
        "not sale_price or sale_price in M_sale_price and price in M_price"
        " and M_sale_price[sale_price].amount < M_price[price].amount",
        lambda v: (
            v["sale_price"] is not None
            and v["sale_price"].currency == v["price"].currency
            and v["sale_price"].amount >= v["price"].amount
        ),
    ),
)

declare("title_caps", "A title should not be all in capitals.", BASIC, "warning")
declare("insecure_link", "Addresses should begin with https.", f"{BASIC}, Media", "warning")
declare("option_pair", "An option's name and value must come together.", "Custom variant options")
declare("id_characters", "An id should be letters, digits, - and _ only.", BASIC, "warning")


def _option(number: int) -> Rule:
    name, value = f"custom_variant_option_name_{number}", f"custom_variant_option_value_{number}"
    return Rule(
        "option_pair",
        (value, name),
        f"(not {name}) == (not {value})",
        lambda v: (v[name] is None) != (v[value] is None),
    )


def _caps(column: str) -> Rule:
    quick = f"not {column}.isupper()"
    return Rule("title_caps", (column,), quick, lambda v: (v[column] or "").isupper())


def _insecure(column: str) -> Rule:
    # The cell's own quick test accepts https only.
    return Rule("insecure_link", (column,), None, lambda v: (v[column] or "").startswith("http:"))


def _plain_id(column: str) -> Rule:
    # The id's own quick test has looked at its characters already.
    return Rule("id_characters", (column,), None, lambda v: PLAIN_ID.fullmatch(v[column]) is None)


_PRODUCT = (
    _plain_id("id"),
    _caps("title"),
    _caps("item_group_title"),
    _insecure("link"),
    _insecure("image_link"),
    _insecure("video_link"),
    _insecure("model_3d_link"),
    Rule(
        declare("description_markup", "A description should be plain text.", BASIC, "warning"),
        ("description",),
        "'<' not in description",
        lambda v: _TAG.search(v["description"]) is not None,
        hint="take the HTML tags out",
    ),
    Rule(
        declare("description_link", "A description should have no links.", BASIC, "warning"),
        ("description",),
        # Looking for one character first is twenty times as fast.
        "(':' not in description or '://' not in description)",
        lambda v: "://" in v["description"],
    ),
    Rule(
        declare(
            "brand_missing",
            "All but films, books and music must have a brand.",
            IDENTIFIERS,
            "warning",
        ),
        ("brand",),
        "brand and not brand.isspace()",
        lambda v: not (v["brand"] or "").strip(),
        header_once=True,
    ),
    Rule(
        declare("identifier_missing", "A product must have a gtin or an mpn.", IDENTIFIERS),
        ("mpn", "gtin"),
        "gtin or mpn and not mpn.isspace()",
        lambda v: v["gtin"] is None and not (v["mpn"] or "").strip(),
    ),
    Rule(
        declare("gtin_check", "A GTIN's length and check digit should be right.", "GS1", "warning"),
        ("gtin",),
        None,  # the cell's own quick test looks at the check digit
        lambda v: v["gtin"] is not None and not gtin_is_sound(v["gtin"]),
    ),
    Rule(
        declare("category_missing", "A product must have Google's category or its own.", ITEM),
        ("product_category", "google_product_category"),
        "google_product_category or product_category",
        lambda v: v["google_product_category"] is None and v["product_category"] is None,
    ),
    Rule(
        declare("dimension_units", "Length, width and height must share one unit.", ITEM),
        ("length", "width", "height"),
        # "cm" and "in" differ in their last letter.
        "length[-1:] == width[-1:] == height[-1:]"
        " or (not length or not width or length[-1:] == width[-1:])"
        " and (not width or not height or width[-1:] == height[-1:])"
        " and (not height or not length or height[-1:] == length[-1:])",
        _units,
    ),
    Rule(
        declare("group_missing", "Variants should name their group.", VARIANTS, "warning"),
        ("item_group_id", "item_group_title", "custom_variant_option_name_1"),
        "item_group_id or not (item_group_title or custom_variant_option_name_1)",
        lambda v: (
            v["item_group_id"] is None
            and (v["item_group_title"] or v["custom_variant_option_name_1"]) is not None
        ),
    ),
    Rule(
        declare("color_long", "A colour should have at most 40 characters.", VARIANTS, "warning"),
        ("color",),
        "len(color) <= 40",
        lambda v: len(v["color"] or "") > 40,
    ),
    _option(1),
    _option(2),
    _option(3),
    _PREORDER,
    Rule(
        declare("quantity_missing", "Stock must have a quantity unless it is not tracked.", STOCK),
        ("inventory_quantity", "inventory_not_tracked"),
        "inventory_quantity or inventory_not_tracked == 'true'",
        lambda v: v["inventory_quantity"] is None and not v["inventory_not_tracked"],
        hint="give a quantity, or set inventory_not_tracked to true",
    ),
    Rule(
        declare("quantity_untracked", "Stock that is not tracked must have no quantity.", STOCK),
        ("inventory_quantity", "inventory_not_tracked"),
        "not inventory_quantity or inventory_not_tracked != 'true'",
        lambda v: v["inventory_quantity"] is not None and bool(v["inventory_not_tracked"]),
        hint="leave the quantity blank, or set inventory_not_tracked to false",
    ),
    *_SALES,
    Rule(
        declare("threshold_service", "A threshold's service must be in shipping.", FULFIL),
        ("free_shipping_threshold", "shipping"),
        None,
        _unknown_service,
        key=_FULFILMENT,
    ),
    Rule(
        declare(
            "currency_mixed", "All prices of a row should be in one currency.", PRICES, "warning"
        ),
        ("shipping", "price", "applicable_fees", "free_shipping_threshold"),
        None,
        _mixed,
        key=_FULFILMENT,
    ),
    Rule(
        declare(
            "shipping_missing",
            "Goods with a weight or size should have shipping.",
            FULFIL,
            "warning",
        ),
        ("shipping", "weight", "length"),
        "shipping or not (weight or length)",
        lambda v: not v["shipping"] and bool(v["weight"] or v["length"]),
        header_once=True,
    ),
    Rule(
        declare("rating_missing", "A product with reviews must have a rating.", REVIEWS),
        ("product_review_rating", "product_review_count"),
        "product_review_rating or product_review_count in ('', '0')",
        lambda v: bool(v["product_review_count"]) and v["product_review_rating"] is None,
    ),
    Rule(
        declare("rating_unexpected", "A product with 0 reviews must have no rating.", REVIEWS),
        ("product_review_rating", "product_review_count"),
        "not product_review_rating or product_review_count >= '1'",
        lambda v: v["product_review_rating"] is not None and v["product_review_count"] == 0,
    ),
    Rule(
        declare("review_count_missing", "A rating should come with its count.", REVIEWS, "warning"),
        ("product_review_count", "product_review_rating"),
        "not product_review_rating or product_review_count",
        lambda v: v["product_review_rating"] is not None and v["product_review_count"] is None,
    ),
    Rule(
        declare("related_self", "A product must not be related to itself.", "product-feed (newer)"),
        ("related_products", "id"),
        "not related_products or related_products in M_related_products"
        " and not_among(id, M_related_products[related_products])",
        lambda v: any(related.id == v["id"] for related in v["related_products"]),
    ),
    Rule(
        declare("related_repeated", "A product must be related once only.", "product-feed (newer)"),
        ("related_products",),
        None,
        lambda v: len({r.id for r in v["related_products"]}) < len(v["related_products"]),
        key="related_products",
    ),
)


def _code_missing(v: Mapping[str, Any]) -> bool | str:
    if v["promotion_code"] is not None:
        return False
    if v["benefit_type"] == "free_shipping":
        return "free shipping always needs a code"
    return bool(v["application_type"] == "promotion_code")


_TARGETS = ("target_ids", "target_item_group_ids", "excluded_ids", "excluded_item_group_ids")


def _plain_ids(column: str) -> Rule:
    return Rule(
        "id_characters",
        (column,),
        None,
        lambda v: any(PLAIN_ID.fullmatch(name) is None for name in v[column]),
        hint="put a comma between ids",
        key=column,
    )


_PROMOTION = (
    _plain_id("promotion_id"),
    _plain_ids("target_ids"),
    _plain_ids("excluded_ids"),
    _insecure("link"),
    Rule(
        declare("period_zone", "A promotion's period must be two timestamps.", PROMOTIONS),
        ("active_period",),
        "'T' in active_period",
        lambda v: not v["active_period"].has_times,
        hint="add times and a zone, as in 2026-06-01T00:00:00Z/2026-06-30T23:59:59Z",
    ),
    Rule(
        declare("percent_off_missing", "A percent_off promotion must say how many.", PROMOTIONS),
        ("percent_off", "benefit_type"),
        "percent_off or benefit_type != 'percent_off'",
        lambda v: v["benefit_type"] == "percent_off" and v["percent_off"] is None,
    ),
    Rule(
        declare("amount_off_missing", "An amount_off promotion must say how much.", PROMOTIONS),
        ("amount_off", "benefit_type"),
        "amount_off or benefit_type != 'amount_off'",
        lambda v: v["benefit_type"] == "amount_off" and v["amount_off"] is None,
    ),
    Rule(
        declare(
            "benefit_unused",
            "Only the benefit's own amount should be given.",
            PROMOTIONS,
            "warning",
        ),
        ("benefit_type", "percent_off", "amount_off"),
        "(not percent_off or benefit_type == 'percent_off')"
        " and (not amount_off or benefit_type == 'amount_off')",
        lambda v: (
            (v["percent_off"] is not None and v["benefit_type"] != "percent_off")
            or (v["amount_off"] is not None and v["benefit_type"] != "amount_off")
        ),
    ),
    Rule(
        "currency_mixed",
        ("minimum_order_amount", "amount_off"),
        "not amount_off or not minimum_order_amount"
        " or amount_off[-3:] == minimum_order_amount[-3:]",
        lambda v: bool(
            v["amount_off"]
            and v["minimum_order_amount"]
            and v["amount_off"].currency != v["minimum_order_amount"].currency
        ),
    ),
    Rule(
        declare(
            "targets_unexpected", "all_products must leave every target list blank.", PROMOTIONS
        ),
        ("target_selection", *_TARGETS),
        f"target_selection != 'all_products' or not ({' or '.join(_TARGETS)})",
        lambda v: v["target_selection"] == "all_products" and any(v[name] for name in _TARGETS),
    ),
    Rule(
        declare("targets_missing", "specific_products must fill a target list.", PROMOTIONS),
        ("target_ids", "target_selection", *_TARGETS[1:]),
        f"target_selection == 'all_products' or {' or '.join(_TARGETS)}",
        lambda v: v["target_selection"] != "all_products" and not any(v[n] for n in _TARGETS),
    ),
    Rule(
        declare("code_missing", "A code must be given where one is entered.", PROMOTIONS),
        ("promotion_code", "application_type", "benefit_type"),
        "promotion_code or application_type == 'automatic' and benefit_type != 'free_shipping'",
        _code_missing,
    ),
)

RULES: Final[dict[str, tuple[Rule, ...]]] = {
    "product": _PRODUCT,
    "inventory": (_plain_id("id"), _PREORDER),
    "pricing": (_plain_id("id"), *_SALES),
    "promotion": _PROMOTION,
}
"""The rules of each feed, by its name."""
