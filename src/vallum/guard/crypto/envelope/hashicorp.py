"""Data keys wrapped by the transit engine of HashiCorp Vault or OpenBao. Needs `pip install "vallum[vault]"`.

VaultKeys(hvac.Client(url="https://vault.internal:8200", verify="ca.pem"), "shop")
"""

import re
from base64 import b64decode, b64encode
from typing import Any, Final

from vallum.crypto.seal.ring import SealRefusedError
from vallum.guard.crypto.envelope.service import unanswered

_NAME: Final = "Vault"
_SHAPE: Final = re.compile(rb"vault:v(\d{1,9}):[A-Za-z0-9+/=]+")


class VaultKeys:
    """Wraps by a key of transit, through the official client, which holds the workload's own login."""

    def __init__(self, client: Any, key: str, *, mount: str = "transit") -> None:
        """Use an `hvac.Client`, the name of a key, and the mount of the engine."""
        self._client = client
        self._key = key
        self._mount = mount

    def wrap(self, key: bytes) -> bytes:
        """Have Vault encrypt the data key by the newest version. Raises `KeyServiceError`."""
        text = b64encode(key).decode("ascii")
        try:
            answer = self._client.secrets.transit.encrypt_data(name=self._key, plaintext=text, mount_point=self._mount)
            return str(answer["data"]["ciphertext"]).encode("ascii")
        except Exception as error:  # noqa: BLE001 - whatever it is, there is no wrapped key
            raise unanswered(_NAME, error) from None

    def unwrap(self, wrapped: bytes) -> bytes:
        """Have Vault decrypt it. Raises `SealRefusedError` for what it did not encrypt, and `KeyServiceError`."""
        if not _SHAPE.fullmatch(wrapped):
            raise SealRefusedError
        text = wrapped.decode("ascii")
        try:
            answer = self._client.secrets.transit.decrypt_data(name=self._key, ciphertext=text, mount_point=self._mount)
            return b64decode(answer["data"]["plaintext"])
        except Exception as error:  # noqa: BLE001 - sorted below
            if type(error).__name__ == "InvalidRequest":
                raise SealRefusedError from None
            raise unanswered(_NAME, error) from None

    def is_outdated(self, wrapped: bytes) -> bool:
        """Whether an older version of the key has wrapped it. Raises `KeyServiceError`."""
        match = _SHAPE.fullmatch(wrapped)
        if match is None:
            return True
        try:
            answer = self._client.secrets.transit.read_key(name=self._key, mount_point=self._mount)
            return int(match[1]) < int(answer["data"]["latest_version"])
        except Exception as error:  # noqa: BLE001 - whatever it is, the version is not known
            raise unanswered(_NAME, error) from None
