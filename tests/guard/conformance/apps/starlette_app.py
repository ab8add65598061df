"""The contract in Starlette."""

from typing import Any

import jinja2
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from tests.guard.conformance.contract import (
    BIG,
    DEEP,
    STATIC,
    TEMPLATE,
    DeclinedError,
    Kit,
    cut,
    find_thing,
    hang,
    secret,
    stream,
)
from vallum.guard import (
    Guard,
    GuardPolicy,
    accepts_body,
    current,
    current_actor,
    public,
    requires,
    sign_in,
    sign_out,
    signed_in,
)
from vallum.guard.frameworks.jinja import add_globals

ENVIRONMENT = jinja2.Environment(autoescape=True)
add_globals(ENVIRONMENT)


async def bare(request: Request) -> Response:
    return PlainTextResponse(secret(request.url.path))


@public
async def show_open(_: Request) -> Response:
    return PlainTextResponse("open")


@public
async def page(_: Request) -> Response:
    return HTMLResponse(ENVIRONMENT.from_string(TEMPLATE).render())


@signed_in
async def mine(_: Request) -> Response:
    return PlainTextResponse(current_actor().id)


@requires("notes:write")
async def write(_: Request) -> Response:
    return PlainTextResponse("written")


def enter(*roles: str) -> Any:
    @public
    async def handler(_: Request) -> Response:
        sign_in("ada", roles=roles)
        return PlainTextResponse(current().csrf_token)

    return handler


@signed_in
async def leave(_: Request) -> Response:
    sign_out()
    return PlainTextResponse("out")


@signed_in
async def put(_: Request) -> Response:
    session = current().session
    assert session is not None
    session.put("seen", 1)
    return PlainTextResponse("put")


@signed_in
async def get(_: Request) -> Response:
    session = current().session
    assert session is not None
    return PlainTextResponse(str(session.get("seen")))


@public
async def note(request: Request) -> Response:
    secret("note")
    async with request.form() as form:
        return PlainTextResponse(str(form["text"]))


@signed_in
async def upload(request: Request) -> Response:
    async with request.form() as form:
        file: Any = form["file"]
        return PlainTextResponse(str(len(await file.read())))


async def size(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


@accepts_body(BIG, shape=DEEP)
async def big(request: Request) -> Response:
    return await size(request)


@public
async def boom(_: Request) -> Response:
    raise ValueError("hidden detail")


@public
async def show_hang(_: Request) -> Response:
    return PlainTextResponse(await hang())


@signed_in
async def show_thing(request: Request) -> Response:
    return PlainTextResponse(find_thing(request.path_params["key"]))


@public
async def declined(_: Request) -> Response:
    sign_in("ada")
    raise DeclinedError("card 4111")


@public
async def own_500(_: Request) -> Response:
    return PlainTextResponse("hidden detail", 500)


@public
async def away(_: Request) -> Response:
    return RedirectResponse("/open", 302)


async def parts_of(parts: Any) -> Any:
    for part in parts:
        yield part


@public
async def show_stream(_: Request) -> Response:
    return StreamingResponse(parts_of(stream()), media_type="text/html")


@public
async def show_cut(_: Request) -> Response:
    return StreamingResponse(parts_of(cut()), media_type="text/html")


class Things(HTTPEndpoint):
    @public
    async def get(self, _: Request) -> Response:
        return PlainTextResponse("listed")

    async def post(self, _: Request) -> Response:
        return PlainTextResponse(secret("class"))


def build(policy: GuardPolicy, debug: bool) -> Kit:
    posts = {
        "/enter": enter(),
        "/enter-writer": enter("writer"),
        "/leave": leave,
        "/declined": declined,
        "/put": put,
        "/note": note,
        "/upload": upload,
        "/size": public(size),
        "/big": public(big),
    }
    gets = {
        "/open": show_open,
        "/bare": bare,
        "/page": page,
        "/mine": mine,
        "/write": write,
        "/get": get,
        "/boom": boom,
        "/hang": show_hang,
        "/things/{key}": show_thing,
        "/own500": own_500,
        "/away": away,
        "/stream": show_stream,
        "/cut": show_cut,
    }
    app = Starlette(
        debug=debug,
        routes=[
            *(Route(path, handler, methods=["POST"]) for path, handler in posts.items()),
            *(Route(path, handler) for path, handler in gets.items()),
            Mount("/group", routes=[Route("/open", show_open), Route("/bare", bare)]),
            Route("/async/open", show_open),
            Route("/async/bare", bare),
            Mount("/static", StaticFiles(directory=STATIC)),
            Route("/class", Things),
        ],
    )
    guard = Guard(app, policy=policy)
    app.router.routes.append(Route("/late", bare))
    return Kit(app, is_wsgi=False, undeclared=guard.undeclared)
