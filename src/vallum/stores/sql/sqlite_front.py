"""Sessions of SQLite for an event loop: one thread reads, and one hop serves all who asked meanwhile."""

import asyncio
import threading
from queue import SimpleQueue
from typing import Final, TypeAlias

from vallum.stores.sessions import SessionRecord
from vallum.stores.sql.sessions import SELECT, to_record
from vallum.stores.sql.sqlite import SqliteDatabase

_Ask: TypeAlias = tuple[bytes, float, "asyncio.Future[SessionRecord | None]"]
_MOST_AT_ONCE: Final = 64


class SqliteFront:
    """A `SessionFront` of `SqlSessions` on SQLite.

    The first read goes to the thread at once; those that come before its answer go together in the next hop.
    """

    def __init__(self, database: SqliteDatabase) -> None:
        """Read from `database` by a connection and a thread of its own."""
        self._connection = database.open_reader()
        self._batches: SimpleQueue[list[_Ask] | None] = SimpleQueue()
        self._next: list[_Ask] = []
        self._busy = False
        self._thread = threading.Thread(target=self._serve, name="vallum-sessions", daemon=True)
        self._thread.start()

    async def read(self, digest: bytes, now: float) -> SessionRecord | None:
        """The living session under `digest`. Raises `sqlite3.Error`."""
        answer = asyncio.get_running_loop().create_future()
        if self._busy:
            self._next.append((digest, now, answer))
        else:
            self._busy = True
            self._batches.put([(digest, now, answer)])
        found: SessionRecord | None = await answer
        return found

    async def close(self) -> None:
        """End the thread and close its connection."""
        self._batches.put(None)
        await asyncio.to_thread(self._thread.join)
        self._connection.close()

    def _serve(self) -> None:
        while (batch := self._batches.get()) is not None:
            found: dict[bytes, SessionRecord] | Exception
            try:
                found = self._find([digest for digest, _, _ in batch])
            except Exception as error:  # noqa: BLE001 - each of those who wait gets it
                found = error
            try:
                batch[0][2].get_loop().call_soon_threadsafe(self._deliver, batch, found)
            except RuntimeError:  # the loop is closed: nobody waits any more
                self._busy = False

    def _find(self, digests: list[bytes]) -> dict[bytes, SessionRecord]:
        found: dict[bytes, SessionRecord] = {}
        for start in range(0, len(digests), _MOST_AT_ONCE):
            some = digests[start : start + _MOST_AT_ONCE]
            marks = ", ".join("?" * len(some))
            rows = self._connection.execute(f"{SELECT}WHERE digest IN ({marks})", some).fetchall()
            found.update((row[0], to_record(row)) for row in rows)
        return found

    def _deliver(self, batch: list[_Ask], found: "dict[bytes, SessionRecord] | Exception") -> None:
        """On the loop: wake those who asked, let them ask again, and only then send the next batch off.

        So the thread works while the loop has nothing to do, and neither waits for the other's interpreter lock.
        """
        for digest, now, answer in batch:
            if answer.done():  # whoever asked was cancelled meanwhile
                continue
            if isinstance(found, Exception):
                answer.set_exception(found)
            else:
                record = found.get(digest)
                answer.set_result(record if record is not None and record.is_alive(now) else None)
        batch[0][2].get_loop().call_soon(self._send)

    def _send(self) -> None:
        batch, self._next = self._next, []
        if batch:
            self._batches.put(batch)
        else:
            self._busy = False
