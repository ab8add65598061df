"""What the SQL stores ask of a database. A statement marks its values by `?`, and has no other question marks."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeAlias

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
