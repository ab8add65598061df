"""How the client proves itself, and that its secret shows nowhere else."""

from base64 import b64decode
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.guard.oauth.client_secret import AppleSecret, PrivateKeyJwt, PublicClient, SecretBasic, SecretPost

SECRET = "s3cret:with/strange characters+"
KEYS: dict[str, Any] = {
    "ES256": ECKey.generate_key("P-256"),
    "RS256": RSAKey.generate_key(2048),
    "PS256": RSAKey.generate_key(2048),
}


def pem(key: Any) -> Secret[str]:
    return Secret(key.as_pem(private=True).decode())


def test_basic_encodes_each_part_first():
    proof = SecretBasic(Secret(SECRET)).prove("notes:1", "https://id.example")
    scheme, _, value = proof.headers["authorization"].partition(" ")
    assert scheme == "Basic"
    assert b64decode(value).decode() == "notes%3A1:s3cret%3Awith%2Fstrange+characters%2B"
    assert proof.form == {}


def test_post_sends_the_secret_in_the_form_and_a_public_client_none():
    proof = SecretPost(Secret(SECRET)).prove("notes", "https://id.example")
    assert proof == ({}, {"client_id": "notes", "client_secret": SECRET})
    assert PublicClient().prove("notes", "https://id.example") == ({}, {"client_id": "notes"})


@pytest.mark.parametrize("algorithm", KEYS)
def test_an_assertion_is_for_one_issuer_and_a_minute(algorithm: str):
    way = PrivateKeyJwt(pem(KEYS[algorithm]), "1", algorithm, lambda: 1000.0)
    first, second = (way.prove("notes", "https://id.example").form["client_assertion"] for _ in range(2))
    token = jwt.decode(first, KEYS[algorithm], algorithms=[algorithm])
    assert token.header["kid"] == "1"
    claims = {name: token.claims[name] for name in ("iss", "sub", "aud", "iat", "exp")}
    assert claims == {"iss": "notes", "sub": "notes", "aud": "https://id.example", "iat": 1000, "exp": 1060}
    assert first != second


def test_apple_gets_a_signed_secret():
    way = AppleSecret(pem(KEYS["ES256"]), "TEAM", "KEY", lambda: 1000.0)
    form = way.prove("org.example.notes", "https://appleid.apple.com").form
    token = jwt.decode(form["client_secret"], KEYS["ES256"], algorithms=["ES256"])
    assert (token.header["kid"], token.claims["iss"], token.claims["sub"]) == ("KEY", "TEAM", "org.example.notes")


def test_no_secret_shows():
    ways: list[Any] = [SecretBasic(Secret(SECRET)), SecretPost(Secret(SECRET)), PrivateKeyJwt(pem(KEYS["ES256"]))]
    for way in ways:
        shown = repr(way) + str(way.prove("notes", "https://id.example"))
        assert SECRET not in shown
        assert "PRIVATE" not in shown


@pytest.mark.parametrize("secret", ["plain text is no Secret", Secret("short"), Secret("\u0430" * 20), Secret("")])
@pytest.mark.parametrize("kind", [SecretBasic, SecretPost])
def test_bad_secrets_are_refused(kind: Any, secret: Any):
    with pytest.raises(ConfigError, match="client secret"):
        kind(secret)


@pytest.mark.parametrize(
    ("text", "algorithm"),
    [
        (Secret("no pem"), "ES256"),
        (pem(KEYS["ES256"]), "HS256"),
        (pem(KEYS["RS256"]), "ES256"),
        (pem(ECKey.generate_key("P-384")), "ES256"),
        (Secret(KEYS["ES256"].as_pem(private=False).decode()), "ES256"),
        (KEYS["ES256"].as_pem(private=True).decode(), "ES256"),
    ],
)
def test_bad_keys_are_refused(text: Any, algorithm: str):
    with pytest.raises(ConfigError, match="private key"):
        PrivateKeyJwt(text, "1", algorithm)
