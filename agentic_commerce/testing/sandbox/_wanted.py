"""What an agent is told to buy: checked and completed before anything happens."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, Literal, TypeAlias, TypedDict, get_args

import attrs
from attrs import field

from agentic_commerce._record import masked
from agentic_commerce.feeds import AddressLike, Destination
from agentic_commerce.hooks import (
    CustomizeCheckoutRequest,
    FinalizeCheckoutRequest,
    HookEndpoint,
    ProductPriceAvailabilityRequest,
)
from agentic_commerce.testing.payloads import CARD
from agentic_commerce.testing.sandbox._cart_json import Buyer
from agentic_commerce.testing.sandbox._gate import is_account
from agentic_commerce.testing.sandbox._hook_calls import Endpoint

__all__ = ["ChargeType", "Options", "PurchaseOptions", "Toggle", "Wanted", "wanted"]

ChargeType = Literal["direct", "destination"]

Toggle = Literal[
    "order_approvals", "custom_tax_rates", "custom_shipping_options", "pricing_and_availability"
]
"""The switches of the Dashboard's Agentic Commerce settings: which hooks are called."""

To: TypeAlias = "str | AddressLike | Mapping[str, str | None]"

_ADDRESS_KEYS: Final = ("line1", "line2", "city", "state", "postal_code", "country")
_STREET: Final = {"line1": "354 Oyster Point Blvd", "line2": "", "city": "South San Francisco"}
_BUYER: Final = {
    "name": "Jenny Rosen",
    "email": "jenny.rosen@example.com",
    "phone": "+14155550100",
}


class PurchaseOptions(TypedDict, total=False):
    """What else can be said of a purchase.

    ========================  =================================================================
    ``charge_type``           ``direct`` (default) or ``destination``: where session and payment
                              live, on the connected account or on the platform
    ``automatic_tax``         whether "Stripe Tax" is on (default False); hooks may then give no
                              rates. There is no tax engine here, only a flat rate
    ``tax_percentage``        that flat rate, per cent of 100 (default 0), on every line but not
                              on shipping; part of the price where the row says ``inclusive``
    ``toggles``               which hooks are called; by default those a `HookEndpoint` handles,
                              of another endpoint all but ``pricing_and_availability``
    ``manual_capture``        authorise only: capture the PaymentIntent yourself (default False)
    ``retries``               how often the agent tries again after a 424 (default 0)
    ``hook_timeout``          seconds until a hook is late (default 4.0); None: no limit, and the
                              endpoint runs on this thread
    ``discounts``             minor units off each line of a product, by SKU
    ``buyer``                 ``name``, ``email``, ``phone``, to change the sample's
    ``billing_address``       if it is not the address
    ``card``                  keys of the hook's card, to change the sample's
    ``card_error``            why the bank declines the card, such as ``insufficient_funds``
    ``secret``                what signs the hooks, where it is not the sandbox's own secret
    ``agent``                 the agent's name, if it is not that of ``sandbox.agent``
    ``agent_profile``         and its profile's id
    ========================  =================================================================
    """

    charge_type: ChargeType
    automatic_tax: bool
    tax_percentage: Decimal | int
    toggles: Collection[Toggle]
    manual_capture: bool
    retries: int
    hook_timeout: float | None
    discounts: Mapping[str, int]
    buyer: Mapping[str, str]
    billing_address: To
    card: Mapping[str, Any]
    card_error: str
    secret: str
    agent: str
    agent_profile: str


@attrs.frozen(kw_only=True)
class Options:
    """`PurchaseOptions` with the defaults filled in."""

    charge_type: ChargeType = "direct"
    automatic_tax: bool = False
    tax_percentage: Decimal | int = 0
    toggles: Collection[Toggle] | None = None
    manual_capture: bool = False
    retries: int = 0
    hook_timeout: float | None = 4.0
    discounts: Mapping[str, int] = field(factory=dict)
    buyer: Mapping[str, str] = field(factory=dict, repr=masked)
    billing_address: To | None = field(default=None, repr=masked)
    card: Mapping[str, Any] = field(factory=dict, repr=masked)
    card_error: str | None = None
    secret: str | None = field(default=None, repr=masked)
    agent: str | None = None
    agent_profile: str | None = None

    @classmethod
    def of(cls, options: PurchaseOptions) -> Options:
        """Make them of what was given. Raises: TypeError for a name that there is not."""
        unknown = sorted(options.keys() - attrs.fields_dict(cls).keys())
        if unknown:
            raise TypeError(f"a purchase has no {', '.join(unknown)}: see PurchaseOptions")
        return cls(**options)

    def __attrs_post_init__(self) -> None:
        if self.charge_type not in get_args(ChargeType):
            raise ValueError("charge_type is 'direct' or 'destination'")
        percentage = self.tax_percentage
        if isinstance(percentage, bool | float) or not _is_percentage(Decimal(percentage)):
            raise ValueError("tax_percentage is a Decimal or int from 0 to 100")
        if type(self.retries) is not int or self.retries < 0:
            raise ValueError("retries is a whole number, 0 or more")


