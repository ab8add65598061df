"""Sessions from sign-in to sign-out, through a real Starlette app."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

from vallum.base.errors import VallumError
from vallum.guard import (
    Guard,
    GuardPolicy,
    NotFoundError,
    current,
    current_actor,
    public,
    renew_session,
    requires,
    sign_in,
    sign_out,
    signed_in,
)
from vallum.guard.logging.events import Level
from vallum.guard.sessions.desk import digest_of
from vallum.stores.memory import MemorySessions
from vallum.stores.sqlite import SqliteSessions

Build = Callable[..., Any]


@public
async def enter(request: Request) -> JSONResponse:
    body = await request.json() if await request.body() else {}
    sign_in(body.get("name", "ada"), roles=body.get("roles", ()), keep=body.get("keep", ()))
    return JSONResponse({"csrf": current().csrf_token}, body.get("status", 200))


@signed_in
async def me(_: Request) -> JSONResponse:
    session = current().session
    assert session is not None
    assert session.created > 0
    return JSONResponse({"id": current_actor().id, "theme": session.get("theme", "none"), "csrf": current().csrf_token})


@signed_in(polling=True)
async def poll(_: Request) -> JSONResponse:
    return JSONResponse({}, headers={"Cache-Control": "public, max-age=600"})


@signed_in
async def put(request: Request) -> JSONResponse:
    session = current().session
    assert session is not None
    for key, value in (await request.json()).items():
        session.put(key, value)
    return JSONResponse({"theme": session.get("theme")})


@signed_in
async def renew(_: Request) -> JSONResponse:
    renew_session(roles=["admin"], keep=["theme"])
    return JSONResponse({})


@requires("users:manage")
async def admin(_: Request) -> JSONResponse:
    return JSONResponse({"roles": sorted(current_actor().roles)})


@signed_in
async def leave(request: Request) -> JSONResponse:
    sign_out(everywhere=request.query_params.get("everywhere") == "1")
    return JSONResponse({})


@public
async def late(_: Request) -> StreamingResponse:
    async def parts() -> Any:
        yield b"a"
        sign_in("ada")

    return StreamingResponse(parts(), media_type="text/plain")


@public
async def both(_: Request) -> JSONResponse:
    sign_in("ada")
    renew_session()
    sign_out()
    return JSONResponse({})


@public
async def home(_: Request) -> JSONResponse:
    actor = current().actor
    return JSONResponse({"id": actor.id if actor else None})


@public
async def get_in(_: Request) -> JSONResponse:
    sign_in("ada")
    return JSONResponse({})


ROUTES = [
    Route("/enter", enter, methods=["POST"]),
    Route("/me", me),
    Route("/poll", poll),
    Route("/put", put, methods=["POST"]),
    Route("/renew", renew, methods=["POST"]),
    Route("/admin", admin),
    Route("/leave", leave, methods=["POST"]),
    Route("/late", late, methods=["POST"]),
    Route("/both", both, methods=["POST"]),
    Route("/home", home),
    Route("/get-in", get_in),
]


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    if request.param == "memory":
        yield MemorySessions()
    else:
        sqlite = SqliteSessions(tmp_path / "s")
        yield sqlite
        sqlite.close()


@pytest.fixture
def app(store: Any, policy: Callable[..., GuardPolicy]) -> Starlette:
    made = Starlette(routes=list(ROUTES))
    Guard(made, policy=policy(store=store, roles={"admin": ["users:manage"]}))
    return made


@pytest.fixture
def ada(app: Starlette, browse: Build) -> Any:
    browser = browse(app)
    browser.token = browser("POST", "/enter").json()["csrf"]
    return browser


def post(browser: Any, path: str, **body: Any) -> Any:
    return browser("POST", path, headers={"x-csrf-token": browser.token}, **body)


def test_the_cookie_has_every_flag(app: Starlette, browse: Build) -> None:
    line = browse(app)("POST", "/enter").headers["set-cookie"]
    assert re.fullmatch(r"__Host-session=[A-Za-z0-9_-]{43}; Path=/; Secure; HttpOnly; SameSite=Strict", line)


def test_plain_http_in_development_has_an_honest_name(app: Starlette, browse: Build) -> None:
    browser = browse(app, "http://localhost:8000")
    line = browser("POST", "/enter").headers["set-cookie"]
    assert re.fullmatch(r"insecure-session=[A-Za-z0-9_-]{43}; Path=/; HttpOnly; SameSite=Strict", line)
    assert browser("GET", "/me").status_code == 200


def test_the_store_never_sees_the_id(ada: Any, store: Any) -> None:
    held = ada.cookies["__Host-session"]
    row = store.list_actor("ada", 0)
    assert [one.digest for one in row] == [digest_of(held)]
    assert held not in repr(row)


def test_ids_are_unique_and_an_invented_one_is_not_adopted(app: Starlette, browse: Build) -> None:
    seen = set()
    for _ in range(50):
        browser = browse(app)
        browser.cookies["__Host-session"] = "A" * 43
        browser("POST", "/enter")
        seen.add(browser.cookies["__Host-session"])
    assert len(seen) == 50
    assert "A" * 43 not in seen


@pytest.mark.parametrize("value", ["", "short", "A" * 44, "A" * 43, "../../etc/passwd" * 2, "\x80" * 43])
def test_a_wrong_cookie_is_nobody(app: Starlette, browse: Build, value: str) -> None:
    browser = browse(app)
    answer = browser("GET", "/me", headers={"cookie": f"__Host-session={value}".encode("latin-1")})
    assert answer.status_code == 401


def test_the_cookie_twice_is_nobody(ada: Any) -> None:
    held = ada.cookies["__Host-session"]
    assert ada("GET", "/me", headers={"cookie": f"__Host-session={held}; __Host-session={held}"}).status_code == 401


@pytest.mark.parametrize(("minutes", "status"), [(29, 200), (31, 401)])
def test_idle_timeout(ada: Any, clock: Any, minutes: int, status: int) -> None:
    clock.now += minutes * 60
    assert ada("GET", "/me").status_code == status


def test_use_keeps_a_session_alive_and_polling_does_not(ada: Any, clock: Any) -> None:
    for _ in range(4):
        clock.now += 29 * 60
        assert ada("GET", "/me").status_code == 200
    for _ in range(2):
        clock.now += 14 * 60
        assert ada("GET", "/poll").status_code == 200
    clock.now += 4 * 60
    assert ada("GET", "/poll").status_code == 401
    assert ada("GET", "/me").status_code == 401


def test_absolute_timeout_holds_through_use_and_rotation(ada: Any, clock: Any) -> None:
    started = clock.now
    while clock.now - started < 24 * 3600 - 600:
        clock.now += 600
        if (clock.now - started) % 36_000 == 0:
            ada.token = ada("GET", "/me").json()["csrf"]
            assert post(ada, "/renew").status_code == 200
        assert ada("GET", "/me").status_code == 200
    clock.now = started + 24 * 3600
    assert ada("GET", "/me").status_code == 401


def test_sign_in_rotates_the_id_and_ends_the_old_session(ada: Any) -> None:
    before = dict(ada.cookies)
    assert post(ada, "/enter", json={"name": "ada"}).status_code == 200
    assert ada.cookies != before
    assert ada("GET", "/me").status_code == 200
    ada.cookies = before
    assert ada("GET", "/me").status_code == 401


def test_renewal_rotates_id_and_csrf_token_keeps_named_data_and_grants_the_role(ada: Any) -> None:
    post(ada, "/put", json={"theme": "dark", "cart": 3})
    before, token = dict(ada.cookies), ada.token
    assert ada("GET", "/admin").status_code == 403
    assert post(ada, "/renew").status_code == 200
    assert ada("GET", "/admin").json() == {"roles": ["admin"]}
    assert ada("GET", "/me").json()["theme"] == "dark"
    assert post(ada, "/put", json={"x": 1}).status_code == 403, "the token of the old id"
    ada.cookies, ada.token = before, token
    assert ada("GET", "/me").status_code == 401


def test_data_is_saved_merged_and_removed(ada: Any, store: Any) -> None:
    assert post(ada, "/put", json={"theme": "dark", "n": 1}).json() == {"theme": "dark"}
    post(ada, "/put", json={"n": None})
    assert [dict(row.data) for row in store.list_actor("ada", 0)] == [{"theme": "dark"}]


def test_sign_out_ends_the_session_and_clears_the_browser(ada: Any, app: Starlette, browse: Build) -> None:
    held = dict(ada.cookies)
    answer = post(ada, "/leave")
    assert answer.headers["set-cookie"] == "__Host-session=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Strict"
    assert answer.headers["clear-site-data"] == '"cache", "cookies", "storage"'
    replay = browse(app)
    replay.cookies = held
    assert replay("GET", "/me").status_code == 401


def test_sign_out_everywhere(ada: Any, app: Starlette, browse: Build) -> None:
    other, stranger = browse(app), browse(app)
    other("POST", "/enter")
    stranger("POST", "/enter", json={"name": "bob"})
    assert post(ada, "/leave?everywhere=1").status_code == 200
    assert other("GET", "/me").status_code == 401
    assert stranger("GET", "/me").status_code == 200


def test_a_slow_request_does_not_revive_a_session(ada: Any, store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    original = type(store).read

    def read_then_end(self: Any, digest: bytes, now: float) -> Any:
        row = original(self, digest, now)
        if row is not None:
            self.delete(digest)
        return row

    monkeypatch.setattr(type(store), "read", read_then_end)
    assert post(ada, "/put", json={"theme": "dark"}).status_code == 401
    monkeypatch.undo()
    assert ada("GET", "/me").status_code == 401
    assert store.list_actor("ada", 0) == []


def test_a_session_that_ended_meanwhile_is_not_renewed(ada: Any, store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(store), "rotate", lambda *_: False)
    answer = post(ada, "/renew")
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


def test_sign_in_by_get_or_without_origin_is_refused(app: Starlette, browse: Build, store: Any) -> None:
    browser = browse(app)
    for answer in (browser("GET", "/get-in"), browser("POST", "/enter", own=False)):
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers
    assert store.list_actor("ada", 0) == []


def test_sign_in_after_the_first_byte_cuts_the_answer(app: Starlette, browse: Build, store: Any) -> None:
    with pytest.raises(VallumError, match="response head has gone out"):
        browse(app)("POST", "/late")
    assert store.list_actor("ada", 0) == []


def test_in_and_out_in_one_request_leaves_nothing(ada: Any, store: Any) -> None:
    assert post(ada, "/both").status_code == 200
    assert store.list_actor("ada", 0) == []
    assert ada.cookies == {}


def test_a_refusal_after_sign_out_clears_nothing(policy: Callable[..., GuardPolicy], browse: Build) -> None:
    @signed_in
    async def out(_: Request) -> JSONResponse:
        sign_out()
        raise NotFoundError

    app = Starlette(routes=[*ROUTES, Route("/out", out, methods=["POST"])])
    Guard(app, policy=policy())
    browser = browse(app)
    browser.token = browser("POST", "/enter").json()["csrf"]
    answer = post(browser, "/out")
    assert answer.status_code == 404
    assert not {"clear-site-data", "set-cookie"} & set(answer.headers)
    assert browser("GET", "/me").status_code == 200


def test_sign_out_of_nobody_and_renewal_of_nobody(policy: Callable[..., GuardPolicy], browse: Build) -> None:
    @public
    async def out(_: Request) -> JSONResponse:
        sign_out()
        return JSONResponse({})

    @public
    async def renew_nobody(_: Request) -> JSONResponse:
        renew_session()
        return JSONResponse({})

    @public
    async def no_name(_: Request) -> JSONResponse:
        sign_in("")
        return JSONResponse({})

    app = Starlette(routes=[Route(f"/{h.__name__}", h, methods=["POST"]) for h in (out, renew_nobody, no_name)])
    Guard(app, policy=policy())
    assert browse(app)("POST", "/out").status_code == 200
    assert browse(app)("POST", "/renew_nobody").status_code == 500
    assert browse(app)("POST", "/no_name").status_code == 500


def test_a_public_route_knows_who_is_signed_in(ada: Any, app: Starlette, browse: Build) -> None:
    assert ada("GET", "/home").json() == {"id": "ada"}
    assert browse(app)("GET", "/home").json() == {"id": None}


def test_personal_answers_are_not_cached(ada: Any) -> None:
    assert ada("GET", "/me").headers["cache-control"] == "no-store"
    assert ada("GET", "/home").headers["cache-control"] == "no-store"
    assert ada("GET", "/poll").headers.get_list("cache-control") == ["no-store"]


class Broken(MemorySessions):
    def read(self, digest: bytes, now: float) -> Any:
        raise OSError("connection to 10.0.0.7 refused")

    create = read  # type: ignore[assignment]


@pytest.mark.parametrize("at_once", [True, False])
def test_a_store_that_is_down_lets_nobody_in(
    policy: Callable[..., GuardPolicy], browse: Build, events: list[Any], at_once: bool
) -> None:
    store = type("Store", (Broken,), {"reads_at_once": at_once, "writes_at_once": at_once})()
    app = Starlette(routes=list(ROUTES))
    Guard(app, policy=policy(store=store))
    browser = browse(app)
    browser.cookies["__Host-session"] = "A" * 43
    answer = browser("GET", "/me")
    assert answer.status_code == 503
    assert "10.0.0.7" not in answer.text
    fresh = browse(app)("POST", "/enter")
    assert fresh.status_code == 503
    assert "set-cookie" not in fresh.headers
    names = [event.name for event in events if event.level is Level.ERROR]
    assert names == ["session-store-failed", "session-store-failed"]
    assert "10.0.0.7" in events[0].detail["stack"]


def test_a_store_that_waits_is_read_in_a_thread(policy: Callable[..., GuardPolicy], browse: Build) -> None:
    store = type("Slow", (MemorySessions,), {"reads_at_once": False, "writes_at_once": False})()
    app = Starlette(routes=list(ROUTES))
    Guard(app, policy=policy(store=store))
    browser = browse(app)
    browser("POST", "/enter")
    assert browser("GET", "/me").json()["id"] == "ada"
