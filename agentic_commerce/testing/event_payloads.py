"""Sample events and sessions, as Stripe would send them.

Each factory returns a fresh JSON-ready dict in the documented shape. Keyword arguments change it
deeply, as those of `testing.customize_checkout` do, and `ABSENT` takes a key out.

>>> agreement_event("confirmed", livemode=True)["livemode"]
True
>>> checkout_session(payment_intent="pi_test_1")["payment_intent"]
'pi_test_1'
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from agentic_commerce.testing._changes import changed

__all__ = [
    "agreement_event",
    "catalog_import_event",
    "checkout_session",
    "order_event",
    "session_line_item",
]

_AGREEMENT: Final = "v2.orchestrated_commerce.agreement"
_IMPORTS: Final = "v2.commerce.product_catalog.imports"

_CREATED: Final = "2026-04-06T10:00:00.000Z"
_CONFIRMED: Final = "2026-04-06T10:05:00.000Z"
_TERMINATED: Final = "2026-04-06T11:00:00.000Z"

_AGREEMENT_EVENTS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "created": (_CREATED, {"created": _CREATED, "initiated_by": "seller"}),
    "partially_confirmed": (
        "2026-04-06T10:00:30.000Z",
        {"orchestrator_confirmed_at": None, "seller_confirmed_at": _CREATED},
    ),
    "confirmed": (
        _CONFIRMED,
        {"orchestrator_confirmed_at": _CONFIRMED, "seller_confirmed_at": _CREATED},
    ),
    "terminated": (_TERMINATED, {"terminated_at": _TERMINATED, "terminated_by": "seller"}),
}
_IMPORT_EVENTS: Final = ("processing", "succeeded", "succeeded_with_errors", "failed")


def agreement_event(kind: str, fetched: bool = False, **changes: Any) -> dict[str, Any]:
    """An Agreement event: thin, or with ``data`` and ``changes`` as it is when ``fetched``.

    ``kind`` is the last word of the type, or the whole type: ``created``, ``partially_confirmed``,
    ``confirmed`` or ``terminated``. The four tell one Agreement's life from 10:00 to 11:00 on
    2026-04-06 UTC.

    Raises: ValueError for another kind.
    """
    word = _choose(kind, _AGREEMENT, _AGREEMENT_EVENTS)
    created, data = _AGREEMENT_EVENTS[word]
    event = _thin(f"{_AGREEMENT}.{word}", f"evt_test_{word}", created)
    event["related_object"] = {
        "id": "orca_test_1",
        "type": _AGREEMENT,
        "url": "/v2/orchestrated_commerce/agreements/orca_test_1",
    }
    if fetched:
        details = {"name": "Test Agent", "network_business_profile": "profile_test_agent"}
        event["changes"] = {}
        event["data"] = data | {
            "orchestrator_details": details,
            "seller_details": {"network_business_profile": "profile_test_seller"},
        }
    return changed(event, changes)


def catalog_import_event(kind: str, **changes: Any) -> dict[str, Any]:
    """A thin event about a catalog import.

    ``kind`` is the last word of the type, or the whole type: ``processing``, ``succeeded``,
    ``succeeded_with_errors`` or ``failed``.

    Raises: ValueError for another kind.
    """
    word = _choose(kind, _IMPORTS, _IMPORT_EVENTS)
    event = _thin(f"{_IMPORTS}.{word}", f"evt_test_import_{word}", _CREATED)
    event["related_object"] = {
        "id": "pcimprt_test_1",
        "type": "v2.commerce.product_catalog_import",
        "url": "/v2/commerce/product_catalog/imports/pcimprt_test_1",
    }
    return changed(event, changes)


def _choose(kind: str, prefix: str, words: Iterable[str]) -> str:
    word = kind.removeprefix(f"{prefix}.")
    if word not in words:
        raise ValueError(f"there is no such event; choose one of {', '.join(words)}")
    return word


def _thin(kind: str, identifier: str, created: str) -> dict[str, Any]:
    return {
        "created": created,
        "id": identifier,
        "livemode": False,
        "object": "v2.core.event",
        "type": kind,
    }


# ------------------------------------------------------------------------------------------- orders


def order_event(kind: str = "checkout.session.completed", **changes: Any) -> dict[str, Any]:
    """A snapshot event of API v1 about an order on a connected account (a direct charge).

    ``kind`` is the type: ``checkout.session.completed``, ``payment_intent.succeeded`` or any other.
    For a destination charge: ``order_event(account=ABSENT)``.
    """
    session = {
        "id": "cs_test_1",
        "object": "checkout.session",
        "mode": "payment",
        "payment_intent": "pi_test_1",
        "payment_status": "paid",
        "status": "complete",
    }
    payment = {"id": "pi_test_1", "object": "payment_intent", "status": "succeeded"}
    event = {
        "id": "evt_test_order",
        "object": "event",
        "account": "acct_test_1",
        "api_version": "2025-12-15.preview",
        "created": 1775469900,
        "data": {"object": payment if kind == "payment_intent.succeeded" else session},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
    }
    return changed(event, changes)


def checkout_session(**changes: Any) -> dict[str, Any]:
    """A completed Checkout Session, retrieved with everything expanded that an order needs.

    One line of two units at 20.00 USD to California, 8.5 % tax, 5.00 shipping, 1.00 discount: 47.40
    in all. Amounts are in minor units. The fields in private preview are there too.
    """
    contact = {"name": "Jenny Rosen", "email": "jenny.rosen@example.com", "phone": "+14155550100"}
    session = {
        "id": "cs_test_1",
        "object": "checkout.session",
        "amount_subtotal": 4000,
        "amount_total": 4740,
        "collected_information": {
            "shipping_details": {"address": _address(), "name": "Jenny Rosen"}
        },
        "created": 1775469600,
        "currency": "usd",
        "customer_details": contact | {"address": _address()},
        "line_items": {
            "object": "list",
            "data": [session_line_item()],
            "has_more": False,
            "url": "/v1/checkout/sessions/cs_test_1/line_items",
        },
        "livemode": False,
        "metadata": {},
        "mode": "payment",
        "payment_intent": _payment_intent(contact | {"address": _address()}),
        "payment_status": "paid",
        "status": "complete",
        "total_details": {"amount_discount": 100, "amount_shipping": 500, "amount_tax": 340},
    }
    return changed(session, changes)


def _address() -> dict[str, Any]:
    return {
        "city": "South San Francisco",
        "country": "US",
        "line1": "354 Oyster Point Blvd",
        "line2": None,
        "postal_code": "94080",
        "state": "CA",
    }


def _payment_intent(billing_details: dict[str, Any]) -> dict[str, Any]:
    card = {"brand": "visa", "exp_month": 12, "exp_year": 2034, "last4": "4242"}
    return {
        "id": "pi_test_1",
        "object": "payment_intent",
        "agent_details": {"name": "Test Agent", "network_business_profile": "profile_test_agent"},
        "latest_charge": {
            "id": "ch_test_1",
            "object": "charge",
            "billing_details": billing_details,
            "created": 1775469898,
            "payment_method_details": {"card": card, "type": "card"},
            "receipt_number": None,
        },
    }


def session_line_item(number: int = 1, **changes: Any) -> dict[str, Any]:
    """One line of a session: two units at 20.00 USD, 8.5 % tax, with ids made from ``number``."""
    line = {
        "id": f"li_{number}",
        "object": "item",
        "amount_discount": 100,
        "amount_subtotal": 4000,
        "amount_tax": 340,
        "amount_total": 4240,
        "currency": "usd",
        "description": f"Product {number}",
        "price": {
            "id": f"price_{number}",
            "object": "price",
            "currency": "usd",
            "external_reference": f"{number:05}",
            "product": {
                "id": f"prod_{number}",
                "object": "product",
                "description": f"The description of product {number}",
                "identifiers": {"gtin": "00012345600012", "mpn": f"MPN-{number}"},
                "name": f"Product {number}",
            },
            "unit_amount": 2000,
        },
        "quantity": 2,
        "taxes": [
            {
                "amount": 340,
                "rate": {
                    "id": "txr_test_1",
                    "object": "tax_rate",
                    "display_name": "Sales tax",
                    "inclusive": False,
                    "percentage": 8.5,
                    "tax_type": "sales_tax",
                },
            }
        ],
    }
    return changed(line, changes)
