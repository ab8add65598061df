"""Sessions in one SQLite file: shared by the worker processes of one machine, kept over restarts."""

from pathlib import Path

from vallum.stores.limits_sqlite import SqliteLimits
from vallum.stores.sql.sessions import SqlSessions
from vallum.stores.sql.sqlite import SqliteDatabase


class SqliteSessions(SqlSessions):
    """A `SessionStore` on SQLite in WAL mode: readers never wait for writers, each write is one transaction."""

    def __init__(self, path: str | Path) -> None:
        """Open or create the file at `path`, readable by its owner only."""
        super().__init__(SqliteDatabase(path))
        self.path = Path(path)
        self._limits: SqliteLimits | None = None

    def close(self) -> None:
        """Close all connections."""
        if self._limits is not None:
            self._limits.close()
        super().close()

    def open_limits(self) -> SqliteLimits:
        """The rate limits in the same file, for a guard that was given no other store of limits."""
        if self._limits is None:
            self._limits = SqliteLimits(self.path)
        return self._limits
