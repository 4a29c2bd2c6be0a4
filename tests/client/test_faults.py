"""What can go wrong on the wire, met on a real one."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import anyio
import httpx
import pytest
from pytest_httpx import HTTPXMock

from agentic_commerce import (
    AgenticCommerceError,
    APIConnectionError,
    APIError,
    AsyncClient,
    Client,
    RateLimitError,
    ServerError,
)
from agentic_commerce.client._download import download_url, follow
from agentic_commerce.client._setup import Setup
from agentic_commerce.client._shell import _FAULTS, _REASONS
from agentic_commerce.client._wire import Moment, Reply, Request
from tests.client.server import (
    KEY,
    Answer,
    Caller,
    Drop,
    FakeClock,
    Hold,
    Reaction,
    Reset,
    Seen,
    Stall,
    answer,
    problem,
    sequence,
    serve,
)

FILE = {"id": "file_1", "object": "file"}
SET = {"id": "impset_1", "object": "data_management.import_set", "status": "pending"}
BIG = b"SKU-1,15.00 USD\n" * 500_000  # more than the buffers of two sockets hold


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """What held connections wait for."""
    event = threading.Event()
    yield event
    event.set()


def create(client: Any) -> Any:
    return client.import_sets.create("file_1", "product_feed")


def retrieve(client: Any) -> Any:
    return client.import_sets.retrieve("impset_1")


# ---------------------------------------------------------------------------------- connections


def test_a_refused_connection_is_an_error_after_all_retries(call: Caller) -> None:
    with serve(lambda _: Drop()) as server:
        url = server.url
    with pytest.raises(APIConnectionError) as caught:
        call(url, create)
    error = caught.value
    assert str(error) == "there was no connection (ConnectError), to create an import set"
    assert error.idempotency_key
    assert len(call.clock.slept) == 2


@pytest.mark.parametrize("megabytes", [8, 17])  # the larger is read ahead by a thread
def test_a_reset_in_the_middle_of_an_upload_is_met_by_the_whole_file_again(
    call: Caller, tmp_path: Path, megabytes: int
) -> None:
    path = tmp_path / "catalog.csv"
    contents = Random(0).randbytes(megabytes << 20)  # no two places of it are alike
    path.write_bytes(contents)
    with serve(lambda _: answer(FILE), Reset(1000), Reset(3_000_000)) as server:
        file = call(server.url, lambda c: c.files.upload(path))
    assert file.id == "file_1"
    [seen] = server.seen
    assert contents in seen.body
    assert len(call.clock.slept) == 2


def test_resets_without_end_are_an_error(call: Caller) -> None:
    resets = [Reset(1000)] * 3
    with (
        serve(lambda _: answer(FILE), *resets) as server,
        pytest.raises(APIConnectionError) as caught,
    ):
        call(server.url, lambda c: c.files.upload(BIG))
    assert caught.value.operation == "upload a file"
    assert server.seen == []


@pytest.mark.parametrize("lost", ["drop", "timeout"])
def test_a_lost_answer_does_not_make_a_second_import_set(
    call: Caller, lost: str, release: threading.Event
) -> None:
    """The server has acted; its answer is lost; the same key must bring the same set."""
    made: dict[str, int] = {}

    def handle(seen: Seen) -> Reaction:
        key = seen.headers["idempotency-key"]
        if key not in made:
            made[key] = len(made) + 1
            return Drop() if lost == "drop" else Hold(None, release)
        return answer(SET | {"id": f"impset_{made[key]}"})

    with serve(handle) as server:
        found = call(server.url, create, timeout=0.5)
    assert found.id == "impset_1"
    assert len(made) == 1
    assert len(server.seen) == 2


def test_two_calls_have_two_keys(call: Caller) -> None:
    with serve(lambda _: answer(SET)) as server:
        call(server.url, create)
        call(server.url, create)
    assert len({seen.headers["idempotency-key"] for seen in server.seen}) == 2


def test_your_own_key_is_sent_on_every_try(call: Caller) -> None:
    with serve(sequence(problem(500), answer(SET))) as server:
        call(
            server.url,
            lambda c: c.import_sets.create("file_1", "product_feed", idempotency_key="mine"),
        )
    assert [seen.headers["idempotency-key"] for seen in server.seen] == ["mine", "mine"]


def test_a_body_that_stops_coming_is_a_timeout(call: Caller, release: threading.Event) -> None:
    hold = Hold(b'{"id": "imp', release)
    with serve(lambda _: hold) as server, pytest.raises(APIConnectionError, match="in time"):
        call(server.url, retrieve, timeout=0.2)
    assert len(server.seen) == 3


# -------------------------------------------------------------------------------------- statuses


@pytest.mark.parametrize("status", [409, 429, 500, 502, 503, 504])
def test_what_passes_is_tried_again_and_succeeds(call: Caller, status: int) -> None:
    with serve(sequence(problem(status), Answer(status), answer(SET))) as server:
        assert call(server.url, create).id == "impset_1"
    assert len({seen.headers["idempotency-key"] for seen in server.seen}) == 1
    assert len(call.clock.slept) == 2


@pytest.mark.parametrize(
    ("retry_after", "slept"),
    [("7", [7.0]), ("Fri, 15 Jan 2027 08:00:10 GMT", [10.0]), ("86400", None)],
)
def test_retry_after_is_obeyed_or_left_to_the_caller(
    call: Caller, retry_after: str, slept: list[float] | None
) -> None:
    busy = Answer(429, b"", {"Retry-After": retry_after})
    with serve(sequence(busy, answer(SET))) as server:
        if slept is None:
            with pytest.raises(RateLimitError):
                call(server.url, create)
        else:
            call(server.url, create)
    assert call.clock.slept == (slept or [])


@pytest.mark.parametrize(("status", "advice", "tries"), [(400, "true", 2), (503, "false", 1)])
def test_stripe_decides_whether_to_try_again(
    call: Caller, status: int, advice: str, tries: int
) -> None:
    first = Answer(status, b"", {"Stripe-Should-Retry": advice})
    with serve(sequence(first, answer(SET))) as server:
        if tries == 2:
            assert call(server.url, create).id == "impset_1"
        else:
            with pytest.raises(ServerError):
                call(server.url, create)
    assert len(server.seen) == tries


def test_an_outage_without_end_is_an_error(call: Caller) -> None:
    page = Answer(502, b"<html>Bad gateway</html>", {"Content-Type": "text/html; charset=x"})
    with serve(lambda _: page) as server, pytest.raises(ServerError) as caught:
        call(server.url, create, max_retries=1)
    assert str(caught.value) == (
        "HTTP 502 to create an import set: the answer has a body of type text/html,"
        " and no error in it that can be read"
    )
    assert len(server.seen) == 2


# ----------------------------------------------------------------------------- downloads, redirects

FEED = b"stripe_error_message,id\nno,SKU-1\n"


def test_a_truncated_download_is_an_error_and_never_a_short_report(
    call: Caller, tmp_path: Path
) -> None:
    target = tmp_path / "errors.csv"
    part = Answer(200, FEED, length=1000)
    with serve(lambda _: part) as server, pytest.raises(APIConnectionError, match="broke"):
        call(server.url, lambda c: c.files.download("file_1", target))
    assert len(server.seen) == 3
    assert list(tmp_path.iterdir()) == []


def test_a_download_is_followed_to_another_host_without_credentials(call: Caller) -> None:
    file = io.BytesIO()
    with serve(lambda _: Answer(200, FEED)) as store:
        away = Answer(302, b"moved", {"Location": f"{store.url}/put?sig=1#part"})
        with serve(lambda _: away) as server:
            call(server.url, lambda c: c.files.download("file_1", file), account="acct_1")
    assert file.getvalue() == FEED
    [seen] = store.seen
    assert seen.headers.keys() == {"host", "user-agent"}
    assert (seen.path, seen.query) == ("/put", [("sig", "1")])
    assert server.seen[0].headers["authorization"] == f"Bearer {KEY}"


def test_a_download_that_moves_within_its_host_keeps_its_credentials(call: Caller) -> None:
    moved = Answer(307, b"", {"Location": "/elsewhere"})
    with serve(sequence(moved, Answer(200, FEED))) as server:
        call(server.url, lambda c: c.files.download("file_1", io.BytesIO()))
    assert [seen.path for seen in server.seen] == ["/v1/files/file_1/contents", "/elsewhere"]
    assert server.seen[1].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("location", "match"),
    [
        ("/again", "redirected too often"),
        ("http://storage.example/put", "not https"),
        ("file:///etc/passwd", "not https"),
        ("https://[::1", "broke"),  # httpx looks at it first
    ],
)
def test_a_redirect_that_leads_nowhere_good_is_an_error(
    httpx_mock: HTTPXMock, call: Caller, location: str, match: str
) -> None:
    httpx_mock.add_response(status_code=302, headers={"Location": location}, is_reusable=True)
    with pytest.raises(APIConnectionError, match=match):
        call("https://files.example", lambda c: c.files.download("file_1", io.BytesIO()))
    assert {str(request.url.host) for request in httpx_mock.get_requests()} == {"files.example"}


def test_a_place_that_is_no_address_is_an_error_whatever_the_transport_lets_through() -> None:
    request = Request(method="GET", url="https://files.example/1")
    flow = follow(request, Setup(api_key=KEY), "download a file")
    next(flow)
    flow.send(Reply(status=302, headers={"location": "https://[::1"}))
    with pytest.raises(APIConnectionError, match="not https"):
        flow.send(Moment(0, 0))


def test_a_redirect_without_a_place_is_a_refusal(call: Caller) -> None:
    with serve(lambda _: Answer(302)) as server, pytest.raises(APIError, match="HTTP 302"):
        call(server.url, lambda c: c.files.download("file_1", io.BytesIO()))


@pytest.mark.parametrize("scenario", [create, retrieve])
def test_a_call_of_the_api_is_never_redirected(call: Caller, scenario: Any) -> None:
    with serve(lambda _: answer(SET)) as other:
        away = Answer(307, b"", {"Location": f"{other.url}/v1"})
        with serve(lambda _: away) as server, pytest.raises(APIError) as caught:
            call(server.url, scenario)
    assert other.seen == []
    assert (caught.value.status, type(caught.value)) == (307, APIError)
    assert "does not redirect" in str(caught.value)


def test_a_presigned_address_is_read_without_a_credential(call: Caller) -> None:
    sink = io.BytesIO()
    with serve(lambda _: Answer(200, FEED)) as server:
        size = call(server.url, _download(f"{server.url}/errors?sig=1", sink), account="acct_1")
    assert (size, sink.getvalue()) == (len(FEED), FEED)
    [seen] = server.seen
    assert seen.headers.keys() == {"host", "user-agent"}


def _download(url: str, sink: io.BytesIO) -> Callable[[Any], Any]:
    def run(client: Any) -> Any:
        shell = client._shell
        return shell.run(download_url(shell.setup, url, sink, "download an error file"))

    return run


@pytest.mark.parametrize(
    ("reaction", "kind"),
    [(Answer(403), APIError), (Answer(429), RateLimitError), (Answer(503), ServerError)],
)
def test_a_presigned_address_that_is_refused_says_nothing_of_the_key(
    call: Caller, reaction: Answer, kind: type[APIError]
) -> None:
    with serve(lambda _: reaction) as server, pytest.raises(APIError) as caught:
        call(server.url, _download(f"{server.url}/errors?sig=secret", io.BytesIO()))
    assert type(caught.value) is kind
    assert "secret" not in f"{caught.value} {caught.value.__dict__}"


def test_a_presigned_address_that_is_not_there_is_an_error(call: Caller) -> None:
    with pytest.raises(APIConnectionError) as caught:
        call("http://x", _download("http://127.0.0.1:1/errors?sig=secret", io.BytesIO()))
    assert "secret" not in f"{caught.value} {caught.value.__dict__}"


# ---------------------------------------------------------------------------------------- sources


class Changing(io.BytesIO):
    """A file to which something happens when a try has read so much of it."""

    def __init__(self, happens: Callable[[Changing], object], after: int = len(BIG)) -> None:
        super().__init__(BIG)
        self._happens, self._after = happens, after

    def read(self, size: int | None = -1) -> bytes:
        piece = super().read(size)
        if size and self.tell() >= self._after:
            self._happens(self)
        return piece


@pytest.mark.parametrize(
    ("happens", "match"),
    [
        (lambda file: file.close(), "the file cannot be read any more"),
        (lambda file: file.truncate(5), "the file was changed"),
    ],
)
def test_a_file_that_is_lost_while_it_is_sent_is_an_error(
    call: Caller, happens: Any, match: str
) -> None:
    with serve(lambda _: answer(FILE)) as server, pytest.raises(APIConnectionError, match=match):
        call(server.url, lambda c: c.files.upload(Changing(happens, after=1)))
    assert call.clock.slept == []


def test_a_file_that_was_closed_between_two_tries_is_not_tried_again(call: Caller) -> None:
    with serve(lambda _: Drop()) as server, pytest.raises(APIConnectionError) as caught:
        call(server.url, lambda c: c.files.upload(Changing(lambda file: file.close())))
    assert str(caught.value) == (
        "the file cannot be read any more (UnreadableError), to upload a file"
    )
    assert len(server.seen) == 1
    assert len(call.clock.slept) == 1


def test_a_file_that_became_shorter_is_not_tried_again(call: Caller) -> None:
    with serve(lambda _: Drop()) as server, pytest.raises(APIConnectionError) as caught:
        call(server.url, lambda c: c.files.upload(Changing(lambda file: file.truncate(5))))
    assert "the file was changed" in str(caught.value)
    assert len(server.seen) == 1


def test_a_file_that_was_written_to_between_two_tries_is_not_tried_again(
    call: Caller, tmp_path: Path
) -> None:
    """The same length with another content would go under the first one's idempotency key."""
    path = tmp_path / "catalog.csv"
    path.write_bytes(b"id\nSKU-1\n")

    def handle(seen: Seen) -> Reaction:
        import os  # noqa: PLC0415

        path.write_bytes(b"id\nSKU-2\n")
        os.utime(path, (1, 1))
        return Drop()

    with serve(handle) as server, pytest.raises(APIConnectionError, match="the file was changed"):
        call(server.url, lambda c: c.files.upload(path))
    assert len(server.seen) == 1


