"""events: thin and fetched events, what is refused, and an Agreement's state."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentic_commerce import PayloadError, SignatureError, events, testing
from agentic_commerce.testing import ABSENT

GOLDEN = sorted((Path(__file__).parent / "golden").glob("agreement_*.json"))

AGREEMENT_KINDS = {
    "created": events.AgreementCreated,
    "partially_confirmed": events.AgreementPartiallyConfirmed,
    "confirmed": events.AgreementConfirmed,
    "terminated": events.AgreementTerminated,
}
IMPORT_KINDS = {
    "processing": events.CatalogImportProcessing,
    "succeeded": events.CatalogImportSucceeded,
    "succeeded_with_errors": events.CatalogImportSucceededWithErrors,
    "failed": events.CatalogImportFailed,
}


def at(hour: int, minute: int = 0, second: int = 0, micro: int = 0) -> datetime:
    return datetime(2026, 4, 6, hour, minute, second, micro, tzinfo=UTC)


def faults(payload: Any) -> set[tuple[str, str | None]]:
    with pytest.raises(PayloadError) as caught:
        events.parse_event(payload)
    return {(issue.code, issue.column) for issue in caught.value.issues}


# ------------------------------------------------------------------------------------------- golden


def test_there_are_eight_samples() -> None:
    assert len(GOLDEN) == 8


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_each_documented_sample_comes_back_as_it_was(path: Path) -> None:
    sample = path.read_bytes()
    event = events.parse_event(sample)
    kind, state = path.stem.removeprefix("agreement_").split(".")
    assert type(event) is AGREEMENT_KINDS[kind]
    assert (event.data is None) == (state == "thin")
    assert events.dump_event(event) == json.loads(sample)
    assert event.raw == json.loads(sample)


def test_the_sample_of_a_fetched_event_is_typed_throughout() -> None:
    path = next(p for p in GOLDEN if p.stem == "agreement_partially_confirmed.fetched")
    event = events.parse_event(path.read_bytes())
    assert isinstance(event, events.AgreementPartiallyConfirmed)
    assert event.created == at(10, 0, 30)
    assert event.data is not None
    assert event.data.orchestrator_confirmed_at is None
    assert event.data.seller_confirmed_at == at(10)
    assert event.data.orchestrator_details.name == "Test Agent"
    assert event.data.seller_details.network_business_profile.startswith("profile_test_")
    assert event.changes == events.Changes()
    assert event.related_object.id == "orca_test_1gkgAw3x8N9UarRebDtOBtdk"


@pytest.mark.parametrize("kind", AGREEMENT_KINDS)
@pytest.mark.parametrize("fetched", [False, True], ids=["thin", "fetched"])
def test_the_factory_makes_what_the_samples_are(kind: str, fetched: bool) -> None:
    state = "fetched" if fetched else "thin"
    path = next(p for p in GOLDEN if p.stem == f"agreement_{kind}.{state}")
    made, sample = testing.agreement_event(kind, fetched), json.loads(path.read_bytes())
    assert made["created"] == sample["created"]
    assert _shape(made) == _shape(sample)


def _shape(value: Any) -> Any:
    """The keys and the kinds, without the values."""
    return {k: _shape(v) for k, v in value.items()} if isinstance(value, dict) else type(value)


# ------------------------------------------------------------------------------------ what is taken


@pytest.mark.parametrize("kind", IMPORT_KINDS)
def test_a_catalog_import_event_names_its_import(kind: str) -> None:
    event = events.parse_event(testing.catalog_import_event(kind))
    assert type(event) is IMPORT_KINDS[kind]
    assert isinstance(event, events.CatalogImportEvent)
    assert event.related_object.id == "pcimprt_test_1"


@pytest.mark.parametrize(
    "tag", ["v2.commerce.product_catalog_import", "v2.commerce.product_catalog.imports"]
)
def test_an_import_is_told_by_the_events_type_not_by_the_objects(tag: str) -> None:
    payload = testing.catalog_import_event("failed", related_object={"type": tag})
    assert isinstance(events.parse_event(payload), events.CatalogImportFailed)


def test_every_event_class_is_in_the_union_and_has_its_own_type() -> None:
    known: list[Any] = [*AGREEMENT_KINDS.values(), *IMPORT_KINDS.values()]
    assert {*known, events.UnknownEvent} == set(get_args(events.Event))
    assert len({kind.event_type for kind in known}) == 8


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(testing.agreement_event("created", type="v2.core.account.created"), id="v2"),
        pytest.param(
            testing.agreement_event("created", type="v1.checkout.session.completed"),
            id="the thin twin of a v1 event",
        ),
        pytest.param(
            testing.agreement_event("created", type="v2.money.closed", related_object=ABSENT),
            id="no related object",
        ),
        pytest.param(
            testing.agreement_event("created", type="", related_object={"id": ABSENT}),
            id="one object of its kind",
        ),
    ],
)
def test_any_other_type_is_an_unknown_event(payload: dict[str, Any]) -> None:
    event = events.parse_event(payload)
    assert isinstance(event, events.UnknownEvent)
    assert event.type == payload["type"]
    assert events.dump_event(event) == payload


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-04-06T10:05:00.000Z", at(10, 5)),
        ("2026-04-06T10:05:00Z", at(10, 5)),
        ("2026-04-06T10:05:00.123456Z", at(10, 5, 0, 123456)),
        ("2026-04-06T10:05:00.123456789Z", at(10, 5, 0, 123456)),
        ("2026-04-06T12:05:00.000+02:00", at(10, 5)),
        ("2026-04-06t10:05:00.5z", at(10, 5, 0, 500000)),
    ],
)
def test_a_time_is_aware_and_in_utc(text: str, moment: datetime) -> None:
    event = events.parse_event(testing.agreement_event("confirmed", created=text))
    assert event.created == moment
    assert event.created.tzinfo is UTC


def test_a_mapping_may_hold_times_that_are_datetimes_already() -> None:
    moment = datetime(2026, 4, 6, 12, tzinfo=timezone(timedelta(hours=2)))
    payload = testing.agreement_event("created", created=moment)
    assert events.parse_event(payload).created == at(10)
    assert events.parse_event(MappingProxyType(payload)).created == at(10)


@pytest.mark.parametrize(
    ("reason", "request_id"),
    [
        ({"type": "request", "request": {"id": "req_1", "idempotency_key": "k"}}, "req_1"),
        ({"type": "request", "request": {"id": "req_1", "idempotency_key": None}}, "req_1"),
        ({"type": "request", "request": None}, None),
        ({"type": "request"}, None),
        ({"type": "a_newer_word"}, None),
    ],
)
def test_a_reason_may_lack_its_request(reason: dict[str, Any], request_id: str | None) -> None:
    event = events.parse_event(testing.agreement_event("created", True, reason=reason))
    assert event.reason is not None
    assert event.reason.type == reason["type"]
    assert (event.reason.request.id if event.reason.request else None) == request_id


@pytest.mark.parametrize(
    ("context", "account"),
    [
        ("acct_1", "acct_1"),
        ("org_1/acct_2", "acct_2"),
        ("wksp_1/acct_2/acct_3", "acct_3"),
        (None, None),
        (ABSENT, None),
        ("", None),
    ],
)
def test_a_context_may_be_a_path_and_its_end_is_the_account(
    context: Any, account: str | None
) -> None:
    event = events.parse_event(testing.agreement_event("created", context=context))
    assert event.account == account
    assert event.context == (None if context is ABSENT else context)


def test_null_and_absent_are_the_same() -> None:
    nothing: dict[str, Any] = dict.fromkeys(["context", "changes", "data", "reason"])
    event = events.parse_event(testing.agreement_event("terminated", **nothing))
    assert event == events.parse_event(testing.agreement_event("terminated"))


def test_unknown_keys_and_words_are_kept() -> None:
    payload = testing.agreement_event(
        "terminated", True, novelty=[1], data={"terminated_by": "marketplace", "novelty": {}}
    )
    event = events.parse_event(payload)
    assert isinstance(event, events.AgreementTerminated)
    assert event.data is not None
    assert event.data.terminated_by == "marketplace"
    assert not isinstance(event.data.terminated_by, events.Party)
    assert event.raw["novelty"] == [1]


@pytest.mark.parametrize("present", ["orchestrator_confirmed_at", "seller_confirmed_at"])
@pytest.mark.parametrize("kind", ["partially_confirmed", "confirmed"])
def test_either_confirmation_time_may_be_left_out(kind: str, present: str) -> None:
    times = dict.fromkeys(["orchestrator_confirmed_at", "seller_confirmed_at"], ABSENT)
    payload = testing.agreement_event(kind, True, data=times | {present: None})
    event = events.parse_event(payload)
    assert isinstance(event.data, events.AgreementConfirmationData)
    assert event.data.orchestrator_confirmed_at is event.data.seller_confirmed_at is None


def test_of_two_equal_keys_the_last_counts() -> None:
    text = json.dumps(testing.agreement_event("created"))
    event = events.parse_event(text[:-1] + ', "id": "evt_last"}')
    assert event.id == "evt_last"


def test_changes_are_kept_as_they_are() -> None:
    changes = {"before": {"status": "initiated"}, "after": {"status": "confirmed"}}
    event = events.parse_event(testing.agreement_event("confirmed", True, changes=changes))
    assert event.changes == events.Changes(**changes)
    assert events.dump_event(event)["changes"] == changes


def _eventbridge(event: Any) -> dict[str, Any]:
    source = "aws.partner/stripe.com/ed_test_1"
    return {"version": "0", "id": "1", "detail-type": "x", "source": source, "detail": event}


def _event_grid(event: Any) -> dict[str, Any]:
    return {"specversion": "1.0", "type": "x", "source": "stripe", "id": "1", "data": event}


@pytest.mark.parametrize("wrap", [_eventbridge, _event_grid])
def test_a_cloud_providers_envelope_is_opened(wrap: Any) -> None:
    thin = testing.agreement_event("confirmed")
    assert events.parse_event(json.dumps(wrap(thin))) == events.parse_event(thin)
    assert events.parse_event(wrap(thin)).raw == thin


@pytest.mark.parametrize(("wrap", "path"), [(_eventbridge, "$.detail"), (_event_grid, "$.data")])
def test_a_path_starts_at_what_was_handed_in(wrap: Any, path: str) -> None:
    assert faults(wrap(testing.agreement_event("created", id=5))) == {("kind", f"{path}.id")}
    assert faults(wrap({"object": "event"})) == {("other_payload", path)}
    assert faults(wrap({})) == {("missing", f"{path}.object")}


def test_buyer_data_and_keys_do_not_show() -> None:
    secret = {"secret": "S3CR3T"}
    event = events.parse_event(
        testing.agreement_event(
            "created",
            type="v2.new",
            data=secret,
            changes={"before": secret, "after": secret},
            reason={"type": "request", "request": {"id": "req_1", "idempotency_key": "S3CR3T"}},
        )
    )
    assert "S3CR3T" not in repr(event)
    assert "req_1" in repr(event)


# ---------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        pytest.param(b"", {("not_json", "$")}, id="an empty body"),
        pytest.param(b'{"object": "v2.core', {("not_json", "$")}, id="truncated JSON"),
        pytest.param(b"\xff{}", {("not_json", "$")}, id="not UTF-8"),
        pytest.param(b'{"id": NaN}', {("not_json", "$")}, id="NaN"),
        pytest.param(b"[" * 100_000, {("not_json", "$")}, id="nested brackets"),
        pytest.param(b"[]", {("kind", "$")}, id="a list"),
        pytest.param("null", {("kind", "$")}, id="null"),
        pytest.param(5, {("not_json", "$")}, id="not a payload at all"),
        pytest.param({}, {("missing", "$.object")}, id="an empty object"),
        pytest.param({"object": "charge"}, {("choice", "$.object")}, id="another object"),
        pytest.param({"object": 5}, {("choice", "$.object")}, id="an object tag of another kind"),
        pytest.param({"object": []}, {("choice", "$.object")}, id="a list for a tag"),
        pytest.param({"detail": [], "specversion": 1}, {("missing", "$.object")}, id="no envelope"),
        pytest.param(
            {"object": "v2.core.event"},
            {("missing", f"$.{key}") for key in ("created", "id", "livemode", "type")},
            id="nothing but the tag",
        ),
        pytest.param(
            testing.agreement_event("created", type=5), {("kind", "$.type")}, id="a type in digits"
        ),
        pytest.param(
            testing.agreement_event("created", type=[]),
            {("kind", "$.type")},
            id="a list for a type",
        ),
        pytest.param(
            testing.agreement_event("created", livemode="no"),
            {("kind", "$.livemode")},
            id="a flag as text",
        ),
        pytest.param(
            testing.agreement_event("created", id=None, context=7),
            {("null", "$.id"), ("kind", "$.context")},
            id="two faults at once",
        ),
        pytest.param(
            testing.agreement_event("created", related_object=ABSENT),
            {("missing", "$.related_object")},
            id="no related object",
        ),
        pytest.param(
            testing.agreement_event("created", related_object=None),
            {("null", "$.related_object")},
            id="null for a related object",
        ),
        pytest.param(
            testing.agreement_event("created", related_object={"type": "charge"}),
            {("choice", "$.related_object.type")},
            id="another object's event",
        ),
        pytest.param(
            testing.agreement_event("created", related_object={"type": 5, "id": ABSENT}),
            {("kind", "$.related_object.type"), ("missing", "$.related_object.id")},
            id="a related object of wrong kinds",
        ),
        pytest.param(
            testing.catalog_import_event("failed", related_object={"id": ABSENT}),
            {("missing", "$.related_object.id")},
            id="an import without id",
        ),
        pytest.param(
            testing.agreement_event("created", True, data=[]),
            {("kind", "$.data")},
            id="data a list",
        ),
        pytest.param(
            testing.agreement_event("terminated")
            | {"data": testing.agreement_event("created", True)["data"]},
            {("missing", "$.data.terminated_at"), ("missing", "$.data.terminated_by")},
            id="terminated, with the data of created",
        ),
        pytest.param(
            testing.agreement_event("confirmed")
            | {"data": testing.agreement_event("terminated", True)["data"]},
            {
                ("missing", "$.data.orchestrator_confirmed_at"),
                ("missing", "$.data.seller_confirmed_at"),
            },
            id="confirmed, with the data of terminated",
        ),
        pytest.param(
            testing.agreement_event("created", True, data={"orchestrator_details": {"name": 1}}),
            {("kind", "$.data.orchestrator_details.name")},
            id="a name in digits",
        ),
        pytest.param(
            testing.agreement_event("created", True, data={"initiated_by": 1}),
            {("kind", "$.data.initiated_by")},
            id="a party in digits",
        ),
    ],
)
def test_what_cannot_be_read_names_every_fault(
    payload: Any, expected: set[tuple[str, str]]
) -> None:
    assert faults(payload) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2026-04-06T10:05:00",  # no zone: whose ten o'clock?
        "2026-04-06",
        "2026-04-06 10:05:00Z",
        "20260406T100500Z",
        "2026-W15-1T10:05:00Z",
        "2026-04-06T10:05Z",
        "2026-13-06T10:05:00Z",
        "2026-04-06T10:05:61Z",
        "2026-04-06T10:05:00.Z",
        "2026-04-06T10:05:00+0200",
        "２026-04-06T10:05:00Z",
        "0001-01-01T00:00:00+05:00",  # before the first moment of the calendar, in UTC
        " 2026-04-06T10:05:00Z",
        "",
        1775469600,
        1775469600.5,
        True,
        datetime(2026, 4, 6, 10, 5),  # noqa: DTZ001 - naive on purpose
    ],
)
def test_a_time_without_zone_or_of_another_form_is_refused(text: Any) -> None:
    wrong = testing.agreement_event("terminated", True, created=text, data={"terminated_at": text})
    assert faults(wrong) == {("kind", "$.created"), ("kind", "$.data.terminated_at")}


@pytest.mark.parametrize(
    ("payload", "parser"),
    [
        (testing.order_event(), "orders.parse_order_event"),
        (testing.checkout_session(), "orders.parse_order"),
        (testing.customize_checkout(), "hooks.parse_request"),
        (testing.finalize_checkout(), "hooks.parse_request"),
        (testing.product_price_availability(), "hooks.parse_request"),
        ({"object": "v2.orchestrated_commerce.agreement"}, "events.parse_agreement"),
    ],
)
def test_another_payload_is_one_fault_that_names_its_parser(
    payload: dict[str, Any], parser: str
) -> None:
    with pytest.raises(PayloadError) as caught:
        events.parse_event(payload)
    (issue,) = caught.value.issues
    assert issue.code == "other_payload"
    assert parser in str(issue)


def test_an_error_quotes_no_value() -> None:
    payload = testing.agreement_event(
        "created", True, livemode="S3CR3T", created="S3CR3T", related_object={"type": "S3CR3T"}
    )
    with pytest.raises(PayloadError) as caught:
        events.parse_event(payload)
    assert "S3CR3T" not in str(caught.value) + repr(caught.value.issues)


def test_an_object_of_stripes_library_is_told_to_become_a_dict() -> None:
    class StripeObject:
        to_dict = dict

    with pytest.raises(PayloadError, match="to_dict"):
        events.parse_event(StripeObject())  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------- signed

SECRET = "whsec_events"


def test_a_signed_event_is_proven_and_read() -> None:
    body = json.dumps(testing.agreement_event("confirmed")).encode()
    event = events.parse_signed_event(body, testing.sign(body, SECRET), ["whsec_old", SECRET])
    assert event == events.parse_event(body)


def test_a_header_may_be_bytes() -> None:
    body = json.dumps(testing.agreement_event("confirmed")).encode()
    header = testing.sign(body, SECRET).encode()
    assert events.parse_signed_event(body, header, SECRET) == events.parse_event(body)


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255), st.booleans())
def test_any_change_to_a_signed_body_or_header_is_noticed(
    place: int, change: int, in_header: bool
) -> None:
    body = json.dumps(testing.agreement_event("confirmed")).encode()
    parts = [bytearray(body), bytearray(testing.sign(body, SECRET, timestamp=1000), "ascii")]
    target = parts[in_header]
    target[place % len(target)] ^= change
    with pytest.raises(SignatureError):
        events.parse_signed_event(bytes(parts[0]), bytes(parts[1]), SECRET, now=1000)


@pytest.mark.parametrize("end", ["\r\n", "\n", " "])
def test_a_header_with_a_line_end_is_refused(end: str) -> None:
    header = testing.sign(b"{}", SECRET) + end
    with pytest.raises(SignatureError) as caught:
        events.parse_signed_event(b"{}", header, SECRET)
    assert caught.value.code == "malformed_header"


@pytest.mark.parametrize(
    ("code", "options"),
    [
        ("too_old", {"now": 1301}),
        ("too_old", {"tolerance": 10, "now": 1011}),
        (None, {"now": 1300}),
    ],
)
def test_the_age_of_a_signed_event_is_bounded(code: str | None, options: dict[str, float]) -> None:
    body = json.dumps(testing.agreement_event("created")).encode()
    header = testing.sign(body, SECRET, timestamp=1000)
    if code is None:
        events.parse_signed_event(body, header, SECRET, **options)
        return
    with pytest.raises(SignatureError) as caught:
        events.parse_signed_event(body, header, SECRET, **options)
    assert caught.value.code == code


def test_what_is_not_proven_is_not_read() -> None:
    with pytest.raises(SignatureError):
        events.parse_signed_event(b"not JSON", testing.sign(b"other", SECRET), SECRET)
    with pytest.raises(SignatureError):
        events.parse_signed_event(b"{}", None, SECRET)


def test_what_is_proven_may_still_be_unreadable() -> None:
    with pytest.raises(PayloadError):
        events.parse_signed_event(b"[]", testing.sign(b"[]", SECRET), SECRET)


# -------------------------------------------------------------------------------------------- state

LIFE = [
    events.parse_event(testing.agreement_event(kind, fetched))
    for kind in AGREEMENT_KINDS
    for fetched in (False, True)
]

FINAL = events.AgreementState(
    id="orca_test_1",
    created=at(10),
    initiated_by=events.Party.SELLER,
    orchestrator="profile_test_agent",
    seller="profile_test_seller",
    orchestrator_confirmed_at=at(10, 5),
    seller_confirmed_at=at(10),
    terminated_at=at(11),
    terminated_by=events.Party.SELLER,
)


def _typed(kind: str, fetched: bool = True, **changes: Any) -> events.AgreementEvent:
    event = events.parse_event(testing.agreement_event(kind, fetched, **changes))
    assert isinstance(event, events.AgreementEvent)
    return event


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (_typed("created"), "initiated"),
        (_typed("partially_confirmed"), "partially_confirmed"),
        (_typed("confirmed"), "confirmed"),
        (_typed("terminated"), "terminated"),
        (_typed("confirmed", data={"orchestrator_confirmed_at": None}), "partially_confirmed"),
        (_typed("confirmed", data={"seller_confirmed_at": None}), "partially_confirmed"),
        (
            _typed(
                "partially_confirmed", data={"orchestrator_confirmed_at": "2026-04-06T10:01:00Z"}
            ),
            "confirmed",
        ),
        (_typed("confirmed", fetched=False), None),
        (_typed("terminated", fetched=False), None),
    ],
)
def test_the_status_is_what_the_times_say_not_the_events_name(
    event: events.AgreementEvent, status: str | None
) -> None:
    assert events.agreement_state(event).status == status


def test_a_confirmed_event_without_any_time_says_nothing() -> None:
    times = {"orchestrator_confirmed_at": None, "seller_confirmed_at": None}
    state = events.agreement_state(_typed("confirmed", data=times))
    assert state.status is None
    assert state.seller == "profile_test_seller"


@given(st.lists(st.sampled_from(LIFE), max_size=20), st.permutations(LIFE))
def test_events_in_any_order_and_repeated_fold_to_the_same_state(
    more: list[events.Event], every: list[events.Event]
) -> None:
    assert events.agreement_states([*more, *every, *more]) == {"orca_test_1": FINAL}
    assert FINAL.status is events.AgreementStatus.TERMINATED


def test_a_fold_keeps_agreements_apart_and_passes_over_the_rest() -> None:
    other = _typed("created", related_object={"id": "orca_test_2"})
    unknown = events.parse_event(testing.catalog_import_event("failed"))
    states = events.agreement_states([_typed("terminated"), other, unknown])
    assert {key: state.status for key, state in states.items()} == {
        "orca_test_1": "terminated",
        "orca_test_2": "initiated",
    }
    assert events.agreement_states([]) == {}


times = st.none() | st.datetimes(datetime(2026, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - given a zone
words = st.none() | st.sampled_from([*events.Party, "marketplace"])
states = st.builds(
    events.AgreementState,
    id=st.just("orca_1"),
    created=times,
    initiated_by=words,
    orchestrator=words,
    seller=words,
    orchestrator_confirmed_at=times,
    seller_confirmed_at=times,
    terminated_at=times,
    terminated_by=words,
)


@given(states, states, states)
def test_merging_is_commutative_associative_and_idempotent(
    one: events.AgreementState, two: events.AgreementState, three: events.AgreementState
) -> None:
    assert one.merge(two) == two.merge(one)
    assert one.merge(two).merge(three) == one.merge(two.merge(three))
    assert one.merge(one) == one
    assert one.merge(two).merge(two) == one.merge(two)


def test_states_of_two_agreements_do_not_merge() -> None:
    with pytest.raises(ValueError, match="two different"):
        FINAL.merge(events.AgreementState(id="orca_test_2"))


@pytest.mark.parametrize(
    "field", ["created", "orchestrator_confirmed_at", "seller_confirmed_at", "terminated_at"]
)
def test_a_state_refuses_a_time_without_zone(field: str) -> None:
    naive: Any = {field: datetime(2026, 4, 6)}  # noqa: DTZ001 - naive on purpose
    with pytest.raises(ValueError, match=field):
        events.AgreementState(id="orca_1", **naive)


# ------------------------------------------------------------------------------ retrieved Agreement

AGREEMENT: Mapping[str, Any] = {
    "id": "orca_test_1",
    "object": "v2.orchestrated_commerce.agreement",
    "created": "2026-04-06T10:00:00.000Z",
    "initiated_by": "seller",
    "livemode": False,
    "orchestrator_details": {
        "name": "Test Agent",
        "network_business_profile": "profile_test_agent",
    },
    "seller_details": {"network_business_profile": "profile_test_seller"},
    "status": "terminated",
    "status_transitions": {
        "orchestrator_confirmed_at": "2026-04-06T10:05:00.000Z",
        "seller_confirmed_at": "2026-04-06T10:00:00.000Z",
        "terminated_at": "2026-04-06T11:00:00.000Z",
    },
    "terminated_by": "seller",
}


def test_a_retrieved_agreement_is_the_state_that_its_events_fold_to() -> None:
    assert events.parse_agreement(AGREEMENT) == FINAL
    assert events.parse_agreement(json.dumps(dict(AGREEMENT))) == FINAL


def test_an_agreement_that_nobody_confirmed_is_initiated() -> None:
    fresh = {**AGREEMENT, "status_transitions": {}, "terminated_by": None}
    state = events.parse_agreement(fresh)
    assert state.status is events.AgreementStatus.INITIATED
    assert state.terminated_by is None


def test_an_agreement_that_cannot_be_read_names_every_fault() -> None:
    wrong = {**AGREEMENT, "created": "2026-04-06", "seller_details": None, "id": 1}
    with pytest.raises(PayloadError) as caught:
        events.parse_agreement(wrong)
    assert {i.column for i in caught.value.issues} == {"$.created", "$.seller_details", "$.id"}


def test_an_event_is_no_agreement() -> None:
    with pytest.raises(PayloadError, match=r"events\.parse_event"):
        events.parse_agreement(testing.agreement_event("created"))


# --------------------------------------------------------------------------------------------- laws

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
bases = st.sampled_from(
    [
        testing.agreement_event(kind, fetched)
        for kind in AGREEMENT_KINDS
        for fetched in (False, True)
    ]
    + [testing.catalog_import_event(kind) for kind in IMPORT_KINDS]
)


def _paths(value: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    inner = value.items() if isinstance(value, dict) else ()
    return [path, *itertools.chain.from_iterable(_paths(v, (*path, k)) for k, v in inner)]


@given(st.data(), bases, anything)
def test_any_json_gives_an_event_or_a_typed_error(
    data: st.DataObject, base: dict[str, Any], junk: Any
) -> None:
    path = data.draw(st.sampled_from(_paths(base)))
    changes: Any = junk
    for key in reversed(path):
        changes = {key: changes}
    payload = {**base, **changes} if path and len(path) == 1 else changes
    for candidate in (payload, json.dumps(payload), _eventbridge(payload)):
        try:
            event = events.parse_event(candidate)
        except PayloadError as error:
            issues = error.issues
        else:
            assert isinstance(event, events.Event)
            continue
        assert issues
        assert all(issue.column is not None for issue in issues)


moments = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 - given a zone
written = moments.map(lambda moment: moment.isoformat().replace("+00:00", "Z"))
names = st.text(max_size=20)
details = {
    "orchestrator_details": st.fixed_dictionaries(
        {"name": names, "network_business_profile": names}
    ),
    "seller_details": st.fixed_dictionaries({"network_business_profile": names}),
}
datas: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "created": st.fixed_dictionaries({"created": written, "initiated_by": names, **details}),
    "confirmed": st.fixed_dictionaries(
        {
            "orchestrator_confirmed_at": st.none() | written,
            "seller_confirmed_at": st.none() | written,
            **details,
        }
    ),
    "terminated": st.fixed_dictionaries(
        {"terminated_at": written, "terminated_by": names, **details}
    ),
}
datas["partially_confirmed"] = datas["confirmed"]


@given(
    st.sampled_from(sorted(AGREEMENT_KINDS)).flatmap(
        lambda kind: st.fixed_dictionaries(
            {
                "type": st.just(f"v2.orchestrated_commerce.agreement.{kind}"),
                "object": st.just("v2.core.event"),
                "id": names,
                "created": written,
                "livemode": st.booleans(),
                "related_object": st.fixed_dictionaries(
                    {
                        "id": names,
                        "type": st.just("v2.orchestrated_commerce.agreement"),
                        "url": names,
                    }
                ),
            },
            optional={
                "context": names,
                "data": datas[kind],
                "changes": st.fixed_dictionaries(
                    {}, optional={"before": st.just({"a": 1}), "after": st.just({})}
                ),
                "reason": st.fixed_dictionaries(
                    {"type": names},
                    optional={
                        "request": st.fixed_dictionaries({"id": names, "idempotency_key": names})
                    },
                ),
            },
        )
    )
)
def test_parse_then_dump_keeps_every_known_field(payload: dict[str, Any]) -> None:
    event = events.parse_event(json.dumps(payload))
    dumped = events.dump_event(event)
    assert _moments(dumped) == _moments(payload)
    assert events.parse_event(json.dumps(dumped)) == event


def _moments(value: Any) -> Any:
    """The same value with every time as a moment, because 10:00:00Z and 10:00:00.000Z are one."""
    if isinstance(value, dict):
        return {
            key: datetime.fromisoformat(inner)
            if (key == "created" or key.endswith("_at")) and inner is not None
            else _moments(inner)
            for key, inner in value.items()
        }
    return value
