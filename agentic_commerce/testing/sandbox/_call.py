"""What a handler of the API gets, and the table of routes that it stands in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

from agentic_commerce.testing.sandbox._view import view
from agentic_commerce.testing.sandbox._wire import Refusal, Request, Response, missing
from agentic_commerce.testing.sandbox._world import Object, World

if TYPE_CHECKING:
    from agentic_commerce.testing.sandbox._sandbox import Sandbox

__all__ = ["Call", "Route", "Router"]


@attrs.frozen(kw_only=True)
class Call:
    """One request that was let in: whose it is, and what it asks for."""

    sandbox: Sandbox
    world: World
    request: Request
    version: str
    ids: Mapping[str, str]
    params: Mapping[str, Any]
    request_id: str

    @property
    def id(self) -> str:
        """The id in the path."""
        return self.ids["id"]

    def found(self, table: Mapping[str, Any], kind: str) -> Any:
        """The object with the path's id. Raises: Refusal."""
        if self.id not in table:
            raise missing(kind, self.id)
        return table[self.id]

    def text(self, name: str) -> str | None:
        """A parameter that is a text, or None. Raises: Refusal."""
        value = self.params.get(name)
        if value is not None and not isinstance(value, str):
            raise Refusal(400, f"Invalid string: {name}", param=name)
        return value or None

    def required(self, name: str) -> str:
        """A parameter that must be given. Raises: Refusal."""
        value = self.text(name)
        if value is None:
            raise Refusal(400, f"Missing required param: {name}.", "parameter_missing", name)
        return value

    def one_of(self, name: str, choices: Sequence[str]) -> str:
        """A parameter that is one of some words. Raises: Refusal."""
        value = self.required(name)
        if value not in choices:
            message = f"Invalid {name}: must be one of {', '.join(choices)}"
            raise Refusal(400, message, "parameter_invalid_enum", name)
        return value

    def number(self, name: str, default: int, low: int, high: int) -> int:
        """A parameter that is a whole number, written as text or (in JSON) as itself."""
        value = self.params.get(name, default)
        text = str(value)
        if isinstance(value, bool) or not re.fullmatch(r"\d{1,15}", text, re.ASCII):
            raise Refusal(400, f"Invalid integer: {name}", "parameter_invalid_integer", name)
        if not low <= int(text) <= high:
            raise Refusal(400, f"{name} must be between {low} and {high}", param=name)
        return int(text)

    def metadata(self) -> dict[str, str]:
        """The ``metadata``, which maps texts to texts. Raises: Refusal."""
        value = self.params.get("metadata") or {}
        if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
            raise Refusal(400, "Invalid metadata: texts by name", param="metadata")
        return value

    def show(self, value: Object) -> Object:
        """What the client sees of an object, with what it asked to be expanded."""
        expand = self.params.get("expand") or []
        if not isinstance(expand, list) or not all(isinstance(path, str) for path in expand):
            raise Refusal(400, "Invalid array: expand", param="expand")
        return view(self.world, value, expand, self.version)


Handler: TypeAlias = "Callable[[Call], Response | Mapping[str, Any]]"


@attrs.frozen
class Route:
    """One path of the API. ``needs`` is the permission that a restricted key must have.

    ``accepts`` names the parameters, besides ``expand`` in API v1; ``version`` says which
    ``Stripe-Version`` is asked for: see `_gate`.
    """

    method: str
    path: str
    handler: Handler
    needs: str
    accepts: tuple[str, ...] = ()
    version: str = "any"
    pattern: re.Pattern[str] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path)
        object.__setattr__(self, "pattern", re.compile(pattern))

    def check(self, params: Mapping[str, Any]) -> None:
        """Refuse a parameter that the path does not know. Raises: Refusal."""
        known = {*self.accepts, "expand"} if self.path.startswith("/v1/") else {*self.accepts}
        if unknown := params.keys() - known:
            name = min(unknown)[:100]
            message = f"Received unknown parameter: {name}"
            raise Refusal(400, message, "parameter_unknown", name)


class Router:
    """All paths."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._routes = routes

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """The route of a path, and the ids in it. Raises: Refusal as for an unknown URL."""
        for route in self._routes:
            if route.method == method and (match := route.pattern.fullmatch(path)):
                return route, match.groupdict()
        message = f"Unrecognized request URL ({method}: {path[:200]})."
        raise Refusal(404, message)
