"""The settings of a project: `vallum.toml`, or `[tool.vallum]` in `pyproject.toml`. Never a secret."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, TypeVar

from vallum.base.errors import ConfigError
from vallum.catalogue.control import Severity

KINDS: Final = ("form", "json", "bearer", "cookie")
STANDARDS: Final = ("owasp", "asvs", "cwe")
_Kind = TypeVar("_Kind")
_OWN_FILE: Final = "vallum.toml"
_SHARED_FILE: Final = "pyproject.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentitySettings:
    """How one identity logs in. `secrets` maps a field to the environment variable that holds its value."""

    name: str
    role: str = "user"
    kind: str = "form"
    """`form`, `json`, `bearer` (a token issued elsewhere, `secrets.token`) or `cookie` (`secrets` names the cookie)."""
    path: str = "/login"
    fields: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    generate: bool = False
    """Give a variable that is not set a fresh random value before the app is loaded: for apps that seed their users."""
    proof: str = ""
    """A page that differs for those who are logged in; found by itself when empty."""
    token: str = ""
    """Where the token stands in the answer to a `json` login, such as `access_token`; empty for a cookie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySettings:
    """A key by which services are let in at some routes: the variable `secret` holds it, and `header` carries it."""

    path: str
    header: str
    secret: str
    generate: bool = False
    """As with an identity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that a settings file may say."""

    file: Path | None = None
    paths: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    app: str = ""
    host: str = "testserver"
    public: tuple[str, ...] = ()
    """Route templates that are meant for everybody."""
    allow_hosts: tuple[str, ...] = ()
    """Hosts other than this machine that a URL may name."""
    severity: Severity = Severity.LOW
    """The floor: a broken control below it is shown and does not change the exit status."""
    baseline: str = ""
    standards: tuple[str, ...] = STANDARDS
    writes: bool = True
    """Whether the probe may create and change things as its identities."""
    requests: int = 8000
    seconds: int = 240
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables set before the app is loaded in process; not for secrets."""
    production: Mapping[str, str] = field(default_factory=dict)
    """Variables for starts of the app as in production, in a process of its own; `{secret}` and the like are drawn."""
    provider: Mapping[str, str] = field(default_factory=dict)
    """Variables by which the app learns of the OpenID provider that the probe plays; `{issuer}` and the like."""
    identities: tuple[IdentitySettings, ...] = ()
    keys: tuple[KeySettings, ...] = ()

    @property
    def folder(self) -> Path:
        """Where relative names of the file begin."""
        return self.file.parent if self.file else Path()


def find_settings(start: Path) -> Settings:
    """Read the nearest settings at or above `start`; the defaults where there are none. Raises `ConfigError`."""
    folder = (start if start.is_dir() else start.parent).resolve()
    for candidate in (folder, *folder.parents):
        own, shared = candidate / _OWN_FILE, candidate / _SHARED_FILE
        if own.is_file():
            return read_settings(own)
        if shared.is_file() and "vallum" in _load(shared).get("tool", {}):
            return read_settings(shared)
        if (candidate / ".git").exists():
            break
    return Settings()


def read_settings(path: Path) -> Settings:
    """Read the settings in the file at `path`. Raises `ConfigError` that names the key and what was expected."""
    table = _load(path)
    if path.name == _SHARED_FILE:
        table = table.get("tool", {}).get("vallum", {})
    reader = _Table(path, table, "")
    identities = tuple(_identity(reader.nested(entry, "identities")) for entry in reader.tables("identities"))
    standards = reader.strings("standards", STANDARDS)
    if wrong := [name for name in standards if name not in STANDARDS]:
        raise reader.refuse("standards", f"{', '.join(STANDARDS)}, not {wrong[0]!r}")
    severity = reader.text("severity", Severity.LOW.value)
    if severity not in list(Severity):
        raise reader.refuse("severity", f"one of {', '.join(Severity)}, not {severity!r}")
    settings = Settings(
        file=path,
        paths=reader.strings("paths", ()),
        exclude=reader.strings("exclude", ()),
        app=reader.text("app", ""),
        host=reader.text("host", "testserver"),
        public=reader.strings("public", ()),
        allow_hosts=reader.strings("allow_hosts", ()),
        severity=Severity(severity),
        baseline=reader.text("baseline", ""),
        standards=standards,
        writes=reader.truth("writes", True),
        requests=reader.number("requests", 8000),
        seconds=reader.number("seconds", 240),
        environment=reader.mapping("environment"),
        production=reader.mapping("production"),
        provider=reader.mapping("provider"),
        identities=identities,
        keys=tuple(_key(reader.nested(entry, "keys")) for entry in reader.tables("keys")),
    )
    reader.finish()
    return settings


def _key(reader: "_Table") -> KeySettings:
    key = KeySettings(
        path=reader.text("path", ""),
        header=reader.text("header", ""),
        secret=reader.text("secret", ""),
        generate=reader.truth("generate", False),
    )
    reader.finish()
    for name in ("path", "header", "secret"):
        if not getattr(key, name):
            raise reader.refuse(name, "a text that is not empty")
    return key


def _identity(reader: "_Table") -> IdentitySettings:
    identity = IdentitySettings(
        name=reader.text("name", ""),
        role=reader.text("role", "user"),
        kind=reader.text("kind", "form"),
        path=reader.text("path", "/login"),
        fields=reader.mapping("fields"),
        secrets=reader.mapping("secrets"),
        generate=reader.truth("generate", False),
        proof=reader.text("proof", ""),
        token=reader.text("token", ""),
    )
    reader.finish()
    if not identity.name:
        raise reader.refuse("name", "a name for the identity")
    if identity.kind not in KINDS:
        raise reader.refuse("kind", f"one of {', '.join(KINDS)}, not {identity.kind!r}")
    if identity.kind in ("bearer", "cookie") and len(identity.secrets) != 1:
        raise reader.refuse("secrets", 'one name and its variable: secrets = { token = "VARIABLE" }')
    for key in identity.fields:
        if any(word in key.lower() for word in ("password", "secret", "token", "pin")):
            raise reader.refuse(f"fields.{key}", f'the variable that holds it: secrets = {{ {key} = "VARIABLE" }}')
    return identity


def _load(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not TOML: {error}.", code="settings-syntax") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}.", code="settings-unreadable") from error


class _Table:
    """A TOML table that knows which of its keys were asked for, and refuses the rest."""

    def __init__(self, path: Path, table: object, name: str) -> None:
        self.path = path
        self.name = name
        self.asked: list[str] = []
        if not isinstance(table, dict):
            raise ConfigError(f"{path}: {name or 'the file'} must be a table.", code="settings-type")
        self.table: dict[str, Any] = table

    def refuse(self, key: str, expected: str) -> ConfigError:
        """The error for a value that is not what was expected."""
        return ConfigError(f"{self.path}: {self._full(key)} must be {expected}.", code="settings-value")

    def text(self, key: str, default: str) -> str:
        """A string."""
        return self._take(key, default, str, "a string")

    def truth(self, key: str, default: bool) -> bool:
        """A boolean."""
        return self._take(key, default, bool, "true or false")

    def number(self, key: str, default: int) -> int:
        """A positive whole number."""
        value = self._take(key, default, int, "a whole number")
        if value < 1 or isinstance(value, bool):
            raise self.refuse(key, "a whole number of at least 1")
        return value

    def strings(self, key: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """A list of strings."""
        value = self._take(key, list(default), list, "a list of strings")
        if not all(isinstance(item, str) for item in value):
            raise self.refuse(key, "a list of strings")
        return tuple(value)

    def mapping(self, key: str) -> Mapping[str, str]:
        """A table from names to strings."""
        value = self._take(key, {}, dict, "a table of strings")
        if not all(isinstance(item, str) for item in value.values()):
            raise self.refuse(key, "a table of strings")
        return value

    def tables(self, key: str) -> list[Any]:
        """A list of tables."""
        return self._take(key, [], list, "a list of tables")

    def nested(self, table: object, key: str) -> "_Table":
        """A reader for a table within this one."""
        return _Table(self.path, table, self._full(key))

    def finish(self) -> None:
        """Refuse the first key that nobody asked for."""
        for key in self.table:
            if key not in self.asked:
                near = get_close_matches(key, self.asked, n=1)
                hint = f"Did you mean {near[0]!r}?" if near else f"It may have: {', '.join(sorted(self.asked))}."
                raise ConfigError(
                    f"{self.path} has an unknown key {self._full(key)!r}.", hint=hint, code="settings-key"
                )

    def _take(self, key: str, default: _Kind, kind: type[_Kind], expected: str) -> _Kind:
        self.asked.append(key)
        value = self.table.get(key, default)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.refuse(key, expected)
        return value

    def _full(self, key: str) -> str:
        return f"{self.name}.{key}" if self.name else key
