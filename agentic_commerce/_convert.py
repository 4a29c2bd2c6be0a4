"""JSON values to records and back: strict about kinds, open about names.

cattrs by default takes ``5.7`` for an int and ``"no"`` for a bool; the hooks below refuse. A value
is read with one generated expression for each class, which stops at the first thing that does not
fit. Only then does the cattrs converter read it again, to name every fault with its path.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from types import NoneType
from typing import Any, Final, Literal, TypeVar, get_args, get_origin

import attrs
from cattrs import Converter
from cattrs.cols import is_mapping, mapping_structure_factory
from cattrs.errors import (
    AttributeValidationNote,
    BaseValidationError,
    ForbiddenExtraKeysError,
    IterableValidationError,
    IterableValidationNote,
)
from cattrs.gen import make_dict_structure_fn, override

from agentic_commerce._compile import (
    compile_reader,
    compile_writer,
    decimal_of,
    enum_values,
    expandable,
    moment_of,
)
from agentic_commerce._record import Int64, UnixTime
from agentic_commerce.errors import Issue, PayloadError, ResponseError

__all__ = ["answer_reader", "payload_reader", "writer"]

T = TypeVar("T")
Hook = Callable[[Any, Any], Any]


@cache
def payload_reader(kind: type[T]) -> Callable[[object], T]:
    """The function that reads a JSON value that Stripe sent as a record of ``kind``.

    Unknown keys are ignored, null counts as absent. It raises PayloadError with every fault and its
    JSON path.
    """
    return _reader(kind, PayloadError, closed=False)


@cache
def answer_reader(kind: type[T]) -> Callable[[object], T]:
    """The function that reads a mapping in Stripe's shape, which a handler returned.

    Unknown keys are refused. It raises ResponseError with every fault and its JSON path.
    """
    return _reader(kind, ResponseError, closed=True)


@cache
def writer(kind: type[T]) -> Callable[[T], dict[str, Any]]:
    """The function that writes an answer as a JSON-ready dict; what was left out stays out."""
    return compile_writer(kind)


def _reader(
    kind: type[T], fault: type[PayloadError | ResponseError], *, closed: bool
) -> Callable[[object], T]:
    converter = _converter(closed=closed)
    fast = compile_reader(kind, converter.structure, closed=closed)

    def read(value: object) -> T:
        try:
            result: T = fast(value)
            return result
        except Exception as error:
            first = error
        # Should the two readings ever disagree, the stricter one wins.
        raise fault(_explain(converter, kind, value) or tuple(_issues(first, "$", value)))

    return read


# ------------------------------------------------------------------------------------------- kinds


class _KindError(TypeError):
    """A value of the wrong JSON kind. The value itself is not kept: it may be a buyer's."""

    def __init__(self, wanted: str, value: object) -> None:
        self.code = "null" if value is None else "kind"
        super().__init__(f"expected {wanted}, got {_kind(value)}")


class _ChoiceError(ValueError):
    """A text that is not one of the few that the place allows."""


_KIND_NAMES: Final[tuple[tuple[type | tuple[type, ...], str], ...]] = (
    (NoneType, "null"),
    (bool, "a boolean"),
    (int, "a whole number"),
    ((float, Decimal), "a number with a fraction or exponent"),
    (str, "text"),
    ((list, tuple), "a list"),
    (Mapping, "an object"),
)


def _kind(value: object) -> str:
    names = (name for kinds, name in _KIND_NAMES if isinstance(value, kinds))
    return next(names, f"a Python {type(value).__name__}")


def _text(value: Any, _: Any = None) -> str:
    if isinstance(value, str):
        return value
    raise _KindError("text", value)


def _whole(value: Any, _: Any = None) -> int:
    if type(value) is int:
        return value
    raise _KindError("a whole number", value)


def _flag(value: Any, _: Any = None) -> bool:
    if type(value) is bool:
        return value
    raise _KindError("true or false", value)


