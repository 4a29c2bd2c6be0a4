"""Deep changes to a sample payload."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

__all__ = ["ABSENT", "changed"]


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()
"""Given as a value, it takes the key out of the payload."""


def changed(value: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Change a payload in place, deeply, and return it."""
    for key, change in changes.items():
        if change is ABSENT:
            value.pop(key, None)
        elif isinstance(change, Mapping) and isinstance(value.get(key), dict):
            changed(value[key], change)
        else:
            value[key] = deepcopy(change)
    return value