# ------------------------------------------------------------------------- faults of the transport


@pytest.mark.parametrize("kind", _FAULTS, ids=lambda kind: kind.__name__)
def test_every_fault_of_the_transport_has_a_reason_and_its_own_advice(
    httpx_mock: HTTPXMock, call: Caller, kind: type[Exception]
) -> None:
    httpx_mock.add_exception(kind("https://x/?sig=secret"), is_reusable=True)
    with pytest.raises(APIConnectionError) as caught:
        call("https://api.example", create)
    reason, may_retry = next((r, m) for k, r, m in _REASONS if issubclass(kind, k))
    assert caught.value.message.startswith(reason)
    assert "secret" not in f"{caught.value} {caught.value.__dict__}"
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert len(httpx_mock.get_requests()) == (3 if may_retry else 1)


def test_an_answer_without_end_is_not_held_in_memory(httpx_mock: HTTPXMock, call: Caller) -> None:
    httpx_mock.add_response(stream=Endless())
    with pytest.raises(APIConnectionError, match="too large"):
        call("https://api.example", retrieve)


class Endless(httpx.SyncByteStream, httpx.AsyncByteStream):
    def __iter__(self) -> Iterator[bytes]:
        while True:
            yield b"x" * (1 << 20)

    async def __aiter__(self) -> Any:
        while True:
            yield b"x" * (1 << 20)


