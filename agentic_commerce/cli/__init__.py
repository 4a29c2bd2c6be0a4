"""The command ``agentic-commerce``, for people. It needs the extra ``cli``.

Everything it prints can be had from `agentic_commerce.feeds` as well.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec

__all__ = ["main"]

NEEDS = ("typer", "rich")


def missing() -> list[str]:
    """The packages of the extra that are not installed."""
    return [name for name in NEEDS if find_spec(name) is None]


def main() -> None:
    """Run the command; say what to install if the extra is missing."""
    if lacking := missing():
        names = " and ".join(lacking)
        sys.exit(f"The command needs {names}: pip install 'agentic-commerce[cli]'")
    from agentic_commerce.cli._app import app  # noqa: PLC0415 - typer is there now

    app()
