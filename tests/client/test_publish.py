"""Publishing a feed: every stage, over a transport and over real HTTP, blocking and awaiting."""

from __future__ import annotations

import asyncio
import io
import os
import pickle
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from anyio.to_thread import current_default_thread_limiter

from agentic_commerce import events, feeds, testing
from agentic_commerce.client import (
    AsyncClient,
    Client,
    PublishedImport,
    PublishProgress,
    PublishResult,
)
from agentic_commerce.client._threads import on_thread
from agentic_commerce.errors import (
    FeedError,
    ImportFailedError,
    ImportPendingError,
    PayloadError,
    WaitTimeoutError,
)
from tests.client.server import FakeClock
from tests.client.stripe import Stripe, served

HEADER = b"id,availability,inventory_quantity\r\n"
ROWS = [b"A,in_stock,1\r\n", b"B,in_stock,2\r\n", b"C,in_stock,3\r\n", b"D,in_stock,4\r\n"]
FEED = HEADER + b"".join(ROWS)
BAD = HEADER + ROWS[0] + b"X,in stock,2\r\n" + ROWS[1] + b"Y,in_stock,-1\r\n" + ROWS[2]

Publish = Callable[..., PublishResult]


def no_b(row: dict[str, str]) -> str | None:
    return "not this one" if row["id"] == "B" else None


def options(stripe: Stripe, **more: Any) -> dict[str, Any]:
    urls = {"api_url": stripe.url, "files_url": stripe.url}
    return {"account": "acct_1", "clock": FakeClock(), **urls, **more}


def client_of(stripe: Stripe, **more: Any) -> Client:
    http = httpx.Client(transport=httpx.MockTransport(stripe))
    return Client("sk_test_123", http=http, **options(stripe, **more))


def published(stripe: Stripe, source: Any = FEED, **more: Any) -> PublishResult:
    with client_of(stripe) as client:
        return client.publish(source, more.pop("feed", feeds.INVENTORY), **more)


def published_async(stripe: Stripe, source: Any = FEED, **more: Any) -> PublishResult:
    async def main() -> PublishResult:
        http = httpx.AsyncClient(transport=httpx.MockTransport(stripe))
        async with http, AsyncClient("sk_test_123", http=http, **options(stripe)) as client:
            return await client.publish(source, feeds.INVENTORY, **more)

    return asyncio.run(main())


def published_over_http(stripe: Stripe, source: Any = FEED, **more: Any) -> PublishResult:
    with served(stripe), Client("sk_test_123", **options(stripe)) as client:
        return client.publish(source, feeds.INVENTORY, **more)


def published_async_over_http(stripe: Stripe, source: Any = FEED, **more: Any) -> PublishResult:
    async def main() -> PublishResult:
        async with AsyncClient("sk_test_123", **options(stripe)) as client:
            return await client.publish(source, feeds.INVENTORY, **more)

    with served(stripe):
        return asyncio.run(main())


WAYS = [published, published_async, published_over_http, published_async_over_http]


