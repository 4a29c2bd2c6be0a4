"""What Stripe answers about Agreements and payments. Names are Stripe's; amounts in minor units."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from attrs import field

from agentic_commerce._record import UnixTime, masked, record
from agentic_commerce.events import (
    AgreementState,
    AgreementStatus,
    OrchestratorDetails,
    Party,
    SellerDetails,
)

__all__ = ["AccountSession", "Agreement", "AgreementTransitions", "PaymentIntent", "Refund"]


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
    status_transitions: AgreementTransitions = field(factory=AgreementTransitions)
    status: AgreementStatus | str | None = None
    terminated_by: Party | str | None = None
    livemode: bool | None = None
    raw: Mapping[str, Any] = field(factory=dict, repr=False, eq=False, metadata={"whole": True})

    @property
    def state(self) -> AgreementState:
        """Its facts, to merge with what events told: see ``events.agreement_states``."""
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


@record(kw_only=True)
class PaymentIntent:
    """The payment of an order. Amounts are in minor units of ``currency``.

    Source: docs.stripe.com/api/payment_intents/object.
    """

    id: str
    object: Literal["payment_intent"]
    amount: int
    currency: str
    status: str | None = None
    amount_capturable: int | None = None
    amount_received: int | None = None
    application_fee_amount: int | None = None
    latest_charge: str | None = None
    livemode: bool | None = None
    raw: Mapping[str, Any] = field(factory=dict, repr=False, eq=False, metadata={"whole": True})


@record(kw_only=True)
class Refund:
    """Money given back. ``amount`` is in minor units of ``currency``.

    ``status`` is ``pending``, ``succeeded``, ``failed``, ``canceled``, ``requires_action`` or a
    newer word. Source: docs.stripe.com/api/refunds/object.
    """

    id: str
    object: Literal["refund"]
    amount: int
    currency: str
    status: str | None = None
    reason: str | None = None
    failure_reason: str | None = None
    payment_intent: str | None = None
    charge: str | None = None
    created: UnixTime | None = None
    raw: Mapping[str, Any] = field(factory=dict, repr=False, eq=False, metadata={"whole": True})


@record(kw_only=True)
class AccountSession:
    """What the browser needs to show an embedded component: ``client_secret``, which is a secret.

    Hand it to the browser of a person who may act for ``account``, and to nobody else; it is good
    until ``expires_at``. Source: docs.stripe.com/api/account_sessions/object.
    """

    account: str
    object: Literal["account_session"]
    client_secret: str = field(repr=masked)
    expires_at: UnixTime | None = None
    livemode: bool | None = None
    raw: Mapping[str, Any] = field(factory=dict, repr=False, eq=False, metadata={"whole": True})
