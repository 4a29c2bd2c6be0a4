"""What the sandbox saw, to read when a test fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agentic_commerce.testing.sandbox._result import PurchaseResult
    from agentic_commerce.testing.sandbox._sandbox import Sandbox

__all__ = ["Seen", "describe"]

_SHOWN: Final = 20


@attrs.frozen(kw_only=True)
class Seen:
    """One request that came in. No key, no body and no query is kept."""

    method: str
    path: str
    status: int
    request_id: str
    account: str | None = None
    fault: str | None = None

    def __str__(self) -> str:
        """As in a log."""
        whose = f" for {self.account}" if self.account else ""
        fault = f" ({self.fault})" if self.fault else ""
        return f"{self.method} {self.path}{whose}: {self.status}{fault}"


def _purchase(result: PurchaseResult) -> Iterator[str]:
    """What became of a purchase: codes, and no word that anybody wrote."""
    yield f"purchase: {result.status}{f' ({result.code})' if result.code else ''}"
    for call in result.calls:
        status = "no reply" if call.status is None else call.status
        name = call.type.rpartition(".")[2]
        yield f"  {name}, attempt {call.attempt}: {call.outcome}, {status}, {call.seconds:.3f} s"


def describe(sandbox: Sandbox) -> str:
    """Write what the sandbox saw: ids, paths and codes, no buyer's data."""
    seen = [*sandbox.requests]
    lines = [f"Stripe sandbox: {len(seen)} requests"]
    lines += [f"  ... and {len(seen) - _SHOWN} before"] if len(seen) > _SHOWN else []
    lines += [f"  {one}" for one in seen[-_SHOWN:]]
    for world in sandbox.worlds.values():
        counts = {
            "products": len(world.catalog),
            "imports": len(world.import_sets) + len(world.catalog_imports),
            "agreements": len(world.agreements),
            "sessions": len(world.sessions),
        }
        told = ", ".join(f"{number} {name}" for name, number in counts.items() if number)
        lines.append(f"{world.account or 'the platform'}: {told or 'nothing'}")
    lines += [told for one in [*sandbox.purchases][-_SHOWN:] for told in _purchase(one)]
    attempts = sandbox.attempts
    arrived = sum(attempt.ok for attempt in attempts)
    lines.append(f"events: {arrived} delivered, {sandbox.delivery.waiting} waiting")
    for attempt in [attempt for attempt in attempts if not attempt.ok][-_SHOWN:]:
        how = attempt.error or f"status {attempt.status}"
        lines.append(f"  {attempt.type} failed, attempt {attempt.number}: {how}")
    return "\n".join(lines)
