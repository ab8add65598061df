"""A whole run: logins that are proven, budgets that hold, gaps that are told."""

import sys
import threading
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from flask import Flask, redirect, request, session
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse
from starlette.routing import Route

from vallum.base.errors import ConfigError, UsageError
from vallum.base.secret import Secret
from vallum.findings.finding import Finding, Silence
from vallum.probe.identity import BearerToken, FormLogin, Identity, JsonLogin, SessionCookie
from vallum.probe.policy import ProbePolicy
from vallum.probe.run import load_checks, probe, select_checks


def test_folder_is_the_registry():
    checks = load_checks()
    assert len(checks) >= 34
    assert [check.claim for check in checks] == [check.claim for check in load_checks()]
    for check in checks:
        assert check.judge.__module__.rpartition(".")[2] == check.claim.replace("-", "_")
    assert len({check.claim for check in checks}) == len(checks)


def test_checks_that_end_sessions_run_last():
    order = [(check.exhausts, check.last) for check in select_checks(())]
    assert order == sorted((check.exhausts, check.last) for check in load_checks())


def test_selection_by_control_or_claim():
    assert [check.control for check in select_checks(["hsts"])] == ["hsts"]
    assert [check.control for check in select_checks(["every-answer-pins-https"])] == ["hsts"]
    with pytest.raises(UsageError, match="Did you mean csrf"):
        select_checks(["csfr"])


def test_counts_and_progress(notes, people):
    steps = []
    policy = ProbePolicy(target=notes().app(), identities=people, select=("hsts", "csrf"))
    examination = probe(policy, lambda what, done, total: steps.append((what, done, total)))
    assert examination.counts.routes >= 15
    assert examination.counts.requests > 50
    assert [step[1] for step in steps] == sorted(step[1] for step in steps)
    assert all(total == 4 for _, _, total in steps)
    assert {step[0] for step in steps} >= {"logging in", "trying every-answer-pins-https"}


def test_two_runs_say_the_same(notes, look):
    def told(seen):
        return [(f.control, f.message, f.reason, str(f.where)) for f in seen.findings]

    flaws = ("sql-parameterised", "html-escaped", "object-ownership", "hsts")
    first, second = (look(notes(*flaws).app(), *flaws) for _ in range(2))
    assert told(first) == told(second)
    assert first.examination.counts == second.examination.counts


def test_lifespan_runs_once_and_ends(notes, look):
    app = notes()
    look(app.app(), "hsts")
    assert app.started == 0


def test_wrong_password_is_a_gap_that_names_the_identity(notes, look):
    wrong = Identity(
        name="ann", login=FormLogin(fields={"username": "ann"}, secrets={"password": Secret("not-her-password")})
    )
    seen = look(notes().app(), "csrf", "hsts", identities=(wrong,))
    (gap,) = seen.gaps
    assert gap.what == 'the login of "ann"'
    assert gap.why.startswith("POST /login answered 401: ")
    assert "Invalid credentials." in gap.why
    assert gap.controls == ("csrf",)
    assert "not-her-password" not in repr(seen.examination)
    assert [u.silence for u in seen.unproven] == [Silence.COULD_NOT_LOOK]
    assert seen.sites


def test_login_that_nothing_proves_is_a_gap(look):
    async def same(request):
        return HTMLResponse("<p>the same for everybody</p>")

    app = Starlette(routes=[Route("/", same), Route("/login", same, methods=["GET", "POST"])])
    ann = Identity(name="ann", login=FormLogin(fields={"username": "ann"}, secrets={"password": Secret("x")}))
    seen = look(app, "hsts", identities=(ann,))
    assert "no page tells this session from nobody's" in seen.gaps[0].why


def test_session_that_is_lost_on_the_way_is_a_gap(notes, look):
    app = notes()
    inner = app.change_note

    async def change(request):
        app.users["ann"] = "changed"
        app.sessions.clear()
        return await inner(request)

    app.change_note = change
    seen = look(app.app(), "sql-parameterised")
    assert any('the session of "ann" was lost' in gap.what for gap in seen.gaps)


def test_too_few_identities_is_told(notes, look, people):
    seen = look(notes().app(), "object-ownership", identities=people[:1])
    assert seen.unproven[0].reason == "it takes two users, and one is configured"
    seen = look(notes().app(), "object-ownership", identities=())
    assert seen.unproven[0].reason == "it takes two users, and none is configured"
    assert seen.gaps == ()