@pytest.fixture(params=["v1", "v2"])
def api(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("publish", WAYS)
def test_a_feed_is_published_and_what_was_refused_is_explained(publish: Publish, api: str) -> None:
    stripe = Stripe(refuse=no_b)
    result = publish(stripe, api=api)
    assert (result.rows, result.accepted, result.refused, result.dropped) == (4, 3, 1, 0)
    assert (result.discrepancies, result.is_cut, result.replayed) == ((), False, False)
    (error,) = result.errors
    assert (error.id, error.message, error.source_row) == ("B", "not this one", 3)
    assert stripe.files["file_0"] == FEED
    assert not result.ok
    assert result.is_finished


@pytest.mark.parametrize("publish", WAYS)
def test_bad_rows_are_dropped_and_the_others_sent_as_they_are(publish: Publish, api: str) -> None:
    stripe = Stripe(refuse=no_b)
    result = publish(stripe, BAD, api=api, on_bad_rows="drop")
    assert stripe.files["file_0"] == HEADER + b"".join(ROWS[:3])
    counts = (result.rows, result.accepted, result.refused, result.dropped)
    assert counts == (5, 2, 1, 2)
    assert result.discrepancies == ()
    ours = [(error.id, error.source_row) for error in result.errors if error.is_dropped]
    theirs = [(error.id, error.source_row) for error in result.errors if not error.is_dropped]
    assert (ours, theirs) == ([("X", 3), ("Y", 5)], [("B", 4)])
    assert [issue.code for issue in result.errors[0].issues] == ["choice"]
    assert result.errors[0].message.startswith("availability: ")


def test_bad_rows_are_refused_before_anything_is_sent(api: str) -> None:
    stripe = Stripe()
    with pytest.raises(FeedError) as caught:
        published(stripe, BAD, api=api)
    assert stripe.calls == []
    assert (caught.value.report.rows, caught.value.report.valid_rows) == (5, 3)
    assert [issue.row for issue in caught.value.issues] == [3, 5]
    assert "5 rows: 3 valid, 2 refused" in str(caught.value)


@pytest.mark.parametrize(
    ("defect", "source"),
    [
        ("a required column is missing", b"id,availability\nA,in_stock\n"),
        ("no good row is left", HEADER + b"X,?,?\n"),
        ("no row at all", HEADER),
        ("nothing at all", b""),
    ],
)
def test_a_feed_of_which_nothing_is_left_is_not_sent(defect: str, source: bytes) -> None:
    stripe = Stripe()
    with pytest.raises(FeedError):
        published(stripe, source, on_bad_rows="drop")
    assert stripe.calls == [], defect


def test_without_a_check_all_is_sent(api: str) -> None:
    stripe = Stripe(refuse=no_b)
    result = published(stripe, BAD, api=api, check=False)
    assert stripe.files["file_0"] == BAD
    assert (result.accepted, result.refused, result.report) == (4, 1, None)
    assert result.rows == 5
    assert [error.source_row for error in result.errors] == [4]


def test_a_large_feed_is_split_and_its_errors_lead_to_the_callers_rows(api: str) -> None:
    stripe = Stripe(refuse=lambda row: "no" if row["id"] in "BD" else None)
    size = len(HEADER) + 2 * len(ROWS[0])
    result = published(stripe, api=api, max_bytes=size)
    assert [one.part for one in result.imports] == [1, 2]
    assert (result.rows, result.accepted, result.refused) == (4, 2, 2)
    assert [(error.id, error.source_row) for error in result.errors] == [("B", 3), ("D", 5)]
    assert len({one.idempotency_key for one in result.imports}) == 2
    again = published(stripe, api=api, max_bytes=size)
    assert again.replayed
    assert [one.id for one in again.imports] == [one.id for one in result.imports]


@pytest.mark.parametrize(
    ("defect", "chosen", "message"),
    [
        ("no such api", {"api": "v3"}, "api is 'v1' or 'v2'"),
        ("no such mode", {"mode": "delete", "api": "v2"}, "mode is"),
        ("no such choice", {"on_bad_rows": "keep"}, "on_bad_rows is"),
        ("mode in v1", {"mode": "replace"}, "belong to v2"),
        ("metadata in v1", {"metadata": {"a": "b"}}, "belong to v2"),
        ("format in v2", {"api": "v2", "standard_data_format": "x"}, "belongs to v1"),
        ("prices in v1", {"feed": feeds.PRICING}, "no documented format for the pricing feed"),
        ("promotions in v1", {"feed": feeds.PROMOTION}, "standard_data_format"),
        ("replacing inventory", {"api": "v2", "mode": "replace"}, "only the product feed"),
        (
            "replacing without bad rows",
            {"api": "v2", "mode": "replace", "feed": feeds.PRODUCT, "on_bad_rows": "drop"},
            "would be deleted",
        ),
        ("dropping unchecked", {"on_bad_rows": "drop", "check": False}, "only a check"),
        ("too large for v1", {"max_bytes": 200_000_001}, "max_bytes"),
        ("no bytes", {"max_bytes": 0}, "max_bytes"),
        ("no errors", {"max_errors": -1}, "max_errors"),
        ("time that is none", {"timeout": float("nan")}, "timeout is at least 0"),
        ("no time between looks", {"poll_interval": 0}, "poll_interval more than 0"),
        (
            "replacing in parts",
            {"api": "v2", "mode": "replace", "feed": feeds.PRODUCT, "max_bytes": 50},
            "would delete the others",
        ),
    ],
)
def test_choices_that_do_not_go_together_are_refused(
    defect: str, chosen: dict[str, Any], message: str
) -> None:
    stripe = Stripe()
    with pytest.raises(ValueError, match=message):
        published(stripe, **chosen)
    assert stripe.calls == [], defect


def test_the_name_of_a_feed_is_not_the_feed() -> None:
    stripe = Stripe()
    with pytest.raises(TypeError, match=r"feeds\.PRODUCT"):
        published(stripe, feed="product")
    assert stripe.calls == []


def test_a_file_without_a_header_is_told_once() -> None:
    with pytest.raises(FeedError) as caught:
        published(Stripe(), b"")
    assert [issue.message for issue in caught.value.issues] == ["the file has no header"]


def test_a_limit_that_no_row_fits_into_is_told_with_the_header() -> None:
    with pytest.raises(ValueError, match="a row of 14 bytes below a header of 36 does not fit"):
        published(Stripe(), max_bytes=40)


def test_a_format_that_the_caller_knows_is_used() -> None:
    stripe = Stripe()
    prices = b"id,price\nA,1.00 USD\n"
    published(stripe, prices, feed=feeds.PRICING, standard_data_format="pricing_feed")
    assert stripe.imports["impset_0"]["format"] == "pricing_feed"


def test_a_catalog_is_replaced_whole() -> None:
    stripe = Stripe()
    published(
        stripe,
        b"id\nA\n",
        feed=feeds.PRODUCT,
        check=False,
        api="v2",
        mode="replace",
        metadata={"job": "7"},
    )
    one = stripe.imports["pcimprt_0"]
    assert (one["mode"], one["feed_type"]) == ("replace", "product")
    assert one["metadata"] == {"file_name": "feed.csv", "job": "7"}


@pytest.mark.parametrize("publish", [published, published_async])
@pytest.mark.parametrize("stage", ["check", "upload", "wait"])
def test_what_progress_raises_is_what_the_caller_gets(publish: Publish, stage: str) -> None:
    def progress(told: PublishProgress) -> None:
        if told.stage == stage and told.bytes_done != 0:
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        publish(Stripe(), progress=progress)


@pytest.mark.parametrize("publish", [published, published_async])
def test_the_path_of_a_pipe_is_read_as_a_pipe(publish: Publish, tmp_path: Any) -> None:
    path = tmp_path / "stock.csv"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(FEED,))
    writer.start()
    stripe = Stripe(refuse=no_b)
    result = publish(stripe, path)
    writer.join()
    assert (result.rows, result.refused) == (4, 1)
    assert [error.source_row for error in result.errors] == [3]


