"""Hostile signatures and keys, made here: the cases that published collections of vectors are known for.

They are no published vectors. Each is made from a good signature by one change, and the judge beside the standard's
own words is `cryptography`, asked directly: no verdict of ours is ever kinder than its own.
"""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from vallum.base.errors import ConfigError
from vallum.crypto.jwt.compact import TokenRefusedError, encode_segment
from vallum.crypto.jwt.foreign import ForeignKeys
from vallum.crypto.jwt.keys import VerifyingKey, generate_key, load_jwk, load_public
from vallum.crypto.jwt.proof import read_proof
from vallum.crypto.jwt.verifier import Verifier

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
EDWARDS_ORDER = 2**252 + 27742317777372353535851937790883648493
PRIME = 2**255 - 19
MESSAGE = b"eyJhbGciOiJFUzI1NiJ9.e30"
EC, ED, RSA = (generate_key(name, key_id="k") for name in ("ES256", "EdDSA", "RS256"))
ES_GOOD, ED_GOOD, RS_GOOD = (key.sign(MESSAGE) for key in (EC, ED, RSA))


def pair(r: int, s: int) -> bytes:
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


R, S = (int.from_bytes(half, "big") for half in (ES_GOOD[:32], ES_GOOD[32:]))


def es256_cases() -> dict[str, bytes]:
    """By name, each a signature that must not count."""
    edges = {"0": 0, "1": 1, "n": ORDER, "n-1": ORDER - 1, "n+1": ORDER + 1, "2^256-1": 2**256 - 1}
    cases = {f"r={name}": pair(value, S) for name, value in edges.items()}
    cases |= {f"s={name}": pair(R, value) for name, value in edges.items()}
    cases |= {f"r=s={name}": pair(value, value) for name, value in edges.items()}
    cases |= {"swapped": pair(S, R), "r negated": pair(ORDER - R, S), "both negated": pair(ORDER - R, ORDER - S)}
    der = encode_dss_signature(R, S)
    cases |= {"DER": der, "DER, cut to 64": der[:64], "DER, filled": der.ljust(64, b"\0")}
    cases |= {"one byte short": ES_GOOD[:-1], "one byte more": ES_GOOD + b"\0", "leading zero": b"\0" + ES_GOOD}
    cases |= {"zeros between": ES_GOOD[:32] + b"\0" + ES_GOOD[32:], "nothing": b"", "half": ES_GOOD[:32]}
    cases |= {"twice": ES_GOOD * 2, "48-byte halves": b"\0" * 16 + ES_GOOD[:32] + b"\0" * 16 + ES_GOOD[32:]}
    return cases


def flips(good: bytes) -> Iterator[bytes]:
    """Every byte with one bit changed, another bit for each place."""
    for place in range(len(good)):
        yield good[:place] + bytes([good[place] ^ (1 << place % 8)]) + good[place + 1 :]


@pytest.mark.parametrize("name", es256_cases())
def test_ecdsa_edge_values_and_encodings_are_refused(name: str) -> None:
    assert not EC.public().verify(MESSAGE, es256_cases()[name])


