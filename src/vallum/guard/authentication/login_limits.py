"""Limits for logins, registration, resets and codes: per account and per client address (CWE-307, ASVS 6.3.1)."""

from typing import Final

from vallum.base.clock import SYSTEM_CLOCK, Clock
from vallum.guard.exchange import current
from vallum.guard.http.rate_limit import Limiter
from vallum.guard.http.rate_subjects import subject_of
from vallum.guard.logging.events import Sink, log_event
from vallum.stores.limits import LimitStore

KEEPS: Final = ("login-rate-limit",)


class LoginLimits:
    """5 attempts per account and 20 per client address in 15 minutes; one for each kind of attempt.

    Ask it first in the handler, before a password is hashed or a code compared. Without `store` it counts in the store
    of the guard that judges the request. A store that fails lets nobody try.
    """

    def __init__(
        self,
        name: str = "login",
        *,
        account: str = "5/15 minutes",
        address: str = "20/15 minutes",
        store: LimitStore | None = None,
        clock: Clock = SYSTEM_CLOCK,
        sink: Sink = log_event,
    ) -> None:
        """Limit attempts of the kind `name` to the rates `account` and `address`. Raises `ConfigError`."""
        self._by_account = Limiter(account, name=f"{name}-account", store=store, clock=clock, sink=sink)
        self._by_address = Limiter(address, name=f"{name}-address", store=store, clock=clock, sink=sink)

    async def take(self, account: str, *, client: str | None = None) -> None:
        """Count an attempt on `account`, as it was typed; existing or not makes no difference.

        `client` is the client's address, by default the guard's. Raises `RateLimitedError` (429) when the account or
        the address has used its attempts up, and `LimiterDownError` (503).
        """
        if self._by_account.at_once:
            self.take_now(account, client=client)
            return
        import asyncio  # noqa: PLC0415 - who awaits this has loaded it

        await asyncio.to_thread(self.take_now, account, client=client)

    def take_now(self, account: str, *, client: str | None = None) -> None:
        """The same for handlers that are not async; waits for the store."""
        self._by_address.take_now(subject_of(current().client if client is None else client))
        self._by_account.take_now(account)

    async def reset(self, account: str) -> None:
        """Let an account begin anew, after a reset of its password or by an administrator; never an address."""
        await self._by_account.reset(account)