@pytest.mark.parametrize("publish", [published, published_async])
def test_a_pipe_is_kept_until_it_is_sent(publish: Publish) -> None:
    reading, writing = os.pipe()
    os.write(writing, FEED)
    os.close(writing)
    stripe = Stripe(refuse=no_b)
    with open(reading, "rb") as pipe:  # noqa: PTH123 - a descriptor has no path
        result = publish(stripe, pipe)
    assert (result.accepted, result.errors[0].source_row) == (3, 3)
    assert stripe.names["file_0"] == ("feed.csv", "text/csv")


@pytest.mark.parametrize("is_named", [True, False])
def test_tabs_are_announced_as_such(tmp_path: Any, is_named: bool) -> None:
    stripe, data = Stripe(refuse=no_b), BAD.replace(b",", b"\t")
    path = tmp_path / "stock.tsv"
    path.write_bytes(data)
    result = published(stripe, path if is_named else data, on_bad_rows="drop", max_bytes=80)
    kinds = {kind for _, kind in stripe.names.values()}
    assert kinds == {"text/tab-separated-values"}
    assert (result.rows, result.accepted, result.refused, result.dropped) == (5, 2, 1, 2)
    assert {error.source_row for error in result.errors} == {3, 4, 5}


def test_a_file_is_read_from_where_it_stands_and_stays_open(tmp_path: Any) -> None:
    path = tmp_path / "stock.csv"
    path.write_bytes(b"not this\n" + FEED)
    stripe = Stripe()
    with path.open("rb") as file:
        file.readline()
        published(stripe, file)
        assert not file.closed
    assert stripe.files["file_0"] == FEED


# ------------------------------------------------------------------------------- once, and again


class CrashError(BaseException):
    """As if the process ended here."""


def crash_at(stage: str, occurrence: int = 1) -> Callable[[PublishProgress], None]:
    left = [occurrence]

    def progress(told: PublishProgress) -> None:
        left[0] -= told.stage == stage
        if left[0] == 0:
            raise CrashError

    return progress


