"""Generated readers and writers: one function that builds a record, one that writes it.

For a class with a required text, an optional whole number and an optional record a reader says::

    def read(o):
        r = new(Cls)
        v1 = o["id"]
        r.id = v1 if type(v1) is str else structure(v1, str)
        v2 = o.get("amount")
        if v2 is None: r.amount = None
        else:
            r.amount = v2 if type(v2) is int else structure(v2, int)
        ...

A value that fits costs no call. Whatever does not is handed to ``structure``, cattrs' strict way,
which takes what is merely unusual (a tuple for a list) and raises for the rest. Why generate: the
same walk in plain Python takes three times as long, and this is the hot path of every hook. Print
``reader_source(Cls, None, closed=False)[0]`` to see a real one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from math import isfinite
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

import attrs

__all__ = [
    "compile_reader",
    "compile_writer",
    "decimal_of",
    "enum_values",
    "expandable",
    "moment_of",
    "reader_source",
    "rfc3339",
]

Structure = Callable[[Any, Any], Any]

_INLINE: Final = (str, int, bool)
_FACTORY: Final[Any] = type(attrs.Factory(dict))  # attrs types its factories as what they make

# Spellings of the hook schema that differ from the API's own, which captured payloads use.
_SPELLINGS: Final = {
    "included": "inclusive",
    "excluded": "exclusive",
    "master_card": "mastercard",
}


@lru_cache(maxsize=1024)
def decimal_of(number: float) -> Decimal:
    """The digits of a float as JSON wrote them, not its binary fraction. Percentages repeat.

    Raises: ValueError if it is not finite, which JSON cannot write but a mapping can hold.
    """
    if not isfinite(number):
        raise ValueError("a JSON number is finite")
    return Decimal(repr(number))


# Rule: RFC 3339, "date-time": a full date, a time of day with seconds, any number of fractional
# digits, and always a zone. `datetime.fromisoformat` alone also takes 20260406 and 2026-W15-1, and
# leaves a time without zone to the reader's imagination.
_is_moment: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d++)?+(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII
).fullmatch


def moment_of(text: str) -> datetime:
    """An RFC 3339 time in UTC, without what it has beyond the microsecond.

    Raises: ValueError, or OverflowError at the ends of the calendar.
    """
    if _is_moment(text) is None:
        raise ValueError("a time is of the form 2026-04-06T10:05:00.000Z")
    moment = datetime.fromisoformat(text.upper())
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)


def enum_values(kind: Any) -> dict[str, str]:
    """What each known text of an open enum, ``Brand | str``, is read as; empty for other kinds."""
    for arg in get_args(kind):
        if isinstance(arg, type) and issubclass(arg, StrEnum):
            known: dict[str, str] = {member.value: member for member in arg}
            return known | {old: known[new] for old, new in _SPELLINGS.items() if new in known}
    return {}


def expandable(kind: Any) -> Any:
    """The record that ``Price | str`` may hold instead of its id; None for any other kind."""
    kinds = [arg for arg in get_args(kind) if arg is not NoneType]
    if get_origin(kind) not in (Union, UnionType) or len(kinds) != 2 or str not in kinds:
        return None
    return next((arg for arg in kinds if attrs.has(arg)), None)


# ------------------------------------------------------------------------------------------ readers


def compile_reader(kind: type, structure: Structure, *, closed: bool) -> Callable[[Any], Any]:
    """A function from a JSON object to a record of ``kind``; unknown keys fail if ``closed``.

    ``structure(value, kind)`` reads, or refuses, each value that the function does not expect.
    """
    source, names = reader_source(kind, structure, closed=closed)
    exec(source, names)  # noqa: S102 - made of our own class bodies, no outside text
    reader: Callable[[Any], Any] = names["read"]
    return reader


def reader_source(kind: type, structure: Structure, *, closed: bool) -> tuple[str, dict[str, Any]]:
    """The text of a reader, and the names that it uses."""
    function = _Reader(structure, closed=closed)
    function.record(kind, "o", "r", 1)
    return "\n".join(["def read(o):", *function.lines, "    return r"]), function.names


class _Reader:
    def __init__(self, structure: Structure, *, closed: bool) -> None:
        self.lines: list[str] = []
        self.names: dict[str, Any] = {
            "structure": structure,
            "decimal": decimal_of,
            "moment": moment_of,
            "new": object.__new__,
        }
        self._closed = closed

    def record(self, kind: Any, o: str, r: str, depth: int) -> None:
        """Read the object ``o`` into the record ``r``."""
        attrs.resolve_types(kind)
        cls = self._name("Cls", kind)
        fields = [a for a in attrs.fields(kind) if "beside" not in a.metadata]
        if self._closed:  # an answer: its constructor checks it
            known = self._name("known", frozenset(a.name for a in fields))
            self._line(depth, f"if not {o}.keys() <= {known}: raise KeyError")
            values = [(a.name, f"{r}_{a.name}") for a in fields]
            for a, (_, value) in zip(fields, values, strict=True):
                self._field(a, o, value, depth)
            self._line(depth, f"{r} = {cls}({', '.join(f'{n}={v}' for n, v in values)})")
        else:  # a payload: its class checks nothing, and calling it would be a third of the work
            self._line(depth, f"{r} = new({cls})")
            for a in fields:
                self._field(a, o, f"{r}.{a.name}", depth)

    def _field(self, a: attrs.Attribute[Any], o: str, target: str, depth: int) -> None:
        if "whole" in a.metadata:
            self._line(depth, f"{target} = {o}")
            return
        v = self._name("v", None)
        get = f"{o}[{a.name!r}]" if a.default is attrs.NOTHING else f"{o}.get({a.name!r})"
        self._line(depth, f"{v} = {get}")
        if also := a.metadata.get("also"):
            self._line(depth, f"if {v} is None or {v} == []: {v} = {o}.get({also!r})")
        kinds = [kind for kind in get_args(a.type) if kind is not NoneType]
        nullable = a.default is None and len(kinds) == 1
        kind = kinds[0] if nullable else a.type
        if a.default is attrs.NOTHING:
            self._value(kind, v, target, depth)
            return
        absent = self._absent(a.default)
        empty = f" or {v} == []" if absent == "()" else ""
        self._line(depth, f"if {v} is None{empty}: {target} = {absent}")
        self._line(depth, "else:")
        self._value(kind, v, target, depth + 1)

    def _absent(self, default: Any) -> str:
        """What stands for a value that is not there."""
        if default is None or default == ():
            return repr(default)
        make = default.factory if isinstance(default, _FACTORY) else None
        if make is None:
            return self._name("default", default)
        return "{}" if make is dict else f"{self._name('make', make)}()"

    def _value(self, kind: Any, v: str, target: str, depth: int) -> None:
        """Test ``v``, which is not null unless that is a fault, and put it into ``target``."""
        other = f"structure({v}, {self._name('kind', kind)})"
        item = get_args(kind)[0] if get_origin(kind) is tuple else None
        if kind in _INLINE:
            self._line(depth, f"{target} = {v} if type({v}) is {kind.__name__} else {other}")
        elif kind is Decimal:
            self._line(depth, f"{target} = decimal({v}) if type({v}) is float else {other}")
        elif kind is datetime:
            self._line(depth, f"{target} = moment({v}) if type({v}) is str else {other}")
        elif get_origin(kind) is Literal:
            self._line(depth, f"{target} = {v} if {v} in {get_args(kind)!r} else {other}")
        elif values := enum_values(kind):
            table = self._name("values", values)
            self._line(depth, f"{target} = {table}[{v}] if {v} in {table} else {other}")
        elif attrs.has(whole := expandable(kind) or kind):
            r = self._name("r", None)
            if whole is not kind:
                self._line(depth, f"if type({v}) is str: {target} = {v}")
            self._line(depth, f"{'if' if whole is kind else 'elif'} type({v}) is dict:")
            self.record(whole, v, r, depth + 1)
            self._line(depth + 1, f"{target} = {r}")
            self._line(depth, f"else: {target} = {other}")
        elif item is not None and attrs.has(item):
            self._items(item, v, target, depth, other)
        elif _is_mapping(kind):  # an object of anything is taken as it is, an empty one in any case
            empty = "" if get_args(kind)[1] is Any else f" and not {v}"
            self._line(depth, f"{target} = {v} if type({v}) is dict{empty} else {other}")
        else:
            self._line(depth, f"{target} = {other}")

    def _items(self, kind: Any, v: str, target: str, depth: int, other: str) -> None:
        r, each = self._name("r", None), self._name("each", None)
        self._line(depth, f"if type({v}) is list:")
        self._line(depth + 1, f"{v}_all = []")
        self._line(depth + 1, f"for {each} in {v}:")
        self.record(kind, each, r, depth + 2)
        self._line(depth + 2, f"{v}_all.append({r})")
        self._line(depth + 1, f"{target} = tuple({v}_all)")
        self._line(depth, f"else: {target} = {other}")

    def _line(self, depth: int, text: str) -> None:
        self.lines.append("    " * depth + text)

    def _name(self, prefix: str, thing: object) -> str:
        name = f"{prefix}{len(self.names)}"
        self.names[name] = thing
        return name


# ------------------------------------------------------------------------------------------ writers


def compile_writer(kind: type) -> Callable[[Any], dict[str, Any]]:
    """A function from a record to its JSON object; a field that has its default is left out."""
    attrs.resolve_types(kind)
    names: dict[str, Any] = {"number": _json_number, "rfc3339": rfc3339}
    always, maybe = [], []
    for a in attrs.fields(kind):
        if a.metadata.keys() & {"beside", "whole"}:
            continue
        if "nullable" in a.metadata:
            text = _written(a.type, f"o.{a.name}", names)
            always.append(f"{a.name!r}: None if o.{a.name} is None else {text}")
        elif a.default is attrs.NOTHING:
            always.append(f"{a.name!r}: {_written(a.type, f'o.{a.name}', names)}")
        else:
            given = " is not None" if a.default is None else ""  # of a tuple: whether it has items
            maybe.append(f"    if (v := o.{a.name}){given}:")
            maybe.append(f"        d[{a.name!r}] = {_written(a.type, 'v', names)}")
    lines = ["def write(o):", f"    d = {{{', '.join(always)}}}", *maybe, "    return d"]
    exec("\n".join(lines), names)  # noqa: S102 - made of our own class bodies
    writer: Callable[[Any], dict[str, Any]] = names["write"]
    return writer


def _written(kind: Any, value: str, names: dict[str, Any]) -> str:
    args = [arg for arg in get_args(kind) if arg is not NoneType]
    if get_origin(kind) is tuple:
        return f"[{_written(args[0], 'x', names)} for x in {value}]"
    if attrs.has(kind):
        name = f"write_{kind.__name__}"
        names[name] = compile_writer(kind)
        return f"{name}({value})"
    if enum_values(kind):
        return f"str({value})"
    if Decimal in args:
        return f"number({value})"
    if kind is date:
        return f"{value}.isoformat()"
    if kind is datetime:
        return f"rfc3339({value})"
    if _is_mapping(kind):
        return f"dict({value})"
    return _written(args[0], value, names) if args else value


def rfc3339(moment: datetime) -> str:
    """A moment as Stripe writes it: UTC, with milliseconds (microseconds where it has them)."""
    utc = moment.astimezone(UTC).replace(tzinfo=None)
    precision = "microseconds" if utc.microsecond % 1000 else "milliseconds"
    return f"{utc.isoformat(timespec=precision)}Z"


def _is_mapping(kind: Any) -> bool:
    origin = get_origin(kind)
    return isinstance(origin, type) and issubclass(origin, Mapping)


def _json_number(number: Decimal | float) -> int | float:
    if type(number) is float:
        return number
    return int(number) if number == int(number) else float(number)
