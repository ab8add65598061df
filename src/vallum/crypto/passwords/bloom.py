"""A set of passwords as a Bloom filter: a few bits for each, no password can be read from it, and none is missed.

A head (`HEAD`) and the bits. A password in the set is always found; one that is not is found by mistake with the
probability that size and number of hashes give (B. Bloom, "Space/time trade-offs in hash coding", 1970).
"""

import hashlib
import struct
import unicodedata
from collections.abc import Iterable, Iterator
from mmap import mmap
from typing import Final

from vallum.base.errors import ConfigError

HEAD: Final = struct.Struct(">8sII")
"""The magic word, the hashes for each password and the passwords in the set."""
MAGIC: Final = b"vlmbloom"
_MOST_HASHES: Final = 32


class BloomSet:
    """Tells whether a password is in the set that `content` holds: bytes, or a file that was mapped into memory."""

    def __init__(self, content: bytes | mmap) -> None:
        """Read the head. Raises `ConfigError` when `content` is no such set."""
        self._bits = content
        if len(content) <= HEAD.size or content[: len(MAGIC)] != MAGIC:
            raise ConfigError("this is no set of passwords.", hint="Build it with tools/breached.py.", code="no-bloom")
        _, self._hashes, self.count = HEAD.unpack_from(content)
        if not 1 <= self._hashes <= _MOST_HASHES:
            raise ConfigError(
                "a set of passwords is damaged.", hint="Build it with tools/breached.py.", code="no-bloom"
            )
        self._places = (len(content) - HEAD.size) * 8

    def __contains__(self, password: str) -> bool:
        """Tell whether `password`, in any letter case, is in the set."""
        bits = self._bits
        return all(
            bits[HEAD.size + (place >> 3)] & 1 << (place & 7)
            for place in find_places(password, self._places, self._hashes)
        )


def build_bloom(passwords: Iterable[str], *, size: int, hashes: int) -> bytes:
    """Return the content: `size` bytes of bits for the distinct among `passwords`."""
    bits = bytearray(size)
    folded = {fold_password(password) for password in passwords}
    for password in folded:
        for place in find_places(password, size * 8, hashes):
            bits[place >> 3] |= 1 << (place & 7)
    return HEAD.pack(MAGIC, hashes, len(folded)) + bytes(bits)


def fold_password(password: str) -> str:
    """The form in which a password is looked up: attackers try all letter cases of a known one."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", password).casefold())


def find_places(password: str, places: int, hashes: int) -> Iterator[int]:
    """Yield the bits of a password, by double hashing of its SHA-256 (Kirsch and Mitzenmacher, 2006)."""
    digest = hashlib.sha256(fold_password(password).encode("utf-8", "surrogatepass")).digest()
    first = int.from_bytes(digest[:8], "big")
    step = int.from_bytes(digest[8:16], "big") | 1
    return ((first + number * step) % places for number in range(hashes))
