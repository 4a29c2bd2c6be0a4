"""What Stripe answers: files, imports, sessions of embedded components. Names are Stripe's.

Unknown keys stand in ``raw``; a status or kind that is new to this library arrives as plain text.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Literal, TypeVar

import attrs
from attrs import field

from agentic_commerce._payload import convert
from agentic_commerce._record import Int64, UnixTime, masked, record

__all__ = [
    "CatalogAwaitingUpload",
    "CatalogErrorFile",
    "CatalogErrorSample",
    "CatalogErrors",
    "CatalogFailure",
    "CatalogImport",
    "CatalogImportDetails",
    "CatalogImportStatus",
    "CatalogProgress",
    "File",
    "ImportSet",
    "ImportSetErrors",
    "ImportSetResult",
    "ImportSetStatus",
    "ImportSetSuccesses",
    "PresignedUrl",
    "without_addresses",
]


@record(kw_only=True)
class File:
    """A file that was uploaded. ``size`` is in bytes.

    Source: docs.stripe.com/api/files/object.
    """

    id: str
    object: Literal["file"]
    purpose: str | None = None
    filename: str | None = None
    type: str | None = None
    size: int | None = None
    created: UnixTime | None = None
    raw: Mapping[str, Any] = field(factory=dict, repr=False, eq=False, metadata={"whole": True})


class ImportSetStatus(StrEnum):
    """Where an import set stands."""

    PENDING = "pending"
    FAILED = "failed"
    SUCCEEDED = "succeeded"
    SUCCEEDED_WITH_ERRORS = "succeeded_with_errors"
    PENDING_ARCHIVE = "pending_archive"
    ARCHIVED = "archived"


# A status that is not listed here, or none at all, means that the import may still be going on.
_TERMINAL: Final = frozenset(ImportSetStatus) - {ImportSetStatus.PENDING}


@record(kw_only=True)
class ImportSetErrors:
    """How many rows were refused, and the file that holds them with the reasons."""

    file: str | None = None
    row_count: int = 0


@record(kw_only=True)
class ImportSetSuccesses:
    """How many rows were taken."""

    row_count: int = 0


@record(kw_only=True)
class ImportSetResult:
    """What came of an import set, in rows."""

    rows_processed: int = 0
    errors: ImportSetErrors = field(factory=ImportSetErrors)
    successes: ImportSetSuccesses = field(factory=ImportSetSuccesses)
    objects_created: int | None = None
    skipped_by_filter: int | None = None
    skipped_duplicates: int | None = None


@record(kw_only=True)
class ImportSet:
    """One import through the data-management API (v1).

    ``result`` is None as long as Stripe reports none. ``failed_reason`` is seen in practice but not
    documented. Source: platform guide, "Monitor feed status".
    """

    id: str
    object: Literal["data_management.import_set"]
    status: ImportSetStatus | str | None = None
    created: UnixTime | None = None
    livemode: bool | None = None
    result: ImportSetResult | None = None
    failed_reason: str | None = field(default=None, repr=masked)
    raw: Mapping[str, Any] = field(factory=dict, repr=False, eq=False, metadata={"whole": True})

    @property
    def is_terminal(self) -> bool:
        """Whether nothing more will happen; an unknown status is not the end."""
        return self.status in _TERMINAL


# --------------------------------------------------------------------------------- catalog imports


class CatalogImportStatus(StrEnum):
    """Where a catalog import stands."""

    AWAITING_UPLOAD = "awaiting_upload"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    SUCCEEDED_WITH_ERRORS = "succeeded_with_errors"
    FAILED = "failed"


_FINISHED: Final = frozenset(
    (
        CatalogImportStatus.SUCCEEDED,
        CatalogImportStatus.SUCCEEDED_WITH_ERRORS,
        CatalogImportStatus.FAILED,
    )
)


@record(kw_only=True)
class PresignedUrl:
    """An address that is good for one file, without a key, until ``expires_at``. A secret."""

    url: str = field(repr=masked)
    expires_at: datetime | None = None


@record(kw_only=True)
class CatalogAwaitingUpload:
    """A catalog import that has no file yet: where to put it."""

    upload_url: PresignedUrl | None = None


@record(kw_only=True)
class CatalogProgress:
    """How many rows were taken and refused so far, or in the end."""

    success_count: Int64 | None = None
    error_count: Int64 | None = None


@record(kw_only=True)
class CatalogErrorFile:
    """The file with the rows that were refused. ``size`` is in bytes.

    Its address stands in ``download_url``, or in ``url`` where Stripe's guide has it: see
    ``address``.
    """

    content_type: str | None = None
    size: Int64 | None = None
    download_url: PresignedUrl | None = None
    url: str | None = field(default=None, repr=masked)
    expires_at: datetime | None = None

    @property
    def address(self) -> PresignedUrl | None:
        """Where to get the file; retrieve the import again once it has expired."""
        if self.download_url is not None or self.url is None:
            return self.download_url
        return PresignedUrl(url=self.url, expires_at=self.expires_at)


@record(kw_only=True)
class CatalogErrorSample:
    """One of the first rows that were refused, by its ``id`` and place in the file."""

    id: str | None = None
    row: Int64 | None = None
    field: str | None = None
    error_message: str | None = attrs.field(default=None, repr=masked)


@record(kw_only=True)
class CatalogErrors:
    """What came of a catalog import of which some rows were refused."""

    success_count: Int64 | None = None
    error_count: Int64 | None = None
    error_file: CatalogErrorFile | None = None
    samples: tuple[CatalogErrorSample, ...] = ()


@record(kw_only=True)
class CatalogFailure:
    """Why a catalog import failed.

    ``code`` is ``file_not_found``, ``internal_error``, ``invalid_file`` or a newer word; ``type``
    says whether to try again (``transient_failure``) or not (``cannot_proceed``).
    """

    code: str | None = None
    type: str | None = None
    failure_message: str | None = field(default=None, repr=masked)


@record(kw_only=True)
class CatalogImportDetails:
    """What Stripe says besides the status, under the status's name."""

    awaiting_upload: CatalogAwaitingUpload | None = None
    processing: CatalogProgress | None = None
    succeeded: CatalogProgress | None = None
    succeeded_with_errors: CatalogErrors | None = None
    failed: CatalogFailure | None = None


