"""The URL of a database as a setting: a secret, since it holds a password, and in production one that verifies TLS."""

from collections.abc import Mapping
from typing import Final

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.guard.configuration.profile import read_profile
from vallum.guard.data.database_tls import find_password, judge_database
from vallum.guard.policy import Environment
from vallum.guard.secrets.judgement import judge_value
from vallum.guard.secrets.secret_file import SecretProblemError
from vallum.guard.secrets.sources import FromEnvironment

KEEPS: Final = ("db-tls",)

_SHORTEST_URL: Final = 9
_SHORTEST_PASSWORD: Final = 12


class DatabaseUrl(FromEnvironment):
    """A database URL from the variable `name` or the file that `name` + `_FILE` points to.

    In production it must verify the server (`sslmode=verify-full` for PostgreSQL; SQLite is fine), and a password in it
    needs 12 characters. `development` is what development and tests use when the variable is not set: SQLite only, so
    that no password stands in code. Production never falls back.
    """

    def __init__(
        self,
        name: str,
        *,
        development: str = "",
        unsafe_unverified: bool = False,
        unsafe_readable_file: bool = False,
    ) -> None:
        """Name the variable. `unsafe_unverified` is for a pooler on this machine that verifies the database itself."""
        super().__init__(name, min_length=_SHORTEST_URL, unsafe_readable_file=unsafe_readable_file)
        if development and not development.startswith("sqlite"):
            raise ConfigError(
                f"{name}: the URL for development is not one of SQLite.",
                hint="Set the variable.",
                code="setting-default",
            )
        self.development = development
        self.unsafe_unverified = unsafe_unverified

    def load(self, environment: Mapping[str, str]) -> Secret[str] | None:
        """Return the URL. Raises `SecretProblemError` for what the environment does not allow."""
        production = read_profile(environment) is Environment.PRODUCTION
        if not production and self.development and self.find(environment) is None:
            return Secret(self.development)
        url = super().load(environment)
        if production and url is not None:
            self._judge(url.reveal())
        return url

    def _judge(self, url: str) -> None:
        if not self.unsafe_unverified and (problem := judge_database(url)):
            raise SecretProblemError(problem, code="database-unverified")
        password = find_password(url)
        if password and (problem := judge_value(password, min_length=_SHORTEST_PASSWORD)):
            raise SecretProblemError(f"holds a password that {problem}")
