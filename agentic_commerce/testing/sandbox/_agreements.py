"""Agreements between a seller and an agent, and the agent's side of them.

The API acts for the seller: a platform's connected account. `Agent` is the other side.
Source: docs.stripe.com/api/v2/orchestrated-commerce/agreements.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from agentic_commerce.testing.sandbox._clock import rfc3339
from agentic_commerce.testing.sandbox._lists import list_v2
from agentic_commerce.testing.sandbox._wire import Refusal
from agentic_commerce.testing.sandbox._world import World

if TYPE_CHECKING:
    from agentic_commerce.testing.sandbox._call import Call
    from agentic_commerce.testing.sandbox._sandbox import Sandbox
    from agentic_commerce.testing.sandbox._world import Object

__all__ = ["Agent", "confirm", "create", "list_all", "retrieve", "terminate"]

OBJECT: Final = "v2.orchestrated_commerce.agreement"
_PROFILE: Final = re.compile(r"profile_\w{1,100}", re.ASCII)
_SIDES: Final = ("orchestrator", "seller")


def create(call: Call) -> Object:
    """``POST /v2/orchestrated_commerce/agreements``: the seller asks an agent."""
    profile = call.required("orchestrator")
    if _PROFILE.fullmatch(profile) is None:
        raise Refusal(400, "orchestrator is the id of a profile", param="orchestrator")
    return _create(call.sandbox, call.world, "seller", profile)


def retrieve(call: Call) -> Object:
    """``GET /v2/orchestrated_commerce/agreements/{id}``."""
    found: Object = call.found(call.world.agreements, "agreement")
    return found


def list_all(call: Call) -> Object:
    """``GET /v2/orchestrated_commerce/agreements``, perhaps those with one counterparty."""
    wanted = call.text("network_business_profile")
    found = [
        agreement
        for agreement in call.world.agreements.values()
        if wanted in (None, agreement["orchestrator_details"]["network_business_profile"])
    ]
    return list_v2(call, found, {})


def confirm(call: Call) -> Object:
    """``POST /v2/orchestrated_commerce/agreements/{id}/confirm``: the seller confirms."""
    return _confirm(call.sandbox, call.world, retrieve(call), "seller")


def terminate(call: Call) -> Object:
    """``POST /v2/orchestrated_commerce/agreements/{id}/terminate``: the seller ends it."""
    return _terminate(call.sandbox, call.world, retrieve(call), "seller")


class Agent:
    """The agent's side of Agreements: it proposes, confirms and ends them."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.name = "Test Agent"
        self.profile = "profile_test_agent"
        self._sandbox = sandbox

    def propose(self, account: str | None) -> str:
        """Ask a seller for an Agreement, and confirm one's own side; the Agreement's id."""
        sandbox = self._sandbox
        with sandbox.lock:
            world = sandbox.world(account)
            agreement = _create(sandbox, world, "orchestrator", self.profile)
            _confirm(sandbox, world, agreement, "orchestrator")
        sandbox.follow_up()
        return str(agreement["id"])

    def confirm(self, agreement: str) -> None:
        """Confirm an Agreement. Raises: KeyError if there is none; ValueError if it cannot be."""
        self._act(agreement, _confirm)

    def terminate(self, agreement: str) -> None:
        """End an Agreement. Raises: KeyError if there is none; ValueError if it has ended."""
        self._act(agreement, _terminate)

    def _act(self, identifier: str, action: Any) -> None:
        sandbox = self._sandbox
        with sandbox.lock:
            for world in sandbox.worlds.values():
                if identifier in world.agreements:
                    break
            else:
                raise KeyError(identifier)
            try:
                action(sandbox, world, world.agreements[identifier], "orchestrator")
            except Refusal as refusal:
                raise ValueError(refusal.message) from None
        sandbox.follow_up()


def _create(sandbox: Sandbox, world: World, side: str, profile: str) -> Object:
    _check_may_ask(world, side, profile)
    now = rfc3339(sandbox.clock.now())
    agreement: Object = {
        "id": sandbox.ids.new("orca_test"),
        "object": OBJECT,
        "created": now,
        "initiated_by": side,
        "livemode": False,
        "orchestrator_details": {
            "name": sandbox.agent.name,
            "network_business_profile": profile,
        },
        "seller_details": {"network_business_profile": world.profile},
        "status": "initiated",
        "status_transitions": {
            "orchestrator_confirmed_at": None,
            "seller_confirmed_at": None,
            "terminated_at": None,
        },
        "terminated_by": None,
    }
    world.agreements[agreement["id"]] = agreement
    _tell(sandbox, world, agreement, "created", {"created": now, "initiated_by": side})
    return agreement


def _check_may_ask(world: World, side: str, profile: str) -> None:
    """Let only the side that ended an Agreement ask for another. Source: the agents' guide."""
    for former in reversed(world.agreements.values()):
        if former["orchestrator_details"]["network_business_profile"] == profile:
            if former["terminated_by"] not in (None, side):
                message = "Only the side that terminated the last Agreement can ask for a new one."
                raise Refusal(400, message, "invalid_state")
            return


def _confirm(sandbox: Sandbox, world: World, agreement: Object, side: str) -> Object:
    times = agreement["status_transitions"]
    if agreement["status"] == "terminated":
        raise Refusal(400, "The Agreement has been terminated.", "invalid_state")
    if times[f"{side}_confirmed_at"] is not None:
        raise Refusal(400, f"The {side} has confirmed already.", "invalid_state")
    times[f"{side}_confirmed_at"] = rfc3339(sandbox.clock.now())
    both = all(times[f"{one}_confirmed_at"] for one in _SIDES)
    agreement["status"] = "confirmed" if both else "partially_confirmed"
    data = {f"{one}_confirmed_at": times[f"{one}_confirmed_at"] for one in _SIDES}
    _tell(sandbox, world, agreement, agreement["status"], data)
    return agreement


def _terminate(sandbox: Sandbox, world: World, agreement: Object, side: str) -> Object:
    if agreement["status"] == "terminated":
        raise Refusal(400, "The Agreement has been terminated already.", "invalid_state")
    now = rfc3339(sandbox.clock.now())
    agreement["status_transitions"]["terminated_at"] = now
    agreement |= {"status": "terminated", "terminated_by": side}
    _tell(sandbox, world, agreement, "terminated", {"terminated_at": now, "terminated_by": side})
    return agreement


def _tell(
    sandbox: Sandbox, world: World, agreement: Object, word: str, data: dict[str, Any]
) -> None:
    identifier = agreement["id"]
    url = f"/v2/orchestrated_commerce/agreements/{identifier}"
    related = {"id": identifier, "type": OBJECT, "url": url}
    details = {name: agreement[name] for name in ("orchestrator_details", "seller_details")}
    sandbox.emit_thin(world, f"{OBJECT}.{word}", related, {**data, **details})
