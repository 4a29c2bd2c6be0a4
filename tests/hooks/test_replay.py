from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentic_commerce.hooks import MemoryReplayStore


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_an_answer_is_kept_for_its_time_to_live() -> None:
    clock = Clock()
    store = MemoryReplayStore(ttl=10, clock=clock)
    store.put("a", b"1")
    clock.now = 9.9
    assert store.get("a") == b"1"
    clock.now = 10
    assert store.get("a") is None
    assert len(store) == 0


def test_the_oldest_answer_goes_when_there_are_too_many() -> None:
    store = MemoryReplayStore(max_entries=2)
    for key in ("a", "b", "c"):
        store.put(key, key.encode())
    assert [store.get(key) for key in ("a", "b", "c")] == [None, b"b", b"c"]


def test_an_answer_that_is_put_again_is_the_newest() -> None:
    clock = Clock()
    store = MemoryReplayStore(max_entries=2, ttl=10, clock=clock)
    store.put("a", b"1")
    store.put("b", b"1")
    clock.now = 5
    store.put("a", b"2")
    store.put("c", b"1")
    assert [store.get(key) for key in ("a", "b", "c")] == [b"2", None, b"1"]
    clock.now = 12
    assert store.get("a") == b"2"


@pytest.mark.parametrize(
    "options", [{"max_entries": 0}, {"ttl": 0}, {"ttl": -1}, {"ttl": float("nan")}], ids=str
)
def test_a_store_that_could_hold_nothing_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="positive"):
        MemoryReplayStore(**options)


@given(
    steps=st.lists(st.tuples(st.sampled_from("abcde"), st.floats(0, 4)), max_size=40),
    most=st.integers(1, 4),
)
def test_it_never_holds_more_than_it_may_nor_anything_expired(
    steps: list[tuple[str, float]], most: int
) -> None:
    clock = Clock()
    store = MemoryReplayStore(max_entries=most, ttl=10, clock=clock)
    put: dict[str, float] = {}
    for key, wait in steps:
        clock.now += wait
        store.put(key, key.encode())
        put[key] = clock.now
        assert len(store) <= most
        for name, when in put.items():
            if clock.now - when >= 10:
                assert store.get(name) is None
        assert store.get(key) == key.encode()
