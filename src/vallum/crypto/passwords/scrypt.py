"""scrypt (RFC 7914), kept or imported; reads the strings of passlib, Django and Werkzeug."""

import hashlib
import re
from dataclasses import dataclass
from typing import ClassVar, Final, Self

from vallum.base.errors import ConfigError
from vallum.crypto.passwords.scheme import (
    Scheme,
    StoredHash,
    check_range,
    check_stored,
    demand,
    read_base64,
    write_base64,
)

LEAST_LOG_N: Final = 17
LEAST_R: Final = 8
_PHC: Final = re.compile(r"\$scrypt\$ln=(\d{1,2}),r=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/.]+)\$([A-Za-z0-9+/.]+)")
_WERKZEUG: Final = re.compile(r"scrypt:(\d{1,8}):(\d{1,3}):(\d{1,3})\$([A-Za-z0-9]+)\$([0-9a-f]+)")
_DJANGO: Final = re.compile(r"scrypt\$(\d{1,8})\$([A-Za-z0-9]+)\$(\d{1,3})\$(\d{1,3})\$([A-Za-z0-9+/=]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrypt:
    """`log_n` is the binary logarithm of N; memory is 128 * N * r bytes (128 MiB by default)."""

    log_n: int = LEAST_LOG_N
    r: int = LEAST_R
    p: int = 1
    unsafe_below_floor: bool = False

    name: ClassVar[str] = "scrypt"
    longest: ClassVar[None] = None

    def __post_init__(self) -> None:
        """Raise `ConfigError` below N = 2^17, r = 8, p = 1."""
        if not self.unsafe_below_floor:
            self.check_floor()

    def check_floor(self) -> Self:
        """Return this value. Raises `ConfigError` below N = 2^17, r = 8, p = 1, or above 1 GiB of memory."""
        demand("scrypt log_n", self.log_n, LEAST_LOG_N, "Use Scrypt().")
        demand("scrypt r", self.r, LEAST_R, "Use Scrypt().")
        demand("scrypt p", self.p, 1, "Use Scrypt().")
        if self.log_n > 20:
            raise ConfigError("scrypt log_n is at most 20 (1 GiB with r = 8).", code="weak-password-profile")
        return self

    def derive(self, password: bytes, salt: bytes, length: int) -> bytes:
        """Return `length` bytes; releases the GIL while it works."""
        room = 128 * self.r * (2**self.log_n + self.p + 2) + 2**20
        return hashlib.scrypt(password, salt=salt, n=2**self.log_n, r=self.r, p=self.p, maxmem=room, dklen=length)

    def write(self, salt: bytes, digest: bytes) -> str:
        """Return the PHC string."""
        return f"$scrypt$ln={self.log_n},r={self.r},p={self.p}${write_base64(salt)}${write_base64(digest)}"

    def meets(self, profile: Scheme) -> bool:
        """Tell whether N, r and p are at least those of `profile`."""
        return (
            isinstance(profile, Scrypt) and self.log_n >= profile.log_n and self.r >= profile.r and self.p >= profile.p
        )

    @classmethod
    def read(cls, stored: str) -> StoredHash | None:
        """Parse a PHC, Werkzeug or Django string."""
        if found := _PHC.fullmatch(stored):
            salt, digest = (read_base64(part.replace(".", "+")) for part in (found[4], found[5]))
            return cls._build(2 ** int(found[1]), int(found[2]), int(found[3]), salt, digest)
        if found := _WERKZEUG.fullmatch(stored):
            n, r, p = (int(number) for number in found.groups()[:3])
            return cls._build(n, r, p, found[4].encode("ascii"), bytes.fromhex(found[5]))
        if found := _DJANGO.fullmatch(stored):
            n, r, p = (int(found[group]) for group in (1, 3, 4))
            return cls._build(n, r, p, found[2].encode("ascii"), read_base64(found[5].rstrip("=")))
        return None

    @classmethod
    def _build(cls, n: int, r: int, p: int, salt: bytes, digest: bytes) -> StoredHash:
        check_range("scrypt r", r, 1, 32)
        check_range("scrypt p", p, 1, 16)
        check_range("scrypt N", n, 2, 2**23 // r)
        log_n = n.bit_length() - 1
        check_range("scrypt N", n, 2**log_n, 2**log_n)
        return check_stored(cls(log_n=log_n, r=r, p=p, unsafe_below_floor=True), salt, digest)
