"""Records of `logging`: JSON lines with their request, redacted on every path, and unable to forge a line."""

import asyncio
import io
import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vallum.base.secret import Secret
from vallum.guard.logging import hooks
from vallum.guard.logging.access import ACCESS_LOG
from vallum.guard.logging.channel import Channel
from vallum.guard.logging.context import CURRENT, outbound_headers
from vallum.guard.logging.events import Event, Level, log_event, log_readably
from vallum.guard.logging.json_lines import add_request, redact_event
from vallum.guard.logging.records import Redaction, guard_records
from vallum.guard.logging.redaction import MASK, Redactor, hide_secrets, use_redactor
from vallum.guard.logging.setup import set_up_logs

REQUEST = SimpleNamespace(
    request_id="0b5a4c0e-6f7a-4f3e-9b0d-0a1b2c3d4e5f",
    client_request_id="",
    method="POST",
    path="/notes",
    actor_id="7",
    client="203.0.113.9",
    agent="curl/8",
)
CANARY = "canary-4711"


@pytest.fixture
def untouched(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The process's logging as it was, afterwards."""
    root = logging.getLogger()
    handlers, level, factory = list(root.handlers), root.level, logging.getLogRecordFactory()
    for name in ("excepthook", "__excepthook__"):
        monkeypatch.setattr(sys, name, getattr(sys, name))
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    monkeypatch.setattr(ACCESS_LOG, "write", None)
    monkeypatch.setattr(Channel, "structured", False)
    logging.setLogRecordFactory(logging.LogRecord)
    yield
    root.handlers[:] = handlers
    for handler in handlers:
        handler.filters[:] = [one for one in handler.filters if not isinstance(one, Redaction)]
    root.setLevel(level)
    logging.setLogRecordFactory(factory)
    use_redactor(Redactor())


@pytest.fixture
def lines(untouched: None) -> Callable[[], list[dict[str, Any]]]:
    """Set up the logs, and read what was written since."""
    stream = io.StringIO()
    set_up_logs(stream=stream)

    def read() -> list[dict[str, Any]]:
        text = stream.getvalue()
        stream.seek(0)
        stream.truncate()
        return [json.loads(line) for line in text.splitlines()]

    return read


@pytest.fixture
def in_request() -> Iterator[None]:
    token = CURRENT.set(REQUEST)
    yield
    CURRENT.reset(token)


def test_a_record_has_the_fixed_fields_and_those_of_its_request(lines: Any, in_request: None) -> None:
    logging.getLogger("shop").warning("order %s paid", 3, extra={"order": 3, "level": "mine"})
    (line,) = lines()
    assert line.pop("timestamp").endswith("+00:00")
    assert line == {
        "level": "warning",
        "event": "order 3 paid",
        "logger": "shop",
        "requestId": REQUEST.request_id,
        "method": "POST",
        "path": "/notes",
        "userId": "7",
        "ip": "203.0.113.9",
        "userAgent": "curl/8",
        "order": 3,
        "level_": "mine",
    }


def test_a_record_outside_of_a_request_has_no_request(lines: Any) -> None:
    logging.getLogger("shop").info("started")
    assert set(lines()[0]) == {"timestamp", "level", "event", "logger"}


def raise_error() -> None:
    raise ValueError(f"password={CANARY}")


def log_exception(logger: logging.Logger) -> None:
    try:
        raise_error()
    except ValueError:
        logger.exception("failed")


LEAKS: list[Callable[[logging.Logger], None]] = [
    lambda logger: logger.info(f"password={CANARY}"),  # noqa: G004 - what people write
    lambda logger: logger.info("password=%s", CANARY),
    lambda logger: logger.info("form %s", {"Password": CANARY, "deep": [{"apiKey": CANARY}]}),
    lambda logger: logger.info("%(token)s is %(id)s", {"token": CANARY, "id": 1}),
    lambda logger: logger.info("headers %s", [(b"cookie", CANARY.encode())]),
    lambda logger: logger.info("done", extra={"form": {"nested": {"password": CANARY}}}),
    lambda logger: logger.info({"password": CANARY}),
    lambda logger: logger.info(ValueError(f"token={CANARY}")),
    lambda logger: logger.info("token %s %s", f"token={CANARY}"),  # noqa: PLE1206 - what people write
    lambda logger: logger.info("at https://app:%s@db/x", CANARY),
    lambda logger: logger.info(f"value {CANARY} is known"),  # noqa: G004 - as above
    lambda logger: logger.info("stack", stack_info=True, extra={"secret": CANARY}),
    log_exception,
]


@pytest.mark.parametrize("leak", LEAKS)
def test_no_canary_passes_by_any_path(leak: Any, lines: Any, capsys: pytest.CaptureFixture[str]) -> None:
    hide_secrets(Secret(CANARY))
    plain = io.StringIO()
    late = logging.StreamHandler(plain)
    late.addFilter(Redaction())
    late.setFormatter(logging.Formatter("%(request_id)s %(message)s %(extra)s", defaults={"extra": ""}))
    logging.getLogger("shop").addHandler(late)
    try:
        leak(logging.getLogger("shop"))
    finally:
        logging.getLogger("shop").removeHandler(late)
    shown = json.dumps(lines())
    assert CANARY not in shown + plain.getvalue() + "".join(capsys.readouterr())
    assert MASK in shown


def test_an_exception_is_told_once_with_its_stack(lines: Any, in_request: None) -> None:
    log_exception(logging.getLogger("shop"))
    (line,) = lines()
    assert line["error"] == "ValueError"
    assert "raise_error" in line["stack"]
    assert line["stack"].endswith(f"ValueError: password={MASK}")
    assert line["requestId"] == REQUEST.request_id


def test_arguments_keep_their_number(untouched: None, caplog: pytest.LogCaptureFixture) -> None:
    guard_records()
    guard_records()
    logging.getLogger("shop.access").warning('%s "%s %s" %d', "ip", "GET", "/x?token=abc", 200)
    record = caplog.records[-1]
    assert record.args == ("ip", "GET", f"/x?token={MASK}", 200)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text())
