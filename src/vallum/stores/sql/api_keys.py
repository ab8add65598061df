"""API keys in a SQL database."""

import json
from collections.abc import Sequence
from typing import Final

from vallum.stores.api_keys import ApiKeyRecord
from vallum.stores.sql.database import Database, Row

_COLUMNS: Final = "id, digest, owner, name, scopes, networks, created, deadline, used"
_SELECT: Final = f"SELECT {_COLUMNS} FROM vallum_api_key "
_INSERT: Final = f"INSERT INTO vallum_api_key ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_END: Final = (
    "UPDATE vallum_api_key SET deadline = CASE WHEN deadline < ? THEN deadline ELSE ? END WHERE id = ? AND owner = ?"
)
_USE: Final = "UPDATE vallum_api_key SET used = ? WHERE id = ? AND (used IS NULL OR used < ?)"


class SqlApiKeys:
    """An `ApiKeyStore` in a SQL database."""

    shared: Final = True
    writes_at_once: Final = False

    def __init__(self, database: Database) -> None:
        """Keep the keys in `database`."""
        self._database = database
        self.reads_at_once = database.reads_at_once

    def add(self, record: ApiKeyRecord) -> bool:
        """Insert `record`; False, and nothing done, if its id or digest is taken."""
        lists = (json.dumps(record.scopes), json.dumps(record.networks))
        values = (record.id, record.digest, record.owner, record.name, *lists)
        return self._database.write(_INSERT, (*values, record.created, record.deadline, record.used)) == 1

    def find(self, digest: bytes) -> ApiKeyRecord | None:
        """The key under `digest`, alive or not."""
        row = self._database.find(_SELECT + "WHERE digest = ?", (digest,))
        return None if row is None else _record(row)

    def list_owner(self, owner: str) -> Sequence[ApiKeyRecord]:
        """The keys of an owner, oldest first."""
        rows = self._database.select(_SELECT + "WHERE owner = ? ORDER BY created, id", (owner,))
        return [_record(row) for row in rows]

    def end(self, key_id: str, owner: str, deadline: float) -> bool:
        """Let a key of this owner end at `deadline`, if that is sooner than it would; False if it is not there."""
        return self._database.write(_END, (deadline, deadline, key_id, owner)) == 1

    def note_use(self, key_id: str, now: float) -> None:
        """Remember the last use; never earlier than what is remembered."""
        self._database.write(_USE, (now, key_id, now), durable=False)

    def drop_owner(self, owner: str) -> int:
        """Remove all keys of an owner; tell how many."""
        return self._database.write("DELETE FROM vallum_api_key WHERE owner = ?", (owner,))

    def purge(self, now: float) -> int:
        """Remove the expired; tell how many."""
        return self._database.write("DELETE FROM vallum_api_key WHERE deadline <= ?", (now,))


def _record(row: Row) -> ApiKeyRecord:
    key_id, digest, owner, name, scopes, networks, created, deadline, used = row
    return ApiKeyRecord(
        id=key_id,
        digest=bytes(digest),
        owner=owner,
        name=name,
        scopes=tuple(json.loads(scopes)),
        networks=tuple(json.loads(networks)),
        created=created,
        deadline=deadline,
        used=used,
    )
