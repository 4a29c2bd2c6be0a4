"""A strict Stripe reads a hook's reply: it is taken, or refused with every reason.

The reading is that of `hooks.Dispatcher`, so a reply that passes here is one that our own endpoint
would have sent. Where the documents leave something open, a refusal would be a guess:

- a ``customize_checkout`` reply that is empty, ``null`` or ``{}`` changes nothing, and its unknown
  top-level keys are noted, because Stripe has announced some without naming them;
- a ``product_price_availability`` reply that is empty, ``null`` or ``{}`` says nothing, as an
  endpoint does that ignores hooks it does not know.

A ``finalize_checkout`` reply must decide.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

import attrs
from attrs import field

from agentic_commerce._record import masked
from agentic_commerce.errors import Issue, ResponseError
from agentic_commerce.hooks import parse_request
from agentic_commerce.hooks.dispatch import check_answer
from agentic_commerce.hooks.requests import CUSTOMIZE_CHECKOUT, FINALIZE_CHECKOUT

__all__ = ["Reading", "read_reply"]

_CUSTOMIZE_KEYS: Final = frozenset({"shipping_options", "line_items"})
_SHOWN: Final = 40
_NONE: Final[tuple[str, ...]] = ()


@attrs.frozen
class Reading:
    """What a reply comes to: the answer, or why it is refused; and what was passed over.

    The answer is empty if the reply says nothing.
    """

    answer: Mapping[str, Any] | None = field(default=None, repr=masked)
    issues: tuple[Issue, ...] = ()
    notes: tuple[str, ...] = ()


def read_reply(request: Mapping[str, Any], body: bytes, rates: Collection[str] = ()) -> Reading:
    """Read the body of a 2xx reply to a hook whose request was this.

    ``rates`` are the shipping and tax rates that there are, by id.

    >>> request = {"type": "v1.delegated_checkout.finalize_checkout", "id": "1", "livemode": False,
    ...            "data": {"currency": "usd"}}
    >>> str(read_reply(request, b'{"manual_approval_details": {"type": "declined"}}').issues[0])
    '$.manual_approval_details.declined: a decline needs a reason'
    """
    decides = request["type"] == FINALIZE_CHECKOUT
    if not decides and body.strip() in (b"", b"null", b"{}"):
        return Reading(answer={}, notes=("the reply says nothing",))
    value = _decoded(body)
    if isinstance(value, Issue):
        return Reading(issues=(value,))
    known, notes = value, _NONE
    if request["type"] == CUSTOMIZE_CHECKOUT:
        known = {name: value[name] for name in value if name in _CUSTOMIZE_KEYS}
        notes = tuple(_unknown(value))
    try:
        answer = check_answer(parse_request(request), known)
    except ResponseError as error:
        return Reading(issues=error.issues, notes=notes)
    if issues := tuple(_missing_rates(answer, rates)):
        return Reading(issues=issues, notes=notes)
    return Reading(answer=answer, notes=notes)


def _missing_rates(answer: Mapping[str, Any], rates: Collection[str]) -> Iterator[Issue]:
    for index, option in enumerate(answer.get("shipping_options") or ()):
        where = f"$.shipping_options[{index}].shipping_rate"
        yield from _missing_rate("shipping rate", option.get("shipping_rate"), rates, where)
    for index, line in enumerate(answer.get("line_items") or ()):
        for number, rate in enumerate(line["tax_rates"]):
            where = f"$.line_items[{index}].tax_rates[{number}].rate"
            yield from _missing_rate("tax rate", rate.get("rate"), rates, where)


def _missing_rate(
    kind: str, identifier: str | None, rates: Collection[str], where: str
) -> Iterator[Issue]:
    if identifier is not None and identifier not in rates:
        hint = f"give its data, or add it to the sandbox: add_{kind.replace(' ', '_')}"
        yield Issue("unknown_id", f"there is no such {kind}", column=where, hint=hint)


def _unknown(value: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted(value.keys() - _CUSTOMIZE_KEYS):
        yield f"{name[:_SHOWN]!r} is not documented; it was not looked at"


def _decoded(body: bytes) -> dict[str, Any] | Issue:
    try:
        # Given bytes, `loads` would guess at their encoding.
        value = json.loads(
            body.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError):
        return Issue("not_json", "the body is not JSON in UTF-8", column="$")
    if isinstance(value, dict):
        return value
    kind = "null" if value is None else type(value).__name__
    return Issue("kind", f"expected an object, got {kind}", column="$")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
