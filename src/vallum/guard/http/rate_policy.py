"""What is limited: every route by account and by address, and some routes more closely, each with a cost of its own."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from vallum.base.errors import ConfigError
from vallum.guard.errors.refusal import Refusal
from vallum.guard.exchange import Exchange
from vallum.guard.http.rates import read_rate
from vallum.stores.limits import Charge, LimitStore

By: TypeAlias = "Literal['account', 'address', 'key'] | Callable[[Exchange], str]"
"""Whose units are counted: the signed-in account's, the client address's (IPv6 by /64), the bearer credential's, or
those of what a function returns. Without an account, key or text, the address's."""
QUOTA_EXCEEDED: Final = "https://iana.org/assignments/http-problem-types#quota-exceeded"
LIMITED_TEXT: Final = "Too many requests. Try again later."
_KINDS: Final = frozenset({"account", "address", "key"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimitPolicy:
    """Limits for all routes together, counted by account and by client address, and where they are counted.

    Without `store` they are counted in memory, which production accepts only with `unsafe_per_process`: every worker
    then allows the whole number. A store that fails lets nothing through (503), unless `unsafe_fail_open`; routes with
    a limit of their own stay closed even then. `unsafe_unlimited` leaves only those. `announced` tells clients how
    they stand, in the fields `RateLimit` and `RateLimit-Policy`: with the account and the route, else the address.
    """

    account: str = "100/minute"
    address: str = "600/minute"
    store: LimitStore | None = None
    announced: bool = True
    unsafe_fail_open: bool = False
    unsafe_per_process: bool = False
    unsafe_unlimited: bool = False

    def __post_init__(self) -> None:
        """Refuse what is not a rate."""
        read_rate(self.account)
        read_rate(self.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteLimit:
    """One limit, ready to be asked: built by `limit_route` from what `@limited` says."""

    charge: Charge
    by: By
    announcement: tuple[bytes, bytes]
    """The field `RateLimit-Policy`, which never changes."""
    prefix: bytes
    """How the field `RateLimit` begins."""
    unsafe_fail_open: bool
    refusal: Refusal = field(compare=False)


def limit_route(
    rate: str, *, by: By = "account", cost: int = 1, name: str, shown: str = "", unsafe_fail_open: bool = False
) -> RouteLimit:
    """Limit to `rate` under the unique `name`; clients see `shown`. Raises `ConfigError`."""
    read = read_rate(rate)
    charge = read.charge(name, cost)
    if charge.increment > charge.tolerance:
        raise ConfigError(
            f"{name}: a cost of {cost} never fits into {rate!r}.", hint="Raise the rate.", code="rate-unclear"
        )
    if not callable(by) and by not in _KINDS:
        raise ConfigError(
            f"{name}: nothing is counted by {by!r}.",
            hint='Choose "account", "address", "key", or a function of the exchange.',
            code="rate-unclear",
        )
    shown = shown or name
    return RouteLimit(
        charge=charge,
        by=by,
        announcement=(b"ratelimit-policy", f'"{shown}";{read.policy}'.encode("ascii")),
        prefix=f'"{shown}";r='.encode("ascii"),
        unsafe_fail_open=unsafe_fail_open,
        refusal=Refusal(
            429,
            "rate-limited",
            LIMITED_TEXT,
            members={"type": QUOTA_EXCEEDED, "violated-policies": [shown]},
            reported=True,
        ),
    )
