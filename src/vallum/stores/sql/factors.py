"""Second factors in a SQL database."""

import json
from collections.abc import Sequence
from typing import Final

from vallum.stores.factors import FactorKind, FactorRecord
from vallum.stores.sql.database import Database, Row, Values

_COLUMNS: Final = "id, account_id, kind, name, secret, state, counter, created, used, data"
_SELECT: Final = f"SELECT {_COLUMNS} FROM vallum_factor "
_INSERT: Final = f"INSERT INTO vallum_factor ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_ACTIVATE: Final = "UPDATE vallum_factor SET state = 'active', counter = ?, used = ? WHERE id = ? AND state = 'pending'"
_ADVANCE: Final = (
    "UPDATE vallum_factor SET counter = ?, used = ? WHERE id = ? AND state = 'active'"
    " AND (counter < ? OR (kind = 'passkey' AND counter = 0 AND ? = 0))"
)
_CONSUME: Final = "DELETE FROM vallum_factor WHERE id = ? AND kind = 'recovery' AND state = 'active'"


class SqlFactors:
    """A `FactorStore` in a SQL database: each decision is one conditional statement."""

    shared: Final = True
    writes_at_once: Final = False

    def __init__(self, database: Database) -> None:
        """Keep the factors in `database`."""
        self._database = database
        self.reads_at_once = database.reads_at_once

    def add(self, record: FactorRecord) -> bool:
        """Insert `record`; False, and nothing done, if its id is taken."""
        return self._database.write(_INSERT, _values(record)) == 1

    def find(self, factor_id: str) -> FactorRecord | None:
        """The factor with this id."""
        row = self._database.find(_SELECT + "WHERE id = ?", (factor_id,))
        return None if row is None else _record(row)

    def list_account(self, account_id: str) -> Sequence[FactorRecord]:
        """The factors of an account, pending ones as well, oldest first."""
        rows = self._database.select(_SELECT + "WHERE account_id = ? ORDER BY created, id", (account_id,))
        return [_record(row) for row in rows]

    def activate(self, factor_id: str, counter: int, now: float) -> bool:
        """Turn a pending factor active, `counter` being what verified it; False if it is not pending."""
        return self._database.write(_ACTIVATE, (counter, now, factor_id)) == 1

    def advance(self, factor_id: str, counter: int, now: float) -> bool:
        """Accept `counter` of an active factor; False unless it is greater than the stored one."""
        return self._database.write(_ADVANCE, (counter, now, factor_id, counter, counter)) == 1

    def consume(self, factor_id: str) -> bool:
        """Use up an active recovery code: remove it; False if another was first or it is no code."""
        return self._database.write(_CONSUME, (factor_id,)) == 1

    def replace(self, account_id: str, kind: FactorKind, records: Sequence[FactorRecord]) -> None:
        """Remove the account's factors of this kind and insert `records`, in one step."""
        with self._database.begin() as work:
            work.write("DELETE FROM vallum_factor WHERE account_id = ? AND kind = ?", (account_id, kind))
            for record in records:
                work.write(_INSERT, _values(record))

    def rename(self, factor_id: str, account_id: str, name: str) -> bool:
        """Give a factor of this account another name; False if it has no such factor."""
        statement = "UPDATE vallum_factor SET name = ? WHERE id = ? AND account_id = ?"
        return self._database.write(statement, (name, factor_id, account_id)) == 1

    def remove(self, factor_id: str, account_id: str) -> bool:
        """Remove a factor of this account; False if it has no such factor."""
        statement = "DELETE FROM vallum_factor WHERE id = ? AND account_id = ?"
        return self._database.write(statement, (factor_id, account_id)) == 1

    def drop_account(self, account_id: str) -> int:
        """Remove all factors of an account; tell how many."""
        return self._database.write("DELETE FROM vallum_factor WHERE account_id = ?", (account_id,))

    def purge(self, before: float) -> int:
        """Remove the factors that were created before `before` and never activated; tell how many."""
        return self._database.write("DELETE FROM vallum_factor WHERE state = 'pending' AND created < ?", (before,))


def _values(record: FactorRecord) -> Values:
    return (
        record.id,
        record.account_id,
        record.kind,
        record.name,
        record.secret,
        record.state,
        record.counter,
        record.created,
        record.used,
        json.dumps(dict(record.data)),
    )


def _record(row: Row) -> FactorRecord:
    factor_id, account_id, kind, name, secret, state, counter, created, used, data = row
    return FactorRecord(
        id=factor_id,
        account_id=account_id,
        kind=kind,
        name=name,
        secret=secret,
        state=state,
        counter=counter,
        created=created,
        used=used,
        data=json.loads(data),
    )
