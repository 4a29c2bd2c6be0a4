"""Catalog imports (v2), against a server that behaves as Stripe and its store of files do."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from agentic_commerce import (
    APIConnectionError,
    APIError,
    APIResponseError,
    ImportFailedError,
    ServerError,
    WaitTimeoutError,
    events,
    feeds,
    testing,
)
from agentic_commerce.client import CatalogImport, CatalogImportStatus
from agentic_commerce.client._catalog import MAX_BYTES, upload_catalog_file
from agentic_commerce.client._files import Content
from agentic_commerce.client._setup import Setup
from agentic_commerce.client._wire import Send, Upload
from tests.client.server import KEY, Answer, Caller, Drop, Reaction, Seen, answer, serve

PATH = "/v2/commerce/product_catalog/imports"
FEED = b"id,price\nSKU-1,15.00 USD\n"


def stripe_import(status: str = "awaiting_upload", **details: Any) -> dict[str, Any]:
    return {
        "id": "pcimprt_1",
        "object": "v2.commerce.product_catalog_import",
        "created": "2026-06-01T10:00:00.000Z",
        "feed_type": "product",
        "mode": "upsert",
        "livemode": False,
        "metadata": {},
        "status": status,
        "status_details": {status: details},
    }


def waiting(url: str, expires_at: str | None = "2099-01-01T00:00:00Z") -> dict[str, Any]:
    return stripe_import(upload_url={"url": url, "expires_at": expires_at})


@attrs.define
class Stripe:
    """One import; the store takes the file at ``/store/<good>``, and refuses other addresses."""

    good: str = "1"
    issued: str = "1"
    expires_at: str = "2099-01-01T00:00:00Z"
    after: dict[str, Any] | None = None
    refusal: int = 403
    url: str = ""
    stored: list[Seen] = attrs.field(factory=list)

    def __call__(self, seen: Seen) -> Reaction:
        if seen.path.startswith("/store/"):
            if seen.path != f"/store/{self.good}":
                self.issued = self.good
                self.expires_at = "2099-01-01T00:00:00Z"
                return Answer(self.refusal, b"<Error>Request has expired</Error>")
            self.stored.append(seen)
            return Answer()
        if self.after is not None and (self.stored or self.issued == "gone"):
            return answer(self.after)
        if seen.method == "GET":
            self.issued = self.good
            return answer(waiting(f"{self.url}/store/{self.good}?sig=secret"))
        return answer(waiting(f"{self.url}/store/{self.issued}?sig=secret", self.expires_at))


def test_an_import_is_created_uploaded_and_followed_to_its_end(
    call: Caller, tmp_path: Path
) -> None:
    stripe = Stripe(after=stripe_import("succeeded", success_count="1"))
    path = tmp_path / "catalog.tsv"
    path.write_bytes(FEED)
    with serve(stripe) as server:
        stripe.url = server.url
        made = call(
            server.url,
            lambda c: c.catalog_imports.create(
                feeds.PRODUCT.v2_feed_type, "upsert", {"file_name": "catalog.tsv"}
            ),
            account="acct_1",
        )
        assert made.status is CatalogImportStatus.AWAITING_UPLOAD
        assert not made.is_terminal
        call(server.url, lambda c: c.catalog_imports.upload(made, path))
        done = call(server.url, lambda c: c.catalog_imports.wait(made))
    assert (done.status, done.success_count, done.error_count) == ("succeeded", 1, 0)
    assert done.is_terminal
    create, put, wait = server.seen
    assert (create.method, create.path) == ("POST", PATH)
    assert create.body == (
        b'{"feed_type":"product","mode":"upsert","metadata":{"file_name":"catalog.tsv"}}'
    )
    assert create.headers["stripe-version"] == "2026-10-28.endive"
    assert create.headers["stripe-account"] == "acct_1"
    assert create.headers["content-type"] == "application/json"
    assert create.headers["idempotency-key"]
    assert put.body == FEED
    assert wait.path == f"{PATH}/pcimprt_1"


def test_the_store_of_files_gets_no_credential_and_nothing_that_was_not_asked_for(
    call: Caller,
) -> None:
    stripe = Stripe()
    with serve(stripe) as server:
        stripe.url = server.url
        made = call(server.url, lambda c: c.catalog_imports.create("product", "replace"))
        call(server.url, lambda c: c.catalog_imports.upload(made, io.BytesIO(FEED)), account="a")
    [put] = stripe.stored
    assert put.headers.keys() == {"host", "content-type", "content-length"}
    assert put.headers["content-type"] == "text/csv"
    assert put.headers["content-length"] == str(len(FEED))
    assert put.query == [("sig", "secret")]


@pytest.mark.parametrize(
    ("stripe", "methods"),
    [
        (Stripe(expires_at="2020-01-01T00:00:00Z"), ["GET", "PUT"]),  # known to be too late
        (Stripe(issued="old"), ["PUT", "GET", "PUT"]),  # the store refuses it
        (Stripe(issued="old", refusal=400), ["PUT", "GET", "PUT"]),  # another store's word for it
    ],
    ids=["by-its-time", "refused", "refused-as-bad"],
)
def test_an_expired_address_is_fetched_anew(
    call: Caller, stripe: Stripe, methods: list[str]
) -> None:
    stripe = attrs.evolve(stripe, stored=[])
    with serve(stripe) as server:
        stripe.url = server.url
        made = call(server.url, lambda c: c.catalog_imports.create("product", "upsert"))
        call(server.url, lambda c: c.catalog_imports.upload(made, FEED))
    assert [seen.body for seen in stripe.stored] == [FEED]
    assert [seen.method for seen in server.seen][1:] == methods


def test_an_import_can_be_uploaded_to_by_its_id(call: Caller) -> None:
    stripe = Stripe()
    with serve(stripe) as server:
        stripe.url = server.url
        call(server.url, lambda c: c.catalog_imports.upload("pcimprt_1", FEED))
    assert len(stripe.stored) == 1


def test_a_fresh_address_that_is_refused_is_an_error_without_the_address(call: Caller) -> None:
    stripe = Stripe(good="never", issued="1")

    def handle(seen: Seen) -> Reaction:
        if seen.path.startswith("/store/"):
            return Answer(403, b"<Error>secret</Error>")
        return stripe(seen)

    with serve(handle) as server:
        stripe.url = server.url
        with pytest.raises(APIError) as caught:
            call(server.url, lambda c: c.catalog_imports.upload("pcimprt_1", FEED))
    assert type(caught.value) is APIError
    assert caught.value.status == 403
    assert "secret" not in f"{caught.value} {caught.value!r} {caught.value.__dict__}"
    assert [seen.method for seen in server.seen] == ["GET", "PUT", "GET", "PUT"]


def test_a_file_that_arrived_although_its_answer_was_lost_is_not_sent_for_ever(
    call: Caller,
) -> None:
    """The store took the first try and dropped the connection; it refuses the second."""
    tries = []

    def handle(seen: Seen) -> Reaction:
        if seen.path.startswith("/store/"):
            tries.append(seen)
            return Drop() if len(tries) == 1 else Answer(403)
        if tries:
            return answer(stripe_import("processing", success_count="0", error_count="0"))
        return answer(waiting(f"http://127.0.0.1:{seen.headers['host'].partition(':')[2]}/store/"))

    with serve(handle) as server:
        call(server.url, lambda c: c.catalog_imports.upload("pcimprt_1", FEED))
    assert len(tries) == 2


def test_a_store_that_is_out_of_order_is_tried_again_and_then_an_error(call: Caller) -> None:
    def handle(seen: Seen) -> Reaction:
        if seen.path.startswith("/store/"):
            return Answer(503)
        return answer(waiting(f"http://{seen.headers['host']}/store/1"))

    with serve(handle) as server, pytest.raises(ServerError):
        call(server.url, lambda c: c.catalog_imports.upload("pcimprt_1", FEED), max_retries=1)
    assert [seen.method for seen in server.seen] == ["GET", "PUT", "PUT"]


def test_a_store_that_cannot_be_reached_is_an_error_without_the_address(call: Caller) -> None:
    def handle(seen: Seen) -> Reaction:
        return answer(waiting("http://127.0.0.1:1/secret"))

    with serve(handle) as server, pytest.raises(APIConnectionError) as caught:
        call(server.url, lambda c: c.catalog_imports.upload("pcimprt_1", FEED), max_retries=0)
    assert str(caught.value) == (
        "there was no connection (ConnectError), to upload the file of a catalog import"
    )


@pytest.mark.parametrize(
    "url",
    [
        "http://storage.example/put",  # in the clear
        "ftp://storage.example/put",  # another protocol
        "https://user:pass@storage.example/put",  # with credentials
        "https:///put",  # without a host
        "https://storage.example:99999/put",  # no port
        "https://[::1/put",  # no address
        "/put",  # relative
    ],
)
def test_a_presigned_address_is_https(url: str) -> None:
    setup = Setup(api_key=KEY)
    state = CatalogImport(
        id="pcimprt_1",
        object="v2.commerce.product_catalog_import",
        status_details=_details(url),
    )
    with pytest.raises(APIConnectionError, match="not https"):
        drive(upload_catalog_file(setup, state, content(1)))


@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1:1", "[::1]:1"])
def test_a_presigned_address_on_this_machine_may_be_http(host: str) -> None:
    state = CatalogImport(
        id="pcimprt_1",
        object="v2.commerce.product_catalog_import",
        status_details=_details(f"http://{host}/put"),
    )
    flow = upload_catalog_file(Setup(api_key=KEY), state, content(1))
    next(flow)
    assert flow.send(_moment()).request.url == f"http://{host}/put"  # type: ignore[union-attr]


def _details(url: str) -> Any:
    from agentic_commerce.client import (  # noqa: PLC0415
        CatalogAwaitingUpload,
        CatalogImportDetails,
        PresignedUrl,
    )

    return CatalogImportDetails(
        awaiting_upload=CatalogAwaitingUpload(upload_url=PresignedUrl(url=url))
    )


def _moment() -> Any:
    from agentic_commerce.client._wire import Moment  # noqa: PLC0415

    return Moment(0, 0)


def content(size: int) -> Content:
    upload = Upload(file=io.BytesIO(), start=0, size=size)
    return Content(upload=upload, name="feed.csv", content_type="text/csv")


def drive(flow: Any) -> None:
    outcome = None
    for _ in range(10):
        flow.send(outcome)
        outcome = _moment()


def test_more_than_four_gigabytes_are_refused_before_anything_is_sent() -> None:
    flow = upload_catalog_file(Setup(api_key=KEY), "pcimprt_1", content(MAX_BYTES + 1))
    with pytest.raises(ValueError, match=r"feeds\.split"):
        next(flow)
    flow = upload_catalog_file(Setup(api_key=KEY), "pcimprt_1", content(MAX_BYTES))
    assert isinstance(next(flow), Send)


def test_an_import_that_has_its_file_takes_no_other(call: Caller) -> None:
    state = stripe_import("processing")
    with serve(lambda _: answer(state)) as server, pytest.raises(ValueError, match="is processing"):
        call(server.url, lambda c: c.catalog_imports.upload("pcimprt_1", FEED))


def test_an_import_that_failed_meanwhile_says_so(call: Caller) -> None:
    stripe = Stripe(issued="old", after=stripe_import("failed", code="file_not_found"))

    def handle(seen: Seen) -> Reaction:
        reaction = stripe(seen)
        stripe.issued = "gone" if seen.path.startswith("/store/") else stripe.issued
        return reaction

    with serve(handle) as server:
        stripe.url = server.url
        made = call(server.url, lambda c: c.catalog_imports.create("product", "upsert"))
        with pytest.raises(ImportFailedError, match="file_not_found"):
            call(server.url, lambda c: c.catalog_imports.upload(made, FEED))


# ------------------------------------------------------------------------------------------- states


def test_counts_are_texts_or_numbers_and_both_shapes_of_the_error_file_are_read(
    call: Caller,
) -> None:
    shapes: list[dict[str, Any]] = [
        {"download_url": {"url": "https://x/1?sig=secret", "expires_at": "2026-06-01T10:05:00Z"}},
        {"url": "https://x/1?sig=secret"},
    ]
    sample = {"id": "00001", "row": "2", "field": "price", "error_message": "not a price"}
    for shape in shapes:
        state = stripe_import(
            "succeeded_with_errors",
            success_count=3,
            error_count="9007199254740993",
            error_file={"content_type": "text/csv", "size": "120", **shape},
            samples=[sample],
        )
        with serve(lambda _, state=state: answer(state)) as server:  # type: ignore[misc]
            found = call(server.url, lambda c: c.catalog_imports.retrieve("pcimprt_1"))
        assert (found.success_count, found.error_count) == (3, 9007199254740993)
        assert found.is_terminal
        assert found.error_file.size == 120
        assert found.error_file.address.url == "https://x/1?sig=secret"
        assert [(s.id, s.row, s.field) for s in found.samples] == [("00001", 2, "price")]
        assert found.raw == state
        assert "secret" not in repr(found)
        assert "not a price" not in repr(found)


def test_a_state_without_details_has_no_counts(call: Caller) -> None:
    state = stripe_import("processing") | {"status_details": None}
    with serve(lambda _: answer(state)) as server:
        found = call(server.url, lambda c: c.catalog_imports.retrieve("pcimprt_1"))
    shortcuts = (found.success_count, found.error_count, found.error_file, found.failure)
    assert shortcuts == (None, None, None, None)
    assert (found.samples, found.upload_url) == ((), None)


def test_the_import_of_an_event_is_retrieved_in_its_context(call: Caller) -> None:
    thin = events.parse_event(testing.catalog_import_event("failed", context="acct_2"))
    with serve(lambda _: answer(stripe_import("failed"))) as server:
        call(server.url, lambda c: c.catalog_imports.retrieve(thin), account="acct_1")
    [seen] = server.seen
    assert seen.path == f"{PATH}/{thin.raw['related_object']['id']}"
    assert seen.headers["stripe-context"] == "acct_2"
    assert "stripe-account" not in seen.headers


@pytest.mark.parametrize("count", ["1_0", " 1", "1.0", "", "9" * 20, 1.5, True])
def test_a_count_that_is_no_count_is_a_typed_error(call: Caller, count: object) -> None:
    state = stripe_import("succeeded", success_count=count)
    with serve(lambda _: answer(state)) as server, pytest.raises(APIResponseError, match="count"):
        call(server.url, lambda c: c.catalog_imports.retrieve("pcimprt_1"))


# --------------------------------------------------------------------------------------------- wait


def following(*states: dict[str, Any]) -> Callable[[Seen], Reaction]:
    left = list(states)
    return lambda _: answer(left.pop(0) if len(left) > 1 else left[0])


def test_a_status_that_is_new_or_absent_means_that_the_import_goes_on(call: Caller) -> None:
    end = stripe_import("succeeded_with_errors", success_count="1", error_count="1")
    states = [waiting("https://x"), stripe_import("validating"), {**end, "status": None}, end]
    seen: list[object] = []
    with serve(following(*states)) as server:
        done = call(
            server.url,
            lambda c: c.catalog_imports.wait(
                "pcimprt_1", progress=lambda state: seen.append(state.status)
            ),
        )
    assert done.status is CatalogImportStatus.SUCCEEDED_WITH_ERRORS
    assert seen == ["awaiting_upload", "validating", None, "succeeded_with_errors"]
    assert len(call.clock.slept) == 3


def test_a_failed_import_raises_what_stripe_said(call: Caller) -> None:
    end = stripe_import(
        "failed",
        code="invalid_file",
        type="cannot_proceed",
        failure_message=f"No header, asked with {KEY} by ann@example.com",
    )
    with serve(following(end)) as server, pytest.raises(ImportFailedError) as caught:
        call(server.url, lambda c: c.catalog_imports.wait("pcimprt_1"))
    error = caught.value
    assert error.code == "invalid_file"
    assert error.message == "No header, asked with *** by ***"
    assert error.state.failure.type == "cannot_proceed"
    assert str(error).startswith("import pcimprt_1 failed: invalid_file: No header")
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (str(copy), copy.state) == (str(error), error.state)


def test_a_failure_without_a_reason_is_a_failure(call: Caller) -> None:
    end = stripe_import("failed") | {"status_details": None}
    with serve(following(end)) as server, pytest.raises(ImportFailedError) as caught:
        call(server.url, lambda c: c.catalog_imports.wait("pcimprt_1"))
    assert str(caught.value) == "import pcimprt_1 failed"


def test_a_wait_that_is_over_holds_the_last_state_without_its_address(call: Caller) -> None:
    state = waiting("https://x/?sig=secret")
    with serve(following(state)) as server, pytest.raises(WaitTimeoutError) as caught:
        call(server.url, lambda c: c.catalog_imports.wait("pcimprt_1", timeout=60))
    assert caught.value.state.status is CatalogImportStatus.AWAITING_UPLOAD
    assert b"secret" not in pickle.dumps(caught.value)
    assert sum(call.clock.slept) == pytest.approx(60)


@pytest.mark.parametrize("option", [{"timeout": -1}, {"poll_interval": 0}])
def test_a_wait_that_cannot_be_is_refused(call: Caller, option: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="seconds"):
        call("http://127.0.0.1:1", lambda c: c.catalog_imports.wait("pcimprt_1", **option))


# --------------------------------------------------------------------------------------------- list


def test_a_list_goes_on_from_page_to_page_at_the_same_host(call: Caller) -> None:
    elsewhere = f"https://elsewhere.example{PATH}?page=two&limit=1"
    pages = {
        "two": {"data": [stripe_import("processing") | {"id": "pcimprt_2"}]},
    }

    def handle(seen: Seen) -> Reaction:
        page = dict(seen.query).get("page")
        first = {"data": [stripe_import()], "next_page_url": elsewhere}
        return answer(pages[page] if page else first)

    when = datetime(2026, 6, 1, 12, tzinfo=UTC)
    with serve(handle) as server:
        found = call(
            server.url,
            lambda c: c.catalog_imports.list(
                feed_type="product",
                status="processing",
                created_gt=when,
                created_gte=when,
                created_lt=when + timedelta(microseconds=5),
                created_lte=when,
                limit=1,
            ),
        )
    assert [state.id for state in found] == ["pcimprt_1", "pcimprt_2"]
    first, second = server.seen
    assert dict(first.query) == {
        "feed_type": "product",
        "status": "processing",
        "created_gt": "2026-06-01T12:00:00Z",
        "created_gte": "2026-06-01T12:00:00Z",
        "created_lt": "2026-06-01T12:00:00.000005Z",
        "created_lte": "2026-06-01T12:00:00Z",
        "limit": "1",
    }
    assert dict(second.query) == {"page": "two", "limit": "1"}
    assert second.headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    "next_page_url",
    ["/v2/core/accounts?page=2", "/v1/charges?page=2", PATH, f"{PATH}?page=ü", f"{PATH}/x?page=2"],
)
def test_a_next_page_that_is_none_is_a_typed_error(call: Caller, next_page_url: str) -> None:
    page = {"data": [], "next_page_url": next_page_url}
    with serve(lambda _: answer(page)) as server, pytest.raises(APIResponseError) as caught:
        call(server.url, lambda c: c.catalog_imports.list())
    assert "next_page_url" in str(caught.value)


def test_an_item_that_cannot_be_read_is_named_by_its_place(call: Caller) -> None:
    page = {"data": [stripe_import(), {"object": "v2.commerce.product_catalog_import"}]}
    with serve(lambda _: answer(page)) as server, pytest.raises(APIResponseError) as caught:
        call(server.url, lambda c: c.catalog_imports.list())
    assert [issue.column for issue in caught.value.issues] == ["$.data[1].id"]


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ({"limit": 0}, ValueError),
        ({"limit": 101}, ValueError),
        ({"limit": True}, TypeError),
        ({"limit": "1"}, TypeError),
        ({"created_gt": datetime(2026, 1, 1)}, ValueError),  # noqa: DTZ001 - that is the fault
        ({"created_lt": "2026-01-01"}, TypeError),
    ],
)
def test_what_cannot_be_listed_is_refused_at_once(
    call: Caller, arguments: dict[str, Any], fault: type[Exception]
) -> None:
    with pytest.raises(fault):
        call("http://127.0.0.1:1", lambda c: c.catalog_imports.list(**arguments))


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (("catalog", "upsert"), ValueError),
        (("product", "delete"), ValueError),
        (("product", "upsert", {"rows": 5}), TypeError),
    ],
)
def test_what_cannot_be_created_is_refused_at_once(
    call: Caller, arguments: tuple[Any, ...], fault: type[Exception]
) -> None:
    with pytest.raises(fault):
        call("http://127.0.0.1:1", lambda c: c.catalog_imports.create(*arguments))
