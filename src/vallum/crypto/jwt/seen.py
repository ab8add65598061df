"""A bounded memory of tokens whose signature and claims were good, so that the next request pays for a hash only.

Kept is the SHA-256 digest of a token, never the token. What can change with time is not answered from here: whoever
asks checks expiry, revocation and epoch again.
"""

import threading
from hashlib import sha256
from typing import Final

from vallum.base.errors import ConfigError
from vallum.crypto.jwt.claims import Claims

SIZE: Final = 4096
"""About 5 MiB. Only tokens with a good signature come in, so a flood of forged ones drives nothing out."""


def digest_token(token: str) -> bytes:
    """Return the name of a token in the memory. Raises `UnicodeEncodeError` for what is no token."""
    return sha256(token.encode("ascii")).digest()


class SeenTokens:
    """Claims by token, for one set of keys and one policy: `owner` is the set, and a new one empties the memory."""

    def __init__(self, size: int = SIZE) -> None:
        """Keep at most `size` tokens, none for 0. Raises `ConfigError` below 0."""
        if size < 0:
            raise ConfigError("a memory of tokens holds 0 or more.", code="token-memory")
        self._size = size
        self._lock = threading.Lock()
        self._owner: object = None
        self._claims: dict[bytes, Claims] = {}

    def find(self, digest: bytes, owner: object) -> Claims | None:
        """The claims of a token that `owner` accepted before, or None."""
        return self._claims.get(digest) if owner is self._owner else None

    def keep(self, digest: bytes, owner: object, claims: Claims) -> None:
        """Remember what `owner` accepted; the oldest goes when the memory is full."""
        if not self._size:
            return
        with self._lock:
            if owner is not self._owner:
                # In this order: whoever reads in between finds the old owner, or nothing.
                self._claims, self._owner = {}, owner
            while len(self._claims) >= self._size:
                del self._claims[next(iter(self._claims))]
            self._claims[digest] = claims

    def drop(self, digest: bytes) -> None:
        """Forget a token, such as one that expired."""
        with self._lock:
            self._claims.pop(digest, None)
