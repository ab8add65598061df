"""The fronts that read sessions for an event loop: they answer as their stores do, alone and in crowds."""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from vallum.stores.front import SessionFront
from vallum.stores.sessions import SessionRecord
from vallum.stores.sql.postgres import PostgresDatabase
from vallum.stores.sql.postgres_front import PostgresFront
from vallum.stores.sql.sessions import SqlSessions
from vallum.stores.sql.sqlite import SqliteDatabase
from vallum.stores.sql.sqlite_front import SqliteFront
from vallum.stores.valkey.front import ValkeyFront, open_front
from vallum.stores.valkey.sessions import ValkeySessions

NOW = 1_000.25


def session(name: str, **changes: Any) -> SessionRecord:
    fields: dict[str, Any] = {"actor_id": "ada", "seen": NOW, "idle_seconds": 1800.0, "data": {"n": [1, 2.5]}}
    digest = name.encode().ljust(32, b".")
    return SessionRecord(**{"digest": digest, "created": NOW, "deadline": NOW + 86_400} | fields | changes)


class Pair:
    """A store, and what opens its front on the loop of a test."""

    def __init__(self, store: Any, open_front: Callable[[], Any]) -> None:
        self.store, self._open = store, open_front

    def run(self, use: Callable[[SessionFront], Any]) -> Any:
        async def inside() -> Any:
            front = self._open()
            try:
                return await use(front)
            finally:
                await front.close()

        return asyncio.run(inside())


@pytest.fixture(params=["sqlite", "postgres", "valkey"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    if request.param == "sqlite":
        database: Any = SqliteDatabase(tmp_path / "a")
        yield Pair(SqlSessions(database), lambda: SqliteFront(database))
        database.close()
    elif request.param == "postgres":
        url = request.getfixturevalue("postgres").empty()
        database = PostgresDatabase(url, wait_seconds=20)
        yield Pair(SqlSessions(database), lambda: PostgresFront(url, wait_seconds=20))
        database.close()
    else:
        url = f"unix://{request.getfixturevalue('valkey').unix_socket_path}"
        store = ValkeySessions(url, prefix="front%b")
        yield Pair(store, lambda: open_front(store, url))
        store.delete_actor("ada")
        store.close()


def test_reads_as_the_store_does(pair: Pair) -> None:
    pair.store.create(session("a"))
    pair.store.create(session("short", digest=b"short"))

    async def use(front: SessionFront) -> None:
        assert await front.read(session("a").digest, NOW) == session("a")
        assert await front.read(b"short", NOW) == session("short", digest=b"short")
        assert await front.read(b"x" * 32, NOW) is None
        assert await front.read(session("a").digest, NOW + 1800) is None, "idle too long"
        await asyncio.to_thread(pair.store.delete, session("a").digest)
        assert await front.read(session("a").digest, NOW) is None, "nothing is remembered"

    pair.run(use)


def test_a_crowd_gets_each_its_own(pair: Pair) -> None:
    names = [f"s{number}" for number in range(150)]
    for name in names:
        pair.store.create(session(name))

    async def use(front: SessionFront) -> None:
        wanted = [*names, "gone", *names]
        found = await asyncio.gather(*[front.read(session(name).digest, NOW) for name in wanted])
        assert found == [None if name == "gone" else session(name) for name in wanted]
        mixed = await asyncio.gather(*[front.read(session("s1").digest, NOW + later) for later in (0, 1800, 5)])
        assert [row is not None for row in mixed] == [True, False, True]

    pair.run(use)


def test_who_goes_away_disturbs_nobody(pair: Pair) -> None:
    pair.store.create(session("a"))

    async def use(front: SessionFront) -> None:
        for _ in range(20):
            leaving = asyncio.create_task(front.read(session("a").digest, NOW))
            staying = asyncio.create_task(front.read(session("a").digest, NOW))
            await asyncio.sleep(0)
            leaving.cancel()
            assert await staying == session("a")
            with contextlib.suppress(asyncio.CancelledError):
                await leaving

    pair.run(use)


def test_a_second_loop_finds_its_way(pair: Pair) -> None:
    pair.store.create(session("a"))

    async def use(front: SessionFront) -> Any:
        return await front.read(session("a").digest, NOW)

    assert [pair.run(use) for _ in range(3)] == [session("a")] * 3


def test_a_broken_table_is_an_error_for_each_and_no_end(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "a")
    store = SqlSessions(database)
    store.create(session("a"))

    async def use(front: SessionFront) -> None:
        database.write("ALTER TABLE vallum_session RENAME TO elsewhere")
        got = await asyncio.gather(*[front.read(b"x", NOW) for _ in range(5)], return_exceptions=True)
        assert all(isinstance(error, Exception) for error in got)
        database.write("ALTER TABLE elsewhere RENAME TO vallum_session")
        assert await front.read(session("a").digest, NOW) == session("a")

    Pair(store, lambda: SqliteFront(database)).run(use)
    database.close()


@pytest.mark.parametrize("kind", ["postgres", "valkey"])
def test_a_server_that_restarts_is_found_again(
    kind: str, start_postgres: Callable[..., Any], start_valkey: Callable[..., Any]
) -> None:
    if kind == "postgres":
        server = start_postgres()
        url, kill = server.empty(), server.kill
        database = PostgresDatabase(url, wait_seconds=20)
        pair = Pair(SqlSessions(database), lambda: PostgresFront(url, wait_seconds=20))
    else:
        server = start_valkey(appendonly="yes")
        url, kill = f"unix://{server.unix_socket_path}", server.terminate
        store = ValkeySessions(url)
        pair = Pair(store, lambda: open_front(store, url))
    pair.store.create(session("a"))

    async def use(front: SessionFront) -> None:
        assert await front.read(session("a").digest, NOW) == session("a")
        kill()
        for _ in range(2):
            with pytest.raises((OSError, psycopg.OperationalError)):
                await front.read(session("a").digest, NOW)
        server.start()
        assert await front.read(session("a").digest, NOW) == session("a")

    pair.run(use)
    (database if kind == "postgres" else store).close()


def test_options_that_only_redis_knows_have_no_front(valkey: Any) -> None:
    store = ValkeySessions("valkey://127.0.0.1:1")
    assert open_front(store, "valkeys://127.0.0.1:1?ssl_ca_certs=/x") is None
    assert isinstance(open_front(store, "valkeys://u:p@127.0.0.1:1/3"), ValkeyFront)
    store.close()
