"""Key pairs of approved kinds and sizes, signatures with them, and the check of keys that come from outside.

    PRIVATE = generate_signing_key()                     # Ed25519
    signature = sign(PRIVATE, b"report")
    verify(PRIVATE.public_key(), signature, b"report")   # raises SignatureRefusedError

Sources: CWE-326, CWE-327; NIST SP 800-57 part 1, ASVS 11.2.3, 11.6.1.
"""

from typing import Final, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, x25519

from vallum.base.errors import ConfigError, VallumError
from vallum.base.secret import Secret
from vallum.crypto.jwt.public_keys import has_small_order

KEEPS: Final = ("strong-asymmetric",)
FEWEST_RSA_BITS: Final = 3072
FEWEST_RSA_BITS_TO_VERIFY: Final = 2048
_PUBLIC_EXPONENT: Final = 65537
_SALT_BYTES: Final = 32
_KINDS: Final[frozenset[str]] = frozenset({"ed25519", "p256", "rsa"})
SigningKey = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
VerifyingKey = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey


class SignatureRefusedError(VallumError):
    """The signature is not that of the key over the data."""

    code = "signature-refused"


def generate_signing_key(
    kind: Literal["ed25519", "p256", "rsa"] = "ed25519", *, bits: int = FEWEST_RSA_BITS
) -> SigningKey:
    """Return a new key that signs; `bits` counts for RSA. Raises `ConfigError` for other kinds and RSA below 3072."""
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    if kind == "p256":
        return ec.generate_private_key(ec.SECP256R1())
    if bits < FEWEST_RSA_BITS or kind not in _KINDS:
        raise ConfigError(
            "this kind or size of key is not for new keys.",
            hint=f"Take ed25519, p256 or rsa with at least {FEWEST_RSA_BITS} bits.",
            code="weak-key",
        )
    return rsa.generate_private_key(public_exponent=_PUBLIC_EXPONENT, key_size=bits)


def generate_exchange_key() -> x25519.X25519PrivateKey:
    """Return a new X25519 key, for key agreement."""
    return x25519.X25519PrivateKey.generate()


def load_signing_key(pem: Secret[bytes], *, password: Secret[bytes] | None = None) -> SigningKey:
    """Return the private key in `pem`. Raises `ConfigError` for other kinds and curves, and for RSA below 3072 bits."""
    try:
        key = serialization.load_pem_private_key(pem.reveal(), password.reveal() if password else None)
    except (ValueError, TypeError):
        raise ConfigError(
            "this is no private key in PEM, or its password is wrong.",
            hint="Write it as PKCS #8.",
            code="key-unreadable",
        ) from None
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        _check_strength(key.public_key(), FEWEST_RSA_BITS)
        return key
    raise _weak()


def load_verifying_key(pem: bytes) -> VerifyingKey:
    """Return the public key in `pem`. RSA of 2048 bits is accepted, to verify what exists. Raises `ConfigError`."""
    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, TypeError):
        raise ConfigError("this is no public key in PEM.", code="key-unreadable") from None
    if isinstance(key, ed25519.Ed25519PublicKey):
        if has_small_order(key.public_bytes_raw()):  # anybody can sign under it
            raise _weak()
        return key
    if isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
        _check_strength(key, FEWEST_RSA_BITS_TO_VERIFY)
        return key
    raise _weak()


def sign(key: SigningKey, data: bytes) -> bytes:
    """Return the signature of `data`: Ed25519, ECDSA with SHA-256, or RSA-PSS with SHA-256, as the key is."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(data)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(data, ec.ECDSA(hashes.SHA256()))
    return key.sign(data, _pss(), hashes.SHA256())


def verify(key: VerifyingKey, signature: bytes, data: bytes) -> None:
    """Raise `SignatureRefusedError` unless `signature` is that of `key` over `data`, by the key's own algorithm."""
    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, data)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
        else:
            key.verify(signature, data, _pss(), hashes.SHA256())
    except InvalidSignature:
        raise SignatureRefusedError("a signature is not valid.") from None


def _pss() -> padding.PSS:
    return padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=_SALT_BYTES)


def _check_strength(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey, bits: int) -> None:
    if isinstance(key, ec.EllipticCurvePublicKey):
        if not isinstance(key.curve, ec.SECP256R1):
            raise _weak()
    elif key.key_size < bits or key.public_numbers().e != _PUBLIC_EXPONENT:
        raise _weak()


def _weak() -> ConfigError:
    return ConfigError(
        "the key is of a kind or size that is not accepted.",
        hint=f"Take Ed25519, P-256, or RSA with at least {FEWEST_RSA_BITS} bits and the exponent {_PUBLIC_EXPONENT}.",
        code="weak-key",
    )
