"""Bytes that may be many: in memory while they are few, in a temporary file from then on.

A feed may have 200 MB. It is written to a file as it arrives, and that file is what is kept: the
part of a form that holds the upload is a span of it, and is never copied.
"""

from __future__ import annotations

import hashlib
import mmap
import tempfile
import weakref
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Blob", "Spool"]

IN_MEMORY: Final = 1 << 20
_PIECE: Final = 1 << 18


class _Store:
    """A temporary file, closed when nothing refers to it any more."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        weakref.finalize(self, _close, self.map, file)


def _close(view: mmap.mmap, file: IO[bytes]) -> None:
    view.close()
    file.close()


class Blob:
    """Bytes that do not change."""

    def __init__(self, content: bytes = b"") -> None:
        self._content: bytes | _Store = content
        self._span = (0, len(content))

    @classmethod
    def of_file(cls, file: IO[bytes], size: int) -> Blob:
        """Take over a temporary file of so many bytes, which are not none."""
        file.flush()
        made = cls()
        made._content, made._span = _Store(file), (0, size)
        return made

    @property
    def size(self) -> int:
        """How many bytes."""
        return self._span[1] - self._span[0]

    def find(self, needle: bytes, start: int = 0) -> int:
        """Where these bytes stand first; -1 if nowhere."""
        at = self._view.find(needle, self._span[0] + start, self._span[1])
        return at if at < 0 else at - self._span[0]

    def read(self, start: int = 0, end: int | None = None) -> bytes:
        """Some of the bytes, or all."""
        first, last = self._span
        stop = last if end is None else min(first + end, last)
        return bytes(self._view[first + start : stop])

    def part(self, start: int, end: int) -> Blob:
        """A span of the bytes, which is not copied out of a file."""
        made = Blob()
        if isinstance(self._content, bytes):
            made._content, made._span = self._content[start:end], (0, end - start)
        else:
            made._content = self._content
            made._span = (self._span[0] + start, self._span[0] + end)
        return made

    def pieces(self) -> Iterator[bytes]:
        """The bytes in pieces."""
        for start in range(0, self.size, _PIECE):
            yield self.read(start, start + _PIECE)

    def digest(self) -> str:
        """A name for exactly these bytes."""
        found = hashlib.sha256()
        for piece in self.pieces():
            found.update(piece)
        return found.hexdigest()

    def open(self, name: str) -> Reader:
        """Open the bytes for reading, as a file of that name."""
        return Reader(self, name)

    @property
    def _view(self) -> bytes | mmap.mmap:
        return self._content if isinstance(self._content, bytes) else self._content.map

    def __repr__(self) -> str:
        return f"<Blob of {self.size} bytes>"


class Reader:
    """What `feeds.check` needs of a file that is open for reading."""

    def __init__(self, blob: Blob, name: str) -> None:
        self.name = name
        self._blob = blob
        self._at = 0

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        end = self._blob.size if size < 0 else self._at + size
        piece = self._blob.read(self._at, end)
        self._at += len(piece)
        return piece


class Spool:
    """Bytes that arrive piece by piece."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._file: IO[bytes] | None = None
        self.size = 0

    def write(self, piece: bytes) -> None:
        """Take one more piece."""
        self.size += len(piece)
        if self._file is not None:
            self._file.write(piece)
            return
        self._pieces.append(piece)
        if self.size > IN_MEMORY:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it outlives this call
            self._file.writelines(self._pieces)
            self._pieces.clear()

    def blob(self) -> Blob:
        """Everything that arrived; nothing can be written after."""
        if self._file is None:
            return Blob(b"".join(self._pieces))
        return Blob.of_file(self._file, self.size)

    def close(self) -> None:
        """Throw away what arrived."""
        if self._file is not None:
            self._file.close()
