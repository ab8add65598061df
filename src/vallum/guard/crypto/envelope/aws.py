"""Data keys wrapped by AWS KMS. Needs `pip install "vallum[aws]"`.

AwsKeys(boto3.client("kms"), "alias/shop")          # the workload's own role; kms:Encrypt, kms:Decrypt, kms:DescribeKey
"""

from functools import cached_property
from hashlib import sha256
from typing import Any, Final

from vallum.crypto.seal.ring import SealRefusedError
from vallum.guard.crypto.envelope.service import unanswered

_NAME: Final = "AWS KMS"
_TAG: Final = 8
_PURPOSE: Final = {"purpose": "vallum data key"}
_FOREIGN: Final = frozenset({"InvalidCiphertextException", "IncorrectKeyException", "NotFoundException"})


class AwsKeys:
    """Wraps by a symmetric key of KMS. Which key it was stands before the wrapped bytes, as 8 bytes of a digest."""

    def __init__(self, client: Any, key: str) -> None:
        """Use a client of boto3 for `kms`, and the id, ARN or alias of a key."""
        self._client = client
        self._key = key

    def wrap(self, key: bytes) -> bytes:
        """Have KMS encrypt the data key. Raises `KeyServiceError`."""
        try:
            answer = self._client.encrypt(KeyId=self._key, Plaintext=key, EncryptionContext=_PURPOSE)
        except Exception as error:  # noqa: BLE001 - whatever it is, there is no wrapped key
            raise unanswered(_NAME, error) from None
        return self._tag + bytes(answer["CiphertextBlob"])

    def unwrap(self, wrapped: bytes) -> bytes:
        """Have KMS decrypt it. Raises `SealRefusedError` for what it did not encrypt, and `KeyServiceError`."""
        try:
            answer = self._client.decrypt(CiphertextBlob=wrapped[_TAG:], EncryptionContext=_PURPOSE)
        except Exception as error:  # noqa: BLE001 - sorted below
            if getattr(error, "response", {}).get("Error", {}).get("Code", "") in _FOREIGN:
                raise SealRefusedError from None
            raise unanswered(_NAME, error) from None
        return bytes(answer["Plaintext"])

    def is_outdated(self, wrapped: bytes) -> bool:
        """Whether another key has wrapped it; versions of one key are KMS's own matter. Raises `KeyServiceError`."""
        return wrapped[:_TAG] != self._tag

    @cached_property
    def _tag(self) -> bytes:
        try:
            arn = self._client.describe_key(KeyId=self._key)["KeyMetadata"]["Arn"]
        except Exception as error:  # noqa: BLE001 - whatever it is, the key is not known
            raise unanswered(_NAME, error) from None
        return sha256(str(arn).encode()).digest()[:_TAG]
