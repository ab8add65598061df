"""Fingerprints and keyed digests by approved algorithms only (CWE-327, CWE-328, ASVS 11.4.1).

    etag = fingerprint(content)
    name = keyed_digest(settings.log_key, user.email)        # a name for logs that nobody can reverse

Not for passwords, which need a slow hash: `vallum.guard.authentication.passwords`.
"""

import hashlib
import hmac
from collections.abc import Iterable
from typing import BinaryIO, Final, Literal

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret

KEEPS: Final = ("strong-hashes",)
Algorithm = Literal["sha256", "sha384", "sha512", "sha3_256", "sha3_512", "blake2b"]
_APPROVED: Final = frozenset({"sha256", "sha384", "sha512", "sha3_256", "sha3_512", "blake2b"})
_FEWEST_KEY_BYTES: Final = 32
_PIECE: Final = 256 * 1024


def fingerprint(data: bytes | str, *, algorithm: Algorithm = "sha256") -> str:
    """Return the digest of `data` in hexadecimal; text counts as UTF-8.

    Raises `ConfigError` for another algorithm, and for a `Secret`, such as a password, which a fast digest exposes.
    """
    _check(algorithm, data)
    return hashlib.new(algorithm, _bytes(data)).hexdigest()


def fingerprint_file(file: BinaryIO, *, algorithm: Algorithm = "sha256") -> str:
    """Return the digest of what is left in `file`, read piece by piece."""
    _check(algorithm, b"")
    digest = hashlib.new(algorithm)
    while piece := file.read(_PIECE):
        digest.update(piece)
    return digest.hexdigest()


def keyed_digest(key: Secret[bytes] | Secret[str], *parts: bytes | str) -> str:
    """Return HMAC-SHA-256 of `parts` under `key` in hexadecimal.

    The parts are framed by their lengths, so that `("ab", "c")` and `("a", "bc")` differ. Raises `ConfigError` for a
    key below 32 bytes.
    """
    value = _bytes(key.reveal())
    if len(value) < _FEWEST_KEY_BYTES:
        raise ConfigError(
            f"the key of a digest needs {_FEWEST_KEY_BYTES} random bytes.",
            hint="Make one by signing_key().",
            code="weak-key",
        )
    return hmac.digest(value, _frame(parts), "sha256").hex()


def verify_digest(expected: str, key: Secret[bytes] | Secret[str], *parts: bytes | str) -> bool:
    """Tell in constant time whether `expected` is the keyed digest of `parts`."""
    return hmac.compare_digest(keyed_digest(key, *parts), expected.encode("ascii", "replace").decode())


def _frame(parts: Iterable[bytes | str]) -> bytes:
    encoded = [_bytes(part) for part in parts]
    return b"".join(len(part).to_bytes(8) + part for part in encoded)


def _check(algorithm: str, data: object) -> None:
    if algorithm not in _APPROVED:
        raise ConfigError(
            "this digest is not approved.", hint=f"Choose from {', '.join(sorted(_APPROVED))}.", code="weak-digest"
        )
    if isinstance(data, Secret):
        raise ConfigError(
            "a secret is not to be hashed fast.",
            hint="Hash passwords by PasswordHasher; use keyed_digest() with the secret as key.",
            code="secret-hashed",
        )


def _bytes(data: bytes | str) -> bytes:
    return data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
