"""What Stripe sends to a platform's hook endpoint: one record for each JSON object.

Field names are Stripe's. Amounts are whole numbers in the currency's minor unit (cents for USD),
currencies are lowercase ISO 4217 codes, percentages are per cent of 100 (8.5 is 8.5 %). A key that
was not sent, or was null, is None (or an empty tuple); a key that is not listed here is kept in
``request.raw``. Fields that hold a buyer's data do not appear in a repr. The type checker treats
records as frozen.

Sources: docs.stripe.com/connect/saas/tasks/enable-in-context-selling-on-ai-agents, "Set up an order
approval hook" and "Set up a checkout customization hook". Fields marked *observed* are not in those
schemas; captured payloads have them.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Final

from attrs import field

from agentic_commerce._parts import Address, TotalDetails
from agentic_commerce._record import masked, record

__all__ = [
    "CUSTOMIZE_CHECKOUT",
    "FINALIZE_CHECKOUT",
    "PRODUCT_PRICE_AVAILABILITY",
    "Address",
    "AutomaticTax",
    "BillingDetails",
    "Card",
    "CardBrand",
    "CardFunding",
    "CurrencyOption",
    "CustomizeCheckoutData",
    "CustomizeCheckoutRequest",
    "CustomizeLineItem",
    "CustomizeShippingDetails",
    "DeliveryUnit",
    "EstimateBound",
    "FinalizeCheckoutData",
    "FinalizeCheckoutRequest",
    "FinalizeLineItem",
    "FinalizeShippingDetails",
    "HookRequest",
    "LineItemTax",
    "LineItemTaxRate",
    "PaymentMethodDetails",
    "ProductPriceAvailabilityData",
    "ProductPriceAvailabilityRequest",
    "ShippingRate",
    "ShippingRateAmount",
    "ShippingRateEstimate",
    "TaxBehavior",
    "TotalDetails",
    "Wallet",
]

CUSTOMIZE_CHECKOUT: Final = "v1.delegated_checkout.customize_checkout"
FINALIZE_CHECKOUT: Final = "v1.delegated_checkout.finalize_checkout"
PRODUCT_PRICE_AVAILABILITY: Final = "delegated_commerce.product_price_availability"


class TaxBehavior(StrEnum):
    """Whether an amount includes its tax. ``included``/``excluded`` are read as these."""

    INCLUSIVE = "inclusive"
    EXCLUSIVE = "exclusive"
    UNSPECIFIED = "unspecified"


class DeliveryUnit(StrEnum):
    """The units of a delivery estimate, in the hook's schema or the Shipping Rates API."""

    HOUR = "hour"
    DAY = "day"
    BUSINESS_DAY = "business_day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class CardBrand(StrEnum):
    """The card brands that the schema names. Others arrive as plain text.

    ``master_card``, as the hook's schema spells it, is read as ``mastercard``, the API's spelling;
    ``request.raw`` has what was sent.
    """

    AMEX = "amex"
    MASTERCARD = "mastercard"
    VISA = "visa"


class CardFunding(StrEnum):
    """How a card is funded."""

    CREDIT = "credit"
    DEBIT = "debit"
    PREPAID = "prepaid"
    UNKNOWN = "unknown"


# ---------------------------------------------------------------------------------------- shared


@record(kw_only=True)
class AutomaticTax:
    """Whether Stripe Tax computes the tax. If it does, an answer must not bring tax rates."""

    enabled: bool


@record(kw_only=True)
class LineItemTaxRate:
    """A tax rate that applies to a line. ``percentage`` is per cent of 100."""

    id: str
    display_name: str
    percentage: Decimal
    inclusive: bool


@record(kw_only=True)
class LineItemTax:
    """A tax rate on a line and what it comes to. ``amount`` is in minor units."""

    rate: LineItemTaxRate
    amount: int


# ----------------------------------------------------------------------------- customize_checkout


