"""What every password scheme is: parameters with floors, a key derivation and a way to be written down.

VallumError
├─ PasswordRefusedError  a password that cannot be hashed whole (too long, not text)
└─ StoredHashError       a stored value that is no accepted hash: plain text, MD5, SHA, damaged, absurd parameters
"""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from typing import Final, Protocol, Self

from vallum.base.compare import equal
from vallum.base.errors import ConfigError, RefusedError, VallumError

SALT_BYTES: Final = 16
DIGEST_BYTES: Final = 32
FEWEST_SALT_BYTES: Final = 8
FEWEST_DIGEST_BYTES: Final = 16
MOST_DIGEST_BYTES: Final = 128


class PasswordRefusedError(RefusedError):
    """A password that would have to be cut or changed before it is hashed."""

    code = "password-refused"


class StoredHashError(VallumError):
    """A stored value that is not an accepted password hash. The value itself is never shown."""

    code = "stored-hash"


class Scheme(Protocol):
    """A password hash with fixed parameters: a frozen value, so that it serves as a named profile."""

    @property
    def name(self) -> str:
        """The scheme without its parameters, such as `argon2id`."""
        ...

    @property
    def longest(self) -> int | None:
        """The most bytes of a password that the scheme takes in, or None where all of it counts."""
        ...

    def derive(self, password: bytes, salt: bytes, length: int) -> bytes:
        """Return `length` bytes of digest. The slow part."""
        ...

    def write(self, salt: bytes, digest: bytes) -> str:
        """Return the text to store: scheme, parameters, salt and digest."""
        ...

    def meets(self, profile: "Scheme") -> bool:
        """Tell whether these parameters are at least as strong as those of `profile`, scheme included."""
        ...

    @classmethod
    def read(cls, stored: str) -> "StoredHash | None":
        """Parse a stored hash of this scheme; None when it is of another. Raises `StoredHashError` when damaged."""
        ...

    def check_floor(self) -> Self:
        """Return this value. Raises `ConfigError` when the parameters are below the floor for new hashes."""
        ...


@dataclass(frozen=True, slots=True, repr=False)
class StoredHash:
    """A parsed hash: the scheme with the parameters it was made with, its salt and its digest."""

    scheme: Scheme
    salt: bytes
    digest: bytes

    def matches(self, password: bytes) -> bool:
        """Tell whether `password` made this hash; takes the same time wherever the digests differ."""
        return equal(self.scheme.derive(password, self.salt, len(self.digest)), self.digest)

    def outdated(self, profile: Scheme) -> bool:
        """Tell whether the hash should be replaced: another scheme, weaker parameters, a short salt or digest."""
        short = len(self.salt) < SALT_BYTES or len(self.digest) < FEWEST_DIGEST_BYTES
        return short or not self.scheme.meets(profile)


def read_base64(text: str) -> bytes:
    """Decode base64 without padding, as password hashes write it. Raises `StoredHashError` for anything else."""
    try:
        value = b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (Base64Error, ValueError):
        raise StoredHashError("a stored password hash is damaged: its base64 cannot be read.") from None
    return value


def write_base64(value: bytes) -> str:
    """Encode as base64 without padding."""
    return b64encode(value).rstrip(b"=").decode("ascii")


def check_stored(scheme: Scheme, salt: bytes, digest: bytes) -> StoredHash:
    """Return the parsed hash. Raises `StoredHashError` when salt or digest have lengths that no library writes."""
    if not FEWEST_SALT_BYTES <= len(salt) <= 64 or not FEWEST_DIGEST_BYTES <= len(digest) <= MOST_DIGEST_BYTES:
        raise StoredHashError(f"a stored {scheme.name} hash is damaged: its salt or digest has an impossible length.")
    return StoredHash(scheme, salt, digest)


def check_range(name: str, value: int, lowest: int, highest: int) -> None:
    """Raise `StoredHashError` when a stored parameter would cost nothing or stop the server."""
    if not lowest <= value <= highest:
        raise StoredHashError(f"a stored password hash has {name} {value}, outside {lowest} to {highest}.")


def demand(name: str, value: int, floor: int, hint: str) -> None:
    """Raise `ConfigError` when a parameter for new hashes is below `floor`."""
    if value < floor:
        raise ConfigError(f"{name} must be at least {floor}, not {value}.", hint=hint, code="weak-password-profile")
