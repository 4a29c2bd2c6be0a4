"""How records are declared: frozen for the type checker, plain slots at run time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from attrs import frozen as record
else:
    # A frozen attrs class sets each slot through object.__setattr__, which costs a fifth to a
    # quarter of a whole dispatch. mypy reports an assignment all the same. Keyword-only is for mypy
    # as well: the converter builds records by position.
    def record(*, kw_only: bool = False):  # noqa: ARG001
        return attrs.define


__all__ = ["masked", "record"]


def masked(value: object) -> str:
    """The repr of a field that may hold a buyer's data: whether it is there, and no more."""
    return "None" if value is None else "'***'"
