"""Who may come in: key, permission, account, version.

The messages are close to Stripe's, and never hold a key.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Mapping
from typing import Final

from agentic_commerce.testing.sandbox._wire import Refusal, Request

__all__ = [
    "account_of",
    "check_key",
    "check_permission",
    "check_version",
    "is_account",
    "key_of",
]

_ACCOUNT: Final = re.compile(r"acct_\w{1,100}", re.ASCII)
_VERSION: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[-.][\w.-]+)?((?:;\s*\w+=\w+)*)", re.ASCII)
_IMPORTS_SINCE: Final = "2026-04-22"


def key_of(request: Request) -> str:
    """The API key of a request: bearer, or the user of basic authentication. Raises: Refusal."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    key = value.strip()
    if scheme.lower() == "basic":
        try:
            key = base64.b64decode(key, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            key = ""
    elif scheme.lower() != "bearer":
        key = ""
    if not key:
        message = (
            "You did not provide an API key. You need to provide your API key in the Authorization"
            " header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
        )
        raise Refusal(401, message)
    return key


def check_key(keys: Mapping[str, Collection[str] | None], key: str) -> Collection[str] | None:
    """What a key may do; None if everything. Raises: Refusal for a key that is not known."""
    if key not in keys:
        raise Refusal(401, "Invalid API Key provided.")
    return keys[key]


def check_permission(allowed: Collection[str] | None, need: str) -> None:
    """Refuse a restricted key without the permission. Raises: Refusal."""
    if allowed is not None and need not in allowed:
        message = (
            "The provided key does not have the required permissions for this endpoint."
            f" Having the '{need}' permission would allow this request to continue."
        )
        raise Refusal(403, message, "more_permissions_required")


def is_account(name: object) -> bool:
    """Whether something is the id of a connected account."""
    return isinstance(name, str) and _ACCOUNT.fullmatch(name) is not None


def account_of(request: Request, accounts: Collection[str] | None) -> str | None:
    """The connected account that a request is for; None for the platform. Raises: Refusal."""
    account = request.headers.get("stripe-account")
    context = request.headers.get("stripe-context")
    if account and context:
        message = "You may send only one of the Stripe-Account and Stripe-Context headers."
        raise Refusal(400, message)
    name = account or (context or "").rpartition("/")[2]
    if not name:
        return None
    if not is_account(name) or (accounts is not None and name not in accounts):
        message = (
            f"The provided key does not have access to account {name[:100]!r} (or that account"
            " does not exist). Application access may have been revoked."
        )
        raise Refusal(403, message, "account_invalid")
    return name


def check_version(request: Request, rule: str, default: str) -> str:
    """The ``Stripe-Version`` of a request, if it will do for the route. Raises: Refusal."""
    given = request.headers.get("stripe-version", "").strip()
    if not given and request.path.startswith("/v2/"):
        message = "The Stripe-Version header is required for requests to API v2."
        raise Refusal(400, message, "missing_version")
    match = _VERSION.fullmatch(given or default)
    if match is None:
        message = f"Invalid Stripe API version: {given[:100]}"
        raise Refusal(400, message, "invalid_version" if request.path.startswith("/v2/") else None)
    if problem := _unfit(rule, given, match):
        raise Refusal(400, problem, "unsupported_version")
    return given or default


def _unfit(rule: str, given: str, match: re.Match[str]) -> str | None:
    if rule == "udap" and "udap_beta=v1" not in match[2].replace(" ", ""):
        return (
            "This endpoint is in beta. Send it with a beta header, for example"
            " 'Stripe-Version: 2025-09-30.clover;udap_beta=v1'."
        )
    if rule == "imports" and match[1] < _IMPORTS_SINCE:
        return f"Product catalog imports need a Stripe-Version of {_IMPORTS_SINCE} or later."
    if rule == "preview" and ".preview" not in given and ".internal" not in given:
        return (
            "This endpoint is in preview. Send it with a preview version, for example"
            " 'Stripe-Version: 2026-04-22.preview'."
        )
    return None
