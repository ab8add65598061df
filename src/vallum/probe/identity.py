"""Who the probe can be, and how each of them logs in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret

ADMIN: Final = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteKey:
    """A key by which services, and no people, are let in at some routes."""

    path: str
    """The path, or its beginning and a `*`: `/api/internal/*`."""
    header: str
    value: Secret[str]

    def opens(self, target: str) -> bool:
        """Whether it belongs to the path of this target."""
        path = target.partition("?")[0]
        return path.startswith(self.path[:-1]) if self.path.endswith("*") else path == self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class FormLogin:
    """A login form on a page: its hidden fields are taken over, its visible ones filled by name."""

    path: str = "/login"
    fields: Mapping[str, str] = field(default_factory=dict)
    """What is no secret, such as `{"username": "ann"}`."""
    secrets: Mapping[str, Secret[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonLogin:
    """A login by a JSON body; the answer sets a cookie, or holds a token at `token`."""

    path: str = "/login"
    fields: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, Secret[str]] = field(default_factory=dict)
    token: str = ""
    """Where the bearer token stands in the answer: `access_token`, `data.token`. Empty for a cookie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BearerToken:
    """A token that was issued elsewhere, sent as `Authorization: Bearer`."""

    token: Secret[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCookie:
    """A session that was opened elsewhere."""

    name: str
    value: Secret[str]


Login = FormLogin | JsonLogin | BearerToken | SessionCookie


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One account of the app that the probe may use."""

    name: str
    login: Login
    role: str = "user"
    """`user` or `admin`; what only an administrator may see is expected to be closed to users."""
    proof: str = ""
    """A page that differs for those who are logged in; found by itself when empty."""

    def __post_init__(self) -> None:
        """Refuse an identity that could be mistaken for nobody."""
        if not self.name or not self.name.isprintable():
            raise ConfigError("an identity needs a name.", hint='Try: Identity(name="ann", login=...).')

    @property
    def is_admin(self) -> bool:
        """Whether the role is administrator."""
        return self.role == ADMIN

    @property
    def account(self) -> str:
        """The name under which the app knows this account: the first field that is no secret."""
        if isinstance(self.login, FormLogin | JsonLogin):
            return next(iter(self.login.fields.values()), self.name)
        return self.name
