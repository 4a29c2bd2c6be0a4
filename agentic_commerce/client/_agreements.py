"""Agreements, and the events about them.

Source: docs.stripe.com/api/v2/orchestrated-commerce/agreements and /api/v2/core/events.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from agentic_commerce._agreements import Agreement
from agentic_commerce.client._call import Call, bound_to, perform, reader
from agentic_commerce.client._page import Fetch, check_limit, v2_pages
from agentic_commerce.client._setup import Setup, segment
from agentic_commerce.client._wire import Flow
from agentic_commerce.events import AgreementEvent, Event, parse_event

__all__ = [
    "act_on_agreement",
    "agreement_filters",
    "create_agreement",
    "fetch_agreements",
    "retrieve_agreement",
    "retrieve_event",
]

_PATH: Final = "/v2/orchestrated_commerce/agreements"


def create_agreement(
    setup: Setup, orchestrator: str, idempotency_key: str | None
) -> Flow[Agreement]:
    """Propose an Agreement to an agent, by the id of its profile."""
    call = Call(
        operation="create an Agreement",
        method="POST",
        path=_PATH,
        read=reader(Agreement),
        version=setup.versions.agreements,
        json={"orchestrator": segment(orchestrator, "orchestrator")},
        idempotency_key=idempotency_key,
    )
    return (yield from perform(call, setup))


def retrieve_agreement(setup: Setup, agreement: AgreementEvent | str) -> Flow[Agreement]:
    """Look at an Agreement; an event about it brings its own context."""
    if isinstance(agreement, str):
        id = agreement
    else:
        id, setup = agreement.related_object.id, bound_to(setup, agreement)
    call = Call(
        operation="retrieve an Agreement",
        method="GET",
        path=f"{_PATH}/{segment(id, 'Agreement')}",
        read=reader(Agreement),
        version=setup.versions.agreements,
    )
    return (yield from perform(call, setup))


def act_on_agreement(
    setup: Setup, id: str, action: Literal["confirm", "terminate"], idempotency_key: str | None
) -> Flow[Agreement]:
    """Confirm or end an Agreement."""
    call = Call(
        operation=f"{action} an Agreement",
        method="POST",
        path=f"{_PATH}/{segment(id, 'Agreement')}/{action}",
        read=reader(Agreement),
        version=setup.versions.agreements,
        json={},
        idempotency_key=idempotency_key,
    )
    return (yield from perform(call, setup))


def agreement_filters(network_business_profile: str | None, limit: int | None) -> dict[str, str]:
    """What to list. Raises: ValueError, TypeError."""
    profile = network_business_profile
    given = {} if profile is None else {"network_business_profile": segment(profile, "profile")}
    return given | check_limit(limit)


def fetch_agreements(setup: Setup, filters: Mapping[str, str]) -> Fetch[Agreement]:
    """The pages of the list."""
    version = setup.versions.agreements
    return v2_pages(setup, Agreement, "list Agreements", _PATH, version, filters)


def retrieve_event(setup: Setup, event: Event | str) -> Flow[Event]:
    """Fetch an event with its data; a parsed one brings its own context.

    Raises: ValueError for a context that is no path of account ids.
    """
    if isinstance(event, str):
        id = event
    else:
        id, setup = event.id, bound_to(setup, event)
    call = Call(
        operation="retrieve an event",
        method="GET",
        path=f"/v2/core/events/{segment(id, 'event')}",
        read=parse_event,
        version=setup.versions.events,
    )
    return (yield from perform(call, setup))
