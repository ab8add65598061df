"""Locks after failures in a row: they end by themselves, double up to a day, and a reset opens them (ASVS 6.3.1).

The lock is one of the password. It ends no session, and whoever can read the account's mail resets the password and is
in again: strangers who fail on purpose delay the owner and never shut her out.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from vallum.base.clock import SYSTEM_CLOCK, Clock
from vallum.base.errors import ConfigError
from vallum.guard.http.rate_limit import LimiterDownError
from vallum.guard.http.rate_meter import Meter
from vallum.guard.http.rates import MICROSECONDS
from vallum.guard.logging.events import Sink, log_event
from vallum.stores.limits import Charge, LimitStore

KEEPS: Final = ("account-lockout",)

MOST_FAILURES: Final = 100
"""NIST SP 800-63B-4, section 3.2.2."""
DAY: Final = 86_400
_UNIT: Final = DAY * MICROSECONDS
"""One failure, or one lock: as a debt that a day pays off, so that what is old does not count for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockoutPolicy:
    """After how many failures in a row, for how many seconds at first, and for how many at most. Raises `ConfigError`.

    A failure is forgotten after a day without more of them; so is each doubling.
    """

    failures: int = 10
    first_seconds: int = 900
    most_seconds: int = DAY

    def __post_init__(self) -> None:
        """Refuse a limit that is none, and a lock for ever."""
        if not 1 < self.failures <= MOST_FAILURES or not 0 < self.first_seconds <= self.most_seconds <= DAY:
            raise ConfigError(
                "a lockout needs 2 to 100 failures and a lock of at most 24 hours.",
                hint="Leave the settings out for 10 failures, 15 minutes and 24 hours.",
                code="lockout-policy",
            )


class Lockout:
    """Counts failures for each account, in the store of the rate limits. Every method waits for the store.

    Raises `LimiterDownError` (503) while the store fails: nobody gets in uncounted.
    """

    def __init__(
        self,
        store: LimitStore,
        policy: LockoutPolicy | None = None,
        *,
        name: str = "lockout",
        clock: Clock = SYSTEM_CLOCK,
        sink: Sink = log_event,
    ) -> None:
        """Count under `name`."""
        self.policy = policy or LockoutPolicy()
        self._meter = Meter(store, clock, sink)
        self._name = name
        self._clock = clock

    def is_locked(self, account: str) -> bool:
        """Tell whether the password of `account`, an id or a name that nobody has, is locked now."""
        (debt,) = self._take(account, self._lock_of(DAY, 0))[1]
        return debt > 0

    def note_failure(self, account: str) -> bool:
        """Count a failure; True when it is the one that locks the account. A locked account counts none."""
        if self.is_locked(account):
            return False
        allowed, (debt,) = self._take(account, self._charge("failures", self.policy.failures))
        if allowed and -(-debt // _UNIT) < self.policy.failures:
            return False
        return self._lock(account)

    def clear(self, account: str) -> None:
        """Forget the failures and end the lock: after a reset that was proved by mail, or by an administrator."""
        for part in ("failures", "locks", "lock"):
            self._forget(account, part)

    def note_success(self, account: str) -> None:
        """Forget the failures and the doublings."""
        for part in ("failures", "locks"):
            self._forget(account, part)

    def _lock(self, account: str) -> bool:
        """Begin a lock, unless a request beside this one has just done so."""
        _, (debt,) = self._take(account, self._charge("locks", MOST_FAILURES, 0))
        before = -(-debt // _UNIT)
        seconds = min(self.policy.first_seconds << min(before, 20), self.policy.most_seconds)
        began, _ = self._take(account, self._lock_of(seconds, seconds))
        if began:
            self._take(account, self._charge("locks", MOST_FAILURES))
            self._forget(account, "failures")
        return began

    def _charge(self, part: str, most: int, units: int = 1) -> Charge:
        return Charge(f"{self._name}-{part}", _UNIT, most * _UNIT, units * _UNIT)

    def _lock_of(self, most_seconds: int, seconds: int) -> Charge:
        return Charge(f"{self._name}-lock", 1, most_seconds * MICROSECONDS, seconds * MICROSECONDS)

    def _take(self, account: str, charge: Charge) -> tuple[bool, tuple[int, ...]]:
        decision = self._meter.take(_subject(account), (charge,))
        if decision is None:
            raise LimiterDownError(self._name)
        allowed, debts = decision
        return allowed, tuple(debts)

    def _forget(self, account: str, part: str) -> None:
        if not self._meter.forget(_subject(account), f"{self._name}-{part}"):
            raise LimiterDownError(self._name)


def _subject(account: str) -> str:
    return f"account:{hashlib.blake2b(account.encode('utf-8', 'surrogatepass'), digest_size=16).hexdigest()}"
