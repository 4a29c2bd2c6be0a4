"""What a check found: counts that are true, and as many issues as one wants to read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import attrs

from agentic_commerce.errors import Issue
from agentic_commerce.feeds.codes import CODES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

__all__ = ["FeedReport"]

MAX_ISSUES: Final = 1000


@attrs.frozen
class FeedReport:
    """The result of a check.

    ``rows`` counts records without the header, ``valid_rows`` those without an error, so that
    ``rows == valid_rows + refused_rows``. ``errors`` and ``warnings`` count all issues, ``counts``
    by code; ``issues`` is in the order of the rows and may be cut short.

    >>> FeedReport(rows=2, valid_rows=1, errors=1, warnings=0).refused_rows
    1
    """

    rows: int
    valid_rows: int
    errors: int
    warnings: int
    issues: tuple[Issue, ...] = ()
    counts: Mapping[str, int] = attrs.field(factory=dict)

    @property
    def ok(self) -> bool:
        """Whether there is no error, in rows or header."""
        return self.errors == 0

    @property
    def refused_rows(self) -> int:
        """How many rows have an error."""
        return self.rows - self.valid_rows

    @property
    def is_cut(self) -> bool:
        """Whether there were more issues than are listed."""
        return self.errors + self.warnings > len(self.issues)

    def __str__(self) -> str:
        return (
            f"{self.rows} rows: {self.valid_rows} valid, {self.refused_rows} refused"
            f" ({self.errors} errors, {self.warnings} warnings)"
        )


class Choice:
    """Which codes count."""

    def __init__(self, select: Collection[str] | None, ignore: Collection[str]) -> None:
        for given in (select or (), ignore):
            if isinstance(given, str):
                raise TypeError("codes are a list of texts, not one text")
        unknown = sorted({*(select or ()), *ignore} - CODES.keys())
        if unknown:
            raise ValueError(f"there is no such code: {', '.join(unknown)}")
        self._dropped = frozenset(ignore if select is None else {*(CODES.keys() - select), *ignore})

    def of(self, issues: Iterable[Issue]) -> list[Issue]:
        """Return the issues that count."""
        if not self._dropped:
            return list(issues)
        return [issue for issue in issues if issue.code not in self._dropped]


class Tally:
    """Counts issues and keeps the first of them.

    A column that is missing makes an issue in every row. They are kept apart, and listed only as
    far as the others leave room, so that they do not hide them.
    """

    def __init__(self, max_issues: int) -> None:
        self.max_issues = max_issues
        self.kept: list[Issue] = []
        self.absences: list[Issue] = []
        self.counts: Counter[str] = Counter()
        self.refused: list[int] = []

    def add(self, issues: Iterable[Issue], row: int | None = None) -> bool:
        """Count the issues of a row; whether it is refused."""
        bad = False
        for issue in issues:
            bad |= issue.severity == "error"
            self.counts[issue.code] += 1
            self._keep(issue)
        if bad and row is not None:
            self.refused.append(row)
        return bad

    def _keep(self, issue: Issue) -> None:
        kept = self.kept
        if issue.code == "missing_column" and issue.row != 1:
            kept = self.absences
        if len(kept) < self.max_issues:
            kept.append(issue)

    def merge(self, later: Tally, offset: int, also: Sequence[Issue]) -> None:
        """Add the tally of rows further on, and issues about the same rows."""
        moved = [
            attrs.evolve(issue, row=None if issue.row is None else issue.row + offset)
            for issue in (*later.kept, *later.absences)
        ]
        for issue in sorted([*moved, *also], key=_row):
            self._keep(issue)
        refused = {row + offset for row in later.refused}
        refused |= {issue.row for issue in also if issue.row and issue.severity == "error"}
        self.refused += sorted(refused)
        self.counts += later.counts
        self.counts.update(issue.code for issue in also)

    def listed(self, also: Iterable[Issue] = ()) -> list[Issue]:
        """The issues to list, in the order of the rows."""
        first = sorted([*self.kept, *also], key=_row)[: self.max_issues]
        return sorted([*first, *self.absences[: self.max_issues - len(first)]], key=_row)

    def report(self, rows: int, listed: Iterable[Issue]) -> FeedReport:
        """The report on so many rows."""
        errors = sum(n for code, n in self.counts.items() if CODES[code].severity == "error")
        warnings = self.counts.total() - errors
        counts = dict(sorted(self.counts.items()))
        return FeedReport(rows, rows - len(self.refused), errors, warnings, tuple(listed), counts)


def _row(issue: Issue) -> int:
    return issue.row or 0
