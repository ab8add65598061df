"""A server that is killed under load and comes back: nothing acknowledged is lost, nobody gets in, nothing restarts."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from vallum.stores.memory.accounts import MemoryAccounts
from vallum.stores.migrations import upgrade_database
from vallum.stores.proofs import ProofRecord
from vallum.stores.sessions import SessionRecord
from vallum.stores.sql.postgres import PostgresDatabase
from vallum.stores.sql.proofs import SqlProofs
from vallum.stores.sql.sessions import SqlSessions
from vallum.stores.sql.sqlite import SqliteDatabase
from vallum.stores.valkey.proofs import ValkeyProofs
from vallum.stores.valkey.revocations import ValkeyRevocations
from vallum.stores.valkey.sessions import ValkeySessions

NOW = 1_000.25
WORKERS = 4
PATIENCE = 60
DOWN = (psycopg.OperationalError, redis.ConnectionError)
WRITER = """
import sys
from vallum.stores.sql.proofs import SqlProofs
from vallum.stores.sql.sqlite import SqliteDatabase
from tests.stores.conformance.test_restart import proof

store = SqlProofs(SqliteDatabase(sys.argv[1]))
number = 0
while True:
    number += 1
    store.put(proof(f"p{number}"))
    if number % 2:
        store.consume(proof(f"p{number}").digest, "reset", 1_000.25)
    print(number, flush=True)
"""


def session(name: str) -> SessionRecord:
    digest = name.encode().ljust(32, b".")
    return SessionRecord(
        digest=digest, actor_id="ada", created=NOW, seen=NOW, idle_seconds=1800.0, deadline=NOW + 86_400
    )


def proof(name: str) -> ProofRecord:
    return ProofRecord(digest=name.encode().ljust(32, b"."), purpose="reset", created=NOW, deadline=NOW + 900)


class Server:
    """What the tests need of a server: its stores, and the two switches."""

    def __init__(self, sessions: Any, proofs: Any, kill: Callable[[], None], start: Callable[[], None]) -> None:
        self.sessions, self.proofs, self.kill, self.start = sessions, proofs, kill, start


@pytest.fixture(params=["postgres", "valkey"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    if request.param == "postgres":
        own = request.getfixturevalue("start_postgres")()
        url = own.create()
        upgrade_database(url)
        database = PostgresDatabase(url, wait_seconds=0.5)
        yield Server(SqlSessions(database), SqlProofs(database), own.kill, own.start)
        database.close()
        return
    valkey = request.getfixturevalue("start_valkey")(appendonly="yes")
    address = f"unix://{valkey.unix_socket_path}"
    sessions, proofs = ValkeySessions(address), ValkeyProofs(address)
    yield Server(sessions, proofs, valkey.terminate, valkey.start)
    sessions.close()
    proofs.close()


class Load:
    """Workers that write without pause and note what the store acknowledged."""

    def __init__(self, server: Server) -> None:
        self.created: list[str] = []
        self.consumed: list[str] = []
        self.failed = [0] * WORKERS
        self.done = [0] * WORKERS
        self._server = server
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(place,)) for place in range(WORKERS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _work(self, place: int) -> None:
        number = 0
        while not self._over.is_set():
            number += 1
            name = f"{place}.{number}"
            try:
                if self._server.sessions.create(session(name)):
                    self.created.append(name)
                self._server.proofs.put(proof(name))
                if self._server.proofs.consume(proof(name).digest, "reset", NOW):
                    self.consumed.append(name)
                self.done[place] += 1
            except Exception:  # noqa: BLE001 - each driver has errors of its own
                self.failed[place] += 1


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_killed_under_load_and_back(server: Server) -> None:
    load = Load(server)
    try:
        wait_until(lambda: min(load.done) >= 20)
        server.kill()
        wait_until(lambda: min(load.failed) >= 1)
        with pytest.raises(DOWN):
            server.sessions.read(session("0.1").digest, NOW)
        with pytest.raises(DOWN):
            server.proofs.look(proof("0.1").digest, "reset", NOW)
        before = list(load.done)
        server.start()
        wait_until(lambda: all(now > then + 5 for now, then in zip(load.done, before, strict=True)))
    finally:
        load.stop()
    assert len(load.created) >= 25 * WORKERS
    assert [name for name in load.created if server.sessions.read(session(name).digest, NOW) is None] == []
    assert [name for name in load.consumed if server.proofs.consume(proof(name).digest, "reset", NOW)] == []


def test_a_revocation_outlives_its_server(start_valkey: Callable[..., Any]) -> None:
    valkey = start_valkey(appendonly="yes")
    store = ValkeyRevocations(f"unix://{valkey.unix_socket_path}", MemoryAccounts())
    store.revoke("jti", NOW + 900, NOW)
    valkey.terminate()
    with pytest.raises(DOWN):
        store.read("jti", "ada", NOW)
    valkey.start()
    assert store.is_revoked("jti", NOW)
    store.close()


def test_a_worker_killed_while_it_writes_to_sqlite(tmp_path: Path) -> None:
    path = tmp_path / "stores.sqlite"
    command = [sys.executable, "-c", WRITER, str(path)]
    worker = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3])
    assert worker.stdout is not None
    acknowledged = 0
    while acknowledged < 50:
        acknowledged = int(worker.stdout.readline())
    worker.send_signal(signal.SIGKILL)
    acknowledged = max([acknowledged, *map(int, worker.stdout.read().split())])
    worker.wait()
    worker.stdout.close()
    store = SqlProofs(database := SqliteDatabase(path))
    for number in range(1, acknowledged + 1):
        found = store.look(proof(f"p{number}").digest, "reset", NOW)
        assert (found is None) is bool(number % 2), "a consumed proof is gone, an unused one is there"
    database.close()
