"""The limiter as a block, with every store; and a store that fails, is killed, and comes back."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from vallum.base.errors import ConfigError
from vallum.guard.http.rate_limit import Limiter, LimiterDownError, RateLimitedError
from vallum.guard.http.rate_meter import RETRY_SECONDS, Meter
from vallum.guard.http.rates import read_rate
from vallum.guard.logging.events import Event, Level
from vallum.stores.limits import Charge, Decision, LimitStore
from vallum.stores.limits_memory import MemoryLimits
from vallum.stores.limits_sqlite import SqliteLimits
from vallum.stores.limits_valkey import ValkeyLimits


class FailingLimits:
    """Answers as memory does while it is up, and counts how often it was asked."""

    shared = True
    at_once = True

    def __init__(self) -> None:
        self.up = True
        self.asked = 0
        self._memory = MemoryLimits()

    def take(self, subject: str, charges: Sequence[Charge], now: int) -> Decision:
        self._answer()
        return self._memory.take(subject, charges, now)

    def forget(self, subject: str, limit: str) -> None:
        self._answer()
        self._memory.forget(subject, limit)

    def _answer(self) -> None:
        self.asked += 1
        if not self.up:
            raise ConnectionError("password=hunter2 refused")


@pytest.fixture(params=["memory", "sqlite", "valkey"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LimitStore]:
    if request.param == "memory":
        yield MemoryLimits()
        return
    kept: Any = SqliteLimits(tmp_path / "limits.sqlite") if request.param == "sqlite" else None
    if kept is None:
        socket = request.getfixturevalue("valkey").unix_socket_path
        kept = ValkeyLimits(f"unix://{socket}", server_time=False)
        kept._client.flushall()
    yield kept
    kept.close()


def limiter(
    store: LimitStore | None, clock: Any, events: list[Event], rate: str = "5/15 minutes", **more: Any
) -> Limiter:
    return Limiter(rate, name="login", store=store, clock=clock, sink=events.append, **more)


def test_counts_down_and_refuses(store: LimitStore, clock: Any, events: list[Event]) -> None:
    login = limiter(store, clock, events)

    async def six() -> list[int]:
        return [await login.take("ada@example.org") for _ in range(5)]

    assert asyncio.run(six()) == [4, 3, 2, 1, 0]
    with pytest.raises(RateLimitedError) as refused:
        asyncio.run(login.take("ada@example.org"))
    assert (refused.value.status, refused.value.retry_after) == (429, 180)
    assert login.take_now("bob@example.org") == 4
    clock.now += 180
    assert login.take_now("ada@example.org") == 0


def test_a_spelling_is_no_way_around(store: LimitStore, clock: Any, events: list[Event]) -> None:
    login = limiter(store, clock, events, "1/minute")
    login.take_now("ada@example.org")
    for spelling in ("Ada@Example.ORG", "  ada@example.org", "ａda@example.org"):  # noqa: RUF001 - a wide letter
        with pytest.raises(RateLimitedError):
            login.take_now(spelling)


def test_costs_count(store: LimitStore, clock: Any, events: list[Event]) -> None:
    mails = limiter(store, clock, events, "10/hour")
    assert mails.take_now("ada", cost=8) == 2
    with pytest.raises(RateLimitedError) as refused:
        mails.take_now("ada", cost=3)
    assert refused.value.retry_after == 360
    with pytest.raises(RateLimitedError):
        mails.take_now("ada", cost=11)
    with pytest.raises(ConfigError):
        mails.take_now("ada", cost=-1)
    assert mails.take_now("ada", cost=2) == 0


def test_an_administrator_resets(store: LimitStore, clock: Any, events: list[Event]) -> None:
    login = limiter(store, clock, events, "1/minute")
    login.take_now("ada")
    login.take_now("bob")
    asyncio.run(login.reset("ADA"))
    assert login.take_now("ada") == 0
    login.reset_now("ada")
    assert login.take_now("ada") == 0
    with pytest.raises(RateLimitedError):
        login.take_now("bob")


def test_needs_a_store_outside_of_a_request(clock: Any, events: list[Event]) -> None:
    with pytest.raises(ConfigError, match="store"):
        limiter(None, clock, events).take_now("ada")


@pytest.mark.parametrize(("rate", "name"), [("often", "login"), ("5/minute", "")])
def test_refuses_contradictions_when_built(rate: str, name: str) -> None:
    with pytest.raises(ConfigError):
        Limiter(rate, name=name)


def test_a_failing_store_lets_nothing_through_and_recovers(clock: Any, events: list[Event]) -> None:
    store = FailingLimits()
    login = limiter(store, clock, events)
    login.take_now("ada")
    store.up = False
    for _ in range(10):
        with pytest.raises(LimiterDownError) as refused:
            login.take_now("ada")
        assert refused.value.status == 503
    assert store.asked == 2, "a store that is down is not asked by every request"
    store.up = True
    with pytest.raises(LimiterDownError):
        login.take_now("ada")
    clock.now += RETRY_SECONDS
    assert login.take_now("ada") == 3
    assert [(event.name, event.level) for event in events] == [
        ("rate-limit-store-failed", Level.ERROR),
        ("rate-limit-store-recovered", Level.INFO),
    ]
    assert "ConnectionError" in events[0].detail["error"]


def test_only_one_request_a_second_tries_a_store_that_is_down(clock: Any, events: list[Event]) -> None:
    store = FailingLimits()
    store.up = False
    login = limiter(store, clock, events)
    for _ in range(30):
        with pytest.raises(LimiterDownError):
            login.take_now("ada")
        clock.now += 0.125
    assert store.asked == 4
    assert len(events) == 1


def test_a_clock_set_back_does_not_keep_a_store_down(clock: Any, events: list[Event]) -> None:
    store = FailingLimits()
    store.up = False
    login = limiter(store, clock, events)
    with pytest.raises(LimiterDownError):
        login.take_now("ada")
    store.up = True
    clock.now -= 3600
    assert login.take_now("ada") == 4


def test_opens_where_the_policy_says_so(clock: Any, events: list[Event]) -> None:
    store = FailingLimits()
    store.up = False
    search = limiter(store, clock, events, "1/minute", unsafe_fail_open=True)
    assert [search.take_now("ada") for _ in range(3)] == [0, 0, 0]
    assert [event.name for event in events] == ["rate-limit-store-failed"]
    store.up = True
    clock.now += RETRY_SECONDS
    search.take_now("ada")
    with pytest.raises(RateLimitedError):
        search.take_now("ada")


def test_a_reset_that_was_lost_is_told(clock: Any, events: list[Event]) -> None:
    store = FailingLimits()
    store.up = False
    with pytest.raises(LimiterDownError):
        limiter(store, clock, events).reset_now("ada")
    assert [event.name for event in events] == ["rate-limit-store-failed"]


@pytest.mark.parametrize("is_open", [False, True])
def test_a_server_killed_under_load_closes_and_comes_back(
    is_open: bool, start_valkey: Callable[..., Any], clock: Any, events: list[Event]
) -> None:
    server = start_valkey()
    store = ValkeyLimits(f"unix://{server.unix_socket_path}")
    meter = Meter(store, clock, events.append)
    charge = read_rate("1000000/day").charge("load")
    phases: dict[str, list[Decision | None]] = {"before": [], "down": [], "starting": [], "after": []}
    phase, taken, stopped = "before", threading.Semaphore(0), threading.Event()

    def work() -> None:
        while not stopped.is_set():
            results = phases[phase]
            results.append(meter.take("ada", (charge,)))
            taken.release()

    def wait(times: int) -> None:
        target = len(phases[phase]) + times
        while len(phases[phase]) < target:
            assert taken.acquire(timeout=30)

    workers = [threading.Thread(target=work, daemon=True) for _ in range(4)]
    for worker in workers:
        worker.start()
    wait(100)
    server.terminate()
    phase = "down"
    wait(100)
    clock.now += RETRY_SECONDS
    wait(100)
    phase = "starting"
    server.start()
    while phases["starting"].count(None) == len(phases["starting"]):
        clock.now += RETRY_SECONDS
        wait(20)
    phase = "after"
    wait(100)
    stopped.set()
    for worker in workers:
        worker.join()
    assert None not in phases["before"][:100]
    assert set(phases["down"]) == {None}
    assert None not in phases["after"]
    names = [event.name for event in events]
    assert names == ["rate-limit-store-failed", "rate-limit-store-recovered"]
    login = limiter(store, clock, events, unsafe_fail_open=is_open)
    server.terminate()
    if is_open:
        assert login.take_now("ada") == 0
    else:
        with pytest.raises(LimiterDownError):
            login.take_now("ada")
    store.close()
