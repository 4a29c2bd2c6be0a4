"""What a handler answers: records that cannot be built wrong.

Each constructor checks what one object can know and raises `ResponseError` with every fault; what
only shows beside the request (line ids, currency, totals) is checked by the dispatcher. Amounts are
whole numbers in the currency's minor unit, currencies are lowercase, percentages are per cent of
100. What is left out of a constructor is left out of the JSON.

Sources: docs.stripe.com/connect/saas/tasks/enable-in-context-selling-on-ai-agents, "Response
format" of both hooks.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from math import isfinite
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import attrs
from attrs import field

from agentic_commerce._compile import enum_values
from agentic_commerce.errors import Issue, ResponseError
from agentic_commerce.hooks.requests import DeliveryUnit, TaxBehavior

__all__ = [
    "ApplicationFeeDetails",
    "Availability",
    "CustomizeCheckoutResponse",
    "Declined",
    "DeliveryBound",
    "DeliveryEstimate",
    "FinalizeCheckoutResponse",
    "FixedAmount",
    "HookResponse",
    "LineItemTaxes",
    "ManualApprovalDetails",
    "ProductPriceAvailabilityResponse",
    "SalePrice",
    "ShippingOption",
    "ShippingRateData",
    "TaxRate",
    "TaxRateData",
    "TransferData",
    "UnitPrice",
]

Faults = tuple[Issue, ...]

# Rule: three lowercase ASCII letters. Source: the hook's schema, `currency: 'usd' | 'cad' | etc.`
_CURRENCY: Final = re.compile(r"[a-z]{3}", re.ASCII)


# ------------------------------------------------------------------------------------------ checks


# Each check returns what it found, mostly nothing: an empty tuple costs no allocation, and a good
# object is built in about a microsecond.


def _refuse(faults: Faults) -> None:
    if faults:
        raise ResponseError(faults)


def _fault(code: str, message: str, name: str = "", hint: str | None = None) -> Faults:
    return (Issue(code, message, column=f"$.{name}" if name else "$", hint=hint),)


def _text(name: str, value: object) -> Faults:
    if not isinstance(value, str):
        return _fault("kind", f"expected text, got a {type(value).__name__}", name)
    return () if value.strip() else _fault("empty", "must not be empty", name)


def _flag(name: str, value: object) -> Faults:
    if isinstance(value, bool):
        return ()
    return _fault("kind", f"expected true or false, got a {type(value).__name__}", name)


def _amount(name: str, value: object) -> Faults:
    if type(value) is not int:
        hint = "a whole number of minor units: 1500 is 15.00 USD"
        return _fault("kind", f"expected a whole number, got a {type(value).__name__}", name, hint)
    return () if value >= 0 else _fault("range", "must not be negative", name)


def _percentage(name: str, value: object) -> Faults:
    if not isinstance(value, (int, float, Decimal)) or isinstance(value, bool):
        return _fault("kind", f"expected a number, got a {type(value).__name__}", name)
    finite = value.is_finite() if isinstance(value, Decimal) else isfinite(value)
    if not finite or not 0 <= value <= 100:
        return _fault("range", "must be from 0 to 100", name, "8.5 is 8.5 %")
    if isinstance(value, Decimal) and Decimal(repr(float(value))) != value:
        return _fault("range", "has more digits than a JSON number holds", name)
    return ()


def _currency(name: str, value: object) -> Faults:
    if isinstance(value, str) and _CURRENCY.fullmatch(value):
        return ()
    return _fault("currency", "expected a lowercase ISO 4217 code such as 'usd'", name)


def _choice(name: str, value: object, allowed: Iterable[str]) -> Faults:
    names = [str(choice) for choice in allowed]
    return () if value in names else _fault("choice", f"expected one of {', '.join(names)}", name)


def _is_a(name: str, value: object, kind: type) -> Faults:
    if isinstance(value, kind):
        return ()
    return _fault("kind", f"expected {kind.__name__}, got a {type(value).__name__}", name)


def _all_are(name: str, values: object, kind: type) -> Faults:
    if not isinstance(values, tuple):
        return _fault("kind", f"expected a list of {kind.__name__}", name)
    if {*map(type, values)} <= {kind}:
        return ()
    return tuple(
        issue
        for index, value in enumerate(values)
        if not isinstance(value, kind)
        for issue in _is_a(f"{name}[{index}]", value, kind)
    )


def _maybe(check: Callable[..., Faults], name: str, value: object, *rest: Any) -> Faults:
    return () if value is None else check(name, value, *rest)


def _exactly_one(first: str, second: str, one: object, other: object) -> Faults:
    if (one is None) != (other is None):
        return ()
    return _fault("exactly_one", f"give exactly one of {first} and {second}")


def _labels(name: str, value: object) -> Faults:
    if not isinstance(value, Mapping):
        return _fault("kind", f"expected an object of texts, got a {type(value).__name__}", name)
    if all(isinstance(k, str) and isinstance(v, str) for k, v in value.items()):
        return ()
    return _fault("kind", "expected texts only, for keys and for values", name)


# -------------------------------------------------------------------------------------- converters


def _tuple(values: Any) -> Any:
    if type(values) is list or type(values) is tuple:
        return tuple(values)
    if values is None:  # a check of its own: asking an abstract class costs ten times as much
        return None
    # A text or a single record is left as it is, for the check that follows to name.
    plain = isinstance(values, Iterable) and not isinstance(values, (str, Mapping))
    return tuple(values) if plain else values


# mypy reads the type of a constructor's argument off the field's converter.
if TYPE_CHECKING:

    def _options(values: Iterable[ShippingOption] | None) -> tuple[ShippingOption, ...] | None: ...
    def _rates(values: Iterable[TaxRate]) -> tuple[TaxRate, ...]: ...
    def _lines(values: Iterable[LineItemTaxes]) -> tuple[LineItemTaxes, ...]: ...

else:
    _options = _rates = _lines = _tuple


_TAX_WORDS: Final = enum_values(TaxBehavior | str)


def _tax_word(value: TaxBehavior | str | None) -> TaxBehavior | str | None:
    """The API's word: ``included`` and ``excluded`` are the guide's for the same."""
    return _TAX_WORDS.get(value, value) if isinstance(value, str) else value


def _frozen_map(value: Mapping[str, str] | None) -> Mapping[str, str] | None:
    return MappingProxyType(dict(value)) if isinstance(value, Mapping) else value


# -------------------------------------------------------------------------------- shipping options


@attrs.frozen
class FixedAmount:
    """A price: ``amount`` in minor units of a lowercase ``currency``.

    >>> FixedAmount(599, "usd")
    FixedAmount(amount=599, currency='usd')
    """

    amount: int
    currency: str

    def __attrs_post_init__(self) -> None:
        _refuse(_amount("amount", self.amount) + _currency("currency", self.currency))


@attrs.frozen
class DeliveryBound:
    """One end of a delivery estimate: so many units.

    ``unit`` is ``hour``, ``day``, ``business_day``, ``week`` or ``month``. ``year`` stands in the
    hook's schema but not in the Shipping Rates API, which creates the rate; it is passed on with a
    warning.
    """

    unit: DeliveryUnit | str
    value: int

    def __attrs_post_init__(self) -> None:
        _refuse(_choice("unit", self.unit, DeliveryUnit) + _amount("value", self.value))
        if self.unit == DeliveryUnit.YEAR:
            warnings.warn(
                "the Shipping Rates API knows no unit 'year': Stripe may refuse the answer",
                stacklevel=3,
            )


@attrs.frozen
class DeliveryEstimate:
    """The earliest and the latest delivery. Both are needed.

    >>> DeliveryEstimate.business_days(3, 5).maximum.value
    5
    """

    minimum: DeliveryBound
    maximum: DeliveryBound

    def __attrs_post_init__(self) -> None:
        low, high = self.minimum, self.maximum
        _refuse(_is_a("minimum", low, DeliveryBound) + _is_a("maximum", high, DeliveryBound))
        if low.unit == high.unit and low.value > high.value:
            _refuse(_fault("range", "the minimum is larger than the maximum"))

    @classmethod
    def days(cls, minimum: int, maximum: int) -> DeliveryEstimate:
        """From so many to so many days."""
        return cls(DeliveryBound("day", minimum), DeliveryBound("day", maximum))

    @classmethod
    def business_days(cls, minimum: int, maximum: int) -> DeliveryEstimate:
        """From so many to so many business days."""
        unit = DeliveryUnit.BUSINESS_DAY
        return cls(DeliveryBound(unit, minimum), DeliveryBound(unit, maximum))


@attrs.frozen(kw_only=True)
class ShippingRateData:
    """What Stripe needs to create a shipping rate.

    ``display_name`` is optional in the hook's schema and required by the API that creates the rate,
    so it is required here.
    """

    display_name: str
    fixed_amount: FixedAmount
    delivery_estimate: DeliveryEstimate | None = None
    tax_behavior: TaxBehavior | str | None = field(default=None, converter=_tax_word)
    tax_code: str | None = None
    metadata: Mapping[str, str] | None = field(default=None, converter=_frozen_map, hash=False)

    def __attrs_post_init__(self) -> None:
        _refuse(
            _text("display_name", self.display_name)
            + _is_a("fixed_amount", self.fixed_amount, FixedAmount)
            + _maybe(_is_a, "delivery_estimate", self.delivery_estimate, DeliveryEstimate)
            + _maybe(_choice, "tax_behavior", self.tax_behavior, TaxBehavior)
            + _maybe(_text, "tax_code", self.tax_code)
            + _maybe(_labels, "metadata", self.metadata)
        )


@attrs.frozen(kw_only=True)
class ShippingOption:
    """One shipping option: an existing rate, or the data of a new one.

    >>> ShippingOption.by_data("Standard", 500, "usd").shipping_rate_data.fixed_amount.amount
    500
    """

    shipping_rate: str | None = None
    shipping_rate_data: ShippingRateData | None = None

    def __attrs_post_init__(self) -> None:
        rate, data = self.shipping_rate, self.shipping_rate_data
        _refuse(
            _exactly_one("shipping_rate", "shipping_rate_data", rate, data)
            + _maybe(_text, "shipping_rate", rate)
            + _maybe(_is_a, "shipping_rate_data", data, ShippingRateData)
        )

    @classmethod
    def by_id(cls, shipping_rate: str) -> ShippingOption:
        """Offer an existing shipping rate (``shr_...``)."""
        return cls(shipping_rate=shipping_rate)

    @classmethod
    def by_data(
        cls,
        display_name: str,
        amount: int,
        currency: str,
        *,
        delivery_estimate: DeliveryEstimate | None = None,
        tax_behavior: TaxBehavior | str | None = None,
        tax_code: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> ShippingOption:
        """Offer a new shipping rate. ``amount`` is in minor units."""
        data = ShippingRateData(
            display_name=display_name,
            fixed_amount=FixedAmount(amount, currency),
            delivery_estimate=delivery_estimate,
            tax_behavior=tax_behavior,
            tax_code=tax_code,
            metadata=metadata,
        )
        return cls(shipping_rate_data=data)


# --------------------------------------------------------------------------------------- tax rates


@attrs.frozen(kw_only=True)
class TaxRateData:
    """What Stripe needs to find or create a tax rate. ``percentage`` is from 0 to 100."""

    display_name: str
    percentage: Decimal | float
    inclusive: bool

    def __attrs_post_init__(self) -> None:
        _refuse(
            _text("display_name", self.display_name)
            + _percentage("percentage", self.percentage)
            + _flag("inclusive", self.inclusive)
        )


@attrs.frozen(kw_only=True)
class TaxRate:
    """One tax rate on a line: an existing rate, or the data of one.

    >>> TaxRate.by_data("Sales tax", Decimal("8.5")).rate_data.percentage
    Decimal('8.5')
    """

    rate: str | None = None
    rate_data: TaxRateData | None = None

    def __attrs_post_init__(self) -> None:
        _refuse(
            _exactly_one("rate", "rate_data", self.rate, self.rate_data)
            + _maybe(_text, "rate", self.rate)
            + _maybe(_is_a, "rate_data", self.rate_data, TaxRateData)
        )

    @classmethod
    def by_id(cls, rate: str) -> TaxRate:
        """Apply an existing tax rate (``txr_...``)."""
        return cls(rate=rate)

    @classmethod
    def by_data(
        cls, display_name: str, percentage: Decimal | float, *, inclusive: bool = False
    ) -> TaxRate:
        """Apply a rate by what it is. Stripe reuses a matching rate or creates one."""
        data = TaxRateData(display_name=display_name, percentage=percentage, inclusive=inclusive)
        return cls(rate_data=data)


@attrs.frozen
class LineItemTaxes:
    """The tax rates of one line; ``id`` is the line's id in the request. No rates mean no tax."""

    id: str
    tax_rates: tuple[TaxRate, ...] = field(converter=_rates)

    def __attrs_post_init__(self) -> None:
        # One of these is built for every line of every order: a good one is let through at once.
        name, rates = self.id, self.tax_rates
        if type(name) is str and name and type(rates) is tuple and {*map(type, rates)} <= {TaxRate}:
            return
        _refuse(_text("id", name) + _all_are("tax_rates", rates, TaxRate))


