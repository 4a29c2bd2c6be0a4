"""What the API shows of an object: expanded where it was asked for, preview fields to previews.

Source: docs.stripe.com/api/expanding_objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from agentic_commerce.testing.sandbox._wire import Refusal
from agentic_commerce.testing.sandbox._world import Object, World

__all__ = ["is_preview", "view"]

DEEPEST: Final = 4
LINES: Final = 10  # of a session, as many as an expanded list has

# What is there only when it is expanded, by the kind of object that has it.
_INCLUDED: Final = {
    "checkout.session": frozenset({"line_items"}),
    "item": frozenset({"taxes", "discounts"}),
}
# What is shown to a preview version only. Source: the session field reference, "Private preview".
_PREVIEW: Final = {
    "payment_intent": frozenset({"agent_details"}),
    "price": frozenset({"external_reference"}),
    "product": frozenset({"identifiers"}),
}
# What holds the id of another object.
_IDS: Final = {
    "checkout.session": frozenset({"payment_intent"}),
    "payment_intent": frozenset({"latest_charge"}),
    "charge": frozenset({"payment_intent"}),
    "refund": frozenset({"charge", "payment_intent"}),
    "price": frozenset({"product"}),
}

Tree = dict[str, Any]


def is_preview(version: str) -> bool:
    """Whether a ``Stripe-Version`` is one that shows what is in preview."""
    return ".preview" in version or ".internal" in version


def view(world: World, value: Object, expand: Iterable[str] = (), version: str = "") -> Object:
    """Return what a client sees of an object. Raises: Refusal for what cannot be expanded."""
    tree: Tree = {}
    for path in expand:
        parts = path.split(".")
        if not all(parts) or len(parts) > DEEPEST:
            raise _cannot(path, f"You cannot expand more than {DEEPEST} levels of a property")
        place = tree
        for part in parts:
            place = place.setdefault(part, {})
    return _Viewer(world, preview=is_preview(version)).show(value, tree, "")


class _Viewer:
    def __init__(self, world: World, *, preview: bool) -> None:
        self._world = world
        self._preview = preview

    def show(self, value: Mapping[str, Any], tree: Tree, path: str) -> Object:
        kind = str(value.get("object", ""))
        hidden = _INCLUDED.get(kind, frozenset()) - tree.keys()
        if not self._preview:
            hidden |= _PREVIEW.get(kind, frozenset())
        found = {}
        for name, inner in value.items():
            if name not in hidden:
                # Most values are plain, and nobody asked to expand them.
                plain = name not in tree and not isinstance(inner, dict | list)
                branch = tree.get(name)
                found[name] = inner if plain else self._inner(kind, name, inner, branch, path)
        if unknown := tree.keys() - value.keys() | (tree.keys() & hidden):
            raise _cannot(path + min(unknown))
        return found

    def _inner(self, kind: str, name: str, inner: Any, tree: Tree | None, path: str) -> Any:
        can = name in _IDS.get(kind, ()) or name in _INCLUDED.get(kind, ())
        if tree is not None and not can and not isinstance(inner, dict | list):
            raise _cannot(path + name)
        if tree is not None and isinstance(inner, str):
            inner = self._world.find(inner) or inner
        deeper = f"{path}{name}."
        if isinstance(inner, dict):
            shown = _shortened(inner) if name == "line_items" else inner
            return self.show(shown, tree or {}, deeper)
        if isinstance(inner, list):
            return [
                self.show(item, tree or {}, deeper) if isinstance(item, dict) else item
                for item in inner
            ]
        return inner


def _shortened(lines: Object) -> Object:
    return lines | {"data": lines["data"][:LINES], "has_more": len(lines["data"]) > LINES}


def _cannot(path: str, message: str = "This property cannot be expanded") -> Refusal:
    return Refusal(400, f"{message} ({path[:100]}).", param="expand")
