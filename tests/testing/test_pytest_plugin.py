"""The pytest plugin, used as a user would: in a project of its own, and from a built wheel."""

from __future__ import annotations

import re
import subprocess
import sys
import venv
from importlib.metadata import Distribution, distribution
from pathlib import Path
from zipfile import ZipFile

import pytest
import stripe  # noqa: F401 - see FIXTURES
from hatchling.build import build_wheel
from packaging.requirements import Requirement

# Pytester forgets what its tests have loaded. What is loaded here stays, and need not be again.
from agentic_commerce import client, feeds, testing  # noqa: F401
from agentic_commerce.testing import Sandbox  # noqa: F401

pytest_plugins = "pytester"

ROOT = Path(__file__).parents[2]

FIXTURES = """
import asyncio
import json

import pytest

from agentic_commerce import feeds, hooks, testing


def approve(request):
    return hooks.FinalizeCheckoutResponse.approve()


def test_a_sandbox_is_new_for_each_test(stripe_sandbox):
    stripe_sandbox.world("acct_1")
    assert isinstance(stripe_sandbox, testing.Sandbox)
    assert len(stripe_sandbox.worlds) == 1


@pytest.mark.stripe_sandbox(seed=1, index_polls=2)
class TestMarks:
    @pytest.mark.stripe_sandbox(seed=7)
    def test_the_nearest_mark_wins(self, stripe_sandbox):
        assert stripe_sandbox.api_key == testing.Sandbox(seed=7).api_key
        assert stripe_sandbox.index_polls == 2


def test_a_hook_is_signed_by_the_sandbox_or_by_a_secret(
    stripe_sandbox, sign_hook, finalize_checkout_payload
):
    dispatch = hooks.Dispatcher(finalize_checkout=approve)
    body = json.dumps(finalize_checkout_payload)
    for secret in (stripe_sandbox.hook_secret, "whsec_mine"):
        given = None if secret == stripe_sandbox.hook_secret else secret
        endpoint = hooks.HookEndpoint(dispatch, secret)
        header = sign_hook(body, given)
        assert endpoint.respond(body.encode(), {"Stripe-Signature": header}).status == 200


def test_samples_can_be_changed(
    customize_checkout_payload, finalize_checkout_payload, agreement_event_payload, product_row
):
    assert customize_checkout_payload == testing.customize_checkout()
    assert hooks.parse_request(customize_checkout_payload).data.currency == "usd"
    assert customize_checkout_payload(livemode=True)["livemode"] is True
    assert finalize_checkout_payload(context="acct_9")["context"] == "acct_9"
    assert agreement_event_payload["type"].endswith(".confirmed")
    assert agreement_event_payload("created", fetched=True)["data"]["initiated_by"] == "seller"
    assert product_row(3, price="9.90 USD") == feeds.row_from(
        testing.product_cells(3, price="9.90 USD")
    )


def test_the_clients_talk_to_the_sandbox(
    stripe_sandbox, stripe_client, stripe_async_client, tmp_path
):
    catalog = tmp_path / "catalog.csv"
    feeds.write(catalog, [testing.product_row()])
    file = stripe_client.for_account("acct_1").files.upload(catalog)
    again = asyncio.run(stripe_async_client.for_account("acct_1").files.upload(catalog))
    assert {file.id, again.id} == {*stripe_sandbox.world("acct_1").files}
"""

FAILS = """
def test_nothing_is_found(stripe_sandbox, stripe_client):
    stripe_sandbox.purchase("SKU-404", account="acct_1", address="US:CA:94016", endpoint=None)
    stripe_client.for_account("acct_1").import_sets.retrieve("impset_404")


def test_without_a_sandbox():
    assert not "a sandbox"


def test_passes(stripe_sandbox):
    assert stripe_sandbox.requests is not None
"""


