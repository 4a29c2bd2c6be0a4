"""The main job on this machine, offline. Run: ``make demo``, or ``python -m examples.demo``.

Ends with 1 if anything was not as expected.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Final

from rich.console import Console

from examples.demo_hooks import hooks_chapter
from examples.demo_story import story_chapter
from examples.feeds_demo import feeds_chapter

# A chapter prints what it does and yields what was not as expected. Add the next one here.
CHAPTERS: Final[tuple[Callable[[Console], Iterator[str]], ...]] = (
    story_chapter,
    hooks_chapter,
    feeds_chapter,
)

WIDTH: Final = 100  # fixed, so that the output is the same in a terminal, a pipe and a CI log


def main() -> int:
    """Play every chapter; return the exit code."""
    console = Console(width=WIDTH, highlight=False)
    failures = [failure for chapter in CHAPTERS for failure in chapter(console)]
    for failure in failures:
        console.print("NOT AS EXPECTED:", failure, style="red", markup=False)
    if not failures:
        console.print("Everything was as expected.", style="green")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
