"""What users test with: payloads as Stripe sends them, their signature, and a sandbox.

Importing it loads nothing else: pytest does so at every start, for the plugin.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as typing's, without the 7 ms that importing typing takes
if TYPE_CHECKING:
    from typing import Any

    from agentic_commerce.testing._changes import ABSENT
    from agentic_commerce.testing.event_payloads import (
        agreement_event,
        catalog_import_event,
        checkout_session,
        order_event,
        session_line_item,
    )
    from agentic_commerce.testing.feed_rows import product_cells, product_row
    from agentic_commerce.testing.payloads import (
        customize_checkout,
        finalize_checkout,
        line_item,
        product_price_availability,
        sign,
    )
    from agentic_commerce.testing.sandbox import Sandbox

__all__ = [
    "ABSENT",
    "Sandbox",
    "agreement_event",
    "catalog_import_event",
    "checkout_session",
    "customize_checkout",
    "finalize_checkout",
    "line_item",
    "order_event",
    "product_cells",
    "product_price_availability",
    "product_row",
    "session_line_item",
    "sign",
]

_HOMES = {
    "_changes": ("ABSENT",),
    "event_payloads": (
        "agreement_event",
        "catalog_import_event",
        "checkout_session",
        "order_event",
        "session_line_item",
    ),
    "feed_rows": ("product_cells", "product_row"),
    "payloads": (
        "customize_checkout",
        "finalize_checkout",
        "line_item",
        "product_price_availability",
        "sign",
    ),
    "sandbox": ("Sandbox",),
}


def __getattr__(name: str) -> Any:
    from importlib import import_module  # noqa: PLC0415

    if name in _HOMES:
        return import_module(f"{__name__}.{name}")
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
