"""SQLite as a database of the stores: one file in WAL mode, readable by its owner only, its tables made when opened."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from vallum.base.errors import ConfigError
from vallum.stores.sql.database import Row, Values, Work
from vallum.stores.sql.schema import SQLITE_TYPES, STEPS, VERSION_TABLE, render_step
from vallum.stores.sqlite_file import open_shared

_VERSIONS: Final = f"CREATE TABLE IF NOT EXISTS {VERSION_TABLE} (version_num VARCHAR(32) NOT NULL PRIMARY KEY);"
_WAIT_SECONDS: Final = 5.0
_CACHE_KIB: Final = 32_768
"""Taken only as far as the file is large: so the upper pages of its indexes stay in memory."""
_TAKEN: Final = frozenset({sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY})


class SqliteDatabase:
    """A `Database` in one file: readers never wait for writers, and writers of all processes take turns.

    A committed change survives a power cut, unless it was written as not durable.
    """

    shared: Final = True
    reads_at_once: Final = True
    locking: Final = ""  # a transaction holds the write lock of the file from its first word

    def __init__(self, path: str | Path) -> None:
        """Open or create the file at `path` and bring its tables up to date. Raises `ConfigError` if it is too new."""
        self.path = Path(path)
        self._writing = threading.Lock()
        self._reading = threading.Lock()
        self._writer = open_shared(self.path, _VERSIONS, _WAIT_SECONDS)
        self._durable = False
        try:
            _catch_up(self._writer)
        except BaseException:
            self._writer.close()
            raise
        self._reader = self.open_reader()

    def open_reader(self) -> sqlite3.Connection:
        """One more connection, for reading only."""
        connection = sqlite3.connect(self.path, timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False)
        connection.executescript(f"PRAGMA query_only = ON; PRAGMA cache_size = -{_CACHE_KIB}")
        return connection

    def close(self) -> None:
        """Close all connections."""
        self._reader.close()
        self._writer.close()

    def find(self, statement: str, values: Values = ()) -> Row | None:
        """The first row that a reading statement finds; None for values that no row can hold."""
        try:
            with self._reading:
                rows: list[Row] = self._reader.execute(statement, values).fetchall()
        except UnicodeEncodeError:
            return None
        return rows[0] if rows else None

    def select(self, statement: str, values: Values = ()) -> list[Row]:
        """All rows that a reading statement finds."""
        with self._reading:
            return self._reader.execute(statement, values).fetchall()

    def write(self, statement: str, values: Values = (), *, durable: bool = True) -> int:
        """Run one writing statement and tell how many rows it touched: 0 where a unique index forbids the change."""
        with self._writing:
            self._sync(durable=durable)
            try:
                return self._writer.execute(statement, values).rowcount
            except sqlite3.IntegrityError as error:
                if error.sqlite_errorcode in _TAKEN:
                    return 0
                raise

    def take(self, statement: str, values: Values = ()) -> Row | None:
        """Run one writing statement that has a RETURNING clause, and give its first row."""
        with self._writing:
            self._sync(durable=True)
            rows: list[Row] = self._writer.execute(statement, values).fetchall()
            return rows[0] if rows else None

    @contextmanager
    def begin(self) -> Iterator[Work]:
        """One transaction, rolled back when its block raises."""
        with self._writing:
            self._sync(durable=True)
            with _transaction(self._writer):
                yield _SqliteWork(self._writer)

    def _sync(self, *, durable: bool) -> None:
        if durable is not self._durable:
            self._writer.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            self._durable = durable


class _SqliteWork:
    """One transaction on the connection that writes."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def find(self, statement: str, values: Values = ()) -> Row | None:
        rows: list[Row] = self._connection.execute(statement, values).fetchall()
        return rows[0] if rows else None

    def write(self, statement: str, values: Values = ()) -> int:
        return self._connection.execute(statement, values).rowcount


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    # IMMEDIATE takes the write lock before the first read, so that what was read still holds when it is written.
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _catch_up(connection: sqlite3.Connection) -> None:
    numbers = list(STEPS)
    if _version(connection) == numbers[-1]:
        return
    with _transaction(connection):
        version = _version(connection)
        if version and version not in STEPS:
            raise ConfigError(
                f"the SQLite file was made by a newer Vallum: its tables are at step {version}.",
                hint="Upgrade Vallum, or take another file.",
                code="database-too-new",
            )
        for number in numbers[numbers.index(version) + 1 :] if version else numbers:
            for statement in render_step(number, SQLITE_TYPES):
                connection.execute(statement)
        connection.execute(f"DELETE FROM {VERSION_TABLE}")
        connection.execute(f"INSERT INTO {VERSION_TABLE} VALUES (?)", (numbers[-1],))


def _version(connection: sqlite3.Connection) -> str:
    with closing(connection.execute(f"SELECT version_num FROM {VERSION_TABLE}")) as found:
        row = found.fetchone()
    return str(row[0]) if row else ""
