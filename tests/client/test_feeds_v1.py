"""Files and import sets (v1)."""

from __future__ import annotations

import io
import os
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from agentic_commerce import ImportFailedError, WaitTimeoutError, feeds
from agentic_commerce.client._files import Content, opened, store
from agentic_commerce.client._imports import MAX_BYTES, upload_file
from agentic_commerce.client._setup import Setup
from agentic_commerce.client._wire import Upload, content_type_of
from tests.client.server import KEY, Answer, Caller, answer, sequence, serve

FEED = b"id,price\nSKU-1,15.00 USD\n"
FILE = {"id": "file_1", "object": "file", "purpose": "data_management_manual_upload", "size": 25}


def import_set(status: str = "pending", **more: Any) -> dict[str, Any]:
    return {"id": "impset_1", "object": "data_management.import_set", "status": status, **more}


def parts(body: bytes, content_type: str) -> list[tuple[str, bytes]]:
    """The head and the content of each part of a form."""
    found = re.fullmatch(r"multipart/form-data; boundary=(\S+)", content_type)
    assert found
    boundary = found[1].encode()
    first, *between, last = body.split(b"--" + boundary)
    assert (first, last) == (b"", b"--\r\n")
    pairs = [part[2:-2].split(b"\r\n\r\n", 1) for part in between]
    return [(head.decode(), content) for head, content in pairs]


def upload(call: Caller, source: Any, **options: Any) -> tuple[Any, list[tuple[str, bytes]], Any]:
    with serve(lambda _: answer(FILE)) as server:
        file = call(server.url, lambda c: c.files.upload(source, **options), account="acct_1")
    [seen] = server.seen
    return file, parts(seen.body, seen.headers["content-type"]), seen


def test_a_file_is_uploaded_as_a_form_with_its_length_and_its_type(
    call: Caller, tmp_path: Path
) -> None:
    path = tmp_path / 'my "feed".tsv'
    path.write_bytes(FEED)
    file, [(purpose, word), (head, content)], seen = upload(call, path)
    assert file.id == "file_1"
    assert (seen.method, seen.path) == ("POST", "/v1/files")
    assert seen.headers["content-length"] == str(len(seen.body))
    assert seen.headers["stripe-account"] == "acct_1"
    assert purpose == 'Content-Disposition: form-data; name="purpose"'
    assert word == b"data_management_manual_upload"
    assert head.splitlines() == [
        'Content-Disposition: form-data; name="file"; filename="my %22feed%22.tsv"',
        "Content-Type: text/tab-separated-values",
    ]
    assert content == FEED


class Pipe(io.RawIOBase):
    """Bytes that cannot be sought."""

    def __init__(self) -> None:
        self._inner = io.BytesIO(FEED)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._inner.readinto(buffer)


@pytest.mark.parametrize(
    "make",
    [lambda: FEED, lambda: bytearray(FEED), lambda: io.BytesIO(FEED), lambda: Pipe()],
    ids=["bytes", "bytearray", "file", "pipe"],
)
def test_any_source_of_bytes_is_uploaded_whole(call: Caller, make: Any) -> None:
    _, [_, (head, content)], _ = upload(call, make(), content_type="text/plain")
    assert content == FEED
    assert 'filename="feed.csv"' in head
    assert "Content-Type: text/plain" in head


def test_a_callers_file_is_sent_from_where_it_stands_and_stays_open(call: Caller) -> None:
    file = io.BytesIO(b"skip me" + FEED)
    file.seek(7)
    _, [_, (_, content)], _ = upload(call, file)
    assert content == FEED
    assert not file.closed


def test_a_file_that_is_open_as_text_is_refused(call: Caller) -> None:
    with pytest.raises(TypeError, match="'rb'"):
        call("http://127.0.0.1:1", lambda c: c.files.upload(io.StringIO("id")))


def test_a_feed_for_which_v1_has_no_format_is_refused(call: Caller) -> None:
    form: Any = feeds.PRICING.v1_format
    with pytest.raises(TypeError, match="standard_data_format"):
        call("http://127.0.0.1:1", lambda c: c.import_sets.create("file_1", form))


def test_all_that_is_asked_of_a_file_is_to_be_read(call: Caller) -> None:
    class Stream:
        read = io.BytesIO(FEED).read

    _, [_, (_, content)], _ = upload(call, Stream())
    assert content == FEED


@pytest.mark.parametrize("source", [None, 3, {"a": b"b"}, [b"id"]])
def test_a_source_that_is_none_is_refused(call: Caller, source: Any) -> None:
    with pytest.raises(TypeError, match="a path, bytes, or a file open for bytes"):
        call("http://127.0.0.1:1", lambda c: c.files.upload(source))