@pytest.mark.parametrize(
    ("api", "stage", "occurrence"),
    [
        ("v1", "upload", 2),
        ("v1", "create", 1),
        ("v1", "create", 2),
        ("v1", "wait", 1),
        ("v1", "errors", 1),
        ("v2", "create", 2),
        ("v2", "upload", 1),
        ("v2", "upload", 2),
        ("v2", "wait", 1),
        ("v2", "wait", 2),
    ],
)
def test_after_a_crash_nothing_is_imported_twice(api: str, stage: str, occurrence: int) -> None:
    stripe = Stripe(refuse=no_b)
    with pytest.raises(CrashError):
        published(stripe, api=api, progress=crash_at(stage, occurrence))
    result = published(stripe, api=api)
    assert len(stripe.imports) == 1
    assert (result.accepted, [error.source_row for error in result.errors]) == (3, [3])


def lost(response: httpx.Response) -> httpx.Response:
    raise httpx.ReadTimeout("no answer")


@pytest.mark.parametrize(
    ("api", "operation"),
    [
        ("v1", "POST /v1/files"),
        ("v1", "POST /v1/data_management/import_sets"),
        ("v2", "POST /v2/commerce/product_catalog/imports"),
        ("v2", "PUT /presigned/ID"),
    ],
)
def test_an_answer_that_is_lost_makes_no_second_import(api: str, operation: str) -> None:
    stripe = Stripe(faults={operation: [lost]})
    assert published(stripe, api=api).accepted == 4
    assert (len(stripe.imports), stripe.calls.count(operation)) == (1, 2)


def test_the_same_contents_within_a_day_are_not_imported_again_unless_asked(api: str) -> None:
    stripe, other = Stripe(), HEADER + ROWS[0]
    first = published(stripe, api=api)
    assert not published(stripe, other, api=api).replayed
    again = published(stripe, api=api)
    assert again.replayed
    assert again.imports[0].id == first.imports[0].id
    third = published(stripe, api=api, run="2026-11-22")
    assert not third.replayed
    assert len(stripe.imports) == 3


@pytest.mark.parametrize(("age", "imports"), [(60, 1), (900, 1), (901, 2)])
def test_contents_to_which_one_returns_later_are_imported_anew(
    api: str, age: float, imports: int
) -> None:
    """Stock that falls and rises again gives an old file; an old answer must not stand for it."""

    def date(shown: dict[str, Any]) -> None:
        shown["created"] = 1_800_000_000 if api == "v1" else "2027-01-15T08:00:00Z"

    stripe, later = Stripe(tune=date), FakeClock()
    first = published(stripe, api=api)
    later.now += age
    publish: Publish = client_of(stripe, clock=later).publish
    again = publish(FEED, feeds.INVENTORY, api=api)
    assert len(stripe.imports) == imports
    assert again.replayed is (imports == 1)
    assert (first.accepted, again.accepted) == (4, 4)


def test_whatever_differs_in_what_is_sent_makes_another_key(tmp_path: Any) -> None:
    path = tmp_path / "other.csv"
    path.write_bytes(FEED)
    stripe = Stripe()
    results = [
        published(stripe),
        published(stripe, api="v2"),
        published(stripe, api="v2", metadata={"a": "b"}),
        published(stripe, path),
        published(stripe, standard_data_format="x"),
        published(stripe, run="x"),
        published(stripe, FEED + b"\r\n"),
        published(stripe, api="v2", feed=feeds.PRODUCT, check=False),
        published(stripe, api="v2", feed=feeds.PRODUCT, check=False, mode="replace"),
    ]
    assert len({result.imports[0].idempotency_key for result in results}) == len(results)


def test_an_import_that_failed_is_begun_anew(api: str) -> None:
    def fail(shown: dict[str, Any]) -> None:
        shown["status"] = "failed"
        shown["status_details"] = {"failed": {"code": "internal_error"}}

    stripe = Stripe(tune=fail)
    with pytest.raises(ImportFailedError) as caught:
        published(stripe, api=api)
    failed = caught.value.result
    assert [one.id for one in failed.imports] == [caught.value.state.id]
    assert not failed.ok
    stripe.tune = lambda shown: None
    stripe.imports[failed.imports[0].id] |= {"looks": 9}
    replayed = [dict(one) for one in stripe.imports.values()]
    stripe.tune = lambda shown: fail(shown) if shown["id"] == failed.imports[0].id else None
    result = published(stripe, api=api)
    assert (len(replayed), len(stripe.imports)) == (1, 2)
    assert (result.accepted, result.replayed) == (4, False)


