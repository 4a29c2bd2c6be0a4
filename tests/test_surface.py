"""The public surface: complete, sorted, documented, annotated, and light to import."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys
import typing
from types import ModuleType

import pytest

import agentic_commerce

ROOMS = [
    "client",
    "errors",
    "events",
    "feeds",
    "hooks",
    "money",
    "orders",
    "signature",
    "testing",
    "testing.sandbox",
]


def modules() -> list[ModuleType]:
    return [agentic_commerce, *(importlib.import_module(f"agentic_commerce.{r}") for r in ROOMS)]


@pytest.mark.parametrize("module", modules(), ids=lambda m: m.__name__)
def test_all_is_sorted_and_every_name_in_it_exists(module: ModuleType) -> None:
    names = list(module.__all__)
    # ruff's order: constants, classes, functions
    assert names == sorted(names, key=lambda n: (not n.isupper(), n[0].islower(), n))
    assert len(set(names)) == len(names)
    for name in names:
        assert getattr(module, name) is not None


@pytest.mark.parametrize("module", modules()[1:], ids=lambda m: m.__name__)
def test_all_is_complete(module: ModuleType) -> None:
    own = {
        name
        for name, thing in vars(module).items()
        if not name.startswith("_")
        and inspect.getmodule(thing) is not None
        and (getattr(thing, "__module__", "") or "").startswith("agentic_commerce")
        and not inspect.ismodule(thing)
        and getattr(thing, "__module__", "").startswith(module.__name__)
    }
    assert own <= set(module.__all__)


@pytest.mark.parametrize("module", modules(), ids=lambda m: m.__name__)
def test_every_public_name_is_documented_and_annotated(module: ModuleType) -> None:
    for name in module.__all__:
        thing = getattr(module, name)
        if not (inspect.isclass(thing) or inspect.isfunction(thing)):
            continue
        assert inspect.getdoc(thing), name
        members = inspect.getmembers(thing, inspect.isfunction) if inspect.isclass(thing) else []
        for member, function in [("", thing), *members]:
            if member.startswith("_") or not inspect.isfunction(function):
                continue
            if not (function.__module__ or "").startswith("agentic_commerce"):
                continue
            assert inspect.getdoc(function), f"{name}.{member}"
            assert "return" in function.__annotations__, f"{name}.{member}"


def loaded_after(statement: str) -> set[str]:
    watched = ["stripe", "httpx", "uvicorn", "starlette", "cattrs", "attrs", "asyncio", "typing"]
    watched += ["agentic_commerce.feeds"]
    program = f"{statement}\nimport sys\nprint(*[m for m in {watched} if m in sys.modules])"
    # -I -S: what site-packages' own start-up files import is not ours; the paths are put back.
    paths = f"import sys; sys.path[:] = {sys.path!r}; "
    command = [sys.executable, "-I", "-S", "-c", paths + program]
    run = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    return set(run.stdout.split())


def test_the_root_import_loads_nothing() -> None:
    assert loaded_after("import agentic_commerce") == set()


@pytest.mark.parametrize("room", ["events", "hooks", "orders"])
def test_a_room_loads_neither_stripe_nor_httpx_nor_cattrs(room: str) -> None:
    loaded = loaded_after(f"from agentic_commerce import {room}")
    assert not loaded & {"stripe", "httpx", "cattrs", "asyncio"}


@pytest.mark.parametrize("room", ["testing", "testing.sandbox"])
def test_what_users_test_with_loads_no_network(room: str) -> None:
    code = f"import agentic_commerce.{room} as room; room.Sandbox()"
    assert not loaded_after(code) & {"stripe", "httpx", "uvicorn", "starlette"}


def test_payloads_do_not_load_the_sandbox() -> None:
    assert "agentic_commerce.feeds" not in loaded_after("from agentic_commerce import testing")
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        agentic_commerce.testing.nothing  # noqa: B018


def test_the_rooms_and_errors_can_be_reached_from_the_root() -> None:
    assert agentic_commerce.PayloadError is agentic_commerce.errors.PayloadError
    assert agentic_commerce.hooks.HookEndpoint is not None
    assert set(agentic_commerce.__all__) <= set(dir(agentic_commerce))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        agentic_commerce.nothing  # noqa: B018


@pytest.mark.parametrize("module", modules(), ids=lambda m: m.__name__)
def test_every_public_class_can_resolve_its_annotations(module: ModuleType) -> None:
    for name in module.__all__:
        thing = getattr(module, name)
        if inspect.isclass(thing) and hasattr(thing, "__attrs_attrs__"):
            assert typing.get_type_hints(thing)
