"""Every failure in Flask."""

from functools import partial
from typing import Any

from flask import Blueprint, Flask, Response, abort, render_template_string, request

from tests.guard.conformance import failures as bad
from vallum.guard import Guard, GuardPolicy, public, sign_in
from vallum.guard.frameworks.flask_input import checked
from vallum.guard.input.checked_request import CheckedRequest


def serving(act: Any) -> Any:
    @public
    def view() -> str:
        return str(act())

    return view


def add_hooks(app: Flask) -> None:
    hooks = Blueprint("hooks", __name__)
    after = Blueprint("after", __name__)
    late = Blueprint("late", __name__)
    for blueprint, path in ((hooks, "/hook"), (after, "/hook-after"), (late, "/hook-teardown")):
        blueprint.get(path)(serving(lambda: "open"))

    @hooks.before_request
    def fail_before() -> None:
        bad.boom()

    @after.after_request
    def fail_after(_: Response) -> Response:
        bad.boom()

    @late.teardown_request
    def fail_teardown(_: Any) -> None:
        bad.boom()

    for blueprint in (hooks, after, late):
        app.register_blueprint(blueprint)


def add_bodies(app: Flask) -> None:
    @app.post("/malformed")
    @public
    def malformed() -> Any:
        return request.json

    @app.post("/key")
    @public
    def key() -> str:
        return request.form["missing"]

    @app.post("/note")
    @public
    @checked(bad.SHAPE)
    def note(data: CheckedRequest) -> str:
        return str(data.body.title)

    @app.post("/enter")
    @public
    def enter_and_refuse() -> None:
        sign_in("ada")
        abort(403, bad.TEXT)


def add_answers(app: Flask) -> None:
    @app.get("/template")
    @public
    def template() -> str:
        return render_template_string(bad.TEMPLATE)

    @app.get("/task")
    @public
    def task() -> Response:
        answer = Response("open", mimetype="text/plain")
        answer.call_on_close(bad.boom)
        return answer

    @app.get("/stream")
    @public
    def stream() -> Response:
        return Response(bad.failing_first(), mimetype="text/html")

    @app.get("/trace")
    @public
    def trace() -> Any:
        return bad.PAGE, 500

    @app.errorhandler(bad.OddError)
    def answer_odd(error: bad.OddError) -> Response:
        raise RuntimeError(bad.TEXT) from error


class Failing:
    """A WSGI middleware inside of the guard, which fails on the way in or out."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def __call__(self, environ: Any, start_response: Any) -> Any:
        if environ["PATH_INFO"] == "/before":
            bad.boom()
        parts = self.app(environ, start_response)
        if environ["PATH_INFO"] == "/after":
            parts.close()
            bad.boom()
        return parts


REFUSALS = {
    "/missing": (404, bad.TEXT),
    "/foreign": (404, "not hers"),
    "/forbidden": (403, bad.TEXT),
    "/unknown": (401, bad.TEXT),
    "/bad": (400, bad.TEXT),
    "/busy": (503, bad.TEXT),
    "/broken": (500, bad.TEXT),
}


def build(policy: GuardPolicy, debug: bool) -> Any:
    app = Flask(__name__, static_folder=None)
    app.debug = debug
    app.wsgi_app = Failing(app.wsgi_app)  # type: ignore[method-assign]  # as Flask's documentation does
    Guard(app, policy=policy)
    for path, act in (bad.RAISERS | {"/schema": bad.schema}).items():
        app.add_url_rule(path, path, serving(act))
    for path, told in REFUSALS.items():
        app.add_url_rule(path, path, serving(partial(abort, *told)))
    for path in ("/before", "/after", "/open"):
        app.add_url_rule(path, path, serving(lambda: "open"))
    add_hooks(app)
    add_bodies(app)
    add_answers(app)
    return app
