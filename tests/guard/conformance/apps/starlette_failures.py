"""Every failure in Starlette."""

from typing import Any

import jinja2
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket

from tests.guard.conformance import failures as bad
from vallum.guard import Guard, GuardPolicy, public, sign_in
from vallum.guard.frameworks.starlette_input import checked
from vallum.guard.input.checked_request import CheckedRequest


def raising(act: Any) -> Any:
    async def handler(_: Request) -> Response:
        return PlainTextResponse(str(act()))

    return public(handler)


def refusing(status: int, text: str = bad.TEXT) -> Any:
    def act() -> None:
        raise HTTPException(status, text)

    return raising(act)


@public
async def enter_and_refuse(_: Request) -> Response:
    sign_in("ada")
    raise HTTPException(403, bad.TEXT)


@public
async def template(_: Request) -> Response:
    return HTMLResponse(jinja2.Template(bad.TEMPLATE).render())


@public
async def task(_: Request) -> Response:
    return PlainTextResponse("open", background=BackgroundTask(bad.boom))


@public
async def stream(_: Request) -> Response:
    return StreamingResponse(bad.failing_first_later(), media_type="text/html")


@public
async def trace(_: Request) -> Response:
    return HTMLResponse(bad.PAGE, 500)


@public
async def malformed(request: Request) -> Response:
    return PlainTextResponse(str(await request.json()))


@public
@checked(bad.SHAPE)
async def note(data: CheckedRequest) -> Response:
    return PlainTextResponse(data.body.title)


class Failing:
    """A middleware that fails on the way in or out."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope.get("path")
        if path == "/before":
            bad.boom()
        await self.app(scope, receive, send if path != "/after" else fail_late)


async def fail_late(_: Any) -> None:
    bad.boom()


async def answer_odd(_: Request, error: Exception) -> Response:
    raise RuntimeError(bad.TEXT) from error


@public
async def socket(socket: WebSocket) -> None:
    await socket.accept()
    bad.boom()


@public
async def socket_early(_: WebSocket) -> None:
    bad.boom()


@public
async def socket_refused(socket: WebSocket) -> None:
    await socket.accept()
    raise HTTPException(403, bad.TEXT)


OPEN = raising(lambda: "open")
POSTS = {"/malformed": malformed, "/note": note, "/enter": enter_and_refuse}
GETS = {
    **{path: raising(act) for path, act in (bad.RAISERS | {"/cancelled": bad.cancelled}).items()},
    "/schema": raising(bad.schema),
    "/missing": refusing(404),
    "/foreign": refusing(404, "not hers"),
    "/forbidden": refusing(403),
    "/unknown": refusing(401),
    "/bad": refusing(400),
    "/busy": refusing(503),
    "/broken": refusing(500),
    "/template": template,
    "/task": task,
    "/stream": stream,
    "/trace": trace,
    "/before": OPEN,
    "/after": OPEN,
    "/open": OPEN,
}
SOCKETS = {"/socket": socket, "/socket-early": socket_early, "/socket-refused": socket_refused}


def routes() -> list[Any]:
    return [
        *(Route(path, handler, methods=["POST"]) for path, handler in POSTS.items()),
        *(Route(path, handler) for path, handler in GETS.items()),
        *(WebSocketRoute(path, handler) for path, handler in SOCKETS.items()),
        Mount("/inner", Starlette(routes=[Route("/missing", refusing(404))])),
    ]


def build(policy: GuardPolicy, debug: bool) -> Any:
    handlers: Any = {bad.OddError: answer_odd}
    app = Starlette(
        debug, routes(), middleware=[Middleware(Failing)], exception_handlers=handlers, lifespan=bad.fail_start
    )
    Guard(app, policy=policy)
    return app
