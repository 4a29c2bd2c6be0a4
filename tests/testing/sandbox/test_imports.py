"""Feeds on their way in: through API v1 and API v2, to their end and into the catalog."""

from __future__ import annotations

from typing import Any

import pytest

from agentic_commerce import events, feeds
from agentic_commerce.feeds import PRODUCT
from agentic_commerce.testing.sandbox import Request, Sandbox
from agentic_commerce.testing.sandbox import _files as files_module
from tests.testing.sandbox.shop import API, GA, UDAP, Shop, cells, feed, report

GOOD = feed(cells("A"), cells("B"))
MIXED = feed(cells("A"), cells("B", price="$15"), cells("C", title=""), cells("A"))
IMPORTS = "/v2/commerce/product_catalog/imports"


# ------------------------------------------------------------------------------------------- files


def test_a_file_is_uploaded_and_comes_back_byte_for_byte(shop: Shop) -> None:
    for kind, name, extension in (
        ("text/csv", "a.csv", "csv"),
        ("text/tab-separated-values", "a.txt", "tsv"),
        ("application/octet-stream", "A.TSV", "tsv"),
    ):
        file = shop.get(f"/v1/files/{shop.upload(GOOD, kind, name)}").json()
        assert (file["object"], file["size"], file["type"]) == ("file", len(GOOD), extension)
        assert (file["purpose"], file["filename"]) == ("data_management_manual_upload", name)
        contents = shop.get(f"/v1/files/{file['id']}/contents")
        assert contents.content == GOOD
        assert contents.headers["content-type"].startswith("text/")
    assert shop.get("/v1/files/file_1/contents").status_code == 404


@pytest.mark.parametrize(
    ("data", "file", "param"),
    [
        ({"purpose": "data_management_manual_upload"}, None, "file"),
        ({}, ("a.csv", GOOD, "text/csv"), "purpose"),
        ({"purpose": "identity_document"}, ("a.csv", GOOD, "text/csv"), "purpose"),
        ({"purpose": "data_management_manual_upload"}, ("a.csv", b"", "text/csv"), "file"),
        ({"purpose": "data_management_manual_upload"}, ("a.csv", GOOD, "text/html"), "file"),
        (
            {"purpose": "data_management_manual_upload"},
            ("a.xlsx", GOOD, "application/octet-stream"),
            "file",
        ),
    ],
    ids=["no file", "no purpose", "another purpose", "empty", "another type", "a spreadsheet"],
)
def test_an_upload_that_will_not_do_is_refused(
    shop: Shop, data: dict[str, str], file: tuple[str, bytes, str] | None, param: str
) -> None:
    files = {"file": file} if file else None
    answer = shop.http.post(f"{API}/v1/files", headers=shop.headers(), data=data, files=files)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == param


def test_a_file_of_more_than_200_mb_is_refused(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files_module, "MAX_BYTES", len(GOOD) - 1)
    with pytest.raises(AssertionError, match="file_too_large"):
        shop.upload(GOOD)


# ---------------------------------------------------------------------------------------------- v1


def test_an_import_set_goes_from_pending_to_its_end(shop: Shop) -> None:
    made = shop.post(
        "/v1/data_management/import_sets",
        UDAP,
        file=shop.upload(GOOD),
        standard_data_format="product_catalog_feed",
    ).json()
    assert made["id"].startswith("impset_")
    assert (made["object"], made["status"]) == ("data_management.import_set", "pending")
    done = shop.get(f"/v1/data_management/import_sets/{made['id']}", UDAP).json()
    assert done["status"] == "succeeded"
    assert done["result"] == {
        "errors": {"file": None, "row_count": 0},
        "rows_processed": 2,
        "successes": {"row_count": 2},
    }
    assert [*shop.world.catalog] == ["A", "B"]


def test_refused_rows_come_back_in_a_report_with_the_reason_in_front(shop: Shop) -> None:
    done = shop.import_v1(MIXED)
    assert done["status"] == "succeeded_with_errors"
    assert done["result"]["successes"]["row_count"] == 1
    assert done["result"]["errors"]["row_count"] == 3
    text = shop.get(f"/v1/files/{done['result']['errors']['file']}/contents").text
    rows = report(text)
    assert [row["id"] for row in rows] == ["B", "C", "A"]
    assert text.startswith("stripe_error_message,id,title,")
    assert rows[0]["stripe_error_message"].startswith("price: ")
    assert rows[0]["price"] == "$15"
    check = feeds.check(MIXED, PRODUCT)
    assert {row["id"] for row in rows} == {i.id for i in check.issues if i.severity == "error"}


