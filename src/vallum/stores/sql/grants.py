"""Grants of other providers in a SQL database."""

from typing import Final

from vallum.stores.grants import GrantRecord
from vallum.stores.sql.database import Database

_COLUMNS: Final = "account_id, issuer, sealed, version, busy_until"
_ONE: Final = "WHERE account_id = ? AND issuer = ?"
_SELECT: Final = f"SELECT {_COLUMNS} FROM vallum_grant {_ONE}"
_INSERT: Final = f"INSERT INTO vallum_grant ({_COLUMNS}) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_CLAIM: Final = f"UPDATE vallum_grant SET busy_until = ? {_ONE} AND version = ? AND busy_until <= ?"
_REPLACE: Final = f"UPDATE vallum_grant SET sealed = ?, version = version + 1, busy_until = 0 {_ONE} AND version = ?"
_DROP: Final = f"DELETE FROM vallum_grant {_ONE}"


class SqlGrants:
    """A `GrantStore` in a SQL database; its primary key is (account, issuer)."""

    shared: Final = True
    writes_at_once: Final = False

    def __init__(self, database: Database) -> None:
        """Keep the grants in `database`."""
        self._database = database
        self.reads_at_once = database.reads_at_once

    def find(self, account_id: str, issuer: str) -> GrantRecord | None:
        """The grant."""
        row = self._database.find(_SELECT, (account_id, issuer))
        if row is None:
            return None
        account_id, issuer, sealed, version, busy_until = row
        return GrantRecord(account_id=account_id, issuer=issuer, sealed=sealed, version=version, busy_until=busy_until)

    def add(self, record: GrantRecord) -> bool:
        """Insert `record`; False, and nothing done, if the account has a grant of this issuer."""
        values = (record.account_id, record.issuer, record.sealed, record.version, record.busy_until)
        return self._database.write(_INSERT, values) == 1

    def claim(self, account_id: str, issuer: str, version: int, now: float, until: float) -> bool:
        """Mark the grant as busy until then; False if its version is another one, or somebody is busy with it."""
        return self._database.write(_CLAIM, (until, account_id, issuer, version, now)) == 1

    def replace(self, account_id: str, issuer: str, version: int, sealed: str) -> bool:
        """Put `sealed` in its place, raise the version and free it; False for another version."""
        return self._database.write(_REPLACE, (sealed, account_id, issuer, version)) == 1

    def drop(self, account_id: str, issuer: str, version: int | None = None) -> bool:
        """Remove the grant, or only this version of it; False if there is none."""
        if version is None:
            return self._database.write(_DROP, (account_id, issuer)) == 1
        return self._database.write(f"{_DROP} AND version = ?", (account_id, issuer, version)) == 1

    def drop_account(self, account_id: str) -> int:
        """Remove all grants of an account; tell how many."""
        return self._database.write("DELETE FROM vallum_grant WHERE account_id = ?", (account_id,))
