"""What can be wrong with a header, and in whose words it is written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from agentic_commerce.errors import Issue
from agentic_commerce.feeds.codes import CODES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from agentic_commerce.feeds._plan import Plan
    from agentic_commerce.feeds.rows import Feed

# Names that stand in one dialect only, and what Stripe calls the same thing.
_GOOGLE: Final = {
    "product_type": "product_category",
    "mobile_link": "link",
    "shipping_weight": "weight",
    "shipping_length": "length",
    "shipping_width": "width",
    "shipping_height": "height",
    "product_length": "length",
    "product_width": "width",
    "product_height": "height",
    "product_weight": "weight",
    "virtual_model_link": "model_3d_link",
    "identifier_exists": "",
    "is_bundle": "",
    "multipack": "",
    "adult": "",
    "size_type": "",
    "ads_redirect": "",
    "cost_of_goods_sold": "",
    "excluded_destination": "",
    "included_destination": "",
    "product_highlight": "",
    "shipping_label": "",
    "unit_pricing_measure": "",
}
_OPENAI: Final = {
    "item_id": "id",
    "url": "link",
    "image_url": "image_link",
    "additional_image_urls": "additional_image_link",
    "group_id": "item_group_id",
    "inventory": "inventory_quantity",
    "custom_variant1_category": "custom_variant_option_name_1",
    "custom_variant1_option": "custom_variant_option_value_1",
    "related_product_id": "related_products",
    "warning": "product_warning",
    "enable_search": "",
    "enable_checkout": "",
    "is_eligible_search": "",
    "is_eligible_checkout": "",
    "seller_name": "",
    "seller_url": "",
    "seller_privacy_policy": "",
    "seller_tos": "",
    "return_policy": "",
    "return_window": "",
    "delivery_estimate": "",
    "pricing_trend": "",
}


def _close(word: str, names: Iterable[str], count: int, likeness: float) -> list[str]:
    from difflib import get_close_matches  # noqa: PLC0415 - for headers with faults only

    return get_close_matches(word, names, count, likeness)


def header_issues(header: Sequence[str], plan: Plan) -> Iterator[Issue]:
    """Every problem of a header, in the order in which one would mend them.

    A file of deletions has two columns only: of such rows Stripe reads nothing else. A row of it
    that deletes nothing is refused by itself. Source: "Deletion behavior".
    """
    feed = plan.feed
    for_deletions = plan.index.keys() == {feed.key, "delete"}
    yield from _separators(header)
    yield from _dialects(header, feed)
    for name in () if for_deletions else plan.absent:
        message = f"the required column {name} is missing"
        hint = _nearest_hint(name, header)
        yield Issue("missing_column", message, column=name, row=1, hint=hint)
    seen: set[str] = set()
    for name in header:
        if name in seen:
            message = "the column is repeated; only the first is read"
            yield Issue("repeated_column", message, column=name[:200], row=1)
        elif name not in feed.columns:
            yield unknown_column(name, feed)
        seen.add(name)
    for rule in () if for_deletions else plan.missing_once():
        statement, column = CODES[rule.code].statement, rule.columns[0]
        message = f"{statement} The file has no column {column}."
        yield Issue(rule.code, message, CODES[rule.code].severity, column, 1)


def _separators(header: Sequence[str]) -> Iterator[Issue]:
    if len(header) == 1:
        for mark, name in ((";", "semicolons"), ("\t", "tabs"), (",", "commas"), ("|", "bars")):
            if mark in header[0]:
                hint = "name a file with tabs .tsv, and one with commas .csv"
                if mark in ";|":
                    hint = "put commas between the cells"
                message = f"the cells are parted by {name}"
                yield Issue("separator", message, row=1, value=header[0][:200], hint=hint)
                return


def _plain(name: str) -> str:
    """Return a name without Google's ``g:`` and in Stripe's spelling."""
    return re.sub(r"[\s-]+", "_", name.strip().lower().removeprefix("g:"))


def _dialects(header: Sequence[str], feed: Feed[Any]) -> Iterator[Issue]:
    foreign = [(name, _plain(name)) for name in header if name and name not in feed.columns]
    google = [
        name
        for name, plain in foreign
        if name.startswith("g:") or plain in _GOOGLE or (" " in name and plain in feed.columns)
    ]
    openai = [name for name, plain in foreign if plain in _OPENAI]
    found, who = (openai, "OpenAI") if len(openai) > len(google) else (google, "Google")
    if len(found) > 1:
        names = ", ".join(found[:5])
        hint = "export the feed with the column names of Stripe's product feed"
        yield Issue("dialect", f"this is a header of {who}'s: {names}", "warning", row=1, hint=hint)


def _nearest_hint(name: str, header: Sequence[str]) -> str | None:
    # Each name once: a header may repeat one a million times.
    plain = {found: _plain(found)[:100] for found in dict.fromkeys(header)}
    close = _close(name, dict.fromkeys(plain.values()), 1, 0.8)
    if not close:
        return None
    written = next(found for found in plain if plain[found] == close[0])
    return f"rename the column {written[:100]!r}" if written != name else None


def unknown_column(name: str, feed: Feed[Any]) -> Issue:
    """Return the issue of a column that the feed does not have, with the one that may be meant."""
    plain = _plain(name)
    known = _GOOGLE.get(plain) or _OPENAI.get(plain) or ""
    close = [known] if known in feed.columns else _close(plain[:100], feed.columns, 1, 0.75)
    hint = f"did you mean {close[0]}?" if close else None
    message = "the feed has no such column, so it is not read"
    if not name:
        message = "a column without a name is not read"
    return Issue("unknown_column", message, "warning", name[:200] or None, 1, hint=hint)
