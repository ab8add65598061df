"""bcrypt, to keep or import existing hashes: it sees 72 bytes, so a longer password is refused, never cut."""

import re
from base64 import b64encode
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar, Final, Self

from vallum.base.errors import ConfigError
from vallum.crypto.passwords.scheme import Scheme, StoredHash, check_range, demand

LEAST_COST: Final = 12
LONGEST: Final = 72
_STORED: Final = re.compile(
    r"(?:bcrypt\$)?\$2[aby]\$(\d\d)\$([./A-Za-z0-9]{21}[.Oeu])([./A-Za-z0-9]{30}[.CGKOSWaeimquy26])"
)
_STANDARD: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_BCRYPT: Final = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_ENCODE: Final = bytes.maketrans(_STANDARD, _BCRYPT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bcrypt:
    """The cost is the binary logarithm of the rounds: one more takes twice as long. Needs `vallum[bcrypt]`."""

    cost: int = LEAST_COST
    unsafe_below_floor: bool = False

    name: ClassVar[str] = "bcrypt"
    longest: ClassVar[int] = LONGEST

    def __post_init__(self) -> None:
        """Raise `ConfigError` below cost 12."""
        if not self.unsafe_below_floor:
            self.check_floor()

    def check_floor(self) -> Self:
        """Return this value. Raises `ConfigError` below cost 12."""
        demand("bcrypt cost", self.cost, LEAST_COST, "Use Bcrypt() or, for new systems, the profile OWASP.")
        return self

    def derive(self, password: bytes, salt: bytes, length: int) -> bytes:
        """Return the characters that bcrypt writes after the salt: 31 at most."""
        encoded = salt if len(salt) == 22 else b64encode(salt).rstrip(b"=").translate(_ENCODE)
        digest: bytes = _load_library().hashpw(password, b"$2b$%02d$%s" % (self.cost, encoded))
        return digest[-min(length, 31) :]

    def write(self, salt: bytes, digest: bytes) -> str:
        """Return the modular crypt string."""
        encoded = b64encode(salt).rstrip(b"=").translate(_ENCODE)
        return f"$2b${self.cost:02d}${encoded.decode('ascii')}{digest.decode('ascii')}"

    def meets(self, profile: Scheme) -> bool:
        """Tell whether the cost is at least that of `profile`."""
        return isinstance(profile, Bcrypt) and self.cost >= profile.cost

    @classmethod
    def read(cls, stored: str) -> StoredHash | None:
        """Parse a `$2a$`, `$2b$` or `$2y$` string, or Django's with its `bcrypt` in front; `$2x$` is a known bug."""
        found = _STORED.fullmatch(stored)
        if not found:
            return None
        cost = int(found[1])
        check_range("bcrypt cost", cost, 4, 18)
        return StoredHash(cls(cost=cost, unsafe_below_floor=True), found[2].encode("ascii"), found[3].encode("ascii"))


def _load_library() -> Any:
    try:
        return import_module("bcrypt")
    except ImportError:
        raise ConfigError(
            "bcrypt hashes need the bcrypt package.", hint='Install it: pip install "vallum[bcrypt]".', code="no-bcrypt"
        ) from None