@attrs.frozen
class CustomizeCheckoutResponse:
    """The answer to ``customize_checkout``: shipping options, tax rates, both or neither.

    ``shipping_options=None`` leaves Stripe's own options as they are; an empty tuple says that
    nothing can be delivered (whether that blocks the checkout is not documented). Lines that
    ``line_items`` does not name keep their tax. ``extra`` holds top-level keys that this library
    does not know, such as the payment-method restriction that Stripe has announced without
    publishing its name; they are sent unchecked.
    """

    shipping_options: tuple[ShippingOption, ...] | None = field(default=None, converter=_options)
    line_items: tuple[LineItemTaxes, ...] = field(default=(), converter=_lines)
    extra: Mapping[str, Any] | None = field(
        default=None, hash=False, kw_only=True, metadata={"beside": True}
    )

    def __attrs_post_init__(self) -> None:
        options, extra = self.shipping_options, self.extra
        _refuse(
            _all_are("line_items", self.line_items, LineItemTaxes)
            + (() if options is None else _all_are("shipping_options", options, ShippingOption))
            + (() if extra is None else _extra("extra", extra))
        )


def _extra(name: str, value: object) -> Faults:
    if not isinstance(value, Mapping):
        return _is_a(name, value, dict)
    known = sorted({"shipping_options", "line_items"} & value.keys())
    return tuple(
        issue
        for key in known
        for issue in _fault("forbidden", f"use {key}= for this key", f"{name}.{key}")
    )


