"""Sessions in a SQL database."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from vallum.stores.sessions import Json, SessionRecord
from vallum.stores.sql.database import Database, Row, Values

_COLUMNS: Final = "digest, actor_id, roles, created, seen, idle_seconds, deadline, address, agent, data"
SELECT: Final = f"SELECT {_COLUMNS} FROM vallum_session "
_INSERT: Final = f"INSERT INTO vallum_session ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_ALIVE: Final = "WHERE digest = ? AND deadline > ? AND seen + idle_seconds > ?"
READ: Final = SELECT + _ALIVE
# Rotation changes the row in place: whoever ends all sessions of the actor at the same moment still meets it.
_ROTATE: Final = (
    "UPDATE vallum_session SET digest = ?, actor_id = ?, roles = ?, created = ?, seen = ?, idle_seconds = ?,"
    " deadline = ?, address = ?, agent = ?, data = ? " + _ALIVE
)
_TOUCH: Final = "UPDATE vallum_session SET seen = CASE WHEN seen > ? THEN seen ELSE ? END " + _ALIVE
_LIST: Final = SELECT + "WHERE actor_id = ? AND deadline > ? AND seen + idle_seconds > ? ORDER BY created"
_DECODE: Final = json.JSONDecoder().raw_decode
"""What json.loads does, less its care for white space: it runs in every request."""
_DELETE: Final = "DELETE FROM vallum_session WHERE digest = ?"


class SqlSessions:
    """A `SessionStore` in a SQL database. A touch is not durable: a power cut may set the idle limit back."""

    shared: Final = True
    writes_at_once: Final = False

    def __init__(self, database: Database) -> None:
        """Keep the sessions in `database`."""
        self.database = database
        """For the other stores of `vallum.stores.sql`, which may live in the same one."""
        self.reads_at_once = database.reads_at_once

    def close(self) -> None:
        """Close the database."""
        self.database.close()

    def read(self, digest: bytes, now: float) -> SessionRecord | None:
        """The living session under `digest`."""
        row = self.database.find(READ, (digest, now, now))
        return None if row is None else to_record(row)

    def create(self, record: SessionRecord, *, instead_of: bytes | None = None) -> bool:
        """Insert `record` and delete the session `instead_of` in the same step; False if the digest is taken."""
        with self.database.begin() as work:
            work.write("DELETE FROM vallum_session WHERE deadline <= ?", (record.seen,))
            if work.write(_INSERT, _values(record)) != 1:
                return False
            if instead_of is not None:
                work.write(_DELETE, (instead_of,))
            return True

    def rotate(self, digest: bytes, record: SessionRecord, now: float) -> bool:
        """Replace the living session under `digest` by `record` in one step; False, and nothing done, if it is dead."""
        return self.database.write(_ROTATE, (*_values(record), digest, now, now)) == 1

    def touch(self, digest: bytes, now: float) -> bool:
        """Note that a living session was used."""
        return self.database.write(_TOUCH, (now, now, digest, now, now), durable=False) == 1

    def change(self, digest: bytes, changes: Mapping[str, Json], now: float) -> bool:
        """Merge `changes` into the data of a living session, key by key; None removes a key."""
        with self.database.begin() as work:
            row = work.find(READ + self.database.locking, (digest, now, now))
            if row is None:
                return False
            data = json.dumps(dict(to_record(row).with_changes(changes).data))
            work.write("UPDATE vallum_session SET data = ? WHERE digest = ?", (data, digest))
            return True

    def delete(self, digest: bytes) -> bool:
        """End a session; False if it was not there."""
        return self.database.write(_DELETE, (digest,)) == 1

    def delete_actor(self, actor_id: str, *, but: bytes | None = None) -> int:
        """End all sessions of an actor, except the one under `but`; tell how many."""
        return self.database.write(
            "DELETE FROM vallum_session WHERE actor_id = ? AND digest <> ?", (actor_id, but or b"")
        )

    def list_actor(self, actor_id: str, now: float) -> Sequence[SessionRecord]:
        """The living sessions of an actor, oldest first."""
        return [to_record(row) for row in self.database.select(_LIST, (actor_id, now, now))]

    def purge(self, now: float) -> int:
        """Remove the dead; tell how many."""
        statement = "DELETE FROM vallum_session WHERE deadline <= ? OR seen + idle_seconds <= ?"
        return self.database.write(statement, (now, now))


def _values(record: SessionRecord) -> Values:
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


@lru_cache(maxsize=1024)
def _parse_roles(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


def to_record(row: Row) -> SessionRecord:
    """The session in a row of `READ`."""
    digest, actor_id, roles, created, seen, idle_seconds, deadline, address, agent, data = row
    return SessionRecord(
        digest=digest,
        actor_id=actor_id,
        roles=_parse_roles(roles),
        created=created,
        seen=seen,
        idle_seconds=idle_seconds,
        deadline=deadline,
        address=address,
        agent=agent,
        data=_DECODE(data)[0],
    )
