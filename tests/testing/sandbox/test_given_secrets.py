"""A sandbox can have the key and the secrets that the platform's settings have already."""

from __future__ import annotations

import pytest

from agentic_commerce import hooks
from agentic_commerce.testing import Sandbox


def test_given_secrets_sign_and_change_nothing_else() -> None:
    made = Sandbox(seed=3)
    given = Sandbox(
        seed=3, api_key="sk_test_mine", hook_secret="whsec_hooks", event_secret="whsec_events"
    )
    hooks.verify_signature(b"{}", given.sign_hook(b"{}"), "whsec_hooks")
    assert (given.api_key, given.event_secret) == ("sk_test_mine", "whsec_events")
    assert given.keys.keys() == {"sk_test_mine"}
    assert given.ids.new("cs_test") == made.ids.new("cs_test")
    assert given.rotate_hook_secret() != "whsec_hooks"


@pytest.mark.parametrize("option", ["hook_secret", "event_secret", "api_key"])
def test_an_empty_secret_is_refused(option: str) -> None:
    with pytest.raises(ValueError, match="cannot be empty"):
        Sandbox(**{option: " "})  # type: ignore[arg-type]
