"""The clock, the ids, the bytes, the forms: what the rest stands on."""

from __future__ import annotations

import gc
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentic_commerce.testing.sandbox import Clock, Request, Response, Sandbox
from agentic_commerce.testing.sandbox._blob import IN_MEMORY, Blob, Spool
from agentic_commerce.testing.sandbox._clock import Ids
from agentic_commerce.testing.sandbox._forms import Upload, parameters, read_body
from agentic_commerce.testing.sandbox._wire import Refusal


def test_the_clock_stands_still_until_it_is_told_to_advance() -> None:
    clock = Clock()
    before = clock.now()
    assert clock.now() == before
    clock.advance(90)
    assert clock.now() == before + 90


def test_the_clock_never_runs_backwards() -> None:
    for seconds in (-1, float("nan")):
        with pytest.raises(ValueError, match="put ahead"):
            Clock().advance(seconds)


def test_a_real_clock_runs_with_the_system_and_can_be_put_ahead() -> None:
    clock = Clock(real=True)
    assert abs(clock.now() - time.time()) < 60
    clock.advance(3600)
    assert clock.now() - time.time() > 3500


def test_ids_repeat_for_a_seed_and_differ_between_seeds() -> None:
    one, same, other = (Ids(seed).new("cs_test") for seed in (1, 1, 2))
    assert one == same != other
    assert Ids(3).fraction() == Ids(3).fraction() < 1


def test_a_run_repeats_to_the_last_id() -> None:
    one, other = Sandbox(seed=4), Sandbox(seed=4)
    assert (one.api_key, one.hook_secret) == (other.api_key, other.hook_secret)
    assert one.hook_secret != one.event_secret


# ------------------------------------------------------------------------------------------- bytes


def spooled(content: bytes, piece: int) -> Blob:
    spool = Spool()
    for start in range(0, len(content), piece):
        spool.write(content[start : start + piece])
    return spool.blob()


@pytest.mark.parametrize("size", [0, 10, IN_MEMORY + 10], ids=["empty", "in memory", "in a file"])
def test_a_blob_is_the_bytes_that_were_written(size: int) -> None:
    content = bytes(n % 251 for n in range(size))
    blob = spooled(content, 70_000)
    assert blob.size == size
    assert blob.read() == content
    assert b"".join(blob.pieces()) == content
    assert blob.open("a.csv").read() == content
    assert blob.digest() == Blob(content).digest()
    assert repr(blob) == f"<Blob of {size} bytes>"


def test_a_part_of_a_blob_is_found_and_cut_out_and_cut_again() -> None:
    content = b"x" * IN_MEMORY + b"head|body|tail"
    for blob in (Blob(content), spooled(content, 100_000)):
        start = blob.find(b"|") + 1
        part = blob.part(start, blob.find(b"|", start))
        assert part.read() == b"body"
        assert part.find(b"|") == -1
        assert part.part(1, 3).read() == b"od"
        assert part.read(1, 99) == b"ody"


def test_a_reader_gives_bytes_as_a_file_does() -> None:
    reader = Blob(b"abcdef").open("feed.tsv")
    assert (reader.name, reader.read(0), reader.read(4), reader.read(4)) == (
        "feed.tsv",
        b"",
        b"abcd",
        b"ef",
    )
    assert reader.read() == b""


def test_temporary_files_are_closed_when_nobody_needs_them() -> None:
    blob = spooled(b"x" * (IN_MEMORY + 1), IN_MEMORY)
    part = blob.part(0, 5)
    del blob
    gc.collect()
    assert part.read() == b"xxxxx"
    del part
    gc.collect()  # an unclosed file would be a ResourceWarning, and so an error
    spool = Spool()
    spool.write(b"x" * (IN_MEMORY + 1))
    spool.close()
    Spool().close()


# ------------------------------------------------------------------------------------------- forms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=1&b=2", {"a": "1", "b": "2"}),
        ("expand[]=x&expand[]=y", {"expand": ["x", "y"]}),
        ("expand[1]=y&expand[0]=x", {"expand": ["x", "y"]}),
        ("created[gt]=5", {"created": {"gt": "5"}}),
        ("c[s][enabled]=true&c[s][f]=", {"c": {"s": {"enabled": "true", "f": ""}}}),
        ("name=a%20b%26c", {"name": "a b&c"}),
        (f"a[{'9' * 5000}]=1", {"a": {"9" * 5000: "1"}}),  # no number that Python would read
        ("", {}),
    ],
)
def test_nested_forms_are_read(text: str, expected: object) -> None:
    assert parameters(text) == expected


