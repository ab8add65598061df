"""What only Flask has: late guards, blueprints' own hooks, propagated exceptions, Jinja's globals."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Blueprint, Flask, redirect, render_template_string, request, url_for
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from vallum.base.errors import ConfigError, RefusedError
from vallum.base.secret import Secret
from vallum.guard import Environment, Guard, GuardPolicy, PublicError, Refusal, current, public
from vallum.stores.sqlite import SqliteSessions

Build = Callable[..., Any]
RAN: list[str] = []


@pytest.fixture(autouse=True)
def nothing_ran() -> None:
    RAN.clear()


@pytest.fixture
def app() -> Flask:
    return Flask(__name__, static_folder=None)


def get(app: Flask, path: str, **given: Any) -> Any:
    return app.test_client().get(path, base_url="https://localhost", buffered=True, **given)


def test_the_gate_runs_before_every_hook(policy: Build, app: Flask) -> None:
    group = Blueprint("group", __name__)
    group.before_request(lambda: RAN.append("blueprint"))
    app.before_request(lambda: RAN.append("early"))
    Guard(app, policy=policy())
    app.before_request(lambda: RAN.append("late"))
    group.get("/bare")(lambda: "secret")
    app.register_blueprint(group)
    assert get(app, "/bare").status_code == 401
    assert RAN == []


@pytest.mark.parametrize("status", [200, 204, 302, 404, 503])
def test_the_seal_holds_what_no_gate_has_judged(policy: Build, app: Flask, events: list[Any], status: int) -> None:
    Guard(app, policy=policy())
    app.before_request_funcs[None].insert(0, lambda: ("secret", status))
    app.get("/bare")(lambda: "secret")
    answer = get(app, "/bare")
    assert answer.status_code == (403 if status < 400 else status)
    assert "secret" not in answer.text
    assert ("response-sealed" in [event.name for event in events]) == (status < 400)


def test_hooks_after_the_view_see_an_ordinary_answer(policy: Build, app: Flask) -> None:
    Guard(app, policy=policy())
    app.get("/bare")(lambda: "secret")

    @app.after_request
    def note(response: Any) -> Any:
        RAN.append(response.status)
        response.headers["x-own"] = "1"
        return response

    answer = get(app, "/bare")
    assert RAN == ["401 UNAUTHORIZED"]
    assert answer.json["code"] == "sign-in-required"


@pytest.mark.parametrize("setting", ["TESTING", "PROPAGATE_EXCEPTIONS", "DEBUG"])
def test_propagated_exceptions_are_answered_and_logged_once(
    policy: Build, app: Flask, events: list[Any], setting: str
) -> None:
    app.config[setting] = True
    Guard(app, policy=policy())
    app.get("/boom")(public(lambda: 1 / 0))
    answer = get(app, "/boom")
    assert (answer.status_code, answer.json["code"]) == (500, "internal-error")
    assert [event.name for event in events] == ["unhandled-exception"]


class TeapotError(PublicError):
    refusal = Refusal(418, "teapot", "Short and stout.")


@pytest.mark.parametrize("own", [False, True])
def test_an_apps_own_handlers_stay(*, policy: Build, app: Flask, own: bool) -> None:
    Guard(app, policy=policy())

    @app.get("/teapot")
    @public
    def teapot() -> str:
        raise TeapotError

    @app.get("/odd")
    @public
    def odd() -> str:
        raise KeyError("hidden")

    if own:
        app.register_error_handler(TeapotError, lambda _: ("own", 418))
        app.register_error_handler(KeyError, lambda _: ("own", 400))
    else:
        assert get(app, "/teapot").json["detail"] == "Short and stout."
        assert get(app, "/odd").status_code == 500
        return
    assert (get(app, "/teapot").text, get(app, "/odd").text) == ("own", "own")


def test_what_a_block_refuses_is_answered_as_such(policy: Build, app: Flask, events: list[Any]) -> None:
    Guard(app, policy=policy())

    @app.get("/refused")
    @public
    def refused() -> str:
        raise RefusedError("hidden", code="path-outside")

    answer = get(app, "/refused")
    assert (answer.status_code, "hidden" in answer.text) == (400, False)
    assert [event.name for event in events] == ["input-refused"]


def test_an_app_that_has_served_is_refused(policy: Build, app: Flask) -> None:
    get(app, "/")
    with pytest.raises(ConfigError, match="has served already"):
        Guard(app, policy=policy())


def test_a_version_without_the_gates_place_is_refused(policy: Build, app: Flask) -> None:
    del app.before_request_funcs
    with pytest.raises(ConfigError, match=r"Flask has no Flask\.before_request_funcs"):
        Guard(app, policy=policy())


def test_debug_that_is_switched_on_later_stops_production(app: Flask, tmp_path: Any) -> None:
    Guard(
        app,
        policy=GuardPolicy(
            environment=Environment.PRODUCTION,
            origins=("https://notes.example",),
            secrets=(Secret("kV3bQ9xW7mZ2rT8yL4nD6sF1hJ5gC0aE"),),
            store=SqliteSessions(tmp_path / "sessions.sqlite"),
        ),
    )
    app.get("/bare")(lambda: "secret")
    for _ in range(2):
        with pytest.raises(ConfigError, match="1 routes declare nothing: GET /bare"):
            get(app, "/bare")
    app.debug = True
    with pytest.raises(ConfigError, match="debug is on"):
        get(app, "/bare")


def test_templates_and_redirects(policy: Build, app: Flask) -> None:
    Guard(app, policy=policy())

    @app.get("/page/")
    @public
    def page() -> str:
        return render_template_string("{{ csp_nonce }} {{ csrf_token() }} {{ current().path }}")

    @app.get("/to")
    @public
    def to() -> Any:
        return redirect(url_for("page"))

    nonce, token, path = get(app, "/page/").text.split(" ")
    assert (len(nonce), len(token), path) == (24, 86, "/page/")
    assert get(app, "/to").headers["location"] == "/page/"
    moved = get(app, "/page")
    assert (moved.status_code, moved.headers["location"]) == (308, "/page/")


def test_a_mounted_app_declares_for_itself(policy: Build, app: Flask) -> None:
    inner = Flask("inner", static_folder=None)
    inner.get("/bare", endpoint="bare")(lambda: "secret")
    inner.get("/open")(public(lambda: current().path))
    Guard(app, policy=policy())
    Guard(inner, policy=policy())
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/inner": inner})  # type: ignore[method-assign]  # as documented
    assert get(app, "/inner/bare").status_code == 401
    assert get(app, "/inner/open").text == "/inner/open"


def test_the_view_reads_what_the_guard_has_read(policy: Build, app: Flask) -> None:
    Guard(app, policy=policy())

    @app.post("/form")
    @public
    def form() -> list[Any]:
        return [request.form["a"], request.content_length]

    answer = app.test_client().post("/form", base_url="https://localhost", buffered=True, data={"a": "1"})
    assert answer.json == ["1", 3]
