"""The sessions of a user for her own eyes: when, from where, with what browser; and the end of one or of all others.

Each is shown under a handle, which ends it and opens nothing. Source: ASVS 7.5.2.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from vallum.base.clock import SYSTEM_CLOCK, Clock
from vallum.guard.sessions.life import Revoke
from vallum.stores.sessions import SessionRecord, SessionStore

KEEPS: Final = ("session-metadata",)

_HANDLE_DIGITS: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    """One living session. `agent` is the client's own words, at most 256 characters: let the template escape it.

    Times are seconds since the epoch; `seen` may be a minute old. `address` is where the sign-in came from, as the
    stated proxies tell it.
    """

    handle: str
    created: float
    seen: float
    address: str
    agent: str
    is_current: bool


class SessionOverview:
    """Lists and ends the sessions that are in `store`, which is the guard's: `current().core.store`.

    `revoke` ends what else hangs on a session, as in `SessionPolicy`. With a store that waits call it in a thread.
    """

    def __init__(self, store: SessionStore, *, revoke: Revoke | None = None, clock: Clock = SYSTEM_CLOCK) -> None:
        """Look at `store`."""
        self._store = store
        self._revoke = revoke
        self._clock = clock

    def list(self, actor_id: str, *, current: SessionRecord | None = None) -> "list[SessionView]":
        """The living sessions of `actor_id`, oldest first; `current` is the one of the request: `current().record`."""
        here = None if current is None else current.digest
        return [
            SessionView(
                handle=handle_of(record),
                created=record.created,
                seen=record.seen,
                address=record.address,
                agent=record.agent,
                is_current=record.digest == here,
            )
            for record in self._store.list_actor(actor_id, self._clock())
        ]

    def end(self, actor_id: str, handle: str) -> bool:
        """End the session of `actor_id` that has `handle`; False when this actor has no such session."""
        return any(self._end(record) for record in self._living(actor_id) if handle_of(record) == handle)

    def end_others(self, actor_id: str, current: SessionRecord) -> int:
        """End all sessions of `actor_id` but `current`; tell how many."""
        return sum([self._end(record) for record in self._living(actor_id) if record.digest != current.digest])

    def _living(self, actor_id: str) -> Sequence[SessionRecord]:
        return self._store.list_actor(actor_id, self._clock())

    def _end(self, record: SessionRecord) -> bool:
        ended = self._store.delete(record.digest)
        if self._revoke is not None:
            self._revoke(record, False)
        return ended


def handle_of(record: SessionRecord) -> str:
    """The name of a session for lists and forms; from it neither the id nor what the store holds can be found."""
    return sha256(b"vallum session handle" + record.digest).hexdigest()[:_HANDLE_DIGITS]
