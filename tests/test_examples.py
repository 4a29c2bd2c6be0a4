"""The examples run, and the demo says so when something is not as expected."""

from __future__ import annotations

import attrs
import pytest

from examples import demo, demo_hooks, demo_story


def test_the_demo_is_as_expected_and_tells_the_whole_story(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # `make demo` really waits for as long as it says; a test need not.
    monkeypatch.setattr(demo_story, "LIMIT", 1.0)
    monkeypatch.setattr(demo_story, "INDEXING", 0.1)
    monkeypatch.setattr(demo_hooks, "DEADLINE", 0.8)
    monkeypatch.setattr(demo_hooks, "SLOW", 1.0)
    assert demo.main() == 0, capsys.readouterr().out
    shown = capsys.readouterr().out
    steps = [
        "import: succeeded_with_errors",
        "row 5, STOVE-1: price",
        "agreement.confirmed",
        "2 x MUG-1 at 15.00",
        "customize_checkout answered, 200",
        "finalize_checkout answered, 200",
        "the purchase is completed",
        "checkout.session.completed",
        "total USD                                 153.36",
        "the purchase is declined (order_declined)",
        "the purchase is declined (hook_timeout): no reply within 1 s",
    ]
    places = [shown.find(step) for step in steps]
    assert -1 not in places, steps[places.index(-1)]
    assert places == sorted(places)
    for word in ("handled", "replayed", "deadline", "unsupported", "bad_signature", "405"):
        assert word in shown
    assert "…" not in shown, "something was cut off"
    assert max(map(len, shown.splitlines())) <= demo.WIDTH


def test_the_demo_ends_with_1_if_a_reply_differs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = attrs.evolve(demo_hooks.CALLS[0], status=201)
    monkeypatch.setattr(demo, "CHAPTERS", (demo_hooks.hooks_chapter,))
    monkeypatch.setattr(demo_hooks, "CALLS", (wrong,))
    # No slow handler is called here, so there is nothing to wait for.
    monkeypatch.setattr(demo_hooks, "SLOW", -5.0)
    assert demo.main() == 1
    assert "NOT AS EXPECTED" in capsys.readouterr().out


def test_the_demo_ends_with_1_if_the_story_differs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "CHAPTERS", (demo_story.story_chapter,))
    monkeypatch.setattr(demo_story, "LIMIT", 1.0)
    monkeypatch.setattr(demo_story, "INDEXING", 0.1)
    monkeypatch.setattr(demo_story, "REFUSED", {})
    assert demo.main() == 1
    assert "NOT AS EXPECTED: the rows {} are refused" in capsys.readouterr().out
