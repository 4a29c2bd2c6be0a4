"""The clients themselves: what they are made of, show and send, and whose pool it is."""

from __future__ import annotations

import inspect
import pickle
import re
import subprocess
import sys
import traceback
from copy import copy
from functools import partial
from typing import Any
from urllib.parse import quote, urlsplit

import anyio
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpx import HTTPXMock

from agentic_commerce import (
    AgenticCommerceError,
    APIConnectionError,
    APIError,
    APIResponseError,
    AsyncClient,
    AuthenticationError,
    Client,
    IdempotencyError,
    ImportFailedError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
    WaitTimeoutError,
    client,
)
from agentic_commerce.client import ImportSet, SystemClock, Versions
from agentic_commerce.client._setup import segment
from tests.client.server import KEY, Answer, Caller, answer, problem, serve

SET = {"id": "impset_1", "object": "data_management.import_set", "status": "pending"}


def retrieve(client: Any) -> Any:
    return client.import_sets.retrieve("impset_1")


# -------------------------------------------------------------------------------------- signatures

GROUPS = ["files", "import_sets", "catalog_imports", "agreements", "events", "orders"]
GROUPS += ["account_sessions"]
PAIRS = [
    (thing, getattr(client, f"Async{name}"))
    for name, thing in vars(client).items()
    if hasattr(client, f"Async{name}")
]


def public(kind: type) -> dict[str, Any]:
    return {n: m for n, m in inspect.getmembers(kind) if not n.startswith("_") or n == "__init__"}


def plain(annotation: str) -> str:
    """An annotation as the blocking twin has it."""
    return re.sub(r"\bAsync(?=\w)|\bhttpx\.Async(?=\w)", "", annotation).replace("httpx.", "")


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair[0].__name__)
def test_both_clients_have_the_same_methods_with_the_same_signatures(pair: Any) -> None:
    sync, other = (public(kind) for kind in pair)
    assert sync.keys() == other.keys()
    for name, method in sync.items():
        if not inspect.isfunction(method) or (name == "__init__" and pair[0] not in PAIRS[0]):
            continue
        one, two = inspect.signature(method), inspect.signature(other[name])
        assert list(one.parameters) == list(two.parameters)
        for first, second in zip(one.parameters.values(), two.parameters.values(), strict=True):
            assert (first.kind, first.default) == (second.kind, second.default)
            assert plain(str(first.annotation)) == plain(str(second.annotation))
        assert plain(str(one.return_annotation)) == plain(str(two.return_annotation))
        assert inspect.getdoc(method) == inspect.getdoc(other[name]) or pair[0] is Client


@pytest.mark.parametrize(
    "pair", [pair for pair in PAIRS if pair[0] is not Client], ids=lambda pair: pair[0].__name__
)
def test_the_twin_of_what_blocks_awaits_and_the_twin_of_an_iterator_is_one(pair: Any) -> None:
    for name, method in public(pair[0]).items():
        if inspect.isfunction(method) and name != "__init__":
            returned = str(inspect.signature(method).return_annotation)
            is_list = returned.startswith("Iterator")
            assert inspect.iscoroutinefunction(getattr(pair[1], name)) is not is_list


def test_every_group_is_there_on_both_and_of_the_pair(call: Caller) -> None:
    groups = {name: type(getattr(Client(KEY), name)).__name__ for name in GROUPS}
    others = {name: type(getattr(AsyncClient(KEY), name)).__name__ for name in GROUPS}
    assert others == {name: f"Async{kind}" for name, kind in groups.items()}
    assert len(PAIRS) >= len(GROUPS) + 1


