"""One suite for every session store."""

import stat
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.stores.memory import PURGE_EVERY, MemorySessions
from vallum.stores.sessions import SessionRecord, SessionStore
from vallum.stores.sqlite import SqliteSessions

NOW = 1_000.0


def record(name: str, **changes: Any) -> SessionRecord:
    fields: dict[str, Any] = {
        "digest": name.encode().ljust(32, b"."),
        "actor_id": "ada",
        "roles": ("writer",),
        "created": NOW,
        "seen": NOW,
        "idle_seconds": 1800.0,
        "deadline": NOW + 86_400,
        "address": "203.0.113.9",
        "agent": "Firefox",
        "data": {"theme": "dark"},
    }
    return SessionRecord(**fields | changes)


@pytest.fixture
def store(sessions: SessionStore) -> SessionStore:
    return sessions


def test_reads_back_what_was_created(store: SessionStore) -> None:
    assert store.create(record("a"))
    assert store.read(record("a").digest, NOW) == record("a")


def test_an_unknown_digest_reads_nothing(store: SessionStore) -> None:
    assert store.read(b"x" * 32, NOW) is None


def test_a_digest_is_taken_once(store: SessionStore) -> None:
    assert store.create(record("a"))
    assert not store.create(record("a", actor_id="eve"))
    found = store.read(record("a").digest, NOW)
    assert found is not None
    assert found.actor_id == "ada"


@pytest.mark.parametrize(("later", "alive"), [(1799, True), (1800, False), (1801, False)])
def test_idle_limit(store: SessionStore, later: int, alive: bool) -> None:
    store.create(record("a"))
    assert (store.read(record("a").digest, NOW + later) is not None) is alive


def test_use_moves_the_idle_limit_but_not_the_deadline(store: SessionStore) -> None:
    store.create(record("a", deadline=NOW + 3000))
    assert store.touch(record("a").digest, NOW + 1700)
    assert store.read(record("a").digest, NOW + 2999) is not None
    assert store.read(record("a").digest, NOW + 3000) is None


def test_a_touch_does_not_go_back_in_time(store: SessionStore) -> None:
    store.create(record("a"))
    store.touch(record("a").digest, NOW + 500)
    store.touch(record("a").digest, NOW + 100)
    found = store.read(record("a").digest, NOW + 500)
    assert found is not None
    assert found.seen == NOW + 500


def test_create_ends_the_session_it_replaces(store: SessionStore) -> None:
    store.create(record("a"))
    assert store.create(record("b"), instead_of=record("a").digest)
    assert store.read(record("a").digest, NOW) is None


def test_rotation_moves_a_living_session(store: SessionStore) -> None:
    store.create(record("a"))
    assert store.rotate(record("a").digest, record("b", roles=("admin",)), NOW)
    assert store.read(record("a").digest, NOW) is None
    found = store.read(record("b").digest, NOW)
    assert found is not None
    assert found.roles == ("admin",)


def test_rotation_to_a_taken_digest_is_refused(store: SessionStore) -> None:
    store.create(record("a"))
    store.create(record("b", actor_id="bob"))
    assert not store.rotate(record("a").digest, record("b"), NOW)
    assert store.read(record("a").digest, NOW) is not None


WRITES: dict[str, Callable[[SessionStore, bytes, float], bool]] = {
    "touch": lambda store, digest, now: store.touch(digest, now),
    "change": lambda store, digest, now: store.change(digest, {"theme": "light"}, now),
    "rotate": lambda store, digest, now: store.rotate(digest, record("new"), now),
}


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("end", ["deleted", "idle", "too old", "never there"])
def test_no_write_revives_a_dead_session(store: SessionStore, write: str, end: str) -> None:
    digest = record("a").digest
    if end != "never there":
        store.create(record("a", deadline=NOW + 1000 if end == "too old" else NOW + 86_400))
    if end == "deleted":
        assert store.delete(digest)
    now = {"idle": NOW + 1801, "too old": NOW + 1001}.get(end, NOW)
    assert not WRITES[write](store, digest, now)
    assert store.read(digest, now) is None
    assert store.read(record("new").digest, now) is None


def test_changes_merge_by_key_and_none_removes(store: SessionStore) -> None:
    store.create(record("a"))
    assert store.change(record("a").digest, {"theme": None, "page": {"n": [1, 2.5, True]}}, NOW)
    found = store.read(record("a").digest, NOW)
    assert found is not None
    assert dict(found.data) == {"page": {"n": [1, 2.5, True]}}


def test_delete_tells_whether_it_was_there(store: SessionStore) -> None:
    store.create(record("a"))
    assert store.delete(record("a").digest)
    assert not store.delete(record("a").digest)


