"""Stripe tells the platform: thin events about Agreements and catalog imports.

A thin event names what happened and to which object; its payload has no version and no data. The
same event fetched from the API (``GET /v2/core/events/{id}``, for 30 days) has ``data`` besides.
Both are read here, into the same classes.

Sources: docs.stripe.com/api/v2/orchestrated-commerce/agreements/event-types and
docs.stripe.com/api/v2/commerce/product-catalog-imports/event-types.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

import attrs
from attrs import field

from agentic_commerce._agreements import (
    AGREEMENT,
    AgreementConfirmationData,
    AgreementCreatedData,
    AgreementState,
    AgreementStatus,
    AgreementTerminatedData,
    OrchestratorDetails,
    Party,
    SellerDetails,
    parse_agreement,
)
from agentic_commerce._payload import EVENT, convert, read_object, read_wrapped
from agentic_commerce._record import masked, record
from agentic_commerce.errors import Issue, PayloadError
from agentic_commerce.signature import verify_signature

__all__ = [
    "AgreementConfirmationData",
    "AgreementConfirmed",
    "AgreementCreated",
    "AgreementCreatedData",
    "AgreementEvent",
    "AgreementPartiallyConfirmed",
    "AgreementReference",
    "AgreementState",
    "AgreementStatus",
    "AgreementTerminated",
    "AgreementTerminatedData",
    "CatalogImportEvent",
    "CatalogImportFailed",
    "CatalogImportProcessing",
    "CatalogImportSucceeded",
    "CatalogImportSucceededWithErrors",
    "Changes",
    "Event",
    "OrchestratorDetails",
    "Party",
    "Reason",
    "ReasonRequest",
    "RelatedObject",
    "SellerDetails",
    "UnknownEvent",
    "UnknownRelatedObject",
    "agreement_state",
    "agreement_states",
    "dump_event",
    "parse_agreement",
    "parse_event",
    "parse_signed_event",
]

_THIN: Final = "v2.core.event"
_IMPORTS: Final = "v2.commerce.product_catalog.imports"


# ------------------------------------------------------------------------------------------- parts


@record(kw_only=True)
class AgreementReference:
    """Which Agreement an event is about. ``url`` is relative to Stripe's API."""

    id: str
    type: Literal["v2.orchestrated_commerce.agreement"]
    url: str


@record(kw_only=True)
class RelatedObject:
    """Which object an event is about. ``url`` is relative to Stripe's API."""

    id: str
    type: str
    url: str


@record(kw_only=True)
class UnknownRelatedObject:
    """Which object an unknown event is about; one of its kind in an account has no ``id``."""

    type: str
    url: str
    id: str | None = None


@record(kw_only=True)
class Changes:
    """The properties of the related object that the event changed, before and after.

    Both are None in every sample of an Agreement event, which has an empty object here.
    """

    before: Mapping[str, Any] | None = field(default=None, repr=masked)
    after: Mapping[str, Any] | None = field(default=None, repr=masked)


@record(kw_only=True)
class ReasonRequest:
    """The API request that caused an event."""

    id: str
    idempotency_key: str | None = field(default=None, repr=masked)


@record(kw_only=True)
class Reason:
    """Why an event came about: ``type`` is ``request``, or a newer word without details here."""

    type: str
    request: ReasonRequest | None = None


@record(kw_only=True)
class _Event:
    created: datetime
    id: str
    livemode: bool
    object: str
    type: str

    if TYPE_CHECKING:

        @property
        def context(self) -> str | None: ...

    @property
    def account(self) -> str | None:
        """The last part of ``context``, which may be a path such as ``org_1/acct_2``."""
        return self.context.rpartition("/")[2] if self.context else None


_AgreementData = AgreementCreatedData | AgreementConfirmationData | AgreementTerminatedData


# ------------------------------------------------------------------------------------------ events


