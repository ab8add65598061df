"""The access line: what was asked and answered, never a value of the query, and no harm when it cannot be written."""

import json
from typing import Any

import pytest
from fastapi import APIRouter, BackgroundTasks, FastAPI
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from vallum.guard import PUBLIC, Guard, public, signed_in
from vallum.guard.logging.access import AccessLog

TOKEN = "aB3_" * 11


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def browser(browse: Any, policy: Any, lines: list[str]) -> Any:
    app = FastAPI(openapi_url=None)
    router = APIRouter(prefix="/inner")

    @router.get("/notes/{key}")
    @public
    async def read(key: int, work: BackgroundTasks) -> int:
        return key

    @app.get("/mine")
    @signed_in
    async def mine() -> None:
        return None

    @app.get("/broken")
    @public
    async def broken() -> None:
        raise ValueError("canary")

    async def deep(_: Any) -> PlainTextResponse:
        return PlainTextResponse("x")

    app.include_router(router)
    app.mount("/sub", Starlette(routes=[Mount("/more", routes=[Route("/{name}", public(deep))])]))
    ticks = iter(range(1000))
    Guard(app, policy=policy(access_log=AccessLog(lines.append, timer=lambda: next(ticks) / 1000)))
    return browse(app)


def line(lines: list[str]) -> dict[str, Any]:
    assert len(lines) == 1
    assert lines[0].endswith("}\n")
    assert lines[0].count("\n") == 1
    return dict(json.loads(lines.pop()))


def test_a_line_has_its_fields(browser: Any, lines: list[str]) -> None:
    answer = browser("GET", "/inner/notes/7?q=canary", headers={"user-agent": "curl/8", "x-request-id": "mine-1"})
    assert line(lines) == {
        "timestamp": "2027-01-15T08:00:00.000+00:00",
        "level": "info",
        "event": "request",
        "requestId": answer.headers["x-request-id"],
        "clientRequestId": "mine-1",
        "method": "GET",
        "route": "/inner/notes/{key}",
        "status": 200,
        "ms": 1.0,
        "ip": "203.0.113.9",
        "userAgent": "curl/8",
    }


@pytest.mark.parametrize(
    ("path", "status", "where"),
    [
        ("/sub/more/ada?q=canary", 200, "/sub/more/{name}"),
        ("/mine", 401, "/mine"),
        ("/broken", 500, "/broken"),
        (f"/nowhere/{TOKEN}?q=canary", 404, "/nowhere/[REDACTED]"),
    ],
)
def test_every_answer_has_one(path: str, status: int, where: str, browser: Any, lines: list[str]) -> None:
    assert browser("GET", path).status_code == status
    shown = line(lines)
    assert (shown["status"], shown.get("route") or shown.get("path")) == (status, where)
    assert "canary" not in json.dumps(shown)
    assert "cut" not in shown


def test_a_refusal_before_routing_has_one(browser: Any, lines: list[str]) -> None:
    assert browser("GET", "/mine", headers={"host": "evil.example"}).status_code == 400
    assert line(lines)["status"] == 400


def test_hostile_words_stay_inside_their_line(browser: Any, lines: list[str]) -> None:
    browser("GET", "/mine", headers={"user-agent": '"}{"password=canary'})
    assert line(lines)["userAgent"] == '"}{"password=[REDACTED]'


def test_an_answer_that_was_cut_says_so(policy: Any, talk: Any, lines: list[str]) -> None:
    async def half(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})

    talk(Guard(half, policy=policy(access_log=AccessLog(lines.append), paths={"/x": PUBLIC})), "http", "/x")
    assert line(lines)["cut"] is True


def test_a_log_that_cannot_be_written_fails_no_request(browse: Any, policy: Any) -> None:
    def full(_: str) -> None:
        raise OSError(28, "No space left on device")

    app = Starlette(routes=[])
    Guard(app, policy=policy(access_log=AccessLog(full)))
    assert browse(app)("GET", "/x").status_code == 404


def test_a_closed_log_writes_nothing() -> None:
    AccessLog().note(None, 0.0)  # type: ignore[arg-type]  # nothing is read
