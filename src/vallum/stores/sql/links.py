"""Federated identities in a SQL database."""

from collections.abc import Sequence
from typing import Final

from vallum.stores.links import LinkRecord
from vallum.stores.sql.database import Database, Row

_COLUMNS: Final = "issuer, subject, account_id, email, created"
_SELECT: Final = f"SELECT {_COLUMNS} FROM vallum_link "
_INSERT: Final = f"INSERT INTO vallum_link ({_COLUMNS}) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_UNLINK: Final = "DELETE FROM vallum_link WHERE issuer = ? AND subject = ? AND account_id = ?"


class SqlLinks:
    """A `LinkStore` in a SQL database; its primary key is (issuer, subject)."""

    shared: Final = True
    writes_at_once: Final = False

    def __init__(self, database: Database) -> None:
        """Keep the links in `database`."""
        self._database = database
        self.reads_at_once = database.reads_at_once

    def find(self, issuer: str, subject: str) -> LinkRecord | None:
        """The link of this identity."""
        row = self._database.find(_SELECT + "WHERE issuer = ? AND subject = ?", (issuer, subject))
        return None if row is None else _record(row)

    def list_account(self, account_id: str) -> Sequence[LinkRecord]:
        """The links of an account, oldest first."""
        rows = self._database.select(_SELECT + "WHERE account_id = ? ORDER BY created, issuer, subject", (account_id,))
        return [_record(row) for row in rows]

    def link(self, record: LinkRecord) -> bool:
        """Insert `record`; False, and nothing done, if the identity is linked already, to whichever account."""
        values = (record.issuer, record.subject, record.account_id, record.email, record.created)
        return self._database.write(_INSERT, values) == 1

    def unlink(self, issuer: str, subject: str, account_id: str) -> bool:
        """Remove a link of this account; False if it has no such link."""
        return self._database.write(_UNLINK, (issuer, subject, account_id)) == 1

    def drop_account(self, account_id: str) -> int:
        """Remove all links of an account; tell how many."""
        return self._database.write("DELETE FROM vallum_link WHERE account_id = ?", (account_id,))


def _record(row: Row) -> LinkRecord:
    issuer, subject, account_id, email, created = row
    return LinkRecord(issuer=issuer, subject=subject, account_id=account_id, email=email, created=created)
