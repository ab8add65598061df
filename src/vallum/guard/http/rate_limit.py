"""The rate limiter as a block: for logins, codes, mails, and whatever else only the handler knows the key of."""

from vallum.base.clock import SYSTEM_CLOCK, Clock
from vallum.base.errors import ConfigError, VallumError
from vallum.guard.errors.public import PublicError
from vallum.guard.errors.refusal import UNAVAILABLE, Refusal
from vallum.guard.exchange import Exchange, current
from vallum.guard.http.rate_meter import Meter
from vallum.guard.http.rate_policy import LIMITED_TEXT, QUOTA_EXCEEDED
from vallum.guard.http.rate_subjects import fold_key, subject_for
from vallum.guard.http.rates import read_rate, remaining_units, seconds_until
from vallum.guard.logging.events import Level, Sink, log_event
from vallum.stores.limits import LimitStore


class RateLimitedError(PublicError):
    """The limit is used up (429). `retry_after` is in seconds; inside a guarded app the answer carries it."""

    refusal = Refusal(429, "rate-limited", LIMITED_TEXT, members={"type": QUOTA_EXCEEDED})
    level = Level.WARNING
    event = "rate-limited"
    status = 429

    def __init__(self, limit: str, retry_after: int) -> None:
        """Tell the log which limit, and the client when to come back."""
        super().__init__(limit)
        self.retry_after = retry_after


class LimiterDownError(PublicError):
    """The store of limits gives no answer, so nothing is let through (503)."""

    refusal = UNAVAILABLE
    level = Level.WARNING
    event = "rate-limiter-down"
    status = 503


class Limiter:
    """Counts by keys of yours: an account name that somebody typed, a phone number, a tenant.

    Build it once, at import. Without `store` it counts in the store of the guard that judges the request. A store that
    fails lets nothing through, unless `unsafe_fail_open` says otherwise.
    """

    def __init__(
        self,
        rate: str,
        *,
        name: str,
        store: LimitStore | None = None,
        unsafe_fail_open: bool = False,
        clock: Clock = SYSTEM_CLOCK,
        sink: Sink = log_event,
    ) -> None:
        """Limit to `rate`, such as "5/15 minutes", under a `name` of its own. Raises `ConfigError`."""
        self.name = name
        self._rate = read_rate(rate)
        self._rate.charge(name)
        self._open = unsafe_fail_open
        self._meter = None if store is None else Meter(store, clock, sink)

    @property
    def at_once(self) -> bool:
        """Whether its store never waits."""
        return self._find_meter().at_once

    async def take(self, key: str, cost: int = 1) -> int:
        """Take `cost` units from the limit of `key` and return how many are left.

        Letter case, width and surrounding space of the key do not matter. Raises `RateLimitedError` and then takes
        nothing; raises `LimiterDownError`.
        """
        meter = self._find_meter()
        if meter.at_once:
            return self._take(meter, key, cost)
        import asyncio  # noqa: PLC0415 - who awaits this has loaded it

        return await asyncio.to_thread(self._take, meter, key, cost)

    def take_now(self, key: str, cost: int = 1) -> int:
        """The same for handlers that are not async; waits for the store."""
        return self._take(self._find_meter(), key, cost)

    async def reset(self, key: str) -> None:
        """Let `key` begin anew, for an administrator's button. Raises `LimiterDownError`.

        Do not call it for an address after a login that succeeded: an attacker signs in to an account of his own and
        goes on guessing.
        """
        meter = self._find_meter()
        if meter.at_once:
            self._reset(meter, key)
            return
        import asyncio  # noqa: PLC0415 - as above

        await asyncio.to_thread(self._reset, meter, key)

    def reset_now(self, key: str) -> None:
        """The same for handlers that are not async."""
        self._reset(self._find_meter(), key)

    def _take(self, meter: Meter, key: str, cost: int) -> int:
        charge = self._rate.charge(self.name, cost)
        decision = meter.take(subject_for("key", fold_key(key)), (charge,))
        if decision is None:
            if self._open:
                return 0
            raise LimiterDownError(self.name)
        allowed, (debt,) = decision
        if not allowed:
            raise _refuse(self.name, seconds_until(charge, debt))
        return remaining_units(charge, debt)

    def _reset(self, meter: Meter, key: str) -> None:
        if not meter.forget(subject_for("key", fold_key(key)), self.name):
            raise LimiterDownError(self.name)

    def _find_meter(self) -> Meter:
        if self._meter is not None:
            return self._meter
        exchange = _running_exchange()
        if exchange is None:
            raise ConfigError(
                f"the limiter {self.name!r} has no store.",
                hint="Give it store=..., or call it in a request that a guard judges.",
                code="limiter-storeless",
            )
        meter: Meter = exchange.core.rates.meter
        return meter


def _refuse(limit: str, seconds: int) -> RateLimitedError:
    exchange = _running_exchange()
    if exchange is not None:
        exchange.retry_after = seconds
    return RateLimitedError(limit, seconds)


def _running_exchange() -> Exchange | None:
    try:
        return current()
    except VallumError:
        return None
