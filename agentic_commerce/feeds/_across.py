"""The rules across rows: what must be remembered of each row to judge the others.

An id costs about a hundred bytes. The rows where ids were first seen are kept beside them in an
array, in the same order, for a Python int would cost a third more.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any, Final

import attrs

from agentic_commerce.errors import Issue
from agentic_commerce.feeds._loop import compile_cells
from agentic_commerce.feeds.codes import CODES

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from agentic_commerce.feeds._plan import Plan

GROUP: Final = "item_group_id"

# Which attributes a variant fills, and which custom options it names.
SHAPE: Final = (
    "(not color, not size, not material, not gender, custom_variant_option_name_1,"
    " custom_variant_option_name_2, custom_variant_option_name_3)"
)
_FILLED: Final = ("color", "size", "material", "gender")

Shape = tuple[Any, ...]


class Memory:
    """The ids and the variant groups of the rows seen so far."""

    def __init__(self) -> None:
        self.ids: dict[str, None] = {}
        self.id_rows = array("Q")
        self.groups: dict[str, Shape] = {}
        self.group_rows = array("Q")
        self.others: dict[tuple[str, Shape], int] = {}
        self._shapes: dict[Shape, Shape] = {}

    def variant(self, group: str, shape: Shape, row: int) -> None:
        """Remember which attributes the variants of a group fill."""
        first = self.groups.get(group)
        if first is None:
            self.groups[group] = self._shapes.setdefault(shape, shape)
            self.group_rows.append(row)
        elif first != shape:
            self.others.setdefault((group, shape), row)

    def merge(self, later: Memory, offset: int) -> dict[str, int]:
        """Add what was seen in rows further on; the ids that are repeated, with their rows."""
        repeated = self.ids.keys() & later.ids.keys()
        placed = zip(later.ids, later.id_rows, strict=True)
        rows = {key: row + offset for key, row in placed if key in repeated} if repeated else {}
        again = frozenset(rows.values())
        self.id_rows.extend([at for row in later.id_rows if (at := row + offset) not in again])
        self.ids |= later.ids
        for (group, shape), row in zip(later.groups.items(), later.group_rows, strict=True):
            self.variant(group, shape, row + offset)
        for (group, shape), row in later.others.items():
            self.variant(group, shape, row + offset)
        return rows

    def first_rows(self, keys: Iterable[str]) -> dict[str, int]:
        """Where these ids stood first."""
        wanted = frozenset(keys)
        if not wanted:
            return {}
        return {key: row for key, row in zip(self.ids, self.id_rows, strict=True) if key in wanted}

    def variant_issues(self) -> list[Issue]:
        """One issue for each set of attributes in which a group differs from its first row."""
        if not self.others:
            return []
        differing = {group for group, _ in self.others}
        rows = zip(self.groups, self.group_rows, strict=True)
        first = {group: row for group, row in rows if group in differing}
        return [
            _variant_issue(group, self.groups[group], first[group], shape, row)
            for (group, shape), row in self.others.items()
        ]


class Across:
    """The rules across rows, for the columns of one plan."""

    def __init__(self, plan: Plan, catalog: Container[str] | None) -> None:
        self.memory = Memory()
        self._catalog = catalog
        self._key = plan.feed.key
        self._id_at = plan.index.get(self._key)
        self._has_groups = GROUP in plan.index
        self._group = compile_cells(plan, f"return {GROUP}, {SHAPE}") if self._has_groups else None

    def tests(self) -> list[str]:
        """What the loop must ask of a good row."""
        tests = [] if self._id_at is None else [f"{self._key} not in IDS"]
        if self._id_at is not None and self._catalog is not None:
            tests.append(f"{self._key} in CATALOG")
        return tests

    def accept(self, *, told: bool = False) -> str:
        """Tell what the loop must remember of a good row, and whether it is told of as well."""
        lines = [] if self._id_at is None else [f"IDS[{self._key}] = None", "ID_ROW(row)"]
        if self._has_groups:
            # Most variants are like the first of their group, and need no call.
            lines.append(f"if {GROUP} and GROUPS.get({GROUP}) != {SHAPE}:")
            lines.append(f"    VARIANT({GROUP}, {SHAPE}, row)")
        return ("\n" + " " * 24).join([*lines, "item = None" if told else "continue"])

    def names(self) -> dict[str, Any]:
        """Tell what those texts refer to."""
        return {
            "IDS": self.memory.ids,
            "ID_ROW": self.memory.id_rows.append,
            "CATALOG": self._catalog,
            "GROUPS": self.memory.groups,
            "VARIANT": self.memory.variant,
        }

    def examine(self, row: int, cells: Sequence[str], *, deleted: bool) -> list[Issue]:
        """Return the same for a row that the loop did not accept, with its problems."""
        issues = [] if self._id_at is None else self._examine_id(row, cells[self._id_at])
        if self._group and not deleted:
            group, shape = self._group(cells)
            if group:
                self.memory.variant(group, shape, row)
        return issues

    def _examine_id(self, row: int, key: str) -> list[Issue]:
        if not key or len(key) > 100:
            return []
        issues = []
        if key in self.memory.ids:
            issues.append(duplicate(self._key, row, key))
        else:
            self.memory.ids[key] = None
            self.memory.id_rows.append(row)
        if self._catalog is not None and key not in self._catalog:
            statement = CODES["unknown_id"].statement
            issues.append(Issue("unknown_id", statement, "error", self._key, row, key, key))
        return issues


def duplicate(column: str, row: int, key: str) -> Issue:
    """Return the issue of an id that has stood in the file before."""
    hint = "keep one of the rows"
    return Issue(
        "duplicate_id", CODES["duplicate_id"].statement, "error", column, row, key, key, hint
    )


def with_first_rows(issues: Sequence[Issue], memory: Memory) -> list[Issue]:
    """Return the same issues; those of repeated ids now tell the first row."""
    repeated = (issue.id or "" for issue in issues if issue.code == "duplicate_id")
    first = memory.first_rows(repeated)
    return [
        attrs.evolve(issue, message=f"the id stood in row {first[issue.id or '']} already")
        if issue.code == "duplicate_id"
        else issue
        for issue in issues
    ]


def _attributes(shape: Shape) -> str:
    filled = [name for name, blank in zip(_FILLED, shape, strict=False) if not blank]
    return ", ".join([*filled, *filter(None, shape[len(_FILLED) :])]) or "none"


def _variant_issue(group: str, one: Shape, first: int, other: Shape, row: int) -> Issue:
    message = (
        f"this variant fills {_attributes(other)}, and the group's first, in row {first},"
        f" fills {_attributes(one)}"
    )
    return Issue("variant_attributes", message, "warning", GROUP, row, None, group[:200])
