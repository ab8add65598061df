"""PostgreSQL as a database of the stores: a pool of connections, one round trip for each single statement."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

from vallum.base.errors import ConfigError
from vallum.stores.sql.database import Row, Values, Work

try:
    from psycopg import Connection, DataError, IsolationLevel, OperationalError
    from psycopg.errors import UndefinedColumn, UndefinedTable, UniqueViolation
    from psycopg_pool import ConnectionPool
except ImportError:
    raise ConfigError(
        "stores in PostgreSQL need the package psycopg.",
        hint='Install it: pip install "vallum[postgres]".',
        code="extra-missing",
    ) from None

_MOST_CONNECTIONS: Final = 8
_WAIT_SECONDS: Final = 2.0
_GIVE_UP_MILLISECONDS: Final = 5_000


class PostgresDatabase:
    """A `Database` on a server that all machines share. Its tables are made by `vallum db upgrade`.

    Connects at the first use, so a process may fork before it. While the server is down, each call raises
    `psycopg.OperationalError` within `wait_seconds`; when it is back, the next call works.
    """

    shared: Final = True
    reads_at_once: Final = False
    locking: Final = " FOR UPDATE"

    def __init__(
        self,
        url: str,
        *,
        most_connections: int = _MOST_CONNECTIONS,
        wait_seconds: float = _WAIT_SECONDS,
        prepared: bool = True,
    ) -> None:
        """Use the server at `url`; without `prepared`, through a PgBouncer that pools by transaction."""
        self.url = plain_url(url)
        self._most = most_connections
        self.wait_seconds = wait_seconds
        self._prepare_after = 2 if prepared else None
        self._lock = threading.Lock()
        self._pool: ConnectionPool[Connection[Row]] | None = None

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()

    def find(self, statement: str, values: Values = ()) -> Row | None:
        """The first row that a reading statement finds; None for values that no row can hold."""
        try:
            with self._lease() as connection:
                return connection.execute(translate(statement), values).fetchone()
        except (DataError, UnicodeEncodeError):
            return None

    def select(self, statement: str, values: Values = ()) -> list[Row]:
        """All rows that a reading statement finds."""
        with self._lease() as connection:
            return connection.execute(translate(statement), values).fetchall()

    def write(self, statement: str, values: Values = (), *, durable: bool = True) -> int:
        """Run one writing statement and tell how many rows it touched: 0 where a unique index forbids the change."""
        try:
            with self._lease() as connection:
                if durable:
                    return connection.execute(translate(statement), values).rowcount
                with connection.pipeline(), connection.transaction():
                    connection.execute("SET LOCAL synchronous_commit TO off")
                    done = connection.execute(translate(statement), values)
                return done.rowcount
        except UniqueViolation:
            return 0

    def take(self, statement: str, values: Values = ()) -> Row | None:
        """Run one writing statement that has a RETURNING clause, and give its first row."""
        with self._lease() as connection:
            return connection.execute(translate(statement), values).fetchone()

    @contextmanager
    def begin(self) -> Iterator[Work]:
        """One transaction, rolled back when its block raises."""
        with self._lease() as connection, connection.transaction():
            yield _PostgresWork(connection)

    @contextmanager
    def _lease(self) -> Iterator[Connection[Row]]:
        pool = self._pool or self._open()
        try:
            with pool.connection() as connection:
                yield connection
        except (UndefinedTable, UndefinedColumn):
            raise ConfigError(
                "the PostgreSQL database lacks the tables of this version of Vallum.",
                hint="Make them: vallum db upgrade --url URL.",
                code="database-not-ready",
            ) from None
        except OperationalError:
            # The server may have restarted, and every idle connection be as broken as this one.
            pool.check()
            raise

    def _open(self) -> ConnectionPool[Connection[Row]]:
        with self._lock:
            if self._pool is None:
                self._pool = ConnectionPool(
                    self.url,
                    kwargs={
                        "autocommit": True,
                        "prepare_threshold": self._prepare_after,
                        "connect_timeout": max(2, round(self.wait_seconds)),
                        "tcp_user_timeout": _GIVE_UP_MILLISECONDS,
                        "application_name": "vallum",
                    },
                    configure=_configure,
                    min_size=0,
                    max_size=self._most,
                    timeout=self.wait_seconds,
                    reconnect_timeout=self.wait_seconds,
                    name="vallum",
                    open=True,
                )
            return self._pool


class _PostgresWork:
    """One transaction on one connection."""

    def __init__(self, connection: Connection[Row]) -> None:
        self._connection = connection

    def find(self, statement: str, values: Values = ()) -> Row | None:
        return self._connection.execute(translate(statement), values).fetchone()

    def write(self, statement: str, values: Values = ()) -> int:
        return self._connection.execute(translate(statement), values).rowcount


@cache
def translate(statement: str) -> Any:
    """The statement in psycopg's words; it is a constant of a store, so the cache stays small."""
    return statement.replace("%", "%%").replace("?", "%s").encode()


def plain_url(url: str) -> str:
    """The URL as libpq takes it: without the driver that SQLAlchemy writes into it."""
    _, _, rest = url.partition("://")
    return f"postgresql://{rest}"


def _configure(connection: Connection[Row]) -> None:
    # What was read under a lock is read as committed, whatever default the server was given.
    connection.isolation_level = IsolationLevel.READ_COMMITTED