def test_no_value_forges_a_line(text: str, lines: Any) -> None:
    lines()
    logging.getLogger("shop").info("agent %s", text, extra={"agent": text})
    logging.getLogger("shop").info(f"agent {text}")  # noqa: G004 - as above
    assert [line["level"] for line in lines()] == ["info", "info"]


def test_plain_formatters_cannot_be_forged_either(untouched: None, caplog: pytest.LogCaptureFixture) -> None:
    guard_records()
    logging.getLogger("shop").warning("agent %s", "x\r\n2026 INFO forged \u202e")
    assert caplog.messages[-1] == "agent x\\r\\n2026 INFO forged \\u202e"


def test_set_up_twice_writes_once(lines: Any) -> None:
    stream = io.StringIO()
    set_up_logs(stream=stream, level=logging.WARNING, redactor=Redactor(names=("birthday",)), access=False, hooks=False)
    logging.getLogger("shop").warning("x", extra={"birthday": "today"})
    assert lines() == []
    assert json.loads(stream.getvalue())["birthday"] == MASK


def test_events_ignore_the_general_level_and_reach_somebody_once(
    lines: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    event = Event(name="logged-out", level=Level.INFO, at=1_800_000_000, detail={"stack": "a\nb"})
    root.setLevel(logging.ERROR)
    log_event(event)
    log_readably(event)
    assert [line["event"] for line in lines()] == ["logged-out", "logged-out"]
    assert capsys.readouterr().err == ""
    for handler in root.handlers:
        handler.setLevel(logging.ERROR)
    try:
        log_event(event)
    finally:
        for handler in root.handlers:
            handler.setLevel(logging.NOTSET)
    assert json.loads(capsys.readouterr().err)["event"] == "logged-out"


def test_structlog_processors(in_request: None) -> None:
    fields = redact_event(None, "info", add_request(None, "info", {"event": "x", "path": "mine", "password": "p"}))
    assert (fields["requestId"], fields["path"], fields["password"]) == (REQUEST.request_id, "mine", MASK)


def test_outbound_headers(in_request: None) -> None:
    headers = outbound_headers()
    assert headers["X-Request-ID"] == REQUEST.request_id
    version, trace, parent, flags = headers["traceparent"].split("-")
    assert (version, trace, len(parent), flags) == ("00", REQUEST.request_id.replace("-", ""), 16, "01")
    assert headers["traceparent"] != outbound_headers()["traceparent"]


def test_outbound_headers_outside_of_a_request() -> None:
    assert outbound_headers() == {}


def test_what_ends_a_thread_is_told_once(lines: Any) -> None:
    thread = threading.Thread(target=raise_error, name="mailer")
    thread.start()
    thread.join()
    (line,) = lines()
    assert (line["event"], line["error"], line["thread"]) == ("thread-failed", "ValueError", "mailer")
    assert CANARY not in json.dumps(line)


def test_what_ends_the_process_is_told_once(lines: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []
    monkeypatch.setattr(sys, "__excepthook__", lambda *given: seen.append(given[0]))
    for error in (ValueError(f"token={CANARY}"), KeyboardInterrupt()):
        sys.excepthook(type(error), error, None)
    (line,) = lines()
    assert (line["event"], line["error"], seen) == ("process-failed", "ValueError", [KeyboardInterrupt])
    assert CANARY not in json.dumps(line)


def test_a_task_beside_a_request_is_told_with_it(lines: Any) -> None:
    told: list[Any] = []
    core = SimpleNamespace(report=lambda request, name, level, **detail: told.append((request, name, detail["error"])))
    request = SimpleNamespace(**vars(REQUEST), core=core)

    async def fail() -> None:
        raise_error()

    async def run() -> None:
        token = CURRENT.set(request)
        tasks = [hooks.start_task(fail()), hooks.start_task(asyncio.sleep(0))]
        CURRENT.reset(token)
        await asyncio.wait(tasks)

    asyncio.run(run())
    assert told == [(request, "background-task-failed", "ValueError")]
    assert lines() == []
