"""What is probed, as whom, how hard, and what may be changed on the way."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from vallum.base.clock import Clock
from vallum.base.errors import ConfigError, UsageError
from vallum.probe.identity import Identity, RouteKey

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_MARK: Final = re.compile(r"[a-z][a-z0-9]{5,11}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbePolicy:
    """The bounds of one run.

    Reading is always allowed. With `writes`, the probe also creates and changes things as its identities, with values
    that carry its mark, and deletes only what it made itself; operations named after deleting, resetting or paying are
    left alone. Without `writes` nothing but GET and HEAD and the logins is sent.
    """

    target: Any
    """`module:app`, a URL, or an ASGI or WSGI application object."""
    host: str = "testserver"
    """The host name under which an app in process is called."""
    scheme: str = "https"
    """The scheme of an app in process; `https` is what production sees."""
    identities: tuple[Identity, ...] = ()
    requests: int = 8000
    seconds: float = 240.0
    timeout: float = 10.0
    """Seconds after which one request counts as unanswered."""
    writes: bool = True
    select: tuple[str, ...] = ()
    """Control ids or claims; empty for all."""
    public: tuple[str, ...] = ()
    """Route templates that are meant for everybody, such as `/articles/{slug}`."""
    allow_hosts: tuple[str, ...] = ()
    """Hosts other than loopback that a URL may name."""
    mark: str = ""
    """The word that marks everything written; drawn at random when empty."""
    delay: float = 1.0
    """Seconds that a command is asked to sleep where only time can tell."""
    production: Mapping[str, str] = field(default_factory=dict)
    """Variables with which the app starts as in production, for starts in a process of its own. `{folder}`, `{secret}`,
    `{key}` and `{private_key}` in a value are drawn anew for each start."""
    provider: Mapping[str, str] = field(default_factory=dict)
    """Variables by which the app is told of an OpenID provider, which the probe then plays on this machine. `{issuer}`,
    `{client_id}` and `{client_secret}` in a value stand for that provider's."""
    keys: tuple[RouteKey, ...] = ()
    """Keys of services; only claims about internal routes send them."""
    clock: Clock | None = field(default=None, repr=False)
    """The clock that times requests; the monotonic one when None."""

    def __post_init__(self) -> None:
        """Refuse what cannot be probed."""
        if self.requests < 1 or self.seconds <= 0 or self.timeout <= 0:
            raise ConfigError("requests, seconds and timeout must be positive.", code="probe-budget")
        if self.scheme not in ("http", "https"):
            raise ConfigError(f'scheme must be http or https, not "{self.scheme}".', code="probe-scheme")
        if self.mark and not _MARK.match(self.mark):
            raise ConfigError("mark must be 6 to 12 lower-case letters and digits.", code="probe-mark")
        names = [identity.name for identity in self.identities]
        if len(set(names)) < len(names):
            raise ConfigError("two identities have the same name.", hint=f"There are: {', '.join(names)}.")
        if self.is_url:
            _check_url(self.target, self.allow_hosts)

    @property
    def is_url(self) -> bool:
        """Whether the target is reached over the network."""
        return isinstance(self.target, str) and self.target.startswith(("http://", "https://"))

    @property
    def is_startable(self) -> bool:
        """Whether the app can be started again in a process of its own: it is named, and not an object or a URL."""
        return isinstance(self.target, str) and not self.is_url


def _check_url(url: str, allowed: tuple[str, ...]) -> None:
    host = urlsplit(url).hostname or ""
    if not host:
        raise UsageError(f'"{url}" names no host.', hint="Try: http://127.0.0.1:8000", code="probe-url")
    if host not in LOOPBACK and host not in allowed:
        raise UsageError(
            f'"{host}" is not this machine, and was not allowed by name.',
            hint=f'Probe only what is yours; then allow it: allow_hosts=("{host}",).',
            code="probe-host",
        )
