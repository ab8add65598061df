"""Cells in a SQL database."""

from typing import Final

from vallum.stores.sql.database import Database

_READ: Final = "SELECT value FROM vallum_cell WHERE name = ? AND deadline > ?"
_PUT_NEW: Final = (
    "INSERT INTO vallum_cell (name, value, deadline) VALUES (?, ?, ?) ON CONFLICT (name) "
    "DO UPDATE SET value = excluded.value, deadline = excluded.deadline WHERE vallum_cell.deadline <= ?"
)
_SWAP: Final = "UPDATE vallum_cell SET value = ?, deadline = ? WHERE name = ? AND value = ? AND deadline > ?"
_TAKE: Final = "DELETE FROM vallum_cell WHERE name = ? AND deadline > ? RETURNING value"
_DROP: Final = "DELETE FROM vallum_cell WHERE name = ? AND value = ?"
_PURGE: Final = "DELETE FROM vallum_cell WHERE deadline <= ?"
_PURGE_EVERY: Final = 64


class SqlCells:
    """A `CellStore` in a SQL database: each decision is one conditional statement."""

    shared: Final = True
    at_once: Final = False

    def __init__(self, database: Database) -> None:
        """Keep the cells in `database`."""
        self._database = database
        self._put = 0

    def read(self, name: str, now: float) -> str | None:
        """The living value."""
        row = self._database.find(_READ, (name, now))
        return None if row is None else str(row[0])

    def put_new(self, name: str, value: str, now: float, deadline: float) -> bool:
        """Put `value` where no living one is; False, and nothing done, where one is. Now and then removes the ended."""
        self._put += 1
        if self._put % _PURGE_EVERY == 0:
            self.purge(now)
        return self._database.write(_PUT_NEW, (name, value, deadline, now)) == 1

    def swap(self, name: str, expected: str, value: str, now: float, deadline: float) -> bool:
        """Replace the living value if it is `expected`; False, and nothing done, if it is not."""
        return self._database.write(_SWAP, (value, deadline, name, expected, now)) == 1

    def take(self, name: str, now: float) -> str | None:
        """Remove the living value and return it: of parallel callers one gets it, the rest None."""
        row = self._database.take(_TAKE, (name, now))
        return None if row is None else str(row[0])

    def drop(self, name: str, expected: str) -> bool:
        """Remove the value if it is `expected`; False, and nothing done, if it is not."""
        return self._database.write(_DROP, (name, expected)) == 1

    def purge(self, now: float) -> int:
        """Remove what has ended; tell how many."""
        return self._database.write(_PURGE, (now,))
