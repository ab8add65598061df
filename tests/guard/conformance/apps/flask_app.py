"""The contract in Flask."""

from typing import Any

from flask import Blueprint, Flask, Response, redirect, render_template_string, request
from flask.views import MethodView

from tests.guard.conformance.contract import (
    BIG,
    DEEP,
    STATIC,
    TEMPLATE,
    DeclinedError,
    Kit,
    cut,
    find_thing,
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


class Things(MethodView):
    @public
    def get(self) -> str:
        return "listed"

    def post(self) -> str:
        return secret("class")


def build(policy: GuardPolicy, debug: bool) -> Kit:
    app = Flask(__name__, static_folder=str(STATIC), static_url_path="/static")
    app.debug = debug
    guard = Guard(app, policy=policy)
    group = Blueprint("group", __name__, url_prefix="/group")
    _add_doors(app)
    _add_forms(app)
    _add_failures(app)
    app.get("/open")(show_open)
    group.get("/open")(show_open)
    for router, path in ((app, "/bare"), (group, "/bare"), (app, "/late")):
        router.get(path)(bare)
    app.register_blueprint(group)
    app.add_url_rule("/class", view_func=Things.as_view("things"))

    @app.get("/async/open")
    @public
    async def async_open() -> str:
        return "open"

    @app.get("/async/bare")
    async def async_bare() -> str:
        return secret("async")

    return Kit(app, is_wsgi=True, undeclared=guard.undeclared)


def bare() -> str:
    return secret("bare")


@public
def show_open() -> Response:
    return Response("open", mimetype="text/plain")


def _add_doors(app: Flask) -> None:
    @app.get("/mine")
    @signed_in
    def mine() -> str:
        return current_actor().id

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
    def put() -> str:
        session = current().session
        assert session is not None
        session.put("seen", 1)
        return "put"

    @app.get("/get")
    @signed_in
    def get() -> str:
        session = current().session
        assert session is not None
        return str(session.get("seen"))


def _add_forms(app: Flask) -> None:
    @app.get("/page")
    @public
    def page() -> str:
        return render_template_string(TEMPLATE)

    @app.post("/note")
    @public
    def note() -> str:
        secret("note")
        return request.form["text"]

    @app.post("/upload")
    @signed_in
    def upload() -> str:
        return str(len(request.files["file"].read()))

    @app.post("/size")
    @public
    def size() -> str:
        return str(len(request.get_data()))

    @app.post("/big")
    @public
    @accepts_body(BIG, shape=DEEP)
    def big() -> str:
        return str(len(request.get_data()))


def _add_failures(app: Flask) -> None:
    @app.get("/boom")
    @public
    def boom() -> str:
        raise ValueError("hidden detail")

    @app.get("/things/<key>")
    @signed_in
    def show_thing(key: str) -> str:
        return find_thing(key)

    @app.post("/declined")
    @public
    def declined() -> str:
        sign_in("ada")
        raise DeclinedError("card 4111")

    @app.get("/own500")
    @public
    def own_500() -> Any:
        return "hidden detail", 500

    @app.get("/away")
    @public
    def away() -> Any:
        return redirect("/open")

    @app.get("/stream")
    @public
    def show_stream() -> Any:
        return Response(stream(), mimetype="text/html")

    @app.get("/cut")
    @public
    def show_cut() -> Any:
        return Response(cut(), mimetype="text/html")
