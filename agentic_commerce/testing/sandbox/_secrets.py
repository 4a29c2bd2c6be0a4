"""Signing secrets that can be rotated: for a while the old one is valid beside the new."""

from __future__ import annotations

from collections.abc import Callable

from agentic_commerce.signature import sign

__all__ = ["SigningSecret", "chosen"]


def chosen(given: str | None, made: str) -> str:
    """What was given, or what was made: that is always made, so that the next ids stay the same.

    Raises: ValueError if what was given is empty.
    """
    if given is None:
        return made
    if not given.strip():
        raise ValueError("a key or a secret cannot be empty")
    return given


class SigningSecret:
    """What signs the requests to one endpoint: the secret that is given, or a new one.

    Raises: ValueError for an empty secret.
    """

    def __init__(self, new: Callable[[], str], given: str | None = None) -> None:
        self._new = new
        self._valid: list[tuple[str, float]] = [(chosen(given, new()), float("inf"))]

    @property
    def value(self) -> str:
        """The newest secret."""
        return self._valid[0][0]

    def all(self, now: float) -> tuple[str, ...]:
        """The secrets that are valid, newest first."""
        return tuple(secret for secret, until in self._valid if now < until)

    def rotate(self, now: float, overlap: float) -> str:
        """Make a new secret; the others stay valid for so many seconds."""
        older = [(secret, min(until, now + overlap)) for secret, until in self._valid]
        self._valid = [(self._new(), float("inf")), *older]
        return self.value

    def sign(self, body: bytes, now: float, timestamp: float) -> str:
        """Return the ``Stripe-Signature`` of a body: one ``v1`` for each valid secret."""
        headers = [sign(body, secret, int(timestamp)) for secret in self.all(now)]
        return ",".join([headers[0], *(header.partition(",")[2] for header in headers[1:])])

    def __repr__(self) -> str:
        return "<SigningSecret ***>"
