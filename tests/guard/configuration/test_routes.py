"""The inventory of routes, what production refuses of it, and paths that stay shut whatever serves them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import flask
import litestar
import pytest
from litestar import MediaType
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.guard import ASSETS, PUBLIC, Environment, Guard, debug_only, permission, public, requires, signed_in
from vallum.guard.authorization.debug_paths import is_debug_path
from vallum.guard.configuration.routes import check_pinned, compare_routes, render_routes
from vallum.stores.sqlite import SqliteSessions

Build = Callable[..., Any]


@public
async def page(_request: Any) -> Response:
    return PlainTextResponse("page")


@debug_only
@signed_in
async def threads(_request: Any) -> Response:
    return PlainTextResponse("threads")


@requires("metrics:read")
async def metrics(_request: Any) -> Response:
    return PlainTextResponse("metrics")


class Note(HTTPEndpoint):
    @signed_in
    async def get(self, _request: Any) -> Response:
        return PlainTextResponse("note")

    @requires("notes:write")
    async def post(self, _request: Any) -> Response:
        return PlainTextResponse("note")


@pytest.fixture
def production(policy: Build, tmp_path: Path) -> Build:
    def build(**settings: Any) -> Any:
        return policy(
            environment=Environment.PRODUCTION,
            origins=("https://notes.example",),
            secrets=(Secret("q8Zl2mX0vB5nT7cJ4hR1kW9sD3fG6yPa"),),
            store=SqliteSessions(str(tmp_path / "sessions.sqlite3")),
            **settings,
        )

    return build


def starlette_app(*routes: Any) -> Starlette:
    return Starlette(routes=list(routes))


def test_the_inventory_tells_every_route_with_who_may_call_it(policy: Build) -> None:
    app = starlette_app(
        Route("/", page),
        Route("/note", Note, methods=["GET", "POST"]),
        Route("/debug/threads", threads),
        Route("/forgotten", lambda _request: Response()),
        Mount("/static", app=Response()),
    )
    guard = Guard(app, policy=policy(paths={"/static/*": ASSETS}))
    assert render_routes(guard.routes()).splitlines() == [
        "GET / public",
        "GET /debug/threads signed-in debug",
        "GET /forgotten closed",
        "GET /note signed-in",
        "POST /note requires notes:write",
        "Mount /static public",
    ]


def test_other_frameworks_tell_theirs(policy: Build) -> None:
    @litestar.get("/", media_type=MediaType.TEXT)
    @public
    async def home() -> str:
        return "x"

    @litestar.post("/notes", opt={"vallum": permission("notes:write")})
    async def write() -> None: ...

    other = litestar.Litestar([home, write], openapi_config=None)
    assert list(map(str, Guard(other, policy=policy()).routes())) == [
        "GET / public",
        "POST /notes requires notes:write",
    ]
    small = flask.Flask("small", static_folder=None)
    small.get("/x", endpoint="x")(public(lambda: "x"))
    small.post("/y", endpoint="y")(lambda: "y")
    assert list(map(str, Guard(small, policy=policy()).routes())) == ["GET /x public", "POST /y closed"]
    assert Guard(Response(), policy=policy()).routes() == []


def test_a_route_that_nobody_reviewed_is_named(policy: Build, tmp_path: Path) -> None:
    guard = Guard(starlette_app(Route("/", page), Route("/new", page)), policy=policy())
    file = tmp_path / "routes.txt"
    with pytest.raises(ConfigError, match=r"\+ GET / public"):
        check_pinned(guard.routes(), file)
    file.write_text("# reviewed\n\nGET / signed-in\nGET /new public\nGET /old public\n", encoding="utf-8")
    assert compare_routes(guard.routes(), file.read_text()) == [
        "+ GET / public",
        "- GET / signed-in",
        "- GET /old public",
    ]
    file.write_text(render_routes(guard.routes()), encoding="utf-8")
    check_pinned(guard.routes(), file)


@pytest.mark.parametrize("route", [Route("/tools", threads), Route("/metrics", page), Route("/.git/config", page)])
def test_production_does_not_start_with_routes_for_debugging(production: Build, browse: Build, route: Route) -> None:
    app = starlette_app(route)
    Guard(app, policy=production())
    with pytest.raises(ConfigError, match="for debugging"):
        browse(app, "https://notes.example")("GET", "/")
    calm = starlette_app(route)
    risk = {"unsafe_debug_paths": "a demonstration"}
    Guard(calm, policy=production(unsafe_debug_paths=True, accepted_risks=risk))
    assert browse(calm, "https://notes.example")("GET", "/").status_code == 404


def test_metrics_may_be_served_with_a_permission(production: Build, browse: Build) -> None:
    app = starlette_app(Route("/metrics", metrics))
    Guard(app, policy=production())
    assert browse(app, "https://notes.example")("GET", "/metrics").status_code == 401


def test_a_tagged_route_that_came_later_stays_shut(production: Build, browse: Build) -> None:
    app = starlette_app(Route("/", page))
    Guard(app, policy=production())
    user = browse(app, "https://notes.example")
    assert user("GET", "/").status_code == 200
    app.router.routes.append(Route("/late", debug_only(public(lambda _request: PlainTextResponse("late")))))
    assert user("GET", "/late").status_code == 401


async def everything(scope: Any, receive: Any, send: Any) -> None:
    await PlainTextResponse("secret")(scope, receive, send)


@pytest.mark.parametrize(
    "path", ["/.env", "/static/.git/config", "/actuator/env", "/phpinfo.php", "/__debug__/", "/a/.svn"]
)
def test_public_folders_do_not_serve_such_paths(production: Build, browse: Build, events: list[Any], path: str) -> None:
    places = ("/static/*", "/a/*", "/.env", "/actuator/*", "/phpinfo.php", "/__debug__/*")
    guard = Guard(everything, policy=production(paths=dict.fromkeys(places, PUBLIC)))
    answer = browse(guard, "https://notes.example")("GET", path)
    assert (answer.status_code, "secret" in answer.text) == (404, False)
    assert [event.name for event in events] == ["debug-path-asked"]


def test_developers_see_theirs(policy: Build, browse: Build) -> None:
    guard = Guard(everything, policy=policy(paths={"/metrics": PUBLIC}))
    assert browse(guard)("GET", "/metrics").text == "secret"


@pytest.mark.parametrize(
    ("path", "closed"),
    [
        ("/debug", True),
        ("//DEBUG/pprof", True),
        ("/server-status", True),
        ("/.DS_Store", True),
        ("/debugging-in-python", False),
        ("/posts/console", False),
        ("/.well-known/jwks.json", False),
        ("/.well-known", False),
        ("/.well-known/.git", True),
        ("/notes/v1.2", False),
        ("/notes/..", True),
    ],
)
def test_what_counts_as_such_a_path(path: str, closed: bool) -> None:
    assert is_debug_path(path) is closed
