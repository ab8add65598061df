"""A keyed hash of what somebody typed as a name: it tells repeats apart, and no password typed there by mistake."""

import hmac
from typing import Final

from vallum.base.randomness import SYSTEM_RANDOMNESS
from vallum.base.secret import Secret

_PURPOSE: Final = b"vallum typed name\0"
_PROCESS_KEY: Final = SYSTEM_RANDOMNESS(32)
"""For guards without a secret: the same for the life of the process."""
_DIGITS: Final = 16


def fingerprint_name(typed: str, secrets: tuple[Secret[str], ...] = ()) -> str:
    """16 hexadecimal digits of an HMAC-SHA-256, the same for the same name in any case; "" for no name.

    Keyed by the first of `secrets`, so that nobody who reads the log can try names, and workers agree.
    """
    if not typed:
        return ""
    key = secrets[0].reveal().encode() if secrets else _PROCESS_KEY
    return hmac.digest(key, _PURPOSE + typed.strip().casefold().encode("utf-8", "surrogatepass"), "sha256").hex()[
        :_DIGITS
    ]