@record(kw_only=True)
class CatalogImport:
    """One import through the product catalog API (v2).

    ``upload_url``, ``success_count``, ``error_count``, ``error_file``, ``samples`` and ``failure``
    are short for what stands in ``status_details``, whatever the status.
    Source: docs.stripe.com/api/v2/commerce/product-catalog-imports/object.
    """

    id: str
    object: Literal["v2.commerce.product_catalog_import"]
    status: CatalogImportStatus | str | None = None
    feed_type: str | None = None
    mode: str | None = None
    created: datetime | None = None
    livemode: bool | None = None
    metadata: Mapping[str, Any] = field(factory=dict)
    status_details: CatalogImportDetails | None = None
    raw: Mapping[str, Any] = field(factory=dict, repr=False, eq=False, metadata={"whole": True})

    @property
    def is_terminal(self) -> bool:
        """Whether nothing more will happen; an unknown status is not the end."""
        return self.status in _FINISHED

    @property
    def upload_url(self) -> PresignedUrl | None:
        """Where the file goes, while none has come."""
        waiting = self._details.awaiting_upload
        return waiting.upload_url if waiting else None

    @property
    def success_count(self) -> int | None:
        """How many rows were taken; None before any count."""
        counts = self._counts
        return counts.success_count if counts else None

    @property
    def error_count(self) -> int | None:
        """How many rows were refused; None before any count, 0 for a success."""
        if self._details.succeeded is not None:
            return self._details.succeeded.error_count or 0
        counts = self._counts
        return counts.error_count if counts else None

    @property
    def error_file(self) -> CatalogErrorFile | None:
        """The file with the rows that were refused."""
        found = self._details.succeeded_with_errors
        return found.error_file if found else None

    @property
    def samples(self) -> tuple[CatalogErrorSample, ...]:
        """The first rows that were refused."""
        found = self._details.succeeded_with_errors
        return found.samples if found else ()

    @property
    def failure(self) -> CatalogFailure | None:
        """Why the import failed."""
        return self._details.failed

    @property
    def _details(self) -> CatalogImportDetails:
        return self.status_details or CatalogImportDetails()

    @property
    def _counts(self) -> CatalogProgress | CatalogErrors | None:
        found = self._details
        return found.succeeded_with_errors or found.succeeded or found.processing


S = TypeVar("S", bound=CatalogImport | ImportSet)


def without_addresses(state: S) -> S:
    """An import as an error may carry it, which may be pickled: without presigned addresses."""
    if isinstance(state, ImportSet):
        return state
    raw = _hidden(state.raw)
    fresh: S = convert().payload_reader(CatalogImport)(raw)
    return fresh


def _hidden(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: "***" if k == "url" and v else _hidden(v) for k, v in value.items()}
    return [_hidden(item) for item in value] if isinstance(value, list) else value
