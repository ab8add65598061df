"""Secrets in environment variables: for development and simple deployments. `KEY_PREVIOUS` is the one before."""

import os
from collections.abc import Mapping
from typing import Final

from vallum.base.secret import Secret
from vallum.guard.secrets.providers.protocol import SecretVersion, missing


class EnvironmentSecrets:
    """Reads variables of the process."""

    name: Final = "the environment"

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        """Read `environment`, or that of the process."""
        self._environment = os.environ if environment is None else environment

    def fetch(self, key: str) -> SecretVersion:
        """The variable `key`."""
        value = self._environment.get(key)
        if not value:
            raise missing(self.name, key)
        return SecretVersion(value=Secret(value), version="current")

    def fetch_previous(self, key: str) -> SecretVersion | None:
        """The variable `key` + `_PREVIOUS`."""
        value = self._environment.get(f"{key}_PREVIOUS")
        return SecretVersion(value=Secret(value), version="previous") if value else None
