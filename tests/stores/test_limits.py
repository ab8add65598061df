"""One suite for every store of rate limits: memory, SQLite, a real Valkey."""

import itertools
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from redis import Redis
from redis.cluster import RedisCluster

from vallum.base.errors import ConfigError
from vallum.stores.limits import Charge, LimitStore
from vallum.stores.limits_memory import MemoryLimits
from vallum.stores.limits_sqlite import SqliteLimits
from vallum.stores.limits_valkey import ValkeyLimits

SECOND = 1_000_000
NOW = 1_800_000_000 * SECOND
SUBJECTS = (f"subject-{number}" for number in itertools.count())


@pytest.fixture(params=["memory", "sqlite", "valkey"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LimitStore]:
    if request.param == "memory":
        yield MemoryLimits()
        return
    kept: Any = SqliteLimits(tmp_path / "limits.sqlite") if request.param == "sqlite" else None
    if kept is None:
        socket = request.getfixturevalue("valkey").unix_socket_path
        kept = ValkeyLimits(f"unix://{socket}", server_time=False)
    yield kept
    kept.close()


@pytest.fixture
def subject() -> str:
    return next(SUBJECTS)


def charge(count: int = 10, seconds: int = 60, cost: int = 1, limit: str = "search") -> Charge:
    interval = -(-seconds * SECOND // count)
    return Charge(limit=limit, interval=interval, tolerance=interval * count, increment=interval * cost)


def take(store: LimitStore, subject: str, *charges: Charge, after: float = 0) -> bool:
    return store.take(subject, charges, NOW + int(after * SECOND))[0]


def test_lets_through_exactly_the_number(store: LimitStore, subject: str) -> None:
    assert [take(store, subject, charge(7)) for _ in range(9)] == [True] * 7 + [False] * 2


def test_pays_off_one_unit_per_interval(store: LimitStore, subject: str) -> None:
    assert all(take(store, subject, charge(10)) for _ in range(10))
    assert not take(store, subject, charge(10), after=5.999_999)
    assert take(store, subject, charge(10), after=6)
    assert not take(store, subject, charge(10), after=6)
    assert [take(store, subject, charge(10), after=66) for _ in range(11)] == [True] * 10 + [False]


def test_debts_are_told_in_microseconds(store: LimitStore, subject: str) -> None:
    assert store.take(subject, [charge(10, cost=4)], NOW)[1][0] == 24 * SECOND
    assert store.take(subject, [charge(10, cost=6)], NOW + 4 * SECOND)[1][0] == 56 * SECOND
    refused = store.take(subject, [charge(10)], NOW + 4 * SECOND)
    assert (refused[0], refused[1][0]) == (False, 56 * SECOND)


def test_a_refusal_costs_nothing(store: LimitStore, subject: str) -> None:
    assert take(store, subject, charge(10, cost=8))
    assert not take(store, subject, charge(10, cost=3))
    assert take(store, subject, charge(10, cost=2))


def test_a_cost_above_the_limit_never_fits(store: LimitStore, subject: str) -> None:
    assert not take(store, subject, charge(3, cost=4))
    assert take(store, subject, charge(3, cost=3))


def test_subjects_and_limits_are_apart(store: LimitStore, subject: str) -> None:
    assert take(store, subject, charge(1))
    assert not take(store, subject, charge(1))
    assert take(store, f"{subject}'s neighbour", charge(1))
    assert take(store, subject, charge(1, limit="export"))


@pytest.mark.parametrize("name", ["}{", "", "ä€\0\n", "x" * 3000, "\udcff"])
def test_any_text_is_a_subject(store: LimitStore, subject: str, name: str) -> None:
    both = [charge(1), charge(2, limit="a}b")]
    assert store.take(name + subject, both, NOW)[0]
    assert not store.take(name + subject, both, NOW)[0]


def test_several_charges_are_taken_together_or_not_at_all(store: LimitStore, subject: str) -> None:
    burst, day = charge(2, 1, limit="burst"), charge(3, 86_400, limit="day")
    assert take(store, subject, burst, day)
    assert take(store, subject, burst, day)
    refused = store.take(subject, [burst, day], NOW)
    assert not refused[0]
    assert list(refused[1]) == [SECOND, 2 * 28_800 * SECOND]
    assert take(store, subject, day), "the refusal took nothing of the day"
    assert not take(store, subject, burst, day, after=1), "the day is used up"
    assert take(store, subject, burst, after=1), "and that refusal took nothing of the burst"
    assert take(store, subject, burst, after=1)


def test_forgets_on_demand(store: LimitStore, subject: str) -> None:
    assert take(store, subject, charge(1), charge(1, limit="export"))
    store.forget(subject, "search")
    assert take(store, subject, charge(1))
    assert not take(store, subject, charge(1, limit="export"))
    store.forget(next(SUBJECTS), "search")


def test_a_clock_set_back_costs_at_most_a_window(store: LimitStore, subject: str) -> None:
    assert take(store, subject, charge(2, 60), after=86_400)
    assert not take(store, subject, charge(2, 60))
    refused = store.take(subject, [charge(2, 60)], NOW)
    assert refused[1][0] == 60 * SECOND


def test_a_lowered_limit_counts_at_once(store: LimitStore, subject: str) -> None:
    assert take(store, subject, charge(1000, 86_400, cost=900))
    assert not take(store, subject, charge(5, 60))
    assert not take(store, subject, charge(5, 60), charge(5, 60, limit="export"))


def test_threads_share_one_count(store: LimitStore, subject: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: take(store, subject, charge(50, 3600), charge(99, limit="b")), range(160)))
    assert sum(taken) == 50


STEPS = st.lists(st.tuples(st.integers(0, 30_000_000), st.integers(1, 3), st.booleans()), max_size=30)


@given(steps=STEPS, count=st.integers(1, 20), seconds=st.integers(1, 90))
@example(steps=[(0, 1, False)] * 8, count=7, seconds=1)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_agrees_with_a_bucket_that_leaks(store: LimitStore, steps: Any, count: int, seconds: int) -> None:
    """The other way to tell GCRA: a bucket of `tolerance` leaks all the time, and what would overflow is refused."""
    name, level, now = next(SUBJECTS), 0, NOW
    for wait, cost, both in steps:
        asked = charge(count, seconds, cost)
        now, level = now + wait, max(level - wait, 0)
        fits = level + asked.increment <= asked.tolerance
        level += asked.increment if fits else 0
        charges = [asked, charge(10_000, 60, limit="wide")] if both else [asked]
        decision = store.take(name, charges, now)
        assert (decision[0], decision[1][0]) == (fits, level)


EIGHT_PROCESSES = """
import multiprocessing, {preload}
from vallum.stores.limits import Charge
from vallum.stores.{module} import {name}

def work(barrier, counts):
    store = {name}({place!r}{options})
    charges = [Charge("a", 10**6, 10**6 * 300, 10**6), Charge("b", 10**6, 10**6 * 999, 10**6)][:{limits}]
    barrier.wait(timeout=60)
    counts.put(sum(store.take({subject!r}, charges, {now})[0] for _ in range(100)))

context = multiprocessing.get_context("fork")
barrier, counts = context.Barrier(8), context.Queue()
workers = [context.Process(target=work, args=(barrier, counts), daemon=True) for _ in range(8)]
[worker.start() for worker in workers]
print(*[counts.get(timeout=60) for _ in workers])
"""


@pytest.mark.parametrize("limits", [1, 2])
@pytest.mark.parametrize("kind", ["sqlite", "valkey"])
def test_eight_processes_share_one_count(
    kind: str, limits: int, subject: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    module, name, options, preload = "limits_sqlite", "SqliteLimits", "", "sqlite3"
    place = str(tmp_path / "limits.sqlite")
    if kind == "valkey":
        place = f"unix://{request.getfixturevalue('valkey').unix_socket_path}"
        module, name, options, preload = "limits_valkey", "ValkeyLimits", ", server_time=False", "redis"
    code = EIGHT_PROCESSES.format(
        module=module, name=name, place=place, options=options, subject=subject, limits=limits, now=NOW, preload=preload
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=180)
    taken = [int(count) for count in ran.stdout.split()]
    assert len(taken) == 8
    assert sum(taken) == 300


def test_memory_drops_what_is_paid() -> None:
    store = MemoryLimits()
    for number in range(1000):
        take(store, str(number), charge(10, 60), after=number)
    assert len(store) < 40


def test_memory_never_drops_what_counts() -> None:
    store = MemoryLimits(most_keys=50)
    assert take(store, "victim", charge(1, 3600))
    for number in range(5000):
        take(store, f"attacker {number}", charge(1, 3600))
    assert len(store) <= 50 + 1024
    assert not take(store, "victim", charge(1, 3600))
    assert not take(store, "attacker 0", charge(1, 3600))
    assert take(store, "newcomer", charge(1, 3600), after=3601), "room is made as the time passes"


def test_memory_must_have_room() -> None:
    with pytest.raises(ConfigError, match="most_keys"):
        MemoryLimits(most_keys=0)


def test_sqlite_keeps_counts_over_a_restart(tmp_path: Path) -> None:
    for allowed in (True, False):
        store = SqliteLimits(tmp_path / "limits.sqlite")
        assert take(store, "ada@example.org", charge(1, 3600)) is allowed
        store.close()
    assert stat.S_IMODE((tmp_path / "limits.sqlite").stat().st_mode) == 0o600
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"ada@example.org" not in kept


def test_sqlite_drops_what_is_paid(tmp_path: Path) -> None:
    store = SqliteLimits(tmp_path / "limits.sqlite")
    for number in range(600):
        take(store, str(number), charge(10, 60))
    for _ in range(64 * 8):
        take(store, "late", charge(1000, 60), after=100)
    rows = store._connection.execute("SELECT count(*) FROM vallum_limit").fetchone()[0]
    assert rows == 1
    store.close()


def test_sqlite_takes_nothing_when_a_statement_fails(tmp_path: Path) -> None:
    store = SqliteLimits(tmp_path / "limits.sqlite")
    broken = Charge("export", 1, 2**70, 1)
    with pytest.raises(OverflowError):
        store.take("ada", [charge(1), broken], NOW)
    assert take(store, "ada", charge(1))
    store.close()


def test_valkey_names_nobody_and_lets_keys_expire(valkey: Any) -> None:
    client = Redis(unix_socket_path=str(valkey.unix_socket_path))
    client.flushall()
    take(ValkeyLimits(client, server_time=False), "ada@example.org", charge(10, 60, cost=2))
    (key,) = client.keys()
    assert b"ada" not in key
    assert 11_000 < client.pttl(key) <= 12_001
    client.close()


def test_valkey_counts_by_its_own_clock(valkey: Any, subject: str) -> None:
    store = ValkeyLimits(f"unix://{valkey.unix_socket_path}")
    assert take(store, subject, charge(1, 86_400))
    assert not take(store, subject, charge(1, 86_400), after=1e6), "a worker whose clock runs ahead gains nothing"
    client = Redis(unix_socket_path=str(valkey.unix_socket_path))
    seconds, microseconds = client.time()
    paid_at = int(client.get(f"vallum:limit:{{{digest(subject)}}}:search"))
    assert 0 <= seconds * SECOND + microseconds + 86_400 * SECOND - paid_at < 60 * SECOND
    client.close()
    store.close()


def digest(subject: str) -> str:
    return blake2b(subject.encode(), digest_size=16).hexdigest()


def test_valkey_loads_its_script_again(valkey: Any, subject: str) -> None:
    client = Redis(unix_socket_path=str(valkey.unix_socket_path))
    store = ValkeyLimits(client, server_time=False)
    client.script_flush()
    assert take(store, subject, charge(2))
    before = client.info("commandstats")["cmdstat_eval"]["calls"]
    assert take(store, subject, charge(2))
    assert not take(store, subject, charge(2))
    assert client.info("commandstats")["cmdstat_eval"]["calls"] == before, "the digest of the script was enough"
    client.close()


def test_valkey_raises_what_the_server_says(valkey: Any, subject: str) -> None:
    client = Redis(unix_socket_path=str(valkey.unix_socket_path))
    client.lpush(f"vallum:limit:{{{digest(subject)}}}:search", "not a number")
    with pytest.raises(Exception, match="WRONGTYPE"):
        take(ValkeyLimits(client), subject, charge(2))
    client.close()


def test_a_cluster_takes_several_charges_in_one_slot(start_valkey: Callable[..., Any], subject: str) -> None:
    server = start_valkey(**{"cluster-enabled": "yes"})
    node = Redis(port=server.port)
    node.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
    while node.cluster("info")["cluster_state"] != "ok":
        pass
    with RedisCluster(host="127.0.0.1", port=server.port) as cluster:
        store = ValkeyLimits(cluster, server_time=False)
        both = [charge(1), charge(5, limit="export")]
        assert [store.take(subject, both, NOW)[0] for _ in range(2)] == [True, False]
        assert [store.take("}{" + subject, both, NOW)[0] for _ in range(2)] == [True, False]
    node.close()


@pytest.mark.parametrize("url", ["http://127.0.0.1", "memory://", "127.0.0.1:6379", ""])
def test_valkey_needs_an_address(url: str) -> None:
    with pytest.raises(ConfigError, match="URL"):
        ValkeyLimits(url)


def test_valkey_takes_its_own_schemes() -> None:
    plain, tls = ValkeyLimits("valkey://u:p@127.0.0.1:7000/3"), ValkeyLimits("valkeys://127.0.0.1")
    settings = plain._client.connection_pool.connection_kwargs
    assert (settings["port"], settings["db"], settings["password"]) == (7000, 3, "p")
    assert tls._client.connection_pool.connection_class.__name__ == "SSLConnection"
    assert "p@" not in repr(plain)


def test_valkey_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(ConfigError, match="pip install"):
        ValkeyLimits("valkey://127.0.0.1")
