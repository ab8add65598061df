"""Accounts in a SQL database: in a table of our own, or in the one that an application has already."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, Final, Unpack

from vallum.base.errors import ConfigError
from vallum.stores.accounts import AccountFields, AccountRecord
from vallum.stores.sql.database import Database, Row

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_STORED: Final[Mapping[str, Callable[[Any], Any]]] = MappingProxyType(
    {"login": str, "email": str, "email_proved": lambda at: at, "password": str, "roles": json.dumps}
)
"""Each field that may change, besides `is_active`, and how its value is stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountTable:
    """The names of the table and its columns, in the case that the database has; `table` may be `schema.name`.

    `login` and `email` need unique indexes, and both hold what is canonical (one spelling for each). `email_proved` and
    `created` are seconds since the epoch, `roles` is a JSON array as text, `is_active` 0 or 1. `to_id` turns the id of
    a record into the type of its column, `int` for a number; `to_flag` does so for `is_active`, `bool` for PostgreSQL's
    BOOLEAN. Raises `ConfigError` for what is no plain name.
    """

    table: str = "vallum_account"
    id: str = "id"
    login: str = "login"
    email: str = "email"
    email_proved: str = "email_proved"
    password: str = "password"  # noqa: S105 - the name of a column
    roles: str = "roles"
    is_active: str = "is_active"
    epoch: str = "epoch"
    created: str = "created"
    version: str = "version"
    to_id: Callable[[str], Any] = str
    to_flag: Callable[[bool], Any] = int

    def __post_init__(self) -> None:
        """Refuse whatever could be more than a name, for names are written into statements."""
        for name in (*self.table.split("."), *self.columns.values()):
            if not _NAME.fullmatch(name):
                raise ConfigError(
                    f"{name!r} is not the name of a table or column.",
                    hint="Use letters, digits and underscores.",
                    code="table-unclear",
                )

    @property
    def columns(self) -> dict[str, str]:
        """The name of each field's column."""
        return {field.name: getattr(self, field.name) for field in fields(self)[1:-2]}


class SqlAccounts:
    """An `AccountStore` in a SQL database; unique indexes keep logins and addresses apart."""

    shared: Final = True
    writes_at_once: Final = False

    def __init__(self, database: Database, table: AccountTable | None = None) -> None:
        """Keep the accounts in `database`, in a `table` of yours if you name one."""
        self._database = database
        self.reads_at_once = database.reads_at_once
        names = table or AccountTable()
        self._to_id = names.to_id
        self._stored = {**_STORED, "is_active": names.to_flag}
        self._column = {field: f'"{name}"' for field, name in names.columns.items()}
        self._table = ".".join(f'"{part}"' for part in names.table.split("."))
        listed = ", ".join(self._column.values())
        self._select = f"SELECT {listed} FROM {self._table} WHERE "
        marks = ", ".join("?" * len(self._column))
        self._insert = f"INSERT INTO {self._table} ({listed}) VALUES ({marks}) ON CONFLICT DO NOTHING"

    def find(self, account_id: str) -> AccountRecord | None:
        """The account with this id, active or not."""
        try:
            key = self._to_id(account_id)
        except ValueError:
            return None
        return self._first("id", key)

    def find_login(self, login: str) -> AccountRecord | None:
        """The account with this canonical login, active or not."""
        return self._first("login", login)

    def find_email(self, email: str) -> AccountRecord | None:
        """The account with this canonical address, active or not; None for ""."""
        # The second condition lets the partial index of the addresses serve the first.
        return self._first("email", email, f" AND {self._column['email']} <> ''")

    def create(self, record: AccountRecord) -> bool:
        """Insert `record` in one statement; False, and nothing done, if its id, login or address is taken."""
        values = (
            self._to_id(record.id),
            record.login,
            record.email,
            record.email_proved,
            record.password,
            json.dumps(record.roles),
            self._stored["is_active"](record.is_active),
            record.epoch,
            record.created,
            record.version,
        )
        return self._database.write(self._insert, values) == 1

    def change(self, account_id: str, version: int, *, bump: bool = False, **fields: Unpack[AccountFields]) -> bool:
        """Write `fields` if the account still has this `version`; the version grows by one, the epoch on `bump`.

        Raises `KeyError` for a field that cannot change.
        """
        stored = {name: self._stored[name](value) for name, value in fields.items()}
        column = self._column
        settings = "".join(f"{column[name]} = ?, " for name in stored)
        statement = (
            f"UPDATE {self._table} SET {settings}{column['version']} = {column['version']} + 1,"
            f" {column['epoch']} = {column['epoch']} + ? WHERE {column['id']} = ? AND {column['version']} = ?"
        )
        values = (*stored.values(), int(bump), self._to_id(account_id), version)
        return self._database.write(statement, values) == 1

    def delete(self, account_id: str) -> bool:
        """Remove the account; False if it was not there."""
        statement = f"DELETE FROM {self._table} WHERE {self._column['id']} = ?"
        return self._database.write(statement, (self._to_id(account_id),)) == 1

    def _first(self, field: str, value: Any, more: str = "") -> AccountRecord | None:
        return _record(self._database.find(f"{self._select}{self._column[field]} = ?{more}", (value,)))


def _record(row: Row | None) -> AccountRecord | None:
    if row is None:
        return None
    account_id, login, email, email_proved, password, roles, is_active, epoch, created, version = row
    return AccountRecord(
        id=str(account_id),
        login=login,
        email=email or "",
        email_proved=email_proved,
        password=password or "",
        roles=tuple(json.loads(roles)),
        is_active=bool(is_active),
        epoch=epoch,
        created=created,
        version=version,
    )
