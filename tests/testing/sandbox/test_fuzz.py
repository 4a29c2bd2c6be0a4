"""Whatever is sent, there is an answer in Stripe's shape."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentic_commerce.testing.sandbox import Request, Sandbox
from agentic_commerce.testing.sandbox._routes import ROUTES
from tests.testing.sandbox.shop import PREVIEW, UDAP, Shop, put_order

NAMES = sorted({name for route in ROUTES for name in route.accepts} | {"expand", "a[b]", "page"})
IDS = ["cs_test_1", "pi_test_1", "ch_test_1", "x", "%00"]
TEXTS = st.sampled_from(
    ["", "1", "-1", "10", "true", "product", "upsert", "x.y", "\x00", "é", *IDS]
)
VALUES: Any = st.recursive(
    TEXTS | st.integers() | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)
PARAMS = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=4)
PAIRS = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.sampled_from(["", "[]", "[gt]", "[0]", "[a][b]", "[", "]]"]),
        TEXTS,
    ),
    max_size=4,
)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    route = draw(st.sampled_from(ROUTES))
    pairs = [(name + suffix, text) for name, suffix, text in draw(PAIRS)]
    kinds = ["application/json", "application/x-www-form-urlencoded", "multipart/form-data", ""]
    body = draw(
        st.sampled_from([b"", urlencode(pairs).encode()])
        | PARAMS.map(lambda value: json.dumps(value).encode())
        | st.binary(max_size=20)
    )
    return Request(
        method=route.method,
        path=route.path.replace("{id}", draw(st.sampled_from(IDS))),
        query=draw(st.sampled_from(["", urlencode(pairs), "%", "&=&", "[=1"])),
        headers={
            "Content-Type": draw(st.sampled_from(kinds)),
            "Stripe-Version": draw(st.sampled_from([PREVIEW, UDAP, "", "x"])),
            "Stripe-Account": "acct_1",
        },
        body=body,
    )


@settings(max_examples=400)
@given(requests())
def test_every_request_has_an_answer(request: Request) -> None:
    sandbox = Sandbox()
    put_order(sandbox.world("acct_1"), captured=False)
    headers = {**request.headers, "Authorization": f"Bearer {sandbox.api_key}"}
    answer = sandbox.handle(
        Request(
            method=request.method,
            path=request.path,
            query=request.query,
            headers=headers,
            body=request.body,
        )
    )
    assert answer.status in (200, 400, 404)
    value = answer.json() if answer.body else {}
    assert ("error" in value) == (answer.status != 200)
    if answer.status != 200:
        assert {"message", "type"} <= value["error"].keys()
        assert ("code" in value["error"]) or request.path.startswith("/v1/")
    assert answer.headers["Request-Id"]


@pytest.mark.parametrize("depth", [100, 900, 990, 3000, 100_000])
def test_nothing_is_nested_too_deeply_to_be_refused(shop: Shop, depth: int) -> None:
    deep = b'{"metadata": ' + b'{"a":' * depth + b"1" + b"}" * depth + b"}"
    headers = shop.headers(PREVIEW, **{"Idempotency-Key": "key-1"})
    path = f"{shop.base}/v2/commerce/product_catalog/imports"
    assert shop.http.post(path, content=deep, headers=headers).status_code == 400
    query = "created" + "[a]" * depth + "=1"
    request = Request(method="GET", path="/v1/events", query=query, headers=headers)
    assert shop.sandbox.handle(request).status == 400
