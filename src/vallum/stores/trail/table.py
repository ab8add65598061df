"""The table of the audit trail: appended to in the transaction of the change it records, and never changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from vallum.base.clock import SYSTEM_CLOCK, Clock
from vallum.base.errors import VallumError
from vallum.stores.trail.checkpoint import Signer, checkpoint_message
from vallum.stores.trail.entry import COLUMNS, GENESIS, Entry, Row, canonical, chain_hash

_IDLE: Final = 0
"""psycopg's status of a connection outside of a transaction."""
_TABLES: Final = (
    (
        "CREATE TABLE IF NOT EXISTS vallum_trail (seq BIGINT PRIMARY KEY, at TEXT NOT NULL, event TEXT NOT NULL,"
        " actor TEXT NOT NULL, subject TEXT NOT NULL, request_id TEXT NOT NULL, detail TEXT NOT NULL,"
        " previous TEXT NOT NULL UNIQUE, hash TEXT NOT NULL)"
    ),
    (
        "CREATE TABLE IF NOT EXISTS vallum_trail_checkpoint (seq BIGINT NOT NULL, hash TEXT NOT NULL, at TEXT NOT NULL,"
        " algorithm TEXT NOT NULL, signature TEXT NOT NULL)"
    ),
)
_NAMES: Final = ("vallum_trail", "vallum_trail_checkpoint")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a database says it: the sign for a parameter, what makes the tables append-only, and the lock of a writer."""

    name: str
    parameter: str
    rules: tuple[str, ...]
    lock: str = ""


SQLITE: Final = Dialect(
    name="sqlite",
    parameter="?",
    rules=tuple(
        f"CREATE TRIGGER IF NOT EXISTS {name}_keeps_{verb.lower()} BEFORE {verb} ON {name}"
        " BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
        for name in _NAMES
        for verb in ("UPDATE", "DELETE")
    ),
)
POSTGRES: Final = Dialect(
    name="postgres",
    parameter="%s",
    rules=(
        (
            "CREATE OR REPLACE FUNCTION vallum_trail_refuse() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$"
        ),
        *(
            f"CREATE OR REPLACE TRIGGER {name}_keeps BEFORE UPDATE OR DELETE OR TRUNCATE ON {name}"
            " FOR EACH STATEMENT EXECUTE FUNCTION vallum_trail_refuse()"
            for name in _NAMES
        ),
    ),
    # Writers wait for each other until they commit, so that two never continue the same entry.
    lock="SELECT pg_advisory_xact_lock(8317226471)",
)


class TrailError(VallumError):
    """The trail cannot be written as asked."""

    code = "trail"


class Trail:
    """Appends entries through a DB-API connection of the app's, in whatever transaction runs there; never commits."""

    def __init__(self, dialect: Dialect = SQLITE, *, clock: Clock = SYSTEM_CLOCK) -> None:
        """Prepare the statements."""
        self._dialect = dialect
        self._clock = clock
        sign = dialect.parameter
        self._insert = f"INSERT INTO vallum_trail VALUES ({', '.join([sign] * len(COLUMNS))})"  # noqa: S608 - constants
        self._seal = f"INSERT INTO vallum_trail_checkpoint VALUES ({', '.join([sign] * 5)})"  # noqa: S608 - constants

    def create(self, connection: Any) -> None:
        """Create tables and triggers where they are missing. Grant the app's own role INSERT and SELECT only."""
        for statement in (*_TABLES, *self._dialect.rules):
            _run(connection, statement)

    def append(self, connection: Any, entry: Entry) -> int:
        """Add `entry` to the open transaction, and return its number: both are kept, or neither.

        Raises `TrailError` where no transaction runs, and what the database raises, which must undo the change too.
        """
        if _commits_alone(connection):
            raise TrailError(
                "an entry of the trail was written outside of a transaction.",
                hint="Begin one, make the change in it, append, and commit both.",
                code="trail-outside-transaction",
            )
        if self._dialect.lock:
            _run(connection, self._dialect.lock)
        seq, previous = find_head(connection)
        members = {
            "seq": seq + 1,
            "at": self._now(),
            "event": entry.event,
            "actor": entry.actor,
            "subject": entry.subject,
            "request_id": entry.request_id,
            "detail": canonical(entry.detail),
            "previous": previous,
        }
        _run(connection, self._insert, (*members.values(), chain_hash(members)))
        return seq + 1

    def seal(self, connection: Any, signer: Signer) -> dict[str, Any]:
        """Sign the newest entry and add the checkpoint to the open transaction.

        Keep a copy of what it returns outside of the database: whoever can delete rows can delete checkpoints.
        """
        seq, row_hash = find_head(connection)
        at = self._now()
        signature = signer.sign(checkpoint_message(seq, row_hash, at))
        _run(connection, self._seal, (seq, row_hash, at, signer.algorithm, signature))
        return {"seq": seq, "hash": row_hash, "at": at, "algorithm": signer.algorithm, "signature": signature}

    def _now(self) -> str:
        return datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="milliseconds")


def find_head(connection: Any) -> tuple[int, str]:
    """The number and hash of the newest entry; 0 and `GENESIS` for an empty trail."""
    cursor = _run(connection, "SELECT seq, hash FROM vallum_trail ORDER BY seq DESC LIMIT 1")
    seq, row_hash = cursor.fetchone() or (0, GENESIS)
    return int(seq), str(row_hash)


def read_rows(connection: Any) -> Any:
    """Every entry as a `Row`, in the order of their numbers."""
    cursor = _run(connection, f"SELECT {', '.join(COLUMNS)} FROM vallum_trail ORDER BY seq")  # noqa: S608 - constants
    while (row := cursor.fetchone()) is not None:
        yield Row(*row)


def read_checkpoints(connection: Any) -> list[dict[str, Any]]:
    """Every checkpoint, oldest first."""
    cursor = _run(connection, "SELECT seq, hash, at, algorithm, signature FROM vallum_trail_checkpoint ORDER BY seq")
    return [dict(zip(("seq", "hash", "at", "algorithm", "signature"), row, strict=True)) for row in cursor.fetchall()]


def _run(connection: Any, statement: str, parameters: Sequence[object] = ()) -> Any:
    cursor = connection.cursor()
    cursor.execute(statement, parameters)
    return cursor


def _commits_alone(connection: Any) -> bool:
    """Whether a statement would be committed at once, apart from the change that it records."""
    status = getattr(getattr(connection, "info", None), "transaction_status", None)
    if status is not None:
        return connection.autocommit is True and status == _IDLE
    autocommits = getattr(connection, "isolation_level", "") is None or getattr(connection, "autocommit", None) is True
    return autocommits and not getattr(connection, "in_transaction", True)