def test_what_a_check_accepts_is_what_an_import_accepts(shop: Shop) -> None:
    rows = [cells("A", gtin="123", mpn=""), cells("B", link="shop"), cells("C", color="x" * 90)]
    found = feeds.check(feed(*rows), PRODUCT)
    done = shop.import_v1(feed(*rows))
    assert done["result"]["successes"]["row_count"] == found.valid_rows
    assert done["result"]["errors"]["row_count"] == found.refused_rows


def test_an_inventory_feed_may_name_only_what_is_in_the_catalog(shop: Shop) -> None:
    shop.import_v1(GOOD)
    stock = [{"id": sku, "availability": "in_stock", "inventory_quantity": "9"} for sku in "AX"]
    done = shop.import_v1(feed(*stock), "inventory_feed")
    assert done["result"]["errors"]["row_count"] == 1
    assert (shop.world.catalog.quantity("A"), "X" in shop.world.catalog) == (9, False)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\r\n\r\n",
        b"id,title\nA,Title\n",
        b"id,id,title\nA,A,Title\n",
        b'id,"title\nA,Title\n',
        b"sku;name;price\n1;2;3\n",
        b"PK\x03\x04\x00\x00",
        GOOD.replace(b"price", b"Price"),
    ],
    ids=["empty", "blank lines", "columns missing", "doubled", "quotes", "dialect", "zip", "case"],
)
def test_a_file_that_is_no_feed_fails_as_a_whole(shop: Shop, content: bytes) -> None:
    if not content:
        assert shop.put(shop.create_v2(), content).status_code == 400
        return
    done = shop.import_v1(content)
    assert (done["status"], done["result"]) == ("failed", None)
    assert done["failed_reason"]
    done = shop.import_v2(content)
    assert done["status"] == "failed"
    failure = done["status_details"]["failed"]
    assert (failure["code"], failure["type"]) == ("invalid_file", "cannot_proceed")
    assert failure["failure_message"]
    assert len(shop.world.catalog) == 0


def test_tab_separated_files_are_read_by_what_they_were_sent_as(shop: Shop) -> None:
    made = shop.create_v2()
    content = feed(cells("A", title="A, B"), delimiter="\t")
    assert shop.put(made, content, "text/tab-separated-values").status_code == 200
    assert shop.look(made)["status"] == "succeeded"
    wrong = shop.create_v2()
    assert shop.put(wrong, content, "text/csv").status_code == 200
    assert shop.look(wrong)["status"] == "failed"


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"standard_data_format": "pricing_feed"}, 400, "parameter_invalid_enum"),
        ({"standard_data_format": ""}, 400, "parameter_missing"),
        ({"file": ""}, 400, "parameter_missing"),
        ({"file": "file_1"}, 404, "resource_missing"),
        ({"mode": "replace"}, 400, "parameter_unknown"),
    ],
)
def test_an_import_set_that_will_not_do_is_refused(
    shop: Shop, changes: dict[str, str], status: int, code: str
) -> None:
    data = {"file": shop.upload(GOOD), "standard_data_format": "product_catalog_feed"} | changes
    answer = shop.post("/v1/data_management/import_sets", UDAP, **data)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_a_report_cannot_be_imported(shop: Shop) -> None:
    file = shop.import_v1(MIXED)["result"]["errors"]["file"]
    answer = shop.post(
        "/v1/data_management/import_sets",
        UDAP,
        file=file,
        standard_data_format="product_catalog_feed",
    )
    assert answer.json()["error"]["param"] == "file"


# ------------------------------------------------------------------------------------ slow indexer


def statuses(shop: Shop, made: dict[str, Any], times: int) -> list[str]:
    return [shop.look(made)["status"] for _ in range(times)]


def test_a_slow_indexer_is_asked_several_times() -> None:
    shop = Shop(Sandbox(index_polls=3))
    made = shop.create_v2()
    assert statuses(shop, made, 2) == ["awaiting_upload"] * 2
    shop.put(made, GOOD)
    assert statuses(shop, made, 3) == ["processing", "processing", "succeeded"]


def test_a_slow_indexer_takes_time_on_the_sandboxs_clock() -> None:
    shop = Shop(Sandbox(index_seconds=60))
    made = shop.create_v2()
    shop.put(made, GOOD)
    details = shop.look(made)["status_details"]
    assert details == {"processing": {"error_count": "0", "success_count": "0"}}
    shop.sandbox.clock.advance(59)
    assert statuses(shop, made, 1) == ["processing"]
    shop.sandbox.clock.advance(1)
    shop.sandbox.settle()
    assert len(shop.world.catalog) == 2
    assert statuses(shop, made, 1) == ["succeeded"]


# ---------------------------------------------------------------------------------------------- v2