def test_a_file_that_is_not_there_is_an_os_error(call: Caller, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        call("http://127.0.0.1:1", lambda c: c.files.upload(tmp_path / "none.csv"))


@pytest.mark.parametrize("kind", ["", "csv", "text/csv\r\nX: y", "text/ü"])
def test_a_type_that_could_end_its_header_is_refused(call: Caller, kind: str) -> None:
    with pytest.raises(ValueError, match="MIME type"):
        call("http://127.0.0.1:1", lambda c: c.files.upload(FEED, content_type=kind))


@pytest.mark.parametrize("key", ["", "a b", "a\r\nX: y", "ü", "x" * 256])
def test_a_key_that_could_end_its_header_is_refused(call: Caller, key: str) -> None:
    with pytest.raises(ValueError, match="idempotency_key"):
        call("http://127.0.0.1:1", lambda c: c.files.upload(FEED, idempotency_key=key))


def test_a_name_that_is_no_text_is_sent_as_far_as_it_is_one(call: Caller, tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.csv"))
    path.write_bytes(FEED)
    _, [_, (head, _)], _ = upload(call, path)
    assert 'filename="caf?.csv"' in head


def test_more_than_200_megabytes_are_refused_before_anything_is_sent() -> None:
    upload = Upload(file=io.BytesIO(), start=0, size=MAX_BYTES + 1)
    content = Content(upload=upload, name="feed.csv", content_type="text/csv")
    with pytest.raises(ValueError, match=r"feeds\.split"):
        next(upload_file(Setup(api_key=KEY), content, None))


def test_a_file_that_never_changes_in_memory_has_no_stamp_and_one_on_a_disk_has() -> None:
    with opened(FEED) as content:
        assert content.upload.stamp is None
    with opened(__file__) as content:
        assert content.upload.stamp is not None


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.csv", "text/csv"),
        ("a.CSV", "text/csv"),
        ("a.tsv", "text/tab-separated-values"),
        ("a.tab", "text/tab-separated-values"),
        ("a.txt", "text/plain"),
        ("a", "text/csv"),
    ],
)
def test_the_type_goes_by_the_extension(name: str, kind: str) -> None:
    assert content_type_of(name) == kind


# --------------------------------------------------------------------------------------- downloads


def _download(client: Any, target: Any) -> Any:
    return client.files.download("file_1", target)


def test_a_download_goes_to_a_path_or_a_file(call: Caller, tmp_path: Path) -> None:
    path, file = tmp_path / "errors.csv", io.BytesIO()
    with serve(lambda _: Answer(200, FEED)) as server:
        sizes = [call(server.url, partial(_download, target=target)) for target in (path, file)]
    assert sizes == [len(FEED)] * 2
    assert path.read_bytes() == file.getvalue() == FEED
    assert server.seen[0].path == "/v1/files/file_1/contents"
    assert server.seen[0].headers["accept"] == "*/*"
    assert os.listdir(tmp_path) == ["errors.csv"]  # noqa: PTH208


def test_a_target_gets_the_whole_file_or_nothing(tmp_path: Path) -> None:
    target, file = tmp_path / "errors.csv", io.BytesIO()
    target.write_bytes(b"before")
    for where in (target, file):
        with pytest.raises(KeyboardInterrupt), store(where) as sink:  # noqa: PT012
            sink.write(b"half of it")
            raise KeyboardInterrupt
    assert target.read_bytes() == b"before"
    assert file.getvalue() == b""
    assert os.listdir(tmp_path) == ["errors.csv"]  # noqa: PTH208


def test_a_link_stays_a_link_and_a_pipe_a_pipe(tmp_path: Path) -> None:
    real, link, pipe = (tmp_path / name for name in ("real", "link", "pipe"))
    link.symlink_to(real)
    os.mkfifo(pipe)
    with store(link) as sink:
        sink.write(b"whole")
    assert (link.is_symlink(), real.read_bytes()) == (True, b"whole")
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit(pipe.read_bytes)
        with store(pipe) as sink:
            sink.write(b"cut")
            sink.seek(0)
            sink.truncate()  # as a second try begins
            sink.write(b"whole")
        assert (read.result(), pipe.is_fifo()) == (b"whole", True)


def test_a_file_that_is_replaced_keeps_its_mode(tmp_path: Path) -> None:
    target = tmp_path / "errors.csv"
    target.write_bytes(b"before")
    target.chmod(0o640)
    with store(target) as sink:
        sink.write(FEED)
    assert target.read_bytes() == FEED
    assert target.stat().st_mode & 0o777 == 0o640


