"""Arrows between the rooms go one way."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

import agentic_commerce

PACKAGE = Path(agentic_commerce.__file__).parent

BASE = {"errors", "money", "signature", "_record", "_parts", "_payload"}
ALLOWED = {
    "": {"client", "errors", "events", "feeds", "hooks", "money", "orders", "testing"},
    "errors": set(),
    "money": {"errors"},
    "_record": set(),
    "_parts": {"_record"},
    "_payload": {"errors"},
    "signature": {"errors"},
    "_compile": BASE,
    "_convert": BASE | {"_compile"},
    "hooks": BASE | {"_compile", "_convert"},
    "_agreements": BASE,
    "events": BASE | {"_agreements"},
    "_orders": BASE,
    "_order_events": BASE,
    "_checkout": BASE | {"_convert", "_orders"},
    "orders": BASE | {"_order_events", "_orders"},
    "feeds": {"errors", "money"},
    "client": BASE | {"__version__", "_agreements", "events", "feeds", "orders"},
    "testing": BASE | {"client", "events", "feeds", "hooks", "orders"},
    "cli": {"client", "errors", "feeds", "money", "orders", "testing"},
}
# Which modules may import them: a room by its name, a module of a room by its path.
THIRD_PARTY = {
    "stripe": {"signature"},
    "httpx": {
        "cli/_common",
        "client/_client",
        "client/_shell",
        "testing/sandbox/_clients",
        "testing/sandbox/_transport",
    },
    "cattrs": {"_convert"},
    "starlette": {"testing/sandbox/_server"},
    "uvicorn": {"testing/sandbox/_server"},
    "pytest": {"testing/pytest_plugin"},
    "rich": {"cli"},
    "typer": {"cli"},
}


def room(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return "" if first == "__init__" else first


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            deeper = node.module == "agentic_commerce"
            names |= {f"{node.module}.{a.name}" for a in node.names} if deeper else {node.module}
    return names


def _only_typed(path: Path, library: str) -> bool:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    blocks = [n for n in tree.body if isinstance(n, ast.If) and "TYPE_CHECKING" in ast.dump(n.test)]
    for block in blocks:
        block.body.clear()
    tops = {
        alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    return library not in tops


MODULES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_room_imports_only_the_rooms_below_it(path: Path) -> None:
    ours = {name for name in imports(path) if name.startswith("agentic_commerce.")}
    reached = {name.split(".")[1] for name in ours} - {room(path)}
    assert reached <= ALLOWED[room(path)]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_heavy_libraries_have_one_door_each(path: Path) -> None:
    tops = {name.split(".")[0] for name in imports(path)}
    module = path.relative_to(PACKAGE).with_suffix("").as_posix()
    for library, doors in THIRD_PARTY.items():
        # For the type checker alone any module may name them.
        assert library not in tops or {room(path), module} & doors or _only_typed(path, library)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_module_and_no_function_outgrows_a_page_or_two(path: Path) -> None:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.body:
            first = node.body[0]
            has_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
            start = node.body[min(int(has_docstring), len(node.body) - 1)].lineno
            assert (node.end_lineno or start) - start < 50, node.name


def test_the_core_dispatches_without_clock_socket_or_log() -> None:
    source = PACKAGE / "hooks" / "dispatch.py"
    assert not imports(source) & {"time", "logging", "socket", "threading", "os", "asyncio"}
