"""Argon2id, the default (RFC 9106; OWASP Password Storage Cheat Sheet; ASVS 11.4.2)."""

import re
from dataclasses import dataclass
from typing import ClassVar, Final, Self

from argon2.low_level import Type, hash_secret_raw

from vallum.crypto.passwords.scheme import (
    Scheme,
    StoredHash,
    check_range,
    check_stored,
    demand,
    read_base64,
    write_base64,
)

LEAST_MEMORY_KIB: Final = 19 * 1024
LEAST_PASSES: Final = 2
_STORED: Final = re.compile(
    r"(?:argon2)?\$argon2id\$v=19\$m=(\d{1,9}),t=(\d{1,6}),p=(\d{1,4})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Argon2id:
    """Memory in KiB, passes over it, and lanes that run in parallel. Below the floor only by an `unsafe` argument."""

    memory_kib: int = LEAST_MEMORY_KIB
    passes: int = LEAST_PASSES
    lanes: int = 1
    unsafe_below_floor: bool = False

    name: ClassVar[str] = "argon2id"
    longest: ClassVar[None] = None

    def __post_init__(self) -> None:
        """Raise `ConfigError` below 19 MiB, 2 passes or 1 lane."""
        if not self.unsafe_below_floor:
            self.check_floor()

    def check_floor(self) -> Self:
        """Return this value. Raises `ConfigError` below 19 MiB, 2 passes or 1 lane."""
        demand("Argon2id memory_kib", self.memory_kib, LEAST_MEMORY_KIB, "Use the profile OWASP.")
        demand("Argon2id passes", self.passes, LEAST_PASSES, "Use the profile OWASP.")
        demand("Argon2id lanes", self.lanes, 1, "Use the profile OWASP.")
        return self

    def derive(self, password: bytes, salt: bytes, length: int) -> bytes:
        """Return `length` bytes; releases the GIL while it works."""
        return hash_secret_raw(password, salt, self.passes, self.memory_kib, self.lanes, length, Type.ID)

    def write(self, salt: bytes, digest: bytes) -> str:
        """Return the PHC string, which every Argon2 library reads."""
        parameters = f"m={self.memory_kib},t={self.passes},p={self.lanes}"
        return f"$argon2id$v=19${parameters}${write_base64(salt)}${write_base64(digest)}"

    def meets(self, profile: Scheme) -> bool:
        """Tell whether memory and passes are at least those of `profile`; lanes only divide the work."""
        return isinstance(profile, Argon2id) and self.memory_kib >= profile.memory_kib and self.passes >= profile.passes

    @classmethod
    def read(cls, stored: str) -> StoredHash | None:
        """Parse a PHC string, or Django's with its `argon2` in front."""
        found = _STORED.fullmatch(stored)
        if not found:
            return None
        memory, passes, lanes = (int(number) for number in found.groups()[:3])
        check_range("Argon2id lanes", lanes, 1, 64)
        check_range("Argon2id memory (KiB)", memory, 8 * lanes, 2**21)
        check_range("Argon2id passes", passes, 1, 100)
        scheme = cls(memory_kib=memory, passes=passes, lanes=lanes, unsafe_below_floor=True)
        return check_stored(scheme, read_base64(found[4]), read_base64(found[5]))


OWASP: Final = Argon2id()
"""19 MiB, 2 passes, 1 lane: the default. About 20 ms and 19 MiB for each login."""
HARDENED: Final = Argon2id(memory_kib=64 * 1024, passes=3)
"""64 MiB, 3 passes, 1 lane: for administrators, or where logins are rare."""
RFC_9106_LOW_MEMORY: Final = Argon2id(memory_kib=64 * 1024, passes=3, lanes=4)
"""The second recommended option of RFC 9106, section 4: 64 MiB, 3 passes, 4 lanes."""
UNSAFE_CHEAPEST: Final = Argon2id(memory_kib=8, passes=1, unsafe_below_floor=True)
"""The least that Argon2 allows. Only for tests of other things."""
