"""Read an uploaded feed by the rules of `feeds.check`: rows for the catalog, and a report.

One pass over the file: what the check accepts is staged as it is, what it refuses goes into the
report with the reason in front. Stripe's own messages are not known; these are ours.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any, Final, cast

import attrs
from attrs import field

from agentic_commerce import feeds
from agentic_commerce.errors import Issue
from agentic_commerce.feeds import Feed
from agentic_commerce.testing.sandbox._blob import Blob, Spool
from agentic_commerce.testing.sandbox._catalog import Catalog, Staged

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CSV_TYPES", "Outcome", "read_feed", "read_source"]

CSV_TYPES: Final = {"text/csv": "csv", "text/tab-separated-values": "tsv"}
_SAMPLES: Final = 10


@attrs.define(kw_only=True)
class Outcome:
    """What became of a file. ``failure`` is why it was not read at all, ``code`` the API's word."""

    rows: int = 0
    accepted: int = 0
    failure: str | None = None
    code: str = "invalid_file"
    staged: Staged | None = None
    promotions: list[dict[str, str]] = field(factory=list)
    report: Blob | None = None
    samples: list[dict[str, str]] = field(factory=list)

    @property
    def refused(self) -> int:
        """How many rows have an error."""
        return self.rows - self.accepted


class _Reading:
    """Takes what a check hands over."""

    def __init__(self, feed: Feed[Any], catalog: Catalog) -> None:
        self.outcome = Outcome()
        self.accepted: Callable[[Sequence[str]], object] = self._promotion
        self._feed = feed
        self._catalog = catalog
        self._spool: Spool | None = None
        self._header: Sequence[str] = ()

    def refused(self, row: int, cells: Sequence[str], issues: Sequence[Issue]) -> None:
        """Take the header, and then each row that has an error."""
        errors = [issue for issue in issues if issue.severity == "error"]
        if row == 1:
            self._begin(cells, errors)
        elif self.outcome.failure is None:
            message = "; ".join(map(_reason, errors))
            self._write([message, *cells])
            self._sample(row, errors[0], message)

    def _begin(self, header: Sequence[str], errors: Sequence[Issue]) -> None:
        self._header = header
        if errors:
            self.outcome.failure = "; ".join(map(_reason, errors))
        elif self._feed.name != "promotion":
            self.outcome.staged = self._catalog.stage(header, self._feed)
            self.accepted = self.outcome.staged.add

    def accept(self, cells: Sequence[str]) -> None:
        """Take a row that has no error."""
        self.accepted(cells)

    def _promotion(self, cells: Sequence[str]) -> None:
        self.outcome.promotions.append(dict(zip(self._header, cells, strict=True)))

    def _write(self, cells: Sequence[str]) -> None:
        if self._spool is None:
            self._spool = Spool()
            self._write(["stripe_error_message", *self._header])
        csv.writer(_Encoded(self._spool)).writerow(cells)

    def _sample(self, row: int, issue: Issue, message: str) -> None:
        if len(self.outcome.samples) < _SAMPLES:
            self.outcome.samples.append(
                {
                    "id": issue.id or "",
                    "row": str(row),
                    "field": issue.column or "",
                    "error_message": message,
                }
            )

    def end(self, report: feeds.FeedReport) -> Outcome:
        """Count, and close the report."""
        found = self.outcome
        found.rows, found.accepted = report.rows, report.valid_rows
        if found.failure is not None:
            found.staged, found.promotions, found.accepted = None, [], 0
        found.report = self._spool.blob() if self._spool else None
        return found


class _Encoded:
    """A text file as far as the csv module needs one."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool

    def write(self, text: str) -> None:
        self._spool.write(text.encode())


def _reason(issue: Issue) -> str:
    message = issue.message[:1].upper() + issue.message[1:]
    hint = f" ({issue.hint})" if issue.hint else ""
    return f"{issue.column}: {message}{hint}" if issue.column else f"{message}{hint}"


def read_feed(content: Blob, extension: str, feed: Feed[Any], catalog: Catalog) -> Outcome:
    """Read a whole file that was uploaded."""
    file = cast("IO[bytes]", content.open(f"feed.{extension}"))  # of a file it needs `read` alone
    return read_source(file, feed, catalog, max_issues=1)[0]


def read_source(
    source: Any, feed: Feed[Any], catalog: Catalog, max_issues: int = 1000
) -> tuple[Outcome, feeds.FeedReport]:
    """Read what `feeds.check` can read; the outcome, and the check's report."""
    reading = _Reading(feed, catalog)
    report = feeds.check(
        source,
        feed,
        max_issues=max_issues,
        catalog=catalog if feed.name in ("inventory", "pricing") else None,
        refused=reading.refused,
        accepted=reading.accept,
    )
    return reading.end(report), report


def apply(outcome: Outcome, feed: Feed[Any], mode: str, catalog: Catalog) -> None:
    """Lay what was read over a catalog."""
    if outcome.staged is None:
        return
    if feed.name != "product":
        catalog.update(outcome.staged)
    elif mode == "replace":
        catalog.replace(outcome.staged)
    else:
        catalog.upsert(outcome.staged)


def apply_promotions(outcome: Outcome, promotions: dict[str, dict[str, str]]) -> None:
    """Keep what was read of a promotion feed, and forget what it deletes."""
    for cells in outcome.promotions:
        key = cells["promotion_id"]
        if cells.get("delete") == "true":
            promotions.pop(key, None)
        else:
            promotions[key] = promotions.get(key, {}) | _filled(cells)


def _filled(cells: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in cells.items() if text}