# -------------------------------------------------------------------------------- order approvals


@attrs.frozen
class Declined:
    """Why an order is declined: free text."""

    reason: str

    def __attrs_post_init__(self) -> None:
        _refuse(_text("reason", self.reason))


@attrs.frozen(kw_only=True)
class ManualApprovalDetails:
    """The decision: ``type`` is ``approved`` or ``declined``; only a decline has a reason."""

    type: str
    declined: Declined | None = None

    def __attrs_post_init__(self) -> None:
        _refuse(
            _choice("type", self.type, ("approved", "declined"))
            + _maybe(_is_a, "declined", self.declined, Declined)
        )
        if self.type == "declined" and self.declined is None:
            _refuse(_fault("missing", "a decline needs a reason", "declined"))
        if self.type == "approved" and self.declined is not None:
            _refuse(_fault("forbidden", "an approval has no decline reason", "declined"))


@attrs.frozen
class TransferData:
    """What goes to the connected account of a destination charge. Minor units."""

    amount: int | None = None

    def __attrs_post_init__(self) -> None:
        _refuse(_maybe(_amount, "amount", self.amount))


@attrs.frozen(kw_only=True)
class ApplicationFeeDetails:
    """The platform's fee on this order, in minor units of the order's currency."""

    application_fee_amount: int
    transfer_data: TransferData | None = None

    def __attrs_post_init__(self) -> None:
        _refuse(
            _amount("application_fee_amount", self.application_fee_amount)
            + _maybe(_is_a, "transfer_data", self.transfer_data, TransferData)
        )