@record(kw_only=True)
class AgreementEvent(_Event):
    """An event about an Agreement: one of the four below, which ``match`` tells apart."""

    related_object: AgreementReference
    context: str | None = None
    changes: Changes | None = None
    reason: Reason | None = None
    raw: Mapping[str, Any] = field(factory=dict, repr=False, eq=False, metadata={"whole": True})

    if TYPE_CHECKING:

        @property
        def data(self) -> _AgreementData | None:
            """What the fetched event says; None on a thin one."""


@record(kw_only=True)
class AgreementCreated(AgreementEvent):
    """An Agreement was created. ``data`` is None on a thin event."""

    event_type: ClassVar[str] = f"{AGREEMENT}.created"

    data: AgreementCreatedData | None = None


@record(kw_only=True)
class AgreementPartiallyConfirmed(AgreementEvent):
    """One side confirmed; the times in ``data`` say which. ``data`` is None on a thin event."""

    event_type: ClassVar[str] = f"{AGREEMENT}.partially_confirmed"

    data: AgreementConfirmationData | None = None


@record(kw_only=True)
class AgreementConfirmed(AgreementEvent):
    """Both sides confirmed; go by the times in ``data``, which is None on a thin event."""

    event_type: ClassVar[str] = f"{AGREEMENT}.confirmed"

    data: AgreementConfirmationData | None = None


@record(kw_only=True)
class AgreementTerminated(AgreementEvent):
    """Either side ended the Agreement; ``data``, None on a thin event, says which and when."""

    event_type: ClassVar[str] = f"{AGREEMENT}.terminated"

    data: AgreementTerminatedData | None = None


@record(kw_only=True)
class CatalogImportEvent(_Event):
    """An event about a catalog import: one of the four below.

    ``data`` is untyped, and None on a thin event: retrieve the import to learn how it went.
    """

    related_object: RelatedObject
    context: str | None = None
    changes: Changes | None = None
    reason: Reason | None = None
    raw: Mapping[str, Any] = field(factory=dict, repr=False, eq=False, metadata={"whole": True})
    data: Mapping[str, Any] | None = field(default=None, repr=masked)


@record(kw_only=True)
class CatalogImportProcessing(CatalogImportEvent):
    """A catalog import has its file and is being read."""

    event_type: ClassVar[str] = f"{_IMPORTS}.processing"


@record(kw_only=True)
class CatalogImportSucceeded(CatalogImportEvent):
    """A catalog import took every row."""

    event_type: ClassVar[str] = f"{_IMPORTS}.succeeded"


@record(kw_only=True)
class CatalogImportSucceededWithErrors(CatalogImportEvent):
    """A catalog import took some rows; retrieve it to learn which ones it refused, and why."""

    event_type: ClassVar[str] = f"{_IMPORTS}.succeeded_with_errors"


@record(kw_only=True)
class CatalogImportFailed(CatalogImportEvent):
    """A catalog import took nothing; retrieve it to learn why."""

    event_type: ClassVar[str] = f"{_IMPORTS}.failed"


@record(kw_only=True)
class UnknownEvent(_Event):
    """Any other event of API v2. It is no fault: Stripe's list of events grows."""

    related_object: UnknownRelatedObject | None = None
    context: str | None = None
    changes: Changes | None = None
    reason: Reason | None = None
    raw: Mapping[str, Any] = field(factory=dict, repr=False, eq=False, metadata={"whole": True})
    data: Mapping[str, Any] | None = field(default=None, repr=masked)


Event = (
    AgreementCreated
    | AgreementPartiallyConfirmed
    | AgreementConfirmed
    | AgreementTerminated
    | CatalogImportProcessing
    | CatalogImportSucceeded
    | CatalogImportSucceededWithErrors
    | CatalogImportFailed
    | UnknownEvent
)
"""Any event; ``match`` tells which."""


# ----------------------------------------------------------------------------------------- parsing


