"""What publishing a feed comes to: one result, and what is told on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import attrs
from attrs import field

from agentic_commerce.client.models import CatalogImport, ImportSet
from agentic_commerce.client.report import RowError
from agentic_commerce.feeds import FeedReport

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["PublishProgress", "PublishResult", "PublishedImport", "Stage"]

Import: TypeAlias = ImportSet | CatalogImport

Stage: TypeAlias = Literal[
    "check", "drop", "split", "hash", "upload", "create", "wait", "errors", "done"
]


@attrs.frozen(kw_only=True)
class PublishProgress:
    """How far a publication has come.

    ``stage`` is one of ``check``, ``drop``, ``split``, ``hash``, ``create``, ``upload``, ``wait``,
    ``errors``, ``done``; not each occurs in each publication. Bytes and rows are None where they
    are not known. ``part`` counts from 1. ``state`` is the import as it was last seen: from then on
    its id is known, and it can be followed from anywhere.
    """

    stage: Stage
    bytes_done: int | None = None
    bytes_total: int | None = None
    rows_done: int | None = None
    rows_total: int | None = None
    part: int = 1
    parts: int = 1
    state: Import | None = None


@attrs.frozen(kw_only=True)
class PublishedImport:
    """One import of a publication, that of a whole feed or of one part of it.

    ``state`` is the import as it was last seen. ``replayed`` tells that Stripe did not create it
    now: the same contents were published before, under the same idempotency key, and this is that
    import, unfinished or of the last 15 minutes. ``file`` is the id of the uploaded file (v1
    only); ``bytes`` is the size of the part. ``processed``, ``accepted``, ``refused`` and
    ``skipped`` count rows, None as long as Stripe has not said.
    """

    id: str
    state: Import
    part: int
    parts: int
    bytes: int
    replayed: bool
    idempotency_key: str = field(repr=False)
    file: str | None = None
    processed: int | None = None
    accepted: int | None = None
    refused: int | None = None
    skipped: int | None = None

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will happen."""
        return self.state.is_terminal

    @property
    def has_refused(self) -> bool:
        """Whether it is finished and some row was refused, by its counts or its status."""
        is_said = self.state.status == "succeeded_with_errors"
        return self.is_finished and (bool(self.refused) or is_said)

    @property
    def ok(self) -> bool:
        """Whether it is finished and nothing was refused, by its status or its counts."""
        if self.state.status == "succeeded":
            return not self.refused
        if self.state.status == "failed" or self.has_refused or not self.is_finished:
            return False
        return self.refused == 0 and bool(self.accepted)


@attrs.frozen(kw_only=True)
class PublishResult:
    """What came of a publication.

    ``rows`` counts the rows of your file (or, if it was not checked, what Stripe says it
    processed), ``accepted`` and ``refused`` what Stripe says, ``dropped`` the rows that our check
    left out. All are None where nobody has said. If they do not add up, ``discrepancies`` says so.

    ``errors`` are the rows that were refused or dropped, ``max_errors`` at most; ``is_cut`` tells
    that there are more, which ``import_sets.errors`` or ``catalog_imports.errors`` can read.
    ``report`` is that of the check, None without one.

    >>> PublishResult(rows=3, accepted=1, refused=1, dropped=1).ok
    False
    """

    imports: tuple[PublishedImport, ...] = ()
    rows: int | None = None
    accepted: int | None = None
    refused: int | None = None
    dropped: int = 0
    errors: tuple[RowError, ...] = field(default=(), repr=False)
    is_cut: bool = False
    discrepancies: tuple[str, ...] = ()
    report: FeedReport | None = field(default=None, repr=False)

    @property
    def is_finished(self) -> bool:
        """Whether every import is finished; not so if it was not waited for."""
        return all(one.is_finished for one in self.imports)

    @property
    def replayed(self) -> bool:
        """Whether some import is that of an earlier publication of the same contents."""
        return any(one.replayed for one in self.imports)

    @property
    def ok(self) -> bool:
        """Whether every row was taken, as far as anybody has said."""
        counts = self.rows, self.accepted
        fits = None in counts or self.rows == self.accepted
        return fits and not self.dropped and all(one.ok for one in self.imports)


def result_of(
    imports: tuple[PublishedImport, ...], *, rows: int | None, dropped: int = 0
) -> PublishResult:
    """Add up what is known of the imports; ``rows`` and ``dropped`` are those of the check."""
    accepted = _sum([one.accepted for one in imports])
    refused = _sum([one.refused for one in imports])
    notes = [note for one in imports for note in _notes(one)]
    if rows is None:
        rows = _sum([_processed(one) for one in imports])
    elif accepted is not None and refused is not None and accepted + refused + dropped != rows:
        told = f"{accepted} accepted, {refused} refused and {dropped} dropped"
        notes.append(f"of {rows} rows {told} make {accepted + refused + dropped}")
    return PublishResult(
        imports=imports,
        rows=rows,
        accepted=accepted,
        refused=refused,
        dropped=dropped,
        discrepancies=tuple(notes),
    )


def _notes(one: PublishedImport) -> Iterator[str]:
    """What an import's own numbers leave open."""
    if one.accepted is None or one.refused is None:
        if one.is_finished:
            yield f"import {one.id}: Stripe does not say how many rows it took"
        return
    if one.skipped:
        yield f"import {one.id}: Stripe skipped {one.skipped} rows"
    told = one.accepted + one.refused + (one.skipped or 0)
    if one.processed is not None and one.processed != told:
        yield f"import {one.id}: Stripe processed {one.processed} rows, and accounts for {told}"


def _processed(one: PublishedImport) -> int | None:
    """How many rows Stripe has looked at."""
    if one.processed is None and one.accepted is not None and one.refused is not None:
        return one.accepted + one.refused
    return one.processed


def _sum(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if counts and len(known) == len(counts) else None
