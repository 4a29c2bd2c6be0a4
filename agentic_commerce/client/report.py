"""What Stripe refused: its error report, row by row, joined to the file that was sent.

A report is a table of the refused rows with one more column, ``stripe_error_message``. Source:
platform guide, "Monitor feed status".
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, TYPE_CHECKING, Any, Final, TypeAlias

import attrs
from attrs import field

from agentic_commerce.errors import Issue, PayloadError
from agentic_commerce.feeds import FEEDS, PRODUCT, Feed
from agentic_commerce.feeds._records import foreign_records

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["RowError", "read_errors"]

Table: TypeAlias = (
    "str | os.PathLike[str] | IO[str] | IO[bytes] | bytes | Iterable[str] | Iterable[bytes]"
)
"""A table to read, as in feeds: a path, an open file, the bytes of a file, or lines."""

MESSAGE: Final = "stripe_error_message"


@attrs.frozen(kw_only=True)
class RowError:
    """One row that was refused.

    ``id`` is the row's id (None if it has none), ``message`` says why it was refused, ``row`` holds
    its cells by column. ``source_row`` is its number in your own file (the header is 1), and
    ``issues`` is what our check finds in it, if you gave that file; None and nothing otherwise, or
    if the row cannot be told from others. ``is_dropped`` marks a row that `publish` did not send.

    ``cells`` are the same cells by position, also those for which the header has no name.
    """

    id: str | None
    message: str
    row: Mapping[str, str] = field(repr=False)
    cells: tuple[str, ...] = field(default=(), repr=False)
    source_row: int | None = None
    issues: tuple[Issue, ...] = field(default=(), repr=False)
    is_dropped: bool = False


def row_error(header: Sequence[str], cells: Sequence[str], message: str, **more: Any) -> RowError:
    """Build the record of a row from its header and cells; of two columns of a name the first."""
    row: dict[str, str] = {}
    for name, cell in zip(header, cells, strict=False):
        row.setdefault(name, cell)
    key = key_of(header)
    return RowError(
        id=row.get(key or "") or None, message=message, row=row, cells=tuple(cells), **more
    )


_KEYS: Final = tuple(dict.fromkeys(feed.key for feed in FEEDS.values()))


def key_of(header: Sequence[str]) -> str | None:
    """Which column holds the ids."""
    return next((name for name in _KEYS if name in header), None)


def read_errors(
    report: Table, *, source: Table | None = None, feed: Feed[Any] = PRODUCT
) -> Iterator[RowError]:
    r"""Read an error report of Stripe's, for example one downloaded in the Dashboard.

    With ``source``, the file that was uploaded, each row is found again there: by its id, by its
    whole contents where ids repeat or are missing. The source is read once, and only what the
    report names is remembered; without it memory is flat. A row whose message is blank was not
    refused. Where several rows of the source are the same, the first of them is named.

    Raises: PayloadError if it is no error report, or is cut off; OSError if it cannot be read.

    >>> lines = ["stripe_error_message,id,price", "bad price,SKU-2,$15"]
    >>> [(error.id, error.message) for error in read_errors(lines)]
    [('SKU-2', 'bad price')]
    """
    if source is None:
        return (error for _, error in refusals(report))
    from agentic_commerce.client._join import joined  # noqa: PLC0415 - it needs RowError

    return joined([report], source, feed)


def refusals(report: Table) -> Iterator[tuple[tuple[str, ...], RowError]]:
    """Return the report's columns, without the message's, and a record, for each refused row."""
    records = foreign_records(report)
    row = 1
    try:
        header = next(records, [])
        at = _message_at(header)
        columns = (*header[:at], *header[at + 1 :])
        for row, cells in enumerate(records, 2):  # noqa: B007 - the row is for the error
            said = cells[at].strip() if at < len(cells) else ""
            if said or at >= len(cells):
                yield columns, row_error(columns, [*cells[:at], *cells[at + 1 :]], said)
    except csv.Error as error:
        message = f"the report cannot be read on after row {row}: {error}"
        raise PayloadError([Issue("not_csv", message, row=row)]) from None


def _message_at(header: Sequence[str]) -> int:
    """Where the message's column is. Raises: PayloadError."""
    for at, name in enumerate(header):
        if name.strip().lower() == MESSAGE:
            return at
    message = f"this is no error report: it has no column {MESSAGE}"
    raise PayloadError([Issue("missing", message, column=MESSAGE, row=1)])
