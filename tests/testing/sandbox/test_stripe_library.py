"""Stripe's own library, pointed at the sandbox over HTTP: what it can call, works."""

from __future__ import annotations

import io
from collections.abc import Iterator

import httpx
import pytest
import stripe

from agentic_commerce.testing.sandbox import Sandbox
from tests.testing.sandbox.shop import ACCOUNT, cells, feed, put_order, until

MIXED = feed(cells("A"), cells("B", price="$15"))


def options() -> stripe.RequestOptions:
    """Fresh ones each time: the library leaves headers of its own in what it is given."""
    return {"stripe_account": ACCOUNT}


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[stripe.StripeClient]:
    http = stripe.RequestsClient()
    with sandbox.serve() as server:
        yield stripe.StripeClient(
            sandbox.api_key,
            base_addresses={"api": server.url, "files": server.url},
            http_client=http,
        )
        http.close()  # type: ignore[no-untyped-call]


def test_it_uploads_a_file(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    file = io.BytesIO(MIXED)
    file.name = "feed.csv"
    made = client.v1.files.create(
        {"purpose": "data_management_manual_upload", "file": file},
        options(),
    )
    assert made.size == len(MIXED)
    found = client.v1.files.retrieve(made.id, options=options())
    assert (found.filename, found.type) == ("feed.csv", "csv")


def test_it_retrieves_a_session_with_expansions(
    sandbox: Sandbox, client: stripe.StripeClient
) -> None:
    put_order(sandbox.world(ACCOUNT))
    session = client.v1.checkout.sessions.retrieve(
        "cs_test_1",
        {"expand": ["line_items.data.price.product", "payment_intent.latest_charge"]},
        {"stripe_account": ACCOUNT, "stripe_version": "2025-12-15.preview"},
    )
    assert session.line_items is not None
    line = session.line_items.data[0]
    assert line.price is not None
    assert line.price.to_dict()["external_reference"] == "00001"
    payment = session.payment_intent
    assert isinstance(payment, stripe.PaymentIntent)
    assert isinstance(payment.latest_charge, stripe.Charge)


def test_it_lists_sessions_page_by_page(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    for number in range(1, 6):
        put_order(sandbox.world(ACCOUNT), number)
    listed = client.v1.checkout.sessions.list(
        {"limit": 2, "created": {"gt": 1775469601}}, options()
    )
    assert [session.id[-1] for session in listed.auto_paging_iter()] == ["5", "4", "3", "2"]


def test_it_captures_and_refunds(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    put_order(sandbox.world(ACCOUNT), captured=False)
    captured = client.v1.payment_intents.capture("pi_test_1", options=options())
    assert captured.status == "succeeded"
    refund = client.v1.refunds.create({"payment_intent": "pi_test_1", "amount": 740}, options())
    assert (refund.status, refund.amount) == ("succeeded", 740)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.refunds.create({"payment_intent": "pi_test_1", "amount": 4001}, options())
    assert caught.value.param == "amount"
    assert caught.value.request_id


def test_it_retries_after_an_answer_that_was_lost_and_refunds_once(
    sandbox: Sandbox, client: stripe.StripeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stripe.HTTPClient, "_sleep_time_seconds", lambda *_: 0)
    put_order(sandbox.world(ACCOUNT))
    sandbox.fail_next(error="reset")
    sandbox.fail_next(500)
    client.v1.refunds.create(
        {"payment_intent": "pi_test_1"}, {"stripe_account": ACCOUNT, "max_network_retries": 2}
    )
    assert len(sandbox.world(ACCOUNT).refunds) == 1
    assert [seen.fault for seen in sandbox.requests] == ["reset", None, None]


def test_it_imports_a_catalog(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    imports = client.v2.commerce.product_catalog.imports
    made = imports.create({"feed_type": "product", "mode": "upsert", "metadata": {}}, options())
    assert made.status_details is not None
    assert made.status_details.awaiting_upload is not None
    url = made.status_details.awaiting_upload.upload_url.url
    put = httpx.put(url, content=MIXED, headers={"Content-Type": "text/csv"})
    assert put.status_code == 200
    found = imports.retrieve(made.id, options=options())
    assert found.status == "succeeded_with_errors"
    assert found.status_details is not None
    details = found.status_details.succeeded_with_errors
    assert details is not None
    assert (details.success_count, details.error_count) == (1, 1)
    assert (details.samples[0].row, details.samples[0].field) == (3, "price")
    assert details.error_file.size == len(httpx.get(details.error_file.download_url.url).content)
    for _ in range(2):
        imports.create({"feed_type": "pricing", "mode": "upsert", "metadata": {}}, options())
    listed = imports.list({"limit": 1}, options())
    assert [one.feed_type for one in listed.auto_paging_iter()] == ["pricing", "pricing", "product"]


def test_it_reads_our_signed_thin_events_and_fetches_them(
    sandbox: Sandbox, client: stripe.StripeClient
) -> None:
    sent: list[tuple[bytes, str]] = []
    sandbox.listen(lambda body, headers: sent.append((body, headers["Stripe-Signature"])))
    imports = client.v2.commerce.product_catalog.imports
    made = imports.create({"feed_type": "product", "mode": "upsert", "metadata": {}}, options())
    assert made.status_details is not None
    assert made.status_details.awaiting_upload is not None
    url = made.status_details.awaiting_upload.upload_url.url
    httpx.put(url, content=feed(cells("A")), headers={"Content-Type": "text/csv"})
    imports.retrieve(made.id, options=options())
    until(lambda: len(sent) == 2)
    body, signature = sent[-1]
    note = client.parse_event_notification(body, signature, sandbox.event_secret)
    assert note.type == "v2.commerce.product_catalog.imports.succeeded"
    assert str(note.context) == ACCOUNT
    assert note.fetch_related_object().status == "succeeded"
    assert note.fetch_event().id == note.id


def test_it_reads_our_snapshot_events(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    sent: list[tuple[bytes, str]] = []
    sandbox.listen(lambda body, headers: sent.append((body, headers["Stripe-Signature"])))
    world = sandbox.world(ACCOUNT)
    sandbox.emit(world, "checkout.session.completed", put_order(world))
    sandbox.deliver()
    event = client.construct_event(*sent[0], sandbox.event_secret)
    assert (event.account, event.data.object["id"]) == (ACCOUNT, "cs_test_1")


@pytest.mark.parametrize(
    ("key", "error"),
    [("sk_test_wrong", stripe.AuthenticationError), ("", stripe.PermissionError)],
)
def test_it_knows_our_errors(
    sandbox: Sandbox, client: stripe.StripeClient, key: str, error: type[Exception]
) -> None:
    by_key: stripe.RequestOptions = {"api_key": key or sandbox.restricted_key("files_read")}
    with pytest.raises(error):
        client.v1.refunds.list(options=by_key)
    with pytest.raises(error):
        client.v2.commerce.product_catalog.imports.list(options=by_key)


def test_it_knows_a_replay_with_another_body(client: stripe.StripeClient) -> None:
    imports = client.v2.commerce.product_catalog.imports
    imports.create(
        {"feed_type": "product", "mode": "upsert", "metadata": {}}, {"idempotency_key": "key-1"}
    )
    with pytest.raises(stripe.IdempotencyError):
        imports.create(
            {"feed_type": "pricing", "mode": "upsert", "metadata": {}}, {"idempotency_key": "key-1"}
        )
