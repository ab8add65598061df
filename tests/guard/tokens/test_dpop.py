import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.base.errors import ConfigError
from vallum.crypto.jwt.compact import encode_segment
from vallum.crypto.jwt.keys import Algorithm, SigningKey, generate_key
from vallum.crypto.jwt.proof import hash_token, read_proof
from vallum.guard.tokens.access_tokens import AccessTokens, BearerMissingError, BearerRefusedError
from vallum.guard.tokens.dpop import DpopProofs, DpopRefusedError
from vallum.stores.memory.accounts import MemoryAccounts
from vallum.stores.memory.revocations import MemoryRevocations

NOW = 1_800_000_000
ADDRESS = "https://api.example/notes"
ISSUER_KEY, OWNER, THIEF = generate_key(), generate_key(), generate_key()

# RFC 9449, section 4.1 and 7.1: the example proof, its key's thumbprint and the hash of its access token.
RFC_PROOF = (
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCR"
    "nMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHR"
    "tIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMU"
    "vwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
)


class World:
    def __init__(self, **options: Any) -> None:
        self.now: float = NOW
        self.store = MemoryRevocations(MemoryAccounts())
        self.tokens = AccessTokens(key=ISSUER_KEY, issuer="https://id.example", audience="api", clock=lambda: self.now)
        self.dpop = DpopProofs(tokens=self.tokens, replays=self.store, clock=lambda: self.now, **options)
        self.token = self.tokens.issue("u1", key_thumbprint=OWNER.public().thumbprint())

    def authenticate(self, *proofs: str, scheme: str = "DPoP", token: str = "", **options: Any) -> str:
        settings = {"method": "GET", "address": ADDRESS, **options}
        return self.dpop.authenticate(f"{scheme} {token or self.token}", proofs, **settings).subject


@pytest.fixture
def world() -> World:
    return World()


def prove(key: SigningKey = OWNER, header: dict[str, Any] | None = None, **claims: Any) -> str:
    public = {
        name: value for name, value in key.public().export_jwk().items() if name in {"kty", "crv", "x", "y", "n", "e"}
    }
    head = {"typ": "dpop+jwt", "alg": key.algorithm, "jwk": public, **(header or {})}
    said = {"jti": "p1", "htm": "GET", "htu": ADDRESS, "iat": NOW, **claims}
    said = {name: value for name, value in said.items() if value is not ...}
    signed = ".".join(encode_segment(json.dumps(part).encode()) for part in (head, said))
    return f"{signed}.{encode_segment(key.sign(signed.encode()))}"


def refuse(world: World, *proofs: str, **options: Any) -> str:
    with pytest.raises(DpopRefusedError) as caught:
        world.authenticate(*proofs, **options)
    refusal = caught.value.refusal
    assert refusal.headers == ((b"www-authenticate", b'DPoP error="invalid_token", algs="ES256 EdDSA RS256"'),)
    assert refusal.status == 401
    return caught.value.cause


def test_rfc_9449_section_4_1() -> None:
    proof = read_proof(RFC_PROOF)
    assert (proof.token_id, proof.method, proof.issued) == ("-BwC3ESc6acc2lTc", "POST", 1562262616)
    assert proof.address == "https://server.example.com/token"
    assert proof.key_thumbprint == "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
    assert hash_token("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU") == "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"


def test_the_owner_of_the_key_comes_in(world: World) -> None:
    assert world.authenticate(prove(ath=hash_token(world.token))) == "u1"
    assert world.authenticate(prove(ath=hash_token(world.token), jti="p2"), scheme="dpop") == "u1"


@pytest.mark.parametrize("algorithm", ["EdDSA", "RS256"])
def test_keys_of_each_kind_prove(world: World, algorithm: Algorithm) -> None:
    key = generate_key(algorithm)
    token = world.tokens.issue("u2", key_thumbprint=key.public().thumbprint())
    assert world.authenticate(prove(key, ath=hash_token(token)), token=token) == "u2"


def test_a_bound_token_is_no_bearer_token(world: World) -> None:
    with pytest.raises(BearerRefusedError) as caught:
        world.tokens.authenticate(f"Bearer {world.token}")
    assert caught.value.cause == "key-bound"
    with pytest.raises(BearerMissingError):
        world.authenticate(prove(ath=hash_token(world.token)), scheme="Bearer")


def test_a_free_token_is_no_bound_token(world: World) -> None:
    free = world.tokens.issue("u1")
    assert refuse(world, prove(ath=hash_token(free)), token=free) == "key-bound"


def test_the_thief_of_a_token_has_another_key(world: World) -> None:
    assert refuse(world, prove(THIEF, ath=hash_token(world.token))) == "key-bound"
    stolen = prove(THIEF, header={"jwk": OWNER.public().export_jwk()}, ath=hash_token(world.token))
    assert refuse(world, stolen) == "proof-signature"


