"""The platform calls Stripe: upload feeds, follow imports, read what was refused.

`Client` blocks, `AsyncClient` awaits; both have the same methods. Amounts are whole numbers in the
currency's minor unit, as everywhere outside feeds.
"""

from agentic_commerce.client._client import AsyncClient, Client
from agentic_commerce.client._resources import AsyncFiles, AsyncImportSets, Files, ImportSets
from agentic_commerce.client._setup import Clock, SystemClock, Versions
from agentic_commerce.client.models import (
    File,
    ImportSet,
    ImportSetErrors,
    ImportSetResult,
    ImportSetStatus,
    ImportSetSuccesses,
)

__all__ = [
    "AsyncClient",
    "AsyncFiles",
    "AsyncImportSets",
    "Client",
    "Clock",
    "File",
    "Files",
    "ImportSet",
    "ImportSetErrors",
    "ImportSetResult",
    "ImportSetStatus",
    "ImportSetSuccesses",
    "ImportSets",
    "SystemClock",
    "Versions",
]
