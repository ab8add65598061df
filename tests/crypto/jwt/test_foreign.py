import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from vallum.base.errors import ConfigError
from vallum.crypto.jwt.compact import TokenRefusedError, encode_segment
from vallum.crypto.jwt.foreign import MOST_KEYS, ForeignKeys

CLAIMS = {"iss": "https://id.example", "sub": "u1"}
RSA = RSAKey.generate_key(2048)
SIGNERS: dict[str, Any] = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), RSA),
    "ES256": ECKey.generate_key("P-256"),
    "ES384": ECKey.generate_key("P-384"),
    "ES512": ECKey.generate_key("P-521"),
    "EdDSA": OKPKey.generate_key("Ed25519"),
}


def publish(*names: str, **changes: Any) -> dict[str, Any]:
    return {"keys": [{**SIGNERS[name].as_dict(private=False), "kid": name, "alg": name, **changes} for name in names]}


def sign(name: str, header: dict[str, Any] | None = None, payload: bytes = json.dumps(CLAIMS).encode()) -> str:
    head = {"alg": name, "kid": name, **(header or {})}
    head = {key: value for key, value in head.items() if value is not ...}
    signed = f"{encode_segment(json.dumps(head).encode())}.{encode_segment(payload)}"
    algorithm = jws.JWSRegistry.algorithms[name]
    return f"{signed}.{encode_segment(algorithm.sign(signed.encode(), SIGNERS[name]))}"


def refuse(keys: ForeignKeys, token: str, reason: str = "") -> None:
    with pytest.raises(TokenRefusedError) as caught:
        keys.verify(token)
    assert not reason or caught.value.reason == reason


@pytest.mark.parametrize("name", SIGNERS)
def test_each_published_algorithm_is_checked(name: str) -> None:
    keys = ForeignKeys(publish(*SIGNERS))
    good = sign(name, {"typ": "JWT"})
    assert keys.verify(good) == CLAIMS
    assert keys.has_key(good)
    head, body, signature = good.split(".")
    refuse(keys, f"{head}.{encode_segment(b'{}')}.{signature}", "signature")
    refuse(keys, f"{head}.{body}.{encode_segment(bytes(64))}", "signature")


@pytest.mark.parametrize("key", SIGNERS)
@pytest.mark.parametrize("name", [*SIGNERS, "none", "None", "HS256", "HS512", "Ed25519", "", None, ["ES256"]], ids=str)
def test_a_key_takes_its_own_algorithm_only(key: str, name: Any) -> None:
    if name == key:
        return
    keys = ForeignKeys(publish(key))
    refuse(keys, sign(key, {"alg": name}), "algorithm")
    refuse(keys, sign(key, {"alg": name, "kid": ...}), "algorithm")


def test_without_alg_the_kind_of_key_decides() -> None:
    for name in ("RS256", "ES256", "ES384", "EdDSA"):
        document = publish(name)
        del document["keys"][0]["alg"]
        assert ForeignKeys(document).verify(sign(name)) == CLAIMS
    document = publish("PS256")
    del document["keys"][0]["alg"]
    refuse(ForeignKeys(document), sign("PS256"), "algorithm")


@pytest.mark.parametrize("name", ["RS256", "ES256", "EdDSA"])
def test_a_public_key_is_no_shared_secret(name: str) -> None:
    public = SIGNERS[name].as_pem(private=False)
    for alg in ("HS256", name):
        signed = sign(name, {"alg": alg}).rpartition(".")[0]
        mac = hmac.digest(public, signed.encode(), hashlib.sha256)
        refuse(ForeignKeys(publish(name)), f"{signed}.{encode_segment(mac)}")


@pytest.mark.parametrize(
    "header",
    [
        {"jwk": SIGNERS["ES256"].as_dict(private=False)},
        {"jku": "https://evil.example"},
        {"x5u": "https://evil.example"},
        {"x5c": ["AAAA"]},
        {"crit": ["exp"]},
        {"crit": []},
        {"b64": False, "crit": ["b64"]},
        {"zip": "DEF"},
    ],
)
def test_a_header_brings_nothing_along(header: dict[str, Any]) -> None:
    refuse(ForeignKeys(publish("ES256")), sign("ES256", header), "header")


@pytest.mark.parametrize("kid", ["", "es256", "../../dev/null", "' OR 1=1 --", None, 0, ["ES256"], {}])
def test_an_unknown_key_may_be_fetched_and_is_not_believed(kid: Any) -> None:
    keys = ForeignKeys(publish("ES256", "EdDSA"))
    token = sign("ES256", {"kid": kid})
    refuse(keys, token, "unknown-key")
    assert not keys.has_key(token)
    refuse(keys, sign("ES256", {"kid": ...}), "unknown-key")


@given(st.text(max_size=60))
def test_any_text_is_refused_cleanly(text: str) -> None:
    keys = ForeignKeys(publish("ES256"))
    refuse(keys, text)
    assert keys.has_key(text)


@pytest.mark.parametrize("payload", [b"[]", b"x", b'{"a":1,"a":2}', b'{"a":NaN}'])
def test_claims_are_one_strict_object(payload: bytes) -> None:
    refuse(ForeignKeys(publish("ES256")), sign("ES256", payload=payload), "malformed")


def test_keys_for_something_else_are_left_out() -> None:
    others = [
        *publish("ES384", use="enc")["keys"],
        *publish("ES384", key_ops=["encrypt"])["keys"],
        *publish("ES384", key_ops=1)["keys"],
        *publish("ES384", alg="ES256")["keys"],
        *publish("ES384", kid=7)["keys"],
        *publish("ES384", crv="secp256k1")["keys"],
        *publish("ES384", x="!")["keys"],
        *publish("RS256", n="!")["keys"],
        *publish("RS256", n="AQAB")["keys"],
        OctKey.generate_key(256).as_dict(),
        {"kty": ["RSA"]},
        "x",
    ]
    keys = ForeignKeys({"keys": [*others, *publish("ES256", use="sig", key_ops=["verify"])["keys"]]})
    assert [key.key_id for key in keys.keys] == ["ES256"]
    with pytest.raises(ConfigError):
        ForeignKeys({"keys": others})


def test_two_keys_of_one_name_and_algorithm_are_not_guessed_between() -> None:
    refuse(ForeignKeys({"keys": publish("ES256")["keys"] * 2}), sign("ES256"), "algorithm")


@pytest.mark.parametrize("document", [{}, {"keys": []}, {"keys": {}}, {"keys": [{}] * (MOST_KEYS + 1)}])
def test_what_is_no_key_document_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as caught:
        ForeignKeys(document)
    assert caught.value.code == "bad-jwks"
