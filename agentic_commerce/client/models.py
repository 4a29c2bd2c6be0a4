"""What Stripe answers: files, imports, sessions of embedded components. Names are Stripe's.

Unknown keys stand in ``raw``; a status or kind that is new to this library arrives as plain text.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, Literal

from attrs import field

from agentic_commerce._record import UnixTime, record

__all__ = [
    "File",
    "ImportSet",
    "ImportSetErrors",
    "ImportSetResult",
    "ImportSetStatus",
    "ImportSetSuccesses",
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
    failed_reason: str | None = None
    raw: Mapping[str, Any] = field(factory=dict, repr=False, eq=False, metadata={"whole": True})

    @property
    def is_terminal(self) -> bool:
        """Whether nothing more will happen; an unknown status is not the end."""
        return self.status in _TERMINAL
