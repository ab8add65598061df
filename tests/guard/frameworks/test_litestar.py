"""What only Litestar has: options of layers, its own OPTIONS handlers, mounts and WebSockets."""

from collections.abc import Callable
from typing import Any

import pytest
from litestar import Controller, Litestar, Router, WebSocket, asgi, get, route, websocket
from litestar.exceptions import HTTPException, ServiceUnavailableException

from vallum.base.errors import ConfigError
from vallum.guard import PUBLIC, SIGNED_IN, Guard, public, signed_in

Build = Callable[..., Any]
RAN: list[str] = []


def guarded(policy: Build, *handlers: Any, opt: Any = None, **settings: Any) -> Litestar:
    app = Litestar([*handlers], openapi_config=None, logging_config=None, opt=opt)
    Guard(app, policy=policy(**settings))
    return app


@get("/x")
async def bare() -> str:
    return "x"


class Mine(Controller):
    path = "/mine"
    opt = {"vallum": SIGNED_IN}  # noqa: RUF012 - as Litestar's documentation writes it

    @get("/inherited")
    async def inherited(self) -> str:
        return "x"

    @get("/own", opt={"vallum": PUBLIC})
    async def own(self) -> str:
        return "x"

    @get("/function")
    @public
    async def function(self) -> str:
        return "x"


def test_what_is_declared_nearest_counts(policy: Build, browse: Build) -> None:
    router = Router("/router", route_handlers=[bare], opt={"vallum": PUBLIC})
    user = browse(guarded(policy, Mine, router, bare))
    statuses = {path: user("GET", path).status_code for path in ("/router/x", "/x", "/mine/inherited")}
    assert statuses == {"/router/x": 200, "/x": 401, "/mine/inherited": 401}
    assert (user("GET", "/mine/own").text, user("GET", "/mine/function").text) == ("x", "x")


def test_an_app_may_be_open_as_a_whole(policy: Build, browse: Build) -> None:
    assert browse(guarded(policy, bare, opt={"vallum": PUBLIC}))("GET", "/x").status_code == 200


def test_an_option_that_is_no_access_opens_nothing(policy: Build, browse: Build) -> None:
    assert browse(guarded(policy, bare, opt={"vallum": "public"}))("GET", "/x").status_code == 401


@get("/both")
@public
async def both_get() -> str:
    return "x"


@route("/both", http_method=["POST"])
async def both_post() -> str:
    return "x"


@route("/whole", http_method=["GET", "POST"])
@public
async def whole() -> str:
    return "x"


@route("/asked", http_method=["OPTIONS"])
@signed_in
async def asked() -> str:
    return "x"


def test_options_follow_the_strictest_method_of_the_path(policy: Build, browse: Build) -> None:
    user = browse(guarded(policy, both_get, both_post, whole, asked))
    answers = {path: user("OPTIONS", path) for path in ("/both", "/whole", "/asked")}
    assert {path: answer.status_code for path, answer in answers.items()} == {
        "/both": 401,
        "/whole": 204,
        "/asked": 401,
    }
    assert answers["/whole"].headers["allow"] == "GET, OPTIONS, POST"


@asgi("/mount", is_mount=True, copy_scope=True)
async def mount(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"mounted"})


def test_a_mount_needs_an_entry_or_a_declaration(policy: Build, browse: Build) -> None:
    assert browse(guarded(policy, mount))("GET", "/mount/x").status_code == 401
    assert browse(guarded(policy, mount, paths={"/mount/*": PUBLIC}))("GET", "/mount/x").text == "mounted"


@websocket("/socket")
@public
async def socket(socket: WebSocket[Any, Any, Any]) -> None:
    await socket.accept()
    await socket.close()


@websocket("/bare-socket")
async def bare_socket(socket: WebSocket[Any, Any, Any]) -> None:
    RAN.append("socket")
    await socket.accept()


@websocket("/failing")
@public
async def failing(socket: WebSocket[Any, Any, Any]) -> None:
    raise ValueError("hidden")


@pytest.mark.parametrize(("path", "status"), [("/bare-socket", 401), ("/failing", 500), ("/nope", 403)])
def test_a_refused_socket_gets_a_real_answer(policy: Build, talk: Build, path: str, status: int) -> None:
    RAN.clear()
    sent = talk(guarded(policy, socket, bare_socket, failing), "websocket", path, {"type": "websocket.connect"})
    assert (sent[0]["type"], sent[0]["status"]) == ("websocket.http.response.start", status)
    assert RAN == []


def test_a_socket_opens_with_the_security_headers(policy: Build, talk: Build) -> None:
    sent = talk(guarded(policy, socket), "websocket", "/socket", {"type": "websocket.connect"})
    assert sent[0]["type"] == "websocket.accept"
    assert b"content-security-policy" in dict(sent[0]["headers"])


@websocket("/late")
@public
async def late_failure(socket: WebSocket[Any, Any, Any]) -> None:
    await socket.accept()
    raise ValueError("hidden")


def test_a_socket_that_fails_later_is_closed_and_logged_once(policy: Build, talk: Build, events: list[Any]) -> None:
    sent = talk(guarded(policy, late_failure), "websocket", "/late", {"type": "websocket.connect"})
    assert [message["type"] for message in sent] == ["websocket.accept", "websocket.close"]
    assert "hidden" not in str(sent)
    assert len([1 for event in events if "ValueError: hidden" in event.detail.get("stack", "")]) == 1


@pytest.mark.parametrize(
    ("error", "status", "names"),
    [
        (HTTPException(status_code=409, detail="taken"), 409, ["conflict"]),
        (ServiceUnavailableException(), 503, ["server-error"]),
        (HTTPException(status_code=500), 500, ["unhandled-exception"]),
        (ValueError("hidden"), 500, ["unhandled-exception"]),
    ],
)
def test_exceptions(
    policy: Build, browse: Build, events: list[Any], error: Exception, status: int, names: list[str]
) -> None:
    @get("/error")
    @public
    async def fail() -> str:
        raise error

    answer = browse(guarded(policy, fail))("GET", "/error")
    assert answer.status_code == status
    assert [event.name for event in events] == names


def test_templates_of_another_engine_are_left_alone(policy: Build, browse: Build) -> None:
    app = Litestar([get("/open")(public(answer))], openapi_config=None)
    app.template_engine = object()  # type: ignore[assignment]  # what has no globals
    Guard(app, policy=policy())
    assert browse(app)("GET", "/open").text == "x"


async def answer() -> str:
    return "x"


def test_a_version_without_the_gates_place_is_refused(policy: Build) -> None:
    class Router:
        handle_routing = None

    app = Litestar([bare])
    app.asgi_router = Router()  # type: ignore[assignment]  # for this test
    with pytest.raises(ConfigError, match="this version of Litestar has no"):
        Guard(app, policy=policy())
