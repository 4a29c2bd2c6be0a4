"""The documentation names every public name and every code, and its pages can be found."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import pytest

from agentic_commerce import client, errors, events, hooks, money, orders, testing
from agentic_commerce.hooks import doors, endpoint
from agentic_commerce.testing import sandbox

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference"
CONTINUED = {"sandbox": ("purchases",)}
BEHAVIOUR = (ROOT / "docs" / "explanation" / "hook-behaviour.md").read_text()
DIRECTIVE = re.compile(r"^\.\. (?:auto\w+|py:data):: (\w+)", re.MULTILINE)


@pytest.mark.parametrize(
    "module",
    [client, errors, events, hooks, money, orders, sandbox, testing],
    ids=lambda m: m.__name__,
)
def test_the_reference_has_every_public_name_and_no_other(module: ModuleType) -> None:
    name = module.__name__.rpartition(".")[2]
    pages = [REFERENCE / f"{page}.md" for page in (name, *CONTINUED.get(name, ()))]
    found = [directive for page in pages for directive in DIRECTIVE.findall(page.read_text())]
    assert sorted(found) == sorted(module.__all__)


def test_the_reference_has_every_issue_code_with_its_meaning() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| (.*) \|$", (REFERENCE / "errors.md").read_text(), re.MULTILINE
    )
    assert set(errors.CODES.items()) <= set(rows)


def test_the_behaviour_page_has_every_outcome() -> None:
    sources = [Path(module.__file__ or "").read_text() for module in (endpoint, doors)]
    made = r'(?:refusal|Outcome|_fail_closed|log)\((?:\s*request, )?\s*"(\w+)"'
    outcomes = {name for source in sources for name in re.findall(made, source)}
    assert {"deadline", "bad_signature", "late", "fallback"} <= outcomes
    assert outcomes <= set(re.findall(r"^\| `(\w+)` \|", BEHAVIOUR, re.MULTILINE))


def test_the_readme_shows_a_runnable_example_before_line_35() -> None:
    lines = (ROOT / "README.md").read_text().splitlines()
    start = lines.index("```python")
    assert lines.index("```", start) < 35
    head = "\n".join(lines[:35])
    assert "make demo" in head
    assert "make test" in head


def test_the_changelog_begins_with_what_is_unreleased() -> None:
    sections = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert sections[0] == "[Unreleased]"
