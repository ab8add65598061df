"""ID tokens that are wrong in one point each, from the small issuer of conftest.py."""

import hmac
import json
from typing import Any

import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey

from vallum.crypto.jwt.compact import encode_segment, write_segment
from vallum.guard.oauth.refusals import ProviderDownError
from vallum.guard.oauth.transport import HttpReply

NOW = 1_800_000_000
FOREIGN = ECKey.generate_key("P-256", {"kid": "1", "alg": "ES256"})
RSA = RSAKey.generate_key(2048, {"kid": "1", "alg": "RS256"})


@pytest.mark.parametrize(
    ("claims", "cause"),
    [
        ({"iss": "https://evil.example"}, "iss"),
        ({"iss": "https://id.example/"}, "iss"),
        ({"iss": None}, "iss"),
        ({"aud": "another-client"}, "aud"),
        ({"aud": []}, "aud"),
        ({"aud": None}, "aud"),
        ({"aud": {"notes-client": 1}}, "aud"),
        ({"aud": ["notes-client", "another"]}, "azp"),
        ({"aud": ["notes-client", "another"], "azp": "another"}, "azp"),
        ({"azp": "another"}, "azp"),
        ({"exp": NOW - 61}, "exp"),
        ({"exp": None}, "exp"),
        ({"exp": "tomorrow"}, "exp"),
        ({"exp": True}, "exp"),
        ({"iat": None}, "iat"),
        ({"iat": NOW + 61}, "iat"),
        ({"iat": NOW - 661}, "iat"),
        ({"nbf": NOW + 61}, "iat"),
        ({"nonce": "another"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"at_hash": "another"}, "at_hash"),
        ({"at_hash": 7}, "at_hash"),
        ({"sub": None}, "sub"),
        ({"sub": ""}, "sub"),
        ({"sub": 7}, "sub"),
        ({"sub": "x" * 256}, "sub"),
        ({"sub": "\u0430da"}, "sub"),
    ],
)
def test_a_wrong_claim_signs_nobody_in(kit: Any, claims: dict[str, Any], cause: str):
    kit.issuer.claims = claims
    assert kit.cause(kit.arrive) == f"id-token: {cause}"


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": ["notes-client"]},
        {"aud": ["notes-client", "another"], "azp": "notes-client"},
        {"exp": NOW - 59},
        {"iat": NOW + 59},
        {"at_hash": None},
    ],
)
def test_what_the_standard_allows_is_accepted(kit: Any, claims: dict[str, Any]):
    kit.issuer.claims = claims
    assert kit.arrive().identity.subject == "ada"


def test_the_profile_is_for_display(kit: Any):
    kit.issuer.claims = {"email": "ada@example.org", "email_verified": "true", "name": 7}
    identity = kit.arrive().identity
    assert (identity.email, identity.email_verified, identity.name) == ("ada@example.org", False, "")


@pytest.mark.parametrize(
    ("header", "cause"),
    [
        ({"jwk": FOREIGN.as_dict(private=False)}, "header"),
        ({"jku": "https://evil.example/jwks"}, "header"),
        ({"x5u": "https://evil.example/x"}, "header"),
        ({"crit": ["exp"]}, "header"),
        ({"kid": "../../etc/passwd"}, "unknown-key"),
        ({"typ": "at+jwt"}, "typ"),
        ({"typ": "logout+jwt"}, "typ"),
    ],
)
def test_a_header_chooses_nothing_but_a_key(kit: Any, header: dict[str, Any], cause: str):
    kit.issuer.header = header
    assert kit.cause(kit.arrive) == f"id-token: {cause}"


def test_no_algorithm_is_none(kit: Any):
    header = encode_segment(b'{"alg":"none","kid":"1"}')
    for signature in ("", "AA"):
        kit.issuer.forged = lambda claims, signature=signature: (
            f"{header}.{encode_segment(json.dumps(claims).encode())}.{signature}"
        )
        assert kit.cause(kit.arrive) in {"id-token: malformed", "id-token: algorithm"}


@pytest.mark.parametrize("key", [RSA, FOREIGN], ids=["rsa", "ec"])
def test_a_public_key_is_no_hmac_secret(kit: Any, key: Any):
    kit.issuer.keys = [key]
    public = key.as_pem(private=False)

    def forge(claims: dict[str, Any]) -> str:
        signed = f"{write_segment({'alg': 'HS256', 'kid': '1'})}.{write_segment(claims)}"
        return f"{signed}.{encode_segment(hmac.digest(public, signed.encode(), 'sha256'))}"

    kit.issuer.forged = forge
    assert kit.cause(kit.arrive) == "id-token: algorithm"


def test_a_foreign_key_of_the_same_name_is_refused(kit: Any, signer: Any):
    kit.issuer.forged = lambda claims: signer(FOREIGN, claims)
    assert kit.cause(kit.arrive) == "id-token: signature"


@pytest.mark.parametrize(
    "key",
    [RSA, OKPKey.generate_key("Ed25519", {"kid": "1", "alg": "EdDSA"}), FOREIGN],
    ids=["RS256", "EdDSA", "ES256"],
)
def test_each_algorithm_that_providers_use_is_read(kit: Any, key: Any):
    kit.issuer.keys = [key]
    assert kit.arrive().identity.subject == "ada"


def test_an_outage_of_the_keys_does_not_stop_logins(kit: Any):
    """Complaint: an outage at the issuer becomes a total login outage."""
    kit.arrive()
    kit.issuer.down = {"/jwks", "/.well-known/openid-configuration"}
    kit.clock.now += 3 * 3600
    assert kit.arrive().identity.subject == "ada"
    kit.clock.now += 3601
    with pytest.raises(ProviderDownError):
        kit.arrive()


def test_a_withdrawn_key_is_dropped(kit: Any, signer: Any):
    """Complaint: revoked keys live for ever."""
    stolen = kit.issuer.keys[0]
    kit.arrive()
    kit.issuer.keys = [ECKey.generate_key("P-256", {"kid": "2", "alg": "ES256"})]
    kit.issuer.forged = lambda claims: signer(stolen, claims)
    assert kit.arrive().identity.subject == "ada"  # the list was read a moment ago
    kit.clock.now += 301
    assert kit.cause(kit.arrive) == "id-token: unknown-key"
    kit.issuer.keys = []
    kit.clock.now += 301
    assert kit.cause(kit.arrive) == "id-token: unknown-key"


def test_a_new_key_is_fetched_at_once_but_not_for_every_forgery(kit: Any):
    kit.arrive()
    kit.clock.now += 11
    kit.issuer.keys = [ECKey.generate_key("P-256", {"kid": "2", "alg": "ES256"})]
    assert kit.arrive().identity.subject == "ada"
    kit.issuer.header = {"kid": "invented"}
    asked = kit.issuer.paths().count("/jwks")
    for _ in range(5):
        assert kit.cause(kit.arrive) == "id-token: unknown-key"
    assert kit.issuer.paths().count("/jwks") == asked


@pytest.mark.parametrize(
    "answer",
    [
        HttpReply(status=500),
        HttpReply(status=200, content_type="text/html", body=b"maintenance"),
        HttpReply(status=200, content_type="application/json", body=b'{"keys":7}'),
    ],
)
def test_nonsense_instead_of_keys_is_an_outage(kit: Any, answer: HttpReply):
    kit.issuer.instead["/jwks"] = answer
    with pytest.raises(ProviderDownError):
        kit.arrive()
