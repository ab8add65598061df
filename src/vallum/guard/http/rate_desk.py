"""The rate limits of a guard: by address before the route is known, by account and for the route afterwards."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from vallum.base.clock import Clock
from vallum.guard.errors.refusal import UNAVAILABLE, Refusal
from vallum.guard.exchange import CREDENTIAL, Exchange
from vallum.guard.http.rate_meter import RETRY_SECONDS, Meter
from vallum.guard.http.rate_policy import RateLimitPolicy, RouteLimit, limit_route
from vallum.guard.http.rate_subjects import subject_for, subject_of
from vallum.guard.http.rates import remaining_units, seconds_to_unit, seconds_until
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
        self._by_address = () if unlimited else (_limit_all(policy.address, "address", is_open=is_open),)
        self._by_account = () if unlimited else (_limit_all(policy.account, "account", is_open=is_open),)
        self.address_waits = bool(self._by_address) and not self.meter.at_once
        """Whether `check_address` would hold up an event loop."""
        self.address_step = bool(self._by_address) and self.meter.at_once
        """Whether `check_address` can be one of the core's steps."""

    def check_address(self, exchange: Exchange) -> Refusal | None:
        """Count the request for its client address."""
        return self._take(exchange, subject_of(exchange.client), self._by_address)

    def waits(self, exchange: Exchange, limits: Sequence[RouteLimit], *, may_sign: bool) -> bool:
        """Whether `check_route` would hold up an event loop; `may_sign` when an actor may yet be found."""
        if self.meter.at_once:
            return False
        return bool(limits or (self._by_account and may_sign and not exchange.counted))

    def check_route(self, exchange: Exchange, limits: Sequence[RouteLimit]) -> Refusal | None:
        """Count the request for its account, once however many gates it passes, and for the limits of its route."""
        account = self._by_account if exchange.actor is not None and not exchange.counted else ()
        if not limits and not account:
            return None
        exchange.counted = True
        groups: dict[str, list[RouteLimit]] = {}
        for limit in (*account, *limits):
            groups.setdefault(_find_subject(exchange, limit), []).append(limit)
        for subject, group in groups.items():
            if (refusal := self._take(exchange, subject, group)) is not None:
                return refusal
        return None

    def _take(self, exchange: Exchange, subject: str, limits: Sequence[RouteLimit]) -> Refusal | None:
        decision = self.meter.take(subject, [limit.charge for limit in limits])
        if decision is None:
            return None if all(limit.unsafe_fail_open for limit in limits) else _DOWN
        if self._announced:
            exchange.rate_fields += _announce(limits, decision)
        return None if decision.allowed else _refuse(exchange, limits, decision)


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


def _announce(limits: Iterable[RouteLimit], decision: Decision) -> tuple[tuple[bytes, bytes], ...]:
    """Both fields, with a list of one item or several (draft-ietf-httpapi-ratelimit-headers-10, sections 3 and 4)."""
    pairs: list[tuple[bytes, bytes]] = []
    for limit, debt in zip(limits, decision.debts, strict=True):
        charge = limit.charge
        left = remaining_units(charge, debt)
        pairs.append((b"ratelimit-policy", limit.announcement))
        pairs.append((b"ratelimit", b"%b%d;t=%d" % (limit.prefix, left, seconds_to_unit(charge, debt))))
    return tuple(pairs)


def _refuse(exchange: Exchange, limits: Sequence[RouteLimit], decision: Decision) -> Refusal:
    """The answer of the limit that makes the client wait longest."""
    waits = [
        (seconds_until(limit.charge, debt), limit)
        for limit, debt in zip(limits, decision.debts, strict=True)
        if debt + limit.charge.increment > limit.charge.tolerance
    ]
    seconds, limit = max(waits, key=lambda wait: wait[0])
    exchange.core.report(exchange, "rate-limited", limit=limit.charge.limit)
    exchange.rate_fields += ((b"retry-after", str(seconds).encode()),)
    return limit.refusal