def test_a_directory_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), store(tmp_path / "none" / "errors.csv"):
        raise AssertionError("the file was opened")


def test_what_an_earlier_try_left_is_not_part_of_a_download(call: Caller) -> None:
    file = io.BytesIO()
    handle = sequence(Answer(200, b"x" * 500, length=1000), Answer(200, FEED))
    with serve(handle) as server:
        size = call(server.url, lambda c: c.files.download("file_1", file))
    assert (size, file.getvalue()) == (len(FEED), FEED)


# ------------------------------------------------------------------------------------- import sets


def test_an_import_set_is_created_and_followed_to_its_end(call: Caller) -> None:
    result = {"errors": {"file": "file_2", "row_count": 1}, "rows_processed": 3}
    end = import_set("succeeded_with_errors", created=1_800_000_000, result=result)
    states = sequence(answer(import_set()), answer(import_set("thinking")), answer(end))
    seen = []
    with serve(states) as server:
        made = call(
            server.url,
            lambda c: c.import_sets.create("file_1", str(feeds.PRODUCT.v1_format)),
            account="acct_1",
        )
        done = call(
            server.url,
            lambda c: c.import_sets.wait(made, progress=lambda state: seen.append(state.status)),
        )
    assert not made.is_terminal
    assert done.is_terminal
    assert (done.result.rows_processed, done.result.errors.row_count) == (3, 1)
    assert done.result.successes.row_count == 0
    assert seen == ["thinking", "succeeded_with_errors"]
    create = server.seen[0]
    assert create.form == [("file", "file_1"), ("standard_data_format", feeds.PRODUCT.v1_format)]
    assert create.headers["stripe-version"] == "2025-09-30.clover;udap_beta=v1"
    assert create.headers["stripe-account"] == "acct_1"


def test_a_file_can_be_given_as_it_was_uploaded_and_a_set_be_retrieved(call: Caller) -> None:
    with serve(sequence(answer(FILE), answer(import_set()))) as server:
        file = call(server.url, lambda c: c.files.upload(FEED))
        call(server.url, lambda c: c.import_sets.create(file, "inventory_feed"))
        found = call(server.url, lambda c: c.import_sets.retrieve("impset_1"))
    assert server.seen[1].form[0] == ("file", "file_1")
    assert found.id == "impset_1"


@pytest.mark.parametrize("status", ["pending_archive", "archived", "succeeded"])
def test_every_documented_status_but_pending_is_an_end(call: Caller, status: str) -> None:
    with serve(lambda _: answer(import_set(status))) as server:
        assert call(server.url, lambda c: c.import_sets.wait("impset_1")).status == status


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("bad header", "import impset_1 failed: bad header"),
        (f"asked with {KEY}", "import impset_1 failed: asked with ***"),
        (None, "import impset_1 failed"),
    ],
)
def test_a_failed_set_raises_what_stripe_said(call: Caller, reason: Any, text: str) -> None:
    state = import_set("failed", failed_reason=reason)
    with serve(lambda _: answer(state)) as server, pytest.raises(ImportFailedError) as caught:
        call(server.url, lambda c: c.import_sets.wait("impset_1"))
    assert str(caught.value) == text
    assert caught.value.state.raw == state
    assert KEY not in repr(caught.value)


def test_a_wait_that_is_over_holds_the_last_state(call: Caller) -> None:
    with serve(lambda _: answer(import_set())) as server, pytest.raises(WaitTimeoutError) as caught:
        call(server.url, lambda c: c.import_sets.wait("impset_1", timeout=100, poll_interval=40))
    assert str(caught.value) == "import impset_1 is pending after 100 s; wait again"
    assert sum(call.clock.slept) == pytest.approx(100)


def test_threads_share_one_client() -> None:
    from agentic_commerce import Client  # noqa: PLC0415

    def handle(seen: Any) -> Any:
        return answer(import_set(seen.headers["stripe-account"]))

    found: dict[str, list[str]] = {}
    with serve(handle) as server, Client(KEY, api_url=server.url) as client:

        def work(account: str) -> None:
            view = client.for_account(account)
            states = [view.import_sets.retrieve("impset_1") for _ in range(10)]
            found[account] = [str(state.status) for state in states]

        threads = [threading.Thread(target=work, args=(f"acct_{n}",)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == {f"acct_{n}": [f"acct_{n}"] * 10 for n in range(8)}
