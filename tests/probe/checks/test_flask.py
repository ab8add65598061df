"""The claims on logs, failures and plain HTTP on a Flask app, through WSGI."""

import json
import logging
import sys
import traceback
import uuid

import pytest
from flask import Flask, Response, g, redirect, request


def build(*flaws):
    app = Flask(__name__)
    log = logging.getLogger(f"tests.flask.{'.'.join(flaws) or 'sound'}")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    log.handlers, log.propagate = [handler], False
    log.setLevel(logging.INFO)

    def say(level, event, **fields):
        known = {"timestamp": "2026-01-02T03:04:05Z", "level": level, "event": event, "requestId": g.id, **fields}
        plain = f"{event} {request.user_agent} {request.path}"
        log.info(plain if "structured-logs" in flaws else json.dumps(known))

    @app.before_request
    def begin():
        g.id = request.headers.get("X-Request-ID", "") if "request-correlation" in flaws else ""
        g.id = g.id or str(uuid.uuid4())
        if request.scheme == "http" and "https-only" not in flaws:
            return redirect(request.url.replace("http://", "https://", 1), 308)
        return None

    @app.after_request
    def end(response):
        response.headers["X-Request-ID"] = g.id.replace("\r\n", " ")
        say("info", "request", userAgent=str(request.user_agent))
        return response

    @app.errorhandler(Exception)
    def fail(error):
        if getattr(error, "code", 500) < 500:
            return "none", error.code
        if "exceptions-logged" not in flaws:
            say("error", "unhandled", stack="".join(traceback.format_exception(error)))
        return "failed", 500

    @app.get("/")
    def home():
        return Response("<!doctype html>hello", mimetype="text/html")

    @app.get("/crash")
    def crash():
        return str(int(request.args.get("n", "1")))

    return app


CONTROLS = ("https-only", "structured-logs", "request-correlation", "exceptions-logged")


@pytest.mark.parametrize("control", CONTROLS)
def test_sound_flask_app_holds_it(run, control):
    told = run(build(), control, identities=())
    assert told.reasons == []
    assert told.notes, told.unproven


@pytest.mark.parametrize("control", CONTROLS)
def test_broken_flask_app_is_found(run, control):
    assert run(build(control), control, identities=()).reasons


@pytest.mark.parametrize("control", ["structured-logs", "request-correlation", "log-redaction"])
def test_silent_app_is_unproven(run, control):
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: Response("x", headers={"X-Request-ID": str(uuid.uuid4())}))
    told = run(app, control, identities=())
    assert told.notes == []
    assert any("wrote no line of log" in reason for reason in told.unproven)
