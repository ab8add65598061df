"""Refresh tokens in a SQL database.

A family is a row of its own: whoever rotates locks it, so that no successor is stored while the family is being ended.
Ending a family removes its row; its tokens are dead from then on and are swept when their deadline has passed.
"""

from typing import Final

from vallum.stores.refresh import RefreshRecord, Rotation
from vallum.stores.sql.database import Database, Row, Values, Work

_COLUMNS: Final = (
    "digest, family, account_id, client, scope, epoch, created, deadline, replaced_by, replaced_at, key_thumbprint"
)
_INSERT: Final = (
    f"INSERT INTO vallum_refresh ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
_BEGIN: Final = "INSERT INTO vallum_refresh_family VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_LIVES: Final = "SELECT deadline FROM vallum_refresh_family WHERE family = ?"
_SELECT: Final = f"SELECT {_COLUMNS} FROM vallum_refresh WHERE digest = ? AND deadline > ?"
_FIND: Final = _SELECT + " AND EXISTS (SELECT 1 FROM vallum_refresh_family f WHERE f.family = vallum_refresh.family)"
_REPLACE: Final = "UPDATE vallum_refresh SET replaced_by = ?, replaced_at = ? WHERE digest = ?"
_EXTEND: Final = "UPDATE vallum_refresh_family SET deadline = ? WHERE family = ? AND deadline < ?"
_END: Final = "DELETE FROM vallum_refresh_family WHERE family = ?"
_UNUSED: Final = "SELECT 1 FROM vallum_refresh WHERE digest = ? AND replaced_at IS NULL"


class SqlRefresh:
    """A `RefreshStore` in a SQL database."""

    shared: Final = True
    writes_at_once: Final = False

    def __init__(self, database: Database) -> None:
        """Keep the tokens in `database`."""
        self._database = database
        self.reads_at_once = database.reads_at_once

    def issue(self, record: RefreshRecord) -> bool:
        """Insert the first token of a family; False, and nothing done, if the digest or the family is taken."""
        try:
            with self._database.begin() as work:
                _require(work.write(_BEGIN, (record.family, record.account_id, record.deadline)) == 1)
                _require(work.write(_INSERT, _values(record)) == 1)
        except _TakenError:
            return False
        return True

    def find(self, digest: bytes, now: float) -> RefreshRecord | None:
        """The token, replaced or not, if it is in time and its family lives."""
        row = self._database.find(_FIND, (digest, now))
        return None if row is None else _record(row)

    def rotate(self, digest: bytes, successor: RefreshRecord, now: float, grace: float) -> Rotation:
        """Replace the token by `successor` in one step; see `RefreshStore.rotate`."""
        with self._database.begin() as work:
            if work.find(_LIVES + self._database.locking, (successor.family,)) is None:
                return "dead"
            row = work.find(_SELECT, (digest, now))
            found = None if row is None else _record(row)
            if found is None or found.family != successor.family:
                return "dead"
            if found.replaced_at is not None:
                return _judge(work, found, is_soon=0 < grace >= now - found.replaced_at)
            if work.write(_INSERT, _values(successor)) != 1:
                return "dead"
            work.write(_REPLACE, (successor.digest, now, digest))
            work.write(_EXTEND, (successor.deadline, successor.family, successor.deadline))
            return "rotated"

    def end_family(self, family: str) -> bool:
        """End all tokens of a family, as at a logout; False if there was none."""
        return self._database.write(_END, (family,)) == 1

    def end_account(self, account_id: str) -> int:
        """End all families of an account; tell how many."""
        return self._database.write("DELETE FROM vallum_refresh_family WHERE account_id = ?", (account_id,))

    def purge(self, now: float) -> int:
        """Remove the tokens that are too old, and those of families that were ended; tell how many."""
        with self._database.begin() as work:
            work.write("DELETE FROM vallum_refresh_family WHERE deadline <= ?", (now,))
            return work.write(
                "DELETE FROM vallum_refresh WHERE deadline <= ? OR NOT EXISTS"
                " (SELECT 1 FROM vallum_refresh_family f WHERE f.family = vallum_refresh.family)",
                (now,),
            )


class _TakenError(Exception):
    """Rolls the transaction back."""


def _require(done: bool) -> None:
    if not done:
        raise _TakenError


def _judge(work: Work, found: RefreshRecord, *, is_soon: bool) -> Rotation:
    if is_soon and work.find(_UNUSED, (found.replaced_by,)) is not None:
        return "grace"
    work.write(_END, (found.family,))
    return "reused"


def _values(record: RefreshRecord) -> Values:
    return (
        record.digest,
        record.family,
        record.account_id,
        record.client,
        record.scope,
        record.epoch,
        record.created,
        record.deadline,
        record.replaced_by,
        record.replaced_at,
        record.key_thumbprint,
    )


def _record(row: Row) -> RefreshRecord:
    digest, family, account_id, client, scope, epoch, created, deadline, replaced_by, replaced_at, thumbprint = row
    return RefreshRecord(
        digest=digest,
        family=family,
        account_id=account_id,
        client=client,
        scope=scope,
        epoch=epoch,
        created=created,
        deadline=deadline,
        replaced_by=replaced_by,
        replaced_at=replaced_at,
        key_thumbprint=thumbprint,
    )
