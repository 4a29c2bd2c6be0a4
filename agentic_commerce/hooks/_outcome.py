"""How a request ends: the reply, a word for it, and one line in the log."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping
from typing import Any, Final

import orjson
from attrs import field

from agentic_commerce._record import record
from agentic_commerce.errors import Issue, ResponseError
from agentic_commerce.hooks.requests import HookRequest

__all__ = [
    "HookReply",
    "Outcome",
    "Subject",
    "error_body",
    "log",
    "logger",
    "refusal",
    "subject_of",
    "to_json",
    "where",
]

logger: Final = logging.getLogger("agentic_commerce.hooks")


@record()
class HookReply:
    """What to send back: a status, headers and a JSON body."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@record()
class Outcome:
    """How a request ended: a word for the log, the reply, and what went wrong."""

    name: str
    status: int
    body: bytes
    detail: str = ""


def refusal(code: str, message: str) -> Outcome:
    """A request that no handler sees."""
    return Outcome(code, 400, error_body(code, message), message)


def error_body(code: str, message: str) -> bytes:
    """The body of a reply that is no answer."""
    return orjson.dumps({"error": {"code": code, "message": message}})


def to_json(answer: Mapping[str, Any]) -> bytes:
    """An answer's bytes. Raises: ResponseError if `extra` holds what JSON cannot."""
    try:
        return orjson.dumps(answer)
    except TypeError as error:
        message = f"the answer cannot be written as JSON: {error}"
        raise ResponseError([Issue("kind", message, column="$")]) from None


_LEVELS: Final = {
    "handled": logging.INFO,
    "replayed": logging.INFO,
    "bad_answer": logging.ERROR,
    "deadline": logging.ERROR,
    "handler_error": logging.ERROR,
    "on_error": logging.ERROR,
}


@record()
class Subject:
    """What the log says a line is about: as much of it as could be read."""

    type: str | None = None
    id: str | None = None
    context: str | None = None


def subject_of(body: bytes) -> Subject:
    """The subject of a proven body that is no readable hook. Only for failures: it reads again."""
    try:
        envelope = orjson.loads(body)
    except ValueError:
        return Subject()
    known = envelope if isinstance(envelope, dict) else {}
    texts = [known.get(name) for name in ("type", "id", "context")]
    return Subject(*[text[:200] if isinstance(text, str) else None for text in texts])


def log(
    about: HookRequest | Subject, outcome: str, detail: str = "", *, begun: float | None = None
) -> None:
    """One line, and the same facts as attributes of the log record. Never a buyer's data."""
    level = _LEVELS.get(outcome, logging.WARNING)
    if not logger.isEnabledFor(level):
        return
    milliseconds = None if begun is None else (time.monotonic() - begun) * 1000
    detail = "; ".join(line.strip() for line in detail.splitlines())  # a record is one line
    facts = {
        "hook_type": about.type,
        "hook_id": about.id,
        "hook_context": about.context,
        "outcome": outcome,
        "milliseconds": milliseconds,
        "detail": detail,
    }
    parts = [f"{'unread hook' if about.type is None else repr(about.type)[1:-1]}: {outcome}"]
    if about.id is not None:
        parts.append(f"id={about.id!r} context={about.context!r}")
    if milliseconds is not None:
        parts.append(f"{milliseconds:.1f} ms")
    if detail:
        parts.append(detail)
    logger.log(level, "%s", "; ".join(parts), extra=facts)


def where(error: BaseException) -> str:
    """The type of an exception and where it came from; its text may hold a buyer's data."""
    steps = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        name = os.path.basename(code.co_filename)  # noqa: PTH119 - pathlib takes 3 ms to import
        steps.append(f"{name}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return f"{type(error).__name__} at {' > '.join(steps[-4:])}"
