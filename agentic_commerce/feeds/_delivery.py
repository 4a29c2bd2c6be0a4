"""Fees, and the ways to ship a cart.

Of several entries for one service or label that cover an address the narrowest counts: a postal
area before a region, a region before ALL; of two alike, the one written first.
Where the documents are silent the choice is in docs/explanation/feeds.md, "What a buyer pays".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import attrs

from agentic_commerce.errors import Issue
from agentic_commerce.feeds._quotes import QuoteFee, QuoteShipping, QuoteShippingPart, Reason
from agentic_commerce.feeds.entries import SpeedRange, zip_bounds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from agentic_commerce.feeds._quotes import QuoteItem, QuoteLine
    from agentic_commerce.feeds.entries import ApplicableFee, ShippingOption
    from agentic_commerce.feeds.rows import ProductRow

__all__ = ["Place", "cart_issues", "delivery_issues", "fee_issues", "fees", "shipping_choices"]


class Place(NamedTuple):
    """Where a cart goes; what the address does not say is empty."""

    country: str
    region: str
    postal_code: str


def _narrowest(entries: Iterable[Any], name: str) -> dict[str, Any]:
    """The entry that counts for each service or label."""
    best: dict[str, Any] = {}
    for entry in entries:
        key = getattr(entry, name)
        if key not in best or _narrowness(entry) > _narrowness(best[key]):
            best[key] = entry
    return best


def _narrowness(entry: Any) -> tuple[int, int]:
    area = getattr(entry, "area", None) or entry.region
    bounds = zip_bounds(area) if entry.country == "US" else None
    if bounds is not None:
        return 2, int(bounds[0]) - int(bounds[1])
    return (0 if area == "ALL" else 1), 0


# ------------------------------------------------------------------------------------------- fees


def _fees_at(row: ProductRow, place: Place) -> Iterable[ApplicableFee]:
    covering = [fee for fee in row.applicable_fees if fee.covers(place.country, place.region)]
    return _narrowest(covering, "label").values()


def fees(item: QuoteItem, place: Place, currency: str) -> Iterator[QuoteFee]:
    """The fees on an item at a place, those of each label once."""
    for fee in _fees_at(item.row, place):
        if fee.amount.currency.lower() == currency:
            unit = fee.amount.minor_units
            amount = unit * item.quantity
            yield QuoteFee(label=fee.label, unit_amount=unit, amount=amount, entry=fee)


def fee_issues(item: QuoteItem, place: Place, currency: str) -> Iterator[Issue]:
    """A fee that is due and cannot be added to the cart stops the line: it must not be dropped."""
    for fee in _fees_at(item.row, place):
        if fee.amount.currency.lower() != currency:
            message = f"the fee {fee.label!r} is in {fee.amount.currency}, the cart is not"
            yield Issue("fee_currency", message, column="applicable_fees", id=item.row.id)
    if not place.region and any(_is_regional(fee, place) for fee in item.row.applicable_fees):
        message = "a fee depends on what the address lacks: state"
        yield Issue("address_incomplete", message, column="applicable_fees", id=item.row.id)


def _is_regional(fee: ApplicableFee, place: Place) -> bool:
    return fee.country == place.country.upper() and fee.region != "ALL"


# --------------------------------------------------------------------------------------- shipping


def _options_at(row: ProductRow, place: Place, currency: str) -> Mapping[str, ShippingOption]:
    covering = [option for option in row.shipping if option.covers(*place)]
    options: dict[str, ShippingOption] = _narrowest(covering, "service")
    return {
        service: option
        for service, option in options.items()
        if option.price.currency.lower() == currency
    }


def delivery_issues(row: ProductRow, place: Place, currency: str) -> Iterator[Issue]:
    """Why a row that ships cannot be shipped to a place."""
    if not row.shipping or _options_at(row, place, currency):
        return
    if any(option.covers(*place) for option in row.shipping):
        code, message = "shipping_currency", "the shipping price is in another currency"
    elif lacks := ", ".join(_lacking(row, place)):
        code, message = "address_incomplete", f"it depends on what the address lacks: {lacks}"
    else:
        countries = ", ".join(sorted({option.country for option in row.shipping}))
        code, message = "not_shipped_there", f"not shipped there; only to places in {countries}"
    yield Issue(code, message, column="shipping", id=row.id)


def _lacking(row: ProductRow, place: Place) -> Iterator[str]:
    if not place.country:
        yield "country"
        return
    there = [option for option in row.shipping if option.country == place.country.upper()]
    postal = [option.country == "US" and zip_bounds(option.area) is not None for option in there]
    if not place.region and not all(postal):
        yield "state"
    if not place.postal_code and any(postal):
        yield "postal_code"


def shipping_choices(
    lines: Sequence[QuoteLine], place: Place, currency: str, subtotal: int
) -> list[QuoteShipping]:
    """The services that serve every line that ships, the cheapest first."""
    shipped = [line for line in lines if line.ships]
    options = [_options_at(line.item.row, place, currency) for line in shipped]
    common = set.intersection(*map(set, options)) if options else set()
    choices = [
        _choice(service, _parts(shipped, [each[service] for each in options], place, subtotal))
        for service in common
    ]
    return sorted(choices, key=lambda choice: (choice.amount, choice.service))


def cart_issues(lines: Sequence[QuoteLine], choices: Sequence[QuoteShipping]) -> Iterator[Issue]:
    """Why lines that can each be shipped cannot be shipped together."""
    shipped = [line for line in lines if line.ships]
    stuck = any(issue.column == "shipping" for line in shipped for issue in line.issues)
    if shipped and not choices and not stuck:
        message = "no shipping service serves every product of the cart at this address"
        hint = "write the same service names into the rows of products bought together"
        yield Issue("no_common_service", message, column="shipping", hint=hint)


def _parts(
    lines: Sequence[QuoteLine], options: Sequence[ShippingOption], place: Place, subtotal: int
) -> list[QuoteShippingPart]:
    parts = []
    for line, option in zip(lines, options, strict=True):
        basis = line.item.row.shipping_cost_basis or "per_order"
        free_from = _threshold(line.item.row, place, option)
        parts.append(
            QuoteShippingPart(
                id=line.id,
                option=option,
                basis=basis,
                quantity=line.quantity,
                amount=option.price.minor_units * (line.quantity if basis == "per_item" else 1),
                free_from=free_from,
                is_free=free_from is not None and subtotal >= free_from,
            )
        )
    return parts


def _threshold(row: ProductRow, place: Place, option: ShippingOption) -> int | None:
    covering = [
        threshold
        for threshold in row.free_shipping_threshold
        if threshold.service == option.service
        and threshold.covers(place.country, place.region)
        and threshold.threshold.currency == option.price.currency
    ]
    found = _narrowest(covering, "service").get(option.service)
    return None if found is None else found.threshold.minor_units


def _choice(service: str, parts: Sequence[QuoteShippingPart]) -> QuoteShipping:
    regular = sum(_charges(parts, [part.amount for part in parts]))
    charges = _charges(parts, [0 if part.is_free else part.amount for part in parts])
    charged = [attrs.evolve(part, amount=c) for part, c in zip(parts, charges, strict=True)]
    amount = sum(charges)
    return QuoteShipping(
        service=service,
        amount=amount,
        regular_amount=regular,
        speed=_slowest([part.option.speed for part in parts]),
        reason=Reason(_reason_code(amount, regular), "; ".join(map(_account, charged))),
        parts=tuple(charged),
    )


def _charges(parts: Sequence[QuoteShippingPart], prices: Sequence[int]) -> list[int]:
    """What each part is charged: its own price, or the dearest of those paid once per order."""
    shared = [(price, part.id) for part, price in zip(parts, prices, strict=True) if _once(part)]
    payer = min(shared, key=lambda one: (-one[0], one[1]), default=None)
    charges = []
    for part, price in zip(parts, prices, strict=True):
        pays = not _once(part) or (price, part.id) == payer
        charges.append(price if pays else 0)
        if pays and _once(part):
            payer = None  # the same product may stand in the cart twice
    return charges


def _once(part: QuoteShippingPart) -> bool:
    return part.basis == "per_order"


def _slowest(speeds: Sequence[SpeedRange | None]) -> SpeedRange | None:
    known = [speed for speed in speeds if speed is not None]
    if len(known) < len(speeds):
        return None
    return SpeedRange(max(s.minimum for s in known), max(s.maximum for s in known))


def _reason_code(amount: int, regular: int) -> str:
    if amount == regular:
        return "shipping_price"
    return "shipping_partly_free" if amount else "shipping_free"


def _account(part: QuoteShippingPart) -> str:
    price = part.option.price
    if part.is_free:
        return f"{part.id}: free, its threshold is met"
    if not _once(part):
        return f"{part.id}: {part.quantity} x {price}"
    pays = part.amount == price.minor_units
    return f"{part.id}: {price} once per order" if pays else f"{part.id}: with the order"
