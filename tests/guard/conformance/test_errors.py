"""Whatever fails, wherever: the answer is generic and whole, the log has all of it but the secrets, once."""

import asyncio
import gc
import importlib
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.guard.conformance import failures as bad
from tests.guard.conformance.conftest import as_asgi
from tests.guard.conformance.test_answers import ALWAYS
from vallum.guard.logging.events import render_event
from vallum.guard.logging.json_lines import JsonLines

App = Callable[..., Any]
STARLETTE = {"starlette", "fastapi"}
ASGI = STARLETTE | {"litestar"}
NOT_DJANGO = ASGI | {"flask"}
FAILED = [*bad.RAISERS, "/template", "/before", "/after"]
"""What becomes a 500, on every framework."""
FAILED_ON = {
    "/hook": {"fastapi", "litestar", "flask"},
    "/hook-after": {"litestar", "flask"},
    "/hook-teardown": {"flask"},
    "/depends": {"litestar"},
    "/cancelled": ASGI,
    "/broken": NOT_DJANGO,
    "/template-response": {"django"},
}
REFUSED = {"/missing": 404, "/forbidden": 403, "/bad": 400}
REFUSED_ON = {
    "/unknown": (401, NOT_DJANGO),
    "/busy": (503, NOT_DJANGO),
    "/inner/missing": (404, STARLETTE),
    "/suspicious": (400, {"django"}),
    "/missing-later": (404, {"django"}),
    "/after-bad": (400, {"django"}),
}
INNARDS = (
    "hidden",
    "cuckoo",
    "zebra",
    "Traceback",
    "ValueError",
    "OddError",
    "StrayError",
    "KeyError",
    "RuntimeError",
    "Exception",
    "/srv",
    ".py",
    "pydantic",
    "not hers",
)


