"""The platform calls Stripe: upload feeds, follow imports, read what was refused.

`Client` blocks, `AsyncClient` awaits; both have the same methods. Amounts are whole numbers in the
currency's minor unit, as everywhere outside feeds.
"""

from agentic_commerce._agreements import Agreement, AgreementTransitions
from agentic_commerce.client._client import AsyncClient, Client
from agentic_commerce.client._resources import (
    AsyncCatalogImports,
    AsyncFiles,
    AsyncImportSets,
    CatalogImports,
    Files,
    ImportSets,
)
from agentic_commerce.client._sale_models import (
    AccountSession,
    PaymentIntent,
    Refund,
)
from agentic_commerce.client._sale_resources import (
    AccountSessions,
    Agreements,
    AsyncAccountSessions,
    AsyncAgreements,
    AsyncEvents,
    AsyncOrders,
    Events,
    Orders,
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
from agentic_commerce.client.publishing import PublishedImport, PublishProgress, PublishResult
from agentic_commerce.client.report import RowError, read_errors

__all__ = [
    "AccountSession",
    "AccountSessions",
    "Agreement",
    "AgreementTransitions",
    "Agreements",
    "AsyncAccountSessions",
    "AsyncAgreements",
    "AsyncCatalogImports",
    "AsyncClient",
    "AsyncEvents",
    "AsyncFiles",
    "AsyncImportSets",
    "AsyncOrders",
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
    "Events",
    "File",
    "Files",
    "ImportSet",
    "ImportSetErrors",
    "ImportSetResult",
    "ImportSetStatus",
    "ImportSetSuccesses",
    "ImportSets",
    "Orders",
    "PaymentIntent",
    "PresignedUrl",
    "PublishProgress",
    "PublishResult",
    "PublishedImport",
    "Refund",
    "RowError",
    "SystemClock",
    "Versions",
    "read_errors",
]
