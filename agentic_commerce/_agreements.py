"""What the records of an Agreement hold, and the state that they add up to.

An Agreement's facts are written once and never change: when it was created, when each side
confirmed, when and by whom it was ended. A state is a set of such facts, so merging two states is
a union: the order in which events arrive, or how often, makes no difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Literal, TypeVar

import attrs
from attrs import field

from agentic_commerce._payload import convert, object_issue, read_object
from agentic_commerce._record import record
from agentic_commerce.errors import PayloadError

__all__ = [
    "AGREEMENT",
    "Agreement",
    "AgreementConfirmationData",
    "AgreementCreatedData",
    "AgreementState",
    "AgreementStatus",
    "AgreementTerminatedData",
    "AgreementTransitions",
    "OrchestratorDetails",
    "Party",
    "SellerDetails",
    "parse_agreement",
]

AGREEMENT: Final = "v2.orchestrated_commerce.agreement"

T = TypeVar("T", datetime, str)


class Party(StrEnum):
    """The two sides of an Agreement. Others arrive as plain text."""

    ORCHESTRATOR = "orchestrator"
    """The agent."""
    SELLER = "seller"
    """The merchant: a platform's connected account."""


class AgreementStatus(StrEnum):
    """Stripe's words for where an Agreement stands."""

    INITIATED = "initiated"
    PARTIALLY_CONFIRMED = "partially_confirmed"
    CONFIRMED = "confirmed"
    TERMINATED = "terminated"


@record(kw_only=True)
class OrchestratorDetails:
    """The agent: its name and its profile in Stripe's network (``profile_...``)."""

    name: str
    network_business_profile: str


@record(kw_only=True)
class SellerDetails:
    """The seller: its profile in Stripe's network (``profile_...``)."""

    network_business_profile: str


@record(kw_only=True)
class AgreementCreatedData:
    """What a fetched ``created`` event says."""

    created: datetime
    initiated_by: Party | str
    orchestrator_details: OrchestratorDetails
    seller_details: SellerDetails


@record(kw_only=True)
class AgreementConfirmationData:
    """What a fetched ``partially_confirmed`` or ``confirmed`` event says.

    Either time is None while that side has not confirmed, whatever the event is called.
    """

    orchestrator_details: OrchestratorDetails
    seller_details: SellerDetails
    orchestrator_confirmed_at: datetime | None = field(default=None, metadata={"nullable": True})
    seller_confirmed_at: datetime | None = field(default=None, metadata={"nullable": True})


@record(kw_only=True)
class AgreementTerminatedData:
    """What a fetched ``terminated`` event says: when the Agreement ended, and who ended it."""

    orchestrator_details: OrchestratorDetails
    seller_details: SellerDetails
    terminated_at: datetime
    terminated_by: Party | str


# ------------------------------------------------------------------------------------------- state


def _aware(_: object, attribute: attrs.Attribute[Any], value: datetime | None) -> None:
    if value is not None and value.utcoffset() is None:
        raise ValueError(f"{attribute.name} needs a time zone: Stripe's times are in UTC")


@attrs.frozen(kw_only=True)
class AgreementState:
    """What is known of one Agreement: facts that never change once they are there.

    ``orchestrator`` and ``seller`` are the two sides' profile ids. A time is None as long as nobody
    has reported it; all times are aware. States are made from events (`agreement_state`), from a
    retrieved Agreement (`parse_agreement`) or from the columns of your own table, and `merge` adds
    them up.

    Raises: ValueError for a time without zone.
    """

    id: str
    created: datetime | None = field(default=None, validator=_aware)
    initiated_by: Party | str | None = None
    orchestrator: str | None = None
    seller: str | None = None
    orchestrator_confirmed_at: datetime | None = field(default=None, validator=_aware)
    seller_confirmed_at: datetime | None = field(default=None, validator=_aware)
    terminated_at: datetime | None = field(default=None, validator=_aware)
    terminated_by: Party | str | None = None

    @property
    def status(self) -> AgreementStatus | None:
        """What the times say; None while nothing but the id is known, as after a thin event."""
        confirmed = (self.orchestrator_confirmed_at, self.seller_confirmed_at)
        if self.terminated_at is not None:
            return AgreementStatus.TERMINATED
        if None not in confirmed:
            return AgreementStatus.CONFIRMED
        if any(confirmed):
            return AgreementStatus.PARTIALLY_CONFIRMED
        return None if self.created is None else AgreementStatus.INITIATED

    def merge(self, other: AgreementState) -> AgreementState:
        """Everything that either state knows; the same in any order and however often.

        Should two states contradict each other, the earlier time (or the first word in the
        alphabet) stays, so that even then the order makes no difference.

        Raises: ValueError if they are of two Agreements.
        """
        if other.id != self.id:
            raise ValueError("these are the states of two different Agreements")
        names = [a.name for a in attrs.fields(AgreementState)]
        known: dict[str, Any] = {n: _first(getattr(self, n), getattr(other, n)) for n in names}
        return attrs.evolve(self, **known)


def _first(one: T | None, other: T | None) -> T | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


# ------------------------------------------------------------------------------ retrieved Agreement


@record(kw_only=True)
class AgreementTransitions:
    """When an Agreement was confirmed and ended; None for what has not happened."""

    orchestrator_confirmed_at: datetime | None = None
    seller_confirmed_at: datetime | None = None
    terminated_at: datetime | None = None


@record(kw_only=True)
class Agreement:
    """An Agreement between a seller and an agent, as Stripe has it now.

    ``status`` is Stripe's word; `state` has the same facts as events add up to.
    Source: docs.stripe.com/api/v2/orchestrated-commerce/agreements/object.
    """

    id: str
    object: Literal["v2.orchestrated_commerce.agreement"]
    created: datetime
    initiated_by: Party | str
    orchestrator_details: OrchestratorDetails
    seller_details: SellerDetails
    status_transitions: AgreementTransitions
    status: AgreementStatus | str | None = None
    terminated_by: Party | str | None = None
    livemode: bool | None = None
    raw: Mapping[str, Any] = field(factory=dict, repr=False, eq=False, metadata={"whole": True})

    @property
    def state(self) -> AgreementState:
        """Its facts, to merge with what events told: see `AgreementState.merge`."""
        return AgreementState(
            id=self.id,
            created=self.created,
            initiated_by=self.initiated_by,
            orchestrator=self.orchestrator_details.network_business_profile,
            seller=self.seller_details.network_business_profile,
            terminated_by=self.terminated_by,
            orchestrator_confirmed_at=self.status_transitions.orchestrator_confirmed_at,
            seller_confirmed_at=self.status_transitions.seller_confirmed_at,
            terminated_at=self.status_transitions.terminated_at,
        )


def parse_agreement(payload: bytes | str | Mapping[str, Any]) -> AgreementState:
    """Read a retrieved Agreement, as JSON or as the mapping it decodes to, as its state.

    Raises: PayloadError naming every fault with its path.
    Source: docs.stripe.com/api/v2/orchestrated-commerce/agreements/object.
    """
    value = read_object(payload, "an Agreement")
    if issue := object_issue(value, AGREEMENT):
        raise PayloadError([issue])
    found: Agreement = convert().payload_reader(Agreement)(value)
    return found.state
