"""Secrets in Google Secret Manager. Needs `pip install "vallum[google]"`.

GoogleSecrets(SecretManagerServiceClient(), project="notes-production")
"""

from typing import Any, Final

from vallum.base.secret import Secret
from vallum.guard.secrets.providers.protocol import SecretVersion, denied, missing, unavailable

_DENIED: Final = frozenset({"PermissionDenied", "Unauthenticated", "Forbidden", "Unauthorized"})


class GoogleSecrets:
    """Reads the latest version of each secret, and the number before it."""

    name: Final = "Google Secret Manager"

    def __init__(self, client: Any, *, project: str) -> None:
        """Use a `SecretManagerServiceClient` and the id of a project."""
        self._client = client
        self._project = project

    def fetch(self, key: str) -> SecretVersion:
        """The latest version of the secret `key`."""
        found = self._read(key, "latest")
        if found is None:
            raise missing(self.name, key)
        return found

    def fetch_previous(self, key: str) -> SecretVersion | None:
        """The version whose number is one lower, unless it was disabled or destroyed."""
        latest = int(self.fetch(key).version)
        return self._read(key, str(latest - 1)) if latest > 1 else None

    def _read(self, key: str, version: str) -> SecretVersion | None:
        try:
            name = f"projects/{self._project}/secrets/{key}/versions/{version}"
            found = self._client.access_secret_version(request={"name": name})
            value = found.payload.data.decode("utf-8")
        except Exception as error:  # noqa: BLE001 - sorted below; whatever else it is, there is no value
            kind = type(error).__name__
            if kind in {"NotFound", "FailedPrecondition"}:
                return None
            if kind in _DENIED:
                raise denied(self.name, key) from None
            raise unavailable(self.name, key, error) from None
        if not value:
            return None
        return SecretVersion(value=Secret(value), version=found.name.rpartition("/")[2])
