"""Whose passkeys: which origins and domains a site may name."""

from typing import Any

import pytest

from vallum.base.errors import ConfigError
from vallum.guard.authentication.mfa.relying_party import RelyingParty


def test_related_origins_share_the_passkeys() -> None:
    party = RelyingParty("https://www.notes.example", "notes.example", ("https://notes.test",))
    assert (party.id, party.origins) == ("notes.example", ("https://www.notes.example", "https://notes.test"))
    assert party.describe() == {"origins": ["https://www.notes.example", "https://notes.test"]}


@pytest.mark.parametrize(
    "given",
    [
        ("http://notes.example",),
        ("https://127.0.0.1",),
        ("https://notes.example/",),
        ("https://notes.example", "example"),
        ("https://notes.example", "otes.example"),
        ("https://notes.example", "attacker.example"),
        ("https://notes.example", "", ("http://other.example",)),
        ("https://notes.example", "", tuple(f"https://notes{number}.example" for number in range(6))),
    ],
)
def test_origins_that_prove_nothing_are_refused(given: Any) -> None:
    with pytest.raises(ConfigError):
        RelyingParty(*given)
