"""Keys that seal: 32 random bytes each, with an id that follows from them and a budget of messages."""

import hashlib
import hmac
import itertools
from collections.abc import Iterator
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vallum.base.errors import ConfigError
from vallum.base.randomness import SYSTEM_RANDOMNESS, Randomness
from vallum.base.secret import Secret

KEY_BYTES: Final = 32
ID_BYTES: Final = 8
BUDGET: Final = 2**28
MOST_BUDGET: Final = 2**32
_ID_LABEL: Final = b"vallum seal key id"
_FEWEST_VALUES: Final = 8


class SealingKey:
    """An AES-256-GCM key. `key_id` is derived from it, so that the same key has the same id everywhere.

    `budget` is how many messages this process seals with it. Nonces are random, and NIST SP 800-38D, 8.3, allows 2^32
    of them for one key over all processes; the default of 2^28 leaves room for sixteen.
    """

    __slots__ = ("_budget", "_encrypt", "_secret", "_used", "decrypt", "key_id")

    def __init__(self, secret: Secret[bytes], *, budget: int = BUDGET) -> None:
        """Raise `ConfigError` unless the secret is 32 random bytes and the budget from 1 to 2^32."""
        value = secret.reveal()
        if len(value) != KEY_BYTES or len(set(value)) < _FEWEST_VALUES:
            raise ConfigError(
                f"a sealing key is {KEY_BYTES} random bytes.", hint="Make one by generate_key().", code="weak-key"
            )
        if not 1 <= budget <= MOST_BUDGET:
            raise ConfigError(f"the budget of a sealing key is 1 to 2^32, not {budget}.", code="seal-budget")
        self.key_id = hmac.digest(value, _ID_LABEL, hashlib.sha256)[:ID_BYTES]
        aead = AESGCM(value)
        self._encrypt = aead.encrypt
        self.decrypt = aead.decrypt
        """Return the plain text of nonce, sealed and bound. Raises `cryptography.exceptions.InvalidTag`."""
        self._secret = secret
        self._budget = budget
        self._used: Iterator[int] = itertools.count(1)  # its step is atomic, so threads need no lock

    def __repr__(self) -> str:
        """The id; never the key."""
        return f"SealingKey({self.key_id.hex()})"

    def derive(self, salt: bytes, label: bytes) -> bytes:
        """Return another key of 32 bytes: HKDF-SHA-256 (RFC 5869) of this one, for what `label` names."""
        return HKDF(hashes.SHA256(), KEY_BYTES, salt, label).derive(self._secret.reveal())

    def encrypt(self, nonce: bytes, plain: bytes, bound: bytes) -> bytes:
        """Return ciphertext and tag. Raises `ConfigError` when the budget is used up."""
        if next(self._used) > self._budget:
            raise ConfigError(
                f"the sealing key {self.key_id.hex()} has sealed its {self._budget} messages.",
                hint="Put a new key first in the ring and keep this one behind it.",
                code="seal-budget",
            )
        return self._encrypt(nonce, plain, bound)


def generate_key(*, randomness: Randomness = SYSTEM_RANDOMNESS) -> Secret[bytes]:
    """Return 32 random bytes for a `SealingKey`."""
    return Secret(randomness(KEY_BYTES))
