"""Payload to handler to checked answer. Pure: no clock, no socket, no log.

The dispatcher reads a payload into its typed request, calls the handler for its type, checks the
answer by itself and against the request, and returns what to send as a JSON-ready dict.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Final, TypeVar

import attrs

from agentic_commerce._payload import convert, read_object
from agentic_commerce.errors import Issue, PayloadError, ResponseError, UnsupportedHookError
from agentic_commerce.hooks.requests import (
    CustomizeCheckoutRequest,
    FinalizeCheckoutRequest,
    HookRequest,
    ProductPriceAvailabilityRequest,
)
from agentic_commerce.hooks.responses import (
    CustomizeCheckoutResponse,
    FinalizeCheckoutResponse,
    HookResponse,
    ProductPriceAvailabilityResponse,
)

__all__ = ["Dispatcher", "Handler", "check_answer", "parse_request"]

Q = TypeVar("Q", bound=HookRequest)
R = TypeVar("R", bound=HookResponse)

Handler = Callable[[Q], R | Mapping[str, Any] | Awaitable[R | Mapping[str, Any]]]
"""A handler: a typed request in, an answer or a mapping in Stripe's shape out, awaited or not."""

_KINDS: Final = (CustomizeCheckoutRequest, FinalizeCheckoutRequest, ProductPriceAvailabilityRequest)

_REQUESTS: Final[dict[str, type[HookRequest]]] = {kind.hook_type: kind for kind in _KINDS}


def dump_answer(answer: HookResponse) -> dict[str, Any]:
    """Write an answer as a JSON-ready dict, unchecked against any request."""
    dumped: dict[str, Any] = convert().writer(type(answer))(answer)
    return dumped


# ----------------------------------------------------------------------------------------- requests


def parse_request(payload: bytes | str | Mapping[str, Any]) -> HookRequest:
    """Read a hook's body, or the mapping that it decodes to, as its typed request.

    Unknown keys and unknown enum values never refuse; ``request.raw`` holds everything. The bytes
    are not proven to come from Stripe: see `verify_signature`.

    Raises: PayloadError naming every fault with its path; UnsupportedHookError for another type.
    """
    envelope = read_object(payload, "an object with type, id, livemode and data")
    kind = envelope.get("type")
    if not isinstance(kind, str):
        raise PayloadError(_untyped(envelope))
    reader = _readers().get(kind)
    if reader is None:
        raise UnsupportedHookError(kind, _unsupported(kind, envelope))
    return reader(envelope)


@cache
def _readers() -> dict[str, Callable[[Mapping[str, Any]], HookRequest]]:
    return {name: convert().payload_reader(kind) for name, kind in _REQUESTS.items()}


def _untyped(envelope: Mapping[str, Any]) -> Iterator[Issue]:
    if "type" in envelope:
        yield Issue("kind", "expected text", column="$.type")
    for key in ("type", "id", "livemode", "data"):
        if key not in envelope:
            yield Issue("missing", "required, but absent", column=f"$.{key}")


def _unsupported(kind: str, envelope: Mapping[str, Any]) -> str:
    if "object" in envelope:
        return f"{kind[:100]!r} is a webhook event, not a hook: it belongs to another endpoint"
    return f"no hook of type {kind[:100]!r} is known"


# ---------------------------------------------------------------------------------------- dispatch


