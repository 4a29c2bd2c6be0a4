"""From a header to a plan: which cell is what, and how a row is examined exactly.

The generated loop (`_loop`) accepts most rows without a plan's help. Of a row that it does not
accept, the same quick tests tell which cells and rules are suspect, and those are looked at
exactly: either the text was only new, and is remembered, or the problem is explained.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from agentic_commerce.errors import CellError, Issue
from agentic_commerce.feeds._loop import compile_cells, compile_suspects
from agentic_commerce.feeds.codes import CODES
from agentic_commerce.feeds.rows import Deletion, Feed
from agentic_commerce.feeds.rules import RULES, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from agentic_commerce.feeds.columns import Column

MEMO_SIZE: Final = 10_000  # texts remembered for one column; then it starts anew
LONGEST_VALUE: Final = 500  # characters of a cell that an issue quotes

Suspects = list[str | int]


class Plan:
    """What one file's header means for one feed."""

    def __init__(self, feed: Feed[Any], header: Sequence[str]) -> None:
        self.feed = feed
        self.header = list(header)
        self.width = len(header)
        self.index: dict[str, int] = {}
        for position, name in enumerate(header):
            if name in feed.columns:
                self.index.setdefault(name, position)
        self.absent = [name for name in feed.required if name not in self.index]
        self.rules = [rule for rule in RULES[feed.name] if self._applies(rule)]
        self.memos: dict[str, dict[str, Any]] = {
            name: {} for name, column in feed.columns.items() if column.codec.quick is None
        }
        self.keys: dict[str, set[Any]] = {rule.key: set() for rule in self.rules if rule.key}
        self.covered = {name for key in self.keys for name in self._covered(key)}
        self._key_of = {key: compile_cells(self, f"return {key}") for key in self.keys}
        self._told_by_cell = [
            (number, rule.columns[0])
            for number, rule in enumerate(self.rules)
            if rule.quick is None and rule.key is None
        ]
        self._suspects = compile_suspects(self)

    def _applies(self, rule: Rule) -> bool:
        """Whether a row of this file can break the rule."""
        if any(name in self.absent for name in rule.columns):
            return False
        if any(name in self.index for name in rule.columns):
            return rule.columns[0] in self.index or not rule.header_once
        blanks = {name: column.blank for name, column in self.feed.columns.items()}
        return not rule.header_once and bool(rule.broken(blanks))

    def _covered(self, key: str) -> set[str]:
        """Return the columns whose whole text is in the key, and good if the key is."""
        columns = {name for rule in self.rules if rule.key == key for name in rule.columns}
        return columns & set(re.findall(r"\w+(?!\w|\[)", key))

    def missing_once(self) -> Iterator[Rule]:
        """The rules that ask for an absent column once, in the header."""
        for rule in RULES[self.feed.name]:
            column, *others = rule.columns
            asks = not others or any(name in self.index for name in others)
            if rule.header_once and asks and column not in self.index:
                yield rule

    def everything(self) -> Suspects:
        """Suspects for an examination that trusts no quick test."""
        return [*self.index, *range(len(self.rules))]

    def examine(
        self, row: int, cells: Sequence[str], suspects: Suspects | None = None
    ) -> tuple[list[Issue], Values | Deletion | None]:
        """Every problem of a row, and its values unless one of them is an error."""
        if len(cells) != self.width:
            return [self._ragged(row, cells)], None
        if not any(cells):
            return [Issue("empty_row", "every cell of the row is blank", row=row)], None
        if "delete" in self.index and cells[self.index["delete"]] == "true":
            return self._deletion(row, cells)
        if suspects is None:
            suspects = self._suspects(cells)
        values, key = Values(self, cells), self.key(cells)
        issues, bad = self._faults(row, key, values, suspects)
        issues += self._absences(row, key)
        issues += self._broken(row, key, values, bad, suspects)
        if any(issue.severity == "error" for issue in issues):
            return issues, None
        return issues, values

    def _faults(
        self, row: int, key: str | None, values: Values, suspects: Suspects
    ) -> tuple[list[Issue], set[str]]:
        """Return the problems of single cells; good texts are remembered."""
        issues, bad = [], set()
        for name in suspects:
            if isinstance(name, int):
                break
            try:
                values[name]
            except CellError as error:
                bad.add(name)
                text = values.text(name)
                issues.append(_cell_issue(row, key, self.feed.columns[name], text, error))
        return issues, bad

    def _absences(self, row: int, key: str | None) -> Iterator[Issue]:
        for name in self.absent:
            message = f"{name} is required, and the file has no such column"
            yield Issue("missing_column", message, column=name, row=row, id=key)

    def _broken(
        self, row: int, key: str | None, values: Values, bad: set[str], suspects: Suspects
    ) -> Iterator[Issue]:
        """Return the rules that are broken; keys of rules that hold are remembered."""
        numbers = [number for number in suspects if isinstance(number, int)]
        numbers += [number for number, name in self._told_by_cell if name in suspects]
        good: set[str | None] = set()
        wrong: set[str | None] = set()
        for number in sorted(set(numbers)):
            rule = self.rules[number]
            broken = not bad.isdisjoint(rule.columns) or rule.broken(values)
            (wrong if broken else good).add(rule.key)
            if broken and bad.isdisjoint(rule.columns):
                yield self._rule_issue(row, key, rule, values, broken)
        for text in good - wrong - {None}:
            self._remember(text, values.cells)

    def _remember(self, key: str | None, cells: Sequence[str]) -> None:
        known = self.keys[key or ""]
        if len(known) >= MEMO_SIZE:
            known.clear()
        known.add(self._key_of[key or ""](cells))

    def _rule_issue(
        self, row: int, key: str | None, rule: Rule, values: Values, broken: bool | str
    ) -> Issue:
        code = CODES[rule.code]
        at = next((name for name in rule.columns if name in self.index), rule.columns[0])
        hint = broken if isinstance(broken, str) else rule.hint
        value = values.text(at)[:LONGEST_VALUE] or None
        return Issue(rule.code, code.statement, code.severity, at, row, key, value, hint)

    def key(self, cells: Sequence[str]) -> str | None:
        """Return the id of a row, as far as it can be known."""
        index = self.index.get(self.feed.key, len(cells))
        return (cells[index][:LONGEST_VALUE] or None) if index < len(cells) else None

    def _deletion(self, row: int, cells: Sequence[str]) -> tuple[list[Issue], Deletion | None]:
        """Examine a row of which only the id counts."""
        name, values = self.feed.key, Values(self, cells)
        if name in self.absent:
            return [*self._absences(row, None)], None
        try:
            return [], Deletion(values[name])
        except CellError as error:
            column, text = self.feed.columns[name], values.text(name)
            return [_cell_issue(row, text or None, column, text, error)], None

    def _ragged(self, row: int, cells: Sequence[str]) -> Issue:
        message = f"{len(cells)} cells, and the header has {self.width}"
        hint = "a cell that holds a separator or a line break must be quoted"
        # Cells may have moved, so the id of such a row is only a guess, but mostly a good one.
        return Issue("ragged", message, row=row, id=self.key(cells), hint=hint)


