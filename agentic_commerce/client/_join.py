"""From the rows of error reports back to the rows of the file that was sent.

The reports are read first, and what they name is remembered: an id and a digest for each row. Then
the file is read once. Memory does not depend on its size.
"""

from __future__ import annotations

import pickle
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import chain, islice
from typing import Any

import attrs
from attrs import Factory

from agentic_commerce.client._files import spool
from agentic_commerce.client.report import RowError, Table, key_of, refusals
from agentic_commerce.errors import Issue
from agentic_commerce.feeds import CODES, Feed
from agentic_commerce.feeds._records import Records

__all__ = ["joined"]


def joined(
    reports: Iterable[Table],
    source: Table,
    feed: Feed[Any],
    *,
    without: Container[int] = (),
    most: int | None = None,
) -> Iterator[RowError]:
    """Return the rows of the reports, each with its place in the source and our own issues.

    ``without`` are numbers of rows that were not sent, ``most`` is how many rows to return.
    """
    records = Records(source, feed)
    join = _Join(records, without)
    with spool() as kept:
        count = 0
        every = chain.from_iterable(map(refusals, reports))
        for columns, error in islice(every, most):
            join.want(count, columns, error)
            pickle.dump(error, kept)
            count += 1
        places = join.places() if count else {}
        kept.seek(0)
        for index in range(count):
            error = pickle.load(kept)  # noqa: S301 - we wrote it ourselves, a moment ago
            place = places.get(index)
            if place is not None:
                error = attrs.evolve(error, source_row=place.row, issues=place.issues)
            yield error


@attrs.frozen
class _Place:
    """A row of the source that may be the one meant."""

    row: int
    issues: tuple[Issue, ...]


@attrs.define
class _Group:
    """Refused rows of one id (or, if they have none, of the same contents), and where they may be.

    ``equal`` are rows of the source with the same contents, ``others`` those with the same id only;
    no more of either than can be needed, but all others are counted.
    """

    wanted: dict[bytes, list[int]] = Factory(dict)
    size: int = 0
    equal: dict[bytes, list[_Place]] = Factory(dict)
    others: list[_Place] = Factory(list)
    other_count: int = 0
    first: int | None = None

    def want(self, index: int, image: bytes) -> None:
        self.wanted.setdefault(image, []).append(index)
        self.size += 1

    def offer(self, image: bytes, place: _Place) -> None:
        equal = self.equal.setdefault(image, []) if image in self.wanted else None
        if equal is not None and len(equal) < len(self.wanted[image]):
            equal.append(place)
            return
        self.other_count += 1
        if len(self.others) < self.size:
            self.others.append(place)

    def places(self) -> Iterator[tuple[int, _Place]]:
        """Return who is where. Contents decide; the rest only if nobody else can be meant."""
        left: list[int] = []
        for image, indexes in self.wanted.items():
            found = self.equal.get(image, [])
            yield from zip(indexes, found, strict=False)
            left += indexes[len(found) :]
        if len(left) == self.other_count:
            yield from zip(sorted(left), self.others, strict=True)


class _Join:
    """Everything that the reports name, by id; and by contents what has no id."""

    def __init__(self, records: Records, without: Container[int]) -> None:
        self._records, self._without = records, without
        self._ids: dict[str, _Group] = {}
        self._images: dict[bytes, _Group] = {}
        header = list(records.header)
        self._key = key_of(header) or ""
        self._key_at = header.index(self._key) if self._key else None
        self._compared: list[int] | None = None
        self._names: list[str] = []

    def want(self, index: int, columns: tuple[str, ...], error: RowError) -> None:
        """Remember a refused row."""
        if index == 0:
            self._compare(columns)
        image = self._image(error.cells, error.row)
        if error.id is None:
            group = self._images.setdefault(image, _Group())
        else:
            group = self._ids.setdefault(error.id, _Group())
        group.want(index, image)

    def _compare(self, columns: Sequence[str]) -> None:
        """Rows are compared whole if the report has the source's columns, or else what it has."""
        header = self._records.header
        if list(columns) != list(header):
            self._names = [name for name in dict.fromkeys(header) if name in columns]
            self._compared = [header.index(name) for name in self._names]

    def _image(self, cells: Sequence[str], row: Mapping[str, str] | None = None) -> bytes:
        if self._compared is not None and row is not None:
            cells = [row.get(name, "") for name in self._names]
        elif self._compared is not None:
            cells = [cells[at] if at < len(cells) else "" for at in self._compared]
        return blake2b(repr(list(cells)).encode(errors="surrogatepass"), digest_size=16).digest()

    def places(self) -> dict[int, _Place]:
        """Read the source once; where each refused row is, as far as that can be told."""
        for row, cells in self._records:
            if row not in self._without:
                self._look(row, cells)
        groups = (*self._ids.values(), *self._images.values())
        return dict(pair for group in groups for pair in group.places())

    def _look(self, row: int, cells: Sequence[str]) -> None:
        at = self._key_at
        key = cells[at] if at is not None and at < len(cells) else ""
        group = self._ids.get(key)
        if group is None and not self._images:
            return
        image = self._image(cells)
        if group is not None:
            issues = self._records.issues(row, cells)
            if group.first is None:
                group.first = row
            else:
                issues.append(_repeated(self._key, row, key, group.first))
            group.offer(image, _Place(row, tuple(issues)))
        elif image in self._images:
            self._images[image].offer(image, _Place(row, tuple(self._records.issues(row, cells))))


def _repeated(column: str, row: int, key: str, first: int) -> Issue:
    message = f"the id stood in row {first} already"
    severity = CODES["duplicate_id"].severity
    return Issue("duplicate_id", message, severity, column, row, key, key, "keep one of the rows")
