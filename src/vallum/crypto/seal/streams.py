"""Seal what is too large for memory: a key of its own for each stream, segments that cannot be moved, lost or cut off.

    for piece in SealedStreams(ring).seal(file, context="backup:7"): ...
    for piece in SealedStreams(ring).open(sealed_file, context="backup:7"): ...

A sealed stream is: version (1 byte), key id (8), salt (32), prefix (7), then segments of 64 KiB of AES-256-GCM, each
with its tag (16). The key is HKDF-SHA-256 of the ring's key, the salt and the context (RFC 5869); the nonce of each
segment is the prefix, its number (4) and whether it is the last (1). This is the STREAM construction of Hoang,
Reyhanitabar, Rogaway and Vizar (CRYPTO 2015), as in Tink's AES256_GCM_HKDF.
"""

from collections.abc import Iterator
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vallum.base.errors import ConfigError
from vallum.base.randomness import SYSTEM_RANDOMNESS, Randomness
from vallum.crypto.seal.keys import ID_BYTES
from vallum.crypto.seal.ring import TAG_BYTES, SealRefusedError, SealRing

SEGMENT: Final = 64 * 1024
MOST_SEGMENTS: Final = 2**32
_VERSION: Final = b"\x03"
_SALT: Final = 32
_PREFIX: Final = 7
_HEAD: Final = len(_VERSION) + ID_BYTES + _SALT + _PREFIX
_LAST, _INNER = b"\x01", b"\x00"


class SealedStreams:
    """Streams under the keys of a ring: sealed by the first, opened by any."""

    __slots__ = ("_randomness", "_ring")

    def __init__(self, ring: SealRing, *, randomness: Randomness = SYSTEM_RANDOMNESS) -> None:
        """Take the ring that seals the small values, too: keys of streams follow from its keys by their own label."""
        self._ring = ring
        self._randomness = randomness

    def seal(self, file: BinaryIO, *, context: str) -> Iterator[bytes]:
        """Yield the head and the segments of what is left in `file`, sealed for `context`.

        Raises `ConfigError` for an empty context and for more than 256 TiB.
        """
        key = self._ring.first
        salt, prefix = self._randomness(_SALT), self._randomness(_PREFIX)
        head = _VERSION + key.key_id + salt + prefix
        aead = AESGCM(key.derive(salt, _label(context)))
        yield head
        for number, segment, is_last in _split(file, SEGMENT):
            yield aead.encrypt(_nonce(prefix, number, is_last=is_last), segment, head)

    def open(self, file: BinaryIO, *, context: str) -> Iterator[bytes]:
        """Yield the plain segments. Raises `SealRefusedError` at the first that was changed, moved, or is missing.

        What was yielded before is genuine, and only the beginning: keep it aside until the iteration has ended.
        """
        head = _read(file, _HEAD)
        key = self._ring.find(head[len(_VERSION) : len(_VERSION) + ID_BYTES])
        if len(head) != _HEAD or not head.startswith(_VERSION) or key is None:
            raise SealRefusedError
        salt, prefix = head[-_PREFIX - _SALT : -_PREFIX], head[-_PREFIX:]
        aead = AESGCM(key.derive(salt, _label(context)))
        for number, segment, is_last in _split(file, SEGMENT + TAG_BYTES):
            try:
                yield aead.decrypt(_nonce(prefix, number, is_last=is_last), segment, head)
            except (InvalidTag, ValueError):
                raise SealRefusedError from None

    def is_outdated(self, head: bytes) -> bool:
        """Tell by its first bytes whether a stream is under another key than the first."""
        return not head.startswith(_VERSION + self._ring.first.key_id)


def _split(file: BinaryIO, size: int) -> Iterator[tuple[int, bytes, bool]]:
    """Pieces of `size`, and which is the last: the empty one where there is nothing."""
    piece, number = _read(file, size), 0
    while True:
        following = _read(file, size) if len(piece) == size else b""
        yield number, piece, not following
        if not following:
            return
        piece, number = following, number + 1


def _read(file: BinaryIO, size: int) -> bytes:
    """Exactly `size` bytes, or what is left: sockets and pipes give less at a time."""
    parts, missing = [], size
    while missing and (part := file.read(missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def _nonce(prefix: bytes, number: int, *, is_last: bool) -> bytes:
    if number >= MOST_SEGMENTS:
        raise ConfigError("a sealed stream has 2^32 segments at most.", hint="Seal it in parts.", code="seal-budget")
    return prefix + number.to_bytes(4) + (_LAST if is_last else _INNER)


def _label(context: str) -> bytes:
    if not context:
        raise ConfigError("a sealed stream needs a context.", hint="Say what it is: backup:7.", code="seal-context")
    return b"vallum sealed stream v1\0" + context.encode("utf-8")
