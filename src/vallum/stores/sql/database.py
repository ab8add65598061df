"""What the SQL stores ask of a database. A statement marks its values by `?`, and has no other question marks."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal, Protocol, TypeAlias

from vallum.base.errors import ConfigError

Row: TypeAlias = tuple[Any, ...]
Values: TypeAlias = Sequence[Any]


class Work(Protocol):
    """One transaction."""

    def find(self, statement: str, values: Values = ()) -> Row | None:
        """The first row, or None."""

    def write(self, statement: str, values: Values = ()) -> int:
        """How many rows a writing statement touched."""


class Database(Protocol):
    """A SQL database. What fails raises the driver's own errors; whoever asks lets nobody in then."""

    @property
    def shared(self) -> bool:
        """Whether several worker processes use the same one."""

    @property
    def reads_at_once(self) -> bool:
        """Whether reading is so quick that an event loop may do it."""

    @property
    def locking(self) -> str:
        """What a SELECT ends in to lock its rows until the end of the transaction."""

    def find(self, statement: str, values: Values = ()) -> Row | None:
        """The first row that a reading statement finds; None for values that no row can hold, such as a NUL."""

    def select(self, statement: str, values: Values = ()) -> list[Row]:
        """All rows that a reading statement finds."""

    def write(self, statement: str, values: Values = (), *, durable: bool = True) -> int:
        """Run one writing statement and tell how many rows it touched: 0 where a unique index forbids the change.

        Without `durable`, a power cut may take it back; the end of a process never does.
        """

    def take(self, statement: str, values: Values = ()) -> Row | None:
        """Run one writing statement that has a RETURNING clause, and give its first row."""

    def begin(self) -> AbstractContextManager[Work]:
        """One transaction, rolled back when its block raises. What its first SELECT read with `locking` stays true."""

    def close(self) -> None:
        """Close all connections."""


def open_database(url: str) -> Database:
    """The database of a URL: `sqlite:///relative`, `sqlite:////absolute`, or `postgresql://...` with libpq's options.

    Raises `ConfigError` for another kind of URL, without quoting it: it may hold a password.
    """
    if find_kind(url) == "sqlite":
        from vallum.stores.sql.sqlite import SqliteDatabase  # noqa: PLC0415 - sqlite3 is loaded only when it is used

        return SqliteDatabase(url.removeprefix("sqlite:///"))
    from vallum.stores.sql.postgres import PostgresDatabase  # noqa: PLC0415 - an extra, loaded only when it is used

    return PostgresDatabase(url)


def find_kind(url: str) -> Literal["sqlite", "postgresql"]:
    """Which database a URL speaks of. Raises `ConfigError` if neither, without quoting it."""
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite" and len(rest) > 1 and rest.startswith("/"):
        return "sqlite"
    if scheme.partition("+")[0] in {"postgresql", "postgres"}:
        return "postgresql"
    raise ConfigError(
        "the address of the database is not a URL for SQLite or PostgreSQL.",
        hint="Write sqlite:///vallum.sqlite or postgresql://user@host/name.",
        code="database-unclear",
    )
