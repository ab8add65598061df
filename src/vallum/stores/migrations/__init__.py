"""Brings a database's tables up to date by Alembic scripts; a SQLite file needs only to be opened."""

from io import StringIO
from pathlib import Path
from typing import Any, Final

from vallum.base.errors import ConfigError, UsageError
from vallum.stores.sql.urls import find_kind, open_database

_LOCK: Final = 0x76616C6C756D
"""The advisory lock of an upgrade, so that several workers that start together take turns: "vallum" in ASCII."""


def upgrade_database(url: str) -> str:
    """Make or upgrade the tables in the database at `url` and stamp the version table; return the version it has now.

    Harmless when nothing is missing, and when several do it at once. Raises `ConfigError` for a URL of another kind or
    when Alembic is not installed, `UsageError` when the database cannot be reached.
    """
    if find_kind(url) == "sqlite":
        database = open_database(url)
        try:
            return str((database.find("SELECT version_num FROM vallum_schema") or ("",))[0])
        finally:
            database.close()
    return _upgrade_postgres(url)


def print_upgrade(url: str) -> str:
    """The SQL that makes all tables in an empty database of this kind and stamps it, for those who run it by hand."""
    kind = find_kind(url)
    command, config = _alembic(out := StringIO())
    config.attributes["dialect"] = kind
    command.upgrade(config, "head", sql=True)
    return out.getvalue()


def _upgrade_postgres(url: str) -> str:
    command, config = _alembic(StringIO())
    from psycopg import connect  # noqa: PLC0415 - an extra, looked for by _alembic
    from sqlalchemy import create_engine, text  # noqa: PLC0415 - the same
    from sqlalchemy.exc import OperationalError as Refused  # noqa: PLC0415 - the same
    from sqlalchemy.pool import NullPool  # noqa: PLC0415 - the same

    from vallum.stores.sql.postgres import plain_url  # noqa: PLC0415 - the same

    engine = create_engine("postgresql+psycopg://", creator=lambda: connect(plain_url(url)), poolclass=NullPool)
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            return str(connection.execute(text("SELECT version_num FROM vallum_schema")).scalar_one())
    except Refused as error:
        reason = str(error.orig).strip().partition("\n")[0]
        raise UsageError(f"the database cannot be reached: {reason}.", hint="Start it, or give another URL.") from None


def _alembic(out: StringIO) -> tuple[Any, Any]:
    try:
        from alembic import command  # noqa: PLC0415 - an extra, loaded only where it is used
        from alembic.config import Config  # noqa: PLC0415 - the same
    except ImportError:
        hint = 'Install it: pip install "vallum[postgres]".'
        raise ConfigError("migrations need the package alembic.", hint=hint, code="extra-missing") from None
    config = Config(output_buffer=out)
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return command, config
