"""Check and act in the app's own database: the check is part of the statement, or stands under a lock (CWE-367).

    enough = update(Account).where(Account.id == 7, Account.balance >= 30)
    update_once(session, enough.values(balance=Account.balance - 30))
    insert_once(session, insert(Person).values(name=name))     # a unique index decides; the loser gets ConflictError
    with session.begin():
        hold_lock(session, "admins")                           # who comes second waits until the transaction ends
        if count_admins(session) > 1:
            remove_admin(session, person_id)

For SQLAlchemy connections and sessions on PostgreSQL and SQLite. Each runs in the transaction that is open, and what it
raises undoes it. Sources: ASVS 2.3.3, 15.4.2; PostgreSQL 16 documentation, 13.3.5.
"""

from hashlib import blake2b
from typing import Any, Final

from sqlalchemy import Insert, Update, text
from sqlalchemy.exc import IntegrityError

from vallum.base.errors import ConfigError
from vallum.guard.data.atomic import ConflictError

KEEPS: Final = ("atomic-check-then-act",)

_LOCK_BYTES: Final = 8


def update_once(connection: Any, statement: Update) -> None:
    """Run an UPDATE whose WHERE says what must still hold. Raises `ConflictError` (409) unless it changed one row."""
    if statement.whereclause is None:
        raise ConfigError("a conditional update needs a WHERE.", hint="Say what must still hold.", code="update-open")
    changed = connection.execute(statement).rowcount
    if changed != 1:
        raise ConflictError(f"a conditional update changed {changed} rows of {statement.table}")


def insert_once(connection: Any, statement: Insert) -> None:
    """Run an INSERT on a table with a unique index. Raises `ConflictError` (409) for a row that is there already.

    The rest of the transaction goes on, for the INSERT runs under a savepoint of its own.
    """
    try:
        with connection.begin_nested():
            connection.execute(statement)
    except IntegrityError:
        raise ConflictError(f"a row of {statement.table.name} was there already") from None


def hold_lock(connection: Any, name: str) -> None:
    """Wait for the lock `name`, and hold it until the transaction ends, whichever way.

    On PostgreSQL it is an advisory lock, so it holds up nobody who does not ask for it. SQLite has one lock for all
    writers: ask before the first read of the transaction, which must not have begun yet.
    """
    dialect = connection.get_bind().dialect.name if hasattr(connection, "get_bind") else connection.dialect.name
    if dialect == "postgresql":
        number = int.from_bytes(blake2b(name.encode("utf-8"), digest_size=_LOCK_BYTES).digest(), signed=True)
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})
    elif dialect == "sqlite":
        connection.execute(text("BEGIN IMMEDIATE"))
    else:
        raise ConfigError(f"there is no lock for {dialect}.", hint="Use PostgreSQL or SQLite.", code="lock-dialect")
