"""The exception tree: one root, one class per culprit, and the record that they carry.

Whoever catches `AgenticCommerceError` catches everything this library raises on purpose. Each
subclass says whose fault it is: Stripe's payload, your handler's answer, the signature, a number
that a currency cannot express, a call that Stripe refused, a wire that broke. An error is a record
first and a sentence second: the classes that can find several faults at once carry them as `Issue`
records in ``.issues``.

No message, here or anywhere, holds a secret or a buyer's data: paths, codes and ids only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "CODES",
    "APIConnectionError",
    "APIError",
    "APIResponseError",
    "AgenticCommerceError",
    "AuthenticationError",
    "CellError",
    "FeedError",
    "IdempotencyError",
    "ImportFailedError",
    "ImportPendingError",
    "Issue",
    "MoneyError",
    "NotFoundError",
    "PayloadError",
    "PermissionDeniedError",
    "QuoteError",
    "RateLimitError",
    "ResponseError",
    "ServerError",
    "Severity",
    "SignatureError",
    "UnsupportedHookError",
    "WaitTimeoutError",
]

Severity = Literal["error", "warning"]

CODES: Final[dict[str, str]] = {
    # What a JSON payload or an answer can have wrong.
    "not_csv": "A table cannot be read to its end: a quote is not closed, or a cell is endless.",
    "not_json": "The text is not JSON (or is not UTF-8, or is nested too deeply).",
    "missing": "A required key is absent.",
    "null": "A required key holds null.",
    "kind": "A value has the wrong JSON kind, for example text where a whole number belongs.",
    "unknown_key": "An answer has a key that the contract does not know.",
    "other_payload": "This is another thing that Stripe sends; the hint names its parser.",
    "choice": "A text is not one of the allowed values.",
    # What only an answer can have wrong.
    "answer_type": "A handler returned something that is not an answer to this hook.",
    "empty": "A text that must say something is empty.",
    "range": "A number lies outside its limits.",
    "currency": "A currency is not a lowercase ISO 4217 code, or not the request's currency.",
    "exactly_one": "Exactly one of two keys must be given.",
    "forbidden": "A key is given that the rest of the answer forbids.",
    "unknown_id": "An id does not occur in the request.",
    "repeated_id": "An id occurs twice in the answer.",
    "automatic_tax": "Tax rates are given although Stripe computes the tax.",
    "exceeds_total": "An amount is larger than the order's total.",
    "mismatch": "A value differs from the request value that it must repeat.",
    # What an order can have that does not add up: never an error, always in ``.discrepancies``.
    "lines_missing": "The session does not hold all of its lines.",
    "sum": "Amounts that should add up do not.",
}
"""Every code that an `Issue` of a payload, an answer or an order can have, with its meaning."""


@attrs.frozen
class Issue:
    """One problem: what it is, where it is, and how to mend it.

    For JSON payloads and answers ``column`` is the JSON path (``$.data.line_items_details[2].id``)
    and ``value`` stays None, because a payload may hold a buyer's data. For feeds ``row`` counts
    records (the header is 1), ``value`` is the cell as written and ``span`` the part of it that is
    at fault.
    """

    code: str
    message: str
    severity: Severity = "error"
    column: str | None = None
    row: int | None = None
    id: str | None = None
    value: str | None = None
    hint: str | None = None
    span: tuple[int, int] | None = None

    def __str__(self) -> str:
        """``where: what (hint)``, with the parts that are known."""
        where = f"{self.column}: " if self.column else ""
        if self.row is not None:
            where = f"row {self.row}, {where}" if where else f"row {self.row}: "
        hint = f" ({self.hint})" if self.hint else ""
        return f"{where}{self.message}{hint}"


class AgenticCommerceError(Exception):
    """The root of every error that this library raises on purpose."""


class _IssuesError(AgenticCommerceError):
    """An error that found everything wrong at once."""

    _headline = "problems found"
    _shown = 10

    issues: tuple[Issue, ...]

    def __init__(self, issues: Iterable[Issue]) -> None:
        self.issues = tuple(issues)
        super().__init__(self.issues)

    def __str__(self) -> str:
        lines = [f"{self._headline}: {len(self.issues)} problem(s)"]
        lines += [f"  {issue}" for issue in self.issues[: self._shown]]
        if len(self.issues) > self._shown:
            lines.append(f"  ... and {len(self.issues) - self._shown} more in .issues")
        return "\n".join(lines)


class PayloadError(_IssuesError, ValueError):
    """Stripe sent, or you passed, something that cannot be read as the documented payload.

    ``.issues`` names every fault with its JSON path. Values are never quoted.
    """

    _headline = "the payload cannot be read"


class ResponseError(_IssuesError, ValueError):
    """Your handler's answer breaks the hook's contract, so it was not sent.

    Raised by the constructors of answers for what one object can know, and by the dispatcher for
    what only shows beside the request. ``.issues`` names every fault with its JSON path.
    """

    _headline = "the answer breaks the hook's contract"


class FeedError(_IssuesError, ValueError):
    """Rows break the feed's rules, so Stripe would refuse them.

    ``.issues`` names every fault of the first bad row (or of the header) with row and column. Where
    a whole file was checked, ``.report`` is the `feeds.FeedReport` with its counts, and ``.issues``
    are errors of many rows.
    """

    _headline = "the feed has rows that Stripe would refuse"
    report: Any = None

    def __str__(self) -> str:
        text = super().__str__()
        return text if self.report is None else f"{self.report}\n{text}"


class QuoteError(_IssuesError, ValueError):
    """A cart that cannot be quoted, or a shipping service that does not serve it.

    ``.issues`` names every fault with its place, such as ``items[2].quantity``.
    """

    _headline = "the cart cannot be quoted"


class CellError(AgenticCommerceError, ValueError):
    """One text is not the value that its place asks for.

    ``.code`` is a code of the feed rules, ``.message`` says what is wrong, ``.span`` is the part of
    the text at fault as ``(start, end)``, and ``.hint`` how to mend it, if we can tell.
    """

    code: str
    message: str
    span: tuple[int, int]
    hint: str | None

    def __init__(
        self, code: str, message: str, span: tuple[int, int] = (0, 0), hint: str | None = None
    ) -> None:
        self.code, self.message, self.span, self.hint = code, message, span, hint
        super().__init__(code, message, span, hint)

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class UnsupportedHookError(AgenticCommerceError):
    """There is no handler for this hook, or no such hook.

    ``.type`` is the type as it was sent.
    """

    type: str

    def __init__(self, type: str, message: str | None = None) -> None:  # noqa: A002 - Stripe's word
        self.type = type
        super().__init__(type, message or f"no handler for hook type {type[:100]!r}")

    def __str__(self) -> str:
        return str(self.args[1])


class SignatureError(AgenticCommerceError):
    """The bytes are not proven to come from Stripe; do not read them.

    ``.code`` is one of ``missing_header``, ``malformed_header``, ``not_utf8``, ``no_match``,
    ``too_old``, ``in_future``; ``no_secret`` if none is given to check with. Neither the secret,
    the signature nor the body is quoted.
    """

    code: str

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(code, message)

    def __str__(self) -> str:
        return str(self.args[1])


class MoneyError(AgenticCommerceError, ValueError):
    """An amount that its currency cannot express, or a currency that is no ISO 4217 code."""


# ----------------------------------------------------------------------------------------- the API


class APIError(AgenticCommerceError):
    """Stripe refused a call, or could not serve it.

    ``status`` is the HTTP status; ``type``, ``code``, ``param`` and ``message`` are Stripe's own,
    None where it gave none; ``request_id`` is what Stripe's support asks for. ``operation`` says
    which call it was. The subclasses tell the usual causes apart; a request that is merely wrong
    (400, 402, 422) is an APIError itself.
    """

    def __init__(
        self,
        message: str | None,
        *,
        status: int,
        operation: str,
        type: str | None = None,  # noqa: A002 - Stripe's word
        code: str | None = None,
        param: str | None = None,
        request_id: str | None = None,
        hint: str | None = None,
    ) -> None:
        self.message, self.status, self.operation = message, status, operation
        self.type, self.code, self.param = type, code, param
        self.request_id, self.hint = request_id, hint
        super().__init__(message)

    def __reduce__(self) -> tuple[Any, ...]:
        # The default would call the class with its args alone, and errors travel between processes.
        return _remade, (type(self), self.args, self.__dict__)

    def __str__(self) -> str:
        words = [f"HTTP {self.status}", self.code or self.type or "", f"to {self.operation}"]
        text = f"{' '.join(filter(None, words))}: {self.message or 'no message'}"
        text += f" (param: {self.param})" if self.param else ""
        text += f" ({self.hint})" if self.hint else ""
        return text + (f" [{self.request_id}]" if self.request_id else "")


def _remade(
    kind: type[AgenticCommerceError], args: tuple[Any, ...], state: dict[str, Any]
) -> AgenticCommerceError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class AuthenticationError(APIError):
    """401: the API key is missing, wrong, or revoked."""


class PermissionDeniedError(APIError):
    """403: the key may not do this; ``.hint`` names the permission if the call is known."""


class NotFoundError(APIError):
    """404: there is no such object, or it belongs to another account or mode."""


class IdempotencyError(APIError):
    """The idempotency key was used for another request before, or is in use just now."""


class RateLimitError(APIError):
    """429, after all retries."""


class ServerError(APIError):
    """5xx, after all retries."""


class APIResponseError(APIError):
    """Stripe's answer cannot be read: not JSON, not an object, or without what it must have.

    The call may well have been carried out. ``.issues`` names each fault with its JSON path.
    """

    issues: tuple[Issue, ...] = ()


class APIConnectionError(AgenticCommerceError):
    """No whole answer came: refused, reset, cut off, or timed out, after all retries.

    Whether Stripe carried out the call is not known. To call again is safe with the same
    ``idempotency_key``, which is None where to call again is safe without one.
    """

    def __init__(self, message: str, *, operation: str, idempotency_key: str | None = None) -> None:
        self.message, self.operation, self.idempotency_key = message, operation, idempotency_key
        super().__init__(message)

    def __reduce__(self) -> tuple[Any, ...]:
        return _remade, (type(self), self.args, self.__dict__)

    def __str__(self) -> str:
        return f"{self.message}, to {self.operation}"


class ImportFailedError(AgenticCommerceError):
    """Stripe could not process an import at all.

    ``state`` is the import as it was retrieved; ``code`` and ``message`` are what Stripe said, if
    anything. ``result`` is the `client.PublishResult` if it was published with others.
    """

    result: Any = None

    def __init__(self, state: Any, *, code: str | None = None, message: str | None = None) -> None:
        self.state, self.code, self.message = state, code, message
        super().__init__(state, code, message)

    def __reduce__(self) -> tuple[Any, ...]:
        return _remade, (type(self), self.args, self.__dict__)

    def __str__(self) -> str:
        said = ": ".join(filter(None, (self.code, self.message)))
        return f"import {self.state.id} failed" + (f": {said}" if said else "")


class ImportPendingError(AgenticCommerceError):
    """An import is not finished, so what it refuses is not known yet. Wait for it first.

    ``state`` is the import as it was retrieved.
    """

    def __init__(self, state: Any) -> None:
        self.state = state
        super().__init__(state)

    def __str__(self) -> str:
        return f"import {self.state.id} is {self.state.status!s}, not finished: wait for it first"


class WaitTimeoutError(AgenticCommerceError, TimeoutError):
    """An import was not finished when the time was up. It goes on; wait again with its id.

    ``state`` is the import as it was last seen. ``result`` is the `client.PublishResult` so far, if
    it was published.
    """

    result: Any = None

    def __init__(self, state: Any, seconds: float) -> None:
        self.state, self.seconds = state, seconds
        super().__init__(state, seconds)

    def __str__(self) -> str:
        status = self.state.status
        return f"import {self.state.id} is {status!s} after {self.seconds:.0f} s; wait again"
