"""One generated loop for exactly the columns that a file has.

It accepts good rows as fast as Python can: plain cells by the ``quick`` test of their codec, costly
ones by looking up their text in a memo, rules by their ``quick`` test. What it does not accept it
yields as ``(row number, cells)``, to be examined exactly. ``loop_text`` gives the text of the loop,
to print and to read.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any, Final

from agentic_commerce.feeds.columns import QUICK_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from agentic_commerce.feeds._plan import Plan
    from agentic_commerce.feeds.columns import Column

_LOOP: Final = """\
def loop(reader, row, faults):
    while True:
        try:
            for cells in reader:
                row += 1
                try:
                    {names}, = cells
                    if (not faults
                        and {tests}):
                        {accept}
                    else:
                        item = row, cells
                except (ValueError, KeyError):  # not as many cells as columns; a text not yet seen
                    if not cells and not faults:  # a blank line is no record
                        row -= 1
                        continue
                    item = row, cells
                {then}yield item
            return row
        except Error as error:  # quotes that csv cannot read
            row += 1
            yield row, error
"""

# After the try, so that what the caller's function raises is not taken for a fault of the row.
_TELL: Final = """\
if item is None:
                    ACCEPTED(cells)
                    continue
                """


def _names(plan: Plan) -> str:
    at = {index: name for name, index in plan.index.items()}
    return ", ".join(at.get(index, "_") for index in range(plan.width))


def _scope(plan: Plan) -> dict[str, Any]:
    scope: dict[str, Any] = {f"M_{name}": memo for name, memo in plan.memos.items()}
    scope |= {f"K_{number}": known for number, known in enumerate(plan.keys.values())}
    scope |= {name: "" for name in plan.feed.columns if name not in plan.index}
    return scope | QUICK_NAMES | {"Error": csv.Error, "Row": plan.feed.row_type}


def _cell_test(column: Column, *, memos: bool) -> str:
    name, quick = column.name, column.codec.quick
    if name == "delete":
        return "delete in ('', 'false')"  # a deletion is examined
    if quick is None:
        quick = f"{name} in M_{name}" if memos else "True"
    elif column.required and quick.startswith("len("):
        quick = f"{{c}} and not {{c}}.isspace() and {quick}"
    if quick == "True" or column.required:
        return quick.format(c=name)
    return f"(not {name} or {quick.format(c=name)})"


def quick_tests(plan: Plan, *, memos: bool = True) -> dict[str | int, str]:
    """What a good row passes: a test for each column (by name) and each rule (by number)."""
    found: dict[str | int, str] = {}
    for name in plan.index:
        found[name] = _cell_test(plan.feed.columns[name], memos=memos)
    at = {key: f"{key} in K_{number}" for number, key in enumerate(plan.keys)}
    for number, rule in enumerate(plan.rules):
        found[number] = at[rule.key] if rule.key else rule.quick or "True"
    return {name: f"({test})" for name, test in found.items() if test != "True"}


def _value(plan: Plan, name: str) -> str:
    column = plan.feed.columns[name]
    if name not in plan.index:
        return repr(column.blank)
    build = f"M_{name}[{name}]" if column.codec.quick is None else column.codec.build.format(c=name)
    if column.required:
        return build
    return f"{name} or None" if build == name else f"{build} if {name} else {column.blank!r}"


def loop_text(
    plan: Plan, *, accept: str | None = None, extra: Sequence[str] = (), told: bool = False
) -> str:
    """Return the source of the loop. It yields typed rows, or does ``accept`` with good ones.

    With ``told``, ``accept`` ends with ``item = None``, and ``ACCEPTED`` is called with the cells.
    """
    # A row is built from the memos, and a text that they lack is found then.
    asked = quick_tests(plan, memos=accept is not None)
    if accept is not None:
        asked = {at: test for at, test in asked.items() if at not in plan.covered}
    if plan.absent:
        asked = {"absent": "False"}
    if accept is None:
        values = (_value(plan, name) for name in plan.feed.columns)
        accept = f"item = Row({(',' + chr(10) + ' ' * 35).join(values)})"
    joined = ("\n" + " " * 24 + "and ").join([*dict.fromkeys(asked.values()), *extra]) or "True"
    then = _TELL if told else ""
    return _LOOP.format(names=_names(plan), tests=joined, accept=accept, then=then)


def compile_loop(plan: Plan, text: str, **names: Any) -> Callable[..., Generator[Any, None, int]]:
    """Return the loop of a text, with ``names`` for what ``accept`` and ``extra`` call."""
    scope = _scope(plan) | names
    exec(compile(text, f"<{plan.feed.name} feed loop>", "exec"), scope)  # noqa: S102 - our own text
    made: Callable[..., Generator[Any, None, int]] = scope["loop"]
    return made


def compile_cells(plan: Plan, *lines: str) -> Callable[[Sequence[str]], Any]:
    """Make a function from cells, with the columns as names, made of these lines."""
    body = "\n    ".join((f"{_names(plan)}, = cells", *lines))
    scope = _scope(plan)
    exec(compile(f"def read(cells):\n    {body}\n", "<cells>", "exec"), scope)  # noqa: S102 - our text
    made: Callable[[Sequence[str]], Any] = scope["read"]
    return made


def compile_suspects(plan: Plan) -> Callable[[Sequence[str]], list[str | int]]:
    """Make a function from cells to the columns and rules whose tests they do not pass."""
    asked = (f"if not {test}: found.append({at!r})" for at, test in quick_tests(plan).items())
    return compile_cells(plan, "found = []", *asked, "return found")