def test_of_several_imports_the_others_are_followed_when_one_fails() -> None:
    def fail(shown: dict[str, Any]) -> None:
        if shown["id"] == "impset_0":
            shown |= {"status": "failed", "failed_reason": "bad file", "result": None}

    stripe = Stripe(tune=fail)
    with pytest.raises(ImportFailedError, match="bad file") as caught:
        published(stripe, max_bytes=len(HEADER) + 2 * len(ROWS[0]))
    first, second = caught.value.result.imports
    assert (first.accepted, second.accepted) == (None, 2)
    assert caught.value.result.discrepancies == (
        "import impset_0: Stripe does not say how many rows it took",
    )


def test_an_error_that_travels_takes_no_presigned_address_along() -> None:
    def fail(shown: dict[str, Any]) -> None:
        if shown["id"] == "pcimprt_1":
            shown |= {"status": "failed", "status_details": {"failed": {"code": "invalid_file"}}}

    stripe = Stripe(refuse=no_b, tune=fail)
    size = len(HEADER) + 2 * len(ROWS[0])
    with pytest.raises(ImportFailedError) as caught:
        published(stripe, api="v2", max_bytes=size)
    result = caught.value.result
    assert [one.state.status for one in result.imports] == ["succeeded_with_errors", "failed"]
    assert [error.id for error in result.errors] == ["B"]
    assert b"sig=1" not in pickle.dumps(caught.value)


def test_time_that_is_up_ends_the_waiting_for_all(api: str) -> None:
    stripe = Stripe(pending=10**9)
    with pytest.raises(WaitTimeoutError) as caught:
        published(stripe, api=api, timeout=100, max_bytes=len(HEADER) + 2 * len(ROWS[0]))
    result = caught.value.result
    assert (len(result.imports), result.is_finished, result.accepted) == (2, False, None)
    assert caught.value.state.id == result.imports[0].id


def test_without_waiting_the_ids_lead_on(api: str) -> None:
    stripe = Stripe(refuse=no_b)
    result = published(stripe, api=api, wait=False)
    assert (result.is_finished, result.accepted, result.rows) == (False, None, 4)
    with client_of(stripe) as client:
        group: Any = client.import_sets if api == "v1" else client.catalog_imports
        with pytest.raises(ImportPendingError, match="wait for it first"):
            list(group.errors(result.imports[0].id))
        state = group.wait(result.imports[0].id)
        found = list(group.errors(state, source=FEED, feed=feeds.INVENTORY))
    assert [(error.id, error.source_row) for error in found] == [("B", 3)]


# ------------------------------------------------------------------------------------- counts


def skip(shown: dict[str, Any]) -> None:
    shown["result"] |= {"skipped_duplicates": 1, "rows_processed": 4}
    shown["result"]["successes"]["row_count"] = 3


def lose(shown: dict[str, Any]) -> None:
    shown["result"]["successes"]["row_count"] = 3


def forget(shown: dict[str, Any]) -> None:
    shown["result"] = None


@pytest.mark.parametrize(
    ("claim", "tune", "notes", "ok"),
    [
        ("all told", lambda shown: None, [], True),
        (
            "rows were skipped",
            skip,
            ["Stripe skipped 1 rows", "of 4 rows 3 accepted, 0 refused and 0 dropped make 3"],
            False,
        ),
        ("rows are missing", lose, ["processed 4 rows, and accounts for 3", "make 3"], False),
        ("nothing is told", forget, ["does not say how many rows"], True),
    ],
)
def test_counts_that_do_not_add_up_are_told(
    claim: str, tune: Callable[[dict[str, Any]], None], notes: list[str], ok: bool
) -> None:
    result = published(Stripe(tune=tune))
    assert len(result.discrepancies) == len(notes), claim
    assert all(note in said for note, said in zip(notes, result.discrepancies, strict=True))
    assert result.ok is ok


def uncounted(shown: dict[str, Any]) -> None:
    """Rows were refused, and nobody says how many."""
    if shown["status"] == "succeeded_with_errors":
        told = shown["result"]["errors"] if "result" in shown else shown["status_details"]
        told.get("succeeded_with_errors", told).pop("error_count", None)
        told.pop("row_count", None)


