"""The examples run, and the demo says so when something is not as expected."""

from __future__ import annotations

import attrs
import pytest

from examples import demo, demo_hooks


def test_the_demo_is_as_expected_and_shows_every_kind_of_reply(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert demo.main() == 0
    shown = capsys.readouterr().out
    for word in ("handled", "replayed", "deadline", "unsupported", "bad_signature", "405"):
        assert word in shown
    assert "…" not in shown, "something was cut off"
    assert max(map(len, shown.splitlines())) <= demo.WIDTH


def test_the_demo_ends_with_1_if_a_reply_differs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = attrs.evolve(demo_hooks.CALLS[0], status=201)
    monkeypatch.setattr(demo_hooks, "CALLS", (wrong,))
    # No slow handler is called here, so there is nothing to wait for.
    monkeypatch.setattr(demo_hooks, "SLOW", -5.0)
    assert demo.main() == 1
    assert "NOT AS EXPECTED" in capsys.readouterr().out
