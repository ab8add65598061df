"""A token is judged by the keys that the verifier was built with, each by its one algorithm, and by nothing it says."""

import hashlib
import hmac
import json
from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.crypto.jwt.compact import TokenRefusedError, decode_segment, encode_segment
from vallum.crypto.jwt.foreign import ForeignKeys
from vallum.crypto.jwt.keyring import Keyring
from vallum.crypto.jwt.keys import SigningKey, generate_key, load_jwk, unsafe_shared_key
from vallum.crypto.jwt.verifier import Verifier
from vallum.crypto.passwords.scheme import StoredHashError
from vallum.crypto.passwords.stored import read_hash
from vallum.crypto.seal.keys import SealingKey
from vallum.crypto.seal.ring import SealRefusedError, SealRing
from vallum.guard.oauth.pkce import PkcePair, verify_pkce
from vallum.guard.tokens.access_tokens import AccessTokens, BearerRefusedError, Claims

SITE = {"issuer": "https://id.example", "audience": "api"}
KEYS: dict[str, SigningKey] = {name: generate_key(name, key_id="k") for name in ("ES256", "EdDSA", "RS256")}
KEYS["HS256"] = unsafe_shared_key(Secret(hashlib.sha512(b"x").digest()), key_id="k")
EVE = generate_key("ES256", key_id="k")


def forge(claims: dict[str, Any], key: SigningKey | None, **header: Any) -> str:
    signed = f"{encode_segment(json.dumps(header).encode())}.{encode_segment(json.dumps(claims).encode())}"
    return f"{signed}.{encode_segment(key.sign(signed.encode())) if key is not None else ''}"


def claims_of(tokens: AccessTokens) -> dict[str, Any]:
    """Claims that only want a good signature."""
    return dict(json.loads(decode_segment(tokens.issue("ada").split(".")[1])))


@pytest.fixture
def tokens() -> AccessTokens:
    return AccessTokens(key=KEYS["ES256"], **SITE)


def test_bug_05_cve_2026_27962_there_is_no_verifier_without_a_key() -> None:
    for build in (lambda: AccessTokens(**SITE), lambda: AccessTokens(key=None, keys=(), **SITE), lambda: Verifier([])):
        with pytest.raises(ConfigError):
            build()
    for document in ({}, {"keys": []}, {"keys": None}, {"keys": [{"kty": "oct", "k": "AAAA"}]}):
        with pytest.raises(ConfigError):
            ForeignKeys(document)


@pytest.mark.parametrize("kid", [{}, {"kid": "k"}], ids=["unnamed", "named"])
def test_bug_05_cve_2026_27962_a_key_that_a_token_brings_along_is_not_used(tokens: AccessTokens, kid: Any) -> None:
    claims = claims_of(tokens)
    brought = {"jwk": EVE.public().export_jwk()}
    elsewhere = {"jku": "https://evil.example/k"}, {"x5u": "https://evil.example/k"}, {"x5c": ["AAAA"]}
    ours = ForeignKeys({"keys": [KEYS["ES256"].public().export_jwk()]})
    for extra in (brought, *elsewhere):
        for signer in (EVE, KEYS["ES256"]):
            token = forge(claims, signer, alg="ES256", typ="at+jwt", **kid, **extra)
            with pytest.raises(BearerRefusedError):
                tokens.verify(token)
            with pytest.raises(TokenRefusedError):
                ours.verify(token)


def public_texts(key: Any) -> list[bytes]:
    return [key.as_pem(private=False), key.as_der(private=False), json.dumps(key.as_dict(private=False)).encode()]


@pytest.mark.parametrize("name", ["ES256", "EdDSA", "RS256"])
def test_bug_06_cve_2022_29217_a_public_key_makes_no_mac(name: str) -> None:
    tokens = AccessTokens(key=KEYS[name], **SITE)
    ours = ForeignKeys({"keys": [KEYS[name].public().export_jwk()]})
    for secret in [b"", *public_texts(KEYS[name]._key)]:
        for alg in ("HS256", name):
            signed = forge(claims_of(tokens), None, alg=alg, typ="at+jwt", kid="k").removesuffix(".")
            mac = hmac.digest(secret, signed.encode(), "sha256")
            with pytest.raises(BearerRefusedError):
                tokens.verify(f"{signed}.{encode_segment(mac)}")
            with pytest.raises(TokenRefusedError):
                ours.verify(f"{signed}.{encode_segment(mac)}")


@pytest.mark.parametrize("key", [ECKey.generate_key("P-256"), RSAKey.generate_key(2048)], ids=["ec", "rsa"])
def test_bug_06_cve_2022_29217_a_public_key_is_not_taken_as_a_shared_one(key: Any) -> None:
    for text in public_texts(key):
        with pytest.raises(ConfigError):
            unsafe_shared_key(Secret(text), key_id="k")