def parse_event(payload: bytes | str | Mapping[str, Any]) -> Event:
    """Read an event, thin or fetched, from a body or from the mapping that it decodes to.

    An event that Amazon EventBridge (``detail``) or Azure Event Grid (``data`` beside
    ``specversion``) delivered is taken out of its envelope. Times are aware and in UTC; digits
    beyond the microsecond are dropped from them, and ``event.raw`` holds everything as it was sent.
    The bytes are not proven to come from Stripe: see `parse_signed_event`.

    Raises: PayloadError naming every fault with its path. A snapshot event, a hook or an object
    handed in by mistake is one fault, which names the right parser.
    """
    value = read_object(payload, EVENT)
    if value.get("object") == _THIN:
        return _read(value)
    return read_wrapped(value, _THIN, _read)


def parse_signed_event(
    body: bytes,
    header: str | bytes | None,
    secrets: str | Iterable[str],
    *,
    tolerance: float = 300,
    now: float | None = None,
) -> Event:
    """Prove that a body comes from Stripe and is fresh, and only then read it.

    The arguments are those of `hooks.verify_signature`; the secret is that of the event
    destination, not the hooks'.

    Raises: SignatureError if it is not proven; else as `parse_event`.
    """
    verify_signature(body, header, secrets, tolerance=tolerance, now=now)
    return parse_event(body)


def dump_event(event: Event) -> dict[str, Any]:
    """Write an event as the JSON-ready dict that `parse_event` reads as the same event.

    Every documented key is there. What is not documented is in ``event.raw`` only.
    """
    dumped: dict[str, Any] = convert().writer(type(event))(event)
    return dumped


def _read(value: Mapping[str, Any]) -> Event:
    try:
        reader = _readers()[value["type"]]
    except (KeyError, TypeError):  # another type, none at all, or one that is no text
        reader = _readers()[""]
    event = reader(value)
    if event.data is not None and type(event.data) is AgreementConfirmationData:
        _refuse_other_data(value["data"])
    return event


@cache
def _readers() -> dict[str, Callable[[Mapping[str, Any]], Event]]:
    """The reader of each type; that of every other type stands under no name."""
    read = convert().payload_reader
    return {kind.event_type: read(kind) for kind in _KINDS} | {"": read(UnknownEvent)}


_KINDS: Final = (
    AgreementCreated,
    AgreementPartiallyConfirmed,
    AgreementConfirmed,
    AgreementTerminated,
    CatalogImportProcessing,
    CatalogImportSucceeded,
    CatalogImportSucceededWithErrors,
    CatalogImportFailed,
)

_TIMES: Final = ("orchestrator_confirmed_at", "seller_confirmed_at")


def _refuse_other_data(data: Mapping[str, Any]) -> None:
    # Either time may be null or left out. Without both keys it is the data of another event.
    if not any(name in data for name in _TIMES):
        raise PayloadError(
            Issue("missing", "one of the two times is required", column=f"$.data.{name}")
            for name in _TIMES
        )


# ------------------------------------------------------------------------------------------- state


def agreement_state(event: AgreementEvent) -> AgreementState:
    """What one event says of its Agreement; a thin event says nothing but its id."""
    state = AgreementState(id=event.related_object.id)
    if event.data is None:
        return state
    facts = {
        a.name: getattr(event.data, a.name)
        for a in attrs.fields(type(event.data))
        if not a.name.endswith("_details")
    }
    return attrs.evolve(
        state,
        orchestrator=event.data.orchestrator_details.network_business_profile,
        seller=event.data.seller_details.network_business_profile,
        **facts,
    )


def agreement_states(events: Iterable[Event | AgreementEvent]) -> dict[str, AgreementState]:
    """The state of each Agreement that some events tell of, by its id.

    The events may come in any order, and repeatedly; those about other things are passed over.
    """
    states: dict[str, AgreementState] = {}
    for event in events:
        if isinstance(event, AgreementEvent):
            state = agreement_state(event)
            known = states.get(state.id)
            states[state.id] = state if known is None else known.merge(state)
    return states
