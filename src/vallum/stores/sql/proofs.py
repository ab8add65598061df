"""One-time proofs in a SQL database."""

import json
from collections.abc import Collection
from typing import Final

from vallum.stores.proofs import ProofRecord
from vallum.stores.sql.database import Database, Row

_COLUMNS: Final = "digest, purpose, account_id, value, data, created, deadline, attempts_left, browser"
_INSERT: Final = f"INSERT INTO vallum_proof ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_IN_TIME: Final = "WHERE digest = ? AND purpose = ? AND deadline > ?"
_LOOK: Final = f"SELECT {_COLUMNS} FROM vallum_proof {_IN_TIME} AND attempts_left > 0"
_CONSUME: Final = f"DELETE FROM vallum_proof {_IN_TIME} AND browser = ? RETURNING {_COLUMNS}"
_SPEND: Final = (
    f"UPDATE vallum_proof SET attempts_left = attempts_left - 1 {_IN_TIME} AND attempts_left > 0 RETURNING {_COLUMNS}"
)
_PURGE: Final = "DELETE FROM vallum_proof WHERE deadline <= ?"
_PURGE_EVERY: Final = 64


class SqlProofs:
    """A `ProofStore` in a SQL database: each decision is one conditional statement."""

    shared: Final = True
    writes_at_once: Final = False

    def __init__(self, database: Database) -> None:
        """Keep the proofs in `database`."""
        self._database = database
        self.reads_at_once = database.reads_at_once
        self._put = 0

    def put(self, record: ProofRecord) -> bool:
        """Insert `record`; False, and nothing done, if the digest is taken. Now and then removes what is too old."""
        self._put += 1
        if self._put % _PURGE_EVERY == 0:
            self.purge(record.created)
        values = (
            record.digest,
            record.purpose,
            record.account_id,
            record.value,
            json.dumps(dict(record.data)),
            record.created,
            record.deadline,
            record.attempts_left,
            record.browser,
        )
        return self._database.write(_INSERT, values) == 1

    def look(self, digest: bytes, purpose: str, now: float) -> ProofRecord | None:
        """The proof, if it is in time and has attempts left."""
        return _record(self._database.find(_LOOK, (digest, purpose, now)))

    def consume(self, digest: bytes, purpose: str, now: float, *, browser: bytes = b"") -> ProofRecord | None:
        """Remove the proof and return it: of parallel callers one gets it, the rest None."""
        return _record(self._database.take(_CONSUME, (digest, purpose, now, browser)))

    def spend(self, digest: bytes, purpose: str, now: float) -> ProofRecord | None:
        """Take one attempt and return the proof as it is afterwards; None if none was left."""
        return _record(self._database.take(_SPEND, (digest, purpose, now)))

    def drop_account(self, account_id: str, purposes: Collection[str] | None = None) -> int:
        """Remove an account's proofs of these purposes, or all; tell how many."""
        statement = "DELETE FROM vallum_proof WHERE account_id = ?"
        if purposes is None:
            return self._database.write(statement, (account_id,))
        if not purposes:
            return 0
        marks = ", ".join("?" * len(purposes))
        return self._database.write(f"{statement} AND purpose IN ({marks})", (account_id, *purposes))

    def purge(self, now: float) -> int:
        """Remove what is too old; tell how many."""
        return self._database.write(_PURGE, (now,))


def _record(row: Row | None) -> ProofRecord | None:
    if row is None:
        return None
    digest, purpose, account_id, value, data, created, deadline, attempts_left, browser = row
    return ProofRecord(
        digest=digest,
        purpose=purpose,
        account_id=account_id,
        value=value,
        data=json.loads(data),
        created=created,
        deadline=deadline,
        attempts_left=attempts_left,
        browser=browser,
    )