def test_a_proof_works_once(world: World) -> None:
    proof = prove(ath=hash_token(world.token))
    assert world.authenticate(proof) == "u1"
    assert refuse(world, proof) == "proof-replayed"
    world.now = NOW + 60
    assert refuse(world, proof) == "proof-replayed"
    world.now = NOW + 61
    assert refuse(world, proof) == "proof-time"


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"htm": "POST"}, "proof-request"),
        ({"htm": "get"}, "proof-request"),
        ({"htu": "https://api.example/other"}, "proof-request"),
        ({"htu": "https://evil.example/notes"}, "proof-request"),
        ({"htu": "http://api.example/notes"}, "proof-request"),
        ({"htu": "https://api.example:444/notes"}, "proof-request"),
        ({"htu": "https://x@api.example/notes"}, "proof-address"),
        ({"htu": "/notes"}, "proof-address"),
        ({"htu": "https://[/notes"}, "proof-address"),
        ({"htu": "https://api.example:x/notes"}, "proof-address"),
        ({"iat": NOW - 61}, "proof-time"),
        ({"iat": NOW + 61}, "proof-time"),
        ({"iat": 10**400}, "proof-claims"),
        ({"iat": -1}, "proof-claims"),
        ({"iat": NOW + 0.5}, "proof-claims"),
        ({"iat": True}, "proof-claims"),
        ({"iat": ...}, "proof-claims"),
        ({"jti": ...}, "proof-claims"),
        ({"jti": ""}, "proof-claims"),
        ({"jti": "x" * 257}, "proof-claims"),
        ({"htm": ["GET"]}, "proof-claims"),
        ({"nonce": 1}, "proof-claims"),
        ({"ath": None}, "proof-claims"),
        ({"ath": ""}, "proof-token"),
        ({"ath": ...}, "proof-token"),
        ({"ath": hash_token("other")}, "proof-token"),
    ],
)
def test_a_proof_of_another_request_is_refused(world: World, claims: dict[str, Any], reason: str) -> None:
    assert refuse(world, prove(**{"ath": hash_token(world.token), **claims})) == reason


@pytest.mark.parametrize("address", [ADDRESS + "?page=2", "HTTPS://API.example:443/notes", ADDRESS + "#x"])
def test_query_fragment_and_spelling_of_the_host_do_not_count(world: World, address: str) -> None:
    assert world.authenticate(prove(ath=hash_token(world.token), htu=address)) == "u1"


PRIVATE = {**OWNER.public().export_jwk(), "d": "AAAA"}


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"typ": "JWT"}, "proof-header"),
        ({"typ": "at+jwt"}, "proof-header"),
        ({"alg": "none"}, "proof-algorithm"),
        ({"alg": "HS256"}, "proof-algorithm"),
        ({"alg": "ES384"}, "proof-algorithm"),
        ({"crit": ["x"]}, "proof-header"),
        ({"jku": "https://evil.example"}, "proof-header"),
        ({"kid": "x"}, "proof-header"),
        ({"jwk": "x"}, "proof-header"),
        ({"jwk": {}}, "proof-key"),
        ({"jwk": {"kty": "oct", "k": "AAAA"}}, "proof-key"),
        ({"jwk": {"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA"}}, "proof-key"),
        ({"jwk": {"kty": "EC", "crv": "P-521"}}, "proof-key"),
        ({"jwk": {"kty": ["EC"]}}, "proof-key"),
        ({"jwk": {"kty": "RSA", "n": "AQAB", "e": "AQAB"}}, "proof-key"),
        ({"jwk": PRIVATE}, "proof-key"),
    ],
)
def test_a_header_outside_the_rfc_is_refused(world: World, header: dict[str, Any], reason: str) -> None:
    assert refuse(world, prove(header=header, ath=hash_token(world.token))) == reason


def test_exactly_one_proof(world: World) -> None:
    proof = prove(ath=hash_token(world.token))
    assert refuse(world) == "proof-count"
    assert refuse(world, proof, proof) == "proof-count"
    assert refuse(world, "x") == "malformed"


def test_at_the_token_endpoint_there_is_no_token_yet(world: World) -> None:
    proof = prove(htm="POST", htu="https://id.example/token")
    found = world.dpop.check_proof([proof], method="POST", address="https://id.example/token")
    assert found == OWNER.public().thumbprint()


def test_a_store_that_is_down_lets_nobody_in(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError("down")

    monkeypatch.setattr(world.store, "revoke", fail)
    assert refuse(world, prove(ath=hash_token(world.token))) == "replay-unknown: OSError"


@given(st.text(max_size=80))
def test_any_text_is_refused_cleanly(text: str) -> None:
    assert refuse(World(), text)


@pytest.mark.parametrize("window", [0, 301])
def test_a_wide_window_is_refused(window: int) -> None:
    with pytest.raises(ConfigError) as caught:
        World(window=window)
    assert caught.value.code == "dpop-window"
