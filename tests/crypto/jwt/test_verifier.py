"""Forged tokens: nothing is accepted that a configured key did not sign, by that key's algorithm."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.crypto.jwt.compact import TokenRefusedError, decode_segment, encode_segment, split_token
from vallum.crypto.jwt.keys import SigningKey, generate_key, unsafe_shared_key
from vallum.crypto.jwt.verifier import Verifier, write_head

KEYS: dict[str, SigningKey] = {
    "ES256": generate_key("ES256", key_id="es"),
    "EdDSA": generate_key("EdDSA", key_id="ed"),
    "RS256": generate_key("RS256", key_id="rs"),
    "HS256": unsafe_shared_key(Secret(hashlib.sha512(b"x").digest()), key_id="hs"),
}
ATTACKER = generate_key("ES256", key_id="es")
PUBLIC = Verifier([KEYS[name].public() for name in ("ES256", "EdDSA", "RS256")])
CLAIMS = b'{"sub":"u1"}'


def sign(header: dict[str, Any], key: SigningKey | None, claims: bytes = CLAIMS) -> str:
    signed = f"{encode_segment(json.dumps(header).encode())}.{encode_segment(claims)}"
    return f"{signed}.{encode_segment(key.sign(signed.encode())) if key else ''}"


def refuse(verifier: Verifier, token: str, reason: str = "") -> None:
    with pytest.raises(TokenRefusedError) as caught:
        verifier.verify(token, token_type="at+jwt")
    assert caught.value.status == 401
    assert not reason or caught.value.reason == reason


@pytest.mark.parametrize("name", KEYS)
def test_a_good_token_is_accepted(name: Any) -> None:
    verifier = Verifier([KEYS[name].public()])
    for header in (
        {"alg": name, "kid": KEYS[name].key_id, "typ": "at+jwt"},
        {"alg": name, "typ": "application/AT+JWT"},
    ):
        assert verifier.verify(sign(header, KEYS[name]), token_type="at+jwt") == {"sub": "u1"}


NAMES = [
    "none",
    "None",
    "NONE",
    "nOnE",
    "",
    " ",
    "HS256",
    "HS384",
    "HS512",
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "ES256",
    "ES384",
    "ES512",
    "ES256K",
    "EdDSA",
    "Ed25519",
    "es256",
    "ES256 ",
    "dir",
    "A128KW",
    None,
    0,
    True,
    [],
    ["ES256"],
    {},
]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("name", NAMES, ids=str)
def test_cve_2024_37568_every_key_takes_its_own_algorithm_only(key: str, name: Any) -> None:
    if name == key:
        return
    verifier = Verifier([KEYS[key].public()])
    for signer in (None, *KEYS.values()):
        for extra in ({}, {"kid": KEYS[key].key_id}):
            refuse(verifier, sign({"alg": name, "typ": "at+jwt", **extra}, signer))


@pytest.mark.parametrize("name", ["ES256", "EdDSA", "RS256"])
def test_a_public_key_never_serves_as_a_shared_secret(name: Any) -> None:
    public = KEYS[name]._key
    secrets = [
        public.as_pem(private=False),
        public.as_der(private=False),
        b"",
        json.dumps(public.as_dict(private=False)).encode(),
    ]
    secrets += [secret.strip() for secret in secrets] + [secret.decode("latin-1").encode() for secret in secrets]
    for alg in ("HS256", name):
        for kid in ({}, {"kid": KEYS[name].key_id}):
            for secret in secrets:
                signed = sign({"alg": alg, "typ": "at+jwt", **kid}, None).rpartition(".")[0]
                mac = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
                refuse(Verifier([KEYS[name].public()]), f"{signed}.{encode_segment(mac)}")
                refuse(PUBLIC, f"{signed}.{encode_segment(mac)}")


JWK = ATTACKER.public().export_jwk()


@pytest.mark.parametrize(
    "extra",
    [
        {"jwk": JWK},
        {"jku": "https://evil.example/keys"},
        {"x5u": "https://evil.example/cert"},
        {"x5c": ["AAAA"]},
        {"x5t": "AAAA"},
        {"crit": ["exp"]},
        {"crit": []},
        {"crit": ["b64"], "b64": False},
        {"b64": False},
        {"zip": "DEF"},
        {"enc": "A256GCM"},
        {"epk": JWK},
        {"alg ": "none"},
        {"unknown": 1},
        {"cty": "JWT"},
    ],
)
def test_cve_2026_27962_and_cve_2025_59420_a_header_brings_nothing_along(extra: dict[str, Any]) -> None:
    header = {"alg": "ES256", "kid": "es", "typ": "at+jwt", **extra}
    for signer in (ATTACKER, KEYS["ES256"]):
        refuse(PUBLIC, sign(header, signer), "header")
        refuse(Verifier([KEYS["ES256"].public()]), sign({"alg": "ES256", "typ": "at+jwt", **extra}, signer), "header")


@pytest.mark.parametrize(
    "kid",
    [
        "",
        "ES",
        "es ",
        "../../dev/null",
        "/dev/null",
        "' OR 1=1 --",
        "es\0",
        "rs|es",
        "*",
        None,
        0,
        True,
        ["es"],
        {"es": 1},
        "x" * 3000,
    ],
)
def test_an_unknown_key_id_is_refused(kid: Any) -> None:
    for signer in (ATTACKER, KEYS["ES256"]):
        refuse(PUBLIC, sign({"alg": "ES256", "kid": kid, "typ": "at+jwt"}, signer), "unknown-key")
    refuse(PUBLIC, sign({"alg": "ES256", "typ": "at+jwt"}, KEYS["ES256"]), "unknown-key")


def test_a_signature_of_another_key_is_refused() -> None:
    refuse(PUBLIC, sign({"alg": "ES256", "kid": "es", "typ": "at+jwt"}, ATTACKER), "signature")
    refuse(PUBLIC, sign({"alg": "ES256", "kid": "es", "typ": "at+jwt"}, None), "malformed")


def test_cve_2022_21449_a_signature_of_zeros_is_refused() -> None:
    signed = sign({"alg": "ES256", "kid": "es", "typ": "at+jwt"}, None)
    refuse(PUBLIC, signed + encode_segment(bytes(64)), "signature")


@pytest.mark.parametrize(
    "name", ["JWT", "", "jwt", "refresh+jwt", "id+jwt", "at+jwt ", None, 1, ["at+jwt"], "text/at+jwt"]
)
def test_another_type_is_refused(name: Any) -> None:
    refuse(PUBLIC, sign({"alg": "ES256", "kid": "es", "typ": name}, KEYS["ES256"]), "type")
    refuse(PUBLIC, sign({"alg": "ES256", "kid": "es"}, KEYS["ES256"]), "type")


GOOD = sign({"alg": "ES256", "kid": "es", "typ": "at+jwt"}, KEYS["ES256"])
HEADER, BODY, SIGNATURE = GOOD.split(".")


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "...",
        GOOD + ".",
        "." + GOOD,
        GOOD + "." + SIGNATURE,
        f"{HEADER}.{BODY}",
        f"{HEADER}..{SIGNATURE}",
        GOOD + "=",
        GOOD + "\n",
        " " + GOOD,
        f"{HEADER}=.{BODY}.{SIGNATURE}",
        GOOD.replace("-", "+") + "+",
        GOOD + "AAA",
        f"{HEADER}.{BODY}.{SIGNATURE[:-1]}" + chr(ord(SIGNATURE[-1]) + 1),
        f"{HEADER}.{BODY}.a",
        f"{HEADER}.{BODY}.\u00e9",
        "x" * 9000,
        GOOD + "." + "a" * 9000,
        json.dumps({"payload": BODY, "signatures": []}),
    ],
)
def test_what_is_not_exactly_one_compact_token_is_malformed(token: str) -> None:
    refuse(PUBLIC, token, "malformed")


@pytest.mark.parametrize(
    "claims",
    [
        b"[]",
        b"1",
        b'"x"',
        b"null",
        b"{",
        b"\xff",
        b'{"sub":"a","sub":"b"}',
        b'{"exp":NaN}',
        b'{"exp":Infinity}',
        b'{"a":' * 3000,
        b"{} {}",
    ],
)
def test_a_payload_that_is_not_one_strict_object_is_refused(claims: bytes) -> None:
    refuse(PUBLIC, sign({"typ": "at+jwt", "alg": "ES256", "kid": "es"}, KEYS["ES256"], claims), "malformed")
    if b'"a","sub"' not in claims:
        refuse(PUBLIC, own(claims), "malformed")


def own(claims: bytes) -> str:
    signed = f"{write_head(KEYS['ES256'], 'at+jwt')}.{encode_segment(claims)}"
    return f"{signed}.{encode_segment(KEYS['ES256'].sign(signed.encode()))}"


def test_our_own_header_is_looked_up_and_the_rest_is_still_checked() -> None:
    good = own(CLAIMS)
    assert PUBLIC.verify(good, token_type="at+jwt") == {"sub": "u1"}
    head, body, signature = good.split(".")
    other = write_head(KEYS["ES256"], "rt+jwt")
    for token, reason in (
        (f"{head}.{body}.{encode_segment(bytes(64))}", "signature"),
        (f"{head}.{encode_segment(b'{}')}.{signature}", "signature"),
        (f"{write_head(KEYS['EdDSA'], 'at+jwt')}.{body}.{signature}", "signature"),
        (f"{other}.{body}.{encode_segment(KEYS['ES256'].sign(f'{other}.{body}'.encode()))}", "type"),
        (f"{head}.{body}.{signature}=", "malformed"),
        (f"{head}.{body}=.{signature}", "malformed"),
        (f"{head}.{body}.", "malformed"),
        (f"{head}..{signature}", "signature"),
        (f"{head}.{body}.{signature}.", "malformed"),
        (f"{head}.{body}.{signature[:-1]}{chr(ord(signature[-1]) + 1)}", "malformed"),
        (f"{head}.{body}.\u00e9", "malformed"),
        (f"{head}.{body}.{signature}" + " " * 9000, "malformed"),
    ):
        refuse(PUBLIC, token, reason)


@pytest.mark.parametrize("segment", ["", "a", "aaaaa", "AB", "AAB", "AA==", "AA\n", "A A=", "+/aa", "\u00e9a"])
def test_a_segment_is_written_in_one_way(segment: str) -> None:
    with pytest.raises(TokenRefusedError):
        decode_segment(segment)


def test_a_header_that_says_two_things_is_refused() -> None:
    twice = encode_segment(b'{"alg":"none","alg":"ES256","kid":"es","typ":"at+jwt"}')
    signed = f"{twice}.{BODY}"
    refuse(PUBLIC, f"{signed}.{encode_segment(KEYS['ES256'].sign(signed.encode()))}", "malformed")
    refuse(PUBLIC, f"{encode_segment(b'[]')}.{BODY}.{SIGNATURE}", "malformed")


@given(place=st.integers(0, len(GOOD) - 1), letter=st.sampled_from("ABCxyz019-_."))
def test_no_changed_character_passes(place: int, letter: str) -> None:
    changed = GOOD[:place] + letter + GOOD[place + 1 :]
    if changed != GOOD:
        refuse(PUBLIC, changed)


@given(st.text(max_size=80))
def test_any_text_is_refused_cleanly(text: str) -> None:
    refuse(PUBLIC, text)


@given(st.binary(min_size=1), st.binary(min_size=1))
def test_segments_come_back_as_they_were(payload: bytes, signature: bytes) -> None:
    header = encode_segment(b"{}")
    parts = split_token(f"{header}.{encode_segment(payload)}.{encode_segment(signature)}")
    assert (parts.payload, parts.signature) == (payload, signature)
    assert base64.urlsafe_b64decode(encode_segment(payload) + "==") == payload


def test_a_verifier_needs_keys_of_one_family_with_their_own_ids() -> None:
    for keys in ([], [KEYS["ES256"].public(), ATTACKER.public()]):
        with pytest.raises(ConfigError) as caught:
            Verifier(keys)
        assert caught.value.code == "verifier-keys"
    with pytest.raises(ConfigError) as caught:
        Verifier([KEYS["RS256"].public(), KEYS["HS256"].public()])
    assert caught.value.code == "mixed-keys"


def test_a_refusal_tells_nothing_of_the_token() -> None:
    with pytest.raises(TokenRefusedError) as caught:
        PUBLIC.verify(GOOD[:-3] + "AAA", token_type="at+jwt")
    assert HEADER not in str(caught.value)
    assert BODY not in repr(caught.value)
