"""Events: one line of JSON each, without secrets."""

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.guard.logging.events import Event, Level, log_event, log_readably, render_event


def event(**detail: str) -> Event:
    return Event(
        name="login-failed",
        level=Level.WARNING,
        at=1_800_000_000.5,
        request_id="id",
        method="POST",
        path="/login",
        client="203.0.113.9",
        actor="",
        agent="curl/8",
        detail=detail,
    )


def test_fields() -> None:
    assert json.loads(render_event(event(cause="locked"))) == {
        "timestamp": "2027-01-15T08:00:00.500+00:00",
        "level": "warning",
        "event": "login-failed",
        "requestId": "id",
        "method": "POST",
        "path": "/login",
        "ip": "203.0.113.9",
        "userAgent": "curl/8",
        "owasp": "authn_login_fail",
        "cause": "locked",
    }


@given(st.text())
def test_one_event_is_one_line(text: str) -> None:
    line = render_event(event(cause=text))
    assert len(line.splitlines()) == 1
    assert line.isascii()


def test_a_developer_reads_the_stack_as_python_prints_it(caplog: pytest.LogCaptureFixture) -> None:
    log_readably(event(error="ValueError", stack='Traceback\n  File "app.py"\nValueError: password=hunter2'))
    log_readably(event())
    first, second = (record.getMessage() for record in caplog.records)
    line, _, stack = first.partition("\n")
    assert json.loads(line)["error"] == "ValueError"
    assert stack == 'Traceback\n  File "app.py"\nValueError: password=[REDACTED]'
    assert json.loads(second)["event"] == "login-failed"


def test_the_default_sink_is_the_security_logger(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="vallum.security"):
        log_event(event())
    assert caplog.records[0].levelname == "WARNING"
    assert json.loads(caplog.records[0].getMessage())["event"] == "login-failed"
