"""The groups of calls about selling: Agreements, events, orders, embedded components."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import datetime

from agentic_commerce._agreements import Agreement
from agentic_commerce.client._agreements import (
    act_on_agreement,
    agreement_filters,
    create_agreement,
    fetch_agreements,
    retrieve_agreement,
    retrieve_event,
)
from agentic_commerce.client._group import AsyncGroup, Group, share_docs
from agentic_commerce.client._sale_models import AccountSession, PaymentIntent, Refund
from agentic_commerce.client._sales import (
    capture_payment,
    create_account_session,
    fetch_orders,
    order_filters,
    refund_payment,
    retrieve_order,
)
from agentic_commerce.events import AgreementEvent, Event
from agentic_commerce.orders import CheckoutSessionCompleted, Order

__all__ = [
    "AccountSessions",
    "Agreements",
    "AsyncAccountSessions",
    "AsyncAgreements",
    "AsyncEvents",
    "AsyncOrders",
    "Events",
    "Orders",
]


class Agreements(Group):
    """Agreements between sellers and agents (v2, preview).

    Source: docs.stripe.com/api/v2/orchestrated-commerce/agreements.
    """

    def create(self, orchestrator: str, *, idempotency_key: str | None = None) -> Agreement:
        """Propose an Agreement to an agent, by the id of its profile (``profile_...``).

        Raises: APIError, APIConnectionError.
        """
        return self._run(create_agreement(self._setup, orchestrator, idempotency_key))

    def retrieve(self, agreement: AgreementEvent | str) -> Agreement:
        """Look at an Agreement, by its id or an event about it.

        A parsed event brings its own ``context``, whatever account the client is bound to.
        Raises: APIError, APIConnectionError.
        """
        return self._run(retrieve_agreement(self._setup, agreement))

    def list(
        self, *, network_business_profile: str | None = None, limit: int | None = None
    ) -> Iterator[Agreement]:
        """All Agreements, or those with one counterparty; ``limit`` is the size of a page.

        Raises: ValueError, TypeError; while it goes on APIError, APIConnectionError.
        """
        filters = agreement_filters(network_business_profile, limit)
        return self._each(fetch_agreements(self._setup, filters))

    def confirm(self, id: str, *, idempotency_key: str | None = None) -> Agreement:
        """Agree, for the account that the client is bound to. Raises: APIError, APIConnectionError.

        Both sides have to confirm before the agent may see data of the seller's.
        """
        return self._run(act_on_agreement(self._setup, id, "confirm", idempotency_key))

    def terminate(self, id: str, *, idempotency_key: str | None = None) -> Agreement:
        """End an Agreement. It cannot be undone. Raises: APIError, APIConnectionError."""
        return self._run(act_on_agreement(self._setup, id, "terminate", idempotency_key))


class Events(Group):
    """Events of API v2, which thin ones announce."""

    def retrieve(self, event: Event | str) -> Event:
        """Fetch an event with its data, for 30 days after it happened.

        A parsed event brings its own ``context``, which is sent as ``Stripe-Context``, whatever
        account the client is bound to; with an id alone the client's account counts.

        Raises: APIError, APIConnectionError; ValueError for a context that is none.
        """
        return self._run(retrieve_event(self._setup, event))


class Orders(Group):
    """Completed sales, and what can be done with their payments. Amounts are in minor units.

    With direct charges all of it lives on the connected account: use ``client.for_account``. With
    destination charges it lives on the platform: use the client itself.
    """

    def retrieve(self, session: CheckoutSessionCompleted | str) -> Order:
        """Fetch an order with all of its lines, by its session.

        A webhook's event brings its own ``account``, whatever account the client is bound to: None
        is the platform. With an id alone the client's account counts.

        Raises: APIError (APIResponseError for a session that is no order), APIConnectionError.
        """
        return self._run(retrieve_order(self._setup, session))

    def list(
        self,
        *,
        created_gt: datetime | None = None,
        created_gte: datetime | None = None,
        created_lt: datetime | None = None,
        created_lte: datetime | None = None,
        limit: int | None = None,
        whole: bool = True,
    ) -> Iterator[Order]:
        """All complete sessions that fit, newest first, as orders, page by page as you go on.

        Each order takes a call more, when its turn comes: lists have neither lines nor payments'
        details. ``whole=False`` leaves these calls and details out. ``limit`` is the size of a
        page. Sales that no agent made are among them: see ``Order.is_agentic``. Moments need a
        time zone, and are those of the session's creation.

        Raises: ValueError, TypeError; while it goes on APIError, APIConnectionError.
        """
        filters = order_filters(
            limit,
            created_gt=created_gt,
            created_gte=created_gte,
            created_lt=created_lt,
            created_lte=created_lte,
        )
        return self._each(fetch_orders(self._setup, filters, is_whole=whole))

    def capture(
        self,
        order: Order | str,
        *,
        amount_to_capture: int | None = None,
        application_fee_amount: int | None = None,
        idempotency_key: str | None = None,
    ) -> PaymentIntent:
        """Take the money of an order (or PaymentIntent's id) that was only reserved: all, or less.

        The rest is released. Raises: ValueError, TypeError for an amount that cannot be; APIError,
        APIConnectionError.
        """
        flow = capture_payment(
            self._setup, order, amount_to_capture, application_fee_amount, idempotency_key
        )
        return self._run(flow)

    def refund(
        self,
        order: Order | str,
        amount: int | None = None,
        reason: str | None = None,
        *,
        refund_application_fee: bool = False,
        reverse_transfer: bool = False,
        idempotency_key: str | None = None,
    ) -> Refund:
        """Give back the money of an order (or PaymentIntent's id): what is left of it, or less.

        ``reason`` is ``duplicate``, ``fraudulent`` or ``requested_by_customer``. The platform keeps
        its fee unless ``refund_application_fee``. ``reverse_transfer`` is for destination charges:
        without it the platform pays. Called twice, it refunds twice, unless you give the same
        ``idempotency_key``.

        Raises: ValueError, TypeError for arguments that cannot be; APIError, APIConnectionError.
        """
        flags = {
            "refund_application_fee": refund_application_fee,
            "reverse_transfer": reverse_transfer,
        }
        flow = refund_payment(self._setup, order, amount, reason, flags, idempotency_key)
        return self._run(flow)


class AccountSessions(Group):
    """Sessions of embedded components (preview)."""

    def create(self, account: str, *, idempotency_key: str | None = None) -> AccountSession:
        """Let people of a connected account see ``agentic_commerce_settings`` in their browser.

        The call is the platform's own, whatever account the client is bound to.
        Raises: APIError, APIConnectionError.
        """
        return self._run(create_account_session(self._setup, account, idempotency_key))


class AsyncAgreements(AsyncGroup):
    async def create(self, orchestrator: str, *, idempotency_key: str | None = None) -> Agreement:
        return await self._run(create_agreement(self._setup, orchestrator, idempotency_key))

    async def retrieve(self, agreement: AgreementEvent | str) -> Agreement:
        return await self._run(retrieve_agreement(self._setup, agreement))

    def list(
        self, *, network_business_profile: str | None = None, limit: int | None = None
    ) -> AsyncIterator[Agreement]:
        filters = agreement_filters(network_business_profile, limit)
        return self._each(fetch_agreements(self._setup, filters))

    async def confirm(self, id: str, *, idempotency_key: str | None = None) -> Agreement:
        return await self._run(act_on_agreement(self._setup, id, "confirm", idempotency_key))

    async def terminate(self, id: str, *, idempotency_key: str | None = None) -> Agreement:
        return await self._run(act_on_agreement(self._setup, id, "terminate", idempotency_key))


class AsyncEvents(AsyncGroup):
    async def retrieve(self, event: Event | str) -> Event:
        return await self._run(retrieve_event(self._setup, event))


class AsyncOrders(AsyncGroup):
    async def retrieve(self, session: CheckoutSessionCompleted | str) -> Order:
        return await self._run(retrieve_order(self._setup, session))

    def list(
        self,
        *,
        created_gt: datetime | None = None,
        created_gte: datetime | None = None,
        created_lt: datetime | None = None,
        created_lte: datetime | None = None,
        limit: int | None = None,
        whole: bool = True,
    ) -> AsyncIterator[Order]:
        filters = order_filters(
            limit,
            created_gt=created_gt,
            created_gte=created_gte,
            created_lt=created_lt,
            created_lte=created_lte,
        )
        return self._each(fetch_orders(self._setup, filters, is_whole=whole))

    async def capture(
        self,
        order: Order | str,
        *,
        amount_to_capture: int | None = None,
        application_fee_amount: int | None = None,
        idempotency_key: str | None = None,
    ) -> PaymentIntent:
        flow = capture_payment(
            self._setup, order, amount_to_capture, application_fee_amount, idempotency_key
        )
        return await self._run(flow)

    async def refund(
        self,
        order: Order | str,
        amount: int | None = None,
        reason: str | None = None,
        *,
        refund_application_fee: bool = False,
        reverse_transfer: bool = False,
        idempotency_key: str | None = None,
    ) -> Refund:
        flags = {
            "refund_application_fee": refund_application_fee,
            "reverse_transfer": reverse_transfer,
        }
        flow = refund_payment(self._setup, order, amount, reason, flags, idempotency_key)
        return await self._run(flow)


class AsyncAccountSessions(AsyncGroup):
    async def create(self, account: str, *, idempotency_key: str | None = None) -> AccountSession:
        return await self._run(create_account_session(self._setup, account, idempotency_key))


share_docs((Agreements, AsyncAgreements), (Events, AsyncEvents))
share_docs((Orders, AsyncOrders), (AccountSessions, AsyncAccountSessions))
