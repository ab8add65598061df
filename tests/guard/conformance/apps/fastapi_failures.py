"""Every failure in FastAPI: what Starlette has, and what goes through models and dependencies."""

from typing import Any

from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, WebSocket
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from tests.guard.conformance import failures as bad
from tests.guard.conformance.apps import starlette_failures as plain
from vallum.guard import Guard, GuardPolicy, public, sign_in


async def depend() -> None:
    bad.boom()


async def clean_up() -> Any:
    yield None
    bad.boom()


def raising(act: Any) -> Any:
    async def handler() -> Response:
        return PlainTextResponse(str(act()))

    return public(handler)


def refusing(status: int, text: str = bad.TEXT) -> Any:
    def act() -> None:
        raise HTTPException(status, text)

    return raising(act)


@public
async def note(body: bad.Note) -> str:
    return body.title


@public
async def enter_and_refuse() -> None:
    sign_in("ada")
    raise HTTPException(403, bad.TEXT)


@public
async def task(tasks: BackgroundTasks) -> str:
    tasks.add_task(bad.boom)
    return "open"


@public
async def trace() -> Response:
    return HTMLResponse(bad.PAGE, 500)


@public
async def returned() -> Any:
    return {"title": bad.QUOTED}


@public
async def socket_refused(socket: WebSocket) -> None:
    await socket.accept()
    raise HTTPException(403, bad.TEXT)


OPEN = raising(lambda: "open")
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
    "/task": task,
    "/trace": trace,
    "/before": OPEN,
    "/after": OPEN,
    "/open": OPEN,
}


def build(policy: GuardPolicy, debug: bool) -> Any:
    app = FastAPI(debug=debug, openapi_url=None, middleware=[Middleware(plain.Failing)], lifespan=bad.fail_start)
    app.exception_handler(bad.OddError)(plain.answer_odd)
    for path, handler in GETS.items():
        app.get(path)(handler)
    app.get("/hook", dependencies=[Depends(depend)])(raising(lambda: "open"))
    app.get("/hook-after", dependencies=[Depends(clean_up)])(raising(lambda: "open"))
    app.get("/returned", response_model=bad.Note)(returned)
    app.post("/malformed")(note)
    app.post("/note")(note)
    app.post("/enter")(enter_and_refuse)
    app.router.routes += [route for route in plain.routes() if getattr(route, "path", "") in {"/template", "/stream"}]
    app.websocket("/socket")(plain.socket)
    app.websocket("/socket-early")(plain.socket_early)
    app.websocket("/socket-refused")(socket_refused)
    inner = FastAPI(openapi_url=None)
    inner.get("/missing")(refusing(404))
    app.mount("/inner", inner)
    Guard(app, policy=policy)
    return app
