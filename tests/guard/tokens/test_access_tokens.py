from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.guard.tokens.access_tokens import (
    AccessTokens,
    BearerMissingError,
    BearerRefusedError,
    Claims,
    generate_key,
    unsafe_shared_key,
)

NOW = 1_800_000_000.0
KEY, OLD_KEY = generate_key(), generate_key("EdDSA")


def build(now: float = NOW, **options: Any) -> AccessTokens:
    settings = {"key": KEY, "issuer": "https://id.example", "audience": "api", "clock": lambda: now}
    return AccessTokens(**{**settings, **options})


TOKENS = build()
TOKEN = TOKENS.issue("u1", {"scope": "notes:read"})


def test_an_issued_token_signs_its_subject_in() -> None:
    for headers in (f"Bearer {TOKEN}", [f"bearer {TOKEN}"], (f"BEARER  {TOKEN}",)):
        claims = TOKENS.authenticate(headers)
        assert (claims.subject, claims.extra["scope"]) == ("u1", "notes:read")


def test_a_service_that_only_verifies_needs_the_public_keys_only() -> None:
    reader = build(key=None, keys=[KEY.public()])
    assert reader.verify(TOKEN).subject == "u1"
    with pytest.raises(ConfigError) as caught:
        reader.issue("u1")
    assert caught.value.code == "no-signing-key"


def test_keys_rotate_with_overlap() -> None:
    old = build(key=OLD_KEY).issue("u1")
    with pytest.raises(BearerRefusedError):
        TOKENS.verify(old)
    both = build(keys=[OLD_KEY.public()])
    assert both.verify(old).subject == "u1"
    assert both.verify(TOKEN).subject == "u1"
    assert [key["alg"] for key in both.export_keys()["keys"]] == ["ES256", "EdDSA"]


REFUSED = {
    "expired": (build(NOW + 931), TOKEN),
    "not-yet-valid": (build(NOW - 31), TOKEN),
    "signature": (TOKENS, TOKEN[:-4] + "AAAA"),
    "issuer": (build(issuer="https://other.example"), TOKEN),
    "audience": (build(audience="other"), TOKEN),
    "unknown-key": (build(key=OLD_KEY, keys=[generate_key().public()]), TOKEN),
    "lifetime": (build(longest_life=600, life=600), TOKEN),
    "malformed": (TOKENS, "e30.e30.x"),
    "revoked": (build(revoked=lambda claims: claims.token_id != ""), TOKEN),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_every_refusal_looks_the_same_and_only_the_log_hears_the_cause(reason: str) -> None:
    tokens, token = REFUSED[reason]
    with pytest.raises(BearerRefusedError) as caught:
        tokens.authenticate(f"Bearer {token}")
    assert caught.value.cause == reason
    assert reason not in str(caught.value)
    refusal = caught.value.refusal
    assert refusal.status == 401
    assert refusal.headers == ((b"www-authenticate", b'Bearer error="invalid_token"'),)
    assert refusal.render(None, "1") == refusal.render(None, "2")


def test_a_deny_list_that_cannot_be_read_refuses() -> None:
    def fail(claims: Claims) -> bool:
        raise OSError("down")

    with pytest.raises(BearerRefusedError) as caught:
        build(revoked=fail).verify(TOKEN)
    assert caught.value.cause == "revocation-unknown: OSError"


@pytest.mark.parametrize("headers", [None, [], "", "Basic YTpi", "Token x", "Bearerx y", [f"Basic {TOKEN}"]])
def test_no_bearer_token_gets_the_plain_challenge(headers: Any) -> None:
    with pytest.raises(BearerMissingError) as caught:
        TOKENS.authenticate(headers)
    assert caught.value.refusal.headers == ((b"www-authenticate", b"Bearer"),)
    assert caught.value.refusal.status == 401


@pytest.mark.parametrize(
    "headers",
    [
        [f"Bearer {TOKEN}", f"Bearer {TOKEN}"],
        [f"Bearer {TOKEN}", "Basic YTpi"],
        f"Bearer {TOKEN}, Bearer {TOKEN}",
        f"Bearer {TOKEN} x",
        f"Bearer {TOKEN}\n",
        f"Bearer\t{TOKEN}",
        f"Bearer  {TOKEN} ",
        "Bearer",
        "Bearer ",
        f'Bearer "{TOKEN}"',
        f"Bearer token={TOKEN}",
        f"Bearer \u00e9{TOKEN}",
    ],
)
def test_anything_but_one_bearer_credential_is_refused(headers: Any) -> None:
    with pytest.raises((BearerRefusedError, BearerMissingError)) as caught:
        TOKENS.authenticate(headers)
    assert caught.value.refusal.status == 401


@given(st.text())
def test_any_header_gives_a_401(text: str) -> None:
    with pytest.raises((BearerRefusedError, BearerMissingError)):
        TOKENS.authenticate(text)
    with pytest.raises(BearerRefusedError):
        TOKENS.verify(text)


def test_mixed_families_no_key_and_long_lives_are_refused() -> None:
    shared = unsafe_shared_key(Secret(bytes(range(32))), key_id="s")
    assert build(key=shared).verify(build(key=shared).issue("u1")).subject == "u1"
    for options in (
        {"keys": [shared.public()]},
        {"key": None},
        {"life": 3601},
        {"longest_life": 7200},
        {"leeway": 61},
        {"audience": ""},
    ):
        with pytest.raises(ConfigError):
            build(**options)