# ------------------------------------------------------------------------------------- construction


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize(
    ("arguments", "options", "fault"),
    [
        ([""], {}, ValueError),
        (["sk_test_1\n"], {}, ValueError),
        (["sk test"], {}, ValueError),
        (["sk_té"], {}, ValueError),
        ([None], {}, ValueError),
        ([KEY], {"account": "acct_1\r\nX: y"}, ValueError),
        ([KEY], {"account": ""}, ValueError),
        ([KEY], {"account": 5}, ValueError),
        ([KEY], {"api_url": "api.stripe.com"}, ValueError),
        ([KEY], {"api_url": "https://api.stripe.com?x=1"}, ValueError),
        ([KEY], {"files_url": "ftp://files.stripe.com"}, ValueError),
        ([KEY], {"api_url": "https://user:password@api.stripe.com"}, ValueError),
        ([KEY], {"api_url": None}, TypeError),
        ([KEY], {"timeout": 0}, ValueError),
        ([KEY], {"timeout": float("nan")}, ValueError),
        ([KEY], {"versions": None}, TypeError),
        ([KEY], {"max_retries": -1}, ValueError),
        ([KEY], {"max_retries": True}, ValueError),
        ([KEY], {"http": object()}, TypeError),
    ],
)
def test_what_cannot_be_a_client_is_refused_without_showing_the_key(
    kind: Any, arguments: list[Any], options: Any, fault: type[Exception]
) -> None:
    with pytest.raises(fault) as caught:
        kind(*arguments, **options)
    assert not arguments[0] or arguments[0] not in str(caught.value)


def test_a_version_that_could_end_a_header_is_refused() -> None:
    with pytest.raises(ValueError, match=r"versions\.orders"):
        Versions(orders="2025-12-15.preview\r\nX: y")


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_nothing_shows_the_key(kind: Any) -> None:
    made = kind(KEY, account="acct_1")
    assert repr(made) == f"{kind.__name__}(account='acct_1')"
    assert KEY not in repr(made._shell.setup)
    assert made.account == "acct_1"


def test_a_clients_own_twin_of_http_is_refused() -> None:
    with pytest.raises(TypeError, match="AsyncClient takes"):
        Client(KEY, http=httpx.AsyncClient())  # type: ignore[arg-type]
    with httpx.Client() as http, pytest.raises(TypeError, match="Client takes"):
        AsyncClient(KEY, http=http)  # type: ignore[arg-type]


FORKED = """
import os, sys
from agentic_commerce import AgenticCommerceError, Client
unused = Client("sk_test_1", api_url=sys.argv[1])
with Client("sk_test_1", api_url=sys.argv[1]) as client:
    client.import_sets.retrieve("impset_1")
    if (child := os.fork()) == 0:
        unused.import_sets.retrieve("impset_1")
        try:
            client.for_account("acct_1").import_sets.retrieve("impset_1")
        except AgenticCommerceError as error:
            print(error, flush=True)
        os._exit(0)
    client.import_sets.retrieve("impset_1")
    os.waitpid(child, 0)
unused.close()
"""


def test_a_client_that_was_used_before_a_fork_is_not_used_after_it() -> None:
    """Both processes would write to one connection, and each could read the other's answer."""
    command = [sys.executable, "-W", "error", "-c", FORKED]
    state = {"id": "impset_1", "object": "data_management.import_set"}
    with serve(lambda _: answer(state)) as server:
        done = subprocess.run(  # noqa: S603
            [*command, server.url], capture_output=True, text=True, check=True, timeout=30
        )
    assert done.stdout == "the client was used before a fork: make one per process\n"
    assert len(server.seen) == 3


def test_both_clients_notice_that_they_are_in_another_process(call: Caller) -> None:
    def elsewhere(client: Any) -> Any:
        client._shell._wiring.owner.pid = 0  # no process of ours
        return client.import_sets.retrieve("impset_1")

    with pytest.raises(AgenticCommerceError, match="used before a fork"):
        call("http://127.0.0.1:1", elsewhere)


def test_views_share_the_connections_and_close_nothing(call: Caller) -> None:
    def both(client: Any) -> Any:
        view = client.for_account("acct_2")
        assert (view.account, client.account) == ("acct_2", "acct_1")
        assert view._shell._http is client._shell._http
        assert type(view) is type(client)
        return view.for_account(None).import_sets.retrieve("impset_1")

    with serve(lambda _: answer(SET)) as server:
        call(server.url, both, account="acct_1")
    assert "stripe-account" not in server.seen[0].headers


