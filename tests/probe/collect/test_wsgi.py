"""A WSGI app in process: Flask and plain callables."""

import time

import pytest
from flask import Flask, request

from vallum.probe.collect.engine import Engine, StuckError
from vallum.probe.collect.wire import Wire
from vallum.probe.collect.wsgi import WsgiTransport


@pytest.fixture
def start():
    """Starts an app in process and lets it go at the end."""
    started = []

    def begin(app):
        transport = WsgiTransport(app, Engine(), "https://shop.example", time.monotonic)
        started.append(transport)
        return transport

    yield begin
    for transport in started:
        transport.close()


def test_flask_sees_the_request_as_sent(start):
    app = Flask("shop")

    @app.post("/files/<path:name>")
    def files(name):
        form = request.form["a"]
        return f"{name} {request.query_string.decode()} {request.scheme} {request.host} {form} {request.cookies['c']}"

    headers = (
        ("Host", "shop.example"),
        ("Cookie", "c=1"),
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("Content-Length", "3"),
    )
    wire = Wire(method="POST", target="/files/x%2Fy?q=%27", headers=headers, body=b"a=1")
    answer = start(app).send(wire, 5)
    assert answer.text == "x/y q=%27 https shop.example 1 1"


def test_exception_that_flask_logs_is_heard(start):
    app = Flask("shop")

    @app.get("/")
    def home():
        raise ZeroDivisionError("hidden")

    answer = start(app).send(Wire(method="GET", target="/"), 5)
    assert answer.status == 500
    assert answer.raised == "builtins.ZeroDivisionError: hidden"
    assert "hidden" not in answer.text


def test_app_that_raises(start):
    def app(environ, start_response):
        raise OSError("gone")

    answer = start(app).send(Wire(method="GET", target="/"), 5)
    assert (answer.status, answer.raised) == (500, "builtins.OSError: gone")


def test_write_and_close_and_repeated_headers(start):
    closed = []

    class Pieces(list):
        def close(self):
            closed.append(True)

    def app(environ, start_response):
        write = start_response("201 Created", [("X-A", environ["HTTP_X_TWICE"])])
        write(b"a")
        return Pieces([b"b"])

    wire = Wire(method="GET", target="/", headers=(("X-Twice", "1"), ("X-Twice", "2")))
    answer = start(app).send(wire, 5)
    assert (answer.status, answer.text, answer.header("x-a")) == (201, "ab", "1,2")
    assert closed == [True]


def test_endless_answer_is_cut(start):
    def app(environ, start_response):
        start_response("200 OK", [])
        while True:
            yield b"x"

    assert start(app).send(Wire(method="GET", target="/"), 5).length > 9000


def test_blocked_app_is_given_up(start, monkeypatch):
    monkeypatch.setattr("vallum.probe.collect.engine._GRACE", 0.05)
    release = []

    def app(environ, start_response):
        while not release:
            time.sleep(0.01)
        start_response("200 OK", [])
        return []

    transport = start(app)
    with pytest.raises(StuckError, match="GET /slow does not return"):
        transport.send(Wire(method="GET", target="/slow"), 0.05)
    release.append(True)
