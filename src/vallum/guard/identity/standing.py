"""The standing of an account, asked with each session: what ends or changes it reaches every session within seconds.

A session carries the epoch that its account had at the sign-in. Disabling, a new password and a change of roles raise
the account's epoch; a session of an older one is dead wherever it is read. Sources: ASVS 7.4.2, 7.4.3, 8.3.2.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from vallum.base.clock import SYSTEM_CLOCK, Clock
from vallum.base.errors import ConfigError
from vallum.guard.identity.outages import watch_store
from vallum.stores.accounts import AccountRecord, AccountStore
from vallum.stores.front import SessionFront
from vallum.stores.fronts import open_front
from vallum.stores.sessions import Json, SessionRecord, SessionStore

EPOCH: Final = "vallum.epoch"
"""Where the data of a session keeps the epoch of its account."""
SECONDS: Final = 5.0
QUARTER: Final = 900
_MOST_SECONDS: Final = 60.0
_MOST_KEPT: Final = 10_000


@dataclass(frozen=True, kw_only=True)
class Standings:
    """Accounts as they were at most `seconds` ago; 0 asks the store each time. Raises `ConfigError` above a minute."""

    accounts: AccountStore
    seconds: float = SECONDS
    clock: Clock = SYSTEM_CLOCK
    _kept: OrderedDict[str, tuple[float, AccountRecord | None]] = field(
        init=False, repr=False, compare=False, default_factory=OrderedDict
    )
    _lock: threading.Lock = field(init=False, repr=False, compare=False, default_factory=threading.Lock)

    def __post_init__(self) -> None:
        """Refuse to let in for minutes whom somebody has disabled."""
        if not 0 <= self.seconds <= _MOST_SECONDS:
            raise ConfigError(
                f"what ends sessions must reach them within {_MOST_SECONDS:.0f} s.",
                hint="Leave standing_seconds out for 5 s.",
                code="standing-seconds",
            )

    def is_fresh(self, account_id: str) -> bool:
        """Whether `find` would answer without asking the store."""
        kept = self._kept.get(account_id)
        return kept is not None and 0 <= self.clock() - kept[0] < self.seconds

    def find(self, account_id: str, *, epoch: int = 0) -> AccountRecord | None:
        """The account, if it is active; asked anew for an `epoch` that is newer than the one that is known."""
        kept = self._kept.get(account_id)
        if kept is None or not self.is_fresh(account_id) or (kept[1] is not None and kept[1].epoch < epoch):
            kept = self._keep(account_id)
        account = kept[1]
        return account if account is not None and account.is_active else None

    def forget(self, account_id: str) -> None:
        """Ask the store at the next look, in this process."""
        with self._lock:
            self._kept.pop(account_id, None)

    def _keep(self, account_id: str) -> tuple[float, AccountRecord | None]:
        # The time is taken before the store is asked: a change in between is seen late by none.
        asked = self.clock()
        kept = (asked, self.accounts.find(account_id))
        with self._lock:
            self._kept[account_id] = kept
            self._kept.move_to_end(account_id)
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return kept


class StandingSessions:
    """A `SessionStore` around another: it gives out a session only while its account stands, with the roles of now.

    A session that begins without the epoch of its account is given the one of now; one for nobody does not begin.
    """

    def __init__(self, inner: SessionStore, standings: Standings, *, recent_seconds: int = QUARTER) -> None:
        """Ask `standings` about every session of `inner`; a login is recent for `recent_seconds`."""
        self.inner = inner
        self.recent_seconds = recent_seconds
        self.standings = standings
        self.needs_factor: Callable[[AccountRecord], bool] = lambda _: False
        """For whom no session begins without a second factor."""

    @property
    def shared(self) -> bool:
        """Whether several worker processes see the same sessions."""
        return self.inner.shared

    @property
    def reads_at_once(self) -> bool:
        """Whether neither the sessions nor the accounts wait."""
        return self.inner.reads_at_once and self.standings.accounts.reads_at_once

    @property
    def writes_at_once(self) -> bool:
        """Whether the other methods never wait either."""
        return self.inner.writes_at_once and self.standings.accounts.reads_at_once

    def judge(self, record: SessionRecord | None) -> SessionRecord | None:
        """The session with its account's roles; None when the account is gone, disabled or of another epoch."""
        if record is None:
            return None
        epoch = record.data.get(EPOCH)
        if not isinstance(epoch, int):
            return None
        account = self.standings.find(record.actor_id, epoch=epoch)
        if account is None or account.epoch != epoch:
            return None
        return record if record.roles == account.roles else replace(record, roles=account.roles)

    def read(self, digest: bytes, now: float) -> SessionRecord | None:
        """The living session under `digest`, if its account stands."""
        return self.judge(self.inner.read(digest, now))

    def create(self, record: SessionRecord, *, instead_of: bytes | None = None) -> bool:
        """Insert `record` for an account that stands; False if it does not, or the digest is taken."""
        bound = self._bind(record)
        return bound is not None and self.inner.create(bound, instead_of=instead_of)

    def rotate(self, digest: bytes, record: SessionRecord, now: float) -> bool:
        """Replace a living session; the epoch goes with it."""
        old = self.inner.read(digest, now)
        if old is None or old.actor_id != record.actor_id:
            return False
        if EPOCH not in record.data:
            record = record.with_changes({EPOCH: old.data.get(EPOCH)})
        return self.inner.rotate(digest, record, now)

    def touch(self, digest: bytes, now: float) -> bool:
        """Note that a living session was used."""
        return self.inner.touch(digest, now)

    def change(self, digest: bytes, changes: Mapping[str, Json], now: float) -> bool:
        """Merge `changes` into the data of a living session."""
        return self.inner.change(digest, changes, now)

    def delete(self, digest: bytes) -> bool:
        """End a session; False if it was not there."""
        return self.inner.delete(digest)

    def delete_actor(self, actor_id: str, *, but: bytes | None = None) -> int:
        """End all sessions of an actor, except the one under `but`; tell how many."""
        self.standings.forget(actor_id)
        return watch_store(self.inner).delete_actor(actor_id, but=but)

    def list_actor(self, actor_id: str, now: float) -> Sequence[SessionRecord]:
        """The living sessions of an actor, oldest first."""
        judged = (self.judge(record) for record in watch_store(self.inner).list_actor(actor_id, now))
        return [record for record in judged if record is not None]

    def purge(self, now: float) -> int:
        """Remove the dead; tell how many."""
        return self.inner.purge(now)

    def open_front(self) -> "SessionFront | None":
        """The front of the inner store, asking about accounts in the same way."""
        front = open_front(self.inner)
        return None if front is None else StandingFront(front, self)

    def __getattr__(self, name: str) -> Any:
        """What else the inner store offers, such as its `open_limits`."""
        if name == "inner":
            raise AttributeError(name)
        return getattr(self.inner, name)

    def _bind(self, record: SessionRecord) -> SessionRecord | None:
        if EPOCH in record.data:
            return record
        self.standings.forget(record.actor_id)
        account = self.standings.find(record.actor_id)
        return None if account is None else record.with_changes({EPOCH: account.epoch})


class StandingFront:
    """The same for an event loop: what waits for the accounts waits in a thread."""

    def __init__(self, front: SessionFront, sessions: StandingSessions) -> None:
        """Read by `front` and judge by `sessions`."""
        self._front = front
        self._sessions = sessions

    async def read(self, digest: bytes, now: float) -> SessionRecord | None:
        """The living session under `digest`, if its account stands."""
        record = await self._front.read(digest, now)
        standings = self._sessions.standings
        if record is None or standings.accounts.reads_at_once or standings.is_fresh(record.actor_id):
            return self._sessions.judge(record)
        import asyncio  # noqa: PLC0415 - whoever awaits this has loaded it

        return await asyncio.to_thread(self._sessions.judge, record)

    async def close(self) -> None:
        """Close what the front opened."""
        await self._front.close()
