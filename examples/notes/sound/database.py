"""SQLite: one connection for each piece of work, and rows as records. Every statement is a `Query`."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from vallum.guard.data.queries import Parameters, Statement

from .settings import SETTINGS

Record = TypeVar("Record")
WAIT_SECONDS: Final = 10.0

sqlite3.register_converter("BOOLEAN", lambda value: value == b"1")


@contextmanager
def connect() -> Iterator[sqlite3.Connection]:
    """One transaction: kept when the block ends, undone when it raises."""
    connection = sqlite3.connect(
        SETTINGS.database, timeout=WAIT_SECONDS, isolation_level="IMMEDIATE", detect_types=sqlite3.PARSE_DECLTYPES
    )
    with closing(connection), connection:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        yield connection


def find_all(query: Statement, parameters: Parameters, into: type[Record]) -> list[Record]:
    """Every row, as records."""
    with connect() as connection:
        return [into(**dict(row)) for row in query.execute(connection, parameters).fetchall()]


def find_one(query: Statement, parameters: Parameters, into: type[Record]) -> Record | None:
    """The first row, as a record."""
    return next(iter(find_all(query, parameters, into)), None)


def count(query: Statement, parameters: Parameters = ()) -> int:
    """The number in the first column of the first row."""
    with connect() as connection:
        return int(query.execute(connection, parameters).fetchone()[0])


def change(query: Statement, parameters: Parameters) -> int:
    """Run one statement; how many rows it changed."""
    with connect() as connection:
        return query.execute(connection, parameters).rowcount


def now() -> str:
    """The time in UTC, to the second."""
    return after()


def after(**time: float) -> str:
    """The time in UTC after so many `minutes`, `hours` or `days`; they may be negative."""
    return (datetime.now(UTC) + timedelta(**time)).isoformat(timespec="seconds")
