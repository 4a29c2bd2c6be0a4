"""Write a feed: ``write`` typed rows, ``split`` a file that is too large.

RFC 4180, UTF-8 without a byte order mark; booleans in lower case, decimals as they were written. A
cell that begins with ``=``, ``+``, ``-`` or ``@`` is written as it is, for Stripe reads it and no
spreadsheet does. A path is written at once or not at all: first a file beside it, then renamed.
"""

from __future__ import annotations

import csv
import os
from contextlib import contextmanager, suppress
from itertools import chain, islice
from pathlib import Path
from stat import S_IMODE
from typing import IO, TYPE_CHECKING, Any, Final, TypeAlias

from agentic_commerce.errors import CellError, FeedError, Issue
from agentic_commerce.feeds._source import Lines, Source
from agentic_commerce.feeds.rows import PRODUCT, Deletion, Feed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

__all__ = ["replaced", "split", "write"]

Target: TypeAlias = "str | os.PathLike[str] | IO[str] | IO[bytes]"
"""Where a feed can go: a path, or a file open for writing text or bytes."""

MAX_BYTES: Final = 200_000_000  # of a file for v1 uploads


def write(
    target: Target,
    rows: Iterable[Any],
    feed: Feed[Any] = PRODUCT,
    *,
    columns: Collection[str] | None = None,
) -> int:
    r"""Write typed rows with a header; return how many.

    Columns are those that some row uses, and the required ones, or ``columns`` in their order. A
    `Deletion` is written as its id and ``delete=true``. To a text file open it with ``newline=""``.
    Rows are not checked against the rules; see `check`.

    Raises: FeedError ``kind`` for a value that is not of its column's type; ValueError for columns
    that the feed does not have, that repeat, or that leave out what a row holds.

    >>> import io
    >>> from agentic_commerce.feeds import PRICING, Price, PriceRow
    >>> file = io.StringIO()
    >>> write(file, [PriceRow(id="SKU-1", price=Price.parse("15.00 USD"))], PRICING)
    1
    >>> file.getvalue()
    'id,price\r\nSKU-1,15.00 USD\r\n'
    """
    if columns is None:
        import tempfile  # noqa: PLC0415 - it loads a tenth of what the whole room does

        with tempfile.TemporaryFile() as spool:
            return _write_used(target, rows, feed, spool)
    unknown = [name for name in columns if name not in feed.columns]
    if unknown:
        raise ValueError(f"the {feed.name} feed has no column {', '.join(unknown)}")
    if len({*columns}) < len(columns):
        raise ValueError("a column is asked for twice")
    form = _Form(feed, tuple(columns))
    with _opened(target) as file:
        writer = csv.writer(file, delimiter=_delimiter(target))
        writer.writerow(columns)
        count = 0
        for count, row in enumerate(rows, 1):
            writer.writerow(form.cells(row, count + 1))
        return count


def _write_used(target: Target, rows: Iterable[Any], feed: Feed[Any], spool: IO[bytes]) -> int:
    """Write to a spool first, for the columns in use are known at the end only."""
    import pickle  # noqa: PLC0415 - a fiftieth of this room's import time

    names = tuple(feed.columns)
    form, count = _Form(feed, names), 0
    used = {name: index for index, name in enumerate(names) if feed.columns[name].required}
    for count, row in enumerate(rows, 1):
        cells = form.cells(row, count + 1)
        if len(used) < len(names):
            used |= {names[index]: index for index, cell in enumerate(cells) if cell}
        pickle.dump(cells, spool)
    spool.seek(0)
    kept = sorted(used.values())
    with _opened(target) as file:
        final = csv.writer(file, delimiter=_delimiter(target))
        final.writerow([names[index] for index in kept])
        for _ in range(count):
            cells = pickle.load(spool)  # noqa: S301 - we wrote it ourselves, a moment ago
            final.writerow([cells[index] for index in kept])
    return count


class _Form:
    """How a row becomes cells."""

    def __init__(self, feed: Feed[Any], names: tuple[str, ...]) -> None:
        self._feed = feed
        self._columns = [feed.columns[name] for name in names]
        self._left_out = [name for name in feed.columns if name not in names]

    def cells(self, row: Any, number: int) -> list[str]:
        """Return the cells of a row; ``number`` is for what is reported about it."""
        if isinstance(row, Deletion) and "delete" in self._feed.columns:
            for name in (self._feed.key, "delete"):
                if name in self._left_out:  # without it the row would not delete anything
                    raise ValueError(f"row {number} is a deletion, and {name} is not a column")
            given = {self._feed.key: row.id, "delete": True}
            return [column.format(given.get(column.name)) for column in self._columns]
        if type(row) is not self._feed.row_type:
            message = f"{type(row).__name__} is no row of the {self._feed.name} feed"
            raise FeedError([Issue("kind", message, row=number)])
        for name in self._left_out:
            if getattr(row, name) not in (None, ()):
                raise ValueError(f"row {number} has a {name}, which is not among the columns")
        return [self._cell(row, column, number) for column in self._columns]

    def _cell(self, row: Any, column: Any, number: int) -> str:
        value = getattr(row, column.name)
        try:
            text: str = column.format(value)
        except CellError as error:
            key = getattr(row, self._feed.key)
            issue = Issue(error.code, error.message, "error", column.name, number, str(key))
            raise FeedError([issue]) from None
        return text


