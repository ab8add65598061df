"""Secrets of an application, read once at the start from the environment or a file, never from code (CWE-798).

    class AppSecrets(SecretSettings):
        session_key = FromEnvironment("SESSION_KEY")
        database_url = FromEnvironment("DATABASE_URL", min_length=12)
        mail_password = MaybeFromEnvironment("MAIL_PASSWORD", min_length=8)

    SECRETS = AppSecrets()                      # or one error that names everything that is missing or weak
    SECRETS.session_key.reveal()

Each value comes from the variable, or from the file that `SESSION_KEY_FILE` names (Docker, Kubernetes, systemd). There
is no way to write a value into the class or to give one to its constructor. Source: ASVS 13.3.1, Twelve-Factor App III.
"""

import os
import sys
from collections.abc import Mapping
from typing import Any, ClassVar, Final, NoReturn, TypeVar, cast

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.guard.secrets.secret_file import SecretProblemError
from vallum.guard.secrets.sources import (
    LEAST_LENGTH,
    FromEnvironment,
    KeyFromEnvironment,
    MaybeFromEnvironment,
    SecretSource,
)

KEEPS: Final = ("no-hardcoded-secrets", "secrets-from-environment")
__all__ = [
    "FromEnvironment",
    "KeyFromEnvironment",
    "MaybeFromEnvironment",
    "SecretSettings",
    "require_secret",
    "unsafe_settings",
]
Settings = TypeVar("Settings", bound="SecretSettings")
_HINT: Final = "`openssl rand -base64 48` makes a key."


class SecretSettings:
    """Subclass it with one source for each secret; an instance holds the values as `Secret`.

    Raises `ConfigError`, for the class when an attribute is a literal, for an instance when a secret is absent, empty,
    short, a sample value, or in a file that others can read. All problems are listed by name, no value is shown.
    """

    sources: ClassVar[Mapping[str, SecretSource[Any]]] = {}
    _values: Mapping[str, Secret[str] | None]

    def __init_subclass__(cls) -> None:
        """Refuse literals when the class is made."""
        super().__init_subclass__()
        own = {name: value for name, value in vars(cls).items() if not name.startswith("_")}
        for name, value in own.items():
            if isinstance(value, str | bytes | Secret):
                raise ConfigError(
                    f"the secret {cls.__name__}.{name} is a literal.",
                    hint=f'Write {name} = FromEnvironment("{name.upper()}").',
                    code="secret-literal",
                )
        found = {name: value for name, value in own.items() if isinstance(value, SecretSource)}
        cls.sources = {**cls.sources, **found}

    def __init__(self, *, environment: Mapping[str, str] | None = None) -> None:
        """Read every secret once."""
        values, problems = self.load_secrets(os.environ if environment is None else environment)
        if problems:
            raise _list_problems([f"{name} {problem}" for name, problem in problems])
        object.__setattr__(self, "_values", values)

    @classmethod
    def load_secrets(
        cls, given: Mapping[str, str]
    ) -> tuple[dict[str, Secret[str] | None], list[tuple[str, SecretProblemError]]]:
        """Read every secret from `given`: the values by attribute, and the problems with the name of the variable."""
        values: dict[str, Secret[str] | None] = {}
        problems: list[tuple[str, SecretProblemError]] = []
        for name, source in cls.sources.items():
            try:
                values[name] = source.load(given)
            except SecretProblemError as problem:
                problems.append((source.name, problem))
        return values, problems

    def read(self, name: str) -> Secret[str] | None:
        """Return the secret of one attribute."""
        return self._values[name]

    def __setattr__(self, name: str, value: object) -> NoReturn:
        """Refuse: a secret comes from its source only."""
        raise ConfigError(f"the secret {name} cannot be set in code.", code="secret-literal")

    def __repr__(self) -> str:
        """The names only."""
        return f"{type(self).__name__}({', '.join(self.sources)})"


def require_secret(
    name: str, min_length: int = LEAST_LENGTH, *, environment: Mapping[str, str] | None = None
) -> Secret[str]:
    """Return one secret from the variable `name` or the file in `name` + `_FILE`.

    Raises `ConfigError`, with the name and never the value, when it is absent, short, or a sample value.
    """
    source = FromEnvironment(name, min_length=min_length)
    try:
        return cast("Secret[str]", source.load(os.environ if environment is None else environment))
    except SecretProblemError as problem:
        raise _list_problems([f"{name} {problem}"]) from None


def unsafe_settings(settings: type[Settings], **values: str) -> Settings:
    """Return settings with these literal values, unjudged, for tests.

    Raises `ConfigError` unless pytest is loaded or `VALLUM_TESTING=1` is set, and for a name that is no secret.
    """
    if "pytest" not in sys.modules and os.environ.get("VALLUM_TESTING") != "1":
        raise ConfigError(
            "literal secrets are for tests.", hint="Set VALLUM_TESTING=1 in tests.", code="secret-literal"
        )
    unknown = sorted(values.keys() - settings.sources.keys())
    if unknown:
        raise ConfigError(f"{settings.__name__} has no secret {', '.join(unknown)}.", code="secret-name")
    made = settings.__new__(settings)
    object.__setattr__(made, "_values", {name: Secret(value) for name, value in values.items()})
    return made


def _list_problems(problems: list[str]) -> ConfigError:
    listed = "".join(f"\n  - {problem}" for problem in problems)
    return ConfigError(f"{len(problems)} secrets to mend:{listed}\n", hint=_HINT, code="secrets")