@record(kw_only=True)
class CurrencyOption:
    """A shipping rate's price in another currency. Minor units."""

    amount: int
    tax_behavior: TaxBehavior | str


@record(kw_only=True)
class ShippingRateAmount:
    """A shipping rate's price. ``amount`` is in minor units of ``currency`` (lowercase)."""

    amount: int
    currency: str
    currency_options: Mapping[str, CurrencyOption] = field(factory=dict)


@record(kw_only=True)
class EstimateBound:
    """One end of a delivery estimate: so many units. Any unit is read."""

    unit: DeliveryUnit | str
    value: int


@record(kw_only=True)
class ShippingRateEstimate:
    """When a delivery is expected; either end may be missing."""

    minimum: EstimateBound | None = None
    maximum: EstimateBound | None = None


@record(kw_only=True)
class ShippingRate:
    """A shipping rate that Stripe offers: the hook's subset of the Shipping Rate object."""

    id: str
    fixed_amount: ShippingRateAmount
    tax_behavior: TaxBehavior | str
    display_name: str | None = None
    tax_code: str | None = None
    delivery_estimate: ShippingRateEstimate | None = None
    metadata: Mapping[str, Any] = field(factory=dict, repr=masked)


@record(kw_only=True)
class CustomizeShippingDetails:
    """Where the order goes, the chosen shipping rate and the candidates."""

    address: Address | None = None
    shipping_rate: ShippingRate | None = None
    shipping_rates: tuple[ShippingRate, ...] = ()


@record(kw_only=True)
class CustomizeLineItem:
    """One line of the cart. ``sku_id`` is the product's ``id`` in the feed. Minor units."""

    id: str
    sku_id: str
    unit_amount: int
    quantity: int
    amount_subtotal: int
    amount_total: int
    amount_discount: int
    amount_tax: int
    tax_rates: tuple[LineItemTax, ...]
    name: str | None = None


@record(kw_only=True)
class CustomizeCheckoutData:
    """What a ``customize_checkout`` hook is about. Minor units of ``currency``.

    Observed: ``checkout_session``, ``discounts`` (element shape unknown) and ``metadata``.
    """

    automatic_tax: AutomaticTax
    currency: str
    line_item_details: tuple[CustomizeLineItem, ...] = ()
    shipping_details: CustomizeShippingDetails | None = None
    amount_subtotal: int | None = None
    amount_total: int | None = None
    total_details: TotalDetails | None = None
    checkout_session: str | None = None
    discounts: tuple[Any, ...] = field(default=(), repr=masked)
    metadata: Mapping[str, Any] = field(factory=dict, repr=masked)


# ------------------------------------------------------------------------------ finalize_checkout


@record(kw_only=True)
class FinalizeLineItem:
    """One line of the order. Minor units.

    Observed: ``sku_id`` (the product's ``id`` in the feed), the ``amount_*`` fields, ``tax_rates``.
    """

    id: str
    unit_amount: int
    quantity: int
    name: str
    sku_id: str | None = None
    amount_subtotal: int | None = None
    amount_total: int | None = None
    amount_discount: int | None = None
    amount_tax: int | None = None
    tax_rates: tuple[LineItemTax, ...] = ()


@record(kw_only=True)
class BillingDetails:
    """Who pays, and from where."""

    name: str | None = field(default=None, repr=masked)
    address: Address | None = None


@record(kw_only=True)
class FinalizeShippingDetails:
    """Who receives the order, and where."""

    name: str | None = field(default=None, repr=masked)
    address: Address | None = None


@record(kw_only=True)
class Wallet:
    """The wallet that held the card, such as ``apple_pay`` or ``google_pay``."""

    type: str


@record(kw_only=True)
class Card:
    """The card that pays. Brand and funding are open: a new value arrives as plain text."""

    brand: CardBrand | str
    exp_month: int
    exp_year: int
    funding: CardFunding | str
    last4: str
    country: str | None = None
    fingerprint: str | None = field(default=None, repr=masked)
    iin: str | None = field(default=None, repr=masked)
    wallet: Wallet | None = None