class Dispatcher:
    """Your handlers, one for each hook. Call it with a payload to get the answer as a dict.

    A handler takes the typed request and returns the typed answer, or a mapping in Stripe's shape,
    which is checked just as strictly. It may be ``async``; then use `run_async`.

    >>> dispatch = Dispatcher(finalize_checkout=lambda request: FinalizeCheckoutResponse.approve())
    >>> dispatch({"type": "v1.delegated_checkout.finalize_checkout", "id": "1", "livemode": False,
    ...           "data": {"currency": "usd"}})
    {'manual_approval_details': {'type': 'approved'}}
    """

    def __init__(
        self,
        customize_checkout: (
            Handler[CustomizeCheckoutRequest, CustomizeCheckoutResponse] | None
        ) = None,
        finalize_checkout: Handler[FinalizeCheckoutRequest, FinalizeCheckoutResponse] | None = None,
        product_price_availability: (
            Handler[ProductPriceAvailabilityRequest, ProductPriceAvailabilityResponse] | None
        ) = None,
    ) -> None:
        handlers = {
            CustomizeCheckoutRequest: customize_checkout,
            FinalizeCheckoutRequest: finalize_checkout,
            ProductPriceAvailabilityRequest: product_price_availability,
        }
        self._handlers: dict[type[HookRequest], Callable[[Any], Any]] = {}
        for kind, handler in handlers.items():
            if handler is not None:
                if not callable(handler):
                    raise TypeError(f"the handler of {kind.hook_type} is not callable")
                self._handlers[kind] = handler

    def __call__(self, payload: bytes | str | Mapping[str, Any] | HookRequest) -> dict[str, Any]:
        """Answer a payload (or a request that is already parsed) with its sync handler.

        Raises: PayloadError, UnsupportedHookError, ResponseError (for an async handler too), and
        whatever the handler raises.
        """
        request, handler = self._route(payload)
        answer = handler(request)
        if not isinstance(answer, _READY) and inspect.isawaitable(answer):
            if inspect.iscoroutine(answer):
                answer.close()
            hint = "await run_async(payload); of an endpoint, respond_async, or mount its .asgi"
            message = "the handler is async, so this is no answer yet"
            raise ResponseError([Issue("answer_type", message, column="$", hint=hint)])
        return check_answer(request, answer)

    async def run_async(
        self, payload: bytes | str | Mapping[str, Any] | HookRequest
    ) -> dict[str, Any]:
        """Answer a payload with its handler, async or sync; a sync one runs on this thread.

        Raises: as calling the dispatcher does.
        """
        request, handler = self._route(payload)
        answer = handler(request)
        if not isinstance(answer, _READY) and inspect.isawaitable(answer):
            answer = await answer
        return check_answer(request, answer)

    def handles(self, kind: type[HookRequest]) -> bool:
        """Whether there is a handler for this kind of request."""
        return kind in self._handlers

    def handler(self, kind: type[HookRequest]) -> Callable[[Any], Any]:
        """The handler of this kind of request. Raises: KeyError if there is none."""
        return self._handlers[kind]

    def is_async(self, kind: type[HookRequest]) -> bool:
        """Whether the handler of this kind of request is an async function."""
        return is_async_function(self._handlers.get(kind))

    def warm_up(self) -> None:
        """Build the readers of the handled hooks now rather than in the first request."""
        for kind in self._handlers:
            answer, _ = _ANSWERS[kind]
            _readers()
            convert().answer_reader(answer)
            convert().writer(answer)

    def _route(
        self, payload: bytes | str | Mapping[str, Any] | HookRequest
    ) -> tuple[HookRequest, Callable[[Any], Any]]:
        request = payload if isinstance(payload, _KINDS) else parse_request(payload)
        handler = self._handlers.get(type(request))
        if handler is None:
            raise UnsupportedHookError(request.hook_type)
        return request, handler


def is_async_function(function: object) -> bool:
    """Whether calling it gives a coroutine: an ``async def``, or an object with an async call."""
    called = getattr(function, "__call__", None)  # noqa: B004
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(called)


# ----------------------------------------------------------------------------------------- answers


_READY: Final = (
    CustomizeCheckoutResponse,
    FinalizeCheckoutResponse,
    ProductPriceAvailabilityResponse,
    dict,
)


def check_answer(request: HookRequest, answer: object) -> dict[str, Any]:
    """Check a handler's answer by itself and against its request; return it JSON-ready.

    Raises: ResponseError naming every fault with its path.
    """
    kind, check = _ANSWERS[type(request)]
    if isinstance(answer, kind):
        return check(request, answer)
    if not isinstance(answer, Mapping):
        hint = "does every path of the handler return?" if answer is None else None
        message = f"expected {kind.__name__} or a mapping of its shape, got {type(answer).__name__}"
        raise ResponseError([Issue("answer_type", message, column="$", hint=hint)])
    return check(request, convert().answer_reader(kind)(answer))


def _customize(
    request: CustomizeCheckoutRequest, answer: CustomizeCheckoutResponse
) -> dict[str, Any]:
    issues = [*_shipping_issues(request, answer)] if answer.shipping_options else []
    if answer.line_items:
        issues += _tax_issues(request, answer)
    _refuse(issues)
    dumped = dump_answer(answer)
    if answer.extra is not None:
        dumped.update(answer.extra)
    return dumped


