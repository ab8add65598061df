"""An ASGI app in process: exact bytes out, exact bytes back, and nothing it does stops the probe."""

import asyncio
import logging
import threading
import time

import pytest

from vallum.base.errors import UsageError
from vallum.probe.collect.asgi import AsgiTransport, describe_error
from vallum.probe.collect.engine import Engine, StuckError
from vallum.probe.collect.wire import BODY_KEPT, Wire


@pytest.fixture
def start():
    """Starts an app in process and lets it go at the end."""
    started = []

    def begin(app):
        transport = AsgiTransport(app, Engine(), "https://shop.example:8443", time.monotonic)
        started.append(transport)
        return transport

    yield begin
    for transport in started:
        transport.close()


def answering(status=200, body=b"ok", headers=()):
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": status, "headers": list(headers)})
        await send({"type": "http.response.body", "body": body})

    return app


def only_http(inner):
    """The app for requests; lifespan is refused by raising, as old apps do."""

    async def app(scope, receive, send):
        if scope["type"] != "http":
            raise NotImplementedError(scope["type"])
        await inner(scope, receive, send)

    return app


def test_scope_is_what_a_server_gives(start):
    seen = {}

    async def app(scope, receive, send):
        seen.update(scope)
        seen["body"] = (await receive())["body"]
        seen["then"] = asyncio.ensure_future(receive())
        await answering()(scope, receive, send)

    headers = (("Host", "shop.example"), ("X-Twice", "1"), ("X-Twice", "2"))
    wire = Wire(method="POST", target="/a%2Fb/%2e%2e%2f?q=%27&q=2", headers=headers, body=b"abc")
    answer = start(only_http(app)).send(wire, 5)
    assert (answer.status, answer.text) == (200, "ok")
    assert seen["raw_path"] == b"/a%2Fb/%2e%2e%2f"
    assert seen["path"] == "/a/b/../"
    assert seen["query_string"] == b"q=%27&q=2"
    assert (seen["scheme"], seen["server"], seen["method"]) == ("https", ("shop.example", 8443), "POST")
    assert seen["client"][0] == "127.0.0.1"
    assert seen["headers"] == [(b"host", b"shop.example"), (b"x-twice", b"1"), (b"x-twice", b"2")]
    assert seen["body"] == b"abc"


def test_header_lists_come_back_whole(start):
    headers = [(b"set-cookie", b"a=1"), (b"Set-Cookie", b"b=2")]
    answer = start(only_http(answering(headers=headers))).send(Wire(method="GET", target="/"), 5)
    assert answer.header_lines("set-cookie") == ("a=1", "b=2")


def test_lifespan_starts_stops_and_shares_its_state(start):
    told = []

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            scope["state"]["pool"] = "open"
            told.append((await receive())["type"])
            await send({"type": "lifespan.startup.complete"})
            told.append((await receive())["type"])
            await send({"type": "lifespan.shutdown.complete"})
        else:
            await answering(body=scope["state"]["pool"].encode())(scope, receive, send)

    transport = AsgiTransport(app, Engine(), "https://testserver", time.monotonic)
    assert transport.send(Wire(method="GET", target="/"), 5).text == "open"
    transport.close()
    assert told == ["lifespan.startup", "lifespan.shutdown"]


@pytest.mark.parametrize("message", [{"message": "Traceback\nValueError: no database"}, {}])
def test_lifespan_that_fails_is_misuse(message):
    async def app(scope, receive, send):
        await receive()
        await send({"type": "lifespan.startup.failed", **message})

    with pytest.raises(UsageError, match=r"the app does not start: (ValueError: no database|its lifespan failed)"):
        AsgiTransport(app, Engine(), "https://testserver", time.monotonic)


def test_app_that_leaves_at_the_start_is_misuse():
    async def app(scope, receive, send):
        raise SystemExit("no key")

    with pytest.raises(UsageError, match="SystemExit: no key"):
        AsgiTransport(app, Engine(), "https://testserver", time.monotonic)


def test_exception_is_recorded_and_answered_as_a_server_does(start):
    async def app(scope, receive, send):
        raise ValueError("secret detail")

    answer = start(only_http(app)).send(Wire(method="GET", target="/"), 5)
    assert (answer.status, answer.text) == (500, "Internal Server Error")
    assert answer.raised == "builtins.ValueError: secret detail"


def test_app_that_says_nothing(start):
    async def app(scope, receive, send):
        return

    answer = start(only_http(app)).send(Wire(method="GET", target="/"), 5)
    assert (answer.status, answer.raised) == (500, "the app ended without an answer")


def test_exception_that_the_app_logs_is_heard_once(start):
    async def app(scope, receive, send):
        if scope["path"] == "/bad":
            try:
                {}["inner"]
            except KeyError:
                logging.getLogger("shop").exception("oops")
        logging.getLogger("shop").warning("no exception")
        await answering(500)(scope, receive, send)

    transport = start(only_http(app))
    assert transport.send(Wire(method="GET", target="/bad"), 5).raised == "builtins.KeyError: 'inner'"
    assert transport.send(Wire(method="GET", target="/good"), 5).raised == ""


def test_no_answer_in_time_is_a_fault(start):
    async def app(scope, receive, send):
        await asyncio.Event().wait()

    answer = start(only_http(app)).send(Wire(method="GET", target="/"), 0.05)
    assert (answer.status, answer.fault) == (0, "no answer within 0.05 seconds")


def test_work_after_the_answer_does_not_hold_it_back(start):
    async def app(scope, receive, send):
        await answering()(scope, receive, send)
        await asyncio.Event().wait()

    answer = start(only_http(app)).send(Wire(method="GET", target="/"), 0.3)
    assert (answer.status, answer.fault) == (200, "")


def test_endless_event_stream_is_left_after_its_first_piece(start):
    async def app(scope, receive, send):
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        while True:
            await send({"type": "http.response.body", "body": b"data: x\n\n", "more_body": True})
            await asyncio.sleep(0)

    answer = start(only_http(app)).send(Wire(method="GET", target="/"), 5)
    assert answer.status == 200
    assert answer.text.startswith("data: x")


def test_streamed_body_comes_together(start):
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for piece in (b"a", b"b", b""):
            await send({"type": "http.response.body", "body": piece, "more_body": bool(piece)})

    assert start(only_http(app)).send(Wire(method="GET", target="/"), 5).text == "ab"


def test_ten_megabytes_are_capped(start):
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for number in range(10):
            await send({"type": "http.response.body", "body": b"x" * (1 << 20), "more_body": number < 9})

    answer = start(only_http(app)).send(Wire(method="GET", target="/"), 5)
    assert answer.length == 10 << 20
    assert len(answer.body) == BODY_KEPT


def test_blocked_app_is_given_up(monkeypatch):
    monkeypatch.setattr("vallum.probe.collect.engine._GRACE", 0.05)
    release = []

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            return
        while not release:
            threading.Event().wait(0.01)

    transport = AsgiTransport(app, Engine(), "https://testserver", time.monotonic)
    with pytest.raises(StuckError, match="does not return"):
        transport.send(Wire(method="GET", target="/"), 0.05)
    release.append(True)
    transport.close()


def test_innermost_of_a_group_is_described():
    error = BaseExceptionGroup("two", [ValueError("first\nline"), KeyError("second")])
    assert describe_error(error) == "builtins.ValueError: first line"
