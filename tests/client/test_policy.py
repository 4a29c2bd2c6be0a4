"""Which outcomes are tried again, and when."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentic_commerce.client._policy import pause, try_request
from agentic_commerce.client._setup import Setup
from agentic_commerce.client._wire import Lost, Moment, Reply, Request, Send, Sleep
from tests.client.server import KEY

NOW = 784_111_777.0  # Sun, 06 Nov 1994 08:49:37 GMT
SETUP = Setup(api_key=KEY, random=lambda: 1.0)


@pytest.mark.parametrize(
    ("outcome", "seconds"),
    [
        (Reply(status=200), None),
        (Reply(status=400), None),
        (Reply(status=401), None),
        (Reply(status=402), None),
        (Reply(status=404), None),
        (Reply(status=409), 0.5),
        (Reply(status=429), 0.5),
        (Reply(status=500), 0.5),
        (Reply(status=501), None),
        (Reply(status=502), 0.5),
        (Reply(status=503), 0.5),
        (Reply(status=504), 0.5),
        (Lost("broke"), 0.5),
        (Lost("changed", may_retry=False), None),
        (Reply(status=400, headers={"stripe-should-retry": "true"}), 0.5),
        (Reply(status=500, headers={"stripe-should-retry": "false"}), None),
        (Reply(status=500, headers={"stripe-should-retry": "perhaps"}), 0.5),
    ],
)
def test_what_passes_by_itself_is_tried_again(outcome: Reply | Lost, seconds: float | None) -> None:
    assert pause(outcome, 1, SETUP, NOW) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        ("1.5", 1.5),
        ("0", 0.5),  # no sooner than by our own pause
        ("60", 60.0),
        ("61", None),  # the caller should decide
        ("9" * 400, None),
        ("Sun, 06 Nov 1994 08:49:47 GMT", 10.0),
        ("Sun, 06 Nov 1994 08:49:47 -0000", 10.0),  # whatever this machine's zone is
        ("Sun, 06 Nov 1994 08:49:07 GMT", 0.5),  # in the past
        ("Sun, 06 Nov 2094 08:49:37 GMT", None),
        ("Wed, 21 Oct 2015 07:28:00 +9999", 0.5),  # no date
        (f"Wed, 21 Oct 2015 07:28:00 +{'9' * 20}", 0.5),
        ("-5", 0.5),
        ("1e5", 0.5),
        ("١", 0.5),
        ("soon", 0.5),
        ("", 0.5),
    ],
)
def test_retry_after_is_obeyed_within_reason(text: str, seconds: float | None) -> None:
    assert pause(Reply(status=429, headers={"retry-after": text}), 1, SETUP, NOW) == seconds


@given(st.text(max_size=40))
def test_no_retry_after_breaks_anything(text: str) -> None:
    found = pause(Reply(status=429, headers={"retry-after": text}), 1, SETUP, NOW)
    assert found is None or 0.5 <= found <= 60


@given(st.integers(1, 2000), st.floats(0, 1, exclude_max=True))
def test_pauses_grow_up_to_eight_seconds_and_half_of_each_is_jitter(
    tried: int, random: float
) -> None:
    setup = Setup(api_key=KEY, max_retries=2000, random=lambda: random)
    seconds = pause(Lost("broke"), tried, setup, NOW)
    whole = min(0.5 * 2.0 ** min(tried - 1, 10), 8.0)
    assert seconds == pytest.approx(whole * (1 + random) / 2)


def test_after_the_last_retry_there_is_none() -> None:
    assert [pause(Lost("broke"), tried, SETUP, NOW) is None for tried in (1, 2, 3)] == [
        False,
        False,
        True,
    ]


def test_one_request_is_sent_again_as_it_is() -> None:
    request = Request(method="GET", url="https://x")
    flow = try_request(request, SETUP)
    assert next(flow) == Send(request)
    assert flow.send(Lost("broke")) == Sleep(0)
    assert flow.send(Moment(NOW, 0)) == Sleep(0.5)
    assert flow.send(Moment(NOW, 0)) == Send(request)
    assert flow.send(Reply(status=200)) == Sleep(0)
    with pytest.raises(StopIteration) as end:
        flow.send(Moment(NOW, 0))
    assert end.value.value == Reply(status=200)
