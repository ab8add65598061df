"""Secrets in Azure Key Vault. Needs `pip install "vallum[azure]"`.

AzureSecrets(SecretClient("https://notes.vault.azure.net", ManagedIdentityCredential()))
"""

from typing import Any, Final

from vallum.base.secret import Secret
from vallum.guard.secrets.providers.protocol import SecretVersion, denied, missing, unavailable


class AzureSecrets:
    """Reads the newest and the second newest enabled version of each secret."""

    name: Final = "Azure Key Vault"

    def __init__(self, client: Any) -> None:
        """Use a `SecretClient` of azure-keyvault-secrets."""
        self._client = client

    def fetch(self, key: str) -> SecretVersion:
        """The current version of the secret `key`."""
        found = self._read(key, None)
        if found is None:
            raise missing(self.name, key)
        return found

    def fetch_previous(self, key: str) -> SecretVersion | None:
        """The enabled version made before the current one."""
        current = self.fetch(key).version
        try:
            listed = [one for one in self._client.list_properties_of_secret_versions(key) if one.enabled]
        except Exception as error:  # noqa: BLE001 - whatever the client raises, there is no list
            raise self._refuse(key, error) from None
        older = sorted((one for one in listed if one.version != current), key=lambda one: one.created_on, reverse=True)
        return self._read(key, older[0].version) if older else None

    def _read(self, key: str, version: str | None) -> SecretVersion | None:
        try:
            found = self._client.get_secret(key, version)
        except Exception as error:  # noqa: BLE001 - sorted below; whatever else it is, there is no value
            if type(error).__name__ == "ResourceNotFoundError":
                return None
            raise self._refuse(key, error) from None
        if not found.value:
            return None
        made = found.properties.created_on
        created = made.timestamp() if made is not None else None
        return SecretVersion(value=Secret(found.value), version=str(found.properties.version), created=created)

    def _refuse(self, key: str, error: Exception) -> Exception:
        is_denied = type(error).__name__ == "ClientAuthenticationError" or getattr(error, "status_code", 0) in {
            401,
            403,
        }
        return denied(self.name, key) if is_denied else unavailable(self.name, key, error)
