"""A guard whose sessions lie on a server: it reads them through the front of the store, without a thread."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from vallum.guard import Guard, GuardPolicy, current_actor, signed_in
from vallum.guard.core import Core
from vallum.guard.sessions.desk import digest_of
from vallum.stores.fronts import open_front
from vallum.stores.memory.sessions import MemorySessions
from vallum.stores.sessions import SessionRecord
from vallum.stores.sql.postgres import PostgresDatabase
from vallum.stores.sql.sessions import SqlSessions
from vallum.stores.sql.sqlite import SqliteDatabase
from vallum.stores.valkey.sessions import ValkeySessions

COOKIE = "A" * 43


@signed_in
async def me(_: Request) -> JSONResponse:
    return JSONResponse({"id": current_actor().id})


@pytest.fixture(params=["valkey", "postgres"])
def store(request: pytest.FixtureRequest) -> Any:
    if request.param == "valkey":
        store: Any = ValkeySessions(f"unix://{request.getfixturevalue('valkey').unix_socket_path}", prefix="guard")
    else:
        store = SqlSessions(PostgresDatabase(request.getfixturevalue("postgres").empty(), wait_seconds=20))
    yield store
    store.delete_actor("ada")
    store.close()


def browse(core: Core, app: Any, use: Callable[[Callable[[], Awaitable[int]]], Awaitable[None]]) -> None:
    """Run `use(get)` on one loop; `get` is a request of a browser that carries a session's cookie."""

    async def inside() -> None:
        transport = httpx2.ASGITransport(app=app, client=("203.0.113.9", 1))
        async with httpx2.AsyncClient(transport=transport, base_url="https://localhost") as client:

            async def get() -> int:
                headers = {"cookie": f"__Host-session={COOKIE}"}
                return (await client.get("/me", headers=headers)).status_code

            try:
                await use(get)
            finally:
                if core.front is not None:
                    await core.front.close()

    asyncio.run(inside())


@pytest.fixture
def build(policy: Callable[..., GuardPolicy]) -> Callable[[Any], tuple[Core, Any]]:
    def make(store: Any) -> tuple[Core, Any]:
        app = Starlette(routes=[Route("/me", me)])
        guard = Guard(app, policy=policy(store=store))
        return guard._core, app

    return make


def record(now: float) -> SessionRecord:
    return SessionRecord(
        digest=digest_of(COOKIE), actor_id="ada", created=now, seen=now, idle_seconds=1800.0, deadline=now + 86_400
    )


def test_reads_without_a_thread(store: Any, build: Any, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    core, app = build(store)
    store.create(record(clock()))
    monkeypatch.setattr(store, "read", lambda *_: pytest.fail("the store itself was asked"))
    before = threading.active_count()

    async def use(get: Callable[[], Awaitable[int]]) -> None:
        assert await asyncio.gather(*[get() for _ in range(40)]) == [200] * 40
        assert threading.active_count() == before
        await asyncio.to_thread(store.delete, digest_of(COOKIE))
        assert await get() == 401

    browse(core, app, use)


def test_a_front_that_fails_lets_nobody_in(store: Any, build: Any, clock: Any, events: list[Any]) -> None:
    core, app = build(store)
    store.create(record(clock()))

    async def use(get: Callable[[], Awaitable[int]]) -> None:
        read, core.front.read = core.front.read, fail
        assert await get() == 503
        core.front.read = read
        assert await get() == 200

    async def fail(*_: Any) -> None:
        raise OSError("10.0.0.7 refused")

    browse(core, app, use)
    assert [event.name for event in events if event.name.endswith("failed")] == ["session-store-failed"]


def test_only_a_server_has_a_front(tmp_path: Any) -> None:
    database = SqliteDatabase(tmp_path / "a")
    assert open_front(SqlSessions(database)) is None
    assert open_front(MemorySessions()) is None
    assert open_front(ValkeySessions(object())) is None
    waiting = type("Slow", (MemorySessions,), {"reads_at_once": False})()
    assert open_front(waiting) is None
    database.close()
