"""Files on this machine: what is uploaded is opened and measured, what is downloaded is kept."""

from __future__ import annotations

import io
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfileobj
from typing import IO, Final, TypeAlias

import attrs

from agentic_commerce.client._wire import Upload, content_type_of
from agentic_commerce.feeds.writer import replaced

__all__ = ["Content", "Source", "Target", "opened", "spool", "stamp_of", "store"]

Source: TypeAlias = "str | os.PathLike[str] | bytes | IO[bytes]"
"""What can be uploaded: a path, the bytes themselves, or a file open for reading bytes."""

Target: TypeAlias = "str | os.PathLike[str] | IO[bytes]"
"""Where a download can go: a path, or a file open for writing bytes."""

# Rule: what goes into a header has no character that could end it.
_TYPE: Final = re.compile(r"[!-~]+/[ -~]+", re.ASCII)
_PIECE: Final = 1 << 20
_IN_MEMORY: Final = 1 << 20


@attrs.frozen(kw_only=True)
class Content:
    """A source made ready: its bytes, its name (the last part of its path), its MIME type."""

    upload: Upload
    name: str
    content_type: str


@contextmanager
def opened(source: Source, content_type: str | None = None) -> Iterator[Content]:
    """Open a source and measure it; nothing of a file is read into memory.

    A file that cannot be sought, such as a pipe, is copied to a temporary one first: its size must
    be known before the upload begins, and a second try must begin where the first did. A file that
    the caller opened stays open.

    Raises: OSError if it cannot be read; TypeError for a file that is open as text; ValueError for
    a MIME type that is none.
    """
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        with path.open("rb") as file, _sought(file) as found:
            yield _content(found, path.name, content_type)
    elif isinstance(source, (bytes, bytearray, memoryview)):
        yield _content(io.BytesIO(source), "feed.csv", content_type)
    else:
        if not hasattr(source, "read"):
            what = type(source).__name__
            raise TypeError(f"a source is a path, bytes, or a file open for bytes, not {what}")
        if source.read(0) != b"":
            raise TypeError("open the file for reading bytes: open(path, 'rb')")
        named = getattr(source, "name", None)
        # Standard input is called <stdin>, and a bare descriptor by its number.
        name = Path(named).name if isinstance(named, str) and named[:1] != "<" else "feed.csv"
        with _sought(source) as found:
            yield _content(found, name, content_type)


@contextmanager
def _sought(file: IO[bytes]) -> Iterator[IO[bytes]]:
    """The file itself, or a copy that can be sought."""
    can_seek = getattr(file, "seekable", None)  # all that is asked of a file is to be read
    if can_seek is not None and can_seek():
        yield file
        return
    with spool() as copy:
        copyfileobj(file, copy, _PIECE)
        copy.seek(0)
        yield copy


def _content(file: IO[bytes], name: str, content_type: str | None) -> Content:
    start = file.tell()
    size = file.seek(0, os.SEEK_END) - start
    file.seek(start)
    upload = Upload(file=file, start=start, size=size, stamp=stamp_of(file))
    if content_type is not None and not _TYPE.fullmatch(content_type):
        raise ValueError("content_type is a MIME type such as text/csv")
    return Content(upload=upload, name=name, content_type=content_type or content_type_of(name))


def stamp_of(file: IO[bytes]) -> tuple[int, int] | None:
    """What changes when a file's contents do; None for one that is only in memory.

    A second try must not send other bytes than the first under the same idempotency key.
    """
    try:
        found = os.fstat(file.fileno())
    except (OSError, ValueError, AttributeError):
        return None
    return found.st_mtime_ns, found.st_size


@contextmanager
def spool() -> Iterator[IO[bytes]]:
    """A temporary file, in memory as long as it is small."""
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
        yield file


@contextmanager
def store(target: Target) -> Iterator[IO[bytes]]:
    """A file to download into; ``target`` gets it whole when the block ends well, or not at all.

    Raises: OSError if it cannot be written.
    """
    if isinstance(target, (str, os.PathLike)):
        path = Path(target)
        if path.is_file() or not path.exists():
            with replaced(path) as file:
                yield file
            return
        with path.open("wb") as device, store(device) as file:
            yield file
        return
    with spool() as file:
        yield file
        file.seek(0)
        copyfileobj(file, target, _PIECE)
