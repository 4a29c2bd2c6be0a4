"""What the groups of calls are made of: for each a class that blocks, and one that awaits.

Both do nothing but run the same flows. A test holds their signatures equal, and the documentation
of the second is that of the first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias, TypeVar

if TYPE_CHECKING:
    from agentic_commerce.client._shell import AsyncShell, Shell

__all__ = ["AsyncGroup", "Group", "Progress", "share_docs"]

T = TypeVar("T")
Progress: TypeAlias = Callable[[T], object]


class Group:
    """Calls that block."""

    def __init__(self, shell: Shell) -> None:
        self._shell, self._setup = shell, shell.setup
        self._run, self._each = shell.run, shell.each


class AsyncGroup:
    """Calls that await."""

    def __init__(self, shell: AsyncShell) -> None:
        self._shell, self._setup = shell, shell.setup
        self._run, self._each = shell.run, shell.each
        self._enter = shell.enter


def share_docs(*pairs: tuple[type, type]) -> None:
    """Give the second of each pair the documentation of the first."""
    for sync, other in pairs:
        other.__doc__ = sync.__doc__
        for name, method in vars(other).items():
            if not name.startswith("_"):
                method.__doc__ = getattr(sync, name).__doc__
