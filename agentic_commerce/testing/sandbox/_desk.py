"""From a request to its answer: failures that were asked for, the gate, the route, the replay."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Final

import attrs

from agentic_commerce.testing.sandbox._call import Call, Route, Router
from agentic_commerce.testing.sandbox._faults import Fault
from agentic_commerce.testing.sandbox._forms import Upload, parameters, read_body
from agentic_commerce.testing.sandbox._gate import (
    account_of,
    check_key,
    check_permission,
    check_version,
    key_of,
)
from agentic_commerce.testing.sandbox._log import Seen
from agentic_commerce.testing.sandbox._presigned import is_presigned, respond
from agentic_commerce.testing.sandbox._routes import ROUTES
from agentic_commerce.testing.sandbox._wire import Refusal, Request, Response, answer
from agentic_commerce.testing.sandbox._world import Answer

if TYPE_CHECKING:
    from agentic_commerce.testing.sandbox._sandbox import Sandbox

__all__ = ["Desk"]

ROUTER: Final = Router(ROUTES)
_DAY: Final = 86_400.0
# How long keys are remembered. Source: docs.stripe.com/api/idempotent_requests, /api-v2-overview.
_REMEMBERED: Final = {"v1": _DAY, "v2": 30 * _DAY}


class Desk:
    """Where requests are answered, one at a time."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def answer(self, request: Request) -> Response:
        """Answer a request, and remember that it came."""
        sandbox = self._sandbox
        sandbox.settle()
        request_id = sandbox.ids.new("req", 14)
        presigned = is_presigned(request.path)
        fault = sandbox.faults.take(request.path, presigned=presigned)
        response = self._carried_out(request, request_id, fault)
        headers = {**response.headers, "Request-Id": request_id}
        if key := request.headers.get("idempotency-key"):
            headers["Idempotency-Key"] = key
        response = attrs.evolve(response, headers=headers)
        if fault is not None:
            lost = None if fault.error == "expired" else fault.error
            response = attrs.evolve(response, delay=fault.delay, fault=lost)
        self._note(request, response, request_id)
        return response

    def _carried_out(self, request: Request, request_id: str, fault: Fault | None) -> Response:
        try:
            if fault is not None and fault.refuses:
                raise fault.refusal()
            if fault is not None and fault.error == "connect":
                return Response(status=503)
            if is_presigned(request.path):
                return respond(self._sandbox, request)
            return self._routed(request, request_id)
        except Refusal as refusal:
            return refusal.response(request.path)
        except RecursionError:
            return Refusal(400, "The parameters are nested too deeply.").response(request.path)

    def _routed(self, request: Request, request_id: str) -> Response:
        sandbox = self._sandbox
        allowed = check_key(sandbox.keys, key_of(request))
        route, ids = ROUTER.find(request.method, request.path)
        check_permission(allowed, route.needs)
        account = account_of(request, sandbox.accounts)
        call = Call(
            sandbox=sandbox,
            world=sandbox.world(account),
            request=request,
            version=check_version(request, route.version, sandbox.api_version),
            ids=ids,
            params={**parameters(request.query), **read_body(request)},
            request_id=request_id,
        )
        route.check(call.params)
        return self._once(call, route)

    def _once(self, call: Call, route: Route) -> Response:
        """Carry a request out, or repeat the answer that its idempotency key has already."""
        key = call.request.headers.get("idempotency-key")
        if call.request.method != "POST" or not key:
            return self._run(call, route, None)
        now, answers = self._sandbox.clock.now(), call.world.answers
        asked, known = _fingerprint(call), answers.get(key)
        if known is not None and now - known.at < _REMEMBERED[call.request.path[1:3]]:
            if known.asked != asked:
                raise _other_request()
            headers = {**known.response.headers, "Idempotent-Replayed": "true"}
            return attrs.evolve(known.response, headers=headers)
        response = self._run(call, route, key)
        answers[key] = Answer(asked=asked, response=response, at=now)
        return response

    def _run(self, call: Call, route: Route, key: str | None) -> Response:
        with self._sandbox.caused_by(call.request_id, key):
            made = route.handler(call)
        response = made if isinstance(made, Response) else answer(made)
        return attrs.evolve(response, headers={**response.headers, "Stripe-Version": call.version})

    def _note(self, request: Request, response: Response, request_id: str) -> None:
        account = request.headers.get("stripe-account") or request.headers.get("stripe-context")
        seen = Seen(
            method=request.method,
            path="/(presigned)" if is_presigned(request.path) else request.path[:200],
            status=response.status,
            request_id=request_id,
            account=account and account[:100],
            fault=response.fault,
        )
        self._sandbox.requests.append(seen)


def _fingerprint(call: Call) -> str:
    """Return a name for what a request asks: not its bytes, for a form's boundary is random."""

    def plain(value: object) -> object:
        if isinstance(value, Upload):
            return [value.filename, value.content_type, value.content.digest()]
        raise TypeError  # pragma: no cover - parameters are texts, lists, objects and uploads

    text = json.dumps([call.request.path, call.params], sort_keys=True, default=plain)
    return hashlib.sha256(text.encode()).hexdigest()


def _other_request() -> Refusal:
    message = (
        "Keys for idempotent requests can only be used with the same parameters they were first"
        " used with. Try using another key if you meant to execute a different request."
    )
    return Refusal(400, message, "idempotency_error", type="idempotency_error")
