from __future__ import annotations

from typing import Any

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from agentic_commerce.errors import SignatureError
from agentic_commerce.signature import sign, verify_signature

SECRET = "whsec_test_secret"
BODY = b'{"id": "hook_1", "name": "caf\xc3\xa9"}'
NOW = 1_700_000_000


def refused(code: str, body: Any = BODY, header: Any = None, secrets: Any = SECRET) -> str:
    with pytest.raises(SignatureError) as caught:
        verify_signature(body, header, secrets, now=NOW)
    assert caught.value.code == code
    return str(caught.value)


def test_a_body_signed_by_stripes_own_code_is_accepted() -> None:
    header = stripe.WebhookSignature.generate_signature_header(BODY.decode(), SECRET, NOW)
    assert header == sign(BODY, SECRET, NOW)
    verify_signature(BODY, header, SECRET, now=NOW)


def test_the_system_clock_is_the_default_on_both_sides() -> None:
    verify_signature(BODY, sign(BODY, SECRET), SECRET)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, bytes.decode])
def test_any_bytes_will_do_as_a_body(kind: Any) -> None:
    verify_signature(kind(BODY), sign(BODY, SECRET, NOW), SECRET, now=NOW)


def test_the_header_may_be_bytes() -> None:
    verify_signature(BODY, sign(BODY, SECRET, NOW).encode(), SECRET, now=NOW)


def test_while_a_secret_is_rolled_any_of_them_may_match() -> None:
    header = sign(BODY, SECRET, NOW)
    verify_signature(BODY, header, ["whsec_new", SECRET], now=NOW)
    verify_signature(BODY, header, iter([SECRET, "whsec_old"]), now=NOW)


def test_any_of_several_signatures_in_one_header_may_match() -> None:
    mine = sign(BODY, SECRET, NOW)
    other = sign(BODY, "whsec_other", NOW).split(",")[1]
    verify_signature(BODY, f"t={NOW},{other},{mine.split(',')[1]}", SECRET, now=NOW)
    verify_signature(BODY, f"{mine},{other}", SECRET, now=NOW)


def test_the_test_scheme_v0_proves_nothing() -> None:
    header = sign(BODY, SECRET, NOW)
    verify_signature(BODY, f"{header},v0=abc", SECRET, now=NOW)
    refused("malformed_header", header=header.replace("v1=", "v0="))


@pytest.mark.parametrize(
    ("timestamp", "code"),
    [
        (NOW - 300, None),
        (NOW + 300, None),
        (NOW - 301, "too_old"),
        (NOW + 301, "in_future"),
        (0, "too_old"),
        (10**14, "in_future"),
    ],
)
def test_age_and_future_are_both_bounded_by_the_tolerance(timestamp: int, code: str | None) -> None:
    header = sign(BODY, SECRET, timestamp)
    if code is None:
        verify_signature(BODY, header, SECRET, now=NOW)
    else:
        refused(code, header=header)


def test_a_clock_that_is_not_a_number_lets_nothing_through() -> None:
    with pytest.raises(SignatureError):
        verify_signature(BODY, sign(BODY, SECRET, NOW), SECRET, now=float("nan"))


@pytest.mark.parametrize("tolerance", [-1, float("nan")])
def test_a_tolerance_that_would_switch_the_check_off_is_refused(tolerance: float) -> None:
    with pytest.raises(ValueError, match="tolerance"):
        verify_signature(BODY, sign(BODY, SECRET), SECRET, tolerance=tolerance)


@pytest.mark.parametrize("secrets", ["", "  ", [], None, ["whsec_x", ""], [None], [b"whsec_x"]])
def test_an_empty_secret_is_refused_before_anything_is_compared(secrets: Any) -> None:
    refused("no_secret", header=sign(BODY, SECRET, NOW), secrets=secrets)


@pytest.mark.parametrize("header", [None, "", b""])
def test_a_missing_header_is_named(header: Any) -> None:
    assert "Stripe-Signature" in refused("missing_header", header=header)


GOOD = sign(BODY, SECRET, NOW)


@pytest.mark.parametrize(
    "header",
    [
        "nonsense",
        "t=1",
        GOOD.split(",")[1],  # no timestamp
        f"t={NOW}",  # no signature
        GOOD.replace("t=", "t=0"),  # the same number for a lenient reader
        GOOD.replace("t=", "t=+"),
        GOOD.replace("1_700", "1700").replace("t=17", "t=1_7"),
        f"{GOOD},t={NOW}",  # two timestamps
        f"t={NOW},{GOOD}",
        f"{GOOD},",
        f"{GOOD}=",  # stripe's reader splits here and ignores the rest
        f"{GOOD}=junk",
        GOOD.upper().replace("T=", "t=").replace("V1=", "v1="),
        GOOD.replace("v1=", "xv1="),
        f"t={NOW},v1=00",
        f" {GOOD}",
        f"{GOOD}\r\nX-Evil: 1",
        f"{GOOD}\n",
        GOOD.replace(",", ", "),
        "t=١٧٠٠٠٠٠٠٠٠,v1=00",  # Arabic digits
        f"t={'9' * 5000},v1=00",
        "t=,v1=",
    ],
)
def test_a_header_that_was_touched_is_refused_not_interpreted(header: str) -> None:
    refused("malformed_header", header=header)


def test_the_message_of_a_mismatch_says_what_to_look_at_and_quotes_nothing() -> None:
    message = refused("no_match", body=BODY + b" ", header=GOOD)
    assert "raw bytes" in message
    assert "secret" in message
    for hidden in (SECRET, GOOD, GOOD.split("v1=")[1], "hook_1"):
        assert hidden not in message


def test_a_body_that_is_not_utf8_cannot_come_from_stripe() -> None:
    refused("not_utf8", body=b"\xff\xfe", header=GOOD)


@given(data=st.data())
def test_any_change_of_a_signed_body_is_found(data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(BODY) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda b: b != BODY[position]))
    changed = BODY[:position] + bytes([byte]) + BODY[position + 1 :]
    with pytest.raises(SignatureError):
        verify_signature(changed, GOOD, SECRET, now=NOW)


@given(data=st.data())
def test_any_change_of_one_character_of_the_header_is_found(data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(GOOD) - 1))
    new = data.draw(st.characters().filter(lambda c: c != GOOD[position]) | st.just(""))
    with pytest.raises(SignatureError):
        verify_signature(BODY, GOOD[:position] + new + GOOD[position + 1 :], SECRET, now=NOW)


@given(data=st.data())
def test_any_character_that_is_put_into_the_header_is_found(data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(GOOD)))
    new = data.draw(st.sampled_from("=,;. 0atv1") | st.characters())
    with pytest.raises(SignatureError):
        verify_signature(BODY, GOOD[:position] + new + GOOD[position:], SECRET, now=NOW)


def test_a_text_that_is_no_text_is_refused() -> None:
    refused("not_utf8", body="\ud800", header=GOOD)


@pytest.mark.parametrize("header", [5, ["t=1,v1=0"]])
def test_a_header_that_is_neither_text_nor_bytes_is_no_header(header: Any) -> None:
    refused("missing_header", header=header)


@given(header=st.text() | st.binary())
def test_any_header_at_all_is_accepted_or_refused_by_our_own_error(header: Any) -> None:
    with pytest.raises(SignatureError):
        verify_signature(BODY, header, SECRET, now=NOW)
