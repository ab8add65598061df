"""Rate limits in one SQLite file: shared by the worker processes of one machine, kept over restarts."""

import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from vallum.stores.limits import Charge, Decision, clamp_debt
from vallum.stores.sqlite_file import open_shared

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS vallum_limit (key BLOB PRIMARY KEY, paid_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
"""
# One statement decides and charges: without a row in return, nothing was charged. The inner `min` is `clamp_debt`.
_TAKE: Final = """
INSERT INTO vallum_limit VALUES (:key, :now + :increment)
ON CONFLICT (key) DO UPDATE SET paid_at = min(max(paid_at, :now), :now + :tolerance) + :increment
WHERE min(max(paid_at, :now), :now + :tolerance) + :increment <= :now + :tolerance
RETURNING paid_at
"""
_READ: Final = "SELECT paid_at FROM vallum_limit WHERE key = ?"
_LAST_OF_SLICE: Final = "SELECT max(key) FROM (SELECT key FROM vallum_limit WHERE key > ? ORDER BY key LIMIT ?)"
_SWEEP: Final = "DELETE FROM vallum_limit WHERE key > ? AND key <= ? AND paid_at <= ?"
_SWEEP_EVERY: Final = 64
_SWEPT_AT_ONCE: Final = 256
_WAIT_SECONDS: Final = 2.0


class SqliteLimits:
    """A `LimitStore` on SQLite in WAL mode. Keys are digests: the file names no account and no address.

    A power cut may lose the counts of the last moments; a crash of the process loses none.
    """

    shared: Final = True
    at_once: Final = False

    def __init__(self, path: str | Path) -> None:
        """Open or create the file at `path`, readable by its owner only. It may be the file of the sessions."""
        self._lock = threading.Lock()
        self._connection = open_shared(Path(path), _SCHEMA, _WAIT_SECONDS)
        self._taken = 0
        self._swept = b""

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def take(self, subject: str, charges: Sequence[Charge], now: int) -> Decision:
        """Charge `subject` with all of `charges` in one step, or with none. Raises `sqlite3.Error`."""
        keys = [_key(subject, charge.limit) for charge in charges]
        with self._lock:
            self._taken += 1
            if self._taken % _SWEEP_EVERY == 0:
                self._sweep(now)
            debts = self._charge(keys[0], charges[0], now) if len(keys) == 1 else self._charge_all(keys, charges, now)
            return (False, self._read(keys, charges, now)) if debts is None else (True, debts)

    def forget(self, subject: str, limit: str) -> None:
        """Clear what `subject` owes to one limit. Raises `sqlite3.Error`."""
        with self._lock:
            self._connection.execute("DELETE FROM vallum_limit WHERE key = ?", (_key(subject, limit),))

    def _charge(self, key: bytes, charge: Charge, now: int) -> tuple[int] | None:
        if charge.increment > charge.tolerance:
            return None  # more than the whole limit: the statement would insert it where there is no row yet
        values = {"key": key, "now": now, "increment": charge.increment, "tolerance": charge.tolerance}
        rows = self._connection.execute(_TAKE, values).fetchall()
        return (rows[0][0] - now,) if rows else None

    def _charge_all(self, keys: Sequence[bytes], charges: Sequence[Charge], now: int) -> list[int] | None:
        run = self._connection.execute
        debts: list[int] = []
        # IMMEDIATE takes the write lock before the first statement, so that the decisions hold together.
        run("BEGIN IMMEDIATE")
        try:
            for key, charge in zip(keys, charges, strict=True):
                debt = self._charge(key, charge, now)
                if debt is None:
                    run("ROLLBACK")
                    return None
                debts.extend(debt)
        except BaseException:
            run("ROLLBACK")
            raise
        run("COMMIT")
        return debts

    def _read(self, keys: Sequence[bytes], charges: Sequence[Charge], now: int) -> list[int]:
        """What is owed after a refusal, for Retry-After."""
        rows = [self._connection.execute(_READ, (key,)).fetchone() for key in keys]
        return [clamp_debt(row[0] - now if row else 0, charge) for row, charge in zip(rows, charges, strict=True)]

    def _sweep(self, now: int) -> None:
        """Drop the paid among the next few keys, then move on; every process walks the whole table in turn."""
        last = self._connection.execute(_LAST_OF_SLICE, (self._swept, _SWEPT_AT_ONCE)).fetchone()[0]
        if last is not None:
            self._connection.execute(_SWEEP, (self._swept, last, now))
        self._swept = b"" if last is None else last


def _key(subject: str, limit: str) -> bytes:
    return hashlib.blake2b(f"{limit}\0{subject}".encode("utf-8", "surrogatepass"), digest_size=16).digest()