def _number(value: Any, _: Any = None) -> Decimal:
    if type(value) in (int, float) or isinstance(value, Decimal):
        with suppress(ValueError):
            number = decimal_of(value) if type(value) is float else Decimal(value)
            if number.is_finite():
                return number
    raise _KindError("a finite number", value)


# Rule: YYYY-MM-DD. `date.fromisoformat` alone also takes 20261122 and 2026-W47-7.
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _as_given(value: Any, _: Any = None) -> Decimal | float:
    _number(value)
    result: Decimal | float = value
    return result


def _date(value: Any, _: Any = None) -> date:
    if type(value) is date:
        return value
    with suppress(ValueError):
        if _DATE.fullmatch(_text(value)):
            return date.fromisoformat(value)
    raise _KindError("a date such as 2026-12-31", value)


def _moment(value: Any, _: Any = None) -> datetime:
    with suppress(ValueError, OverflowError):
        if isinstance(value, datetime) and value.tzinfo is not None:
            return value.astimezone(UTC)
        return moment_of(_text(value))
    raise _KindError("a time with a zone, such as 2026-04-06T10:05:00.000Z", value)


def _unix_time(value: Any, _: Any = None) -> datetime:
    with suppress(ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(_whole(value), UTC)
    raise _KindError("a time in unix seconds, of a year from 1 to 9999", value)


# Rule: at most 19 digits, which no 64-bit number exceeds; `int` alone also takes 1_0 and spaces.
_INT64: Final = re.compile(r"-?\d{1,19}", re.ASCII)


def _int64(value: Any, _: Any = None) -> int:
    if isinstance(value, str) and _INT64.fullmatch(value):
        return int(value)
    return _whole(value)


_KINDS: Final[dict[Any, Hook]] = {
    str: _text,
    int: _whole,
    bool: _flag,
    Decimal: _number,
    Decimal | float: _as_given,  # an answer's number: its constructor checks it and keeps it
    date: _date,
    datetime: _moment,
    UnixTime: _unix_time,
    Int64: _int64,
}


def _is_literal(kind: Any) -> bool:
    return get_origin(kind) is Literal


def _literal_hook(kind: Any, _: Converter) -> Hook:
    allowed: tuple[str, ...] = get_args(kind)

    def read(value: Any, _: Any) -> str:
        if _text(value) in allowed:
            text: str = value
            return text
        raise _ChoiceError(f"expected {' or '.join(map(repr, allowed))}")

    return read


def _is_expandable(kind: Any) -> bool:
    return expandable(kind) is not None


def _expandable_hook(kind: Any, converter: Converter) -> Hook:
    whole = expandable(kind)

    def read(value: Any, _: Any) -> Any:
        if isinstance(value, str):
            return value
        if isinstance(value, Mapping):
            return converter.structure(value, whole)
        raise _KindError("an id or an object", value)

    return read


def _is_open_enum(kind: Any) -> bool:
    return bool(enum_values(kind))


def _open_enum_hook(kind: Any, _: Converter) -> Hook:
    known = enum_values(kind)

    def read(value: Any, _: Any) -> str:
        text = _text(value)
        return known.get(text, text)

    return read


def _is_tuple(kind: Any) -> bool:
    return get_origin(kind) is tuple


# A list that is wrong throughout is explained this far: a body of 1 MiB can hold 300,000 faults,
# and cattrs takes a tenth of a millisecond for each.
_EXPLAINED: Final = 100


def _tuple_hook(kind: Any, converter: Converter) -> Hook:
    item = get_args(kind)[0]

    def read(value: Any, _: Any) -> tuple[Any, ...]:
        if not isinstance(value, (list, tuple)):
            raise _KindError("a list", value)
        read_item, result, errors = converter.get_structure_hook(item), [], []
        for index, element in enumerate(value):
            try:
                result.append(read_item(element, item))
            except Exception as error:
                error.__notes__ = [IterableValidationNote("", index, item)]
                errors.append(error)
                if len(errors) == _EXPLAINED:
                    break
        if errors:
            raise IterableValidationError("", errors, kind)
        return tuple(result)

    return read


def _mapping_hook(kind: Any, converter: Converter) -> Hook:
    inner = mapping_structure_factory(kind, converter)

    def read(value: Any, _: Any) -> Mapping[str, Any]:
        if type(value) is dict or isinstance(value, Mapping):
            result: Mapping[str, Any] = inner(value, kind)
            return result
        raise _KindError("an object", value)

    return read


# ----------------------------------------------------------------------------------------- records


def _record_hook(kind: Any, converter: Converter) -> Hook:
    """How cattrs reads a record: every field, collecting what is wrong."""
    attrs.resolve_types(kind)
    fields = attrs.fields(kind)
    beside = {a.name for a in fields if a.metadata.keys() & {"whole", "beside"}}
    overrides: dict[str, Any] = {name: override(omit=True) for name in beside}
    inner = make_dict_structure_fn(kind, converter, **overrides)
    required = {a.name for a in fields if a.default is attrs.NOTHING}
    spellings = {a.metadata["also"]: a.name for a in fields if "also" in a.metadata}

    def read(value: Any, _: Any) -> Any:
        if not isinstance(value, Mapping):
            raise _KindError("an object", value)
        present = {k: v for k, v in value.items() if v is not None or k in required}
        for other, name in spellings.items():
            if other in present and present.get(name) in (None, []):
                present[name] = present.pop(other)
        return inner(present, kind)

    return read


@cache
def _converter(*, closed: bool) -> Converter:
    converter = Converter(detailed_validation=True, forbid_extra_keys=closed)
    for kind, hook in _KINDS.items():
        converter.register_structure_hook(kind, hook)
    converter.register_structure_hook_factory(_is_tuple, _tuple_hook)
    converter.register_structure_hook_factory(is_mapping, _mapping_hook)
    converter.register_structure_hook_factory(_is_open_enum, _open_enum_hook)
    converter.register_structure_hook_factory(_is_literal, _literal_hook)
    converter.register_structure_hook_factory(_is_expandable, _expandable_hook)
    converter.register_structure_hook_factory(attrs.has, _record_hook)
    return converter


# ------------------------------------------------------------------------------------ explanations


def _explain(converter: Converter, kind: Any, value: object) -> tuple[Issue, ...]:
    try:
        converter.structure(value, kind)
    except Exception as error:
        return tuple(_issues(error, "$", value))
    return ()


def _issues(error: BaseException, path: str, value: Any) -> Iterator[Issue]:
    match error:
        case BaseValidationError():
            for inner in error.exceptions:
                yield from _issues(inner, *_step(inner, error.cl, path, value))
        case ForbiddenExtraKeysError():
            known = [a.name for a in attrs.fields(error.cl) if "beside" not in a.metadata]
            hint = f"known keys: {', '.join(known)}"
            for key in sorted(error.extra_fields, key=str):
                yield Issue("unknown_key", "unknown key", column=f"{path}.{key}", hint=hint)
        case ResponseError():
            for issue in error.issues:
                yield attrs.evolve(issue, column=f"{path}{(issue.column or '$')[1:]}")
        case KeyError():
            yield Issue("missing", "required, but absent", column=path)
        case _KindError():
            yield Issue(error.code, str(error), column=path)
        case _ChoiceError():
            yield Issue("choice", str(error), column=path)
        case _:
            yield Issue("kind", f"cannot be read ({type(error).__name__})", column=path)


def _step(error: BaseException, kind: Any, path: str, value: Any) -> tuple[str, Any]:
    """The path and the value one level down, from the note that cattrs left on the error."""
    match getattr(error, "__notes__", []):
        case [AttributeValidationNote() as note]:
            key = _spelling(getattr(attrs.fields(kind), note.name), value)
            return f"{path}.{key}", value.get(key)
        case [IterableValidationNote() as note]:
            place = f"[{note.index}]" if isinstance(value, (list, tuple)) else f".{note.index}"
            return f"{path}{place}", value[note.index]
    return path, value


def _spelling(a: attrs.Attribute[Any], value: Mapping[str, Any]) -> str:
    other: str = a.metadata.get("also", a.name)
    return other if other in value and value.get(a.name) in (None, []) else a.name
