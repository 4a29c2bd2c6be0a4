"""What a platform does with an order: sessions, payments, captures, refunds.

Source: docs.stripe.com/api/checkout/sessions, /payment_intents, /refunds, /account_sessions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from agentic_commerce.testing.sandbox._clock import unix
from agentic_commerce.testing.sandbox._lists import list_v1
from agentic_commerce.testing.sandbox._wire import Refusal, missing

if TYPE_CHECKING:
    from agentic_commerce.testing.sandbox._call import Call
    from agentic_commerce.testing.sandbox._world import Object

__all__ = [
    "account_session",
    "capture",
    "list_lines",
    "list_refunds",
    "list_sessions",
    "refund",
    "retrieve_charge",
    "retrieve_payment",
    "retrieve_refund",
    "retrieve_session",
]

_REASONS: Final = ("duplicate", "fraudulent", "requested_by_customer")
_STATUSES: Final = ("open", "complete", "expired")
_ACCOUNT_SESSION: Final = 1800  # seconds; ours


def list_sessions(call: Call) -> Object:
    """``GET /v1/checkout/sessions``, perhaps of one status or payment."""
    status = call.one_of("status", _STATUSES) if call.text("status") else None
    payment = call.text("payment_intent")
    found = [
        session
        for session in call.world.sessions.values()
        if status in (None, session["status"]) and payment in (None, session["payment_intent"])
    ]
    return list_v1(call, found, "checkout.session")


def retrieve_session(call: Call) -> Object:
    """``GET /v1/checkout/sessions/{id}``."""
    return call.show(call.found(call.world.sessions, "checkout.session"))


def list_lines(call: Call) -> Object:
    """``GET /v1/checkout/sessions/{id}/line_items``: all of them, page by page, in their order."""
    session = call.found(call.world.sessions, "checkout.session")
    lines = session["line_items"]["data"]
    limit, after = call.number("limit", 10, 1, 100), call.text("starting_after")
    at = [line["id"] for line in lines]
    if after is not None and after not in at:
        raise missing("line item", after, "starting_after")
    start = at.index(after) + 1 if after else 0
    page = lines[start : start + limit]
    more = len(lines) > start + limit
    return call.show({"object": "list", "data": page, "has_more": more, "url": call.request.path})


def retrieve_payment(call: Call) -> Object:
    """``GET /v1/payment_intents/{id}``."""
    return call.show(call.found(call.world.payment_intents, "payment_intent"))


def retrieve_charge(call: Call) -> Object:
    """``GET /v1/charges/{id}``."""
    return call.show(call.found(call.world.charges, "charge"))


def capture(call: Call) -> Object:
    """``POST /v1/payment_intents/{id}/capture``: all that was authorised, or less; once."""
    payment: Object = call.found(call.world.payment_intents, "payment_intent")
    if payment["status"] != "requires_capture":
        message = (
            "This PaymentIntent could not be captured because it has a status of"
            f" {payment['status']}. Only a PaymentIntent with one of the following statuses may be"
            " captured: requires_capture."
        )
        raise Refusal(400, message, "payment_intent_unexpected_state")
    amount = call.number("amount_to_capture", payment["amount"], 1, payment["amount"])
    payment |= {"status": "succeeded", "amount_received": amount, "amount_capturable": 0}
    charge = call.world.charges[payment["latest_charge"]]
    charge |= {"captured": True, "amount_captured": amount}
    for session in call.world.sessions.values():
        if session["payment_intent"] == payment["id"]:
            session["payment_status"] = "paid"
    call.sandbox.emit(call.world, "payment_intent.succeeded", payment)
    return call.show(payment)


def refund(call: Call) -> Object:
    """``POST /v1/refunds``: of a payment or a charge, all that is left or less."""
    charge = _charge_of(call)
    if not charge["captured"]:
        raise Refusal(400, "This charge has not been captured, so it cannot be refunded.")
    left = charge["amount_captured"] - charge["amount_refunded"]
    if not left:
        message = f"Charge {charge['id']} has already been refunded."
        raise Refusal(400, message, "charge_already_refunded")
    amount = call.number("amount", left, 1, 10**12)
    if amount > left:
        message = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
        raise Refusal(400, message, param="amount")
    reason = call.one_of("reason", _REASONS) if call.text("reason") else None
    made = _refund(call, charge, amount, reason)
    charge["amount_refunded"] += amount
    charge["refunded"] = amount == left
    call.world.refunds[made["id"]] = made
    call.sandbox.emit(call.world, "charge.refunded", charge)
    call.sandbox.emit(call.world, "refund.created", made)
    return call.show(made)


def _charge_of(call: Call) -> Object:
    payment, charge = call.text("payment_intent"), call.text("charge")
    if payment is not None:
        if payment not in call.world.payment_intents:
            raise missing("payment_intent", payment, "payment_intent")
        charge = call.world.payment_intents[payment]["latest_charge"]
    elif charge is None:
        message = "One of the following params should be provided: payment_intent or charge."
        raise Refusal(400, message, "parameter_missing")
    if charge not in call.world.charges:
        raise missing("charge", str(charge), "charge")
    return call.world.charges[charge]


def _refund(call: Call, charge: Object, amount: int, reason: str | None) -> Object:
    return {
        "id": call.sandbox.ids.new("re"),
        "object": "refund",
        "amount": amount,
        "charge": charge["id"],
        "created": unix(call.sandbox.clock.now()),
        "currency": charge["currency"],
        "metadata": call.metadata(),
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "receipt_number": None,
        "status": "succeeded",
    }


def retrieve_refund(call: Call) -> Object:
    """``GET /v1/refunds/{id}``."""
    return call.show(call.found(call.world.refunds, "refund"))


def list_refunds(call: Call) -> Object:
    """``GET /v1/refunds``, perhaps of one payment or charge."""
    payment, charge = call.text("payment_intent"), call.text("charge")
    found = [
        made
        for made in call.world.refunds.values()
        if payment in (None, made["payment_intent"]) and charge in (None, made["charge"])
    ]
    return list_v1(call, found, "refund")


def account_session(call: Call) -> Object:
    """``POST /v1/account_sessions``: lets a connected account use an embedded component."""
    account = call.required("account")
    accounts = call.sandbox.accounts
    if not account.startswith("acct_") or (accounts is not None and account not in accounts):
        raise missing("account", account, "account")
    given = call.params.get("components")
    if not isinstance(given, dict) or not given:
        raise Refusal(400, "Missing required param: components.", "parameter_missing", "components")
    components = {name: _component(name, asked) for name, asked in given.items()}
    return {
        "object": "account_session",
        "account": account,
        "client_secret": call.sandbox.ids.new("accs_secret_", 48),
        "components": components,
        "expires_at": unix(call.sandbox.clock.now()) + _ACCOUNT_SESSION,
        "livemode": False,
    }


def _component(name: str, asked: Any) -> Object:
    enabled = asked.get("enabled") if isinstance(asked, dict) else None
    if enabled not in ("true", "false"):
        param = f"components[{name}][enabled]"
        raise Refusal(400, f"Missing required param: {param}.", "parameter_missing", param)
    return {"enabled": enabled == "true", "features": asked.get("features") or {}}
