"""The store around another one, and its front: what it adds, and what it hands on."""

import asyncio
from typing import Any

import pytest

from vallum.guard.identity.standing import EPOCH, Standings, StandingSessions
from vallum.stores.accounts import AccountRecord
from vallum.stores.fronts import open_front
from vallum.stores.memory import MemorySessions
from vallum.stores.memory.accounts import MemoryAccounts
from vallum.stores.sessions import SessionRecord

NOW = 1_800_000_000.0


class SlowAccounts(MemoryAccounts):
    """Accounts behind a network."""

    reads_at_once = False  # type: ignore[misc]  # a double of a store that waits

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def find(self, account_id: str) -> AccountRecord | None:
        self.asked += 1
        return super().find(account_id)


class Front:
    def __init__(self, sessions: MemorySessions) -> None:
        self.sessions = sessions
        self.closed = False

    async def read(self, digest: bytes, now: float) -> SessionRecord | None:
        return self.sessions.read(digest, now)

    async def close(self) -> None:
        self.closed = True


class FrontedSessions(MemorySessions):
    """Sessions behind a network, with a front."""

    reads_at_once = False  # type: ignore[misc]  # as above

    def open_front(self) -> Front:
        return Front(self)


def record(digest: bytes = b"1", actor_id: str = "7", **more: Any) -> SessionRecord:
    return SessionRecord(
        digest=digest, actor_id=actor_id, created=NOW, seen=NOW, idle_seconds=1800, deadline=NOW + 86_400, **more
    )


@pytest.fixture
def accounts() -> SlowAccounts:
    store = SlowAccounts()
    store.create(AccountRecord(id="7", login="ada", created=NOW, epoch=3, roles=("editor",)))
    return store


def test_the_front_judges_as_the_store_does(accounts: SlowAccounts) -> None:
    clock = [NOW]
    standings = Standings(accounts=accounts, clock=lambda: clock[0])
    sessions = StandingSessions(FrontedSessions(), standings)
    assert sessions.create(record())
    front = open_front(sessions)
    assert front is not None

    def read() -> SessionRecord | None:
        return asyncio.run(front.read(b"1", NOW))

    found = read()
    assert found is not None
    assert found.roles == ("editor",)
    asked = accounts.asked
    assert read() is not None
    assert accounts.asked == asked
    assert accounts.change("7", 0, bump=True)
    clock[0] += 5
    assert read() is None
    assert asyncio.run(front.read(b"none", NOW)) is None
    asyncio.run(front.close())


def test_a_store_without_a_front_has_none(accounts: SlowAccounts) -> None:
    sessions = StandingSessions(MemorySessions(), Standings(accounts=accounts, clock=lambda: NOW))
    assert not sessions.reads_at_once
    assert not sessions.writes_at_once
    assert not sessions.shared
    assert open_front(sessions) is None


def test_rotation_carries_the_epoch_and_stays_with_its_account(accounts: SlowAccounts) -> None:
    sessions = StandingSessions(MemorySessions(), Standings(accounts=accounts, clock=lambda: NOW))
    assert sessions.create(record())
    assert not sessions.rotate(b"1", record(b"2", "8"), NOW)
    assert not sessions.rotate(b"0", record(b"2"), NOW)
    assert sessions.rotate(b"1", record(b"2"), NOW)
    assert sessions.read(b"1", NOW) is None
    found = sessions.read(b"2", NOW)
    assert found is not None
    assert found.data[EPOCH] == 3
    assert sessions.touch(b"2", NOW + 1)
    assert [one.digest for one in sessions.list_actor("7", NOW)] == [b"2"]
    assert sessions.purge(NOW + 100_000) == 1
    assert sessions.delete_actor("7") == 0


def test_a_store_that_fails_lets_nobody_in(accounts: SlowAccounts, monkeypatch: pytest.MonkeyPatch) -> None:
    sessions = StandingSessions(MemorySessions(), Standings(accounts=accounts, seconds=0, clock=lambda: NOW))
    assert sessions.create(record())

    def fail(_: str) -> None:
        raise OSError("down")

    monkeypatch.setattr(accounts, "find", fail)
    with pytest.raises(OSError, match="down"):
        sessions.read(b"1", NOW)


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vallum.guard.identity.standing._MOST_KEPT", 2)
    standings = Standings(accounts=MemoryAccounts(), clock=lambda: NOW)
    for name in "abc":
        assert standings.find(name) is None
    assert [standings.is_fresh(name) for name in "abc"] == [False, True, True]
