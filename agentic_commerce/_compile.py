"""Generated readers and writers: one expression that builds a record, one function that writes it.

Written out by hand they would look like this, for a class with a required text, an optional whole
number and an optional record (print ``reader_source`` to see a real one)::

    lambda o: Cls((v0 if type(v0 := o["id"]) is str else h0(v0, k0)),
                  (v1 if (v1 := o.get("amount")) is None or type(v1) is int else h1(v1, k1)),
                  (None if (v2 := o.get("rate")) is None else Rate(...)))

A value that fits costs no call. Whatever does not is handed to the converter's strict hook, which
takes what is merely unusual (a tuple for a list) and raises for the rest. Why generate: the same
walk in plain Python took three times as long, and this is the hot path of every hook.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from types import NoneType
from typing import Any, Final, get_args, get_origin

import attrs

__all__ = ["compile_reader", "compile_writer", "decimal_of", "enum_values", "reader_source"]

Structure = Callable[[Any, Any], Any]

_INLINE: Final = (str, int, bool)

# Spellings of the hook schema that differ from the API's own, which captured payloads use.
_SPELLINGS: Final = {
    "included": "inclusive",
    "excluded": "exclusive",
    "master_card": "mastercard",
}


@lru_cache(maxsize=1024)
def decimal_of(number: float) -> Decimal:
    """The digits of a float as JSON wrote them, not its binary fraction. Percentages repeat."""
    return Decimal(repr(number))


def enum_values(kind: Any) -> dict[str, str]:
    """What each known text of an open enum, ``Brand | str``, is read as; empty for other kinds."""
    for arg in get_args(kind):
        if isinstance(arg, type) and issubclass(arg, StrEnum):
            known: dict[str, str] = {member.value: member for member in arg}
            return known | {old: known[new] for old, new in _SPELLINGS.items() if new in known}
    return {}


# ------------------------------------------------------------------------------------------ readers


def compile_reader(kind: type, structure: Structure, *, closed: bool) -> Callable[[Any], Any]:
    """A function from a JSON object to a record of ``kind``; unknown keys fail if ``closed``.

    ``structure(value, kind)`` reads, or refuses, each value that the expression does not expect.
    """
    source, names = reader_source(kind, structure, closed=closed)
    reader: Callable[[Any], Any] = eval(source, names)  # noqa: S307 - made of our own class bodies
    return reader


def reader_source(kind: type, structure: Structure, *, closed: bool) -> tuple[str, dict[str, Any]]:
    """The text of a reader, and the names that it uses."""
    expression = _Expression(structure, closed=closed)
    return f"lambda o: {expression.record(kind, 'o')}", expression.names


class _Expression:
    def __init__(self, structure: Structure, *, closed: bool) -> None:
        self.names: dict[str, Any] = {"structure": structure, "decimal": decimal_of}
        self._closed = closed

    def record(self, kind: Any, o: str) -> str:
        attrs.resolve_types(kind)
        fields = [a for a in attrs.fields(kind) if "beside" not in a.metadata]
        parts = [(f"{a.name}=" if a.kw_only else "") + self._field(a, o) for a in fields]
        built = f"{self._name('Cls', kind)}({', '.join(parts)})"
        if not self._closed:
            return built
        known = self._name("known", frozenset(a.name for a in fields))
        return f"({built} if {o}.keys() <= {known} else {self._other(kind, o)})"

    def _field(self, a: attrs.Attribute[Any], o: str) -> str:
        if "whole" in a.metadata:
            return o
        v = self._name("v", None)
        if a.default is attrs.NOTHING:
            return self._value(a.type, v, f"({v} := {o}[{a.name!r}])")
        get = f"{o}.get({a.name!r})"
        if also := a.metadata.get("also"):
            get = f"({get} or {o}.get({also!r}))"
        kinds = [kind for kind in get_args(a.type) if kind is not NoneType]
        if a.default is None and len(kinds) == 1:
            return f"(None if ({v} := {get}) is None else {self._value(kinds[0], v, v)})"
        if a.default is None:
            return f"(None if ({v} := {get}) is None else {self._value(a.type, v, v)})"
        if a.default == ():
            rest = self._value(a.type, v, v)
            return f"(() if ({v} := {get}) is None or {v} == [] else {rest})"
        # An object of anything is taken as it is, an empty one in any case.
        fits = "" if get_args(a.type)[1] is Any else f" and not {v}"
        rest = self._other(a.type, v)
        return f"({v} if type({v} := {get}) is dict{fits} else {{}} if {v} is None else {rest})"

    def _value(self, kind: Any, v: str, bound: str) -> str:
        """Read a value that is not null: ``bound`` evaluates to it and binds it to ``v``."""
        other = self._other(kind, v)
        if kind in _INLINE:
            return f"({v} if type({bound}) is {kind.__name__} else {other})"
        if kind is Decimal:
            return f"(decimal({v}) if type({bound}) is float else {other})"
        if values := enum_values(kind):
            table = self._name("values", values)
            return f"({table}[{v}] if {bound} in {table} else {other})"
        if attrs.has(kind):
            return f"({self.record(kind, v)} if type({bound}) is dict else {other})"
        if get_origin(kind) is tuple and attrs.has(get_args(kind)[0]):
            structure: Structure = self.names["structure"]
            item = compile_reader(get_args(kind)[0], structure, closed=self._closed)
            each = f"tuple([{self._name('read', item)}(x) for x in {v}])"
            return f"({each} if type({bound}) is list else {other})"
        return self._other(kind, bound)

    def _other(self, kind: Any, value: str) -> str:
        return f"structure({value}, {self._name('kind', kind)})"

    def _name(self, prefix: str, thing: object) -> str:
        name = f"{prefix}{len(self.names)}"
        self.names[name] = thing
        return name


# ------------------------------------------------------------------------------------------ writers


def compile_writer(kind: type) -> Callable[[Any], dict[str, Any]]:
    """A function from a record to its JSON object; a field that has its default is left out."""
    attrs.resolve_types(kind)
    names: dict[str, Any] = {"number": _json_number}
    always, maybe = [], []
    for a in attrs.fields(kind):
        if "beside" in a.metadata:
            continue
        if a.default is attrs.NOTHING:
            always.append(f"{a.name!r}: {_written(a.type, f'o.{a.name}', names)}")
        else:
            default = "None" if a.default is None else "()"
            maybe.append(f"    if (v := o.{a.name}) is not {default}:")
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
    if isinstance(get_origin(kind), type) and issubclass(get_origin(kind), Mapping):
        return f"dict({value})"
    return _written(args[0], value, names) if args else value


def _json_number(number: Decimal | float) -> int | float:
    if type(number) is float:
        return number
    return int(number) if number == int(number) else float(number)