def test_spent_requests_are_a_gap_and_nothing_is_held_by_half(notes, look):
    seen = look(notes().app(), "sql-parameterised", "hsts", requests=150)
    (gap,) = seen.gaps
    assert gap.why == "the budget of 150 requests is spent"
    assert "sql-parameterised" in gap.controls
    assert not [site for site in seen.sites if site.control == "sql-parameterised"]
    assert seen.examination.counts.requests == 150


def test_finding_made_before_the_budget_ended_is_kept(notes, look):
    whole = look(notes("sql-parameterised").app(), "sql-parameterised").examination.counts.requests
    seen = look(notes("sql-parameterised").app(), "sql-parameterised", requests=whole - 5)
    assert seen.gaps
    assert seen.of("sql-parameterised")


def test_read_only_run_writes_nothing(notes, look):
    app = notes()
    seen = look(app.app(), writes=False)
    missing = {"api-rate-limit", "exceptions-logged", "https-only", "request-correlation", "request-size-limits"}
    missing |= {"security-events-logged", "validation-errors-safe", "allowlist-validation"}
    missing |= {"login-rate-limit", "mfa-totp"}
    missing |= {"jwt-asymmetric", "jwt-claims-validated", "jwt-revocation", "jwt-short-lived"}
    rows = app.database.execute("SELECT title FROM notes ORDER BY id").fetchall()
    assert rows == [("Milk for ann",), ("Milk for ben",)]
    assert len(app.users) == 3
    assert {finding.control for finding in seen.findings} <= missing


def test_what_was_written_carries_the_mark(notes, look):
    app = notes()
    look(app.app(), "object-ownership")
    titles = [title for (title,) in app.database.execute("SELECT title FROM notes WHERE id > 2")]
    assert titles
    assert all("vlmtest01" in title for title in titles)