class Values(dict[str, Any]):
    """The values of a row by column, parsed when they are asked for.

    Costly texts are remembered by the plan. Raises: CellError for a cell that is no value.
    """

    def __init__(self, plan: Plan, cells: Sequence[str]) -> None:
        super().__init__()
        self.cells = cells
        self._plan = plan

    def text(self, name: str) -> str:
        """Return the cell as written; blank if there is no such column."""
        index = self._plan.index.get(name)
        return "" if index is None else self.cells[index]

    def __missing__(self, name: str) -> Any:
        text, column = self.text(name), self._plan.feed.columns[name]
        if column.required and (not text or text.isspace()):
            raise CellError("required", f"{name} is required", (0, len(text)))
        memo = self._plan.memos.get(name)
        if not text:
            value = column.blank
        elif memo is None:
            value = column.codec.parse(text)
        elif text in memo:
            value = memo[text]
        else:
            value = column.codec.parse(text)
            if len(memo) >= MEMO_SIZE:
                memo.clear()
            memo[text] = value
        self[name] = value
        return value

    def row(self) -> Any:
        """Return the typed row."""
        return self._plan.feed.row_type(*(self[name] for name in self._plan.feed.columns))


def _cell_issue(row: int, key: str | None, column: Column, text: str, error: CellError) -> Issue:
    span = error.span if error.span[1] <= LONGEST_VALUE else None
    return Issue(
        error.code,
        error.message,
        CODES[error.code].severity,
        column.name,
        row,
        key,
        text[:LONGEST_VALUE] or None,
        error.hint,
        span,
    )
