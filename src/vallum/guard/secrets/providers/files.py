"""Secrets in a folder of files: Docker and Kubernetes mounts, systemd credentials. `key.previous` is the one before.

FileSecrets("/run/secrets")
FileSecrets.from_systemd()         # the folder in CREDENTIALS_DIRECTORY
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.guard.secrets.providers.protocol import SecretVersion, denied, missing, unavailable
from vallum.guard.secrets.secret_file import SecretProblemError, read_file

_KEY: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")


class FileSecrets:
    """Reads one file for each secret; a file that others can read is refused unless an `unsafe_` name allows it."""

    def __init__(self, folder: str | os.PathLike[str], *, unsafe_readable: bool = False) -> None:
        """Use an existing folder. Raises `ConfigError` when it is missing."""
        self._folder = Path(folder)
        self._unsafe_readable = unsafe_readable
        if not self._folder.is_dir():
            raise ConfigError(f"the folder of secrets {folder} does not exist.", code="secret-folder")

    @classmethod
    def from_systemd(cls, environment: Mapping[str, str] | None = None) -> "FileSecrets":
        """Use what `LoadCredential=` gives a service. Raises `ConfigError` outside of one."""
        folder = (os.environ if environment is None else environment).get("CREDENTIALS_DIRECTORY")
        if not folder:
            raise ConfigError(
                "systemd gave this process no credentials.",
                hint="Add LoadCredential= to the unit.",
                code="secret-folder",
            )
        return cls(folder)

    @property
    def name(self) -> str:
        """The folder."""
        return f"the folder {self._folder}"

    def fetch(self, key: str) -> SecretVersion:
        """The file `key`."""
        found = self._read(key)
        if found is None:
            raise missing(self.name, key)
        return found

    def fetch_previous(self, key: str) -> SecretVersion | None:
        """The file `key.previous`."""
        return self._read(f"{key}.previous")

    def _read(self, key: str) -> SecretVersion | None:
        if not _KEY.fullmatch(key):
            raise missing(self.name, "of a name that no file has")
        path = self._folder / key
        try:
            status = path.stat()
        except FileNotFoundError:
            return None
        except PermissionError:
            raise denied(self.name, key) from None
        except OSError as error:
            raise unavailable(self.name, key, error) from None
        try:
            value = read_file(str(path), unsafe_readable=self._unsafe_readable)
        except SecretProblemError:
            raise denied(self.name, key) from None
        return SecretVersion(value=Secret(value), version=str(status.st_mtime_ns), created=status.st_mtime)