def test_module_and_attribute(notes, look, tmp_path, monkeypatch):
    (tmp_path / "tiny_shop.py").write_text(
        "async def app(scope, receive, send):\n"
        "    if scope['type'] == 'http':\n"
        "        await send({'type': 'http.response.start', 'status': 200, 'headers': []})\n"
        "        await send({'type': 'http.response.body', 'body': b'x'})\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    seen = look("tiny_shop:app", "hsts", identities=())
    assert seen.of("hsts")
    with pytest.raises(UsageError, match='tiny_shop has no "wrong"'):
        look("tiny_shop:wrong", "hsts", identities=())


def test_app_that_answers_nothing_is_misuse(look):
    with pytest.raises(UsageError, match="does not answer"):
        look("http://127.0.0.1:9", "hsts", identities=())


def test_host_that_was_not_allowed_is_refused():
    with pytest.raises(UsageError, match="not this machine"):
        ProbePolicy(target="https://example.com")
    assert ProbePolicy(target="https://example.com", allow_hosts=("example.com",)).is_url
    assert ProbePolicy(target="http://[::1]:8000").is_url
    with pytest.raises(UsageError, match="names no host"):
        ProbePolicy(target="http://")


@pytest.mark.parametrize("change", [{"requests": 0}, {"seconds": 0}, {"timeout": 0}, {"scheme": "ftp"}, {"mark": "NO"}])
def test_policy_that_makes_no_sense(change):
    with pytest.raises(ConfigError):
        ProbePolicy(target="a:b", **change)


def test_identities_need_names_of_their_own():
    ann = Identity(name="ann", login=BearerToken(token=Secret("x")))
    with pytest.raises(ConfigError, match="same name"):
        ProbePolicy(target="a:b", identities=(ann, ann))
    with pytest.raises(ConfigError, match="needs a name"):
        Identity(name="", login=BearerToken(token=Secret("x")))


def api(tokens):
    async def me(request):
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        name = tokens.get(token) if kind == "Bearer" else None
        return JSONResponse({"name": name}) if name else JSONResponse({"error": "no"}, 401)

    async def login(request):
        body = await request.json()
        if body == {"user": "ann", "password": "right"}:
            return JSONResponse({"data": {"token": "t-ann"}})
        return JSONResponse({"error": "no"}, 401)

    async def legacy(request):
        if request.cookies.get("sid") == "s-ann":
            return PlainTextResponse("ann: log out")
        return PlainTextResponse("log in")

    return Starlette(routes=[Route("/me", me), Route("/login", login, methods=["POST"]), Route("/", legacy)])


@pytest.mark.parametrize(
    "login",
    [
        JsonLogin(fields={"user": "ann"}, secrets={"password": Secret("right")}, token="data.token"),
        BearerToken(token=Secret("t-ann")),
        SessionCookie(name="sid", value=Secret("s-ann")),
    ],
)
def test_other_ways_to_log_in(look, login):
    seen = look(api({"t-ann": "ann"}), "csrf", identities=(Identity(name="ann", login=login),))
    assert seen.gaps == ()
    assert "t-ann" not in repr(seen.examination)


@pytest.mark.parametrize(
    "login",
    [
        JsonLogin(fields={"user": "ann"}, secrets={"password": Secret("wrong")}, token="data.token"),
        BearerToken(token=Secret("stale")),
        SessionCookie(name="sid", value=Secret("stale")),
    ],
)
def test_other_ways_to_fail(look, login):
    seen = look(api({"t-ann": "ann"}), "csrf", identities=(Identity(name="ann", login=login),))
    assert [gap.what for gap in seen.gaps] == ['the login of "ann"']


def flask_shop():  # noqa: C901 - an app is a list of handlers
    app = Flask("shop")
    app.secret_key = "only for this test"
    items = {}

    @app.get("/")
    def home():
        if "user" not in session:
            return '<a href="/login">Log in</a>'
        links = "".join(f'<a href="/items/{key}">x</a>' for key, item in items.items() if item[0] == session["user"])
        return (
            f'<form method="post" action="/logout"><button>Log out</button></form>{links}'
            '<form method="post" action="/items"><input name="text"></form>'
        )

    @app.route("/login", methods=["GET", "POST"])
    def login():
        if request.method == "GET":
            return '<form method="post"><input name="username"><input name="password" type="password"></form>'
        if request.form["password"] != f"pw-{request.form['username']}":
            return "no", 401
        session["user"] = request.form["username"]
        return redirect("/", 303)

    @app.post("/logout")
    def logout():
        session.clear()
        return redirect("/", 303)

    @app.post("/items")
    def add():
        if "user" not in session:
            return "no", 401
        items[len(items) + 1] = (session["user"], request.form["text"])
        return redirect(f"/items/{len(items)}", 303)

    @app.get("/items/<int:item_id>")
    def show(item_id):
        if "user" not in session:
            return "no", 401
        return items[item_id][1] if item_id in items else ("no", 404)

    return app


def test_flask_app_is_probed_whole(look):
    people = tuple(
        Identity(name=name, login=FormLogin(fields={"username": name}, secrets={"password": Secret(f"pw-{name}")}))
        for name in ("ann", "ben")
    )
    seen = look(flask_shop(), identities=people, delay=0.2)
    broken = {finding.control for finding in seen.findings}
    assert {"object-ownership", "csrf", "html-escaped", "session-cookie-flags", "session-logout", "hsts"} <= broken
    assert not broken & {"sql-parameterised", "no-shell-injection", "session-rotation", "path-traversal"}
    assert seen.gaps == ()


def test_exchange_of_a_finding_says_who_and_where(notes, look):
    seen = look(notes("object-ownership").app(), "object-ownership")
    read = next(f for f in seen.findings if f.where.method == "GET")
    assert isinstance(read, Finding)
    assert (read.where.identity, read.where.route, read.where.status) == ("ben", "/notes/{note_id}", 200)
    assert read.where.curl.endswith('-H "Cookie: $BEN"')


@pytest.fixture
def served():
    """The Flask shop at a URL of loopback, with an OpenAPI document."""
    app = flask_shop()
    document = {"openapi": "3.1.0", "paths": {"/items/{item_id}": {"get": {"parameters": [ITEM]}}}}
    app.add_url_rule("/openapi.json", view_func=lambda: document)
    server = make_server("127.0.0.1", 0, app, handler_class=QuietHandler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


ITEM = {"name": "item_id", "in": "path", "required": True, "schema": {"type": "integer"}}


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *args):
        return


def test_url_is_probed_whole(look, served):
    people = tuple(
        Identity(name=name, login=FormLogin(fields={"username": name}, secrets={"password": Secret(f"pw-{name}")}))
        for name in ("ann", "ben")
    )
    controls = ("object-ownership", "hsts", "session-cookie-flags", "html-escaped", "login-generic-errors")
    seen = look(served, *controls, identities=people)
    assert seen.gaps == ()
    assert {f.control for f in seen.findings} == {"object-ownership", "session-cookie-flags", "html-escaped"}
    assert [u.control for u in seen.unproven] == ["hsts"]
    read = next(f for f in seen.of("object-ownership") if f.where.method == "GET")
    assert read.where.route == "/items/{item_id}"
    assert served in read.where.curl
