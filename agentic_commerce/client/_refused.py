"""Getting the error report of an import, of either API."""

from __future__ import annotations

from typing import IO, Any

from agentic_commerce.client._catalog import check_catalog_import, retrieve_catalog_import
from agentic_commerce.client._download import download_url
from agentic_commerce.client._imports import check_import_set, download_file, retrieve_import_set
from agentic_commerce.client._setup import Setup
from agentic_commerce.client._wire import Flow, Moment, Sleep, Work
from agentic_commerce.client.models import (
    CatalogErrorFile,
    CatalogImport,
    ImportSet,
    without_addresses,
)
from agentic_commerce.errors import (
    APIConnectionError,
    APIError,
    ImportPendingError,
    Issue,
    PayloadError,
)
from agentic_commerce.events import CatalogImportEvent

__all__ = ["fetch_catalog_report", "fetch_report", "work"]

_OPERATION = "download an error report"


def work(function: Any) -> Flow[Any]:
    """A flow of one step: a function that blocks."""
    return (yield Work(function))


def fetch_report(setup: Setup, known: ImportSet | str, sink: IO[bytes]) -> Flow[bool]:
    """Take an import set's error report into ``sink``; whether there is one.

    Raises: ImportPendingError, ImportFailedError, PayloadError if rows were refused and there is no
    report; APIError, APIConnectionError.
    """
    if isinstance(known, str) or not known.is_terminal:
        known = yield from retrieve_import_set(setup, known if isinstance(known, str) else known.id)
    errors = known.result.errors if known.result else None
    if errors is None or errors.file is None:
        refused = errors.row_count if errors else 0
        check_import_set(known, setup)
        _check_explained(known, refused, "$.result.errors.file")
        return False
    yield from download_file(setup, errors.file, sink)
    return True


def fetch_catalog_report(
    setup: Setup, known: CatalogImport | CatalogImportEvent | str, sink: IO[bytes]
) -> Flow[bool]:
    """The same for a catalog import, whose presigned address is renewed if it has expired."""
    is_fresh = not (isinstance(known, CatalogImport) and known.is_terminal)
    if not isinstance(known, CatalogImport) or is_fresh:
        asked = known.id if isinstance(known, CatalogImport) else known
        known = yield from retrieve_catalog_import(setup, asked)
    now: Moment = yield Sleep(0)
    place = known.error_file.address if known.error_file else None
    if not is_fresh and place and place.expires_at and place.expires_at.timestamp() <= now.unix:
        known, is_fresh = (yield from retrieve_catalog_import(setup, known.id)), True
    try:
        return (yield from _from_address(setup, known, sink))
    except APIError as error:
        if is_fresh or not 400 <= error.status < 500:
            raise
    # It has expired earlier than it said, or its clock is not ours.
    known = yield from retrieve_catalog_import(setup, known.id)
    return (yield from _from_address(setup, known, sink))


def _from_address(setup: Setup, known: CatalogImport, sink: IO[bytes]) -> Flow[bool]:
    file = known.error_file
    if file is None or file.address is None:
        check_catalog_import(known, setup)
        path = "$.status_details.succeeded_with_errors.error_file"
        _check_explained(known, known.error_count or 0, path)
        return False
    size = yield from download_url(setup, file.address.url, sink, _OPERATION)
    _check_size(file, size)
    return True


def _check_size(file: CatalogErrorFile, size: int) -> None:
    if file.size is not None and file.size != size:
        raise APIConnectionError(
            f"the report has {size} bytes instead of {file.size}", operation=_OPERATION
        )


def _check_explained(known: ImportSet | CatalogImport, refused: int, path: str) -> None:
    """An import without an error report must be finished, and have no errors."""
    if not known.is_terminal:
        raise ImportPendingError(without_addresses(known))
    if refused:
        message = f"{refused} rows were refused, and there is no error report"
        raise PayloadError([Issue("missing", message, column=path)])
