"""Sign and check bytes by one algorithm, straight on `cryptography` (RFC 7518 section 3, RFC 8037 section 3.1).

Each builder is given a key of the right kind once and returns a function, so that no call looks an algorithm up.
"""

import hmac
from collections.abc import Callable
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

Sign = Callable[[bytes], bytes]
Check = Callable[[bytes, bytes], bool]
_HALF: Final = 32


def _sign_es256(key: EllipticCurvePrivateKey) -> Sign:
    algorithm = ECDSA(SHA256())

    def sign(message: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(message, algorithm))
        return r.to_bytes(_HALF, "big") + s.to_bytes(_HALF, "big")

    return sign


def _check_es256(key: EllipticCurvePublicKey) -> Check:
    algorithm, verify, read = ECDSA(SHA256()), key.verify, int.from_bytes

    def check(message: bytes, signature: bytes) -> bool:
        if len(signature) != 2 * _HALF:
            return False
        try:
            encoded = encode_dss_signature(read(signature[:_HALF], "big"), read(signature[_HALF:], "big"))
            verify(encoded, message, algorithm)
        except InvalidSignature:
            return False
        return True

    return check


def _check_eddsa(key: Ed25519PublicKey) -> Check:
    verify = key.verify

    def check(message: bytes, signature: bytes) -> bool:
        try:
            verify(signature, message)
        except InvalidSignature:
            return False
        return True

    return check


def _sign_rs256(key: RSAPrivateKey) -> Sign:
    padding, digest = PKCS1v15(), SHA256()
    return lambda message: key.sign(message, padding, digest)


def _check_rs256(key: RSAPublicKey) -> Check:
    padding, digest, verify = PKCS1v15(), SHA256(), key.verify

    def check(message: bytes, signature: bytes) -> bool:
        try:
            verify(signature, message, padding, digest)
        except InvalidSignature:
            return False
        return True

    return check


def _sign_hs256(key: bytes) -> Sign:
    digest = hmac.digest
    return lambda message: digest(key, message, "sha256")


def _check_hs256(key: bytes) -> Check:
    copy = HMAC(key, SHA256()).copy  # a copy of a keyed state costs half of keying anew

    def check(message: bytes, signature: bytes) -> bool:
        mac = copy()
        mac.update(message)
        try:
            mac.verify(signature)
        except InvalidSignature:
            return False
        return True

    return check


def _sign_eddsa(key: Ed25519PrivateKey) -> Sign:
    return key.sign


SIGNERS: Final[dict[str, Callable[[Any], Sign]]] = {
    "ES256": _sign_es256,
    "EdDSA": _sign_eddsa,
    "RS256": _sign_rs256,
    "HS256": _sign_hs256,
}
CHECKERS: Final[dict[str, Callable[[Any], Check]]] = {
    "ES256": _check_es256,
    "EdDSA": _check_eddsa,
    "RS256": _check_rs256,
    "HS256": _check_hs256,
}
