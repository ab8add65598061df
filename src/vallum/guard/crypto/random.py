"""Unpredictable values for every purpose, from the operating system's generator (CWE-330, CWE-338, ASVS 11.5.1).

link = f"{ORIGIN}/reset?token={reset_token()}"
code = numeric_code(6)
"""

from typing import Final

from vallum.base.errors import ConfigError
from vallum.base.randomness import SYSTEM_RANDOMNESS, TOKEN_BYTES, Randomness, below, token
from vallum.base.secret import Secret

KEEPS: Final = ("secure-random", "unbiased-random-int")
__all__ = ["encryption_key", "numeric_code", "random_int", "reset_token", "session_id", "signing_key", "token"]
_MOST_DIGITS: Final = 32


def session_id(*, randomness: Randomness = SYSTEM_RANDOMNESS) -> str:
    """Return a session id with 256 random bits: 43 characters, safe in a cookie. Store only its digest."""
    return token(TOKEN_BYTES, randomness=randomness)


def reset_token(*, randomness: Randomness = SYSTEM_RANDOMNESS) -> str:
    """Return a token with 256 random bits for a link in a mail: reset, verification, invitation. Store its digest."""
    return token(TOKEN_BYTES, randomness=randomness)


def encryption_key(*, randomness: Randomness = SYSTEM_RANDOMNESS) -> Secret[bytes]:
    """Return 32 bytes for AES-256-GCM."""
    return Secret(randomness(32))


def signing_key(*, randomness: Randomness = SYSTEM_RANDOMNESS) -> Secret[bytes]:
    """Return 64 bytes, the block size of SHA-256, for HMAC."""
    return Secret(randomness(64))


def random_int(low: int, high: int) -> int:
    """Return an integer in [low, high), each with the same chance. Raises `ConfigError` for an empty range."""
    if low >= high:
        raise ConfigError(
            f"the range from {low} up to {high} is empty.", hint="The upper bound is exclusive.", code="empty-range"
        )
    return low + below(high - low)


def numeric_code(digits: int = 6) -> str:
    """Return a code to type, leading zeros kept. It can be guessed: limit attempts and lifetime.

    Raises `ConfigError` below 6 digits (ASVS 6.6.2) or above 32.
    """
    if not 6 <= digits <= _MOST_DIGITS:
        raise ConfigError(f"a code has 6 to {_MOST_DIGITS} digits, not {digits}.", code="code-length")
    return f"{below(10**digits):0{digits}d}"