def _finalize(request: FinalizeCheckoutRequest, answer: FinalizeCheckoutResponse) -> dict[str, Any]:
    _refuse(_fee_issues(request, answer))
    return dump_answer(answer)


def _price(
    request: ProductPriceAvailabilityRequest, answer: ProductPriceAvailabilityResponse
) -> dict[str, Any]:
    answer = attrs.evolve(
        answer,
        sku_id=request.data.sku_id if answer.sku_id is None else answer.sku_id,
        merchant_id=request.context if answer.merchant_id is None else answer.merchant_id,
    )
    _refuse(_echo_issues(request, answer))
    return dump_answer(answer)


_ANSWERS: Final[
    dict[type[HookRequest], tuple[type[HookResponse], Callable[..., dict[str, Any]]]]
] = {
    CustomizeCheckoutRequest: (CustomizeCheckoutResponse, _customize),
    FinalizeCheckoutRequest: (FinalizeCheckoutResponse, _finalize),
    ProductPriceAvailabilityRequest: (ProductPriceAvailabilityResponse, _price),
}


def _refuse(issues: Iterable[Issue]) -> None:
    found = tuple(issues)
    if found:
        raise ResponseError(found)


def _shipping_issues(
    request: CustomizeCheckoutRequest, answer: CustomizeCheckoutResponse
) -> Iterator[Issue]:
    currency = request.data.currency.lower()
    for index, option in enumerate(answer.shipping_options or ()):
        data = option.shipping_rate_data
        if data is not None and data.fixed_amount.currency != currency:
            path = f"$.shipping_options[{index}].shipping_rate_data.fixed_amount.currency"
            yield Issue("currency", f"the order is in {currency}", column=path)


def _tax_issues(
    request: CustomizeCheckoutRequest, answer: CustomizeCheckoutResponse
) -> list[Issue]:
    known = {item.id for item in request.data.line_item_details}
    named = [line.id for line in answer.line_items]
    issues: list[Issue] = []
    if len(set(named)) != len(named) or not known.issuperset(named):
        issues += _id_issues(known, named)
    if request.data.automatic_tax.enabled:
        issues += _automatic_tax_issues(answer)
    return issues


def _id_issues(known: set[str], named: list[str]) -> Iterator[Issue]:
    for index, name in enumerate(named):
        path = f"$.line_items[{index}].id"
        if name not in known:
            yield Issue("unknown_id", "the request has no such line", column=path, id=name)
        if name in named[:index]:
            yield Issue("repeated_id", "this line stands here already", column=path, id=name)


def _automatic_tax_issues(answer: CustomizeCheckoutResponse) -> Iterator[Issue]:
    for index, line in enumerate(answer.line_items):
        if line.tax_rates:
            message = "Stripe computes the tax of this order, so no rates may be given"
            path = f"$.line_items[{index}].tax_rates"
            hint = "look at request.data.automatic_tax.enabled"
            yield Issue("automatic_tax", message, column=path, hint=hint)


def _fee_issues(
    request: FinalizeCheckoutRequest, answer: FinalizeCheckoutResponse
) -> Iterator[Issue]:
    fee, total = answer.application_fee_details, request.data.amount_total
    if fee is None or total is None:
        return
    path = "$.application_fee_details"
    if fee.application_fee_amount > total:
        message = f"the fee of {fee.application_fee_amount} exceeds the order's total of {total}"
        yield Issue("exceeds_total", message, column=f"{path}.application_fee_amount")
    transfer = fee.transfer_data.amount if fee.transfer_data else None
    if transfer is not None and transfer > total:
        message = f"the transfer of {transfer} exceeds the order's total of {total}"
        yield Issue("exceeds_total", message, column=f"{path}.transfer_data.amount")


def _echo_issues(
    request: ProductPriceAvailabilityRequest, answer: ProductPriceAvailabilityResponse
) -> Iterator[Issue]:
    if answer.sku_id != request.data.sku_id:
        yield Issue("mismatch", "must repeat the request's sku_id", column="$.sku_id")
    if request.context is not None and answer.merchant_id != request.context:
        yield Issue("mismatch", "must repeat the request's context", column="$.merchant_id")
