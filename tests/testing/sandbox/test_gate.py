"""Who may come in, and what is said to the others."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from agentic_commerce.testing.sandbox import Sandbox
from tests.testing.sandbox.shop import API, GA, PREVIEW, UDAP, Shop, cells, feed

SESSIONS = "/v1/checkout/sessions"
IMPORTS = "/v2/commerce/product_catalog/imports"
SETS = "/v1/data_management/import_sets/impset_1"
AGREEMENTS = "/v2/orchestrated_commerce/agreements"


def ask(sandbox: Sandbox, path: str = SESSIONS, **headers: str) -> httpx.Response:
    http = httpx.Client(transport=sandbox.transport())
    return http.get(API + path, headers={k.replace("_", "-"): v for k, v in headers.items()})


def basic(user: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:".encode()).decode()


def test_a_key_opens_as_bearer_and_as_user(sandbox: Sandbox) -> None:
    for header in (f"Bearer {sandbox.api_key}", basic(sandbox.api_key)):
        assert ask(sandbox, Authorization=header).status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer sk_test_wrong",
        "Bearer ",
        "Basic ???",
        "Basic //79",
        basic("sk_test_wrong"),
        "X y",
    ],
)
def test_a_missing_or_wrong_key_is_401_and_never_repeated(sandbox: Sandbox, header: str) -> None:
    for path in (SESSIONS, "/v1/nothing"):
        answer = ask(sandbox, path, Authorization=header)
        assert answer.status_code == 401
        assert answer.json()["error"]["type"] == "invalid_request_error"
        assert "sk_test" not in answer.text


def test_a_restricted_key_opens_what_it_may_and_403_names_what_it_lacks(sandbox: Sandbox) -> None:
    key = sandbox.restricted_key("checkout_session_read")
    assert key.startswith("rk_test_")
    assert ask(sandbox, Authorization=f"Bearer {key}").status_code == 200
    answer = ask(sandbox, IMPORTS, Authorization=f"Bearer {key}", Stripe_Version=GA)
    assert answer.status_code == 403
    assert "product_catalog_import_read" in answer.json()["error"]["message"]


def test_account_and_context_lead_to_the_same_world_and_never_go_together(shop: Shop) -> None:
    shop.import_v1(feed(cells("A")))
    assert "A" in shop.sandbox.world("acct_1").catalog
    assert "A" not in shop.sandbox.world("acct_2").catalog
    assert "A" not in shop.sandbox.world().catalog
    key = f"Bearer {shop.sandbox.api_key}"
    imported = shop.import_v2(feed(cells("A")))
    for context in ("acct_1", "org_1/acct_1"):
        answer = ask(
            shop.sandbox,
            f"{IMPORTS}/{imported['id']}",
            Authorization=key,
            Stripe_Version=GA,
            Stripe_Context=context,
        )
        assert answer.status_code == 200
    both = ask(shop.sandbox, Authorization=key, Stripe_Account="acct_1", Stripe_Context="acct_1")
    assert both.status_code == 400
    assert "only one" in both.json()["error"]["message"]


def test_one_account_sees_nothing_of_another(shop: Shop) -> None:
    file = shop.upload(feed(cells("A")))
    other = Shop(shop.sandbox, "acct_2")
    assert shop.get(f"/v1/files/{file}").status_code == 200
    for stranger in (other, Shop(shop.sandbox, None)):
        answer = stranger.get(f"/v1/files/{file}")
        assert answer.status_code == 404
        assert answer.json()["error"]["code"] == "resource_missing"


@pytest.mark.parametrize("account", ["shop", "acct_", "acct_2"])
def test_an_account_that_there_is_not_is_403(account: str) -> None:
    sandbox = Sandbox(accounts=["acct_1"])
    assert Shop(sandbox, "acct_1").get(SESSIONS).status_code == 200
    answer = Shop(sandbox, account).get(SESSIONS)
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "account_invalid"


@pytest.mark.parametrize(
    ("path", "version", "status"),
    [
        (SESSIONS, None, 200),
        (SESSIONS, "2025-12-15.preview", 200),
        (SESSIONS, "latest", 400),
        (IMPORTS, None, 400),
        (IMPORTS, GA, 200),
        (IMPORTS, PREVIEW, 200),
        (IMPORTS, "2026-03-25.dahlia", 400),
        (IMPORTS, "soon", 400),
        (AGREEMENTS, GA, 400),
        (AGREEMENTS, PREVIEW, 200),
        (AGREEMENTS, "2025-12-19-17.internal", 200),
        (SETS, None, 400),
        (SETS, GA, 400),
        (SETS, UDAP, 404),
        (SETS, "2026-10-28.endive; udap_beta=v1", 404),
    ],
)
def test_versions_are_asked_for_where_they_are_needed(
    shop: Shop, path: str, version: str | None, status: int
) -> None:
    assert shop.get(path, version).status_code == status


def test_an_error_of_v2_always_has_a_code(shop: Shop) -> None:
    assert shop.get(IMPORTS).json()["error"]["code"] == "missing_version"
    assert shop.get("/v2/nothing", GA).json()["error"]["code"] == "not_found"
    assert shop.get(IMPORTS + "/pcimprt_1", GA).json()["error"]["code"] == "resource_missing"
    assert shop.get(IMPORTS, GA, limit=0).json()["error"]["code"] == "invalid_fields"


def test_an_unknown_url_is_refused_in_stripes_words(shop: Shop) -> None:
    for answer in (shop.get("/v1/nothing"), shop.post(SESSIONS)):
        assert answer.status_code == 404
        assert answer.json()["error"]["message"].startswith("Unrecognized request URL (")


def test_an_unknown_parameter_is_refused(shop: Shop) -> None:
    answer = shop.get(SESSIONS, limits=5)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], error["param"]) == ("parameter_unknown", "limits")
    assert shop.get(IMPORTS, GA, expand="x").json()["error"]["code"] == "parameter_unknown"


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"limit": "ten"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"expand": "line_items"}, "expand"),
        ({"status[a]": "open"}, "status"),
        ({"status": "done"}, "status"),
    ],
)
def test_a_parameter_of_the_wrong_kind_is_named(
    shop: Shop, params: dict[str, Any], param: str
) -> None:
    answer = shop.get(SESSIONS, **params)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == param


def test_every_answer_has_a_request_id_and_the_log_has_no_secret(shop: Shop) -> None:
    answers = [shop.get(SESSIONS), shop.get("/v1/x"), shop.put(shop.create_v2(), b"id")]
    ids = [answer.headers["request-id"] for answer in answers]
    seen = {one.request_id: one for one in shop.sandbox.requests}
    assert len(seen) == 4
    assert {*ids} <= {*seen}
    assert str(seen[ids[0]]) == "GET /v1/checkout/sessions for acct_1: 200"
    told = str(shop.sandbox)
    assert "PUT /(presigned): 200" in told
    assert shop.sandbox.api_key not in told
    assert "url_" not in told
    assert repr(shop.sandbox) == "<Sandbox: 1 accounts, 4 requests>"


def test_only_the_last_requests_are_shown(shop: Shop) -> None:
    for _ in range(25):
        shop.get(SESSIONS)
    assert "... and 5 before" in shop.sandbox.describe()
    assert "acct_1: nothing" in shop.sandbox.describe()
