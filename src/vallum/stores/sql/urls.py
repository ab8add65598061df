"""Opens the database that a URL names."""

from typing import Literal

from vallum.base.errors import ConfigError
from vallum.stores.sql.database import Database


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
    scheme, separator, rest = url.partition("://")
    if scheme == "sqlite" and len(rest) > 1 and rest.startswith("/"):
        return "sqlite"
    if separator and scheme.partition("+")[0] in {"postgresql", "postgres"}:
        return "postgresql"
    raise ConfigError(
        "the address of the database is not a URL for SQLite or PostgreSQL.",
        hint="Write sqlite:///vallum.sqlite or postgresql://user@host/name.",
        code="database-unclear",
    )
