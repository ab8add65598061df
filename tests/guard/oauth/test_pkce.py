"""PKCE: the vector of RFC 7636, appendix B, and everything that is no S256."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.base.errors import ConfigError
from vallum.guard.oauth.pkce import PkcePair, verify_pkce

VERIFIER, CHALLENGE = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_the_vector_of_the_rfc():
    assert PkcePair(verifier=VERIFIER).challenge == CHALLENGE
    assert verify_pkce(VERIFIER, CHALLENGE, "S256")
    assert VERIFIER not in repr(PkcePair(verifier=VERIFIER))


@pytest.mark.parametrize(
    ("verifier", "challenge", "method"),
    [
        (VERIFIER, VERIFIER, "plain"),
        (VERIFIER, CHALLENGE, None),
        (VERIFIER, CHALLENGE, "s256"),
        (VERIFIER, None, "S256"),
        (None, CHALLENGE, "S256"),
        ("", "", "S256"),
        (VERIFIER[:-1] + "l", CHALLENGE, "S256"),
        (VERIFIER[:-1], CHALLENGE, "S256"),
        (VERIFIER, CHALLENGE + "=", "S256"),
    ],
)
def test_anything_else_is_refused(verifier: str | None, challenge: str | None, method: str | None):
    assert not verify_pkce(verifier, challenge, method)


@given(st.from_regex(r"[A-Za-z0-9._~-]{43,128}", fullmatch=True))
def test_each_verifier_proves_its_own_challenge(verifier: str):
    challenge = PkcePair(verifier=verifier).challenge
    assert len(challenge) == 43
    assert verify_pkce(verifier, challenge, "S256")
    assert not verify_pkce(PkcePair.make().verifier, challenge, "S256")


@pytest.mark.parametrize("verifier", ["", "x" * 42, "x" * 129, "x" * 42 + "+", "x" * 43 + "\n"])
def test_other_texts_are_no_verifiers(verifier: str):
    with pytest.raises(ConfigError):
        PkcePair(verifier=verifier)
