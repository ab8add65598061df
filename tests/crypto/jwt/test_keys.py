import math
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, RSAKey

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.crypto.jwt.keys import Algorithm, generate_key, load_jwk, load_private, load_public, unsafe_shared_key

RANDOM = bytes(range(64))


def private_pem(native: Any, encryption: Any = None) -> bytes:
    return native.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())


def public_pem(native: Any) -> bytes:
    return native.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
def test_a_key_signs_and_its_public_half_verifies(algorithm: Algorithm) -> None:
    key = generate_key(algorithm, key_id="k1")
    assert (key.key_id, key.algorithm, key.public().algorithm) == ("k1", algorithm, algorithm)
    signature = key.sign(b"message")
    assert key.public().verify(b"message", signature)
    assert not key.public().verify(b"messagf", signature)
    assert not key.public().verify(b"message", b"")
    assert not key.public().verify(b"message", signature[:-1])
    assert not generate_key(algorithm).public().verify(b"message", signature)


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
def test_keys_are_read_from_pem(algorithm: Algorithm) -> None:
    key = generate_key(algorithm)
    private = key._key.as_pem(private=True)
    again = load_private(Secret(private))
    assert again.key_id == key.key_id
    assert load_private(Secret(private.decode()), key_id="mine").key_id == "mine"
    public = load_public(key._key.as_pem(private=False))
    assert public.verify(b"m", again.sign(b"m"))
    assert public == key.public()


def test_an_encrypted_key_needs_its_password() -> None:
    native = ec.generate_private_key(ec.SECP256R1())
    pem = Secret(private_pem(native, BestAvailableEncryption(b"word")))
    assert load_private(pem, password=Secret(b"word")).algorithm == "ES256"
    for password in (None, Secret(b"other")):
        with pytest.raises(ConfigError):
            load_private(pem, password=password)


@pytest.mark.parametrize(
    "native",
    [
        ec.generate_private_key(ec.SECP384R1()),
        ec.generate_private_key(ec.SECP256K1()),
        ed448.Ed448PrivateKey.generate(),
        rsa.generate_private_key(65537, 1024),
        dsa.generate_private_key(2048),
    ],
)
def test_other_kinds_and_short_rsa_keys_are_refused(native: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        load_private(Secret(private_pem(native)))
    assert caught.value.code == "key-kind"
    with pytest.raises(ConfigError):
        load_public(public_pem(native))


def test_what_is_no_key_is_refused() -> None:
    pem = generate_key()._key.as_pem(private=True)
    for text in ("", "secret", b"\xff", pem):
        with pytest.raises(ConfigError):
            load_public(text)
    for text in ("", "secret", generate_key()._key.as_pem(private=False).decode()):
        with pytest.raises(ConfigError) as caught:
            load_private(Secret(text))
        assert not text or text not in str(caught.value)


def test_hs256_is_made_under_its_unsafe_name_only() -> None:
    with pytest.raises(ConfigError):
        generate_key("HS256")
    key = unsafe_shared_key(Secret(RANDOM), key_id="s1")
    assert key.public().verify(b"m", key.sign(b"m"))
    with pytest.raises(ConfigError):
        key.public().export_jwk()


def shared_attacks() -> Iterator[bytes]:
    rsa_key, ec_key = RSAKey.generate_key(2048), ECKey.generate_key("P-256")
    for key in (rsa_key, ec_key):
        yield key.as_pem(private=False)
        yield b"\n " + key.as_pem(private=False)
        yield key.as_der(private=False)
        yield str(key.as_dict(private=False)).replace("'", '"').encode()
    yield b"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC7"
    yield b"x" * 64
    yield b"short"
    yield RANDOM[:31]


@pytest.mark.parametrize("value", [pytest.param(value, id=f"attack{n}") for n, value in enumerate(shared_attacks())])
def test_cve_2022_29217_a_public_key_or_a_word_is_no_shared_key(value: bytes) -> None:
    with pytest.raises(ConfigError) as caught:
        unsafe_shared_key(Secret(value), key_id="s1")
    assert str(value) not in str(caught.value)


def test_keys_do_not_show_themselves() -> None:
    key = unsafe_shared_key(Secret(RANDOM), key_id="s1")
    for text in (repr(key), str(key.public()), f"{generate_key()}"):
        assert "at 0x" in text


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
def test_a_published_key_is_read_back(algorithm: Algorithm) -> None:
    key = generate_key(algorithm, key_id="k1")
    jwk = key.public().export_jwk()
    again = load_jwk(jwk)
    assert again == key.public()
    assert again.verify(b"m", key.sign(b"m"))
    bare = {name: value for name, value in jwk.items() if name not in {"kid", "use", "alg"}}
    assert load_jwk(bare).key_id == key.public().thumbprint() == load_jwk(bare).thumbprint()
    assert load_jwk(jwk, key_id="mine").key_id == "mine"
    assert load_jwk({**bare, "key_ops": ["verify"]}).algorithm == algorithm


EC_JWK = generate_key().public().export_jwk()


@pytest.mark.parametrize(
    "changes",
    [
        {"use": "enc"},
        {"alg": "ES384"},
        {"alg": "HS256"},
        {"key_ops": ["sign"]},
        {"key_ops": []},
        {"key_ops": 1},
        {"d": "AAAA"},
        {"k": "AAAA"},
        {"kty": "oct"},
        {"kty": "RSA"},
        {"kty": "OKP"},
        {"kty": None},
        {"crv": "P-384"},
        {"crv": "secp256k1"},
        {"x": EC_JWK["y"]},
        {"x": 1},
        {"x": None},
        {"x": ""},
        {"x": "!"},
        {"y": ["a"]},
    ],
)
def test_a_jwk_for_something_else_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        load_jwk({**EC_JWK, **changes})


VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=50), st.lists(st.text(max_size=3)))


@given(
    st.sampled_from(["EC", "OKP", "RSA", "oct", "x"]),
    st.dictionaries(st.sampled_from(["crv", "x", "y", "n", "e", "use", "alg", "kid", "key_ops"]), VALUES),
)
def test_any_jwk_is_refused_cleanly(kind: str, members: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        load_jwk({"kty": kind, **members})


def test_cve_2017_15361_rsa_keys_that_can_be_factored_are_refused() -> None:
    small = math.prod(n for n in range(2, 168) if all(n % divisor for divisor in range(2, n)))
    number = (2**2047 // small) * small + pow(65537, 1234, small)
    number += small * (1 - number % 2)
    native = rsa.RSAPublicNumbers(65537, number).public_key()
    jwk = RSAKey.import_key(native).as_dict()
    for act in (lambda: load_jwk(jwk), lambda: load_public(RSAKey.import_key(native).as_pem(private=False))):
        with pytest.raises(ConfigError) as caught:
            act()
        assert caught.value.code == "weak-key"


def test_keys_too_large_to_check_quickly_are_refused() -> None:
    native = rsa.RSAPublicNumbers(65537, 2**8200 + 1).public_key()
    with pytest.raises(ConfigError):
        load_jwk(RSAKey.import_key(native).as_dict())


def test_a_shared_key_shows_neither_public_part_nor_thumbprint() -> None:
    key = unsafe_shared_key(Secret(RANDOM), key_id="s").public()
    for act in (key.export_jwk, key.thumbprint):
        with pytest.raises(ConfigError) as caught:
            act()
        assert caught.value.code == "shared-key"
