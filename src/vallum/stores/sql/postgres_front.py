"""Sessions of PostgreSQL for an event loop: one connection, and one statement for all who asked meanwhile."""

import asyncio
from typing import Final, TypeAlias

from psycopg import AsyncConnection

from vallum.stores.sessions import SessionRecord
from vallum.stores.sql.database import Row
from vallum.stores.sql.postgres import plain_url
from vallum.stores.sql.sessions import SELECT, to_record

_Ask: TypeAlias = tuple[bytes, "asyncio.Future[SessionRecord | None]"]
_READ_ONE: Final = (SELECT + "WHERE digest = %s").encode()
_READ_MANY: Final = (SELECT + "WHERE digest = ANY(%s)").encode()
_MOST_AT_ONCE: Final = 256
_WAIT_SECONDS: Final = 2.0


class PostgresFront:
    """A `SessionFront` of `SqlSessions` on PostgreSQL.

    The first read goes out at once; those that come before its answer go together in the next statement. Raises
    `psycopg.OperationalError` or `TimeoutError` while the server is down; the next read connects again.
    """

    def __init__(self, url: str, *, wait_seconds: float = _WAIT_SECONDS) -> None:
        """Read from the server at `url`; connects at the first use."""
        self._url = plain_url(url)
        self._wait = wait_seconds
        self._connection: AsyncConnection[Row] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._next: list[_Ask] = []
        self._task: asyncio.Task[None] | None = None

    async def read(self, digest: bytes, now: float) -> SessionRecord | None:
        """The living session under `digest`."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._forget(loop)
        answer: asyncio.Future[SessionRecord | None] = loop.create_future()
        self._next.append((digest, answer))
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._serve())
        record = await answer
        return record if record is not None and record.is_alive(now) else None

    async def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    def _forget(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin anew on another loop: what the last one had open cannot be used here."""
        if self._connection is not None:
            self._connection.pgconn.finish()
        self._loop, self._connection, self._task, self._next = loop, None, None, []

    async def _serve(self) -> None:
        while self._next:
            batch, self._next = self._next[:_MOST_AT_ONCE], self._next[_MOST_AT_ONCE:]
            try:
                async with asyncio.timeout(self._wait):
                    found = await self._find([digest for digest, _ in batch])
            except Exception as error:  # noqa: BLE001 - each of those who wait gets it
                await self.close()
                for _, answer in batch:
                    if not answer.done():
                        answer.set_exception(error)
            else:
                for digest, answer in batch:
                    if not answer.done():
                        answer.set_result(found.get(digest))

    async def _find(self, digests: list[bytes]) -> dict[bytes, SessionRecord]:
        connection = self._connection or await self._connect()
        if len(digests) == 1:
            cursor = await connection.execute(_READ_ONE, digests, binary=True)
        else:
            cursor = await connection.execute(_READ_MANY, (digests,), binary=True)
        records = map(to_record, await cursor.fetchall())
        return {record.digest: record for record in records}

    async def _connect(self) -> AsyncConnection[Row]:
        self._connection = await AsyncConnection.connect(
            self._url, autocommit=True, prepare_threshold=1, application_name="vallum"
        )
        return self._connection
