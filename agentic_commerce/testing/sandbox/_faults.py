"""Failures on demand."""

from __future__ import annotations

from typing import Final, Literal, get_args

import attrs

from agentic_commerce.testing.sandbox._wire import Refusal

__all__ = ["Fault", "FaultError", "Faults"]

FaultError = Literal["connect", "reset", "timeout", "truncated", "expired"]
"""How a request can fail without an answer from Stripe.

``connect``: nothing arrives, nothing is done. ``reset``, ``timeout`` and ``truncated``: the request
is carried out, and the answer is lost, which is what idempotency keys are for. ``expired``: a
presigned URL is refused as too old.
"""

_CODES: Final = {429: "rate_limit", 409: "lock_timeout", 401: "api_key_expired"}


@attrs.define(kw_only=True)
class Fault:
    """One failure that is due."""

    status: int
    times: int
    path: str | None
    error: FaultError | None
    delay: float

    def hits(self, path: str, *, presigned: bool) -> bool:
        """Whether a request is to fail."""
        if self.error == "expired" and not presigned:
            return False
        wanted = (self.path or "").rstrip("/")
        return not wanted or path == wanted or path.startswith(wanted + "/")

    @property
    def refuses(self) -> bool:
        """Whether the request is answered with an error, and not carried out."""
        return self.error in (None, "expired") and self.status >= 400

    def refusal(self) -> Refusal:
        """Say that it failed, as Stripe would."""
        if self.error == "expired":
            return Refusal(403, "Request has expired.", "expired_url")
        code = _CODES.get(self.status)
        if self.status >= 500:
            message = "An error occurred with our connection to Stripe (asked for by the test)."
            return Refusal(self.status, message, type="api_error")
        return Refusal(self.status, "The test asked for this request to fail.", code)


class Faults:
    """The failures that are due, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._due: list[Fault] = []

    def add(
        self, status: int, times: int, path: str | None, error: FaultError | None, delay: float
    ) -> None:
        """Ask for a failure. Raises: ValueError."""
        if error is not None and error not in get_args(FaultError):
            raise ValueError(f"error is one of {', '.join(get_args(FaultError))}")
        if times < 1 or delay < 0 or not 200 <= status < 600:
            raise ValueError("times is 1 or more, delay 0 or more, status between 200 and 599")
        if path is not None and not path.startswith("/"):
            raise ValueError("path is that of a URL, such as /v1/refunds")
        self._due.append(Fault(status=status, times=times, path=path, error=error, delay=delay))

    def take(self, path: str, *, presigned: bool) -> Fault | None:
        """The failure that this request is to suffer, if any."""
        for fault in self._due:
            if fault.hits(path, presigned=presigned):
                fault.times -= 1
                if not fault.times:
                    self._due.remove(fault)
                return fault
        return None

    def __len__(self) -> int:
        return sum(fault.times for fault in self._due)