def test_a_body_that_is_shorter_than_it_says_is_noticed_without_a_wire(
    httpx_mock: HTTPXMock, call: Caller
) -> None:
    httpx_mock.add_response(
        headers={"Content-Length": "9"}, stream=httpx.ByteStream(b"short"), is_reusable=True
    )
    with pytest.raises(APIConnectionError, match="cut short"):
        call("https://api.example", lambda c: c.files.download("file_1", io.BytesIO()))


# ------------------------------------------------------------------------------------ cancellation


class Sleepless(FakeClock):
    """A clock on which nobody wakes up."""

    async def sleep_async(self, seconds: float) -> None:
        await anyio.sleep_forever()


async def cancelled(url: str, scenario: Callable[[AsyncClient], Any], wait: Any) -> None:
    """Cancel a call when ``wait`` says so; then the one connection of the pool must be free."""
    limits = httpx.Limits(max_connections=1)
    async with httpx.AsyncClient(limits=limits) as http:
        client = AsyncClient(KEY, api_url=url, files_url=url, http=http, clock=Sleepless())
        async with anyio.create_task_group() as group:
            group.start_soon(scenario, client)
            await wait()
            group.cancel_scope.cancel()
        with anyio.fail_after(5):
            found = await client.import_sets.retrieve("impset_1")
        assert found.id == "impset_1"


