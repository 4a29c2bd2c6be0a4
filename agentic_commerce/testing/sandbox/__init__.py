"""Stripe's side on your machine: see `Sandbox`.

The kernel is one function from request to response (`Sandbox.handle`) over worlds in memory, one
for each connected account. It opens no socket and never sleeps; what carries its requests does, and
that is loaded only when it is used.
"""

from agentic_commerce.testing.sandbox._agreements import Agent
from agentic_commerce.testing.sandbox._cart import CartShipping, Totals
from agentic_commerce.testing.sandbox._catalog import BlankCells, Catalog
from agentic_commerce.testing.sandbox._clock import Clock
from agentic_commerce.testing.sandbox._delivery import Attempt, Destination
from agentic_commerce.testing.sandbox._faults import FaultError
from agentic_commerce.testing.sandbox._hook_calls import Endpoint, HookCall, HookOutcome
from agentic_commerce.testing.sandbox._log import Seen
from agentic_commerce.testing.sandbox._result import (
    PURCHASE_CODES,
    PurchaseResult,
    PurchaseStatus,
)
from agentic_commerce.testing.sandbox._sandbox import Sandbox
from agentic_commerce.testing.sandbox._told import told
from agentic_commerce.testing.sandbox._wanted import ChargeType, PurchaseOptions, Toggle
from agentic_commerce.testing.sandbox._wire import Request, Response
from agentic_commerce.testing.sandbox._world import World

__all__ = [
    "PURCHASE_CODES",
    "Agent",
    "Attempt",
    "BlankCells",
    "CartShipping",
    "Catalog",
    "ChargeType",
    "Clock",
    "Destination",
    "Endpoint",
    "FaultError",
    "HookCall",
    "HookOutcome",
    "PurchaseOptions",
    "PurchaseResult",
    "PurchaseStatus",
    "Request",
    "Response",
    "Sandbox",
    "Seen",
    "Toggle",
    "Totals",
    "World",
    "told",
]
