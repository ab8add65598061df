"""The rate limits of a guard: by address before the route is known, by account and for the route afterwards."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Final

from vallum.base.clock import Clock
from vallum.guard.errors.refusal import UNAVAILABLE, Refusal
from vallum.guard.exchange import CREDENTIAL, Exchange
from vallum.guard.http.rate_meter import RETRY_SECONDS, Meter
from vallum.guard.http.rate_policy import RateLimitPolicy, RouteLimit, limit_route
from vallum.guard.http.rate_subjects import subject_for, subject_of
from vallum.guard.http.rates import MICROSECONDS, seconds_until
from vallum.guard.logging.events import Sink
from vallum.stores.limits import Decision, LimitStore
from vallum.stores.limits_memory import MemoryLimits

KEEPS: Final = ("api-rate-limit",)

_DOWN: Final = Refusal(
    503,
    UNAVAILABLE.code,
    UNAVAILABLE.text,
    headers=[(b"retry-after", str(int(RETRY_SECONDS)).encode())],
    reported=True,
)


class RateDesk:
    """Asks the limits that a request falls under. All of one subject are one decision of the store."""

    def __init__(self, policy: RateLimitPolicy, sessions: object, clock: Clock, sink: Sink) -> None:
        """Prepare the limits of all routes. Without a store of their own they are counted where the sessions are."""
        self.meter = Meter(_find_store(policy, sessions), clock, sink)
        self._announced = policy.announced
        unlimited, is_open = policy.unsafe_unlimited, policy.unsafe_fail_open
        self._by_address = None if unlimited else _Group([_limit_all(policy.address, "address", is_open=is_open)])
        self._by_account = None if unlimited else _Group([_limit_all(policy.account, "account", is_open=is_open)])
        self.address_waits = self._by_address is not None and not self.meter.at_once
        """Whether `check_address` would hold up an event loop."""
        self.address_step = self._by_address is not None and self.meter.at_once
        """Whether `check_address` can be one of the core's steps."""

    def check_address(self, exchange: Exchange) -> Refusal | None:
        """Count the request for its client address."""
        group = self._by_address
        if group is None:
            return None
        decision = self.meter.take(subject_of(exchange.client), group.charges)
        if decision is None or not decision[0]:
            return self._refuse(exchange, group, decision)
        if self._announced:
            exchange.rates = group.limits, decision[1]
        return None

    def waits(self, exchange: Exchange, limits: Sequence[RouteLimit], *, may_sign: bool) -> bool:
        """Whether `check_route` would hold up an event loop; `may_sign` when an actor may yet be found."""
        if self.meter.at_once:
            return False
        return bool(limits or (self._by_account and may_sign and not exchange.counted))

    def check_route(self, exchange: Exchange, limits: Sequence[RouteLimit]) -> Refusal | None:
        """Count the request for its account, once however many gates it passes, and for the limits of its route."""
        account = self._by_account
        actor = exchange.actor
        if account is None or actor is None or exchange.counted:
            return self._check_groups(exchange, limits) if limits else None
        exchange.counted = True
        if limits:
            return self._check_groups(exchange, (*account.limits, *limits))
        return self._take(exchange, subject_for("account", actor.id), account)

    def _check_groups(self, exchange: Exchange, limits: Sequence[RouteLimit]) -> Refusal | None:
        subjects: dict[str, list[RouteLimit]] = {}
        for limit in limits:
            subjects.setdefault(_find_subject(exchange, limit), []).append(limit)
        told: list[RouteLimit] = []
        owed: list[int] = []
        for subject, same in subjects.items():
            refusal = self._take(exchange, subject, _Group(same))
            if refusal is not None:
                return refusal
            if exchange.rates is not None:
                told += exchange.rates[0]
                owed += exchange.rates[1]
                exchange.rates = told, owed
        return None

    def _take(self, exchange: Exchange, subject: str, group: "_Group") -> Refusal | None:
        decision = self.meter.take(subject, group.charges)
        if decision is None or not decision[0]:
            return self._refuse(exchange, group, decision)
        if self._announced:
            exchange.rates = group.limits, decision[1]
        return None

    def _refuse(self, exchange: Exchange, group: "_Group", decision: Decision | None) -> Refusal | None:
        if decision is None:
            return None if group.is_open else _DOWN
        if self._announced:
            exchange.rates = group.limits, decision[1]
        return _refuse(exchange, group.limits, decision[1])


class _Group:
    """Limits that are asked together, for one subject."""

    __slots__ = ("charges", "is_open", "limits")

    def __init__(self, limits: Sequence[RouteLimit]) -> None:
        """Prepare what the store is asked."""
        self.limits = tuple(limits)
        self.charges = tuple(limit.charge for limit in limits)
        self.is_open = all(limit.unsafe_fail_open for limit in limits)


def announce_rates(limits: Sequence[RouteLimit], debts: Sequence[int]) -> list[tuple[bytes, bytes]]:
    """How the client stands: what is left, and the seconds until there is more, for each limit on a line of its own.

    draft-ietf-httpapi-ratelimit-headers-10, sections 3 and 4.
    """
    pairs: list[tuple[bytes, bytes]] = []
    for place, limit in enumerate(limits):
        debt = debts[place]
        _, interval, tolerance, _ = limit.charge
        wait = -(-(debt % interval or interval) // MICROSECONDS) if debt else 0
        left = (tolerance - debt) // interval
        pairs += (limit.announcement, (b"ratelimit", b"%b%d;t=%d" % (limit.prefix, left, wait)))
    return pairs


def _find_store(policy: RateLimitPolicy, sessions: object) -> LimitStore:
    if policy.store is not None:
        return policy.store
    opener: Callable[[], LimitStore] = getattr(sessions, "open_limits", MemoryLimits)
    return MemoryLimits() if policy.unsafe_per_process else opener()


def _limit_all(rate: str, by: str, *, is_open: bool) -> RouteLimit:
    return limit_route(rate, by="account" if by == "account" else "address", name=by, unsafe_fail_open=is_open)


def _find_subject(exchange: Exchange, limit: RouteLimit) -> str:
    by = limit.by
    if callable(by):
        if text := by(exchange):
            return subject_for("own", text)
    elif by == "key" and exchange.by_bearer:
        credential = exchange.found[CREDENTIAL] or b""
        return f"key:{hashlib.blake2b(credential, digest_size=16).hexdigest()}"
    elif by != "address" and exchange.actor is not None:
        return subject_for("account", exchange.actor.id)
    return subject_of(exchange.client)


def _refuse(exchange: Exchange, limits: Sequence[RouteLimit], debts: Sequence[int]) -> Refusal:
    """The answer of the limit that makes the client wait longest."""
    waits = [
        (seconds_until(limit.charge, debt), limit)
        for limit, debt in zip(limits, debts, strict=True)
        if debt + limit.charge.increment > limit.charge.tolerance
    ]
    exchange.retry_after, limit = max(waits, key=lambda wait: wait[0])
    exchange.core.report(exchange, "rate-limited", limit=limit.charge.limit)
    return limit.refusal
