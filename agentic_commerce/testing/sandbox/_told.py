"""What became of a purchase, as JSON: for a command, and for programs in other languages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from agentic_commerce.orders import Order
    from agentic_commerce.testing.sandbox._hook_calls import HookCall
    from agentic_commerce.testing.sandbox._result import PurchaseResult

__all__ = ["told"]

Json = dict[str, Any]


def told(result: PurchaseResult) -> Json:
    """Write a result as JSON: codes, amounts in minor units, the platform's words; no buyer."""
    return {
        "status": result.status,
        "code": result.code,
        "reason": result.reason,
        "totals": None if result.totals is None else attrs.asdict(result.totals),
        "calls": [_call(call) for call in result.calls],
        "order": None if result.order is None else _order(result.order),
    }


def _call(call: HookCall) -> Json:
    return {
        "type": call.type,
        "attempt": call.attempt,
        "outcome": call.outcome,
        "status": call.status,
        "seconds": round(call.seconds, 3),
        "detail": call.detail,
        "issues": [
            {"code": issue.code, "path": issue.column, "message": issue.message, "hint": issue.hint}
            for issue in call.issues
        ],
        "notes": list(call.notes),
    }


def _order(order: Order) -> Json:
    names = ("sku", "name", "quantity", "amount_subtotal")
    return {
        "session": order.session_id,
        "payment_status": order.payment_status,
        "currency": order.currency,
        "lines": [{name: getattr(line, name) for name in names} for line in order.lines],
        "amount_discount": order.amount_discount,
        "amount_shipping": order.amount_shipping,
        "amount_tax": order.amount_tax,
        "amount_total": order.amount_total,
    }
