"""Catalog imports: the upload through API v2, to a presigned address.

Source: docs.stripe.com/api/v2/commerce/product-catalog-imports.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from agentic_commerce.client._call import Call, bound_to, mask, perform, reader
from agentic_commerce.client._download import check_address, refused_address
from agentic_commerce.client._files import Content
from agentic_commerce.client._page import Fetch, check_limit, rfc3339_filters, v2_pages
from agentic_commerce.client._policy import try_request
from agentic_commerce.client._setup import Setup, segment
from agentic_commerce.client._wait import wait_until_finished
from agentic_commerce.client._wire import Flow, Lost, Moment, Reply, Request, Sleep
from agentic_commerce.client.models import (
    CatalogFailure,
    CatalogImport,
    CatalogImportStatus,
    PresignedUrl,
    without_addresses,
)
from agentic_commerce.errors import APIConnectionError, APIError, ImportFailedError
from agentic_commerce.events import CatalogImportEvent

__all__ = [
    "catalog_filters",
    "catalog_import_call",
    "check_catalog_import",
    "create_catalog_import",
    "fetch_catalog_imports",
    "retrieve_catalog_import",
    "upload_catalog_file",
    "wait_for_catalog_import",
]

MAX_BYTES: Final = 4_000_000_000
_PATH: Final = "/v2/commerce/product_catalog/imports"
_READ: Final = "Product Catalog Import: read"
_WRITE: Final = "Product Catalog Import: write"
_FEED_TYPES: Final = ("inventory", "pricing", "product", "promotion")
_MODES: Final = ("replace", "upsert")
_UPLOAD: Final = "upload the file of a catalog import"


def create_catalog_import(
    setup: Setup,
    feed_type: str,
    mode: str,
    metadata: Mapping[str, str] | None,
    idempotency_key: str | None,
) -> Flow[CatalogImport]:
    """Begin an import, which then waits for its file. Raises: ValueError, TypeError."""
    call = catalog_import_call(setup, feed_type, mode, metadata, idempotency_key)
    return (yield from perform(call, setup))


def catalog_import_call(
    setup: Setup,
    feed_type: str,
    mode: str,
    metadata: Mapping[str, str] | None,
    idempotency_key: str | None,
) -> Call[CatalogImport]:
    """The call that begins an import. Raises: ValueError, TypeError."""
    _check_choice("feed_type", feed_type, _FEED_TYPES)
    _check_choice("mode", mode, _MODES)
    texts = dict(metadata or {})
    if not all(isinstance(text, str) for pair in texts.items() for text in pair):
        raise TypeError("metadata holds texts under texts")
    return Call(
        operation="create a catalog import",
        method="POST",
        path=_PATH,
        read=reader(CatalogImport),
        version=setup.versions.catalog_imports,
        permission=_WRITE,
        json={"feed_type": feed_type, "mode": mode, "metadata": texts},
        idempotency_key=idempotency_key,
    )


def _check_choice(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ValueError(f"{name} is one of {', '.join(known)}")


def retrieve_catalog_import(
    setup: Setup, catalog_import: CatalogImportEvent | str
) -> Flow[CatalogImport]:
    """Look at an import, whose presigned addresses are made anew; an event brings its context."""
    if isinstance(catalog_import, str):
        id = catalog_import
    else:
        id, setup = catalog_import.related_object.id, bound_to(setup, catalog_import)
    call = Call(
        operation="retrieve a catalog import",
        method="GET",
        path=f"{_PATH}/{segment(id, 'catalog import')}",
        read=reader(CatalogImport),
        version=setup.versions.catalog_imports,
        permission=_READ,
    )
    return (yield from perform(call, setup))


def catalog_filters(
    words: Mapping[str, str | None], limit: int | None, **moments: datetime | None
) -> dict[str, str]:
    """What to list. Raises: ValueError, TypeError."""
    given = {name: word for name, word in words.items() if word is not None}
    return given | rfc3339_filters(**moments) | check_limit(limit)


def fetch_catalog_imports(setup: Setup, filters: Mapping[str, str]) -> Fetch[CatalogImport]:
    """The pages of the list."""
    version = setup.versions.catalog_imports
    return v2_pages(setup, CatalogImport, "list catalog imports", _PATH, version, filters, _READ)


def wait_for_catalog_import(
    setup: Setup,
    known: CatalogImport | str,
    timeout: float,
    poll_interval: float,
    progress: Callable[[CatalogImport], object] | None,
) -> Flow[CatalogImport]:
    """Follow an import to its end. Raises: ImportFailedError, WaitTimeoutError."""
    return wait_until_finished(
        setup,
        known,
        retrieve_catalog_import,
        check_catalog_import,
        timeout,
        poll_interval,
        progress,
    )


def check_catalog_import(state: CatalogImport, setup: Setup) -> None:
    """Raises: ImportFailedError with what Stripe said."""
    if state.status == CatalogImportStatus.FAILED:
        why = state.failure or CatalogFailure()
        message = mask(why.failure_message, setup) if why.failure_message else None
        raise ImportFailedError(without_addresses(state), code=why.code, message=message)


# ------------------------------------------------------------------------------------------- upload


def upload_catalog_file(setup: Setup, known: CatalogImport | str, content: Content) -> Flow[None]:
    """Put a file where its import waits for it; a presigned address that has expired is renewed.

    Raises: ValueError for more than 4 GB, or an import that waits for no file; APIError if a fresh
    address is refused, too; APIConnectionError.
    """
    size = content.upload.size
    if size > MAX_BYTES:
        raise ValueError(
            f"the file has {size} bytes, and a catalog import takes {MAX_BYTES} at most:"
            " see feeds.split"
        )
    if isinstance(known, str):
        known = yield from retrieve_catalog_import(setup, known)
    if (place := known.upload_url) is None:
        raise ValueError(f"import {known.id} is {known.status!s} and waits for no file")
    now: Moment = yield Sleep(0)
    is_fresh = False
    if place.expires_at is not None and place.expires_at.timestamp() <= now.unix:
        place, is_fresh = (yield from _renewed(setup, known.id)), True
    while place is not None:
        outcome = yield from _put(setup, place, content)
        if outcome is None:
            return
        if is_fresh:
            raise outcome
        # The address has expired early, or the file came with a try whose answer was lost.
        place, is_fresh = (yield from _renewed(setup, known.id)), True


def _renewed(setup: Setup, id: str) -> Flow[PresignedUrl | None]:
    """A fresh address; None if the import has its file."""
    state = yield from retrieve_catalog_import(setup, id)
    check_catalog_import(state, setup)
    return state.upload_url


def _put(setup: Setup, place: PresignedUrl, content: Content) -> Flow[APIError | None]:
    """Send the file; the refusal, if it is one that a fresh address may mend."""
    check_address(setup, place.url, _UPLOAD)
    headers = {"Content-Type": content.content_type}
    request = Request(method="PUT", url=place.url, headers=headers, body=content.upload)
    outcome: Reply | Lost = yield from try_request(request, setup)
    if isinstance(outcome, Lost):
        raise APIConnectionError(outcome.reason, operation=_UPLOAD)
    if outcome.is_success:
        return None
    refusal = refused_address(outcome, _UPLOAD)
    if 400 <= outcome.status < 500 and outcome.status not in (408, 429):
        return refusal
    raise refusal