def _is_percentage(value: Decimal) -> bool:
    return value.is_finite() and 0 <= value <= 100


@attrs.frozen(kw_only=True)
class Wanted:
    """A purchase that can begin."""

    account: str
    items: tuple[tuple[str, int], ...]
    buyer: Buyer
    toggles: frozenset[Toggle]
    shipping_service: str | None
    options: Options


def wanted(
    lines: Iterable[tuple[str, int]],
    account: str,
    address: To,
    endpoint: Endpoint | None,
    shipping_service: str | None,
    options: Options,
) -> Wanted:
    """Check what an agent is told to buy. Raises: ValueError or CellError."""
    if not is_account(account):
        raise ValueError("an agent buys from an account, such as acct_1")
    items = tuple(lines)
    if not items or not all(_is_item(item) for item in items):
        raise ValueError("give a SKU, or items of a SKU and a quantity of 1 or more")
    unknown = sorted(options.discounts.keys() - {sku for sku, _ in items})
    if unknown:
        raise ValueError(f"a discount on {', '.join(unknown)}, which is not bought")
    if not all(type(off) is int and off >= 0 for off in options.discounts.values()):
        raise ValueError("a discount is a whole number of minor units, 0 or more")
    return Wanted(
        account=account,
        items=items,
        buyer=_buyer(address, options),
        toggles=_toggles(endpoint, options.toggles),
        shipping_service=shipping_service,
        options=options,
    )


def _is_item(item: Sequence[Any]) -> bool:
    return len(item) == 2 and type(item[0]) is str and type(item[1]) is int and item[1] > 0


def _buyer(address: To, options: Options) -> Buyer:
    home = _address(address)
    billing = options.billing_address
    return Buyer(
        **_merged("buyer", _BUYER, options.buyer),
        card=_merged("card", {**CARD, "wallet": None}, options.card),
        address=home,
        billing_address=home if billing is None else _address(billing),
    )


def _merged(what: str, sample: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    unknown = sorted(changes.keys() - sample.keys())
    if unknown:
        raise ValueError(f"{what} has no {', '.join(unknown)}; it has {', '.join(sample)}")
    for name, value in changes.items():
        if not (value is None or sample[name] is None or type(value) is type(sample[name])):
            raise ValueError(f"{what}: {name} is a {type(sample[name]).__name__}")
    return {name: value for name, value in {**sample, **changes}.items() if value is not None}


def _address(address: To) -> dict[str, Any]:
    """An address with Stripe's keys; a destination such as ``US:CA:94016`` gets a sample street."""
    if isinstance(address, str):
        place = Destination.parse(address)
        return _filled({**_STREET, **attrs.asdict(place)})
    if isinstance(address, Mapping):
        return _filled(address)
    if not hasattr(address, "country"):
        raise TypeError("an address is a text such as US:CA:94016, a mapping, or an Address")
    return _filled({name: getattr(address, name, None) for name in _ADDRESS_KEYS})


def _filled(address: Mapping[str, Any]) -> dict[str, Any]:
    found = _merged("address", dict.fromkeys(_ADDRESS_KEYS, ""), address)
    return {name: found[name] for name in _ADDRESS_KEYS if name in address and name in found}


_HANDLED: Final[dict[Any, tuple[Toggle, ...]]] = {
    CustomizeCheckoutRequest: ("custom_tax_rates", "custom_shipping_options"),
    FinalizeCheckoutRequest: ("order_approvals",),
    ProductPriceAvailabilityRequest: ("pricing_and_availability",),
}


def _toggles(endpoint: Endpoint | None, chosen: Collection[Toggle] | None) -> frozenset[Toggle]:
    if chosen is not None:
        unknown = sorted(set(chosen) - set(get_args(Toggle)))
        if unknown or isinstance(chosen, str):
            raise ValueError(f"toggles are a list of {', '.join(get_args(Toggle))}")
        if chosen and endpoint is None:
            raise ValueError("hooks are switched on, but there is no endpoint")
        return frozenset(chosen)
    if isinstance(endpoint, HookEndpoint):
        handled = [kind for kind in _HANDLED if endpoint.dispatch.handles(kind)]
        return frozenset(toggle for kind in handled for toggle in _HANDLED[kind])
    if endpoint is None:
        return frozenset()
    return frozenset(get_args(Toggle)) - {"pricing_and_availability"}
