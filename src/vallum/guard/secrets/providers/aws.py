"""Secrets in AWS Secrets Manager. Needs `pip install "vallum[aws]"`.

AwsSecrets(boto3.client("secretsmanager"))         # the workload's own role
"""

from typing import Any, Final

from vallum.base.secret import Secret
from vallum.guard.secrets.providers.protocol import SecretVersion, denied, missing, unavailable

_CURRENT: Final = "AWSCURRENT"
_PREVIOUS: Final = "AWSPREVIOUS"
_DENIED: Final = frozenset({"AccessDeniedException", "UnrecognizedClientException", "ExpiredTokenException"})
_MISSING: Final = frozenset({"ResourceNotFoundException", "InvalidRequestException"})
"""The second is the answer for a secret that is scheduled for deletion."""


class AwsSecrets:
    """Reads the stages AWSCURRENT and AWSPREVIOUS, which the manager's own rotation sets."""

    name: Final = "AWS Secrets Manager"

    def __init__(self, client: Any) -> None:
        """Use a client of boto3 for `secretsmanager`."""
        self._client = client

    def fetch(self, key: str) -> SecretVersion:
        """The current version of the secret with the name or ARN `key`."""
        found = self._read(key, _CURRENT)
        if found is None:
            raise missing(self.name, key)
        return found

    def fetch_previous(self, key: str) -> SecretVersion | None:
        """The version before the last rotation."""
        return self._read(key, _PREVIOUS)

    def _read(self, key: str, stage: str) -> SecretVersion | None:
        try:
            answer = self._client.get_secret_value(SecretId=key, VersionStage=stage)
            value, created = answer.get("SecretString"), answer["CreatedDate"].timestamp()
        except Exception as error:  # noqa: BLE001 - sorted below; whatever else it is, there is no value
            code = getattr(error, "response", {}).get("Error", {}).get("Code", "")
            if code in _MISSING:
                return None
            if code in _DENIED:
                raise denied(self.name, key) from None
            raise unavailable(self.name, key, error) from None
        if not value:
            return None
        return SecretVersion(value=Secret(value), version=answer["VersionId"], created=created)
