"""A guarded app whose store is killed under load: nobody gets in meanwhile, nothing acknowledged is lost, it recovers.

The app is asked by requests only and is not restarted.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from vallum.base.secret import Secret
from vallum.crypto.passwords.argon2id import UNSAFE_CHEAPEST
from vallum.guard import Environment, Guard, GuardPolicy, Identity, public, sign_in, sign_out, signed_in
from vallum.guard.authentication.jobs import ImmediateJobs
from vallum.guard.authentication.passwords import PasswordHasher
from vallum.guard.identity.fastapi import CurrentUser
from vallum.guard.identity.testing import IdentityKit
from vallum.stores.migrations import upgrade_database
from vallum.stores.sql.accounts import SqlAccounts
from vallum.stores.sql.postgres import PostgresDatabase
from vallum.stores.sql.sessions import SqlSessions
from vallum.stores.valkey.sessions import ValkeySessions

BASE, COOKIE = "https://localhost", "__Host-session"
PASSWORD = "seven blue pencils"
SECRET = Secret("Zk3vR8sN1qLw6yTb9xHc2mJf5pGd7uEa0oWiVtYn")
WORKERS = 4
PATIENCE = 60


@dataclass
class Backend:
    """What the app keeps its sessions in, and the two switches of the server behind it."""

    sessions: Any
    accounts: Any
    kill: Callable[[], None]
    start: Callable[[], None]


@pytest.fixture(params=["postgres", "valkey"])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    if request.param == "postgres":
        own = request.getfixturevalue("start_postgres")()
        url = own.create()
        upgrade_database(url)
        database = PostgresDatabase(url, wait_seconds=0.3)
        yield Backend(SqlSessions(database), SqlAccounts(database), own.kill, own.start)
        database.close()
        return
    server = request.getfixturevalue("start_valkey")(appendonly="yes")
    sessions = ValkeySessions(f"unix://{server.unix_socket_path}")
    yield Backend(sessions, None, server.terminate, server.start)
    sessions.close()


@dataclass
class App:
    """The app, its account, and what it has said to whom."""

    backend: Backend
    begun: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    answers: list[tuple[float, float, str, int]] = field(default_factory=list)
    """When a request began and ended, what it was, and its status."""

    def __post_init__(self) -> None:
        self.app = FastAPI(openapi_url=None)
        policy = GuardPolicy(
            environment=Environment.TEST, secrets=(SECRET,), store=self.backend.sessions, sink=lambda _: None
        )
        self.passwords = PasswordHasher(UNSAFE_CHEAPEST, workers=1, refusal_delay=0)
        identity = Identity(accounts=self.backend.accounts, passwords=self.passwords, jobs=ImmediateJobs())
        self.guard = Guard(self.app, policy=policy, identity=identity)
        self.ada = IdentityKit(self.guard).add_account("ada@example.org", password=PASSWORD)
        self._route()

    def _route(self) -> None:
        @self.app.get("/me")
        @signed_in
        async def me(user: CurrentUser) -> str:
            return user.id

        @self.app.post("/enter")
        @public
        async def enter() -> None:
            sign_in(self.ada.id)

        @self.app.post("/leave")
        @public
        async def leave() -> None:
            sign_out()

    async def ask(self, kind: str, method: str, path: str, cookie: str = "", **more: Any) -> httpx2.Response:
        """Send one request, as a browser that holds this session."""
        headers = {"origin": BASE, **({"cookie": f"{COOKIE}={cookie}"} if cookie else {}), **more.pop("headers", {})}
        transport = httpx2.ASGITransport(app=self.app, client=("203.0.113.9", 1))
        began = asyncio.get_running_loop().time()
        async with httpx2.AsyncClient(transport=transport, base_url=BASE) as client:
            answer = await client.request(method, path, headers=headers, **more)
        self.answers.append((began, asyncio.get_running_loop().time(), kind, answer.status_code))
        return answer

    async def log_in(self, password: str = PASSWORD) -> httpx2.Response:
        """By the endpoint of the accounts."""
        fields = {"login": "ada@example.org", "password": password}
        return await self.ask("log in", "POST", "/account/login", json=fields)

    async def work(self, over: asyncio.Event) -> None:
        """Begin sessions, use them, and come with one that nobody was given."""
        while not over.is_set():
            answer = await self.ask("enter", "POST", "/enter")
            if answer.status_code == 200:
                self.begun.append(answer.cookies[COOKIE])
            await self.ask("use", "GET", "/me", self.begun[-1] if self.begun else "A" * 43)
            await self.ask("forge", "GET", "/me", "A" * 43)

    def count(self, kind: str, status: int) -> int:
        return sum((kind, status) == answer[2:] for answer in self.answers)

    def between(self, start: float, end: float) -> set[tuple[str, int]]:
        """What requests got that both began and ended in between."""
        return {answer[2:] for answer in self.answers if start < answer[0] and answer[1] < end}


async def wait_until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 - what is waited for are answers of an app, which sets no event
            await asyncio.sleep(0.005)


async def kill_and_revive(app: App) -> set[tuple[str, int]]:
    """Run the whole scene; return what was answered while the store was away."""
    over, now = asyncio.Event(), asyncio.get_running_loop().time
    workers = [asyncio.create_task(app.work(over)) for _ in range(WORKERS)]
    try:
        await wait_until(lambda: app.count("use", 200) >= 20)
        await asyncio.to_thread(app.backend.kill)
        gone = now()
        await wait_until(lambda: app.count("use", 503) >= WORKERS)
        assert (await app.ask("enter", "POST", "/enter")).status_code == 503
        refused = await app.log_in()
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        away = now()
        await asyncio.to_thread(app.backend.start)
        before = app.count("use", 200)
        await wait_until(lambda: app.count("use", 200) >= before + 10)
    finally:
        over.set()
        await asyncio.gather(*workers)
    return app.between(gone, away)


async def look_back(app: App, ended: str) -> None:
    """What was acknowledged holds, for each session."""
    for cookie in app.begun:
        status = (await app.ask("after", "GET", "/me", cookie)).status_code
        assert status == (401 if cookie == ended else 200)
    assert (await app.log_in()).status_code == 200
    assert (await app.log_in("wrong")).status_code == 401
    front = app.guard._core.front
    if front is not None:
        await front.close()


async def end_one(app: App) -> str:
    """A session that was ended before the server fell."""
    cookie = (await app.ask("enter", "POST", "/enter")).cookies[COOKIE]
    app.begun.append(cookie)
    token = (await app.ask("token", "GET", "/account/session", cookie)).json()["csrf_token"]
    left = await app.ask("leave", "POST", "/leave", cookie, headers={"x-csrf-token": token})
    assert left.status_code == 200
    return cookie


def test_nobody_gets_in_while_the_store_is_away_and_nothing_is_lost(backend: Backend) -> None:
    async def scene() -> set[tuple[str, int]]:
        ended = await end_one(app)
        meanwhile = await kill_and_revive(app)
        await look_back(app, ended)
        return meanwhile

    app = App(backend)
    meanwhile = asyncio.run(scene())
    app.passwords.close()
    assert {status for _, status in meanwhile} == {503}
    assert {kind for kind, _ in meanwhile} >= {"use", "enter"}
    assert len(app.begun) > 20
    assert app.count("forge", 200) == 0, "a session that nobody was given never counts"
    assert {status for _, _, kind, status in app.answers if kind == "forge"} == {401, 503}
