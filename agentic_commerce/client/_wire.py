"""What passes between the flows, which do no I/O, and the two shells, which do nothing else.

A flow is a generator. It yields steps: `Send` a request, `Sleep`, `Work`. A shell carries each step
out and sends the outcome back: a `Reply`, or `Lost` if no whole reply came; a `Moment` after a
sleep; what the work returned.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Generator
from pathlib import PurePath
from typing import IO, Any, Final, TypeAlias, TypeVar

import attrs
from attrs import field

__all__ = [
    "Flow",
    "Lost",
    "Moment",
    "Outcome",
    "Reply",
    "Request",
    "Send",
    "Sleep",
    "Step",
    "Upload",
    "Work",
    "content_type_of",
]

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Upload:
    """A file's bytes as a request body: alone, or between the ``head`` and ``tail`` of a form.

    ``file`` is open for reading bytes and stands at the first of the ``size`` bytes to send, at
    ``start``; each try begins there again.
    """

    file: IO[bytes] = field(repr=False)
    start: int
    size: int
    head: bytes = field(default=b"", repr=False)
    tail: bytes = field(default=b"", repr=False)
    stamp: tuple[int, int] | None = None
    """Of the file when it was opened: each try looks whether it is still the same."""
    told: Callable[[int], object] | None = field(default=None, repr=False)
    """Called with the bytes sent so far, on the thread that reads; each try begins anew."""

    @property
    def length(self) -> int:
        """How many bytes the whole body has."""
        return len(self.head) + self.size + len(self.tail)


@attrs.frozen(kw_only=True)
class Request:
    """One HTTP request. Headers hold the key and a URL may be presigned, so neither is shown."""

    method: str
    url: str = field(repr=False)
    headers: dict[str, str] = field(factory=dict, repr=False)
    body: bytes | Upload = field(default=b"", repr=False)
    sink: IO[bytes] | None = field(default=None, repr=False)
    """Where the body of a 2xx answer goes, from its present position; else it is in the reply."""


@attrs.frozen(kw_only=True)
class Reply:
    """One HTTP answer, whole. Header names are in lower case."""

    status: int
    headers: dict[str, str] = field(factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300


@attrs.frozen
class Lost:
    """No whole answer came. ``reason`` says why, in words that hold no URL and no content."""

    reason: str
    may_retry: bool = True


@attrs.frozen
class Moment:
    """The time, twice: unix seconds, and seconds of a clock that never goes back."""

    unix: float
    monotonic: float


@attrs.frozen
class Send:
    """A step: carry out the request."""

    request: Request


@attrs.frozen
class Sleep:
    """A step: wait so many seconds (0: only tell the time)."""

    seconds: float


@attrs.frozen
class Work:
    """A step: call a function that blocks, on a thread if others would have to wait for it.

    The outcome is what it returns. What it raises ends the flow.
    """

    function: Callable[[], Any]


Step: TypeAlias = Send | Sleep | Work
Outcome: TypeAlias = Reply | Lost | Moment | object
Flow: TypeAlias = Generator[Step, Any, T]

# Rule: the MIME type must match the file's format. Source: platform guide, "Upload the product
# catalog data to Stripe". Operating systems disagree on what a .csv is, so these two are ours.
_TSV: Final = "text/tab-separated-values"
_TYPES: Final = {".csv": "text/csv", ".tsv": _TSV, ".tab": _TSV}


def content_type_of(name: str) -> str:
    """The MIME type that goes with a file name; a feed without an extension is CSV."""
    suffix = PurePath(name).suffix.lower()
    return _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "text/csv"
