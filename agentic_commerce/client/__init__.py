"""The platform calls Stripe: upload feeds, follow imports, read what was refused.

`Client` blocks, `AsyncClient` awaits; both have the same methods. Amounts are whole numbers in the
currency's minor unit, as everywhere outside feeds.
"""

from agentic_commerce.client._client import AsyncClient, Client
from agentic_commerce.client._resources import (
    AsyncCatalogImports,
    AsyncFiles,
    AsyncImportSets,
    CatalogImports,
    Files,
    ImportSets,
)
from agentic_commerce.client._setup import Clock, SystemClock, Versions
from agentic_commerce.client.models import (
    CatalogAwaitingUpload,
    CatalogErrorFile,
    CatalogErrors,
    CatalogErrorSample,
    CatalogFailure,
    CatalogImport,
    CatalogImportDetails,
    CatalogImportStatus,
    CatalogProgress,
    File,
    ImportSet,
    ImportSetErrors,
    ImportSetResult,
    ImportSetStatus,
    ImportSetSuccesses,
    PresignedUrl,
)

__all__ = [
    "AsyncCatalogImports",
    "AsyncClient",
    "AsyncFiles",
    "AsyncImportSets",
    "CatalogAwaitingUpload",
    "CatalogErrorFile",
    "CatalogErrorSample",
    "CatalogErrors",
    "CatalogFailure",
    "CatalogImport",
    "CatalogImportDetails",
    "CatalogImportStatus",
    "CatalogImports",
    "CatalogProgress",
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
    "PresignedUrl",
    "SystemClock",
    "Versions",
]
