"""From a path, a file or lines to decoded lines, whatever bytes they hold.

Lines end with a line feed, a carriage return or both; the end is kept, for a quoted cell may hold
it. Bytes are read in pieces and decoded line by line, which is faster than a text file. What is
wrong with a line is put into ``faults`` and the line given all the same, so that the reader can
place the fault in its row.
"""

from __future__ import annotations

import os
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["Progress", "Source"]

Source: TypeAlias = (
    "str | os.PathLike[str] | IO[str] | IO[bytes] | bytes | bytearray | memoryview"
    " | Iterable[str] | Iterable[bytes]"
)
"""What can be read: a path, an open file, the bytes of a file, or lines."""

_PIECE: Final = 1 << 16  # larger pieces fall out of the processor's cache
_BOM: Final = b"\xef\xbb\xbf"
_WIDE: Final = (b"\xff\xfe", b"\xfe\xff")


class Progress(NamedTuple):
    """How far a check has come: the bytes read, and how many there are if that is known."""

    bytes_read: int
    bytes_total: int | None


class Lines:
    """The decoded lines of a source, as an iterator.

    ``faults`` are codes of what was wrong with the lines given since it was last cleared;
    ``ended`` tells that all were given, ``unreadable`` that a text file could not decode the rest.
    """

    def __init__(
        self,
        source: Source,
        span: tuple[int, int] | None = None,
        progress: Callable[[Progress], object] | None = None,
    ) -> None:
        self.faults: list[str] = []
        self.bytes_read = 0
        self.bytes_total: int | None = None
        self.name = (
            source if isinstance(source, (str, os.PathLike)) else getattr(source, "name", None)
        )
        self.ended = False
        self.unreadable = False
        self._progress = progress
        self._starts_file = span is None
        self._pieces = self._open(source, span)
        # chain hands out the lines of a piece without a step of Python for each.
        self._lines = chain.from_iterable(self._decoded())

    def __iter__(self) -> Iterator[str]:
        return self._lines

    @property
    def is_tsv(self) -> bool:
        """Whether the name says that tabs part the cells."""
        return isinstance(self.name, (str, os.PathLike)) and Path(self.name).suffix.lower() in (
            ".tsv",
            ".tab",
        )

    def delimiter(self, first: str = "") -> str:
        """Return what parts the cells: what the name says, or else what the first line shows."""
        if isinstance(self.name, (str, os.PathLike)) and Path(self.name).suffix:
            return "\t" if self.is_tsv else ","
        return "\t" if "\t" in first and "," not in first else ","

    def _open(self, source: Source, span: tuple[int, int] | None) -> Iterator[bytes]:
        if isinstance(source, (str, os.PathLike)):
            return self._of_path(Path(source), span)
        if isinstance(source, (bytes, bytearray, memoryview)):
            return iter([bytes(source)])
        if hasattr(source, "read"):
            return _of_file(source)
        return map(_as_line, source)

    def _of_path(self, path: Path, span: tuple[int, int] | None) -> Iterator[bytes]:
        with path.open("rb") as file:
            start, end = span or (0, os.fstat(file.fileno()).st_size)
            self.bytes_total = end - start
            file.seek(start)
            left = end - start if span else -1
            while piece := file.read(_PIECE if left < 0 else min(_PIECE, left)):
                left -= len(piece) if span else 0
                yield piece

    def raw(self) -> Iterator[bytes]:
        """Return the lines as bytes, without a byte order mark; instead of the decoded ones."""
        first = True
        for lines, _ in self._split():
            if first:
                lines[0] = lines[0].removeprefix(_BOM)
                first = False
            yield from lines

    def _decoded(self) -> Iterator[Iterable[str]]:
        first = self._starts_file
        for lines, has_nul in self._split():
            if first:
                first = False
                if lines[0].startswith(_WIDE):
                    self.faults.append("encoding")
                lines[0] = lines[0].removeprefix(_BOM)
            yield self._decode(lines, has_nul=has_nul)
        self.ended = True

    def _decode(self, lines: list[bytes], *, has_nul: bool) -> Iterable[str]:
        if not has_nul:
            try:
                return list(map(bytes.decode, lines))
            except UnicodeDecodeError:
                pass
        # Faults come line by line, as the lines are taken, to be placed in their row.
        return map(self._checked, lines)

    def _split(self) -> Iterator[tuple[list[bytes], bool]]:
        """Return the lines of each piece; what the last line lacks comes with the next piece."""
        carry: list[bytes] = []
        try:
            for piece in self._pieces:
                self._count(len(piece))
                if b"\n" not in piece and b"\r" not in piece:
                    carry.append(piece)
                    continue
                whole = b"".join((*carry, piece))
                lines = whole.splitlines(keepends=True)
                # A final carriage return may be the first half of a line end, so it waits too.
                carry = [] if whole.endswith(b"\n") else [lines.pop()]
                if lines:
                    yield lines, b"\0" in whole
        except UnicodeDecodeError:
            self.unreadable = True
        if self._progress:
            self._progress(Progress(self.bytes_read, self.bytes_total))
        if rest := b"".join(carry):
            yield rest.splitlines(keepends=True), b"\0" in rest

    def _count(self, size: int) -> None:
        before = self.bytes_read
        self.bytes_read += size
        if self._progress and before // _PIECE != self.bytes_read // _PIECE:
            self._progress(Progress(self.bytes_read, self.bytes_total))

    def _checked(self, line: bytes) -> str:
        if b"\0" in line:
            self.faults.append("nul")
        try:
            return line.decode()
        except UnicodeDecodeError:
            self.faults.append("encoding")
            return line.decode(errors="replace")


def _of_file(file: Any) -> Iterator[bytes]:
    """Return the pieces of an open file; a text file gives back the bytes of its text."""
    if file.read(0) == "":
        while text := file.read(_PIECE):
            yield text.encode(errors="surrogatepass")
        return
    while piece := file.read(_PIECE):
        yield piece


def _as_line(line: str | bytes) -> bytes:
    whole = line.encode(errors="surrogatepass") if isinstance(line, str) else bytes(line)
    return whole if whole.endswith((b"\n", b"\r")) else whole + b"\n"