def test_closing_a_view_leaves_the_client_open() -> None:
    with serve(lambda _: answer(SET)) as server, Client(KEY, api_url=server.url) as whole:
        whole.for_account("acct_1").close()
        assert retrieve(whole).id == "impset_1"


def test_an_async_client_of_ones_own_closes_what_it_made() -> None:
    async def main() -> None:
        with serve(lambda _: answer(SET)) as server:
            async with AsyncClient(KEY, api_url=server.url, timeout=httpx.Timeout(5)) as whole:
                await whole.for_account("acct_1").close()
                assert (await retrieve(whole)).id == "impset_1"
            assert whole._shell._http.is_closed

    anyio.run(main)


def test_the_systems_clock_tells_the_time_and_waits() -> None:
    clock = SystemClock()
    assert clock.unix() > 1_700_000_000
    start = clock.monotonic()
    clock.sleep(0.001)
    anyio.run(clock.sleep_async, 0.001)
    assert clock.monotonic() > start


# ------------------------------------------------------------------------------- the caller's httpx

LEAKS: dict[str, Any] = {
    "headers": {"X-Internal": "secret", "Authorization": "Basic c2VjcmV0"},
    "cookies": {"session": "secret"},
    "params": {"debug": "secret"},
    "auth": ("user", "secret"),
    "base_url": "http://secret.example",
    "follow_redirects": True,
}


def test_nothing_of_your_own_http_client_leaks_and_it_stays_open() -> None:
    with httpx.Client(**LEAKS) as http, serve(lambda _: answer(SET)) as server:
        with Client(KEY, api_url=server.url, http=http) as one:
            retrieve(one)
        assert not http.is_closed
    _check_no_leak(server.seen[0])


def test_nothing_of_your_own_async_http_client_leaks_and_it_stays_open() -> None:
    async def main() -> None:
        async with httpx.AsyncClient(**LEAKS) as http:
            async with AsyncClient(KEY, api_url=server.url, http=http) as one:
                await retrieve(one)
            assert not http.is_closed

    with serve(lambda _: answer(SET)) as server:
        anyio.run(main)
    _check_no_leak(server.seen[0])


def _check_no_leak(seen: Any) -> None:
    assert seen.headers.keys() == {
        "host",
        "authorization",
        "user-agent",
        "accept",
        "stripe-version",
    }
    assert seen.headers["authorization"] == f"Bearer {KEY}"
    assert seen.headers["user-agent"].startswith("agentic-commerce-python/")
    assert seen.query == []


# ------------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("status", "more", "kind"),
    [
        (400, {}, APIError),
        (402, {}, APIError),
        (401, {}, AuthenticationError),
        (403, {}, PermissionDeniedError),
        (404, {}, NotFoundError),
        (400, {"type": "idempotency_error"}, IdempotencyError),
        (409, {"code": "idempotency_key_in_use"}, IdempotencyError),
        (409, {}, APIError),
        (429, {}, RateLimitError),
        (500, {}, ServerError),
        (599, {}, ServerError),
    ],
)
def test_each_status_has_its_class(
    httpx_mock: HTTPXMock, call: Caller, status: int, more: dict[str, str], kind: type[APIError]
) -> None:
    error = {"message": "No such thing", "param": "id", **more}
    headers = {"Request-Id": "req_1"}
    httpx_mock.add_response(status_code=status, json={"error": error}, headers=headers)
    with pytest.raises(APIError) as caught:
        call("https://api.example", retrieve, max_retries=0)
    found = caught.value
    assert type(found) is kind
    assert (found.status, found.param, found.request_id) == (status, "id", "req_1")
    assert (found.type, found.code) == (more.get("type"), more.get("code"))
    assert found.operation == "retrieve an import set"
    assert str(found).startswith(f"HTTP {status} ")
    assert "No such thing (param: id)" in str(found)
    assert str(found).endswith("[req_1]")


def test_403_names_the_permission_that_a_restricted_key_needs(call: Caller) -> None:
    with serve(lambda _: problem(403)) as server, pytest.raises(PermissionDeniedError) as caught:
        call(server.url, lambda c: c.catalog_imports.create("product", "upsert"))
    assert caught.value.hint == (
        "a restricted key needs the permission 'Product Catalog Import: write' for this"
    )
    assert caught.value.hint in str(caught.value)