@attrs.frozen(kw_only=True)
class FinalizeCheckoutResponse:
    """The answer to ``finalize_checkout``: write it with `approve` or `decline`.

    >>> FinalizeCheckoutResponse.approve(application_fee_amount=50).is_approved
    True
    >>> FinalizeCheckoutResponse.decline("Out of stock").is_approved
    False
    """

    manual_approval_details: ManualApprovalDetails
    application_fee_details: ApplicationFeeDetails | None = None
    metadata: Mapping[str, str] | None = field(default=None, converter=_frozen_map, hash=False)

    def __attrs_post_init__(self) -> None:
        fee = self.application_fee_details
        _refuse(
            _is_a("manual_approval_details", self.manual_approval_details, ManualApprovalDetails)
            + _maybe(_is_a, "application_fee_details", fee, ApplicationFeeDetails)
            + _maybe(_labels, "metadata", self.metadata)
        )
        if fee is not None and not self.is_approved:
            _refuse(_fault("forbidden", "a decline takes no fee", "application_fee_details"))

    @property
    def is_approved(self) -> bool:
        """Whether the order may be paid."""
        return self.manual_approval_details.type == "approved"

    @classmethod
    def approve(
        cls,
        application_fee_amount: int | None = None,
        transfer_amount: int | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> FinalizeCheckoutResponse:
        """Let the order be paid. Amounts are in minor units.

        Without ``application_fee_amount`` the platform takes no fee: a platform that pays Stripe's
        fees then loses money on the order. ``transfer_amount`` is for destination charges and needs
        a fee beside it. ``metadata`` is copied to the Checkout Session (observed, undocumented).
        """
        if application_fee_amount is None:
            if transfer_amount is not None:
                message = "a transfer amount needs an application_fee_amount"
                _refuse(_fault("missing", message, "application_fee_details"))
            fee = None
        else:
            transfer = None if transfer_amount is None else TransferData(transfer_amount)
            fee = ApplicationFeeDetails(
                application_fee_amount=application_fee_amount, transfer_data=transfer
            )
        return cls(
            manual_approval_details=ManualApprovalDetails(type="approved"),
            application_fee_details=fee,
            metadata=metadata,
        )

    @classmethod
    def decline(cls, reason: str) -> FinalizeCheckoutResponse:
        """Refuse the order, and say why."""
        details = ManualApprovalDetails(type="declined", declined=Declined(reason))
        return cls(manual_approval_details=details)


# --------------------------------------------------------------------------- price and availability


@attrs.frozen
class UnitPrice:
    """The price of one unit: ``unit_amount`` in minor units of a lowercase ``currency``."""

    unit_amount: int
    currency: str

    def __attrs_post_init__(self) -> None:
        _refuse(_amount("unit_amount", self.unit_amount) + _currency("currency", self.currency))


@attrs.frozen(kw_only=True)
class SalePrice:
    """A reduced price and the days on which it holds, first and last included."""

    unit_amount: int
    currency: str
    start_date: date
    end_date: date

    def __attrs_post_init__(self) -> None:
        _refuse(
            _amount("unit_amount", self.unit_amount)
            + _currency("currency", self.currency)
            + _day("start_date", self.start_date)
            + _day("end_date", self.end_date)
        )
        if self.start_date > self.end_date:
            _refuse(_fault("range", "the sale ends before it starts", "end_date"))


def _day(name: str, value: object) -> Faults:
    # A datetime is a date to isinstance, but has no place in a cell of days.
    return () if type(value) is date else _fault("kind", "expected a datetime.date", name)


@attrs.frozen
class Availability:
    """Whether a product can be bought; ``quantity`` is left out when stock is not tracked."""

    status: str
    quantity: int | None = None

    def __attrs_post_init__(self) -> None:
        _refuse(
            _choice("status", self.status, ("in_stock", "out_of_stock", "preorder", "backorder"))
            + _maybe(_amount, "quantity", self.quantity)
        )


@attrs.frozen(kw_only=True)
class ProductPriceAvailabilityResponse:
    """The answer to ``product_price_availability``: write it with `offer` or `gone`.

    ``sku_id`` and ``merchant_id`` repeat the request's; the dispatcher fills them in. ``as_of`` is
    in unix seconds. The shape is that of two public implementations, not of Stripe's documents.

    >>> ProductPriceAvailabilityResponse.offer("in_stock", quantity=3).availability.quantity
    3
    """

    sku_id: str | None = None
    merchant_id: str | None = None
    deleted: bool | None = None
    availability: Availability | None = None
    price: UnitPrice | None = None
    sale_price: SalePrice | None = None
    as_of: int | None = None

    def __attrs_post_init__(self) -> None:
        _refuse(
            _maybe(_text, "sku_id", self.sku_id)
            + _maybe(_text, "merchant_id", self.merchant_id)
            + _maybe(_flag, "deleted", self.deleted)
            + _maybe(_is_a, "availability", self.availability, Availability)
            + _maybe(_is_a, "price", self.price, UnitPrice)
            + _maybe(_is_a, "sale_price", self.sale_price, SalePrice)
            + _maybe(_amount, "as_of", self.as_of)
        )
        _refuse(self._combination_faults())

    def _combination_faults(self) -> Faults:
        offer = (self.availability, self.price, self.sale_price, self.as_of)
        if self.deleted:
            beside = any(part is not None for part in offer)
            return (
                _fault("forbidden", "a deleted product has no offer", "deleted") if beside else ()
            )
        if self.availability is None:
            return _fault("missing", "required unless the product is deleted", "availability")
        sale, price = self.sale_price, self.price
        if sale is not None and (price is None or price.currency != sale.currency):
            return _fault("currency", "needs a price in the same currency", "sale_price")
        return ()

    @classmethod
    def offer(
        cls,
        status: str,
        *,
        quantity: int | None = None,
        price: UnitPrice | None = None,
        sale_price: SalePrice | None = None,
        as_of: int | None = None,
    ) -> ProductPriceAvailabilityResponse:
        """Say what the product costs now and whether it can be bought.

        ``status`` is ``in_stock``, ``out_of_stock``, ``preorder`` or ``backorder``.
        """
        return cls(
            availability=Availability(status, quantity),
            price=price,
            sale_price=sale_price,
            as_of=as_of,
        )

    @classmethod
    def gone(cls) -> ProductPriceAvailabilityResponse:
        """Say that the product is no longer sold."""
        return cls(deleted=True)


HookResponse = (
    CustomizeCheckoutResponse | FinalizeCheckoutResponse | ProductPriceAvailabilityResponse
)
"""An answer to any hook."""
