"""Secrets in HashiCorp Vault or OpenBao, KV version 2. Needs `pip install "vallum[vault]"`.

client = hvac.Client(url="https://vault.internal:8200", verify="ca.pem")
client.auth.kubernetes.login(role="notes", jwt=token)
VaultSecrets(client, mount="secret", field="value")
"""

from datetime import datetime
from typing import Any, Final

from vallum.base.secret import Secret
from vallum.guard.secrets.providers.protocol import SecretVersion, denied, missing, unavailable


class VaultSecrets:
    """Reads one field of each secret through the official client, which holds the workload's own login."""

    name: Final = "Vault"

    def __init__(self, client: Any, *, mount: str = "secret", field: str = "value") -> None:
        """Use an `hvac.Client`, the mount of a KV engine of version 2, and the field that has the value."""
        self._client = client
        self._mount = mount
        self._field = field

    def fetch(self, key: str) -> SecretVersion:
        """The latest version of the secret at the path `key`."""
        found = self._read(key, None)
        if found is None:
            raise missing(self.name, key)
        return found

    def fetch_previous(self, key: str) -> SecretVersion | None:
        """The version before the latest, unless it was deleted."""
        latest = int(self.fetch(key).version)
        return self._read(key, latest - 1) if latest > 1 else None

    def _read(self, key: str, version: int | None) -> SecretVersion | None:
        try:
            answer = self._client.secrets.kv.v2.read_secret_version(
                path=key, mount_point=self._mount, version=version, raise_on_deleted_version=True
            )
            data, metadata = answer["data"]["data"], answer["data"]["metadata"]
            value = data.get(self._field)
            created = datetime.fromisoformat(metadata["created_time"]).timestamp()
        except Exception as error:  # noqa: BLE001 - sorted below; whatever else it is, there is no value
            kind = type(error).__name__
            if kind == "InvalidPath":
                return None
            if kind in {"Forbidden", "Unauthorized"}:
                raise denied(self.name, key) from None
            raise unavailable(self.name, key, error) from None
        if not isinstance(value, str) or not value:
            return None
        return SecretVersion(value=Secret(value), version=str(metadata["version"]), created=created)