def test_a_report_is_read_even_if_its_rows_are_not_counted(api: str) -> None:
    result = published(Stripe(refuse=no_b, tune=uncounted), api=api)
    assert [(error.id, error.source_row) for error in result.errors] == [("B", 3)]
    assert not result.ok
    assert "Stripe counts 0 refused rows, and reports 1" in result.discrepancies


def test_rows_that_were_refused_without_count_or_report_are_told(api: str) -> None:
    def silent(shown: dict[str, Any]) -> None:
        uncounted(shown)
        details = shown.get("result") or shown["status_details"]["succeeded_with_errors"]
        details.pop("errors", None)
        details.pop("error_file", None)

    result = published(Stripe(refuse=no_b, tune=silent), api=api)
    assert (result.ok, result.errors, result.is_cut) == (False, (), True)
    assert any("there is no error report" in note for note in result.discrepancies)


def test_an_archived_import_is_judged_by_its_counts() -> None:
    result = published(Stripe(tune=lambda shown: shown.update(status="archived")))
    assert (result.ok, result.accepted) == (True, 4)
    result = published(Stripe(refuse=no_b, tune=lambda shown: shown.update(status="archived")))
    assert (result.ok, result.refused) == (False, 1)


def no_file(shown: dict[str, Any]) -> None:
    shown["result"]["errors"]["file"] = None


def test_a_report_that_cannot_be_had_is_told(api: str) -> None:
    operation = "GET /v1/files/ID/contents" if api == "v1" else "GET /presigned/errors/ID"
    refused = [lambda response: httpx.Response(404, json={})] * 3
    result = published(Stripe(refuse=no_b, faults={operation: refused}), api=api)
    assert (result.accepted, result.refused, result.errors, result.is_cut) == (3, 1, (), True)
    (note,) = result.discrepancies
    assert "there is no error report to read: HTTP 404" in note


@pytest.mark.parametrize(
    ("defect", "contents", "note", "is_cut"),
    [
        ("no report", b"<html>", "no column stripe_error_message", True),
        ("too short", b"stripe_error_message,id\n", "counts 1 refused rows, and reports 0", False),
    ],
)
def test_a_report_that_does_not_fit_is_told(
    defect: str, contents: bytes, note: str, is_cut: bool
) -> None:
    faults = {"GET /v1/files/ID/contents": [lambda r: httpx.Response(200, content=contents)]}
    result = published(Stripe(refuse=no_b, faults=faults))
    assert note in "".join(result.discrepancies), defect
    assert (result.errors, result.is_cut) == ((), is_cut)


def test_no_more_errors_are_kept_than_asked_for() -> None:
    result = published(Stripe(refuse=lambda row: "no"), max_errors=2)
    assert (len(result.errors), result.is_cut, result.refused) == (2, True, 4)
    result = published(Stripe(refuse=no_b), BAD, on_bad_rows="drop", max_errors=1)
    assert ([error.id for error in result.errors], result.is_cut) == (["X"], True)
    assert (result.rows, result.accepted, result.refused, result.dropped) == (5, 2, 1, 2)


def test_an_empty_result_is_nothing() -> None:
    result = PublishResult()
    assert (result.ok, result.replayed, result.accepted) == (True, False, None)
    assert PublishedImport.__doc__


# ----------------------------------------------------------------------------------- progress


def test_each_stage_is_told(api: str) -> None:
    told: list[PublishProgress] = []
    published(
        Stripe(refuse=no_b), BAD, api=api, on_bad_rows="drop", max_bytes=65, progress=told.append
    )
    sent = (
        ["upload", "upload", "create", "create"]
        if api == "v1"
        else ["create", "create", "upload", "upload"]
    )
    head = ["check", "drop", "split", "hash", "hash"]
    stages = [one.stage for one in told]
    assert stages[: len(head) + 8] == [*head, *sent, *sent]
    assert stages[-2:] == ["errors", "done"]
    assert (told[0].bytes_done, told[0].bytes_total) == (len(BAD), len(BAD))
    known = next(one.state for one in told if one.state)
    assert known.id.endswith("_0")
    assert {(one.part, one.parts) for one in told if one.stage == "upload"} == {(1, 2), (2, 2)}
    waits = [one for one in told if one.stage == "wait"]
    assert {one.rows_total for one in waits} == {5}
    assert any(one.rows_done for one in waits)