@record(kw_only=True)
class PaymentMethodDetails:
    """How the buyer pays: ``type`` is ``card``, or a newer method without details here."""

    type: str
    card: Card | None = None


@record(kw_only=True)
class FinalizeCheckoutData:
    """What a ``finalize_checkout`` hook is about. Minor units of ``currency``.

    The lines are read from ``line_item_details`` or ``line_items_details``, whichever was sent.
    Observed: ``checkout_session``, ``automatic_tax``, ``discounts``, ``metadata``.
    """

    currency: str
    line_item_details: tuple[FinalizeLineItem, ...] = field(
        default=(), metadata={"also": "line_items_details"}
    )
    amount_subtotal: int | None = None
    amount_total: int | None = None
    total_details: TotalDetails | None = None
    email: str | None = field(default=None, repr=masked)
    phone: str | None = field(default=None, repr=masked)
    billing_details: BillingDetails | None = None
    shipping_details: FinalizeShippingDetails | None = None
    payment_method_details: PaymentMethodDetails | None = None
    checkout_session: str | None = None
    automatic_tax: AutomaticTax | None = None
    discounts: tuple[Any, ...] = field(default=(), repr=masked)
    metadata: Mapping[str, Any] = field(factory=dict, repr=masked)

    @property
    def line_items_details(self) -> tuple[FinalizeLineItem, ...]:
        """The same tuple as ``line_item_details``, under the schema's spelling."""
        return self.line_item_details


# --------------------------------------------------------------------- product_price_availability


@record(kw_only=True)
class ProductPriceAvailabilityData:
    """The product that Stripe asks about: ``sku_id`` is its ``id`` in the feed."""

    sku_id: str


# -------------------------------------------------------------------------------------- envelopes


class _Envelope:
    __slots__ = ()

    if TYPE_CHECKING:

        @property
        def context(self) -> str | None: ...

    @property
    def account(self) -> str | None:
        """The account that the hook concerns: the same as ``context``."""
        return self.context


@record(kw_only=True)
class CustomizeCheckoutRequest(_Envelope):
    """Stripe asks for tax rates and shipping options.

    ``context`` is the connected account (or None); ``raw`` is the whole payload as it was sent.
    """

    hook_type: ClassVar[str] = CUSTOMIZE_CHECKOUT

    type: str
    id: str
    livemode: bool
    data: CustomizeCheckoutData
    context: str | None = None
    raw: Mapping[str, Any] = field(factory=dict, repr=False, eq=False, metadata={"whole": True})


@record(kw_only=True)
class FinalizeCheckoutRequest(_Envelope):
    """Stripe asks whether the order may be paid, and which application fee to take.

    ``context`` is the connected account (or None); ``raw`` is the whole payload as it was sent.
    """

    hook_type: ClassVar[str] = FINALIZE_CHECKOUT

    type: str
    id: str
    livemode: bool
    data: FinalizeCheckoutData
    context: str | None = None
    raw: Mapping[str, Any] = field(factory=dict, repr=False, eq=False, metadata={"whole": True})


@record(kw_only=True)
class ProductPriceAvailabilityRequest(_Envelope):
    """Stripe asks for one product's price and stock, just before a checkout completes.

    ``context`` is the seller's account; ``raw`` is the whole payload as it was sent. This hook is
    not in the platform guide: its shape is that of two public implementations, which agree.
    """

    hook_type: ClassVar[str] = PRODUCT_PRICE_AVAILABILITY

    type: str
    id: str
    livemode: bool
    data: ProductPriceAvailabilityData
    context: str | None = None
    raw: Mapping[str, Any] = field(factory=dict, repr=False, eq=False, metadata={"whole": True})


HookRequest = CustomizeCheckoutRequest | FinalizeCheckoutRequest | ProductPriceAvailabilityRequest
"""A request of any hook; ``isinstance`` or ``match`` tells which."""
