"""Sessions in the memory of one process: for development and tests, gone at a restart."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from vallum.stores.sessions import Json, SessionRecord

PURGE_EVERY: Final = 256


class MemorySessions:
    """A `SessionStore` in a dictionary behind a lock. Not shared between workers."""

    shared: Final = False
    reads_at_once: Final = True
    writes_at_once: Final = True

    def __init__(self) -> None:
        """Start empty."""
        self._rows: dict[bytes, SessionRecord] = {}
        self._lock = threading.Lock()
        self._created = 0

    def read(self, digest: bytes, now: float) -> SessionRecord | None:
        """The living session under `digest`."""
        row = self._rows.get(digest)
        return row if row is not None and row.is_alive(now) else None

    def create(self, record: SessionRecord, *, instead_of: bytes | None = None) -> bool:
        """Insert `record` and delete the session `instead_of` in the same step; False if the digest is taken."""
        with self._lock:
            if record.digest in self._rows:
                return False
            if instead_of is not None:
                self._rows.pop(instead_of, None)
            self._rows[record.digest] = record
            self._created += 1
            if self._created % PURGE_EVERY == 0:
                self._drop_dead(record.seen)
            return True

    def rotate(self, digest: bytes, record: SessionRecord, now: float) -> bool:
        """Replace the living session under `digest` by `record` in one step; False, and nothing done, if it is dead."""
        with self._lock:
            if self.read(digest, now) is None or record.digest in self._rows:
                return False
            del self._rows[digest]
            self._rows[record.digest] = record
            return True

    def touch(self, digest: bytes, now: float) -> bool:
        """Note that a living session was used."""
        with self._lock:
            row = self.read(digest, now)
            if row is not None:
                self._rows[digest] = replace(row, seen=max(row.seen, now))
            return row is not None

    def change(self, digest: bytes, changes: Mapping[str, Json], now: float) -> bool:
        """Merge `changes` into the data of a living session, key by key; None removes a key."""
        with self._lock:
            row = self.read(digest, now)
            if row is not None:
                self._rows[digest] = row.with_changes(changes)
            return row is not None

    def delete(self, digest: bytes) -> bool:
        """End a session; False if it was not there."""
        with self._lock:
            return self._rows.pop(digest, None) is not None

    def delete_actor(self, actor_id: str, *, but: bytes | None = None) -> int:
        """End all sessions of an actor, except the one under `but`; tell how many."""
        with self._lock:
            return self._drop([d for d, row in self._rows.items() if row.actor_id == actor_id and d != but])

    def list_actor(self, actor_id: str, now: float) -> Sequence[SessionRecord]:
        """The living sessions of an actor, oldest first."""
        with self._lock:
            rows = [row for row in self._rows.values() if row.actor_id == actor_id and row.is_alive(now)]
        return sorted(rows, key=lambda row: row.created)

    def purge(self, now: float) -> int:
        """Remove the dead; tell how many."""
        with self._lock:
            return self._drop_dead(now)

    def _drop_dead(self, now: float) -> int:
        return self._drop([digest for digest, row in self._rows.items() if not row.is_alive(now)])

    def _drop(self, digests: Sequence[bytes]) -> int:
        for digest in digests:
            del self._rows[digest]
        return len(digests)
