"""The contract in FastAPI: synchronous functions where Starlette's app has asynchronous ones."""

from typing import Annotated, Any

import jinja2
from fastapi import APIRouter, FastAPI, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, StreamingResponse
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
    public,
    requires,
    sign_in,
    sign_out,
    signed_in,
)
from vallum.guard.frameworks.fastapi import CurrentActor, CurrentSession
from vallum.guard.frameworks.jinja import add_globals

ENVIRONMENT = jinja2.Environment(autoescape=True)
add_globals(ENVIRONMENT)


def build(policy: GuardPolicy, debug: bool) -> Kit:
    app = FastAPI(debug=debug, openapi_url=None, default_response_class=PlainTextResponse)
    guard = Guard(app, policy=policy)
    group = APIRouter(prefix="/group")
    _add_doors(app)
    _add_forms(app)
    _add_failures(app)
    for router, path in ((app, "/open"), (group, "/open"), (app, "/async/open")):
        router.get(path)(show_open)
    for router, path in ((app, "/bare"), (group, "/bare"), (app, "/async/bare"), (app, "/late")):
        router.get(path)(bare)
    app.include_router(group)
    app.mount("/static", StaticFiles(directory=STATIC))
    app.get("/class")(public(lambda: "listed"))
    app.post("/class")(bare)
    return Kit(app, is_wsgi=False, undeclared=guard.undeclared)


def bare() -> str:
    return secret("bare")


@public
async def show_open() -> str:
    return "open"


def _add_doors(app: FastAPI) -> None:
    @app.get("/mine")
    @signed_in
    def mine(actor: CurrentActor) -> str:
        return actor.id

    @app.get("/write")
    @requires("notes:write")
    def write() -> str:
        return "written"

    @app.post("/enter")
    @public
    def enter() -> str:
        sign_in("ada")
        return current().csrf_token

    @app.post("/enter-writer")
    @public
    def enter_writer() -> str:
        sign_in("ada", roles=["writer"])
        return current().csrf_token

    @app.post("/leave")
    @signed_in
    def leave() -> str:
        sign_out()
        return "out"

    @app.post("/put")
    @signed_in
    async def put(session: CurrentSession) -> str:
        assert session is not None
        session.put("seen", 1)
        return "put"

    @app.get("/get")
    @signed_in
    async def get(session: CurrentSession) -> str:
        assert session is not None
        return str(session.get("seen"))


def _add_forms(app: FastAPI) -> None:
    @app.get("/page", response_class=HTMLResponse)
    @public
    def page() -> str:
        return ENVIRONMENT.from_string(TEMPLATE).render()

    @app.post("/note")
    @public
    def note(text: Annotated[str, Form()]) -> str:
        secret("note")
        return text

    @app.post("/upload")
    @signed_in
    def upload(file: UploadFile) -> str:
        return str(len(file.file.read()))

    @app.post("/size")
    @public
    async def size(request: Request) -> str:
        return str(len(await request.body()))

    @app.post("/big")
    @public
    @accepts_body(BIG, shape=DEEP)
    async def big(request: Request) -> str:
        return str(len(await request.body()))


def _add_failures(app: FastAPI) -> None:
    @app.get("/boom")
    @public
    def boom() -> str:
        raise ValueError("hidden detail")

    app.get("/hang")(public(hang))

    @app.get("/things/{key}")
    @signed_in
    def show_thing(key: str) -> str:
        return find_thing(key)

    @app.post("/declined")
    @public
    async def declined() -> str:
        sign_in("ada")
        raise DeclinedError("card 4111")

    @app.get("/own500")
    @public
    def own_500() -> Any:
        return PlainTextResponse("hidden detail", 500)

    @app.get("/away")
    @public
    def away() -> Any:
        return RedirectResponse("/open", 302)

    @app.get("/stream")
    @public
    def show_stream() -> Any:
        return StreamingResponse(stream(), media_type="text/html")

    @app.get("/cut")
    @public
    def show_cut() -> Any:
        return StreamingResponse(cut(), media_type="text/html")
