"""How records are declared: frozen for the type checker, plain slots at run time."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NewType

import attrs

__all__ = ["Int64", "UnixTime", "masked", "record"]

Int64 = NewType("Int64", int)
"""A whole number that API v2 writes as text, because JSON readers round large ones; or plainly."""

UnixTime = NewType("UnixTime", datetime)
"""A moment that JSON holds as whole unix seconds; a plain ``datetime`` is RFC 3339 text there."""

if TYPE_CHECKING:
    from attrs import frozen as record
else:

    def record(*, kw_only: bool = False):  # noqa: ARG001 - for mypy; readers build by position
        """A frozen keyword-only attrs class for mypy, a slotted one at run time.

        Frozen classes set each slot through object.__setattr__, which costs a fifth to a quarter of
        a whole dispatch; mypy reports an assignment all the same. Comparison and repr are shared:
        generated for each class they would be half of this library's import time.
        """

        def decorate(cls):
            made = attrs.define(cls, eq=False, repr=False)
            made.__eq__, made.__repr__, made.__hash__ = _equal, _shown, None
            return made

        return decorate


def _equal(self: attrs.AttrsInstance, other: object) -> Any:
    if type(other) is not type(self):
        return NotImplemented
    names = [a.name for a in attrs.fields(type(self)) if a.eq]
    return all(getattr(self, name) == getattr(other, name) for name in names)


def _shown(self: attrs.AttrsInstance) -> str:
    parts = []
    for a in attrs.fields(type(self)):
        if a.repr:
            write = repr if a.repr is True else a.repr
            parts.append(f"{a.name}={write(getattr(self, a.name))}")
    return f"{type(self).__name__}({', '.join(parts)})"


def masked(value: object) -> str:
    """The repr of a field that may hold a buyer's data: whether it is there, and no more."""
    return "'***'" if value else repr(value)