def test_the_fixtures_do_what_they_say(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(FIXTURES)
    result = pytester.runpytest("--strict-markers", "-Werror", "-p", "no:randomly")
    result.assert_outcomes(passed=5)


def test_a_failing_test_shows_what_its_sandbox_saw(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(FAILS)
    result = pytester.runpytest("-p", "no:randomly")
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(
        [
            "*- stripe sandbox -*",
            "Stripe sandbox: 1 requests",
            "  GET /v1/data_management/import_sets/impset_404 for acct_1: 404",
            "acct_1: nothing",
            "purchase: failed (unknown_sku)",
            "*_ test_without_a_sandbox _*",
        ]
    )
    assert result.stdout.str().count("- stripe sandbox -") == 1


def test_the_mark_and_the_fixtures_are_documented(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("")
    assert "@pytest.mark.stripe_sandbox(**options)" in pytester.runpytest("--markers").stdout.str()
    shown = pytester.runpytest("--fixtures").stdout.str()
    for name in ("stripe_sandbox", "stripe_client", "stripe_async_client", "product_row"):
        assert f"\n{name} -- " in shown


def test_the_start_of_pytest_loads_none_of_it() -> None:
    # -I -S: what site-packages' own start-up files import is not ours; the paths are put back.
    program = (
        f"import sys; sys.path[:] = {sys.path!r}; import agentic_commerce.testing.pytest_plugin"
    )
    watched = "print(*[m for m in sys.modules if m.startswith(('agentic', 'attr', 'httpx'))])"
    command = [sys.executable, "-I", "-S", "-c", f"{program}; {watched}"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    assert run.stdout.split() == [
        "agentic_commerce",
        "agentic_commerce.testing",
        "agentic_commerce.testing.pytest_plugin",
    ]


# ------------------------------------------------------------------------------------- the wheel


def needed(requirement: str, found: dict[str, Distribution]) -> None:
    """What a distribution needs, and what that needs, without any extra."""
    wanted = Requirement(requirement)
    if wanted.name in found or (wanted.marker and not wanted.marker.evaluate({"extra": ""})):
        return
    found[wanted.name] = distribution(wanted.name)
    for other in found[wanted.name].requires or ():
        needed(other, found)


@pytest.fixture
def python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Python that has pytest, the wheel, and what the wheel says it needs; nothing else."""
    monkeypatch.chdir(ROOT)
    wheel = tmp_path / build_wheel(str(tmp_path))
    home = tmp_path / "venv"
    venv.create(home, symlinks=True)
    (site,) = home.glob("lib/python*/site-packages")
    with ZipFile(wheel) as archive:
        archive.extractall(site)
    (metadata,) = site.glob("agentic_commerce-*.dist-info")
    found: dict[str, Distribution] = {}
    for requirement in [*(Distribution.at(metadata).requires or ()), "pytest"]:
        needed(requirement, found)
    for one in found.values():
        for top in {file.parts[0] for file in one.files or () if file.parts[0] != ".."}:
            if not (site / top).exists():
                (site / top).symlink_to(str(one.locate_file(top)))
    return home / "bin" / "python"


def test_the_wheel_alone_gives_the_fixtures(python: Path, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(FIXTURES)
    program = "import agentic_commerce, importlib.util as u; print(agentic_commerce.__file__,"
    program += "*[u.find_spec(name) for name in ('typer', 'uvicorn', 'starlette', 'django')])"
    where, *extras = pytester.run(python, "-c", program).outlines[0].split()
    assert Path(where).is_relative_to(python.parents[1])
    assert extras == ["None"] * 4
    # Without the cache of rewritten modules, for it would be written where the links lead.
    result = pytester.run(python, "-B", "-m", "pytest", "-Werror", "--strict-markers")
    result.assert_outcomes(passed=5)


# ---------------------------------------------------------------------------------- the tutorial


def test_the_tutorial_works_where_only_the_wheel_is(
    python: Path, pytester: pytest.Pytester
) -> None:
    page = (ROOT / "docs" / "tutorial" / "tested-integration.md").read_text()
    shop, *tests = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert shop.startswith("# shop.py")
    assert tests[0].startswith("# test_shop.py")
    pytester.makepyfile(shop=shop, test_shop="\n\n".join(tests))
    pytester.makepyprojecttoml('[tool.pytest.ini_options]\npythonpath = ["."]')
    result = pytester.run(python, "-B", "-m", "pytest", "-Werror")
    result.assert_outcomes(passed=4)
