"""PBKDF2-HMAC-SHA256 (RFC 8018), for import and where FIPS 140 asks for it; reads PHC, passlib, Django, Werkzeug."""

import hashlib
import re
from dataclasses import dataclass
from typing import ClassVar, Final, Self

from vallum.crypto.passwords.scheme import (
    Scheme,
    StoredHash,
    check_range,
    check_stored,
    demand,
    read_base64,
    write_base64,
)

LEAST_ITERATIONS: Final = 600_000
_PHC: Final = re.compile(r"\$pbkdf2-sha256\$(?:i=)?(\d{1,8})\$([A-Za-z0-9+/.]+)\$([A-Za-z0-9+/.]+)")
_DJANGO: Final = re.compile(r"pbkdf2_sha256\$(\d{1,8})\$([A-Za-z0-9]+)\$([A-Za-z0-9+/=]+)")
_WERKZEUG: Final = re.compile(r"pbkdf2:sha256:(\d{1,8})\$([A-Za-z0-9]+)\$([0-9a-f]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pbkdf2:
    """The iterations of HMAC-SHA256: cheap in memory, so an attacker's graphics cards gain most here."""

    iterations: int = LEAST_ITERATIONS
    unsafe_below_floor: bool = False

    name: ClassVar[str] = "pbkdf2-sha256"
    longest: ClassVar[None] = None

    def __post_init__(self) -> None:
        """Raise `ConfigError` below 600,000 iterations."""
        if not self.unsafe_below_floor:
            self.check_floor()

    def check_floor(self) -> Self:
        """Return this value. Raises `ConfigError` below 600,000 iterations."""
        demand("PBKDF2 iterations", self.iterations, LEAST_ITERATIONS, "Use Pbkdf2() or, better, the profile OWASP.")
        return self

    def derive(self, password: bytes, salt: bytes, length: int) -> bytes:
        """Return `length` bytes; releases the GIL while it works."""
        return hashlib.pbkdf2_hmac("sha256", password, salt, self.iterations, length)

    def write(self, salt: bytes, digest: bytes) -> str:
        """Return the PHC string."""
        return f"$pbkdf2-sha256$i={self.iterations}${write_base64(salt)}${write_base64(digest)}"

    def meets(self, profile: Scheme) -> bool:
        """Tell whether the iterations are at least those of `profile`."""
        return isinstance(profile, Pbkdf2) and self.iterations >= profile.iterations

    @classmethod
    def read(cls, stored: str) -> StoredHash | None:
        """Parse a PHC, passlib, Django or Werkzeug string."""
        if found := _PHC.fullmatch(stored):
            salt, digest = (read_base64(part.replace(".", "+")) for part in (found[2], found[3]))
        elif found := _DJANGO.fullmatch(stored):
            salt, digest = found[2].encode("ascii"), read_base64(found[3].rstrip("="))
        elif found := _WERKZEUG.fullmatch(stored):
            salt, digest = found[2].encode("ascii"), bytes.fromhex(found[3])
        else:
            return None
        iterations = int(found[1])
        check_range("PBKDF2 iterations", iterations, 1, 20_000_000)
        return check_stored(cls(iterations=iterations, unsafe_below_floor=True), salt, digest)