def test_all_sessions_of_an_actor_end_but_one(store: SessionStore) -> None:
    for name in "abc":
        store.create(record(name))
    store.create(record("other", actor_id="bob"))
    assert store.delete_actor("ada", but=record("b").digest) == 2
    assert [row.digest for row in store.list_actor("ada", NOW)] == [record("b").digest]
    assert store.delete_actor("ada") == 1
    assert store.read(record("other").digest, NOW) is not None


def test_lists_the_living_sessions_of_an_actor_oldest_first(store: SessionStore) -> None:
    store.create(record("late", created=NOW + 5))
    store.create(record("early"))
    store.create(record("dead", deadline=NOW))
    store.create(record("other", actor_id="bob"))
    assert [row.digest for row in store.list_actor("ada", NOW)] == [record("early").digest, record("late").digest]


def test_purge_removes_the_dead_only(store: SessionStore) -> None:
    store.create(record("idle"))
    store.create(record("fresh", seen=NOW + 1000))
    store.create(record("old", seen=NOW + 1000, deadline=NOW + 1500))
    assert store.purge(NOW + 1800) == 2
    assert store.read(record("fresh").digest, NOW + 1800) is not None


def test_one_of_many_rotations_wins(store: SessionStore) -> None:
    store.create(record("a"))
    start = threading.Barrier(8)

    def rotate(number: int) -> bool:
        start.wait()
        return store.rotate(record("a").digest, record(f"new{number}"), NOW)

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(rotate, range(8)))
    assert won.count(True) == 1
    assert len(store.list_actor("ada", NOW)) == 1


def test_parallel_changes_to_different_keys_all_stay(store: SessionStore) -> None:
    store.create(record("a", data={}))
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda n: store.change(record("a").digest, {f"k{n}": n}, NOW), range(64)))
    found = store.read(record("a").digest, NOW)
    assert all(done)
    assert found is not None
    assert len(found.data) == 64


def test_a_logout_among_slow_requests_is_final(store: SessionStore) -> None:
    store.create(record("a"))
    digest = record("a").digest

    def work(number: int) -> None:
        if number == 20:
            store.delete(digest)
        elif number % 2:
            store.change(digest, {"n": number}, NOW)
        else:
            store.touch(digest, NOW + number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(60)))
    assert store.read(digest, NOW) is None


@given(
    st.dictionaries(
        st.text(max_size=8), st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(), max_size=4
    )
)
def test_data_round_trip(tmp_path_factory: pytest.TempPathFactory, data: dict[str, Any]) -> None:
    kept = {key: value for key, value in data.items() if value is not None}
    sqlite = SqliteSessions(tmp_path_factory.mktemp("trip") / "s")
    try:
        for store in (MemorySessions(), sqlite):
            store.create(record("a", data={}))
            store.change(record("a").digest, data, NOW)
            found = store.read(record("a").digest, NOW)
            assert found is not None
            assert dict(found.data) == kept
    finally:
        sqlite.close()


def test_memory_forgets_the_dead_by_itself() -> None:
    store = MemorySessions()
    store.create(record("dead", deadline=NOW))
    for number in range(PURGE_EVERY):
        store.create(record(f"n{number}"))
    assert record("dead").digest not in store._rows


def test_the_file_is_for_its_owner_only_and_outlives_the_process(tmp_path: Path) -> None:
    path = tmp_path / "sessions.sqlite"
    first = SqliteSessions(path)
    first.create(record("a"))
    first.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    second = SqliteSessions(path)
    assert second.read(record("a").digest, NOW) == record("a")
    second.close()


def test_two_processes_see_the_same_sessions(tmp_path: Path) -> None:
    one, other = SqliteSessions(tmp_path / "s"), SqliteSessions(tmp_path / "s")
    one.create(record("a"))
    assert other.delete(record("a").digest)
    assert one.read(record("a").digest, NOW) is None
    one.close()
    other.close()


def test_changes_of_two_processes_all_stay(tmp_path: Path) -> None:
    stores = [SqliteSessions(tmp_path / "s") for _ in range(4)]
    stores[0].create(record("a", data={}))
    with ThreadPoolExecutor(4) as pool:
        work = pool.map(lambda n: stores[n % 4].change(record("a").digest, {f"k{n}": n}, NOW), range(80))
        assert all(work)
    found = stores[0].read(record("a").digest, NOW)
    assert found is not None
    assert len(found.data) == 80
    for store in stores:
        store.close()


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    store = SqliteSessions(tmp_path / "s")
    with pytest.raises(TypeError):
        store.create(record("a", data={"x": object()}))
    assert store.create(record("a"))
    store.close()