def test_progress_of_an_async_client_is_told_in_the_loop() -> None:
    threads: set[int] = set()
    published_async(Stripe(), progress=lambda told: threads.add(threading.get_ident()))
    assert threads == {threading.get_ident()}


class Slow(io.RawIOBase):
    """A file that never ends, until nobody wants it."""

    def __init__(self, begun: threading.Event) -> None:
        self._begun, self.reads = begun, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return 0

    def seek(self, place: int, whence: int = 0) -> int:
        return 10**12 if whence else place

    def readline(self, size: int | None = -1, /) -> bytes:
        return HEADER

    def read(self, size: int = -1, /) -> bytes:
        if size == 0:
            return b""
        self.reads += 1
        self._begun.set()
        return (HEADER if self.reads == 1 else b"") + b"A,in_stock,1\r\n" * 5000


def test_a_check_ends_when_its_task_is_cancelled() -> None:
    begun = threading.Event()
    stripe = Stripe()

    async def main() -> None:
        http = httpx.AsyncClient(transport=httpx.MockTransport(stripe))
        async with http, AsyncClient("sk_test_123", http=http, **options(stripe)) as client:
            source: Any = Slow(begun)
            task = asyncio.create_task(client.publish(source, feeds.INVENTORY))
            await asyncio.to_thread(begun.wait)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(main())
    assert stripe.calls == []


def test_work_that_has_not_begun_when_it_is_cancelled_never_does() -> None:
    done: list[str] = []

    async def main() -> None:
        current_default_thread_limiter().total_tokens = 1
        free = threading.Event()
        busy = asyncio.create_task(on_thread(lambda: free.wait(10)))
        await asyncio.sleep(0)
        waiting = asyncio.create_task(on_thread(lambda: done.append("begun")))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        free.set()
        await busy

    asyncio.run(main())
    assert done == []


def test_a_large_upload_is_told_now_and_then() -> None:
    told: list[PublishProgress] = []
    size = 3 << 20
    source = HEADER + b"\n" * (size - len(HEADER))
    published(Stripe(), source, check=False, progress=told.append)
    sent = [one.bytes_done for one in told if one.stage == "upload"]
    assert sent == [0, 2 << 20, size]


def test_a_large_upload_that_is_awaited_is_told_each_megabyte() -> None:
    told: list[PublishProgress] = []
    size = 3 << 20
    source = HEADER + b"\n" * (size - len(HEADER))
    stripe = Stripe()

    async def respond(request: httpx.Request) -> httpx.Response:
        await request.aread()
        return stripe(request)

    async def main() -> None:
        http = httpx.AsyncClient(transport=httpx.MockTransport(respond))
        async with http, AsyncClient("sk_test_123", http=http, **options(stripe)) as client:
            await client.publish(source, feeds.INVENTORY, check=False, progress=told.append)

    asyncio.run(main())
    sent = [one.bytes_done for one in told if one.stage == "upload"]
    assert sent == [0, 1 << 20, 2 << 20, size]


def test_an_error_of_progress_ends_the_publication(api: str) -> None:
    with pytest.raises(CrashError):
        published_async(Stripe(), api=api, progress=crash_at("check"))


# ------------------------------------------------------------------------------------- errors


def finished(stripe: Stripe, api: str) -> str:
    return published(stripe, api=api).imports[0].id


def errors_of(stripe: Stripe, api: str, known: Any, **more: Any) -> Iterator[Any]:
    client = client_of(stripe)
    group: Any = client.import_sets if api == "v1" else client.catalog_imports
    found: Iterator[Any] = group.errors(known, **more)
    return found


def test_an_import_without_errors_has_none(api: str) -> None:
    stripe = Stripe()
    assert list(errors_of(stripe, api, finished(stripe, api))) == []


def test_errors_are_read_by_an_async_client(api: str) -> None:
    stripe = Stripe(refuse=no_b)
    id = finished(stripe, api)

    async def main() -> list[Any]:
        http = httpx.AsyncClient(transport=httpx.MockTransport(stripe))
        async with http, AsyncClient("sk_test_123", http=http, **options(stripe)) as client:
            group: Any = client.import_sets if api == "v1" else client.catalog_imports
            return [e async for e in group.errors(id, source=FEED, feed=feeds.INVENTORY)]

    assert [(e.id, e.source_row) for e in asyncio.run(main())] == [("B", 3)]
    stripe.refuse = lambda row: None
    stripe.imports[id].pop("errors")
    assert asyncio.run(main()) == []


