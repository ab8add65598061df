"""A session that ended stays ended, nothing that cannot be read is somebody, no cache answers for another."""

import asyncio
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.guard.conftest import raw_scope
from vallum.guard import Guard, current, public, sign_in, sign_out, signed_in
from vallum.stores.memory import MemorySessions
from vallum.stores.sql.postgres import PostgresDatabase
from vallum.stores.sql.sessions import SqlSessions
from vallum.stores.sql.sqlite import SqliteDatabase
from vallum.stores.valkey.sessions import ValkeySessions

BASE = "https://localhost"


@pytest.fixture(params=["memory", "sqlite", "postgres", "valkey"])
def every_sessions(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    if request.param == "memory":
        yield MemorySessions()
    elif request.param == "valkey":
        store = ValkeySessions(f"unix://{request.getfixturevalue('valkey').unix_socket_path}", prefix="bugs")
        yield store
        store.delete_actor("ada")
        store.close()
    else:
        database: Any = (
            SqliteDatabase(tmp_path / "sessions.sqlite")
            if request.param == "sqlite"
            else PostgresDatabase(request.getfixturevalue("postgres").empty(), wait_seconds=20)
        )
        yield SqlSessions(database)
        database.close()


class Slow:
    """An app with one handler that stays in the middle of its work until it is told to go on."""

    def __init__(self, policy: Any, store: Any) -> None:
        self.arrived, self.go = asyncio.Event(), asyncio.Event()

        @public
        async def enter(_: Request) -> JSONResponse:
            sign_in("ada")
            return JSONResponse(current().csrf_token)

        @signed_in
        async def slow(_: Request) -> JSONResponse:
            session = current().session
            assert session is not None
            session.put("basket", 1)
            self.arrived.set()
            await self.go.wait()
            session.put("basket", 2)
            return JSONResponse({})

        @signed_in
        async def leave(request: Request) -> JSONResponse:
            sign_out(everywhere=request.query_params.get("all") == "1")
            return JSONResponse({})

        @signed_in
        async def me(_: Request) -> JSONResponse:
            return JSONResponse({})

        paths = {"/enter": enter, "/slow": slow, "/leave": leave}
        self.app = Starlette(routes=[Route(path, run, methods=["POST"]) for path, run in paths.items()])
        self.app.router.routes.append(Route("/me", me))
        self.core = Guard(self.app, policy=policy(store=store))._core


async def leave_meanwhile(slow: Slow, query: str) -> tuple[int, int, int]:
    transport = httpx2.ASGITransport(app=slow.app, client=("203.0.113.9", 4711))
    async with httpx2.AsyncClient(transport=transport, base_url=BASE, headers={"origin": BASE}) as client:
        token = (await client.post("/enter")).json()
        held, headers = {"cookie": f"__Host-session={client.cookies['__Host-session']}"}, {"x-csrf-token": token}
        client.cookies.clear()
        working = asyncio.create_task(client.post("/slow", headers=held | headers))
        await asyncio.wait_for(slow.arrived.wait(), 10)
        left = await client.post(f"/leave{query}", headers=held | headers)
        slow.go.set()
        late = await working
        client.cookies.clear()
        again = await client.get("/me", headers=held)
        if slow.core.front is not None:
            await slow.core.front.close()
        return left.status_code, late.status_code, again.status_code


@pytest.mark.parametrize("query", ["", "?all=1"])
def test_bug_13_cve_2025_46336_a_slow_request_does_not_bring_a_session_back(
    policy: Any, every_sessions: Any, query: str
) -> None:
    slow = Slow(policy, every_sessions)
    left, late, again = asyncio.run(leave_meanwhile(slow, query))
    assert (left, late, again) == (200, 401, 401)
    assert every_sessions.list_actor("ada", 0) == []


ODD = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=90)
COOKIES = st.lists(
    st.tuples(st.sampled_from(["__Host-session", "insecure-session", "__Host-csrf", "x"]), ODD), max_size=4
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cookies=COOKIES, authorization=ODD | ODD.map(lambda text: f"Bearer {text}"), extra=ODD)
@example(cookies=[("__Host-session", "A" * 43)], authorization="Bearer a.b.c", extra="")
@example(cookies=[("__Host-session", "%00"), ("__Host-session", "")], authorization="Bearer ", extra="ada")
def test_bug_14_cve_2026_39324_what_cannot_be_read_is_nobody(
    site: Any, cookies: list[tuple[str, str]], authorization: str, extra: str
) -> None:
    sent = {"cookie": "; ".join(f"{name}={value}" for name, value in cookies), "x-forwarded-user": extra}
    raw = [(name.encode(), value.encode("latin-1")) for name, value in {**sent, "authorization": authorization}.items()]
    if site.kit.parts.desk.accounts.find_email("ada@example.org") is None:
        site.add()
    for kept in (raw, raw[:1], raw[2:], [*raw, raw[2]]):
        answer = ask(site.app, "/me", [(b"host", b"localhost"), *kept])
        assert answer in {400, 401, 431}, kept


