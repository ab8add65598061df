"""Sessions in one SQLite file: shared by the worker processes of one machine, kept over restarts."""

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from vallum.stores.limits_sqlite import SqliteLimits
from vallum.stores.sessions import Json, SessionRecord
from vallum.stores.sqlite_file import open_shared

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS vallum_session (
  digest BLOB PRIMARY KEY, actor_id TEXT NOT NULL, roles TEXT NOT NULL, created REAL NOT NULL, seen REAL NOT NULL,
  idle_seconds REAL NOT NULL, deadline REAL NOT NULL, address TEXT NOT NULL, agent TEXT NOT NULL, data TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS vallum_session_actor ON vallum_session (actor_id);
CREATE INDEX IF NOT EXISTS vallum_session_deadline ON vallum_session (deadline);
"""
_SELECT: Final = (
    "SELECT digest, actor_id, roles, created, seen, idle_seconds, deadline, address, agent, data FROM vallum_session "
)
_INSERT: Final = "INSERT OR IGNORE INTO vallum_session VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_ALIVE: Final = "WHERE digest = ? AND deadline > ? AND seen + idle_seconds > ?"
_READ: Final = _SELECT + _ALIVE
_TOUCH: Final = (
    "UPDATE vallum_session SET seen = max(seen, ?) WHERE digest = ? AND deadline > ? AND seen + idle_seconds > ?"
)
_LIST: Final = _SELECT + "WHERE actor_id = ? AND deadline > ? AND seen + idle_seconds > ? ORDER BY created"
_DELETE: Final = "DELETE FROM vallum_session WHERE digest = ?"
_WAIT_SECONDS: Final = 5.0


class SqliteSessions:
    """A `SessionStore` on SQLite in WAL mode: readers never wait for writers, each write is one transaction."""

    shared: Final = True
    reads_at_once: Final = True
    writes_at_once: Final = False

    def __init__(self, path: str | Path) -> None:
        """Open or create the file at `path`, readable by its owner only."""
        place = Path(path)
        self._writing = threading.Lock()
        self._reading = threading.Lock()
        self._writer = open_shared(place, _SCHEMA, _WAIT_SECONDS)
        self._reader = sqlite3.connect(place, timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False)
        self._path = place
        self._limits: SqliteLimits | None = None

    def close(self) -> None:
        """Close all connections."""
        if self._limits is not None:
            self._limits.close()
        self._reader.close()
        self._writer.close()

    def open_limits(self) -> SqliteLimits:
        """The rate limits in the same file, for a guard that was given no other store of limits."""
        if self._limits is None:
            self._limits = SqliteLimits(self._path)
        return self._limits

    def read(self, digest: bytes, now: float) -> SessionRecord | None:
        """The living session under `digest`."""
        with self._reading:
            row = self._reader.execute(_READ, (digest, now, now)).fetchone()
        return None if row is None else _record(row)

    def create(self, record: SessionRecord, *, instead_of: bytes | None = None) -> bool:
        """Insert `record` and delete the session `instead_of` in the same step; False if the digest is taken."""
        with self._transaction() as run:
            run.execute("DELETE FROM vallum_session WHERE deadline <= ?", (record.seen,))
            if run.execute(_INSERT, _row(record)).rowcount != 1:
                return False
            run.execute(_DELETE, (instead_of,))
            return True

    def rotate(self, digest: bytes, record: SessionRecord, now: float) -> bool:
        """Replace the living session under `digest` by `record` in one step; False, and nothing done, if it is dead."""
        with self._transaction() as run:
            if run.execute(_READ, (digest, now, now)).fetchone() is None:
                return False
            if run.execute(_INSERT, _row(record)).rowcount != 1:
                return False
            run.execute(_DELETE, (digest,))
            return True

    def touch(self, digest: bytes, now: float) -> bool:
        """Note that a living session was used."""
        with self._transaction() as run:
            changed = run.execute(_TOUCH, (now, digest, now, now))
            return changed.rowcount == 1

    def change(self, digest: bytes, changes: Mapping[str, Json], now: float) -> bool:
        """Merge `changes` into the data of a living session, key by key; None removes a key."""
        with self._transaction() as run:
            row = run.execute(_READ, (digest, now, now)).fetchone()
            if row is None:
                return False
            data = json.dumps(dict(_record(row).with_changes(changes).data))
            run.execute("UPDATE vallum_session SET data = ? WHERE digest = ?", (data, digest))
            return True

    def delete(self, digest: bytes) -> bool:
        """End a session; False if it was not there."""
        with self._transaction() as run:
            return run.execute(_DELETE, (digest,)).rowcount == 1

    def delete_actor(self, actor_id: str, *, but: bytes | None = None) -> int:
        """End all sessions of an actor, except the one under `but`; tell how many."""
        with self._transaction() as run:
            statement = "DELETE FROM vallum_session WHERE actor_id = ? AND digest IS NOT ?"
            return run.execute(statement, (actor_id, but)).rowcount

    def list_actor(self, actor_id: str, now: float) -> Sequence[SessionRecord]:
        """The living sessions of an actor, oldest first."""
        with self._reading:
            rows = self._reader.execute(_LIST, (actor_id, now, now)).fetchall()
        return [_record(row) for row in rows]

    def purge(self, now: float) -> int:
        """Remove the dead; tell how many."""
        with self._transaction() as run:
            statement = "DELETE FROM vallum_session WHERE deadline <= ? OR seen + idle_seconds <= ?"
            return run.execute(statement, (now, now)).rowcount

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        # IMMEDIATE takes the write lock before the first read, so that what was read still holds when it is written.
        with self._writing:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
            except BaseException:
                self._writer.execute("ROLLBACK")
                raise
            self._writer.execute("COMMIT")


def _row(record: SessionRecord) -> tuple[Any, ...]:
    return (
        record.digest,
        record.actor_id,
        json.dumps(record.roles),
        record.created,
        record.seen,
        record.idle_seconds,
        record.deadline,
        record.address,
        record.agent,
        json.dumps(dict(record.data)),
    )


def _record(row: tuple[Any, ...]) -> SessionRecord:
    digest, actor_id, roles, created, seen, idle_seconds, deadline, address, agent, data = row
    return SessionRecord(
        digest=digest,
        actor_id=actor_id,
        roles=tuple(json.loads(roles)),
        created=created,
        seen=seen,
        idle_seconds=idle_seconds,
        deadline=deadline,
        address=address,
        agent=agent,
        data=json.loads(data),
    )