def test_an_upload_that_is_cancelled_leaves_nothing_behind(
    tmp_path: Path, release: threading.Event
) -> None:
    path, reached = tmp_path / "catalog.csv", threading.Event()
    path.write_bytes(BIG)

    async def wait() -> None:
        await anyio.to_thread.run_sync(reached.wait, 5)

    with serve(lambda _: answer(SET), Stall(1000, reached, release)) as server:
        anyio.run(cancelled, server.url, lambda c: c.files.upload(path), wait)
    assert [seen.method for seen in server.seen] == ["GET"]


def test_a_download_that_is_cancelled_leaves_nothing_behind(
    tmp_path: Path, release: threading.Event
) -> None:
    target = tmp_path / "errors.csv"

    async def wait() -> None:
        while not [path for path in tmp_path.iterdir() if path.stat().st_size]:
            await anyio.sleep(0.01)

    handle = sequence(Hold(FEED * 10_000, release), answer(SET))
    with serve(handle) as server:
        anyio.run(cancelled, server.url, lambda c: c.files.download("file_1", target), wait)
    assert list(tmp_path.iterdir()) == []


def test_a_pause_that_is_cancelled_leaves_nothing_behind() -> None:
    busy = threading.Event()

    def handle(seen: Seen) -> Reaction:
        if busy.is_set():
            return answer(SET)
        busy.set()
        return problem(503)

    async def wait() -> None:
        await anyio.to_thread.run_sync(busy.wait, 5)
        await anyio.sleep(0.05)

    with serve(handle) as server:
        anyio.run(cancelled, server.url, create, wait)


# ----------------------------------------------------------------------------------------- closing


def test_a_closed_client_says_so() -> None:
    client = Client(KEY)
    view = client.for_account("acct_1")
    client.close()
    for one in (client, view):
        with pytest.raises(AgenticCommerceError, match="the client is closed"):
            create(one)


def test_a_closed_async_client_says_so() -> None:
    async def main() -> None:
        client = AsyncClient(KEY)
        await client.close()
        with pytest.raises(AgenticCommerceError, match="the client is closed"):
            await create(client)

    anyio.run(main)
