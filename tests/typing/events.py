"""What a user's type checker sees. Read by mypy only; nothing here runs."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import assert_never, assert_type

from agentic_commerce import events, orders


def handle(event: events.Event) -> datetime | None:
    match event:
        case events.AgreementCreated(data=data):
            assert_type(data, events.AgreementCreatedData | None)
            return data.created if data else None
        case events.AgreementPartiallyConfirmed() | events.AgreementConfirmed():
            assert_type(event.related_object, events.AgreementReference)
            assert_type(event.data, events.AgreementConfirmationData | None)
            return event.data.seller_confirmed_at if event.data else None
        case events.AgreementTerminated():
            assert_type(event.data, events.AgreementTerminatedData | None)
            return event.data.terminated_at if event.data else None
        case (
            events.CatalogImportProcessing()
            | events.CatalogImportSucceeded()
            | events.CatalogImportSucceededWithErrors()
            | events.CatalogImportFailed()
        ):
            assert_type(event.related_object.id, str)
            return event.created
        case events.UnknownEvent():
            assert_type(event.related_object, events.UnknownRelatedObject | None)
            assert_type(event.account, str | None)
            return None
        case other:
            assert_never(other)


def parse(body: bytes, header: str | None) -> None:
    assert_type(events.parse_event(body), events.Event)
    assert_type(events.parse_event("{}"), events.Event)
    assert_type(events.parse_event({"id": 1}), events.Event)
    assert_type(events.parse_signed_event(body, header, ["whsec_1"], now=0), events.Event)


def follow(event: events.AgreementEvent) -> None:
    state = events.agreement_state(event)
    assert_type(state, events.AgreementState)
    assert_type(state.status, events.AgreementStatus | None)
    assert_type(state.merge(state), events.AgreementState)
    assert_type(events.agreement_states([event]), dict[str, events.AgreementState])
    assert_type(events.parse_agreement(b"{}"), events.AgreementState)
    state.id = "orca_2"  # type: ignore[misc]  # a state is frozen


def announce(event: orders.OrderEvent) -> str:
    match event:
        case orders.CheckoutSessionCompleted():
            assert_type(event.session_id, str)
            assert_type(event.payment_intent, str | None)
        case orders.PaymentIntentSucceeded():
            assert_type(event.payment_intent, str)
        case orders.UnknownOrderEvent():
            assert_type(event.account, str | None)
        case other:
            assert_never(other)
    assert_type(event.headers, dict[str, str])
    return event.type


def order(body: bytes) -> None:
    found = orders.parse_order(body)
    assert_type(found, orders.Order)
    assert_type(found.amount_total, int)
    assert_type(found.total, Decimal)
    assert_type(found.shipping, Decimal | None)
    assert_type(found.reference, str)
    assert_type(found.ordered_at, datetime | None)
    assert_type(found.lines, tuple[orders.OrderLine, ...])
    assert_type(found.lines[0].sku, str | None)
    assert_type(found.lines[0].taxes[0].percentage, Decimal | None)
    assert_type(found.agent, orders.Agent | None)
    found.amount_total = 1  # type: ignore[misc]  # an order is frozen
