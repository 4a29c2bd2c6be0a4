"""Stripe's side on your machine: see `Sandbox`.

The kernel is one function from request to response (`Sandbox.handle`) over worlds in memory, one
for each connected account. It opens no socket and never sleeps; what carries its requests does, and
that is loaded only when it is used.
"""

from agentic_commerce.testing.sandbox._agreements import Agent
from agentic_commerce.testing.sandbox._catalog import BlankCells, Catalog
from agentic_commerce.testing.sandbox._clock import Clock
from agentic_commerce.testing.sandbox._delivery import Attempt, Destination
from agentic_commerce.testing.sandbox._faults import FaultError
from agentic_commerce.testing.sandbox._log import Seen
from agentic_commerce.testing.sandbox._sandbox import Sandbox
from agentic_commerce.testing.sandbox._wire import Request, Response
from agentic_commerce.testing.sandbox._world import World

__all__ = [
    "Agent",
    "Attempt",
    "BlankCells",
    "Catalog",
    "Clock",
    "Destination",
    "FaultError",
    "Request",
    "Response",
    "Sandbox",
    "Seen",
    "World",
]
