"""Runs the Python examples of README.md and docs/: each file in order, in one namespace."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sybil import Sybil
from sybil.integration.pytest import SybilItem
from sybil.parsers.myst import PythonCodeBlockParser, SkipParser

# What Sphinx runs, and what it wrote, are no tests.
collect_ignore_glob = ["docs/conf.py", "docs/_build/*"]

pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), SkipParser()],
    patterns=["README.md", "docs/**/*.md"],
    excludes=["docs/_build/**"],
    setup=lambda namespace: namespace.update(__name__="shop"),  # what Flask(__name__) looks at
).pytest()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put each document's examples back in order, which pytest-randomly has shuffled."""
    ordered = _in_document_order([item for item in items if isinstance(item, SybilItem)])
    items[:] = [next(ordered) if isinstance(item, SybilItem) else item for item in items]


def _in_document_order(examples: list[SybilItem]) -> Iterator[SybilItem]:
    documents: dict[str, list[SybilItem]] = {}
    for example in examples:
        documents.setdefault(str(example.path), []).append(example)
    for document in documents.values():
        yield from sorted(document, key=lambda item: int(item.example.line))
