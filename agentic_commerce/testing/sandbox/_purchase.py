"""What Stripe's checkout does when an agent buys, as far as it is documented.

Price and availability, quote, ``customize_checkout``, stock, ``finalize_checkout``, payment and
events. Nothing is locked while a hook is called. The law of this module: an order is paid once, and
only after the hook that decides has approved it; stock taken for an order that is not paid is put
back. Where the documents are silent the choice is in docs/explanation/sandbox-purchases.md.

Source: docs.stripe.com/connect/saas/tasks/enable-in-context-selling-on-ai-agents.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs

from agentic_commerce.errors import Issue, QuoteError
from agentic_commerce.feeds import Quote, QuoteItem, quote
from agentic_commerce.hooks.requests import (
    CUSTOMIZE_CHECKOUT,
    FINALIZE_CHECKOUT,
    PRODUCT_PRICE_AVAILABILITY,
)
from agentic_commerce.orders import SESSION_EXPAND, SESSION_VERSION, Order, parse_order
from agentic_commerce.testing.sandbox import _answers
from agentic_commerce.testing.sandbox._cart import Cart, CartShipping
from agentic_commerce.testing.sandbox._cart_json import customize_data, finalize_data
from agentic_commerce.testing.sandbox._clock import unix
from agentic_commerce.testing.sandbox._contract import read_reply
from agentic_commerce.testing.sandbox._hook_calls import Endpoint, HookCall, Sender, sender
from agentic_commerce.testing.sandbox._order_json import Payment, file_order
from agentic_commerce.testing.sandbox._result import PurchaseResult, PurchaseStatus
from agentic_commerce.testing.sandbox._view import view
from agentic_commerce.testing.sandbox._wanted import Options, To, Wanted, wanted

if TYPE_CHECKING:
    from agentic_commerce.testing.sandbox._sandbox import Sandbox
    from agentic_commerce.testing.sandbox._world import Object

__all__ = ["purchase"]


def purchase(
    sandbox: Sandbox,
    lines: Iterable[tuple[str, int]],
    *,
    account: str,
    address: To,
    endpoint: Endpoint | None,
    shipping_service: str | None,
    options: Options,
) -> PurchaseResult:
    """Let an agent buy: see `Sandbox.purchase`."""
    if sandbox.accounts is not None and account not in sandbox.accounts:
        raise ValueError(f"the sandbox has no account {account[:100]!r}")
    order = wanted(lines, account, address, endpoint, shipping_service, options)
    sign = partial(sandbox.sign_hook, secret=options.secret)
    sends = sender(sandbox, endpoint, sign, sandbox.clock.now, options.hook_timeout)
    result = _Checkout(sandbox, order, sends).run()
    sandbox.purchases.append(result)
    return result


class _Stop(Exception):  # noqa: N818 - an outcome, not a fault
    """The purchase ends here."""

    def __init__(self, status: PurchaseStatus, code: str, reason: str) -> None:
        super().__init__(reason)
        self.status, self.code, self.reason = status, code, reason


class _Checkout:
    """One purchase, step by step."""

    def __init__(self, sandbox: Sandbox, wanted: Wanted, sender: Sender) -> None:
        self._sandbox, self._wanted, self._sender = sandbox, wanted, sender
        self._options = wanted.options
        self._on = wanted.toggles
        self._catalog = sandbox.world(wanted.account).catalog
        is_direct = self._options.charge_type == "direct"
        self._world = sandbox.world(wanted.account if is_direct else None)
        self._session = self._new("cs_test")
        self._offers: dict[str, Mapping[str, Any]] = {}
        self._calls: list[HookCall] = []
        self._quote: Quote | None = None
        self._stranded: Issue | None = None  # why the feed's own shipping does not reach
        self._cart: Cart | None = None
        self._filed: Object | None = None
        self._fee: int | None = None

    def run(self) -> PurchaseResult:
        """Buy."""
        self._sandbox.settle()
        try:
            cart = self._customized(self._quoted(self._items()))
            with self._stock():
                self._pay(cart, self._approval(cart))
        except _Stop as stop:
            return self._result(stop.status, stop.code, stop.reason)
        self._sandbox.follow_up()
        return self._result("completed")

    def _new(self, prefix: str) -> str:
        with self._sandbox.lock:
            return self._sandbox.ids.new(prefix)

    # ------------------------------------------------------------------------- price and quote

    def _items(self) -> list[QuoteItem]:
        return [self._item(sku, quantity) for sku, quantity in self._wanted.items]

    def _item(self, sku: str, quantity: int) -> QuoteItem:
        row = self._catalog.get(sku)
        if row is None:
            account = self._wanted.account
            raise _Stop("failed", "unknown_sku", f"{account} sells no {sku[:100]!r}")
        answer = self._offer(sku) if "pricing_and_availability" in self._on else {}
        if answer.get("deleted"):
            raise _Stop("failed", "product_deleted", f"{sku[:100]!r} is no longer sold")
        discount = self._options.discounts.get(sku, 0)
        return _answers.priced_item(row, quantity, discount, answer)

    def _offer(self, sku: str) -> Mapping[str, Any]:
        """What the platform says of a product, asked once; nothing if it is late."""
        if sku not in self._offers:
            # Without an answer in time Stripe takes the feed's word.
            self._offers[sku] = self._ask(PRODUCT_PRICE_AVAILABILITY, {"sku_id": sku}) or {}
        return self._offers[sku]

    def _quoted(self, items: Sequence[QuoteItem]) -> Cart:
        now = datetime.fromtimestamp(self._sandbox.clock.now(), UTC)
        try:
            found = quote(items, self._wanted.buyer.address, now=now)
        except QuoteError as error:
            raise _Stop("failed", "not_one_cart", str(error.issues[0])) from None
        self._quote = found
        for issue in found.issues:
            # The platform's own shipping options may well reach where the feed's do not.
            if issue.column != "shipping" or "custom_shipping_options" not in self._on:
                raise _Stop("failed", issue.code, _said(issue))
            self._stranded = self._stranded or issue
        choices = _answers.catalog_shipping(found)
        cart = Cart(
            session=self._session,
            currency=found.currency,
            lines=tuple(_answers.lines_of(found, lambda: self._new("li"))),
            choices=choices,
            shipping=self._find(choices) or next(iter(choices), None),
            automatic_tax=self._options.automatic_tax,
        )
        return self._keep(self._automatically_taxed(cart))

    def _automatically_taxed(self, cart: Cart) -> Cart:
        percentage = self._options.tax_percentage
        if not (cart.automatic_tax and percentage):
            return cart
        country = self._wanted.buyer.address.get("country", "")
        lines = [
            line.taxed([_answers.automatic_rate(line, percentage, country)]) for line in cart.lines
        ]
        return attrs.evolve(cart, lines=tuple(lines))

    def _keep(self, cart: Cart) -> Cart:
        self._cart = cart
        return cart

    # ------------------------------------------------------------------------------- customize

    def _customized(self, cart: Cart) -> Cart:
        """Apply the platform's tax rates and shipping options, and choose how to ship."""
        tax, shipping = "custom_tax_rates" in self._on, "custom_shipping_options" in self._on
        if tax or shipping:
            data = customize_data(cart, self._wanted.buyer)
            rates = {*self._known(), *(choice.id for choice in cart.choices)}
            answer = self._ask(CUSTOMIZE_CHECKOUT, data, rates) or {}
            if tax:
                cart = _answers.with_rates(cart, answer, self._world.tax_rates)
            elif answer.get("line_items"):
                self._note("line_items was passed over: Custom tax rates is off")
            if shipping and "shipping_options" in answer:
                choices = _answers.offered_shipping(cart, answer, self._world.shipping_rates)
                self._stranded = None
                cart = attrs.evolve(cart, choices=choices)
            elif answer.get("shipping_options"):
                self._note("shipping_options was passed over: Custom shipping options is off")
        return self._keep(attrs.evolve(cart, shipping=self._chosen(cart)))

    def _known(self) -> Collection[str]:
        return [*self._world.tax_rates, *self._world.shipping_rates]

    def _note(self, note: str) -> None:
        call = self._calls[-1]
        self._calls[-1] = attrs.evolve(call, notes=(*call.notes, note))

    def _chosen(self, cart: Cart) -> CartShipping | None:
        """What the agent asked for; without a wish the cheapest, the first of two alike."""
        if self._stranded is not None:
            raise _Stop("failed", self._stranded.code, _said(self._stranded))
        service = self._wanted.shipping_service
        if service is not None:
            found = self._find(cart.choices)
            if found is None:
                offered = ", ".join(choice.display_name for choice in cart.choices) or "none"
                message = f"{service[:100]!r} is not offered; there is: {offered}"
                raise _Stop("failed", "unknown_service", message)
            return found
        if not cart.choices and self._quote is not None and self._quote.needs_shipping:
            raise _Stop("failed", "no_shipping", "there is no way to ship this cart there")
        return min(cart.choices, key=lambda choice: choice.amount, default=None)

    def _find(self, choices: Sequence[CartShipping]) -> CartShipping | None:
        wish = self._wanted.shipping_service
        named = (choice for choice in choices if wish in (choice.id, choice.display_name))
        return next(named, None)

    # ----------------------------------------------------------------------------------- stock

    @contextmanager
    def _stock(self) -> Iterator[None]:
        """Take what is bought out of stock, all or nothing, and put it back if it is not paid."""
        taken: list[tuple[str, int]] = []
        try:
            for sku, count in self._counted().items():
                if self._take(sku, count):
                    taken.append((sku, count))
            yield
        except BaseException:
            for sku, count in taken:
                self._catalog.put_back(sku, count)
            raise

    def _take(self, sku: str, count: int) -> bool:
        """Whether so many were taken. What the platform itself says it has need not be there."""
        taken = self._catalog.take(sku, count)
        if not taken and "availability" not in self._offers.get(sku, ()):
            raise _Stop("failed", "sold_out", f"there are not {count} of {sku!r} any more")
        return taken

    def _counted(self) -> Mapping[str, int]:
        """How many of each product that is in stock; preorders and backorders take none."""
        counts = Counter[str]()
        for line in () if self._quote is None else self._quote.lines:
            if line.item.row.availability == "in_stock":
                counts[line.id] += line.quantity
        return counts

    # -------------------------------------------------------------------- approval and payment

    def _approval(self, cart: Cart) -> Mapping[str, Any]:
        if "order_approvals" not in self._on:
            return {}
        answer = self._ask(FINALIZE_CHECKOUT, finalize_data(cart, self._wanted.buyer))
        if answer is None:
            raise _Stop("declined", "hook_timeout", self._calls[-1].detail)
        decision = answer["manual_approval_details"]
        if decision["type"] != "approved":
            raise _Stop("declined", "order_declined", decision["declined"]["reason"])
        return answer

    def _pay(self, cart: Cart, approval: Mapping[str, Any]) -> None:
        if self._options.card_error is not None:
            raise _Stop("declined", "card_declined", self._options.card_error)
        payment = self._payment(approval)
        self._fee = payment.application_fee_amount
        with self._sandbox.lock:
            self._filed = file_order(self._world, cart, self._wanted.buyer, payment)
            self._sandbox.emit(self._world, "checkout.session.completed", self._filed)
            intent = self._world.payment_intents.get(payment.id)
            if intent is not None and payment.captured:
                self._sandbox.emit(self._world, "payment_intent.succeeded", intent)

    def _payment(self, approval: Mapping[str, Any]) -> Payment:
        fee = approval.get("application_fee_details") or {}
        destination, transfer = None, (fee.get("transfer_data") or {}).get("amount")
        if self._options.charge_type == "destination":
            destination = self._wanted.account
        elif transfer is not None:
            self._note("transfer_data was passed over: a direct charge transfers nothing")
        return Payment(
            id=self._new("pi"),
            charge=self._new("ch"),
            created=unix(self._sandbox.clock.now()),
            destination=destination,
            captured=not self._options.manual_capture,
            application_fee_amount=fee.get("application_fee_amount"),
            transfer_amount=None if destination is None else transfer,
            metadata=dict(approval.get("metadata") or {}),
            agent_name=self._options.agent or self._sandbox.agent.name,
            agent_profile=self._options.agent_profile or self._sandbox.agent.profile,
        )

    # ----------------------------------------------------------------------------------- hooks

    def _ask(
        self, kind: str, data: Mapping[str, Any], rates: Collection[str] = ()
    ) -> Mapping[str, Any] | None:
        """Ask a hook, as often as the agent tries; None if it is late and Stripe goes on."""
        for attempt in range(1, self._options.retries + 2):
            call, answer = self._attempt(kind, data, rates, attempt)
            self._calls.append(call)
            if call.agent_status != 424:
                return answer
        message = f"{kind} failed, and the agent got 424 ({call.outcome}: {call.detail})"
        raise _Stop("failed", "hook_failed", message)

    def _attempt(
        self, kind: str, data: Mapping[str, Any], rates: Collection[str], attempt: int
    ) -> tuple[HookCall, Mapping[str, Any] | None]:
        payload = {
            "type": kind,
            "id": self._new("dcpe"),
            "livemode": False,
            "context": self._wanted.account,
            "data": data,
        }
        call = self._sender.call(payload, attempt)
        if not call.ok:
            return call, None
        reading = read_reply(payload, call.response or b"", rates)
        if reading.issues:
            detail = "; ".join(map(str, reading.issues))
            call = attrs.evolve(call, outcome="refused", detail=detail, issues=reading.issues)
        return attrs.evolve(call, notes=reading.notes), reading.answer

    # ---------------------------------------------------------------------------------- result

    def _result(
        self, status: PurchaseStatus, code: str | None = None, reason: str | None = None
    ) -> PurchaseResult:
        cart, session = self._cart, self._filed
        totals = (
            None if cart is None else attrs.evolve(cart.totals, application_fee_amount=self._fee)
        )
        return PurchaseResult(
            status=status,
            code=code,
            reason=reason,
            order=None if session is None else self._order(session),
            totals=totals,
            calls=tuple(self._calls),
            session_id=self._session,
            payment_intent=None if session is None else session["payment_intent"],
            shipping=() if cart is None else cart.choices,
            quote=self._quote,
        )

    def _order(self, session: Object) -> Order:
        with self._sandbox.lock:
            return parse_order(view(self._world, session, SESSION_EXPAND, SESSION_VERSION))


def _said(issue: Issue) -> str:
    return f"{issue.id}: {issue.message}" if issue.id else issue.message
