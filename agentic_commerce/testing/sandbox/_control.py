"""How other processes tell a served sandbox's agent to act. None of it is Stripe's.

The paths begin with ``/sandbox/``, take a JSON object, and need the sandbox's key as the API does.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from agentic_commerce.testing.sandbox._forms import read_body
from agentic_commerce.testing.sandbox._gate import check_key, key_of
from agentic_commerce.testing.sandbox._log import Seen
from agentic_commerce.testing.sandbox._told import told
from agentic_commerce.testing.sandbox._wire import Refusal, Request, Response, answer

if TYPE_CHECKING:
    from agentic_commerce.testing.sandbox._sandbox import Sandbox

__all__ = ["control", "is_control"]

_PREFIX: Final = "/sandbox/"
_PURCHASE: Final = frozenset(
    {
        "account",
        "address",
        "automatic_tax",
        "charge_type",
        "endpoint",
        "hook_timeout",
        "items",
        "manual_capture",
        "retries",
        "shipping_service",
        "tax_percentage",
        "toggles",
    }
)

Json = dict[str, Any]
Action: TypeAlias = "Callable[[Sandbox, Json], Json]"


def is_control(path: str) -> bool:
    """Whether a path is none of Stripe's."""
    return path.startswith(_PREFIX)


def control(sandbox: Sandbox, request: Request) -> Response:
    """Do what is asked. Nothing is locked meanwhile, so a platform may call the sandbox."""
    try:
        check_key(sandbox.keys, key_of(request))
        response = answer(_action(request)(sandbox, read_body(request)))
    except Refusal as refusal:
        response = refusal.response(request.path)
    except (ValueError, TypeError, ArithmeticError) as error:
        response = Refusal(400, str(error)).response(request.path)
    seen = Seen(
        method=request.method, path=request.path, status=response.status, request_id="sandbox"
    )
    sandbox.requests.append(seen)
    return response


def _action(request: Request) -> Action:
    action = _ACTIONS.get(request.path)
    if action is None or request.method != "POST":
        raise Refusal(404, f"There is POST {', '.join(_ACTIONS)}.")
    return action


def _purchase(sandbox: Sandbox, params: Json) -> Json:
    if unknown := params.keys() - _PURCHASE:
        raise ValueError(f"a purchase has no {min(unknown)[:100]!r}")
    missing = [name for name in ("account", "address", "items") if name not in params]
    if missing:
        raise ValueError(f"a purchase needs {', '.join(missing)}")
    items = [tuple(item) for item in params.pop("items")]
    endpoint = params.pop("endpoint", None) or sandbox.hook_url
    if "tax_percentage" in params:
        params["tax_percentage"] = Decimal(str(params["tax_percentage"]))
    return told(sandbox.purchase(items=items, endpoint=endpoint, **params))


def _propose(sandbox: Sandbox, params: Json) -> Json:
    return {"agreement": sandbox.agent.propose(params.get("account"))}


def _confirm(sandbox: Sandbox, params: Json) -> Json:
    return _act(sandbox.agent.confirm, params)


def _terminate(sandbox: Sandbox, params: Json) -> Json:
    return _act(sandbox.agent.terminate, params)


def _act(act: Callable[[str], object], params: Json) -> Json:
    agreement = str(params.get("agreement"))
    try:
        act(agreement)
    except KeyError:
        raise ValueError("there is no such agreement") from None
    return {"agreement": agreement}


_ACTIONS: Final[dict[str, Action]] = {
    "/sandbox/purchases": _purchase,
    "/sandbox/agreements/propose": _propose,
    "/sandbox/agreements/confirm": _confirm,
    "/sandbox/agreements/terminate": _terminate,
}
