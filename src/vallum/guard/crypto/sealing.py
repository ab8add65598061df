"""Encrypt fields and small values, each bound to what it is and whose (CWE-327, CWE-311, ASVS 11.3.2, 14.2.7).

    BOX = SealedBox.from_secrets(settings.field_keys)              # newest first, 32 bytes each in base64
    row.iban = BOX.encrypt_text(iban, context=f"iban:{row.id}")
    iban = BOX.decrypt_text(row.iban, context=f"iban:{row.id}")

AES-256-GCM with a key id in each value: to rotate, put a new key first and walk the rows with `reseal`. Applications
choose no mode, padding, nonce or primitive.
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.crypto.seal.keys import KEY_BYTES, SealingKey
from vallum.crypto.seal.ring import SealRefusedError, SealRing

KEEPS: Final = ("authenticated-encryption", "encryption-at-rest", "key-rotation", "no-custom-crypto")
__all__ = ["FernetReader", "Resealed", "SealRefusedError", "SealedBox", "generate_field_key"]


def generate_field_key() -> Secret[str]:
    """Return a new key as text for a secret file: 32 random bytes in base64url."""
    from vallum.crypto.seal.keys import generate_key  # noqa: PLC0415 - only tools make keys

    return Secret(urlsafe_b64encode(generate_key().reveal()).decode("ascii"))


class Ring(Protocol):
    """What seals for a context, opens, and tells what should be sealed anew."""

    def seal(self, plain: bytes, *, context: str) -> bytes:
        """The value, sealed by the newest key."""

    def open(self, sealed: bytes, *, context: str) -> bytes:
        """The plain text. Raises `SealRefusedError`."""

    def is_outdated(self, sealed: bytes) -> bool:
        """Whether another key than the newest has sealed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resealed:
    """A row that had to be sealed anew: its key, what it holds now, and what it shall hold."""

    row: object
    old: str
    new: str


class FernetReader:
    """Reads values that Fernet wrote, for a migration; it cannot write any."""

    def __init__(self, keys: Iterable[Secret[str]]) -> None:
        """Take Fernet keys, newest first. Raises `ConfigError` for what is none."""
        from cryptography.fernet import Fernet, MultiFernet  # noqa: PLC0415 - only migrations need it

        try:
            self._fernet = MultiFernet([Fernet(key.reveal()) for key in keys])
        except ValueError:
            raise ConfigError("this is no list of Fernet keys.", code="fernet-key") from None

    def open(self, text: str) -> bytes:
        """Return the plain text. Raises `SealRefusedError` for whatever is no token of one of the keys."""
        from cryptography.fernet import InvalidToken  # noqa: PLC0415 - as above

        try:
            return self._fernet.decrypt(text.encode("utf-8"))
        except (InvalidToken, UnicodeEncodeError):
            raise SealRefusedError from None


class SealedBox:
    """The keys of one purpose, and text or bytes in and out. Stored values are base64url text."""

    __slots__ = ("_fernet", "_ring")

    def __init__(self, ring: Ring, *, fernet: FernetReader | None = None) -> None:
        """Use a `SealRing` or an `EnvelopeRing`. With `fernet`, what Fernet wrote is read too, as outdated."""
        self._ring = ring
        self._fernet = fernet

    @classmethod
    def from_secrets(cls, secrets: Iterable[Secret[str]], *, fernet: FernetReader | None = None) -> "SealedBox":
        """Build the ring of secrets, newest first: 32 random bytes each, in base64url.

        Raises `ConfigError` for anything else; the message does not show the key.
        """
        return cls(build_ring(secrets), fernet=fernet)

    def encrypt(self, plain: bytes, *, context: str) -> str:
        """Return `plain` sealed for `context`, which says what it is and whose, such as `iban:17`."""
        return urlsafe_b64encode(self._ring.seal(plain, context=context)).rstrip(b"=").decode("ascii")

    def encrypt_text(self, plain: str, *, context: str) -> str:
        """Return text sealed for `context`."""
        return self.encrypt(plain.encode("utf-8"), context=context)

    def decrypt(self, stored: str, *, context: str) -> bytes:
        """Return the plain bytes. Raises `SealRefusedError`, the same for every cause, before any of them is used."""
        sealed = _decode(stored)
        if self._fernet is not None and sealed.startswith(b"\x80"):
            return self._fernet.open(stored)
        return self._ring.open(sealed, context=context)

    def decrypt_text(self, stored: str, *, context: str) -> str:
        """Return the plain text. Raises like `decrypt`, also for bytes that are no UTF-8."""
        try:
            return self.decrypt(stored, context=context).decode("utf-8")
        except UnicodeDecodeError:
            raise SealRefusedError from None

    def needs_rotation(self, stored: str) -> bool:
        """Tell whether a value is under another key than the first."""
        return self._ring.is_outdated(_decode(stored))

    def reseal(self, rows: Iterable[tuple[object, str, str]]) -> Iterator[Resealed]:
        """Yield what to write for each row (key, context, stored value) that is not under the first key yet.

        Write each by a conditional update (`... SET x = new WHERE id = row AND x = old`) and commit in batches: a job
        that was stopped starts again at its beginning and skips what is done. Raises `SealRefusedError` for a row that
        no key opens, before anything about it is written.
        """
        for row, context, stored in rows:
            if self.needs_rotation(stored):
                plain = self.decrypt(stored, context=context)
                yield Resealed(row=row, old=stored, new=self.encrypt(plain, context=context))


def build_ring(secrets: Iterable[Secret[str]]) -> SealRing:
    """A ring of secrets, newest first. Raises `ConfigError` for anything but 32 random bytes in base64url."""
    return SealRing(SealingKey(_read_key(secret)) for secret in secrets)


def _decode(stored: str) -> bytes:
    try:
        sealed = urlsafe_b64decode(stored + "=" * (-len(stored) % 4))
    except (ValueError, binascii.Error):
        raise SealRefusedError from None
    # Base64 readers skip foreign characters and spare bits: one value has one text.
    if urlsafe_b64encode(sealed).rstrip(b"=") != stored.rstrip("=").encode("utf-8", "replace"):
        raise SealRefusedError
    return sealed


def _read_key(secret: Secret[str]) -> Secret[bytes]:
    text = secret.reveal()
    try:
        key = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error):
        key = b""
    if len(key) != KEY_BYTES:
        raise ConfigError(
            "a key for sealing is 32 random bytes in base64url.",
            hint="Make one by generate_field_key().",
            code="weak-key",
        )
    return Secret(key)
