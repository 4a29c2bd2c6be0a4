"""The digest of a file's contents."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import IO

import pytest

from agentic_commerce.client._digest import digest

LARGE = Random(0).randbytes(17 << 20)  # shared by two threads


@pytest.mark.parametrize("size", [0, 1, 2, 999, len(LARGE)])
def test_contents_have_one_digest_wherever_they_lie(tmp_path: Path, size: int) -> None:
    path = tmp_path / "catalog.csv"
    path.write_bytes(b"before" + LARGE[:size] + b"after")
    with path.open("rb") as file:
        from_disk = digest(file, 6, size)
    assert from_disk == digest(io.BytesIO(LARGE), 0, size)


def flipped(at: int) -> bytes:
    return LARGE[:at] + bytes([LARGE[at] ^ 1]) + LARGE[at + 1 :]


@pytest.mark.parametrize("at", [0, len(LARGE) // 2 - 1, len(LARGE) // 2, len(LARGE) - 1])
def test_a_bit_anywhere_makes_another_digest(at: int) -> None:
    other = digest(io.BytesIO(flipped(at)), 0, len(LARGE))
    assert other != digest(io.BytesIO(LARGE), 0, len(LARGE))


@pytest.mark.parametrize("opened", [io.BytesIO, lambda contents: None])
def test_a_file_that_became_shorter_is_read_to_its_end(
    tmp_path: Path, opened: Callable[[bytes], IO[bytes] | None]
) -> None:
    path = tmp_path / "catalog.csv"
    path.write_bytes(LARGE)
    with opened(LARGE) or path.open("rb") as file:
        assert digest(file, 0, len(LARGE) + 100) != digest(file, 0, len(LARGE))
