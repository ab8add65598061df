"""Security values from the operating system's generator, never from `random` (CWE-338, ASVS 11.5.1)."""

import os
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Final

from vallum.base.errors import ConfigError

Randomness = Callable[[int], bytes]
"""Given n, n unpredictable bytes."""

SYSTEM_RANDOMNESS: Final[Randomness] = os.urandom
TOKEN_BYTES: Final = 32
"""256 bits: the default for session ids, reset links, CSRF values and keys."""
FEWEST_BYTES: Final = 16
"""128 bits: the least that ASVS 11.5.1 accepts."""


def token(nbytes: int = TOKEN_BYTES, *, randomness: Randomness = SYSTEM_RANDOMNESS) -> str:
    """Return a base64url token of `nbytes` random bytes, without padding.

    Raises `ConfigError` below 16 bytes, which can be guessed.
    """
    if nbytes < FEWEST_BYTES:
        raise ConfigError(
            f"a token needs at least {FEWEST_BYTES} random bytes, not {nbytes}.",
            hint=f"Use token(), which takes {TOKEN_BYTES}.",
            code="token-too-short",
        )
    return urlsafe_b64encode(randomness(nbytes)).rstrip(b"=").decode("ascii")


def below(limit: int) -> int:
    """Return a uniform integer in [0, limit): no modulo bias."""
    if limit < 1:
        raise ConfigError(f"below() needs a limit of at least 1, not {limit}.", code="empty-range")
    return secrets.randbelow(limit)