def test_a_catalog_import_goes_from_waiting_to_its_end(shop: Shop) -> None:
    made = shop.create_v2()
    assert made["id"].startswith("pcimprt_test_")
    assert made["object"] == "v2.commerce.product_catalog_import"
    assert made["status"] == "awaiting_upload"
    assert made["created"] == "2026-04-06T10:00:00.000Z"
    url = made["status_details"]["awaiting_upload"]["upload_url"]
    assert url["expires_at"] == "2026-04-06T10:05:00.000Z"
    assert shop.put(made, GOOD).status_code == 200
    done = shop.look(made)
    assert (done["status"], done["status_details"]) == (
        "succeeded",
        {"succeeded": {"success_count": "2"}},
    )
    assert "A" in shop.world.catalog


def test_refused_rows_have_counts_samples_and_a_report_for_five_minutes(shop: Shop) -> None:
    done = shop.import_v2(MIXED)
    assert done["status"] == "succeeded_with_errors"
    details = done["status_details"]["succeeded_with_errors"]
    assert (details["success_count"], details["error_count"]) == ("1", "3")
    assert [(s["id"], s["row"], s["field"]) for s in details["samples"]] == [
        ("B", "3", "price"),
        ("C", "4", "title"),
        ("A", "5", "id"),
    ]
    file = details["error_file"]
    got = shop.http.get(file["download_url"]["url"])
    assert (got.status_code, str(len(got.content))) == (200, file["size"])
    assert [row["id"] for row in report(got.text)] == ["B", "C", "A"]
    shop.sandbox.clock.advance(300)
    late = shop.http.get(file["download_url"]["url"])
    assert (late.status_code, late.json()["error"]["code"]) == (403, "expired_url")
    fresh = shop.look(done)["status_details"]["succeeded_with_errors"]["error_file"]
    assert shop.http.get(fresh["download_url"]["url"]).content == got.content


def test_there_are_at_most_ten_samples(shop: Shop) -> None:
    done = shop.import_v2(feed(*(cells(f"A{n}", price="x") for n in range(12))))
    details = done["status_details"]["succeeded_with_errors"]
    assert (details["success_count"], len(details["samples"])) == ("0", 10)


def test_a_row_that_a_replacement_refuses_is_gone(shop: Shop) -> None:
    shop.import_v2(GOOD)
    done = shop.import_v2(feed(cells("A", price="$1"), cells("B")), mode="replace")
    assert (done["status"], [*shop.world.catalog]) == ("succeeded_with_errors", ["B"])


def test_only_a_product_feed_replaces_the_catalog(shop: Shop) -> None:
    shop.import_v2(GOOD)
    shop.import_v2(feed(cells("C")), mode="replace")
    assert [*shop.world.catalog] == ["C"]
    for kind in ("inventory", "pricing", "promotion"):
        answer = shop.post(IMPORTS, GA, feed_type=kind, mode="replace", metadata={})
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, "mode")


def test_prices_and_promotions_have_feeds_of_their_own(shop: Shop) -> None:
    shop.import_v2(GOOD)
    shop.import_v2(feed({"id": "A", "price": "1.00 USD"}), "pricing")
    assert (shop.world.catalog.cells("A") or {})["price"] == "1.00 USD"
    promotion = {
        "promotion_id": "SUMMER",
        "title": "Summer",
        "active_period": "2026-06-01T00:00:00Z/2026-06-30T23:59:59Z",
        "benefit_type": "percent_off",
        "percent_off": "20",
        "target_selection": "all_products",
        "application_type": "automatic",
        "delete": "",
    }
    assert shop.import_v2(feed(promotion), "promotion")["status"] == "succeeded"
    assert shop.world.promotions["SUMMER"]["percent_off"] == "20"
    shop.import_v2(feed({**promotion, "delete": "true"}), "promotion")
    assert shop.world.promotions == {}


@pytest.mark.parametrize("name", ["feed_type", "mode", "metadata"])
def test_all_three_parameters_are_needed(shop: Shop, name: str) -> None:
    given: dict[str, Any] = {
        "feed_type": "product",
        "mode": "upsert",
        "metadata": {"file_name": "a.csv"},
    }
    assert shop.post(IMPORTS, GA, **given).json()["metadata"] == {"file_name": "a.csv"}
    for wrong in ({}, {name: 5}):
        data = {**{key: value for key, value in given.items() if key != name}, **wrong}
        answer = shop.post(IMPORTS, GA, **data)
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, name)
    answer = shop.post(IMPORTS, GA, **{**given, "metadata": {"a": 1}})
    assert answer.json()["error"]["param"] == "metadata"


def test_an_upload_url_is_good_once_and_for_five_minutes(shop: Shop) -> None:
    late = shop.create_v2()
    shop.sandbox.clock.advance(300)
    answer = shop.put(late, GOOD)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "expired_url")
    fresh = shop.look(late)
    assert shop.put(fresh, GOOD).status_code == 200
    assert shop.put(fresh, GOOD).status_code == 403
    assert shop.look(late)["status"] == "succeeded"


