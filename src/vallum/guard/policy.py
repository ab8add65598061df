"""The one policy of a guard: frozen, safe when left out, checked when built."""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from vallum.base.clock import SYSTEM_CLOCK, Clock
from vallum.base.errors import ConfigError
from vallum.base.randomness import SYSTEM_RANDOMNESS, Randomness
from vallum.base.secret import Secret
from vallum.guard.authentication.bearer import BearerPolicy
from vallum.guard.authorization.access import Access
from vallum.guard.errors.refusal import ErrorView
from vallum.guard.http.cors import CorsPolicy
from vallum.guard.http.headers import HeaderPolicy
from vallum.guard.http.limits import LimitPolicy
from vallum.guard.http.rate_policy import RateLimitPolicy
from vallum.guard.layers import Layer, check_switch
from vallum.guard.logging.access import ACCESS_LOG, AccessLog
from vallum.guard.logging.events import Sink, log_event
from vallum.guard.output.csp import ContentSecurityPolicy
from vallum.guard.sessions.life import SessionPolicy
from vallum.stores.sessions import SessionStore

if TYPE_CHECKING:
    from vallum.guard.http.blocking import BlockPolicy

Secrets = tuple[Secret[str], ...]


class Environment(Enum):
    """Where the app runs. Development answers to this machine's own names only, so it is of no use to deploy."""

    DEVELOPMENT = "development"
    TEST = "test"
    PRODUCTION = "production"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardPolicy:
    """All settings of a guard.

    `origins`: where the app is reached, like "https://notes.example"; `hosts`: further Host headers it answers to.
    `secrets`: newest first, at least 32 characters. `proxies`: addresses whose forwarded headers count.
    `roles`: role to permissions. `fresh_roles`: an account's roles now, from the store, where routes ask for them; None
    when it is gone; it runs in a thread. `paths`: access for what cannot be decorated. `csrf_exempt`: exact paths on
    which cookies are ignored, not checked. `bearer`: how Authorization headers are read; None ignores them. `login`:
    the path of the page to which a browser is sent that asks for a closed page, with the path asked for as `next`;
    calls get 401 all the same. `error_page`: makes the page of an error from its `ErrorView`, as HTML that was escaped
    (`SafeHtml`, or what a template engine marks); when it fails, the built-in page is sent.
    `trial_csp`: a second policy that only reports. `rate_limits`: what all routes allow; None is 100 requests a minute
    for each account and 600 for each address in production, and no limit elsewhere. `sink` takes the security events;
    `access_log` writes a line for each request. `blocking`: refuse for a while who was refused often.
    `unsafe_plain_http`: in production too serve what comes without TLS, instead of sending pages to the https origin
    and refusing calls. `unsafe_debug_paths`: in production too serve what is for debugging, and publicly paths such
    as /metrics. `unsafe_without`: layers that a test takes away, to see what the layer behind refuses; only the
    environment test takes it. `accepted_risks`: why an `unsafe_` field is set, by
    its dotted name, like "session.unsafe_longer_life"; production refuses those without reason. `startup_checks`: each
    lists further problems for which production does not start, like `ProcessCheck()`; one that fails is one itself.
    """

    environment: Environment = Environment.DEVELOPMENT
    origins: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    secrets: Secrets = ()
    proxies: tuple[str, ...] = ()
    roles: Mapping[str, Iterable[str]] = field(default_factory=lambda: MappingProxyType({}))
    paths: Mapping[str, Access] = field(default_factory=lambda: MappingProxyType({}))
    fresh_roles: Callable[[str], Iterable[str] | None] | None = None
    csrf_exempt: tuple[str, ...] = ()
    bearer: BearerPolicy | None = None
    login: str = ""
    error_page: Callable[[ErrorView], object] | None = None
    cors: CorsPolicy = field(default_factory=CorsPolicy)
    csp: ContentSecurityPolicy = field(default_factory=ContentSecurityPolicy)
    trial_csp: ContentSecurityPolicy | None = None
    headers: HeaderPolicy = field(default_factory=HeaderPolicy)
    limits: LimitPolicy = field(default_factory=LimitPolicy)
    rate_limits: RateLimitPolicy | None = None
    blocking: "BlockPolicy | None" = None
    unsafe_plain_http: bool = False
    unsafe_debug_paths: bool = False
    unsafe_without: frozenset[Layer] = frozenset()
    session: SessionPolicy = field(default_factory=SessionPolicy)
    store: SessionStore | None = None
    sink: Sink = log_event
    access_log: AccessLog = ACCESS_LOG
    startup_checks: tuple[Callable[[], Iterable[Any]], ...] = ()
    accepted_risks: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    clock: Clock = SYSTEM_CLOCK
    randomness: Randomness = SYSTEM_RANDOMNESS

    def __post_init__(self) -> None:
        """Refuse strings where tuples belong: a string would be read letter by letter."""
        for name in ("origins", "hosts", "secrets", "proxies", "csrf_exempt"):
            if isinstance(getattr(self, name), (str, Secret)):
                raise ConfigError(f"{name} must be a tuple.", hint=f"Write {name}=(...,).", code="policy-type")
        check_switch(self.unsafe_without, in_tests=self.environment is Environment.TEST)

    @property
    def limits_of_all(self) -> RateLimitPolicy:
        """The rate limits that hold: what is stated, else the defaults in production and none for developers."""
        return self.rate_limits or RateLimitPolicy(unsafe_unlimited=not self.is_production)

    @property
    def is_production(self) -> bool:
        """Whether users depend on it."""
        return self.environment is Environment.PRODUCTION