def test_403_of_a_call_whose_permission_is_not_documented_has_no_hint(call: Caller) -> None:
    with serve(lambda _: problem(403)) as server, pytest.raises(PermissionDeniedError) as caught:
        call(server.url, lambda c: c.agreements.retrieve("orca_1"))
    assert caught.value.hint is None


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the answer has no body, and no error in it that can be read"),
        (b"<html>", "the answer has a body of type unknown, and no error in it that can be read"),
        (b'{"error": "invalid_grant"}', "invalid_grant"),
        (b'{"error": {}}', "the answer has a body of type unknown"),
        (b'{"error": {"message": 5, "code": []}}', "the answer has a body of type unknown"),
        (b'{"error": []}', "the answer has a body of type unknown"),
        (b"[]", "the answer has a body of type unknown"),
    ],
)
def test_an_error_whose_body_is_none_is_typed_all_the_same(
    call: Caller, body: bytes, message: str
) -> None:
    with serve(lambda _: Answer(400, body)) as server, pytest.raises(APIError) as caught:
        call(server.url, retrieve)
    assert str(caught.value.message).startswith(message)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "not_json"),
        (b"<html>", "not_json"),
        (b"\xff", "not_json"),
        (b"[]", "kind"),
        (b"null", "kind"),
        (b"{}", "missing"),
        (b'{"object": "data_management.import_set"}', "missing"),
        (b'{"id": 5, "object": "data_management.import_set"}', "kind"),
        (b'{"id": "x", "object": "file"}', "choice"),
        (b'{"id": "", "object": "data_management.import_set"}', "empty"),
        (b'{"id": null, "object": "data_management.import_set"}', "null"),
    ],
)
def test_a_success_that_cannot_be_read_is_a_typed_error(
    call: Caller, body: bytes, code: str
) -> None:
    done = Answer(200, body, {"Request-Id": "req_1"})
    with serve(lambda _: done) as server, pytest.raises(APIResponseError) as caught:
        call(server.url, retrieve)
    error = caught.value
    assert code in {issue.code for issue in error.issues}
    assert (error.status, error.request_id) == (200, "req_1")
    assert error.__context__ is None
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (str(again), again.issues) == (str(error), error.issues)


SECRETS = (KEY, "rk_live_1", "whsec_1", "ann@example.com", "X-Amz-Signature")
QUOTING = (
    f"Invalid key {KEY} (or rk_live_1, whsec_1) of <ann@example.com>,"
    " see https://store.example/a.csv?X-Amz-Signature=1&b=2 for more"
)


def told(error: BaseException) -> str:
    """Everything that an error can say of itself."""
    frames = "".join(traceback.format_exception(error))
    return f"{error} {error!r} {error.__dict__} {error.args} {frames} {pickle.dumps(error)!r}"


@pytest.mark.parametrize("field", ["message", "code", "param", "type"])
def test_no_error_tells_a_secret_that_stripe_quotes(call: Caller, field: str) -> None:
    error = {field: QUOTING}
    refused = answer({"error": error}, 400, Request_Id=f"req {KEY}")
    with serve(lambda _: refused) as server, pytest.raises(APIError) as caught:
        call(server.url, retrieve)
    assert not [secret for secret in SECRETS if secret in told(caught.value)]
    assert caught.value.request_id is None
    if field == "message":
        assert str(caught.value.message) == (
            "Invalid key *** (or ***, ***) of <***>, see https://store.example/a.csv?*** for more"
        )


def test_a_key_of_any_form_is_masked_and_a_long_message_cut(httpx_mock: HTTPXMock) -> None:
    key = "my-proxy-key"
    message = f"{key} " + "word " * 1000 + key
    httpx_mock.add_response(status_code=400, json={"error": {"message": message}})
    with Client(key) as one, pytest.raises(APIError) as caught:
        retrieve(one)
    assert key not in told(caught.value)
    assert str(caught.value.message).startswith("*** word")
    assert len(str(caught.value.message)) <= 1000