@pytest.mark.parametrize("name", ["ES256", "EdDSA", "RS256", "HS256"])
@pytest.mark.parametrize("alg", ["none", "None", "nOnE", "", None, "HS256", "ES256", "EdDSA", "RS256", "PS256"])
def test_bug_06_cve_2024_37568_and_cve_2026_28802_a_key_has_one_algorithm(name: str, alg: str | None) -> None:
    tokens = AccessTokens(key=KEYS[name], **SITE)
    claims = claims_of(tokens)
    for signer in (None, *KEYS.values()):
        if (signer, alg) == (KEYS[name], name):
            continue
        with pytest.raises(BearerRefusedError):
            tokens.verify(forge(claims, signer, alg=alg, typ="at+jwt", kid="k"))
    assert tokens.verify(forge(claims, KEYS[name], alg=name, typ="at+jwt", kid="k")).subject == "ada"


@pytest.mark.parametrize("crit", [["exp"], ["b64"], ["x"], [], "exp", None, [""]], ids=repr)
def test_bug_07_cve_2025_59420_and_cve_2026_32597_unknown_crit_is_refused(tokens: AccessTokens, crit: Any) -> None:
    token = forge(claims_of(tokens), KEYS["ES256"], alg="ES256", typ="at+jwt", kid="k", crit=crit, x=1, b64=True)
    with pytest.raises(BearerRefusedError):
        tokens.verify(token)
    with pytest.raises(TokenRefusedError):
        ForeignKeys({"keys": [KEYS["ES256"].public().export_jwk()]}).verify(token)


def test_bug_07_cve_2026_28498_an_at_hash_of_any_other_kind_is_wrong(kit: Any) -> None:
    for at_hash in ("", "x", 1, [], kit.issuer.at_hash("another"), hashlib.md5(b"access-1").hexdigest()):
        kit.issuer.claims = {"at_hash": at_hash}
        assert kit.cause(kit.arrive).startswith("id-token")


@pytest.mark.parametrize("unknown", ["", "plain", "s256", "S512", "md5", "none", "null", "\x00"])
def test_bug_07_cve_2026_28498_an_unknown_word_is_never_good(unknown: str) -> None:
    pair = PkcePair.make()
    assert not verify_pkce(pair.verifier, pair.challenge, unknown)
    assert not verify_pkce(pair.verifier, pair.verifier, unknown)
    jwk = KEYS["ES256"].public().export_jwk()
    for member in ("kty", "crv", "alg", "use"):
        with pytest.raises(ConfigError):
            load_jwk({**jwk, member: unknown})
    for stored in (unknown, f"${unknown}$salt$digest", f"{unknown}$1$salt$digest", f"{{{unknown}}}digest"):
        with pytest.raises(StoredHashError):
            read_hash(stored)
    ring = SealRing([SealingKey(Secret(bytes(range(32))))])
    sealed = ring.seal(b"x", context="c")
    for place in range(5):
        with pytest.raises(SealRefusedError):
            ring.open(sealed[:place] + bytes([sealed[place] ^ 0x55]) + sealed[place + 1 :], context="c")


def test_bug_22_cve_2026_41131_a_token_that_was_seen_is_judged_as_if_it_were_new() -> None:
    """The cache of seen tokens answers as no cache does, whatever has changed since."""
    now, dead = [1_800_000_000.0], set[str]()
    key, bound, other = generate_key(key_id="a"), "thumb", generate_key(key_id="b")

    def is_dead(claims: Claims) -> bool:
        return claims.subject in dead

    def build(remember: int) -> AccessTokens:
        ring = Keyring([key, other], clock=lambda: now[0])
        return AccessTokens(keyring=ring, remember=remember, revoked=is_dead, clock=lambda: now[0], **SITE)

    kept, plain = build(100), build(0)
    issued = [AccessTokens(key=one, clock=lambda: now[0], **SITE).issue(who) for one in (key, other) for who in "xy"]
    issued.append(AccessTokens(key=key, clock=lambda: now[0], **SITE).issue("x", key_thumbprint=bound))

    def answers(tokens: AccessTokens) -> list[bool]:
        found = []
        for token in issued:
            for thumbprint in ("", bound, "another"):
                try:
                    found.append(tokens.verify(token, key_thumbprint=thumbprint).subject in "xy")
                except BearerRefusedError:
                    found.append(False)
        return found

    def check() -> list[bool]:
        assert answers(kept) == answers(kept) == answers(plain)
        return answers(kept)

    assert sum(check()) == 5
    dead.add("x")
    assert sum(check()) == 2
    dead.clear()
    for tokens in (kept, plain):
        tokens.keyring.retire("b")
    assert sum(check()) == 3
    now[0] += 4000
    assert sum(check()) == 0