def test_a_name_that_is_a_value_and_an_object_is_refused() -> None:
    with pytest.raises(Refusal, match="Invalid parameter name"):
        parameters("a=1&a[b]=2")


@given(
    st.dictionaries(
        st.text("abc", min_size=1),
        st.text() | st.dictionaries(st.text("xyz", min_size=1), st.text(), min_size=1),
    )
)
def test_what_a_client_writes_into_a_form_is_what_is_read(value: dict[str, object]) -> None:
    from urllib.parse import urlencode  # noqa: PLC0415 - the law's other half

    pairs = [
        (f"{name}[{inner}]", text)
        for name, given in value.items()
        if isinstance(given, dict)
        for inner, text in given.items()
    ] + [(name, given) for name, given in value.items() if isinstance(given, str)]
    assert parameters(urlencode(pairs)) == value


def form(*parts: bytes, boundary: str = "b", end: bytes = b"--b--\r\n") -> Request:
    body = b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + end
    kind = f"multipart/form-data; boundary={boundary}" if boundary else "multipart/form-data"
    return Request(method="POST", path="/v1/files", headers={"Content-Type": kind}, body=body)


def test_a_multipart_form_has_texts_and_files() -> None:
    found = read_body(
        form(
            b'Content-Disposition: form-data; name="purpose"\r\n\r\nfeed',
            b'Content-Disposition: form-data; name="file"; filename="a.csv"\r\n'
            b"Content-Type: text/csv; charset=utf-8\r\n\r\nid\r\n--not a boundary\r\nA",
        )
    )
    assert found["purpose"] == "feed"
    upload = found["file"]
    assert isinstance(upload, Upload)
    assert (upload.filename, upload.content_type) == ("a.csv", "text/csv")
    assert upload.content.read() == b"id\r\n--not a boundary\r\nA"


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (form(boundary=""), "boundary is missing"),
        (form(b'Content-Disposition: form-data; name="a"\r\n\r\n1', end=b""), "cut off"),
        (form(b'Content-Disposition: form-data; name="a"', end=b"--b--"), "cut off"),
        (form(b"A: b\r\n"), "cut off"),
        (form(b"no header", b"A: b\r\n\r\n1"), "no header"),
        (form(b"A: b\r\n\r\n1"), "no name"),
        (form(boundary="other"), "cut off"),
    ],
    ids=[
        "no boundary",
        "not closed",
        "header only",
        "no body",
        "part without header",
        "no name",
        "another",
    ],
)
def test_a_form_that_is_no_form_is_refused(request_: Request, message: str) -> None:
    with pytest.raises(Refusal, match=message):
        read_body(request_)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v2/x", b"{"),
        ("/v2/x", b"[1]"),
        ("/v2/x", b"\xff"),
        ("/v2/x", b"[" * 100_000),
        ("/v1/x", b"a=\xff"),
    ],
    ids=["cut off", "a list", "not UTF-8", "deep", "a form that is not UTF-8"],
)
def test_a_body_that_cannot_be_read_is_refused(path: str, body: bytes) -> None:
    with pytest.raises(Refusal):
        read_body(Request(method="POST", path=path, body=body))


def test_json_is_read_for_v2_and_where_it_says_so() -> None:
    kind = {"Content-Type": "application/json; charset=utf-8"}
    for path, headers in (("/v2/x", {}), ("/v1/x", kind)):
        request = Request(method="POST", path=path, headers=headers, body=b'{"a": [1]}')
        assert read_body(request) == {"a": [1]}


def test_neither_keys_nor_bodies_are_shown() -> None:
    request = Request(
        method="POST",
        path="/v1/x",
        query="email=jenny@example.com",
        headers={"Authorization": "Bearer sk_test_1"},
        body=b"jenny",
    )
    shown = repr(request) + repr(Response(status=200, body=b"jenny"))
    assert "sk_test" not in shown
    assert "jenny" not in shown
