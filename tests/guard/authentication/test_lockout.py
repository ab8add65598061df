"""Ten failures lock, the lock ends by itself and doubles, and a stranger shuts nobody out for good."""

from pathlib import Path
from typing import Any

import pytest

from vallum.base.errors import ConfigError
from vallum.guard.authentication.lockout import DAY, Lockout, LockoutPolicy
from vallum.guard.http.rate_limit import LimiterDownError
from vallum.stores.limits import LimitStore
from vallum.stores.limits_memory import MemoryLimits
from vallum.stores.limits_sqlite import SqliteLimits


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    if request.param == "memory":
        yield MemoryLimits()
    else:
        limits = SqliteLimits(tmp_path / "limits.sqlite")
        yield limits
        limits.close()


@pytest.fixture
def lockout(store: LimitStore, clock: Any) -> Lockout:
    return Lockout(store, clock=clock)


def fail(lockout: Lockout, times: int, account: str = "ann") -> list[bool]:
    return [lockout.note_failure(account) for _ in range(times)]


def test_the_tenth_failure_locks_for_fifteen_minutes(lockout: Lockout, clock: Any) -> None:
    assert fail(lockout, 9) == [False] * 9
    assert not lockout.is_locked("ann")
    assert fail(lockout, 1) == [True]
    assert lockout.is_locked("ann")
    assert not lockout.is_locked("bob")
    clock.now += 899
    assert lockout.is_locked("ann")
    clock.now += 2
    assert not lockout.is_locked("ann")


def test_a_locked_account_counts_nothing(lockout: Lockout, clock: Any) -> None:
    fail(lockout, 10)
    assert fail(lockout, 50) == [False] * 50
    clock.now += 901
    assert fail(lockout, 9) == [False] * 9
    assert not lockout.is_locked("ann")


def test_locks_double_up_to_a_day(lockout: Lockout, clock: Any) -> None:
    lengths = []
    for _ in range(8):
        assert fail(lockout, 10)[-1]
        began = clock.now
        while lockout.is_locked("ann"):
            clock.now += 60
        lengths.append(round((clock.now - began) / 900))
    assert lengths[:5] == [1, 2, 4, 8, 16]
    assert max(lengths) <= DAY / 900


def test_a_success_forgets_the_failures(lockout: Lockout) -> None:
    fail(lockout, 9)
    lockout.note_success("ann")
    assert fail(lockout, 9) == [False] * 9


def test_what_is_old_is_forgotten(lockout: Lockout, clock: Any) -> None:
    for _ in range(30):
        assert fail(lockout, 1) == [False]
        clock.now += DAY + 1


def test_clear_opens_a_lock(lockout: Lockout) -> None:
    fail(lockout, 10)
    lockout.clear("ann")
    assert not lockout.is_locked("ann")
    assert fail(lockout, 9) == [False] * 9


def test_two_workers_see_one_count(tmp_path: Path, clock: Any) -> None:
    first, second = (SqliteLimits(tmp_path / "limits.sqlite") for _ in range(2))
    fail(Lockout(first, clock=clock), 5)
    assert fail(Lockout(second, clock=clock), 5)[-1]
    assert Lockout(first, clock=clock).is_locked("ann")
    first.close()
    second.close()


class Broken(MemoryLimits):
    def take(self, *given: Any) -> Any:
        raise OSError("down")

    def forget(self, *given: Any) -> Any:
        raise OSError("down")


def test_a_store_that_fails_lets_nobody_in_uncounted(clock: Any) -> None:
    broken = Lockout(Broken(), clock=clock, sink=lambda event: None)
    for act in (broken.is_locked, broken.note_failure, broken.note_success, broken.clear):
        with pytest.raises(LimiterDownError):
            act("ann")


@pytest.mark.parametrize(
    "settings",
    [
        {"failures": 1},
        {"failures": 101},
        {"first_seconds": 0},
        {"most_seconds": DAY + 1},
        {"first_seconds": 9, "most_seconds": 8},
    ],
)
def test_a_limit_that_is_none_and_a_lock_for_ever_are_refused(settings: dict[str, int]) -> None:
    with pytest.raises(ConfigError):
        LockoutPolicy(**settings)
