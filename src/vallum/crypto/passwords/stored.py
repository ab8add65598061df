"""Read any stored hash, make new ones, and refuse what is no password hash."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from vallum.base.randomness import SYSTEM_RANDOMNESS, Randomness
from vallum.crypto.passwords.argon2id import Argon2id
from vallum.crypto.passwords.bcrypt import Bcrypt
from vallum.crypto.passwords.pbkdf2 import Pbkdf2
from vallum.crypto.passwords.pepper import Peppers, apply_pepper
from vallum.crypto.passwords.scheme import (
    DIGEST_BYTES,
    SALT_BYTES,
    PasswordRefusedError,
    Scheme,
    StoredHash,
    StoredHashError,
)
from vallum.crypto.passwords.scrypt import Scrypt

SCHEMES: Final[tuple[type[Scheme], ...]] = (Argon2id, Bcrypt, Scrypt, Pbkdf2)
LONGEST_PASSWORD: Final = 1024
"""Bytes: more is a denial of service, not a password."""
LONGEST_STORED: Final = 512
_WEAK: Final[Sequence[tuple[str, re.Pattern[str]]]] = (
    ("MD5", re.compile(r"[0-9a-fA-F]{32}|\$1\$.*|\$apr1\$.*|(?:unsalted_)?md5\$.*|\{S?MD5\}.*", re.DOTALL)),
    ("SHA-1", re.compile(r"[0-9a-fA-F]{40}|(?:unsalted_)?sha1\$.*|\{S?SHA\}.*|pbkdf2(?:_|:|-)sha1.*", re.DOTALL)),
    ("SHA-256", re.compile(r"[0-9a-fA-F]{64}|sha256\$.*|\$5\$.*|\{S?SHA256\}.*", re.DOTALL)),
    ("SHA-512", re.compile(r"[0-9a-fA-F]{128}|sha512\$.*|\$6\$.*|\{S?SHA512\}.*", re.DOTALL)),
)


def encode_password(password: str) -> bytes:
    """Return the password's UTF-8 bytes as typed: nothing is trimmed, folded or cut.

    Unicode's form NFC makes two keyboards agree that write one character in two ways (RFC 8265, section 4.2.2). Raises
    `PasswordRefusedError` above 1024 bytes and for text with lone surrogates.
    """
    try:
        encoded = password.encode("utf-8")
    except UnicodeEncodeError:
        raise PasswordRefusedError("a password must be valid Unicode text.") from None
    if len(encoded) > LONGEST_PASSWORD:
        raise PasswordRefusedError(f"a password may have at most {LONGEST_PASSWORD} bytes.", code="password-too-long")
    return encoded if password.isascii() else unicodedata.normalize("NFC", password).encode("utf-8")


def make_hash(
    password: str, scheme: Scheme, *, peppers: Peppers | None = None, randomness: Randomness = SYSTEM_RANDOMNESS
) -> str:
    """Hash a new password under `scheme` with its own random salt, and the newest of `peppers`.

    Raises `PasswordRefusedError` when the scheme would not take in all of it (bcrypt: 72 bytes, no NUL).
    """
    encoded = apply_pepper(peppers, peppers.newest if peppers else "", encode_password(password))
    if not takes_whole(scheme, encoded):
        raise PasswordRefusedError(
            f"{scheme.name} sees only {scheme.longest} bytes and stops at NUL.",
            hint="Ask for a shorter password, or use the profile OWASP, which takes it whole.",
            code="password-too-long",
        )
    salt = randomness(SALT_BYTES)
    stored = scheme.write(salt, scheme.derive(encoded, salt, DIGEST_BYTES))
    return peppers.write(stored) if peppers else stored


def make_decoy(scheme: Scheme, *, randomness: Randomness = SYSTEM_RANDOMNESS) -> StoredHash:
    """Return a valid hash that no known password has: it makes an unknown account cost what a known one does."""
    salt = randomness(SALT_BYTES)
    return StoredHash(scheme, salt, randomness(DIGEST_BYTES))


def read_hash(stored: str) -> StoredHash:
    """Parse a stored hash of any accepted scheme. Raises `StoredHashError` for plain text, MD5, SHA and damage."""
    for scheme in SCHEMES if len(stored) <= LONGEST_STORED else ():
        if found := scheme.read(stored):
            return found
    weak = next((name for name, pattern in _WEAK if pattern.fullmatch(stored)), "")
    what = f"looks like {weak}" if weak else "is plain text, damaged, or of a scheme that is not accepted"
    raise StoredHashError(
        f"a stored password {what}.",
        hint="Accepted are Argon2id, bcrypt, scrypt and PBKDF2-HMAC-SHA256; have the owner reset the password.",
        code="weak-password-hash" if weak else "unknown-password-hash",
    )


def takes_whole(scheme: Scheme, password: bytes) -> bool:
    """Tell whether the scheme takes in every byte of the password."""
    return scheme.longest is None or (len(password) <= scheme.longest and b"\0" not in password)
