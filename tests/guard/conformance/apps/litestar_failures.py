"""Every failure in Litestar."""

from typing import Annotated, Any

import jinja2
from litestar import Litestar, MediaType, Response, get, post, websocket
from litestar.background_tasks import BackgroundTask
from litestar.connection import WebSocket
from litestar.di import Provide
from litestar.exceptions import (
    HTTPException,
    NotAuthorizedException,
    NotFoundException,
    PermissionDeniedException,
    ServiceUnavailableException,
)
from litestar.middleware import DefineMiddleware
from litestar.params import Body, FromQuery
from litestar.response import Stream

from tests.guard.conformance import failures as bad
from tests.guard.conformance.apps import starlette_failures as plain
from vallum.guard import PUBLIC, Guard, GuardPolicy, sign_in

TEXT = MediaType.TEXT


def serving(path: str, act: Any, **options: Any) -> Any:
    @get(path, media_type=TEXT, sync_to_thread=False, **options)
    def handler() -> str:
        return str(act())

    return handler


def refusing(path: str, error: Any, text: str = bad.TEXT, **given: Any) -> Any:
    def act() -> None:
        raise error(detail=text, extra=[{"message": text}], **given)

    return serving(path, act)


@get("/template", media_type=MediaType.HTML)
async def template() -> str:
    return jinja2.Template(bad.TEMPLATE).render()


@get("/task", media_type=TEXT)
async def task() -> Response[str]:
    async def fail() -> None:
        bad.boom()

    return Response("open", media_type=TEXT, background=BackgroundTask(fail))


@get("/stream")
async def stream() -> Stream:
    return Stream(bad.failing_first_later(), media_type="text/html")


@get("/trace")
async def trace() -> Response[str]:
    return Response(bad.PAGE, media_type=MediaType.HTML, status_code=500)


@post("/malformed")
async def malformed(data: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
    return data


@post("/note")
async def note(data: Annotated[bad.Note, Body()]) -> str:
    return data.title


@post("/enter")
async def enter_and_refuse() -> None:
    sign_in("ada")
    raise PermissionDeniedException(bad.TEXT)


@get("/asked", media_type=TEXT)
async def asked(count: FromQuery[int]) -> str:
    return str(count)


@websocket("/socket")
async def socket(socket: WebSocket[Any, Any, Any]) -> None:
    await socket.accept()
    bad.boom()


@websocket("/socket-early")
async def socket_early(socket: WebSocket[Any, Any, Any]) -> None:
    bad.boom()


@websocket("/socket-refused")
async def socket_refused(socket: WebSocket[Any, Any, Any]) -> None:
    await socket.accept()
    raise PermissionDeniedException(bad.TEXT)


async def fail_hook(*_: Any) -> Any:
    bad.boom()


def answer_odd(_: Any, error: bad.OddError) -> Response[str]:
    raise RuntimeError(bad.TEXT) from error


def opened() -> str:
    return "open"


def build(policy: GuardPolicy, debug: bool) -> Any:
    raisers = bad.RAISERS | {"/cancelled": bad.cancelled, "/schema": bad.schema}
    handlers = [
        *(serving(path, act) for path, act in raisers.items()),
        *(serving(path, opened) for path in ("/before", "/after", "/open")),
        serving("/hook", opened, before_request=fail_hook),
        serving("/hook-after", opened, after_request=fail_hook),
        serving("/depends", opened, dependencies={"unused": Provide(fail_hook)}, guards=[lambda *_: bad.boom()]),
        refusing("/missing", NotFoundException),
        refusing("/foreign", NotFoundException, "not hers"),
        refusing("/forbidden", PermissionDeniedException),
        refusing("/unknown", NotAuthorizedException),
        refusing("/bad", HTTPException, status_code=400),
        refusing("/busy", ServiceUnavailableException),
        refusing("/broken", HTTPException),
        *(template, task, stream, trace, malformed, note, enter_and_refuse, asked),
        *(socket, socket_early, socket_refused),
    ]
    app = Litestar(
        handlers,
        debug=debug,
        openapi_config=None,
        logging_config=None,
        middleware=[DefineMiddleware(plain.Failing)],
        exception_handlers={bad.OddError: answer_odd},
        opt={"vallum": PUBLIC},
    )
    Guard(app, policy=policy)
    return app
