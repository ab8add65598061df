"""Private notes are stored encrypted: AES-256-GCM, with the key's id in front and the note's number bound in."""

import hashlib
from collections.abc import Sequence
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vallum.base.randomness import SYSTEM_RANDOMNESS
from vallum.base.secret import Secret

from .settings import SETTINGS

ID_BYTES: Final = 4
NONCE_BYTES: Final = 12


class Vault:
    """Locks with the newest key; unlocks with whichever of the keys was used."""

    def __init__(self, keys: Sequence[Secret[bytes]]) -> None:
        self._ciphers = {name_key(key): AESGCM(key.reveal()) for key in keys}
        self._newest = name_key(keys[0])

    def lock(self, text: str, note_id: int) -> bytes:
        """The text, for this note alone: put into another row it does not open."""
        nonce = SYSTEM_RANDOMNESS(NONCE_BYTES)
        sealed = self._ciphers[self._newest].encrypt(nonce, text.encode(), bind_place(note_id))
        return self._newest + nonce + sealed

    def unlock(self, locked: bytes, note_id: int) -> str:
        """The text. Raises `InvalidTag` when a byte was changed, and `KeyError` when its key is gone."""
        key, nonce, sealed = locked[:ID_BYTES], locked[ID_BYTES:][:NONCE_BYTES], locked[ID_BYTES + NONCE_BYTES :]
        return self._ciphers[key].decrypt(nonce, sealed, bind_place(note_id)).decode()


def name_key(key: Secret[bytes]) -> bytes:
    """A short id for a key, which tells nothing of it."""
    return hashlib.sha256(b"notes key id" + key.reveal()).digest()[:ID_BYTES]


def bind_place(note_id: int) -> bytes:
    """What the encryption binds in besides the text."""
    return f"notes/{note_id}/body".encode()


VAULT: Final = Vault(SETTINGS.data_keys)
