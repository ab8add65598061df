"""Seal values under the first key of a ring, and open what any key of it has sealed.

    RING = SealRing([SealingKey(new), SealingKey(old)])
    stored = RING.seal(totp_secret, context=f"totp:{account_id}")
    totp_secret = RING.open(stored, context=f"totp:{account_id}")      # SealRefusedError for any other context
    if RING.is_outdated(stored): ...                                   # seal it anew, then drop the old key

A sealed value is: version (1 byte), key id (8), nonce (12), ciphertext, tag (16). Version, key id and context are
authenticated with it. Sources: NIST SP 800-38D, RFC 5116; ASVS 11.3.2, 11.3.4.
"""

from collections.abc import Iterable
from typing import Final, NoReturn

from cryptography.exceptions import InvalidTag

from vallum.base.errors import ConfigError, VallumError
from vallum.base.randomness import SYSTEM_RANDOMNESS, Randomness
from vallum.crypto.seal.keys import ID_BYTES, SealingKey

NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
_VERSION: Final = b"\x01"
_HEAD: Final = len(_VERSION) + ID_BYTES
_BODY: Final = _HEAD + NONCE_BYTES
OVERHEAD: Final = _HEAD + NONCE_BYTES + TAG_BYTES
"""How many bytes longer a sealed value is than its plain text."""


class SealRefusedError(VallumError):
    """A sealed value that was changed, moved to another context, or sealed by a key that the ring does not hold."""

    code = "seal-refused"

    def __init__(self) -> None:
        """Say the same for every cause."""
        super().__init__(
            "the sealed value does not open.", hint="It was changed, belongs elsewhere, or its key left the ring."
        )


class SealRing:
    """The keys of one purpose, newest first. Rotate by putting a new key first; drop the old one when none needs it."""

    def __init__(self, keys: Iterable[SealingKey], *, randomness: Randomness = SYSTEM_RANDOMNESS) -> None:
        """Raise `ConfigError` for no key, and for one key twice."""
        listed = list(keys)
        self._keys = {_VERSION + key.key_id: key for key in listed}
        if not listed or len(self._keys) < len(listed):
            raise ConfigError("a ring needs at least one sealing key, and each one once.", code="seal-keys")
        self.first = listed[0]
        self._head = _VERSION + self.first.key_id
        self._randomness = randomness

    def find(self, key_id: bytes) -> SealingKey | None:
        """The key of the ring with this id."""
        return self._keys.get(_VERSION + key_id)

    def seal(self, plain: bytes, *, context: str) -> bytes:
        """Return `plain` sealed for `context`, which says what it is and whose, such as `totp:17`.

        Raises `ConfigError` for an empty context, and when the first key's budget is used up.
        """
        # The head has one length, so head and context cannot run into each other.
        nonce = self._randomness(NONCE_BYTES)
        return self._head + nonce + self.first.encrypt(nonce, plain, self._head + (context or _miss()).encode())

    def open(self, sealed: bytes, *, context: str) -> bytes:
        """Return the plain text. Raises `SealRefusedError` for whatever was not sealed so, for this context."""
        head = sealed[:_HEAD]
        key = self._keys.get(head)
        if key is None or len(sealed) < OVERHEAD:
            raise SealRefusedError
        try:
            return key.decrypt(sealed[_HEAD:_BODY], sealed[_BODY:], head + (context or _miss()).encode())
        except InvalidTag:
            raise SealRefusedError from None

    def is_outdated(self, sealed: bytes) -> bool:
        """Tell whether the value is under another key than the first, so that it should be sealed anew."""
        return not sealed.startswith(self._head)


def _miss() -> NoReturn:
    raise ConfigError("a sealed value needs a context.", hint="Say what it is and whose: totp:17.", code="seal-context")
