"""PKCE by S256 for every client, and its check for servers; `plain` is neither sent nor accepted (RFC 7636, RFC 9700).

pair = PkcePair.make()                              # pair.challenge into the address, pair.verifier stays here
verify_pkce(verifier, challenge, method)            # an authorization server, at its token endpoint
"""

import hashlib
import re
from dataclasses import dataclass, field
from typing import Final, Self

from vallum.base.compare import equal
from vallum.base.errors import ConfigError
from vallum.base.randomness import SYSTEM_RANDOMNESS, Randomness, token
from vallum.crypto.jwt.compact import encode_segment

KEEPS: Final = ("oauth-pkce",)
METHOD: Final = "S256"
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PkcePair:
    """A verifier of 32 random bytes as 43 characters. Make one for each authorization request."""

    verifier: str = field(repr=False)

    def __post_init__(self) -> None:
        """Raise `ConfigError` for what RFC 7636, section 4.1, does not call a verifier."""
        if not _VERIFIER.fullmatch(self.verifier):
            raise ConfigError("a PKCE verifier has 43 to 128 characters of A-Z a-z 0-9 - . _ ~.", code="pkce-verifier")

    @classmethod
    def make(cls, *, randomness: Randomness = SYSTEM_RANDOMNESS) -> Self:
        """Return a fresh pair."""
        return cls(verifier=token(randomness=randomness))

    @property
    def challenge(self) -> str:
        """The `code_challenge` for the method S256."""
        return encode_segment(hashlib.sha256(self.verifier.encode("ascii")).digest())


def verify_pkce(verifier: str | None, challenge: str | None, method: str | None) -> bool:
    """Tell whether a token request proves the challenge of its code. A missing part or another method never does."""
    if not verifier or not challenge or method != METHOD or not _VERIFIER.fullmatch(verifier):
        return False
    return equal(PkcePair(verifier=verifier).challenge, challenge)
