"""The gate and the seal in real Starlette and FastAPI apps."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, HTTPException, WebSocket
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Host, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.guard import (
    ASSETS,
    PUBLIC,
    SIGNED_IN,
    Actor,
    Environment,
    Guard,
    GuardPolicy,
    NotFoundError,
    current,
    permission,
    public,
    requires,
    sign_in,
    signed_in,
)
from vallum.guard.frameworks import starlette as adapter
from vallum.guard.frameworks.fastapi import CurrentActor, CurrentExchange, CurrentSession
from vallum.stores.memory import MemorySessions
from vallum.stores.sqlite import SqliteSessions

Build = Callable[..., Any]
RAN: list[str] = []


@pytest.fixture(autouse=True)
def nothing_ran() -> None:
    RAN.clear()


async def bare(request: Request) -> Response:
    RAN.append(request.url.path)
    return PlainTextResponse("secret")


@public
async def enter(request: Request) -> Response:
    sign_in("ada", roles=request.query_params.getlist("role"))
    return PlainTextResponse("in")


def guarded(policy: Build, *routes: Any, middleware: Any = None, **settings: Any) -> Starlette:
    app = Starlette(routes=[Route("/enter", enter, methods=["POST"]), *routes], middleware=middleware)
    Guard(app, policy=policy(**settings))
    return app


def test_an_undeclared_route_is_closed_to_strangers_and_to_the_signed_in(
    policy: Build, browse: Build, events: Any
) -> None:
    browser = browse(guarded(policy, Route("/bare", bare)))
    assert browser("GET", "/bare").status_code == 401
    browser("POST", "/enter")
    assert browser("GET", "/bare").status_code == 403
    assert RAN == []
    assert [event.name for event in events] == ["routes-undeclared", "login-succeeded", "route-undeclared"]
    assert events[-1].actor == "ada"


def test_routes_added_late_and_in_copies_are_closed(policy: Build, browse: Build) -> None:
    app = FastAPI(openapi_url=None)
    Guard(app, policy=policy())
    inner, outer = APIRouter(), APIRouter()
    outer.include_router(inner, prefix="/inner")
    app.include_router(outer, prefix="/outer")

    @inner.get("/bare")
    async def leak() -> str:
        RAN.append("leak")
        return "secret"

    browser = browse(app)
    assert browser("GET", "/outer/inner/bare").status_code == 401

    @app.get("/later")
    async def later() -> str:
        RAN.append("later")
        return "secret"

    assert browser("GET", "/later").status_code == 401
    assert RAN == []


def test_the_gate_stands_before_dependencies_and_bodies(policy: Build, browse: Build) -> None:
    class Note(BaseModel):
        text: str

    async def dependency() -> None:
        RAN.append("dependency")

    app = FastAPI(openapi_url=None)
    Guard(app, policy=policy())

    @app.post("/note", dependencies=[Depends(dependency)])
    @signed_in
    async def note(body: Note) -> str:
        RAN.append("note")
        return "x"

    assert browse(app)("POST", "/note", content=b"not json").status_code == 401
    assert RAN == []


def test_declarations_above_and_below_the_route_decorator(policy: Build, browse: Build) -> None:
    app = FastAPI(openapi_url=None)

    @app.get("/below")
    @public
    async def below() -> str:
        return "a"

    @public
    @app.get("/above")
    async def above() -> str:
        return "b"

    guard = Guard(app, policy=policy())
    browser = browse(app)
    assert (browser("GET", "/below").json(), browser("GET", "/above").json()) == ("a", "b")
    assert guard.undeclared() == []


@pytest.mark.parametrize(
    ("roles", "status"), [("", 403), ("?role=reader", 403), ("?role=__proto__", 403), ("?role=writer", 200)]
)
def test_permissions_come_from_the_role_table_only(
    policy: Build, browse: Build, events: Any, roles: str, status: int
) -> None:
    route = Route("/write", requires("notes:write")(lambda request: PlainTextResponse("ok")))
    app = guarded(policy, route, roles={"writer": {"notes:write"}, "reader": {"notes:read"}})
    browser = browse(app)
    assert browser("GET", "/write").status_code == 401
    browser("POST", f"/enter{roles}")
    assert browser("GET", "/write", headers={"x-role": "writer", "x-user-id": "root"}).status_code == status
    if status == 403:
        assert (events[-1].name, events[-1].actor, events[-1].path) == ("authorization-failed", "ada", "/write")
        assert events[-1].detail == {"needed": "notes:write"}


class Notes(HTTPEndpoint):
    @public
    async def get(self, _: Request) -> Response:
        return PlainTextResponse("list")

    async def post(self, _: Request) -> Response:
        RAN.append("post")
        return PlainTextResponse("secret")


@signed_in
class Private(HTTPEndpoint):
    async def get(self, _: Request) -> Response:
        return PlainTextResponse("mine")


def test_endpoint_classes_declare_per_method_or_as_a_whole(policy: Build, browse: Build) -> None:
    app = Starlette(routes=[Route("/notes", Notes), Route("/private", Private)])
    guard = Guard(app, policy=policy())
    browser = browse(app)
    assert browser("GET", "/notes").text == "list"
    assert browser("HEAD", "/notes").status_code == 200
    assert browser("POST", "/notes").status_code == 401
    assert browser("GET", "/private").status_code == 401
    assert guard.undeclared() == ["Route /notes"]
    assert RAN == []


def test_mounts_need_a_path_and_apps_with_routes_decide_themselves(
    policy: Build, browse: Build, tmp_path: Path
) -> None:
    (tmp_path / "a.css").write_text("p{}")

    async def raw(scope: Any, receive: Any, send: Any) -> None:
        RAN.append("raw")
        await PlainTextResponse("raw")(scope, receive, send)

    inner = Starlette(routes=[Route("/open", public(lambda request: PlainTextResponse("open"))), Route("/bare", bare)])
    app = guarded(
        policy,
        Mount("/static", StaticFiles(directory=tmp_path)),
        Mount("/files", StaticFiles(directory=tmp_path)),
        Mount("/raw", raw),
        Mount("/inner", inner),
        paths={"/static/*": ASSETS, "/inner/*": SIGNED_IN},
    )
    browser = browse(app)
    assert browser("GET", "/static/a.css").text == "p{}"
    assert browser("GET", "/static/../files/a.css").status_code in {401, 403, 404}
    assert browser("GET", "/files/a.css").status_code == 401
    assert browser("GET", "/raw/x").status_code == 401
    assert browser("GET", "/inner/open").text == "open"
    assert browser("GET", "/inner/bare").status_code == 401
    assert RAN == []
    browser("POST", "/enter")
    assert browser("GET", "/inner/bare").text == "secret"


def test_a_host_route_decides_like_a_mount(policy: Build, browse: Build) -> None:
    inner = Starlette(routes=[Route("/bare", bare), Route("/open", public(lambda request: PlainTextResponse("open")))])
    browser = browse(guarded(policy, Host("localhost", inner)))
    assert browser("GET", "/bare").status_code == 401
    raw = browse(guarded(policy, Host("localhost", PlainTextResponse("raw"))))
    assert raw("GET", "/x").status_code == 401
    assert browser("GET", "/open").text == "open"


def test_a_public_mount_does_not_open_what_an_inner_route_closes(policy: Build, browse: Build) -> None:
    @requires("admin")
    async def admin(request: Request) -> Response:
        return await bare(request)

    inner = Starlette(routes=[Route("/admin", admin), Route("/open", bare)])

    async def wrapper(scope: Any, receive: Any, send: Any) -> None:
        await inner(scope, receive, send)

    browser = browse(guarded(policy, Mount("/in", wrapper), paths={"/in/*": PUBLIC}))
    assert browser("GET", "/in/open").text == "secret"
    assert browser("GET", "/in/admin").status_code == 401
    browser("POST", "/enter")
    assert browser("GET", "/in/admin").status_code == 403
    assert RAN == ["/in/open"]


def test_an_app_that_has_served_already_is_guarded_from_now_on(policy: Build, browse: Build) -> None:
    app = Starlette(routes=[Route("/bare", bare)])
    browser = browse(app)
    assert browser("GET", "/bare").text == "secret"
    Guard(app, policy=policy())
    assert browser("GET", "/bare").status_code == 401


def test_api_documentation_is_closed_until_declared(policy: Build, browse: Build) -> None:
    app = FastAPI()
    Guard(app, policy=policy(paths={"/docs": SIGNED_IN}))
    browser = browse(app)
    assert [browser("GET", path).status_code for path in ("/docs", "/openapi.json", "/redoc")] == [401, 401, 401]


@pytest.mark.parametrize("status", [200, 204, 206, 302, 303])
def test_the_seal_holds_what_no_gate_has_judged(policy: Build, browse: Build, events: Any, status: int) -> None:
    class Early:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            headers = {"location": "/secret"} if status > 300 else {}
            await Response("secret", status, headers)(scope, receive, send)

    answer = browse(guarded(policy, middleware=[Middleware(Early)]))("GET", "/")
    assert answer.status_code == 403
    assert "secret" not in answer.text + str(answer.headers)
    assert events[-1].name == "response-sealed"


def test_unjudged_errors_and_redirects_pass_with_the_guards_own_body(policy: Build, browse: Build) -> None:
    class Early:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            status = int(scope["path"][1:])
            headers = {"location": "/there", "retry-after": "5", "x-leak": "secret"}
            await Response("secret", status, headers)(scope, receive, send)

    browser = browse(guarded(policy, middleware=[Middleware(Early)]))
    moved, busy = browser("GET", "/307"), browser("GET", "/429")
    assert (moved.status_code, moved.headers["location"]) == (307, "/there")
    assert (busy.status_code, busy.headers["retry-after"]) == (429, "5")
    assert "secret" not in moved.text + busy.text + str(moved.headers) + str(busy.headers)


def test_missing_pages_wrong_methods_and_slashes(policy: Build, browse: Build) -> None:
    browser = browse(guarded(policy, Route("/a/", public(lambda request: PlainTextResponse("a")))))
    assert browser("GET", "/nope").json()["code"] == "not-found"
    assert browser("GET", "/a").headers["location"].endswith("/a/")
    wrong = browser("POST", "/a/")
    assert wrong.status_code == 405
    assert "GET" in wrong.headers["allow"]


def test_base_http_middleware_keeps_gate_and_seal(policy: Build, browse: Build) -> None:
    class Stamp(BaseHTTPMiddleware):
        async def dispatch(self, request: Request, call_next: Any) -> Response:
            response = await call_next(request)
            response.headers["x-stamp"] = "1"
            return response

    app = guarded(
        policy,
        Route("/bare", bare),
        Route("/open", public(lambda request: PlainTextResponse(current().csp_nonce))),
        middleware=[Middleware(Stamp)],
    )
    browser = browse(app)
    assert browser("GET", "/bare").status_code == 401
    opened = browser("GET", "/open")
    assert opened.headers["x-stamp"] == "1"
    assert f"'nonce-{opened.text}'" in opened.headers["content-security-policy"]
    assert RAN == []


def test_an_unguarded_app_in_the_same_process_sleeps_on(browse: Build) -> None:
    assert browse(Starlette(routes=[Route("/bare", bare)]))("GET", "/bare").text == "secret"


def test_the_outermost_guard_judges(policy: Build, browse: Build) -> None:
    inner = Starlette(routes=[Route("/open", public(lambda request: PlainTextResponse("open"))), Route("/bare", bare)])
    Guard(inner, policy=policy())
    outer = Starlette(routes=[Mount("/in", inner)])
    Guard(outer, policy=policy())
    browser = browse(outer)
    answer = browser("GET", "/in/open")
    assert answer.text == "open"
    assert len(answer.headers.get_list("content-security-policy")) == 1
    assert browser("GET", "/in/bare").status_code == 401


def test_fastapi_arguments(policy: Build, browse: Build) -> None:
    app = FastAPI(openapi_url=None)
    app.router.routes.append(Route("/enter", enter, methods=["POST"]))
    Guard(app, policy=policy())

    @app.get("/me")
    @signed_in
    def me(actor: CurrentActor, session: CurrentSession, exchange: CurrentExchange) -> dict[str, Any]:
        return {"id": actor.id, "since": session.created if session else 0, "path": exchange.path}

    @app.get("/nobody")
    @public
    async def nobody(actor: CurrentActor) -> str:
        return actor.id

    browser = browse(app)
    browser("POST", "/enter")
    assert browser("GET", "/me").json()["id"] == "ada"
    assert browse(app)("GET", "/nobody").status_code == 500


def test_no_model_or_request_can_build_an_actor() -> None:
    app = FastAPI()
    with pytest.raises(Exception, match="Actor"):

        @app.post("/x")
        async def take(actor: Actor) -> str:
            return actor.id


def test_validation_errors_do_not_echo(policy: Build, browse: Build) -> None:
    class Note(BaseModel, extra="forbid"):
        title: str
        tags: dict[str, int] = {}

    app = FastAPI(openapi_url=None)
    Guard(app, policy=policy())

    @app.post("/note")
    @public
    async def note(body: Note) -> str:
        return "x"

    browser = browse(app)
    answer = browser("POST", "/note", json={"title": 7, "hunter2": 1, "tags": {"<script>": "s3cret"}})
    assert answer.status_code == 400
    assert answer.json()["errors"] == [
        {"field": "body.title", "code": "type"},
        {"field": "body.tags.?", "code": "type"},
        {"field": "body", "code": "unknown"},
    ]
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    broken = browser("POST", "/note", content=b'{"title": "s3cret', headers={"content-type": "application/json"})
    assert broken.status_code == 400
    assert "s3cret" not in broken.text


def test_an_apps_own_handlers_stay(policy: Build, browse: Build) -> None:
    app = FastAPI(openapi_url=None)

    @app.exception_handler(HTTPException)
    async def own(_: Request, error: HTTPException) -> Response:
        return PlainTextResponse("own", error.status_code)

    Guard(app, policy=policy())

    @app.get("/teapot")
    @public
    async def teapot() -> None:
        raise HTTPException(418, "short and stout")

    assert browse(app)("GET", "/teapot").text == "own"


@pytest.mark.parametrize("kind", [Starlette, FastAPI])
def test_http_exceptions_keep_status_and_headers_and_not_their_detail(policy: Build, browse: Build, kind: Any) -> None:
    async def teapot(_: Request) -> Response:
        raise HTTPException(418, "short and stout", {"x-pot": "1"})

    async def quiet(_: Request) -> Response:
        raise HTTPException(304)

    app = kind(routes=[Route("/teapot", public(teapot)), Route("/quiet", public(quiet))])
    Guard(app, policy=policy())
    answer = browse(app)("GET", "/teapot")
    assert (answer.json()["detail"], answer.json()["code"]) == ("I'm a Teapot", "i'm-a-teapot")
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert answer.headers["x-pot"] == "1"
    assert browse(app)("GET", "/quiet").status_code == 304
    page = browse(app)("GET", "/teapot", headers={"accept": "text/html"})
    assert (page.status_code, page.headers["content-type"]) == (418, "text/html; charset=utf-8")
    assert "stout" not in answer.text + page.text
    assert page.headers["x-request-id"] in page.text
    assert page.headers["x-pot"] == "1"


def test_a_wrong_form_is_a_page_for_people(policy: Build, browse: Build) -> None:
    app = FastAPI(openapi_url=None)
    Guard(app, policy=policy())

    @app.get("/list")
    @public
    async def show(page: int, size: int = 5) -> str:
        return str(page * size)

    answer = browse(app)("GET", "/list?page=<b>&size=<i>", headers={"accept": "text/html"})
    assert answer.status_code == 400
    assert "Look at: page, size." in answer.text
    assert "<b>" not in answer.text


def production(tmp_path: Path, **settings: Any) -> GuardPolicy:
    base: dict[str, Any] = {
        "environment": Environment.PRODUCTION,
        "origins": ("https://notes.test",),
        "secrets": (Secret("kD93jf0Qm2LxWv7TzR5bNc8YpHs1GaUe"),),
        "store": SqliteSessions(tmp_path / "s"),
    }
    return GuardPolicy(**base | settings)


def test_production_starts_neither_with_undeclared_routes_nor_with_debug(tmp_path: Path, browse: Build) -> None:
    app = Starlette(routes=[Route("/bare", bare), Route("/ok", public(lambda request: Response()))])
    policy = production(tmp_path)
    Guard(app, policy=policy)
    with pytest.raises(ConfigError, match=r"1 routes declare nothing: GET /bare"):
        browse(app, "https://notes.test")("GET", "/ok")
    with pytest.raises(ConfigError, match="debug is on"):
        Guard(Starlette(debug=True), policy=policy)
    late = Starlette()
    Guard(late, policy=policy)
    late.debug = True
    with pytest.raises(ConfigError, match="debug is on"):
        browse(late, "https://notes.test")("GET", "/ok")


def test_production_serves_its_own_host_only(tmp_path: Path, browse: Build) -> None:
    app = Starlette(routes=[Route("/ok", public(lambda request: PlainTextResponse("ok")))])
    Guard(app, policy=production(tmp_path))
    assert browse(app, "https://notes.test")("GET", "/ok").text == "ok"
    assert browse(app, "https://localhost")("GET", "/ok").status_code == 400


def test_a_framework_without_the_gates_place_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"has no Route\.handle"):
        adapter._gate(type("Route", (), {}))


def test_undeclared_names_nested_and_included_routes(policy: Build) -> None:
    app = FastAPI(openapi_url=None)
    router = APIRouter(prefix="/r")

    @router.get("/one")
    async def one() -> None: ...

    @router.websocket("/two")
    async def two(websocket: WebSocket) -> None: ...

    app.include_router(router, prefix="/api")
    app.mount("/sub", Starlette(routes=[Route("/three", bare)]))
    app.mount("/static", StaticFiles(directory="."))
    guard = Guard(app, policy=policy(paths={"/static/*": permission("x")}))
    assert guard.undeclared() == ["GET /api/r/one", "APIWebSocketRoute /api/r/two", "GET /sub/three"]


# --- WebSockets -------------------------------------------------------------------------------------------------------


def sockets(policy: Build, **settings: Any) -> Starlette:
    @public
    async def echo(websocket: Any) -> None:
        await websocket.accept(headers=[(b"x-app", b"1")])
        await websocket.send_text(await websocket.receive_text())
        await websocket.close()

    async def bare_socket(websocket: Any) -> None:
        RAN.append("socket")
        await websocket.accept()

    @public
    async def early(_: Any) -> None:
        raise ValueError("secret")

    @public
    async def late(websocket: Any) -> None:
        await websocket.accept()
        raise ValueError("secret")

    @public
    async def deny(websocket: Any) -> None:
        await websocket.send_denial_response(PlainTextResponse("secret", 402))

    routes = [
        WebSocketRoute(f"/{name}", app)
        for name, app in (("echo", echo), ("bare", bare_socket), ("early", early), ("late", late), ("deny", deny))
    ]
    app = Starlette(routes=[*routes, WebSocketRoute("/mine", signed_in(bare_socket))])
    Guard(app, policy=policy(**settings))
    return app


CONNECT = {"type": "websocket.connect"}


def test_a_socket_opens_with_the_security_headers(policy: Build, talk: Build) -> None:
    sent = talk(sockets(policy), "websocket", "/echo", CONNECT, {"type": "websocket.receive", "text": "hi"})
    assert [message["type"] for message in sent] == ["websocket.accept", "websocket.send", "websocket.close"]
    assert {b"x-app", b"x-request-id", b"x-content-type-options"} <= {name for name, _ in sent[0]["headers"]}


@pytest.mark.parametrize(("path", "status"), [("/mine", 401), ("/nope", 403), ("/early", 500), ("/deny", 402)])
def test_a_refused_socket_gets_a_real_answer(policy: Build, talk: Build, path: str, status: int) -> None:
    sent = talk(sockets(policy), "websocket", path, CONNECT)
    assert [message["type"] for message in sent] == ["websocket.http.response.start", "websocket.http.response.body"]
    assert sent[0]["status"] == status
    assert b"secret" not in sent[1]["body"]
    assert RAN == []


def test_a_public_error_refuses_a_socket(policy: Build, talk: Build) -> None:
    @public
    async def gone(_: Any) -> None:
        raise NotFoundError("not hers")

    app = Starlette(routes=[WebSocketRoute("/gone", gone)])
    Guard(app, policy=policy())
    assert talk(app, "websocket", "/gone", CONNECT)[0]["status"] == 404


def test_a_socket_app_that_says_nothing_is_denied(policy: Build, talk: Build) -> None:
    @public
    async def silent(_: Any) -> None: ...

    app = Starlette(routes=[WebSocketRoute("/silent", silent)])
    Guard(app, policy=policy())
    assert talk(app, "websocket", "/silent", CONNECT)[0]["status"] == 403


def test_a_session_that_ended_meanwhile_opens_no_socket(policy: Build, talk: Build, browse: Build, clock: Any) -> None:
    store = type("Ending", (MemorySessions,), {"touch": lambda *_: False})()
    app = sockets(policy, store=store)
    app.router.routes.append(Route("/enter", enter, methods=["POST"]))
    browser = browse(app)
    browser("POST", "/enter")
    clock.now += 120
    cookie = f"__Host-session={browser.cookies['__Host-session']}".encode()
    headers = [(b"host", b"localhost"), (b"origin", b"https://localhost"), (b"cookie", cookie)]
    assert talk(app, "websocket", "/mine", CONNECT, headers=headers)[0]["status"] == 401


def test_a_server_that_cannot_answer_closes(policy: Build, talk: Build) -> None:
    sent = talk(sockets(policy), "websocket", "/mine", CONNECT, extensions={})
    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_an_undeclared_socket_stays_closed(policy: Build, talk: Build) -> None:
    app = Starlette(routes=[WebSocketRoute("/bare", bare)])
    Guard(app, policy=policy())
    assert talk(app, "websocket", "/bare", CONNECT)[0]["status"] == 401
    assert RAN == []


def test_an_error_after_accept_closes_without_a_word(policy: Build, talk: Build, events: Any) -> None:
    sent = talk(sockets(policy), "websocket", "/late", CONNECT)
    assert sent[-1] == {"type": "websocket.close", "code": 1011}
    assert events[-1].name == "unhandled-exception"


@pytest.mark.parametrize(
    ("headers", "opens"),
    [
        ([], True),
        ([(b"origin", b"https://localhost")], True),
        ([(b"origin", b"https://evil.example")], False),
        ([(b"origin", b"null")], False),
        ([(b"cookie", b"a=b")], False),
        ([(b"cookie", b"a=b"), (b"origin", b"https://localhost")], True),
    ],
)
def test_the_origin_of_a_socket_is_checked(policy: Build, talk: Build, headers: Any, opens: bool) -> None:
    sent = talk(
        sockets(policy),
        "websocket",
        "/echo",
        CONNECT,
        {"type": "websocket.receive", "text": "hi"},
        headers=[(b"host", b"localhost"), *headers],
    )
    assert (sent[0]["type"] == "websocket.accept") is opens


def test_an_ungated_socket_is_sealed(policy: Build, talk: Build) -> None:
    class Early:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.send", "text": "secret"})

    app = Starlette(middleware=[Middleware(Early)])
    Guard(app, policy=policy())
    sent = talk(app, "websocket", "/x", CONNECT)
    assert sent[0]["status"] == 403
    assert "secret" not in str(sent)


def test_fastapi_socket_validation_does_not_echo(policy: Build, talk: Build) -> None:
    app = FastAPI(openapi_url=None)
    Guard(app, policy=policy())

    @app.websocket("/s")
    @public
    async def socket(websocket: WebSocket, number: int) -> None:
        await websocket.accept()

    sent = talk(app, "websocket", "/s", CONNECT, query_string=b"number=s3cret")
    assert "s3cret" not in str(sent)
    assert sent[0]["status"] == 403


def test_lifespan_passes(policy: Build, talk: Build) -> None:
    started: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        started.append(scope["type"])

    wrapped = Guard(app, policy=policy())
    asyncio.run(wrapped({"type": "lifespan"}, None, None))  # type: ignore[arg-type]  # the app uses neither
    assert started == ["lifespan"]


def test_a_middleware_that_asks_again_does_not_pass_a_gate_that_refused(policy: Build, browse: Build) -> None:
    ran: list[str] = []

    @signed_in
    async def mine(_: Request) -> PlainTextResponse:
        ran.append("mine")
        return PlainTextResponse("mine")

    class Stubborn:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            for _ in range(2):
                await self.app(dict(scope), receive, send)

    app = Starlette(routes=[Route("/mine", mine)], middleware=[Middleware(Stubborn)])
    Guard(app, policy=policy())
    assert browse(app)("GET", "/mine").status_code == 401
    assert ran == []
