"""Compare secrets without telling by time how much was right (CWE-208, ASVS 11.2.4).

if not secret_equal(request.headers["x-api-key"], settings.api_key): ...
if not secret_equal(given, row.digest if row else None): ...     # a missing record costs the same
"""

import hashlib
import hmac
from typing import Final

from vallum.base.randomness import SYSTEM_RANDOMNESS
from vallum.base.secret import Secret

KEEPS: Final = ("constant-time-compare",)
Comparable = str | bytes | Secret[str] | Secret[bytes]
_NOTHING: Final = SYSTEM_RANDOMNESS(32)


def secret_equal(given: Comparable | None, expected: Comparable | None) -> bool:
    """Tell whether two secrets are the same; text compares as UTF-8.

    Both sides are hashed first, so that neither length nor content shows. None, for what was not sent or not found,
    equals nothing, not even None, and takes the same steps.
    """
    same = hmac.compare_digest(_digest(given), _digest(expected))
    return same and given is not None and expected is not None


def _digest(value: Comparable | None) -> bytes:
    plain = value.reveal() if isinstance(value, Secret) else value
    if isinstance(plain, str):
        plain = plain.encode("utf-8", "surrogatepass")
    return hashlib.sha256(_NOTHING if plain is None else plain).digest()
