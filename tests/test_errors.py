from __future__ import annotations

import pickle

import pytest

from agentic_commerce.errors import (
    AgenticCommerceError,
    Issue,
    PayloadError,
    ResponseError,
    SignatureError,
    UnsupportedHookError,
)


@pytest.mark.parametrize(
    ("issue", "text"),
    [
        (Issue("missing", "required"), "required"),
        (Issue("missing", "required", column="$.id"), "$.id: required"),
        (Issue("range", "too long", row=3), "row 3: too long"),
        (Issue("range", "too long", row=3, column="title"), "row 3, title: too long"),
        (Issue("range", "too long", column="title", hint="cut it"), "title: too long (cut it)"),
    ],
)
def test_an_issue_says_where_what_and_how_to_mend_it(issue: Issue, text: str) -> None:
    assert str(issue) == text


def test_an_error_lists_every_problem_and_counts_those_it_does_not_show() -> None:
    error = PayloadError(Issue("missing", "required", column=f"$.k{n}") for n in range(12))
    assert len(error.issues) == 12
    assert "12 problem(s)" in str(error)
    assert "$.k9: required" in str(error)
    assert "$.k10" not in str(error)
    assert "2 more" in str(error)


@pytest.mark.parametrize(
    "error",
    [
        PayloadError([Issue("missing", "required", column="$.id")]),
        ResponseError([Issue("range", "negative", column="$.amount")]),
        UnsupportedHookError("v1.other"),
        UnsupportedHookError("v1.other", "because"),
        SignatureError("no_match", "look here"),
    ],
)
def test_every_error_has_the_one_root_and_survives_a_process_boundary(
    error: AgenticCommerceError,
) -> None:
    assert isinstance(error, AgenticCommerceError)
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert type(again) is type(error)
    assert str(again) == str(error)


def test_an_unsupported_hook_error_does_not_repeat_a_type_of_any_length() -> None:
    assert len(str(UnsupportedHookError("x" * 10_000))) < 200
