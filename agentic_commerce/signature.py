"""Proof that bytes come from Stripe.

The comparison is stripe's own code (constant-time); what it leaves open is closed here: several
secrets, a strict reading of the header, and an age that is bounded in both directions.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from functools import cache
from typing import Any, Final

from agentic_commerce.errors import SignatureError

__all__ = ["Verifier", "sign", "verify_signature"]

# Rule: `t=<unix seconds>,v1=<hex>`, more `v1` while a secret is being rolled, other schemes (`v0`)
# ignored. Source: docs.stripe.com/webhooks, "Verify manually". Stricter than stripe's own reader,
# which takes `t=0_1` or two timestamps, and stumbles over a character outside ASCII: a header that
# was touched is refused, not interpreted.
# A `v1` is exactly a SHA-256 in hexadecimal; of other schemes only the characters are looked at.
# An item ends at the next comma and nowhere else, so there is nothing to go back to (`++`, `*+`).
_ITEM: Final = r"(?:v1=[0-9a-f]{64}+|(?!t=|v1=)\w++=[!-+\--~]++)"
_HEADER: Final = re.compile(rf"(?:{_ITEM},)*+t=(0|[1-9][0-9]{{0,14}}+)(?:,{_ITEM})*+", re.ASCII)

_BAD_TOLERANCE: Final = "tolerance is a number of seconds, 0 or more"
# What nearly every header looks like: one signature. Tried first, for it takes half the time.
_ONE: Final = re.compile(r"t=([1-9][0-9]{9}),v1=[0-9a-f]{64}", re.ASCII)

_NO_MATCH: Final = (
    "no signature in the header matches the body. Look at: the body must be the raw bytes as they "
    "were received, not JSON that a framework read and wrote again; the secret must be the "
    "endpoint's own (test and live mode differ, and the hook's secret is not that of your webhooks)"
)


def verify_signature(
    body: bytes,
    header: str | bytes | None,
    secrets: str | Iterable[str],
    *,
    tolerance: float = 300,
    now: float | None = None,
) -> None:
    """Prove that a body comes from Stripe and is fresh; return nothing.

    ``header`` is the value of ``Stripe-Signature``; ``secrets`` is one ``whsec_...`` or several
    (while one is being rolled, any may match). The timestamp may lie ``tolerance`` seconds before
    or after ``now`` (unix seconds; the system clock if None).

    Raises: SignatureError, whose message says what to look at and quotes neither secret nor body.
    Source: docs.stripe.com/webhooks, "Verify webhook signatures".
    """
    if not tolerance >= 0:
        raise ValueError(_BAD_TOLERANCE)
    _prove(body, header, _checked(secrets), tolerance, time.time() if now is None else now)


class Verifier:
    """`verify_signature` with its secrets and tolerance checked once, for an endpoint."""

    def __init__(self, secrets: str | Iterable[str], tolerance: float) -> None:
        if not tolerance >= 0:
            raise ValueError(_BAD_TOLERANCE)
        self._secrets = _checked(secrets)
        self._tolerance = tolerance
        _stripe()

    def verify(self, body: bytes, header: str | bytes | None, now: float) -> None:
        """Prove a body against the clock's ``now``, in unix seconds. Raises: SignatureError."""
        _prove(body, header, self._secrets, self._tolerance, now)


def _prove(
    body: bytes,
    header: str | bytes | None,
    secrets: tuple[str, ...],
    tolerance: float,
    now: float,
) -> None:
    text = header.decode("latin-1") if isinstance(header, bytes) else header
    if not text or not isinstance(text, str):
        raise SignatureError("missing_header", "the request has no Stripe-Signature header")
    seconds = _timestamp(text)
    library, mismatch = _stripe()
    try:
        # What the library takes as it is, and decodes itself, is not decoded twice.
        payload = body if type(body) is bytes else _as_text(body)
        for secret in secrets:
            try:
                # Without a tolerance: stripe's bounds the age on one side only, by its own clock.
                library.verify_header(payload, text, secret, None)
                break
            except mismatch:
                pass
        else:
            raise SignatureError("no_match", _NO_MATCH)
    except UnicodeError:
        message = "the body is not UTF-8, so Stripe did not send it"
        raise SignatureError("not_utf8", message) from None
    # Written so that a NaN is refused as well.
    if not -tolerance <= now - seconds <= tolerance:
        raise _stale(now - seconds, tolerance)


def _as_text(body: bytes | str) -> str:
    if isinstance(body, str):
        body.encode()  # a lone surrogate has no bytes that could have been signed
        return body
    return str(body, "utf-8")


def sign(body: bytes | str, secret: str, timestamp: int | None = None) -> str:
    """The ``Stripe-Signature`` value that Stripe would send with this body.

    For tests and local stand-ins. ``timestamp`` is in unix seconds; the system clock if None.
    """
    text = body if isinstance(body, str) else bytes(body).decode()
    (key,) = _checked(secret)
    seconds = int(time.time()) if timestamp is None else timestamp
    header: str = _stripe()[0].generate_signature_header(text, key, seconds)
    return header


def _checked(secrets: str | Iterable[str]) -> tuple[str, ...]:
    if isinstance(secrets, str) and secrets.strip():
        return (secrets,)
    keys = (secrets,) if isinstance(secrets, str) else tuple(secrets or ())
    if not keys or not all(isinstance(key, str) and key.strip() for key in keys):
        message = "a signing secret (whsec_...) is needed, and an empty one would let anybody sign"
        raise SignatureError("no_secret", message)
    return keys


def _timestamp(header: str) -> int:
    match = _ONE.fullmatch(header)
    if match is None:
        match = _HEADER.fullmatch(header)
        if match is None or not (",v1=" in header or header.startswith("v1=")):
            message = "the Stripe-Signature header is not of the form t=...,v1=..."
            raise SignatureError("malformed_header", message)
    return int(match[1])


def _stale(age: float, tolerance: float) -> SignatureError:
    if age < 0:
        message = f"the timestamp lies {-age:.0f} s in the future: is this machine's clock right?"
        return SignatureError("in_future", message)
    message = f"the timestamp is {age:.0f} s old and {tolerance:.0f} s are allowed: a replay?"
    return SignatureError("too_old", message)


@cache
def _stripe() -> tuple[Any, Any]:
    """Stripe's signature code and its error, loaded at first use: the import takes 0.2 s."""
    from stripe import SignatureVerificationError, WebhookSignature  # noqa: PLC0415

    return WebhookSignature, SignatureVerificationError
