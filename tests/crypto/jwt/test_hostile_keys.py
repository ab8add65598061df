"""Hostile keys and headers, made here: what a JWK, a JWKS document or a token's header may not talk anybody into."""

import json
from base64 import urlsafe_b64decode
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from vallum.base.errors import ConfigError
from vallum.crypto.jwt.compact import TokenRefusedError, encode_segment
from vallum.crypto.jwt.foreign import ForeignKeys
from vallum.crypto.jwt.keys import SigningKey, generate_key, load_jwk
from vallum.crypto.jwt.proof import read_proof
from vallum.crypto.jwt.verifier import Verifier

KEYS: dict[str, SigningKey] = {name: generate_key(name, key_id="k") for name in ("ES256", "EdDSA", "RS256")}
JWKS = {name: dict(key.public().export_jwk()) for name, key in KEYS.items()}
FIELD = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF


def decode(text: str) -> bytes:
    """Not by the decoder that is under test."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


X, Y = (decode(JWKS["ES256"][name]) for name in ("x", "y"))
P384 = ec.generate_private_key(ec.SECP384R1()).public_key().public_numbers()


def ec_changes() -> dict[str, dict[str, Any]]:
    """By name, each a change that makes no key of it."""
    flipped = X[:31] + bytes([X[31] ^ 1])
    changes: dict[str, dict[str, Any]] = {
        "not on the curve": {"y": encode_segment(flipped)},
        "infinity": {"x": encode_segment(bytes(32)), "y": encode_segment(bytes(32))},
        "x above the field": {"x": encode_segment(FIELD.to_bytes(32, "big"))},
        "y above the field": {"y": encode_segment((2**256 - 1).to_bytes(32, "big"))},
        "x short": {"x": encode_segment(X[1:])},
        "x with a zero": {"x": encode_segment(b"\0" + X)},
        "compressed": {"x": encode_segment(b"\2" + X)},
        "both in x": {"x": encode_segment(b"\4" + X + Y)},
        "point of P-384": {
            "x": encode_segment(P384.x.to_bytes(48, "big")),
            "y": encode_segment(P384.y.to_bytes(48, "big")),
        },
        "no x": {"x": None},
        "no y": {"y": None},
        "padded": {"x": encode_segment(X) + "="},
        "standard alphabet": {"x": encode_segment(b"\xfb\xff" + X[2:]).replace("-", "+").replace("_", "/")},
        "white space": {"x": encode_segment(X) + "\n"},
        "hex": {"x": X.hex()},
        "number": {"x": int.from_bytes(X, "big")},
        "list": {"x": [encode_segment(X)]},
    }
    return {**changes, **kind_changes()}


def kind_changes() -> dict[str, dict[str, Any]]:
    curves = {f"crv {crv}": {"crv": crv} for crv in ("P-384", "p-256", "secp256k1", "Ed25519", "X25519", "", None)}
    kinds = {f"kty {kty}": {"kty": kty} for kty in ("ec", "OKP", "RSA", "oct", "", None)}
    uses = {"for encryption": {"use": "enc"}, "operation": {"key_ops": ["sign"]}, "alg": {"alg": "ES384"}}
    return {**curves, **kinds, **uses}


@pytest.mark.parametrize("name", ec_changes())
def test_a_changed_curve_key_is_none(name: str) -> None:
    jwk = {member: value for member, value in {**JWKS["ES256"], **ec_changes()[name]}.items() if value is not None}
    with pytest.raises(ConfigError):
        load_jwk(jwk)
    try:
        kept = ForeignKeys({"keys": [jwk]})
    except ConfigError:
        return
    read = [int.from_bytes(decode(key.key.as_dict(private=False)["x"]), "big") for key in kept.keys]
    assert read == [int.from_bytes(X, "big")], "of the issuer's own document another way to write the key is read"


@pytest.mark.parametrize("member", ["d", "p", "q", "dp", "dq", "qi", "oth", "k"])
@pytest.mark.parametrize("name", ["ES256", "EdDSA", "RS256"])
def test_a_key_that_is_not_public_is_refused(name: str, member: str) -> None:
    with pytest.raises(ConfigError):
        load_jwk({**JWKS[name], member: encode_segment(bytes(range(32)))})


@pytest.mark.parametrize(("name", "member"), [("EdDSA", "x"), ("RS256", "n"), ("RS256", "e")])
@pytest.mark.parametrize("value", [None, "", "A", "AA==", "!", 1, [], "A" * 3000])
def test_a_member_that_is_missing_or_odd_makes_no_key(name: str, member: str, value: Any) -> None:
    jwk = {key: one for key, one in {**JWKS[name], member: value}.items() if one is not None}
    for load in (lambda: load_jwk(jwk), lambda: ForeignKeys({"keys": [jwk]})):
        with pytest.raises(ConfigError):
            load()


@pytest.mark.parametrize("size", [0, 31, 33, 57])
def test_an_ed25519_key_has_32_bytes(size: int) -> None:
    jwk = {**JWKS["EdDSA"], "x": encode_segment(b"\7" * size)}
    for load in (lambda: load_jwk(jwk), lambda: ForeignKeys({"keys": [jwk]})):
        with pytest.raises(ConfigError):
            load()


EVIL = generate_key("ES256", key_id="k")
BROUGHT: list[dict[str, Any]] = [
    {"jwk": EVIL.public().export_jwk()},
    {"jku": "https://evil.example/keys"},
    {"jku": "file:///etc/keys.json"},
    {"x5u": "https://evil.example/cert"},
    {"x5c": ["AAAA"]},
    {"crit": ["exp"]},
    {"crit": ["b64"], "b64": False},
    {"crit": ["http://example.invalid/UNDEFINED"], "http://example.invalid/UNDEFINED": True},
    {"crit": []},
    {"crit": "alg"},
    {"zip": "DEF"},
    {"enc": "A256GCM"},
    {"p2c": 10**9, "p2s": "AAAA"},
]
NAMED: list[Any] = [
    "../../../../dev/null",
    "/dev/null",
    "file:///dev/null",
    "k' UNION SELECT 'AAAA' --",
    "k'; DROP TABLE keys; --",
    "| cat /etc/passwd",
    "k\0",
    "K",
    "",
    "%6b",
    {"$ne": ""},
    ["k"],
    0,
    "k" * 5000,
]
NONE = (
    "none",
    "None",
    "NONE",
    "nonE",
    "",
    None,
    "HS256",
    "HS384",
    "HS512",
    "RS256",
    "PS256",
    "ES256",
    "ES384",
    "EdDSA",
)


def forge(signer: SigningKey | None, header: dict[str, Any]) -> str:
    signed = f"{encode_segment(json.dumps(header).encode())}.{encode_segment(b'{}')}"
    return f"{signed}.{encode_segment(signer.sign(signed.encode())) if signer is not None else ''}"


def refuse(name: str, token: str) -> None:
    with pytest.raises(TokenRefusedError):
        Verifier([KEYS[name].public()]).verify(token, token_type="JWT")
    with pytest.raises(TokenRefusedError):
        ForeignKeys({"keys": [JWKS[name]]}).verify(token)


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("number", range(len(BROUGHT)))
def test_matrix_of_what_a_header_brings_along(name: str, number: int) -> None:
    for signer in (KEYS[name], EVIL, None):
        for kid in ({}, {"kid": "k"}):
            refuse(name, forge(signer, {"alg": name, "typ": "JWT", **kid, **BROUGHT[number]}))


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("number", range(len(NAMED)))
def test_matrix_of_names_of_keys(name: str, number: int) -> None:
    for signer in (KEYS[name], EVIL, None):
        refuse(name, forge(signer, {"alg": name, "typ": "JWT", "kid": NAMED[number]}))


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("number", range(len(NONE)))
def test_matrix_of_keys_and_algorithms(name: str, number: int) -> None:
    for signer in (*KEYS.values(), None):
        if NONE[number] == name and signer is KEYS[name]:
            continue
        for kid in ({}, {"kid": "k"}):
            refuse(name, forge(signer, {"alg": NONE[number], "typ": "JWT", **kid}))


@pytest.mark.parametrize("number", range(len(BROUGHT)))
def test_a_proof_of_possession_brings_its_key_and_nothing_else(number: int) -> None:
    claims = {"jti": "1", "htm": "GET", "htu": "https://api.example/", "iat": 1_800_000_000}
    header: dict[str, Any] = {"typ": "dpop+jwt", "alg": "ES256", "jwk": JWKS["ES256"]}

    def prove(extra: dict[str, Any]) -> str:
        signed = f"{encode_segment(json.dumps(header | extra).encode())}.{encode_segment(json.dumps(claims).encode())}"
        return f"{signed}.{encode_segment(KEYS['ES256'].sign(signed.encode()))}"

    assert read_proof(prove({})).key_thumbprint == KEYS["ES256"].public().thumbprint()
    with pytest.raises(TokenRefusedError):
        read_proof(prove(BROUGHT[number]))


@pytest.mark.parametrize("name", KEYS)
def test_an_encrypted_token_is_none(name: str) -> None:
    """There is no decryption of tokens here, so every JWE is refused by its shape."""
    for alg in ("dir", "RSA-OAEP", "RSA1_5", "ECDH-ES", "PBES2-HS256+A128KW"):
        head = encode_segment(json.dumps({"alg": alg, "enc": "A256GCM", "kid": "k"}).encode())
        for token in (f"{head}.AAAA.AAAA.AAAA.AAAA", f"{head}..AAAA.AAAA.AAAA", f"{head}.AAAA.AAAA"):
            refuse(name, token)


WRITTEN = ("{}=", "{}==", " {}", "{}\n", "{}%3D", "{}.", "\u200b{}", "{}A", "{}AA")


@pytest.mark.parametrize("part", [0, 1, 2])
@pytest.mark.parametrize("number", range(len(WRITTEN)))
def test_a_token_is_written_in_one_way(part: int, number: int) -> None:
    parts = forge(KEYS["ES256"], {"alg": "ES256", "typ": "JWT", "kid": "k"}).split(".")
    assert Verifier([KEYS["ES256"].public()]).verify(".".join(parts), token_type="JWT") == {}
    parts[part] = WRITTEN[number].format(parts[part])
    refuse("ES256", ".".join(parts))