def _delimiter(target: Target) -> str:
    name = target if isinstance(target, (str, os.PathLike)) else getattr(target, "name", "")
    is_path = isinstance(name, (str, os.PathLike))
    return "\t" if is_path and Path(name).suffix.lower() in (".tsv", ".tab") else ","


class _Encoded:
    """A binary file, to csv a text one."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, text: str) -> None:
        self._file.write(text.encode())


@contextmanager
def _opened(target: Target) -> Iterator[Any]:
    """Open what csv can write to. A path is replaced only when all went well."""
    if not isinstance(target, (str, os.PathLike)):
        try:
            target.write("")  # type: ignore[call-overload]
        except TypeError:
            yield _Encoded(target)  # type: ignore[arg-type]
        else:
            yield target
        return
    with replaced(Path(target)) as file:
        yield _Encoded(file)


@contextmanager
def replaced(path: Path) -> Iterator[IO[bytes]]:
    """A new file that takes the place of ``path``, and its mode, when the block ends well."""
    path = path.resolve()  # a link stays a link
    if path.exists() and not path.is_file():  # nothing takes the place of a device or a pipe
        with path.open("wb") as file:
            yield file
        return
    beside = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    try:
        with beside.open("xb") as file:
            with suppress(FileNotFoundError):
                beside.chmod(S_IMODE(path.stat().st_mode))  # who may read it stays as it was
            yield file
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def split(
    source: Source, directory: str | os.PathLike[str], *, max_bytes: int = MAX_BYTES
) -> list[Path]:
    """Cut a feed into files of at most ``max_bytes`` bytes, each with the header, no row cut.

    The bytes of the rows are copied as they are. The files are named after the source, with a
    number: ``catalog-0001.csv``. The directory is made if need be. A source with a header alone
    gives one file.

    Raises: ValueError if one row with the header is larger than ``max_bytes``; nothing is left
    behind then.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = split(["id,price", "A,1.00 USD", "B,2.00 USD"], folder, max_bytes=24)
    ...     [file.name for file in files]
    ['feed-0001.csv', 'feed-0002.csv']
    """
    lines = Lines(source)
    name = Path(lines.name) if isinstance(lines.name, (str, os.PathLike)) else Path("feed.csv")
    parts = _Parts(Path(directory), name, max_bytes)
    try:
        for record in raw_records(lines):
            parts.add(record)
        return parts.close()
    except BaseException:
        parts.discard()
        raise


def raw_records(lines: Lines, *, strict: bool = False) -> Iterator[bytes]:
    """Return the bytes of each record, as csv tells records apart; strictly as a check does."""
    taken: list[bytes] = []

    def texts() -> Iterator[str]:
        for line in lines.raw():
            taken.append(line)
            yield line.decode(errors="replace")

    source = texts()
    start = list(islice(source, 1))
    records = csv.reader(chain(start, source), delimiter=lines.delimiter(*start), strict=strict)
    while True:
        try:
            cells = next(records, None)
        except csv.Error:
            cells = []  # not readable, but not ours to drop
        if cells is None:
            break
        yield b"".join(taken)
        taken.clear()


class _Parts:
    """The files that a feed is cut into."""

    def __init__(self, directory: Path, name: Path, max_bytes: int) -> None:
        self._name = directory / name.name
        self._max_bytes = max_bytes
        self._header: bytes | None = None
        self._file: IO[bytes] | None = None
        self._size = 0
        self._paths: list[Path] = []
        directory.mkdir(parents=True, exist_ok=True)

    def add(self, record: bytes) -> None:
        """Add a record; the first is the header."""
        if not record.endswith((b"\n", b"\r")):
            record += b"\r\n"  # the last line may lack its end; another row may follow it
        if self._header is None:
            if record.strip():  # blank lines before the header are none of the feed
                self._header = record
            return
        if len(self._header) + len(record) > self._max_bytes:
            parts = f"a row of {len(record)} bytes below a header of {len(self._header)}"
            raise ValueError(f"{parts} does not fit into {self._max_bytes}")
        file = self._file
        if file is None or self._size + len(record) > self._max_bytes:
            file = self._next_file()
        self._size += file.write(record)

    def _next_file(self) -> IO[bytes]:
        if self._file:
            self._file.close()
        number, name = len(self._paths) + 1, self._name
        path = name.with_name(f"{name.stem}-{number:04d}{name.suffix or '.csv'}")
        self._file = path.open("wb")
        self._paths.append(path)
        self._size = self._file.write(self._header or b"")
        return self._file

    def close(self) -> list[Path]:
        """Finish; the paths of the files."""
        if self._header is not None and not self._paths:
            self._next_file()
        if self._file:
            self._file.close()
        return self._paths

    def discard(self) -> None:
        """Leave nothing behind."""
        if self._file:
            self._file.close()
        for path in self._paths:
            path.unlink()