def test_an_expired_address_is_fetched_anew() -> None:
    stripe = Stripe(refuse=no_b)
    id = finished(stripe, "v2")
    state = client_of(stripe).catalog_imports.retrieve(id)
    stripe.expired = 1
    assert len(list(errors_of(stripe, "v2", state))) == 1
    stripe.expired = 9
    with pytest.raises(Exception, match="presigned address was refused"):
        list(errors_of(stripe, "v2", id))


def test_an_address_that_says_it_has_expired_is_not_tried() -> None:
    def old(shown: dict[str, Any]) -> None:
        url = shown["status_details"]["succeeded_with_errors"]["error_file"]["download_url"]
        url["expires_at"] = "2020-01-01T00:00:00Z"

    stripe = Stripe(refuse=no_b, tune=old)
    id = finished(stripe, "v2")
    state = client_of(stripe).catalog_imports.retrieve(id)
    stripe.calls.clear()
    assert len(list(errors_of(stripe, "v2", state))) == 1
    assert stripe.calls[0].startswith("GET /v2/")


def test_a_server_fault_is_no_expiry() -> None:
    gone = [lambda response: httpx.Response(500)] * 3
    stripe = Stripe(refuse=no_b)
    id = finished(stripe, "v2")
    state = client_of(stripe).catalog_imports.retrieve(id)
    stripe.faults["GET /presigned/errors/ID"] = gone
    with pytest.raises(Exception, match="HTTP 500"):
        list(errors_of(stripe, "v2", state))


def test_the_guides_shape_of_the_error_file_is_read() -> None:
    def guide(shown: dict[str, Any]) -> None:
        file = shown["status_details"]["succeeded_with_errors"]["error_file"]
        file |= {"url": file.pop("download_url")["url"], "size": None}

    stripe = Stripe(refuse=no_b, tune=guide)
    assert [error.id for error in errors_of(stripe, "v2", finished(stripe, "v2"))] == ["B"]


def test_a_report_of_another_size_is_an_error() -> None:
    def longer(shown: dict[str, Any]) -> None:
        shown["status_details"]["succeeded_with_errors"]["error_file"]["size"] = "9999"

    stripe = Stripe(refuse=no_b, tune=longer)
    with pytest.raises(Exception, match="bytes instead of 9999"):
        list(errors_of(stripe, "v2", finished(stripe, "v2")))


def test_refused_rows_without_a_report_are_an_error() -> None:
    stripe = Stripe(refuse=no_b, tune=no_file)
    with pytest.raises(PayloadError, match="there is no error report"):
        list(errors_of(stripe, "v1", finished(stripe, "v1")))


@pytest.mark.parametrize("known", ["state", "id"])
def test_an_import_that_goes_on_has_no_report_yet_and_shows_no_address(known: str) -> None:
    stripe = Stripe(pending=10**9)
    with client_of(stripe) as client:
        state = client.catalog_imports.create("inventory", "upsert")
        with pytest.raises(ImportPendingError) as caught:
            list(client.catalog_imports.errors(state if known == "state" else state.id))
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301
    assert again.state.upload_url.url == "***"
    assert again.state.id == state.id


def test_an_import_that_failed_has_no_report(api: str) -> None:
    def fail(shown: dict[str, Any]) -> None:
        shown |= {"status": "failed", "result": None}
        shown["status_details"] = {"failed": {"code": "invalid_file"}}

    stripe = Stripe(tune=fail)
    with pytest.raises(ImportFailedError) as caught:
        published(stripe, api=api)
    with pytest.raises(ImportFailedError):
        list(errors_of(stripe, api, caught.value.state.id))


def test_a_pending_import_is_looked_at_again(api: str) -> None:
    stripe = Stripe(refuse=no_b, pending=0)
    result = published(stripe, api=api, wait=False)
    assert [error.id for error in errors_of(stripe, api, result.imports[0].state)] == ["B"]


def test_an_event_leads_to_the_errors() -> None:
    stripe = Stripe(refuse=no_b)
    known = finished(stripe, "v2")
    payload = testing.catalog_import_event("succeeded_with_errors")
    payload["related_object"]["id"] = known
    event = events.parse_event(payload | {"context": "acct_1"})
    assert [error.id for error in errors_of(stripe, "v2", event)] == ["B"]