def oracle_es256(signature: bytes) -> bool:
    if len(signature) != 64:
        return False
    numbers = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    try:
        EC.public()._key.public_key.verify(encode_dss_signature(*numbers), MESSAGE, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def test_ecdsa_answers_as_the_library_does() -> None:
    cases = [*es256_cases().values(), *flips(ES_GOOD), ES_GOOD, pair(R, ORDER - S)]
    assert [EC.public().verify(MESSAGE, one) for one in cases] == [oracle_es256(one) for one in cases]


def test_the_twin_of_an_ecdsa_signature_counts_and_says_the_same() -> None:
    """(r, n-s) is good by the standard (FIPS 186-5): that is why nothing here knows a token by its signature."""
    head = encode_segment(json.dumps({"alg": "ES256", "kid": "k", "typ": "at+jwt"}).encode())
    signed = f"{head}.{encode_segment(json.dumps({'jti': '1'}).encode())}"
    good = EC.sign(signed.encode())
    twin = good[:32] + (ORDER - int.from_bytes(good[32:], "big")).to_bytes(32, "big")
    tokens = [f"{signed}.{encode_segment(one)}" for one in (good, twin)]
    verifier = Verifier([EC.public()])
    assert tokens[0] != tokens[1]
    assert [verifier.verify(token, token_type="at+jwt") for token in tokens] == [{"jti": "1"}] * 2


def ed25519_cases() -> dict[str, bytes]:
    first, second = ED_GOOD[:32], int.from_bytes(ED_GOOD[32:], "little")
    added = [second + times * EDWARDS_ORDER for times in range(1, 16)]
    cases = {
        f"S+{times}L": first + value.to_bytes(32, "little") for times, value in enumerate(added, 1) if value < 2**256
    }
    cases |= {"S=0": first + bytes(32), "S=L": first + EDWARDS_ORDER.to_bytes(32, "little"), "zeros": bytes(64)}
    cases |= {"S=2^256-1": first + b"\xff" * 32, "R=identity": b"\1" + bytes(31) + ED_GOOD[32:], "ones": b"\xff" * 64}
    cases |= {"R=p": PRIME.to_bytes(32, "little") + ED_GOOD[32:], "sign of R": flip_sign(first) + ED_GOOD[32:]}
    cases |= {"swapped": ED_GOOD[32:] + first, "big endian": first + ED_GOOD[:31:-1], "short": ED_GOOD[:-1]}
    cases |= {"long": ED_GOOD + b"\0", "nothing": b"", "hex": ED_GOOD.hex().encode(), "twice": ED_GOOD * 2}
    return cases


def flip_sign(point: bytes) -> bytes:
    return point[:31] + bytes([point[31] ^ 0x80])


def test_ed25519_edge_values_are_refused() -> None:
    cases = ed25519_cases()
    assert len(cases) >= 20
    assert [name for name, one in cases.items() if ED.public().verify(MESSAGE, one)] == []
    assert not any(ED.public().verify(MESSAGE, one) for one in flips(ED_GOOD))
    assert not ED.public().verify(MESSAGE + b"\0", ED_GOOD)
    assert not ED.public().verify(hashlib.sha512(MESSAGE).digest(), ED_GOOD)


EIGHTH = bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")
NINTH = (PRIME - int.from_bytes(EIGHTH, "little")).to_bytes(32, "little")
POINTS = [
    *[value.to_bytes(32, "little") for value in (0, 1, PRIME - 1, PRIME, PRIME + 1)],
    EIGHTH,
    NINTH,
]


@pytest.mark.parametrize("sign", [0, 1])
@pytest.mark.parametrize("number", range(len(POINTS)))
def test_an_ed25519_key_under_which_anybody_can_sign_is_refused(number: int, sign: int) -> None:
    point = flip_sign(POINTS[number]) if sign else POINTS[number]
    native = Ed25519PublicKey.from_public_bytes(point)
    assert any(forges(native, b"%d" % text) for text in range(200)), "the library itself accepts a made-up signature"
    pem = native.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": encode_segment(point)}
    for load in (lambda: load_jwk(jwk), lambda: load_public(pem), lambda: ForeignKeys({"keys": [jwk]})):
        with pytest.raises(ConfigError):
            load()


def forges(key: Ed25519PublicKey, message: bytes) -> bool:
    try:
        key.verify(b"\1" + bytes(63), message)
    except InvalidSignature:
        return False
    return True


def test_a_proof_of_possession_under_such_a_key_is_refused() -> None:
    """Without the check anybody could show the key of whoever bound a token to it."""
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": encode_segment(b"\1" + bytes(31))}
    head = encode_segment(json.dumps({"typ": "dpop+jwt", "alg": "EdDSA", "jwk": jwk}).encode())
    claims = {"jti": "1", "htm": "GET", "htu": "https://api.example/", "iat": 1_800_000_000}
    made_up = encode_segment(b"\1" + bytes(63))
    proof = f"{head}.{encode_segment(json.dumps(claims).encode())}.{made_up}"
    with pytest.raises(TokenRefusedError):
        read_proof(proof)


def rs256_cases() -> dict[str, bytes]:
    modulus = RSA.public()._key.public_key.public_numbers().n
    value, size = int.from_bytes(RS_GOOD, "big"), len(RS_GOOD)
    fitting = {"0": 0, "1": 1, "n-1": modulus - 1, "n": modulus, "-s": modulus - value, "s^2": value * value % modulus}
    cases = {name: number.to_bytes(size, "big") for name, number in fitting.items()}
    if value + modulus < 2 ** (8 * size):
        cases["s+n"] = (value + modulus).to_bytes(size, "big")
    cases |= {"leading zero": b"\0" + RS_GOOD, "cut": RS_GOOD[:-1], "cut at the front": RS_GOOD[1:], "nothing": b""}
    private = RSA._key.private_key
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    cases |= {"PSS": private.sign(MESSAGE, pss, hashes.SHA256())}
    cases |= {f"by {digest.name}": private.sign(MESSAGE, padding.PKCS1v15(), digest) for digest in OTHERS}
    return cases


OTHERS: tuple[Any, ...] = (hashes.SHA512(), hashes.SHA384(), hashes.SHA512_256(), hashes.SHA3_256())


def test_rsa_edge_values_and_other_paddings_are_refused() -> None:
    assert [name for name, one in rs256_cases().items() if RSA.public().verify(MESSAGE, one)] == []
    assert not any(RSA.public().verify(MESSAGE, one) for one in list(flips(RS_GOOD))[::9])


def padded(hash_name: bytes, *, filler: int, tail: bytes = b"", size: int = 384) -> int:
    """A message as PKCS #1 pads it, with too short a filling: good for whoever does not count (CVE-2006-4339)."""
    body = b"\0\1" + b"\xff" * filler + b"\0" + hash_name + hashlib.sha256(MESSAGE).digest() + tail
    return int.from_bytes(body.ljust(size, b"\0"), "big")


def test_a_cube_root_is_no_signature() -> None:
    """With the exponent 3 an attacker takes the cube root of a loosely padded hash."""
    name = bytes.fromhex("3031300d060960864801650304020105000420")
    key = ForeignKeys({"keys": [make_rsa_jwk(3)]})
    root = round_root(padded(name, filler=8))
    head = encode_segment(b'{"alg":"RS256"}')
    for value in (root, root + 1, root - 1):
        with pytest.raises(TokenRefusedError):
            key.verify(f"{head}.{encode_segment(b'{}')}.{encode_segment(value.to_bytes(384, 'big'))}")


def round_root(value: int) -> int:
    low, high = 0, 1 << (value.bit_length() // 3 + 1)
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if middle**3 < value else (low, middle)
    return low


def make_rsa_jwk(exponent: int) -> dict[str, str]:
    jwk = dict(RSA.public().export_jwk())
    return {**jwk, "e": encode_segment(exponent.to_bytes((exponent.bit_length() + 7) // 8 or 1, "big"))}


@pytest.mark.parametrize("exponent", [0, 1, 2, 4, 65536, 2**32])
def test_an_exponent_that_protects_nothing_makes_no_key(exponent: int) -> None:
    jwk = make_rsa_jwk(exponent)
    for load in (lambda: load_jwk(jwk), lambda: ForeignKeys({"keys": [jwk]})):
        with pytest.raises(ConfigError):
            load()


def test_a_key_says_nothing_of_another_algorithm() -> None:
    """Each signature, under each key: the one that made it, and no other."""
    keys: dict[str, VerifyingKey] = {"ec": EC.public(), "ed": ED.public(), "rsa": RSA.public()}
    made = {"ec": ES_GOOD, "ed": ED_GOOD, "rsa": RS_GOOD}
    for name, key in keys.items():
        for other, signature in made.items():
            assert key.verify(MESSAGE, signature) is (name == other)
