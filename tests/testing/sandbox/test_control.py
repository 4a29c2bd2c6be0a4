"""Another process tells a served sandbox's agent to act."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from agentic_commerce import hooks, testing
from agentic_commerce.testing.sandbox import Request, Response, Sandbox, told
from agentic_commerce.testing.sandbox._control import control

ACCOUNT = "acct_1"
PURCHASE = {"account": ACCOUNT, "address": "US:CA:94016", "items": [["SKU-1", 2]]}


@pytest.fixture
def sandbox() -> Sandbox:
    made = Sandbox()
    made.stock(testing.product_row(1), account=ACCOUNT)
    return made


def ask(
    sandbox: Sandbox, path: str, body: Any = None, key: str | None = None, method: str = "POST"
) -> Response:
    headers = {
        "Authorization": f"Bearer {key or sandbox.api_key}",
        "Content-Type": "application/json",
    }
    content = b"" if body is None else json.dumps(body).encode()
    return control(sandbox, Request(method=method, path=path, headers=headers, body=content))


def test_an_agent_buys(sandbox: Sandbox) -> None:
    options = {"automatic_tax": True, "tax_percentage": "8.5", "shipping_service": "Express"}
    found = ask(sandbox, "/sandbox/purchases", PURCHASE | options).json()
    assert (found["status"], found["code"], found["calls"]) == ("completed", None, [])
    assert found["totals"]["amount_total"] == 4000 + 340 + 1500
    assert found["order"]["session"] in sandbox.world(ACCOUNT).sessions
    assert found["order"]["lines"] == [
        {"sku": "SKU-1", "name": "Product 1", "quantity": 2, "amount_subtotal": 4000}
    ]
    assert [str(seen) for seen in sandbox.requests] == ["POST /sandbox/purchases: 200"]


def test_what_is_told_of_a_call_is_no_buyers_data(sandbox: Sandbox) -> None:
    def bad(body: bytes, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        return 200, {}, b'{"manual_approval_details": {"type": "declined"}}'

    result = sandbox.purchase(
        "SKU-1", account=ACCOUNT, address="US:CA:94016", endpoint=bad, toggles=["order_approvals"]
    )
    found = told(result)
    (call,) = found["calls"]
    assert (call["outcome"], call["status"], call["attempt"]) == ("refused", 200, 1)
    assert call["issues"][0]["path"] == "$.manual_approval_details.declined"
    assert found["order"] is None
    assert "Rosen" not in json.dumps(found)


def test_the_agents_side_of_an_agreement(sandbox: Sandbox) -> None:
    proposed = ask(sandbox, "/sandbox/agreements/propose", {"account": ACCOUNT}).json()
    agreements = sandbox.client(ACCOUNT).agreements
    assert agreements.confirm(proposed["agreement"]).status == "confirmed"
    asked = agreements.create("profile_somebody")
    agreements.confirm(asked.id)
    assert ask(sandbox, "/sandbox/agreements/confirm", {"agreement": asked.id}).status == 200
    assert agreements.retrieve(asked.id).status == "confirmed"
    assert ask(sandbox, "/sandbox/agreements/terminate", {"agreement": asked.id}).status == 200
    assert agreements.retrieve(asked.id).status == "terminated"


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        pytest.param("purchases", {"items": []}, "needs account, address", id="too little"),
        pytest.param("purchases", PURCHASE | {"buyer": {}}, "no 'buyer'", id="unknown"),
        pytest.param("purchases", PURCHASE | {"items": [["SKU-1", 0]]}, "1 or more", id="none"),
        pytest.param("purchases", PURCHASE | {"items": 5}, "not iterable", id="no list"),
        pytest.param(
            "purchases", PURCHASE | {"endpoint": "http://h.example/"}, "this machine", id="far"
        ),
        pytest.param("purchases", PURCHASE | {"tax_percentage": "x"}, "", id="no number"),
        pytest.param("purchases", PURCHASE | {"address": "US:CA:9:9"}, "", id="no address"),
        pytest.param("agreements/propose", {"account": 5}, "acct_1", id="no account"),
        pytest.param("agreements/confirm", {"agreement": "orca_1"}, "no such", id="unknown id"),
        pytest.param("agreements/confirm", ["orca_1"], "not a JSON object", id="a list"),
    ],
)
def test_what_cannot_begin_is_400(sandbox: Sandbox, path: str, body: Any, said: str) -> None:
    answer = ask(sandbox, f"/sandbox/{path}", body)
    assert answer.status == 400
    assert said in answer.json()["error"]["message"]


def test_a_key_and_a_known_path_are_needed(sandbox: Sandbox) -> None:
    assert ask(sandbox, "/sandbox/purchases", PURCHASE, key="sk_test_other").status == 401
    assert ask(sandbox, "/sandbox/purchases", method="GET").status == 404
    assert ask(sandbox, "/sandbox/nothing").status == 404


def test_over_http_the_hooks_may_call_the_sandbox(sandbox: Sandbox) -> None:
    # A purchase holds no lock while a hook is called: here the hook looks an order up.
    from examples.local_server import serving  # noqa: PLC0415 - this test alone needs a platform

    def decide(request: hooks.FinalizeCheckoutRequest) -> hooks.FinalizeCheckoutResponse:
        headers = {"Authorization": f"Bearer {sandbox.api_key}", "Stripe-Account": ACCOUNT}
        seen = httpx.get(f"{server.url}/v1/checkout/sessions", headers=headers, trust_env=False)
        assert seen.status_code == 200
        return hooks.FinalizeCheckoutResponse.approve()

    dispatch = hooks.Dispatcher(finalize_checkout=decide)
    endpoint = hooks.HookEndpoint(dispatch, sandbox.hook_secret)
    with sandbox.serve() as server, serving(endpoint.wsgi) as url:
        sandbox.hook_url = f"{url}/hooks"
        answer = httpx.post(
            f"{server.url}/sandbox/purchases",
            json=PURCHASE | {"toggles": ["order_approvals"]},
            headers={"Authorization": f"Bearer {sandbox.api_key}"},
            trust_env=False,
        )
    assert answer.json()["status"] == "completed", answer.text
    assert len(answer.json()["calls"]) == 1