def test_no_error_of_the_wire_tells_the_key_or_the_content(call: Caller) -> None:
    content = "".join(["secret", "-content"])
    with pytest.raises(APIConnectionError) as caught:
        call("http://127.0.0.1:1", lambda c: c.files.upload(content.encode()))
    assert KEY not in told(caught.value)
    assert content not in told(caught.value)


def test_no_unreadable_answer_is_quoted(call: Caller) -> None:
    body = b'{"id": {"email": "ann@example.com"}, "object": "secret-object"}'
    with serve(lambda _: Answer(200, body)) as server, pytest.raises(APIResponseError) as caught:
        call(server.url, retrieve)
    assert "ann@example.com" not in told(caught.value)
    assert "secret-object" not in told(caught.value)


STATE = ImportSet(id="impset_1", object="data_management.import_set", status="failed")


@pytest.mark.parametrize(
    "error",
    [
        APIError("no", status=400, operation="x", hint="h", request_id="req_1", param="p"),
        APIError(None, status=400, operation="x"),
        AuthenticationError("no", status=401, operation="x"),
        PermissionDeniedError("no", status=403, operation="x", hint="y"),
        NotFoundError("no", status=404, operation="x"),
        IdempotencyError("no", status=409, operation="x", type="idempotency_error"),
        RateLimitError("no", status=429, operation="x", code="rate_limit"),
        ServerError("no", status=500, operation="x"),
        APIResponseError("no", status=200, operation="x"),
        APIConnectionError("no", operation="x", idempotency_key="k"),
        ImportFailedError(STATE, code="c", message="m"),
        WaitTimeoutError(STATE, 5),
    ],
    ids=lambda error: type(error).__name__,
)
def test_every_error_of_a_call_can_be_copied_and_sent_between_processes(error: Exception) -> None:
    for again in (copy(error), pickle.loads(pickle.dumps(error))):  # noqa: S301
        assert type(again) is type(error)
        assert str(again) == str(error)
        assert again.__dict__ == error.__dict__


# ------------------------------------------------------------------------------------- paths of ids

CALLS = [
    lambda c, x: c.files.download(x, "never"),
    lambda c, x: c.import_sets.create(x, "product_feed"),
    lambda c, x: c.import_sets.retrieve(x),
    lambda c, x: c.import_sets.wait(x),
    lambda c, x: c.catalog_imports.retrieve(x),
    lambda c, x: c.catalog_imports.upload(x, b""),
    lambda c, x: c.catalog_imports.wait(x),
    lambda c, x: c.agreements.create(x),
    lambda c, x: c.agreements.retrieve(x),
    lambda c, x: c.agreements.confirm(x),
    lambda c, x: c.agreements.terminate(x),
    lambda c, x: c.agreements.list(network_business_profile=x),
    lambda c, x: c.events.retrieve(x),
    lambda c, x: c.orders.retrieve(x),
    lambda c, x: c.orders.capture(x),
    lambda c, x: c.orders.refund(x),
    lambda c, x: c.account_sessions.create(x),
]
NO_IDS = ["", ".", "..", "../x", "a/b", "a?b", "a#b", "a%2Fb", "a\r\nb", "a b", "ü", "a\\b"]


@given(st.text(max_size=20) | st.text("aB9_.-/%?# ", max_size=6))
def test_an_id_stands_in_a_path_as_it_is_or_not_at_all(text: str) -> None:
    try:
        found = segment(text, "id")
    except ValueError:
        return
    assert found == text
    assert urlsplit(f"https://x/v1/{found}/y").path == f"/v1/{found}/y"
    assert quote(found, safe="") == found
    assert httpx.URL(f"https://x/v1/{found}/y").raw_path == f"/v1/{found}/y".encode()


@pytest.mark.parametrize("scenario", CALLS)
def test_no_id_can_leave_its_place(
    scenario: Any, call: Caller, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for text in NO_IDS:
        with pytest.raises(ValueError, match="is not an id"):
            call("http://127.0.0.1:1", partial(scenario, x=text))
    with pytest.raises((TypeError, AttributeError)):
        call("http://127.0.0.1:1", partial(scenario, x=5))
    assert list(tmp_path.iterdir()) == []
