"""Read the members of a public JWK strictly (RFC 7518 section 6, RFC 8037 section 2), and know broken keys."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers

from vallum.crypto.jwt.compact import TokenRefusedError, decode_segment

_COORDINATE: Final = 32
_LONGEST: Final = 1024
_ROCA_PRIMES: Final = (
    *(3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109),
    *(113, 127, 131, 137, 139, 149, 151, 157, 163, 167),
)
_ROCA_BASE: Final = 65537
_EDWARDS_PRIME: Final = 2**255 - 19
_EIGHTH: Final = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_SMALL_ORDER: Final = frozenset({0, 1, _EDWARDS_PRIME - 1, _EIGHTH, _EDWARDS_PRIME - _EIGHTH})
"""The y coordinates of the points of order 1, 2, 4 and 8 on edwards25519."""


def read_members(jwk: Mapping[str, Any]) -> EllipticCurvePublicKey | Ed25519PublicKey | RSAPublicKey | None:
    """Return the key that the members of a JWK make, or None for another kind of key.

    Raises `ValueError` for members that are missing, not base64url, or make no key.
    """
    read = _READERS.get((str(jwk.get("kty")), str(jwk.get("crv", ""))))
    return read(jwk) if read else None


def has_roca(modulus: int) -> bool:
    """Tell whether an RSA modulus has the fingerprint of CVE-2017-15361: keys of that kind can be factored.

    Their primes are powers of 65537 modulo many small primes, and so is the product. A good modulus looks like that by
    chance once in 100 million.
    """
    return all(modulus % prime in _list_powers(prime) for prime in _ROCA_PRIMES)


def has_small_order(encoded: bytes) -> bool:
    """Tell whether an Ed25519 key is a point of order 8 or less: anybody can sign under it (RFC 8032, section 5.1.7).

    Verification as the RFC has it accepts such a key, and for it one made-up signature fits every message or many.
    """
    return (int.from_bytes(encoded, "little") & ((1 << 255) - 1)) % _EDWARDS_PRIME in _SMALL_ORDER


def _list_powers(prime: int) -> set[int]:
    powers, power = set[int](), 1
    while power not in powers:
        powers.add(power)
        power = power * _ROCA_BASE % prime
    return powers


def _read_curve(jwk: Mapping[str, Any]) -> EllipticCurvePublicKey:
    x, y = (int.from_bytes(_read(jwk, name, _COORDINATE), "big") for name in ("x", "y"))
    return EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()


def _read_edwards(jwk: Mapping[str, Any]) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(_read(jwk, "x", _COORDINATE))


def _read_rsa(jwk: Mapping[str, Any]) -> RSAPublicKey:
    modulus, exponent = (int.from_bytes(_read(jwk, name), "big") for name in ("n", "e"))
    return RSAPublicNumbers(exponent, modulus).public_key()


def _read(jwk: Mapping[str, Any], name: str, length: int = 0) -> bytes:
    text = jwk.get(name)
    try:
        value = decode_segment(text) if isinstance(text, str) else b""
    except TokenRefusedError:
        value = b""
    if not value or len(value) > _LONGEST or (length and len(value) != length):
        raise ValueError(name)
    return value


_READERS: Final[Mapping[tuple[str, str], Callable[[Mapping[str, Any]], Any]]] = {
    ("EC", "P-256"): _read_curve,
    ("OKP", "Ed25519"): _read_edwards,
    ("RSA", ""): _read_rsa,
}
