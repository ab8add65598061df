"""The contract in Litestar. The declarations stand on functions, on handlers, in a controller's and a router's opt."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Annotated, Any

from litestar import Controller, Litestar, MediaType, Request, Response, Router, get, post
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Redirect, Stream, Template
from litestar.static_files import create_static_files_router
from litestar.template.config import TemplateConfig

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
    PUBLIC,
    SIGNED_IN,
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

TEXT = MediaType.TEXT
FORM = Body(media_type=RequestEncodingType.MULTI_PART)


@public
@get("/open", media_type=TEXT)
async def show_open() -> str:
    return "open"


@get("/open", media_type=TEXT)
@public
async def show_group() -> str:
    return "open"


@get("/bare", media_type=TEXT)
async def bare() -> str:
    return secret("bare")


@get("/late", media_type=TEXT)
async def late() -> str:
    return secret("late")


@get("/page", media_type=MediaType.HTML, opt={"vallum": PUBLIC})
async def page() -> Template:
    return Template(template_str=TEMPLATE)


@get("/mine", media_type=TEXT, opt={"vallum": SIGNED_IN})
async def mine() -> str:
    return current_actor().id


@get("/write", media_type=TEXT)
@requires("notes:write")
async def write() -> str:
    return "written"


def enter(path: str, *roles: str) -> Any:
    @post(path, media_type=TEXT, status_code=200)
    @public
    async def handler() -> str:
        sign_in("ada", roles=roles)
        return current().csrf_token

    return handler


class Doors(Controller):
    opt = {"vallum": SIGNED_IN}  # noqa: RUF012 - as Litestar's documentation writes it

    @post("/leave", media_type=TEXT, status_code=200)
    async def leave(self) -> str:
        sign_out()
        return "out"

    @post("/put", media_type=TEXT, status_code=200)
    async def put(self) -> str:
        session = current().session
        assert session is not None
        session.put("seen", 1)
        return "put"

    @get("/get", media_type=TEXT)
    async def show(self) -> str:
        session = current().session
        assert session is not None
        return str(session.get("seen"))

    @post("/upload", media_type=TEXT, status_code=200)
    async def upload(self, data: Annotated[dict[str, Any], FORM]) -> str:
        file: UploadFile = data["file"]
        read = str(len(await file.read()))
        await file.close()
        return read


@post("/note", media_type=TEXT, status_code=200)
@public
async def note(request: Request[Any, Any, Any]) -> str:
    secret("note")
    return str((await request.form())["text"])


@post("/size", media_type=TEXT, status_code=200, request_max_body_size=None)
@public
async def size(request: Request[Any, Any, Any]) -> str:
    return str(len(await request.body()))


@post("/big", media_type=TEXT, status_code=200, request_max_body_size=None)
@public
@accepts_body(BIG, shape=DEEP)
async def big(request: Request[Any, Any, Any]) -> str:
    return str(len(await request.body()))


@get("/boom", media_type=TEXT, sync_to_thread=False)
@public
def boom() -> str:
    raise ValueError("hidden detail")


@get("/hang", media_type=TEXT)
@public
async def show_hang() -> str:
    return await hang()


@get("/things/{key:str}", media_type=TEXT)
@signed_in
async def show_thing(request: Request[Any, Any, Any]) -> str:
    return find_thing(request.path_params["key"])


@post("/declined", media_type=TEXT)
@public
async def declined() -> str:
    sign_in("ada")
    raise DeclinedError("card 4111")


@get("/own500")
@public
async def own_500() -> Response[str]:
    return Response("hidden detail", status_code=500, media_type=TEXT)


@get("/away", status_code=302)
@public
async def away() -> Redirect:
    return Redirect("/open")


async def parts_of(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Litestar ends a synchronous iterator that fails as if it were complete."""
    for part in parts:
        yield part


@get("/stream")
@public
async def show_stream() -> Stream:
    return Stream(parts_of(stream()), media_type="text/html")


@get("/cut")
@public
async def show_cut() -> Stream:
    return Stream(parts_of(cut()), media_type="text/html")


class Things(Controller):
    path = "/class"

    @get(media_type=TEXT)
    @public
    async def listed(self) -> str:
        return "listed"

    @post(media_type=TEXT)
    async def added(self) -> str:
        return secret("class")


def build(policy: GuardPolicy, debug: bool) -> Kit:
    handlers = [
        enter("/enter"),
        enter("/enter-writer", "writer"),
        show_open,
        bare,
        page,
        mine,
        write,
        Doors,
        note,
        size,
    ]
    handlers += [big, boom, show_hang, show_thing, declined, own_500, away, show_stream, show_cut, Things]
    app = Litestar(
        [
            *handlers,
            Router("/group", route_handlers=[show_group, bare]),
            Router("/async", route_handlers=[show_group, bare]),
            create_static_files_router("/static", [STATIC]),
        ],
        debug=debug,
        openapi_config=None,
        logging_config=None,
        template_config=TemplateConfig(directory=Path(STATIC), engine=JinjaTemplateEngine),
    )
    guard = Guard(app, policy=policy)
    app.register(late)
    return Kit(app, is_wsgi=False, undeclared=guard.undeclared)
