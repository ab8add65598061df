"""Secrets read while the app runs: cached in memory, read again after rotation, each fetch in the security log.

    VAULT = SecretVault(AwsSecrets(boto3.client("secretsmanager")))
    VAULT.check("session-key", "mail-password")            # at start-up: one error that names all that are missing
    VAULT.read("mail-password", reader="mailer").reveal()
    VAULT.keys("session-key", reader="sessions")           # current and previous, for whatever verifies

Sources: CWE-522, CWE-778; ASVS 13.3.1, 13.3.2, 13.3.4, 16.2.1.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from vallum.base.clock import SYSTEM_CLOCK, Clock
from vallum.base.errors import ConfigError, VallumError
from vallum.base.secret import Secret
from vallum.guard.logging.events import Event, Level, Sink, log_event
from vallum.guard.secrets.providers.protocol import SecretProvider, SecretUnavailableError, SecretVersion

KEEPS: Final = ("secrets-manager", "secret-rotation", "secret-access-audit")
CACHE_SECONDS: Final = 300.0
STALE_SECONDS: Final = 3600.0
MOST_DAYS: Final = 90
_DAY: Final = 86_400.0
Rotated = Callable[[str], object]
"""Is told the name of a secret whose version has changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretAge:
    """How old a secret is, in days; None where its place does not tell. `is_due` when it should be replaced."""

    key: str
    version: str
    days: float | None
    is_due: bool


@dataclass(frozen=True, slots=True)
class _Entry:
    current: SecretVersion
    previous: SecretVersion | None
    fetched: float


class SecretVault:
    """The secrets of one place. May be used from several threads; nothing is written to disk."""

    def __init__(
        self,
        provider: SecretProvider,
        *,
        cache_seconds: float = CACHE_SECONDS,
        stale_seconds: float = STALE_SECONDS,
        on_rotation: Rotated | None = None,
        sink: Sink = log_event,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Read from `provider`, and again after `cache_seconds`.

        A place that is down leaves the cached values in use for `stale_seconds` more, with an event for each failure.
        `on_rotation` is told when a version has changed. Raises `ConfigError` for times below 0.
        """
        if cache_seconds < 0 or stale_seconds < 0:
            raise ConfigError("the times of a cache of secrets are not below 0.", code="secret-cache")
        self._provider = provider
        self._cache_seconds = cache_seconds
        self._stale_seconds = stale_seconds
        self._on_rotation = on_rotation
        self._sink = sink
        self._clock = clock
        self._entries: dict[str, _Entry] = {}
        self._readers: set[tuple[str, str]] = set()
        self._lock = threading.RLock()

    def __repr__(self) -> str:
        """The place; never a value."""
        return f"SecretVault({self._provider.name})"

    def check(self, *keys: str) -> None:
        """Fetch all `keys`. Raises one `ConfigError` that names each that cannot be read, and why."""
        problems = []
        for key in keys:
            try:
                self._entry(key, "start-up", "check")
            except VallumError as error:
                problems.append(f"\n  - {error.message}")
        if problems:
            raise ConfigError(
                f"{len(problems)} secrets cannot be read:{''.join(problems)}\n",
                hint="Create them, or let this service's identity read them.",
                code="secrets",
            )

    def read(self, key: str, *, reader: str, purpose: str = "") -> Secret[str]:
        """Return the current value. `reader` is the part of the app that asks; a new one gets an event of its own.

        Raises `SecretMissingError`, `SecretDeniedError` or `SecretUnavailableError`.
        """
        return self._entry(key, reader, purpose).current.value

    def keys(self, key: str, *, reader: str, purpose: str = "") -> tuple[Secret[str], ...]:
        """Return current and previous value: sign with the first, verify with both. Raises like `read`."""
        entry = self._entry(key, reader, purpose)
        found = (entry.current, entry.previous)
        return tuple(version.value for version in found if version is not None)

    def forget(self, key: str) -> None:
        """Drop a cached value, so that the next read fetches it: after a rotation or an exposure."""
        with self._lock:
            self._entries.pop(key, None)

    def ages(self, *keys: str, most_days: int = MOST_DAYS) -> tuple[SecretAge, ...]:
        """Return how old the secrets are, for a report of those that are due. Raises like `read`."""
        now = self._clock()
        report = []
        for key in keys:
            version = self._entry(key, "age report", "report").current
            days = None if version.created is None else max(0.0, (now - version.created) / _DAY)
            report.append(
                SecretAge(key=key, version=version.version, days=days, is_due=days is not None and days > most_days)
            )
        return tuple(report)

    def _entry(self, key: str, reader: str, purpose: str) -> _Entry:
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or self._clock() - entry.fetched >= self._cache_seconds:
                entry = self._refresh(key, entry, reader, purpose)
            if (key, reader) not in self._readers:
                self._readers.add((key, reader))
                self._report("key-read-first", Level.WARNING, key, reader, purpose, version=entry.current.version)
            return entry

    def _refresh(self, key: str, old: _Entry | None, reader: str, purpose: str) -> _Entry:
        now = self._clock()
        try:
            entry = _Entry(self._provider.fetch(key), self._provider.fetch_previous(key), now)
        except VallumError as error:
            self._report("key-read-failed", Level.ERROR, key, reader, purpose, outcome=error.code)
            is_down = isinstance(error, SecretUnavailableError)
            if old is None or not is_down or now - old.fetched >= self._cache_seconds + self._stale_seconds:
                self._entries.pop(key, None)
                raise
            return old
        self._entries[key] = entry
        self._report("key-read", Level.INFO, key, reader, purpose, version=entry.current.version, outcome="read")
        if old is not None and old.current.version != entry.current.version:
            self._report("key-rotated", Level.INFO, key, reader, purpose, version=entry.current.version)
            if self._on_rotation is not None:
                self._on_rotation(key)
        return entry

    def _report(self, name: str, level: Level, key: str, reader: str, purpose: str, **detail: str) -> None:
        told = {"key": key, "reader": reader, "purpose": purpose, "place": self._provider.name, **detail}
        self._sink(Event(name=name, level=level, at=self._clock(), detail=told))