_FALLBACK: Final = Environment.DEVELOPMENT.value


def read_environment(environ: Mapping[str, str] = os.environ) -> GuardPolicy:
    """The policy that the environment describes; Guard(app) without a policy uses it.

    VALLUM_ENV (development, test, production), VALLUM_ORIGINS, VALLUM_PROXIES and VALLUM_SECRET (newest first), each
    separated by spaces, VALLUM_SESSIONS, the path of an SQLite file, and VALLUM_LIMITS, the path of another one or the
    URL of a Valkey server (valkey://).
    VALLUM_SECRET_FILE names a file that holds the secrets instead. Raises `ConfigError`.
    """
    name = environ.get("VALLUM_ENV", _FALLBACK)
    try:
        environment = Environment(name)
    except ValueError:
        known = ", ".join(known.value for known in Environment)
        raise ConfigError(f"VALLUM_ENV is {name!r}.", hint=f"Choose one of: {known}.", code="environment") from None
    return GuardPolicy(
        environment=environment,
        origins=tuple(environ.get("VALLUM_ORIGINS", "").split()),
        secrets=_read_secrets(environ),
        proxies=tuple(environ.get("VALLUM_PROXIES", "").split()),
        store=_open_store(environ.get("VALLUM_SESSIONS", "")),
        rate_limits=_read_limits(environ.get("VALLUM_LIMITS", "")),
    )


def _read_limits(place: str) -> RateLimitPolicy | None:
    if not place:
        return None
    if "://" in place:
        from vallum.stores.limits_valkey import ValkeyLimits  # noqa: PLC0415 - an extra, loaded only when it is used

        return RateLimitPolicy(store=ValkeyLimits(place))
    from vallum.stores.limits_sqlite import SqliteLimits  # noqa: PLC0415 - sqlite3 is loaded only when it is used

    return RateLimitPolicy(store=SqliteLimits(place))


def _read_secrets(environ: Mapping[str, str]) -> Secrets:
    if "VALLUM_SECRET_FILE" not in environ:
        return tuple(Secret(value) for value in environ.get("VALLUM_SECRET", "").split())
    from vallum.guard.secrets.secret_file import SecretProblemError  # noqa: PLC0415 - loaded only when it is used
    from vallum.guard.secrets.sources import FromEnvironment  # noqa: PLC0415 - loaded only when it is used

    try:
        found = FromEnvironment("VALLUM_SECRET").find(environ)
    except SecretProblemError as problem:
        raise ConfigError(f"VALLUM_SECRET {problem}.", code=problem.code) from None
    return tuple(Secret(value) for value in (found or "").split())


def _open_store(path: str) -> SessionStore | None:
    if not path:
        return None
    from vallum.stores.sqlite import SqliteSessions  # noqa: PLC0415 - sqlite3 is loaded only when it is used

    return SqliteSessions(path)
