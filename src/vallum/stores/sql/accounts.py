"""Accounts in a SQL database."""

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, Unpack

from vallum.stores.accounts import AccountFields, AccountRecord
from vallum.stores.sql.database import Database, Row

_COLUMNS: Final = "id, login, email, email_proved, password, roles, is_active, epoch, created, version"
_SELECT: Final = f"SELECT {_COLUMNS} FROM vallum_account "
_INSERT: Final = f"INSERT INTO vallum_account ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_STORED: Final[Mapping[str, Callable[[Any], Any]]] = MappingProxyType(
    {"login": str, "email": str, "email_proved": lambda at: at, "password": str, "roles": json.dumps, "is_active": int}
)
"""Each column that may change, and how its value is stored."""


class SqlAccounts:
    """An `AccountStore` in a SQL database; unique indexes keep logins and addresses apart."""

    shared: Final = True
    writes_at_once: Final = False

    def __init__(self, database: Database) -> None:
        """Keep the accounts in `database`."""
        self._database = database
        self.reads_at_once = database.reads_at_once

    def find(self, account_id: str) -> AccountRecord | None:
        """The account with this id, active or not."""
        return _record(self._database.find(_SELECT + "WHERE id = ?", (account_id,)))

    def find_login(self, login: str) -> AccountRecord | None:
        """The account with this canonical login, active or not."""
        return _record(self._database.find(_SELECT + "WHERE login = ?", (login,)))

    def find_email(self, email: str) -> AccountRecord | None:
        """The account with this canonical address, active or not; None for ""."""
        return _record(self._database.find(_SELECT + "WHERE email = ? AND email <> ''", (email,)))

    def create(self, record: AccountRecord) -> bool:
        """Insert `record` in one statement; False, and nothing done, if its id, login or address is taken."""
        values = (
            record.id,
            record.login,
            record.email,
            record.email_proved,
            record.password,
            json.dumps(record.roles),
            int(record.is_active),
            record.epoch,
            record.created,
            record.version,
        )
        return self._database.write(_INSERT, values) == 1

    def change(self, account_id: str, version: int, *, bump: bool = False, **fields: Unpack[AccountFields]) -> bool:
        """Write `fields` if the account still has this `version`; the version grows by one, the epoch on `bump`.

        Raises `KeyError` for a field that cannot change.
        """
        stored = {name: _STORED[name](value) for name, value in fields.items()}
        columns = "".join(f"{name} = ?, " for name in stored)
        statement = (
            f"UPDATE vallum_account SET {columns}version = version + 1, epoch = epoch + ? WHERE id = ? AND version = ?"
        )
        return self._database.write(statement, (*stored.values(), int(bump), account_id, version)) == 1

    def delete(self, account_id: str) -> bool:
        """Remove the account; False if it was not there."""
        return self._database.write("DELETE FROM vallum_account WHERE id = ?", (account_id,)) == 1


def _record(row: Row | None) -> AccountRecord | None:
    if row is None:
        return None
    account_id, login, email, email_proved, password, roles, is_active, epoch, created, version = row
    return AccountRecord(
        id=account_id,
        login=login,
        email=email,
        email_proved=email_proved,
        password=password,
        roles=tuple(json.loads(roles)),
        is_active=bool(is_active),
        epoch=epoch,
        created=created,
        version=version,
    )