def test_of_two_urls_of_one_import_the_first_upload_counts(shop: Shop) -> None:
    first = shop.create_v2()
    second = shop.look(first)
    assert shop.put(second, GOOD).status_code == 200
    assert shop.put(first, feed(cells("Z"))).status_code == 403
    assert [*shop.world.catalog] == ["A", "B"]


def test_an_import_without_a_file_fails_in_the_end(shop: Shop) -> None:
    made = shop.create_v2()
    other = shop.create_v2()
    shop.put(other, GOOD)
    shop.sandbox.clock.advance(3600)
    done = shop.look(made)
    assert done["status"] == "failed"
    assert done["status_details"]["failed"]["code"] == "file_not_found"
    assert shop.look(other)["status"] == "succeeded"
    assert shop.put(made, GOOD).status_code == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "application/json"}, 400),
        ({}, 400),
        ({"Content-Type": "text/csv", "Authorization": "Bearer sk_test_1"}, 400),
    ],
    ids=["another type", "no type", "a key that does not belong there"],
)
def test_an_upload_needs_its_type_and_no_key(
    shop: Shop, headers: dict[str, str], status: int
) -> None:
    made = shop.create_v2()
    url = made["status_details"]["awaiting_upload"]["upload_url"]["url"]
    assert shop.http.put(url, content=GOOD, headers=headers).status_code == status
    assert shop.look(made)["status"] == "awaiting_upload"


def test_a_url_is_good_for_its_own_method_alone(shop: Shop) -> None:
    url = shop.create_v2()["status_details"]["awaiting_upload"]["upload_url"]["url"]
    assert shop.http.get(url).status_code == 403
    assert shop.http.put(url + "x", content=GOOD).status_code == 403


def test_imports_are_listed_the_newest_first(shop: Shop) -> None:
    made = []
    for kind in ("product", "inventory", "product"):
        made.append(shop.create_v2(kind)["id"])
        shop.sandbox.clock.advance(10)
    shop.put(shop.look({"id": made[0]}), GOOD)

    def ids(**params: Any) -> list[str]:
        return [one["id"] for one in shop.get(IMPORTS, GA, **params).json()["data"]]

    assert ids() == made[::-1]
    assert ids(feed_type="product") == [made[2], made[0]]
    assert ids(status="awaiting_upload") == [made[2], made[1]]
    assert ids(created_gt="2026-04-06T10:00:00Z", created_lt="2026-04-06T10:00:20Z") == [made[1]]
    assert ids(created_gte="2026-04-06T10:00:10Z", created_lte="2026-04-06T10:00:10Z") == [made[1]]
    assert ids(created="2026-04-06T12:00:20+02:00") == [made[2]]
    for bad in ("yesterday", "2026-04-06T10:00:00"):
        assert shop.get(IMPORTS, GA, created_gt=bad).status_code == 400


def test_pages_of_a_list_lead_on_and_back(shop: Shop) -> None:
    made = [shop.create_v2()["id"] for _ in range(5)][::-1]
    first = shop.get(IMPORTS, GA, limit=2, feed_type="product").json()
    second = shop.get(first["next_page_url"], GA).json()
    last = shop.get(second["next_page_url"], GA).json()
    pages = (first, second, last)
    assert [one["id"] for page in pages for one in page["data"]] == made
    assert (first["previous_page_url"], last["next_page_url"]) == (None, None)
    back = shop.get(last["previous_page_url"], GA).json()
    assert [one["id"] for one in back["data"]] == made[2:4]
    assert shop.get(IMPORTS, GA, page="gone").status_code == 404


def test_thin_events_tell_of_an_import(shop: Shop) -> None:
    bodies: list[bytes] = []
    shop.sandbox.listen(lambda body, _: bodies.append(body))
    done = shop.import_v2(MIXED)
    told = [events.parse_event(body) for body in bodies]
    assert [type(event) for event in told] == [
        events.CatalogImportProcessing,
        events.CatalogImportSucceededWithErrors,
    ]
    for event in told:
        assert isinstance(event, events.CatalogImportEvent)
        assert event.related_object.id == done["id"]
        assert event.account == "acct_1"
        assert shop.get(event.related_object.url, GA).status_code == 200


def test_a_request_object_can_be_given_by_hand(sandbox: Sandbox) -> None:
    request = Request(
        method="GET",
        path="/v1/checkout/sessions",
        headers={"Authorization": f"Bearer {sandbox.api_key}"},
    )
    answer = sandbox.handle(request)
    assert (answer.status, answer.json()["data"]) == (200, [])
