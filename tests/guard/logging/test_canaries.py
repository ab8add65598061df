"""One canary of each kind of secret through every log and error path of a guarded app: no sink shows it."""

import asyncio
import io
import json
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Annotated, Any

import pytest
from fastapi import FastAPI, Form, Request
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse

from vallum.base.secret import Secret
from vallum.guard import Guard, GuardPolicy, PublicError, Refusal, current, public, sign_in
from vallum.guard.authentication.login_failure import LoginFailedError, LoginFailure
from vallum.guard.logging.access import ACCESS_LOG
from vallum.guard.logging.alerts import AlertRule, Alerts, Webhook
from vallum.guard.logging.channel import Channel
from vallum.guard.logging.context import CURRENT
from vallum.guard.logging.hooks import start_task
from vallum.guard.logging.redaction import Redactor, use_redactor
from vallum.guard.logging.setup import set_up_logs
from vallum.guard.logging.trail import record_change
from vallum.stores.trail import Trail

MARK = "cnry"
CANARIES = {
    "password": f"{MARK}-blue-pencil",
    "cookie": f"{MARK}{'c0okie' * 8}",
    "bearer": f"{MARK}{'t0ken' * 10}",
    "jwt": f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI{MARK}.{MARK}c2ln",
    "card": "4242424242424242",
    "url": f"postgres://app:{MARK}pw@db/x",
    "key": f"-----BEGIN PRIVATE KEY-----\n{MARK}MIIE\n-----END PRIVATE KEY-----",
}
QUERY = f"{MARK}-query"
log = logging.getLogger("shop")


class DeclinedError(PublicError):
    refusal = Refusal(402, "declined", "Payment declined.")


def fail(form: dict[str, Any]) -> None:
    raise ValueError(f"cannot charge {form} at {form['url']} with {form['key']} and {form['jwt']}")


def build(policy: GuardPolicy) -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.post("/{way}")
    @public
    async def run(way: str, request: Request, password: Annotated[str, Form()], typed: Annotated[str, Form()]) -> Any:
        form = {**CANARIES, "password": password}
        log.info("form %s", form)
        log.info("headers %s", request.headers.raw)
        log.warning("paid", extra={"form": form, "request_headers": dict(request.headers)})
        if way == "raise":
            fail(form)
        if way == "public":
            raise DeclinedError(f"the bank says password={password} card {form['card']}")
        if way == "login":
            raise LoginFailedError(LoginFailure.UNKNOWN_ACCOUNT, typed_name=typed)
        if way == "logged":
            try:
                fail(form)
            except ValueError:
                log.exception("failed with %s", form["url"])
        if way == "task":
            await asyncio.wait([start_task(later(form))])
        if way == "thread":
            thread = threading.Thread(target=fail, args=(form,))
            thread.start()
            thread.join()
        if way == "signed":
            sign_in("7")
        return JSONResponse({}, background=BackgroundTask(fail, form) if way == "background" else None)

    Guard(app, policy=policy)
    return app


async def later(form: dict[str, Any]) -> None:
    fail(form)


@pytest.fixture
def sinks(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], str]]:
    root, factory = logging.getLogger(), logging.getLogRecordFactory()
    handlers, level = list(root.handlers), root.level
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    monkeypatch.setattr("sys.excepthook", None)
    monkeypatch.setattr(ACCESS_LOG, "write", None)
    monkeypatch.setattr(Channel, "structured", False)
    stream, plain = io.StringIO(), logging.StreamHandler(io.StringIO())
    root.addHandler(plain)
    set_up_logs(stream=stream)
    yield lambda: stream.getvalue() + plain.stream.getvalue()
    root.handlers[:], root.level = handlers, level
    logging.setLogRecordFactory(factory)
    use_redactor(Redactor())


WAYS = {
    "raise": (500, "unhandled-exception"),
    "public": (402, "declined"),
    "login": (401, "login-failed"),
    "logged": (200, "failed with"),
    "task": (200, "background-task-failed"),
    "thread": (200, "thread-failed"),
    "background": (200, "background-task-failed"),
    "signed": (200, "login-succeeded"),
}


@pytest.mark.parametrize("way", WAYS)
def test_no_canary_in_any_sink(way: str, sinks: Any, browse: Any, capsys: pytest.CaptureFixture[str]) -> None:
    status, event = WAYS[way]
    told: list[bytes] = []
    rule = AlertRule(name="all", events=frozenset({event}))
    alerts = Alerts(Webhook("https://pager.example", lambda _, body: told.append(body)), (rule,))
    app = build(GuardPolicy(sink=alerts, secrets=(Secret(f"{MARK}-{'secret' * 6}"),)))
    headers = {
        "authorization": f"Bearer {CANARIES['bearer']}",
        "cookie": f"__Host-session={CANARIES['cookie']}; theme={CANARIES['cookie']}",
        "x-api-key": CANARIES["bearer"],
        "user-agent": f"curl/8 token={CANARIES['bearer']}",
        "x-request-id": CANARIES["url"],
    }
    data = {"password": CANARIES["password"], "typed": CANARIES["password"]}
    answer = browse(app)("POST", f"/{way}?token={QUERY}", headers=headers, data=data)
    alerts.close()
    shown = sinks() + b"".join(told).decode() + "".join(capsys.readouterr()) + answer.text
    assert answer.status_code == status
    assert MARK not in shown
    assert CANARIES["card"] not in shown
    assert event in shown
    lines = [json.loads(line) for line in sinks().splitlines() if line.startswith('{"timestamp"')]
    own = [line for line in lines if line.get("logger", "shop") == "shop"]  # not those of the client
    with_id = [line for line in own if line["event"] not in {"thread-failed", "routes-undeclared"}]
    assert {line["requestId"] for line in with_id} == {answer.headers["x-request-id"]}
    failures = {"unhandled-exception", "background-task-failed", "thread-failed"}
    assert len([line for line in lines if line["event"] in failures]) <= 2  # plain handler and JSON handler


def test_a_change_is_recorded_with_its_request() -> None:
    connection, trail = sqlite3.connect(":memory:"), Trail()
    trail.create(connection)
    token = CURRENT.set(SimpleNamespace(actor_id="7", request_id="id"))
    record_change(trail, connection, "rights-changed", "user:9", admin=True)
    CURRENT.reset(token)
    record_change(trail, connection, "cleaned", "sessions")
    rows = connection.execute("SELECT actor, subject, request_id, detail FROM vallum_trail").fetchall()
    connection.close()
    assert rows == [("7", "user:9", "id", '{"admin":true}'), ("system", "sessions", "", "{}")]


def test_the_answer_and_the_log_share_the_id(browse: Any, policy: Any, events: list[Any]) -> None:
    answer = browse(build(policy()))("POST", "/raise", data={"password": "x", "typed": "x"})
    assert answer.json()["request_id"] == answer.headers["x-request-id"] == events[-1].request_id
    with pytest.raises(Exception, match="no guarded request"):
        current()