class Lines(logging.Handler):
    """What the standard library's loggers would write."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonLines())
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith("httpx"):  # the client of these tests tells the address
            self.lines.append(self.format(record))


@pytest.fixture
def lines() -> Iterator[list[str]]:
    handler = Lines()
    logging.getLogger().addHandler(handler)
    yield handler.lines
    logging.getLogger().removeHandler(handler)


@pytest.fixture
def name(kind: str) -> str:
    return kind.partition("-")[0]


@pytest.fixture
def open_app(kind: str, name: str, policy: App, request: pytest.FixtureRequest) -> App:
    module = importlib.import_module(f"tests.guard.conformance.apps.{name}_failures")

    def build(*, debug: bool = False) -> Any:
        made = policy()
        if name != "django":
            app = module.build(made, debug)
            return as_asgi(app) if name == "flask" else app
        apps: Iterator[Any] = module.build(made, debug, asgi="asgi" in kind, wrapped="wrapped" in kind)
        request.addfinalizer(lambda: next(apps, None))
        app = next(apps)
        return app if "asgi" in kind else as_asgi(app)

    return build


@pytest.fixture
def user(open_app: App, browse: App) -> Any:
    return browse(open_app())


def failed_on(name: str) -> list[str]:
    return FAILED + [path for path, names in FAILED_ON.items() if name in names]


def refused_on(name: str) -> dict[str, int]:
    return REFUSED | {path: status for path, (status, names) in REFUSED_ON.items() if name in names}


def check_answer(answer: Any, status: int) -> None:
    """The status, every header, the id, and none of the innards."""
    assert answer.status_code == status
    assert [name for name in ALWAYS if len(answer.headers.get_list(name)) != 1] == []
    assert (answer.headers["x-content-type-options"], answer.headers["x-frame-options"]) == ("nosniff", "DENY")
    assert answer.headers["x-request-id"] in answer.text
    whole = answer.text + str(answer.headers.multi_items())
    assert [word for word in INNARDS if word in whole] == []
    assert "set-cookie" not in answer.headers


def told(events: list[Any]) -> list[Any]:
    return [event for event in events if event.name != "routes-undeclared"]


def check_log(events: list[Any], lines: list[str]) -> None:
    """No secret in what either log writes."""
    written = "\n".join([*map(render_event, events), *lines])
    assert [word for word in ("cuckoo", "zebra") if word in written] == [], [
        line for line in written.splitlines() if "zebra" in line or "cuckoo" in line
    ]


def problem(answer: Any) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document.pop("request_id") == answer.headers["x-request-id"]
    return document


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Django leaves its body file open
@pytest.mark.parametrize("debug", [False, True])
def test_what_fails_is_generic_and_logged_once(
    *, open_app: App, browse: App, name: str, events: list[Any], lines: list[str], debug: bool
) -> None:
    user = browse(open_app(debug=debug))
    for path in failed_on(name):
        events.clear()
        answer = user("GET", path)
        check_answer(answer, 500)
        assert problem(answer)["code"] == "internal-error", path
        failed = [event for event in told(events) if event.level.name == "ERROR"]
        assert [event.request_id for event in failed] == [answer.headers["x-request-id"]], path
        assert failed[0].name == "unhandled-exception"
        assert "Traceback" in failed[0].detail["stack"], path
        if not path.startswith("/template"):
            assert bad.DETAIL in failed[0].detail["stack"], path
        check_log(events, lines)
    gc.collect()


@pytest.mark.parametrize("debug", [False, True])
def test_what_is_refused_by_the_frameworks_own_means_says_its_status_only(
    *, open_app: App, browse: App, name: str, events: list[Any], lines: list[str], debug: bool
) -> None:
    user = browse(open_app(debug=debug))
    for path, status in refused_on(name).items():
        events.clear()
        answer = user("GET", path)
        check_answer(answer, status)
        assert problem(answer)["status"] == status, path
        page = user("GET", path, headers={"accept": "text/html"})
        check_answer(page, status)
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        kept = [event for event in told(events) if event.request_id == answer.headers["x-request-id"]]
        assert len(kept) == 1, path
        assert bad.DETAIL in str(kept[0].detail), path
        check_log(events, lines)


def test_not_there_and_not_yours_are_the_same_bytes(user: Any, name: str) -> None:
    paths = ["/missing", "/foreign", "/there-is-no-such-route"]
    answers = [user("GET", path) for path in (*paths, *(["/inner/missing"] if name in STARLETTE else []))]
    bodies = {answer.text.replace(answer.headers["x-request-id"], "") for answer in answers}
    assert len(bodies) == 1
    heads = {tuple(header for header in answer.headers if header != "x-request-id") for answer in answers}
    assert len(heads) == 1
    assert {answer.status_code for answer in answers} == {404}


def test_a_failure_of_a_schema_names_fields_and_codes(
    user: Any, name: str, events: list[Any], lines: list[str]
) -> None:
    answer = user("GET", "/schema")
    check_answer(answer, 400)
    assert problem(answer)["code"] == "validation-failed"
    assert answer.json()["errors"] == [{"field": "title", "code": "too-long"}, {"field": "", "code": "unknown"}]
    assert [(event.name, event.request_id) for event in told(events)] == [
        ("input-refused", answer.headers["x-request-id"])
    ]
    assert "title: too-long" in events[-1].detail["cause"]
    assert "ValidationError in tests.guard.conformance.failures, line" in events[-1].detail["cause"]
    check_log(events, lines)
    page = user("GET", "/schema", headers={"accept": "text/html"})
    check_answer(page, 400)
    assert "Look at: title." in page.text


def test_a_body_of_the_wrong_form_names_fields_and_codes(
    user: Any, name: str, events: list[Any], lines: list[str]
) -> None:
    answer = user("POST", "/note", json={"title": bad.QUOTED, bad.QUOTED: bad.QUOTED})
    check_answer(answer, 400)
    wrong = {(error["field"].removeprefix("body").lstrip("."), error["code"]) for error in answer.json()["errors"]}
    assert wrong == {("title", "too-long"), ("", "unknown")}
    assert problem(answer)["code"] == "validation-failed"
    check_log(events, lines)


def test_a_malformed_body_is_not_repeated(user: Any, name: str, events: list[Any], lines: list[str]) -> None:
    for sent in (b'{"title": "zebra', b"\xff\xfe zebra", b"[" * 20 + b"zebra"):
        answer = user("POST", "/malformed", content=sent, headers={"content-type": "application/json"})
        # Where the handler parses by itself, what it does not catch is a failure.
        check_answer(answer, 500 if name in {"starlette", "django"} else 400)
        check_log(events, lines)


def test_what_raises_begins_nothing(user: Any) -> None:
    check_answer(user("POST", "/enter"), 403)
    assert user.cookies == {}


def test_an_answer_of_the_apps_own_with_500_is_replaced(user: Any, events: list[Any]) -> None:
    answer = user("GET", "/trace")
    check_answer(answer, 500)
    assert [(event.name, event.request_id) for event in told(events)] == [
        ("server-error", answer.headers["x-request-id"])
    ]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Django leaves its body file open
def test_a_stream_that_fails_at_once_is_an_error_or_is_cut(
    user: Any, kind: str, events: list[Any], lines: list[str]
) -> None:
    if kind in {"flask", "django-wsgi-wrapped"}:  # the server has sent nothing yet
        check_answer(user("GET", "/stream"), 500)
    else:
        with pytest.raises(Exception, match=r"hidden detail|after response started"):
            user("GET", "/stream")
    failed = [event for event in told(events) if event.name == "unhandled-exception"]
    assert len(failed) == 1
    assert bad.DETAIL in failed[0].detail["stack"]
    check_log(events, lines)
    gc.collect()


def test_an_unguarded_request_of_the_process_is_left_alone(user: Any) -> None:
    assert user("GET", "/open").text == "open"


@pytest.mark.parametrize("kind", ["starlette", "fastapi", "litestar", "flask"])
def test_what_runs_after_the_answer_is_logged_with_its_request(
    user: Any, events: list[Any], lines: list[str], kind: str
) -> None:
    answer = user("GET", "/task")
    assert (answer.status_code, answer.text.strip('"')) == (200, "open")
    assert [(event.name, event.request_id) for event in told(events)] == [
        ("background-task-failed", answer.headers["x-request-id"])
    ]
    check_log(events, lines)


@pytest.mark.parametrize("kind", ["fastapi"])
def test_what_fastapi_fails_to_return_is_not_quoted(user: Any, events: list[Any], lines: list[str], kind: str) -> None:
    check_answer(user("GET", "/returned"), 500)
    events.clear()
    answer = user("GET", "/hook-after")  # what follows a dependency's yield runs once the answer is out
    assert [event.request_id for event in told(events) if bad.DETAIL in event.detail["stack"]] == [
        answer.headers["x-request-id"]
    ]
    check_log(events, lines)


@pytest.mark.parametrize("kind", ["litestar"])
def test_what_litestar_says_of_a_query_is_not_repeated(
    user: Any, events: list[Any], lines: list[str], kind: str
) -> None:
    answer = user("GET", f"/asked?count={bad.QUOTED}&token={bad.QUOTED}")
    check_answer(answer, 400)
    assert answer.json()["errors"] == [{"field": "query.count", "code": "type"}]
    check_log(events, lines)


@pytest.mark.parametrize("kind", ["django-wsgi", "django-asgi"])
def test_what_djangos_forms_and_models_refuse(user: Any, events: list[Any], lines: list[str], kind: str) -> None:
    answer = user("GET", "/validation")
    check_answer(answer, 400)
    assert answer.json()["errors"] == [{"field": "title", "code": "invalid"}]
    form = user("POST", "/form", data={"title": bad.QUOTED})
    check_answer(form, 400)
    assert form.json()["errors"] == [{"field": "title", "code": "too-long"}]
    empty = user("POST", "/form", data={"title": ""})
    assert empty.json()["errors"] == [{"field": "title", "code": "required"}]
    assert user("POST", "/form", data={"title": "Hi"}).text == "Hi"
    check_log(events, lines)


@pytest.mark.parametrize("kind", ["flask"])
def test_a_field_that_flask_misses_is_not_named_by_its_error_page(user: Any, kind: str) -> None:
    check_answer(user("POST", "/key", data={"other": "x"}), 400)


@pytest.mark.parametrize("kind", ["starlette", "fastapi", "litestar"])
@pytest.mark.parametrize("path", ["/socket", "/socket-early", "/socket-refused"])
def test_a_socket_that_fails_closes_without_a_reason(
    *, open_app: App, talk: App, events: list[Any], lines: list[str], kind: str, path: str
) -> None:
    sent = talk(open_app(), "websocket", path, {"type": "websocket.connect"})
    spoken = json.dumps(sent, default=str)
    assert [word for word in INNARDS if word in spoken] == []
    if path == "/socket-early":
        assert sent[0]["status"] == 500
    else:
        assert [message["type"] for message in sent] == ["websocket.accept", "websocket.close"]
        assert not sent[-1].get("reason")
    kept = [event for event in told(events) if bad.DETAIL in str(event.detail)]
    assert len(kept) == 1
    check_log(events, lines)


@pytest.mark.parametrize("kind", ["starlette", "fastapi", "litestar"])
def test_a_client_that_goes_away_fails_nothing_else(open_app: App, talk: App, events: list[Any], kind: str) -> None:
    app = open_app()
    gone = ({"type": "http.request", "body": b'{"ti', "more_body": True}, {"type": "http.disconnect"})
    headers = [(b"host", b"localhost"), (b"origin", b"https://localhost"), (b"content-type", b"application/json")]
    headers.append((b"content-length", b"40"))
    sent = talk(app, "http", "/malformed", *gone, method="POST", headers=headers)
    assert [message.get("status", 0) for message in sent if message["type"].endswith("start")] in ([], [400], [500])
    assert "Disconnect" not in str(sent)
    assert len(told(events)) <= 1


@pytest.mark.parametrize("kind", ["django-wsgi", "django-asgi"])
def test_the_middleware_alone_secures_the_logs_of_the_process(
    open_app: App, lines: list[str], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    factory = logging.getLogRecordFactory()
    monkeypatch.setattr(logging, "_logRecordFactory", logging.LogRecord)
    open_app()
    logging.getLogger("notes").warning(bad.CANARY)
    logging.setLogRecordFactory(factory)
    assert "cuckoo" not in "".join(lines)


@pytest.mark.parametrize("kind", ["starlette", "fastapi"])
def test_an_app_that_does_not_start_tells_the_log_why(
    *, open_app: App, events: list[Any], lines: list[str], kind: str
) -> None:
    app, sent = open_app(), []

    async def receive() -> Any:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        sent.append(message)

    with pytest.raises(RuntimeError):
        asyncio.run(app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send))
    assert [message["type"] for message in sent] == ["lifespan.startup.failed"]
    assert [word for word in INNARDS if word in str(sent)] == []
    assert [event.name for event in told(events)] == ["startup-failed"]
    assert bad.DETAIL in events[-1].detail["stack"]
    check_log(events, lines)