def ask(app: Any, path: str, headers: list[tuple[bytes, bytes]]) -> int:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(dict(message))

    asyncio.run(app(raw_scope("http", path, headers=headers), receive, send))
    return int(sent[0]["status"])


class Broken(MemorySessions):
    """A store whose every record is garbage."""

    reads_at_once = False

    def read(self, digest: bytes, now: float) -> Any:
        raise ValueError(digest, now)


def test_bug_14_cve_2026_25748_a_record_that_cannot_be_read_lets_nobody_in(policy: Any, browse: Any) -> None:
    @signed_in
    async def me(_: Request) -> JSONResponse:
        return JSONResponse({})

    app = Starlette(routes=[Route("/me", me)])
    Guard(app, policy=policy(store=Broken()))
    browser = browse(app)
    browser.cookies = {"__Host-session": "A" * 43}
    assert browser("GET", "/me").status_code == 503


def test_bug_22_cve_2023_30861_no_cache_keeps_an_answer_with_a_session(site: Any) -> None:
    site.add(roles=("editor",))
    browser = site.visit()
    answers = {"login": site.log_in(browser)}
    paths = [path for method, path in site.closed_routes() if method == "GET"]
    answers |= {path: browser("GET", path) for path in [*paths, "/maybe", "/account/session", "/strict"]}
    answers["erase"] = site.send(browser, "/password", password="wrong", new_password="x")
    assert len(answers) >= 7
    for name, answer in answers.items():
        assert "no-store" in answer.headers["cache-control"], name
        assert "public" not in answer.headers["cache-control"], name


def test_bug_22_cve_2026_27205_not_even_where_the_handler_asks_for_it(policy: Any, browse: Any) -> None:
    @signed_in
    async def me(_: Request) -> JSONResponse:
        return JSONResponse({}, headers={"cache-control": "public, max-age=600"})

    @public
    async def enter(_: Request) -> JSONResponse:
        sign_in("ada")
        return JSONResponse({}, headers={"cache-control": "public, max-age=600"})

    app = Starlette(routes=[Route("/me", me), Route("/enter", enter, methods=["POST"])])
    Guard(app, policy=policy())
    browser = browse(app)
    for answer in (browser("POST", "/enter"), browser("GET", "/me")):
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10)
@given(
    steps=st.lists(st.sampled_from(["disable", "enable", "roles", "no roles", "wait", "ask"]), min_size=1, max_size=8)
)
def test_bug_22_cve_2024_56323_a_cached_standing_answers_as_the_store_does_within_its_seconds(
    open_site: Any, ticking: Any, steps: list[str]
) -> None:
    cached, plain = open_site(standing_seconds=5), open_site(standing_seconds=0)
    people = {site: (site.add(roles=("editor",)), site.visit()) for site in (cached, plain)}
    for site, (ada, browser) in people.items():
        browser.cookies = site.kit.log_in_as(ada)
    acts: dict[str, dict[str, Any]] = {
        "disable": {"is_active": False, "bump": True},
        "enable": {"is_active": True},
        "roles": {"roles": ("editor",)},
        "no roles": {"roles": ()},
    }
    for step in [*steps, "wait"]:
        for site, (ada, browser) in people.items():
            if step in acts:
                accounts = site.kit.parts.desk.accounts  # changed as by another process
                assert accounts.change(ada.id, accounts.find(ada.id).version, **acts[step])
            elif step == "ask":
                browser("GET", "/me")
        if step == "wait":
            ticking.move(5)
            answers = [
                [browser("GET", path).status_code for path in ("/me", "/write")] for _, browser in people.values()
            ]
            assert answers[0] == answers[1]


def test_bug_22_cve_2026_41131_the_cache_of_standings_asks_for_each_account_alone(site: Any) -> None:
    ada, eve = site.add("ada", roles=("editor",)), site.add("eve")
    ones, others = site.visit(), site.visit()
    ones.cookies, others.cookies = site.kit.log_in_as(ada), site.kit.log_in_as(eve)
    for _ in range(2):
        assert (ones("GET", "/write").status_code, others("GET", "/write").status_code) == (200, 403)
        assert ones("GET", "/me").json()["id"] != others("GET", "/me").json()["id"]
