"""Every path that the sandbox serves."""

from __future__ import annotations

from typing import Final

from agentic_commerce.testing.sandbox import (
    _agreements,
    _catalog_imports,
    _event_log,
    _files,
    _import_sets,
    _payments,
)
from agentic_commerce.testing.sandbox._call import Route
from agentic_commerce.testing.sandbox._lists import LIST, V2_CREATED

__all__ = ["ROUTES"]

_SETS: Final = "/v1/data_management/import_sets"
_SESSIONS: Final = "/v1/checkout/sessions"
_PAYMENTS: Final = "/v1/payment_intents"
_IMPORTS: Final = "/v2/commerce/product_catalog/imports"
_AGREEMENTS: Final = "/v2/orchestrated_commerce/agreements"
_PAGE: Final = ("limit", "page")

_REFUND: Final = (
    "amount",
    "charge",
    "metadata",
    "payment_intent",
    "reason",
    "refund_application_fee",
    "reverse_transfer",
)
_CAPTURE: Final = ("amount_to_capture", "application_fee_amount", "metadata", "transfer_data")

# fmt: off
# method, path, handler, permission, what it accepts, which version it needs
ROUTES: Final = (
    Route("POST", "/v1/files", _files.create, "files_write", ("file", "purpose")),
    Route("GET", "/v1/files/{id}", _files.retrieve, "files_read"),
    Route("GET", "/v1/files/{id}/contents", _files.contents, "files_read"),
    Route("POST", _SETS, _import_sets.create, "data_management_write", ("file", "standard_data_format"), "udap"),
    Route("GET", _SETS + "/{id}", _import_sets.retrieve, "data_management_read", (), "udap"),
    Route("POST", _IMPORTS, _catalog_imports.create, "product_catalog_import_write", ("feed_type", "metadata", "mode"), "imports"),
    Route("GET", _IMPORTS, _catalog_imports.list_all, "product_catalog_import_read", (*_PAGE, *V2_CREATED, "feed_type", "status"), "imports"),
    Route("GET", _IMPORTS + "/{id}", _catalog_imports.retrieve, "product_catalog_import_read", (), "imports"),
    Route("POST", _AGREEMENTS, _agreements.create, "agreement_write", ("orchestrator",), "preview"),
    Route("GET", _AGREEMENTS, _agreements.list_all, "agreement_read", (*_PAGE, "network_business_profile"), "preview"),
    Route("GET", _AGREEMENTS + "/{id}", _agreements.retrieve, "agreement_read", (), "preview"),
    Route("POST", _AGREEMENTS + "/{id}/confirm", _agreements.confirm, "agreement_write", (), "preview"),
    Route("POST", _AGREEMENTS + "/{id}/terminate", _agreements.terminate, "agreement_write", (), "preview"),
    Route("GET", "/v2/core/events", _event_log.list_thin, "event_read", (*_PAGE, "object_id")),
    Route("GET", "/v2/core/events/{id}", _event_log.retrieve_thin, "event_read"),
    Route("GET", "/v1/events", _event_log.list_snapshots, "event_read", (*LIST, "type")),
    Route("GET", "/v1/events/{id}", _event_log.retrieve_snapshot, "event_read"),
    Route("GET", _SESSIONS, _payments.list_sessions, "checkout_session_read", (*LIST, "payment_intent", "status")),
    Route("GET", _SESSIONS + "/{id}", _payments.retrieve_session, "checkout_session_read"),
    Route("GET", _SESSIONS + "/{id}/line_items", _payments.list_lines, "checkout_session_read", ("limit", "starting_after")),
    Route("GET", _PAYMENTS + "/{id}", _payments.retrieve_payment, "payment_intent_read"),
    Route("POST", _PAYMENTS + "/{id}/capture", _payments.capture, "payment_intent_write", _CAPTURE),
    Route("GET", "/v1/charges/{id}", _payments.retrieve_charge, "charge_read"),
    Route("POST", "/v1/refunds", _payments.refund, "charge_write", _REFUND),
    Route("GET", "/v1/refunds", _payments.list_refunds, "charge_read", (*LIST, "charge", "payment_intent")),
    Route("GET", "/v1/refunds/{id}", _payments.retrieve_refund, "charge_read"),
    Route("POST", "/v1/account_sessions", _payments.account_session, "account_session_write", ("account", "components")),
)
# fmt: on
