"""The lines of the how-tos mount one endpoint in the real frameworks.

Each test runs the very lines that docs/howto/mount-in-*.md shows, so what is documented is tested.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import django
import fastapi
import flask
import httpx
import pytest
from django import conf  # not conf.settings: doctest would look into that lazy object
from django.test import AsyncClient, Client
from django.test.utils import override_settings
from starlette.routing import Route

from agentic_commerce import hooks, testing

HOWTO = Path(__file__).parents[2] / "docs" / "howto"
SECRET = "whsec_test"
BODY = json.dumps(testing.finalize_checkout()).encode()
APPROVED = {"manual_approval_details": {"type": "approved"}}


def approve(request: hooks.FinalizeCheckoutRequest) -> hooks.FinalizeCheckoutResponse:
    return hooks.FinalizeCheckoutResponse.approve()


async def approve_async(request: hooks.FinalizeCheckoutRequest) -> hooks.FinalizeCheckoutResponse:
    await asyncio.sleep(0)
    return approve(request)


Handler = Callable[[hooks.FinalizeCheckoutRequest], Any]
# What a client of any framework is to these tests: (method, path, headers) -> (status, body).
Ask = Callable[[str, str, dict[str, str]], tuple[int, bytes]]


def endpoint(handler: Handler) -> hooks.HookEndpoint:
    return hooks.HookEndpoint(hooks.Dispatcher(finalize_checkout=handler), SECRET)


def run_documented_lines(page: str, name: str, **names: Any) -> dict[str, Any]:
    """Run the block of a how-to that begins with ``# name``, in a namespace of these names."""
    blocks = re.findall(
        r"^```python\n(.*?)^```", (HOWTO / page).read_text(), re.DOTALL | re.MULTILINE
    )
    (block,) = [block for block in blocks if block.startswith(f"# {name}\n")]
    lines = [line for line in block.splitlines()[1:] if line.strip()]
    assert len(lines) <= 5, f"{page} promises five lines"
    names["__name__"] = "shop"
    exec(block, names)  # noqa: S102 - the documentation's own lines
    return names


def signed(body: bytes = BODY, secret: str = SECRET) -> dict[str, str]:
    return {"Stripe-Signature": testing.sign(body, secret)}


# ------------------------------------------------------------------------------- the frameworks


def flask_app(handler: Handler) -> Ask:
    app = flask.Flask("shop")
    page = "mount-in-flask.md"
    run_documented_lines(page, "mount", app=app, endpoint=endpoint(handler), request=flask.request)
    client = app.test_client()

    def ask(method: str, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
        reply = client.open(path, method=method, data=BODY, headers=headers)
        return reply.status_code, reply.data

    return ask


def flask_under_wsgi(handler: Handler) -> Ask:
    from werkzeug.middleware.dispatcher import DispatcherMiddleware  # noqa: PLC0415

    app = flask.Flask("shop")
    names = {"DispatcherMiddleware": DispatcherMiddleware}
    page = "mount-in-flask.md"
    run_documented_lines(page, "mount beside", app=app, endpoint=endpoint(handler), **names)
    client = app.test_client()

    def ask(method: str, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
        reply = client.open(path, method=method, data=BODY, headers=headers)
        return reply.status_code, reply.data

    return ask


def fastapi_app(handler: Handler) -> Ask:
    app = fastapi.FastAPI()
    names = {"app": app, "endpoint": endpoint(handler), "Route": Route}
    run_documented_lines("mount-in-fastapi.md", "mount", **names)

    async def call(method: str, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
            reply = await client.request(method, path, content=BODY, headers=headers)
        return reply.status_code, reply.content

    return lambda *question: asyncio.run(call(*question))


def django_site(block: str, handler: Handler) -> AbstractContextManager[None]:
    """Django with the documented view, and the middleware of a default project that matters."""
    if not conf.settings.configured:
        conf.settings.configure(ALLOWED_HOSTS=["testserver"])
        django.setup()
    from django.http import HttpResponse  # noqa: PLC0415 - Django wants settings first
    from django.urls import path  # noqa: PLC0415
    from django.views.decorators.csrf import csrf_exempt  # noqa: PLC0415
    from django.views.decorators.http import require_POST  # noqa: PLC0415

    view = run_documented_lines(
        "mount-in-django.md",
        block,
        endpoint=endpoint(handler),
        HttpResponse=HttpResponse,
        csrf_exempt=csrf_exempt,
        require_POST=require_POST,
    )["stripe_hooks"]

    class Urls:
        urlpatterns = [path("hooks", view)]

    settings: AbstractContextManager[None] = override_settings(
        ROOT_URLCONF=Urls,
        MIDDLEWARE=[
            "django.middleware.common.CommonMiddleware",  # the one that redirects to a slash
            "django.middleware.csrf.CsrfViewMiddleware",
        ],
    )
    return settings


def django_app(handler: Handler) -> Ask:
    def ask(method: str, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
        with django_site("mount", handler):
            client = Client(enforce_csrf_checks=True)
            reply = client.generic(method, path, BODY, "application/json", headers=headers)
        return reply.status_code, reply.content

    return ask


def django_async_app(handler: Handler) -> Ask:
    async def call(method: str, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
        client = AsyncClient(enforce_csrf_checks=True)
        reply = await client.generic(method, path, BODY, "application/json", headers=headers)
        return reply.status_code, reply.content

    def ask(*question: Any) -> tuple[int, bytes]:
        with django_site("mount async", handler):
            return asyncio.run(call(*question))

    return ask


MOUNTED = [
    pytest.param((flask_app, approve), id="flask"),
    pytest.param((flask_under_wsgi, approve), id="flask, beside the app"),
    pytest.param((fastapi_app, approve), id="fastapi, sync handler"),
    pytest.param((fastapi_app, approve_async), id="fastapi, async handler"),
    pytest.param((django_app, approve), id="django"),
    pytest.param((django_async_app, approve), id="django async view, sync handler"),
    pytest.param((django_async_app, approve_async), id="django async view, async handler"),
]


@pytest.fixture(params=MOUNTED)
def ask(request: pytest.FixtureRequest) -> Ask:
    app, handler = request.param
    mounted: Ask = app(handler)
    return mounted


# ------------------------------------------------------------------------------------- the claims


def test_a_signed_hook_gets_the_handlers_answer_without_a_redirect(ask: Ask) -> None:
    status, body = ask("POST", "/hooks", signed())
    assert (status, json.loads(body)) == (200, APPROVED)


def test_a_bad_signature_is_refused(ask: Ask) -> None:
    status, body = ask("POST", "/hooks", signed(secret="whsec_other"))
    assert status == 400
    assert json.loads(body)["error"]["code"] == "bad_signature"


def test_a_get_is_not_allowed(ask: Ask) -> None:
    status, _ = ask("GET", "/hooks", {})
    assert status == 405


def test_an_async_handler_is_refused_where_nothing_can_await_it() -> None:
    with pytest.raises(TypeError, match=r"mount the \.asgi door"):
        flask_under_wsgi(approve_async)
