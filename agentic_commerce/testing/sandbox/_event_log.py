"""Events as the API gives them out: thin ones of v2 with their data, snapshots of v1."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from agentic_commerce.testing.sandbox._lists import list_v1, list_v2
from agentic_commerce.testing.sandbox._wire import missing

if TYPE_CHECKING:
    from agentic_commerce.testing.sandbox._call import Call
    from agentic_commerce.testing.sandbox._world import Object

__all__ = ["list_snapshots", "list_thin", "retrieve_snapshot", "retrieve_thin"]

_KEPT: Final = 30 * 86_400.0  # seconds. Source: docs.stripe.com/api/v2/core/events


def retrieve_thin(call: Call) -> Object:
    """``GET /v2/core/events/{id}``: the event with its data, for thirty days."""
    event: Object = call.found(call.world.thin_events, "event")
    created = datetime.fromisoformat(event["created"]).timestamp()
    if call.sandbox.clock.now() - created > _KEPT:
        raise missing("event", call.id)
    return event


def list_thin(call: Call) -> Object:
    """``GET /v2/core/events``, perhaps those about one object."""
    wanted = call.text("object_id")
    found = [
        event
        for event in call.world.thin_events.values()
        if wanted in (None, event["related_object"]["id"])
    ]
    return list_v2(call, found, {})


def retrieve_snapshot(call: Call) -> Object:
    """``GET /v1/events/{id}``."""
    event: Object = call.found(call.world.events, "event")
    return event


def list_snapshots(call: Call) -> Object:
    """``GET /v1/events``, perhaps of one type."""
    wanted = call.text("type")
    found = [e for e in call.world.events.values() if wanted in (None, e["type"])]
    return list_v1(call, found, "event")
