"""The claims on input and output, on a Flask app of forms and pages and on a FastAPI app of JSON, sound and broken."""

import json
import re
import secrets
from urllib.parse import quote

import nh3
import pytest
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, Response
from flask import Flask, redirect
from flask import request as asked
from markupsafe import escape
from pydantic import BaseModel, ConfigDict

from vallum.base.errors import VallumError
from vallum.base.secret import Secret
from vallum.guard.frameworks.fastapi import StrictJsonRoute
from vallum.guard.input.email_address import parse_email
from vallum.probe.identity import FormLogin, Identity, JsonLogin, RouteKey

WRITER = Identity(
    name="ann", login=FormLogin(fields={"username": "ann"}, secrets={"password": Secret("ann-password-123")})
)
FORM = """<form method=post action=/notes><input name=title maxlength=20 required><textarea name=body></textarea>
<input name=count type=number><select name=kind><option>a</option><option>b</option></select>
<input name=accent><input name=website></form>"""
MODERN = "default-src 'self'; require-trusted-types-for 'script'"


def paper(*flaws):  # noqa: C901 - one app of several pages
    """Notes on one page, a search, a registration; each flaw is the id of the control that is broken."""
    app, notes = Flask(__name__), []

    def fits(form):
        plain = not re.search(r"[\x00-\x1f]", form["title"]) or "allowlist-validation" in flaws
        short = len(form["title"]) <= 20 and form["kind"] in ("a", "b") and form["count"].isdigit()
        styled = re.fullmatch(r"[a-z0-9]*", form["accent"]) or "css-context-encoded" in flaws
        linked = form["website"].startswith("https://") or "url-encoded" in flaws
        bounded = form["count"].isdigit() and int(form["count"]) < 1000
        return plain and styled and linked and ((short and bounded) or "server-side-validation" in flaws)

    @app.get("/")
    def home():
        shown = ""
        for note in notes[-5:]:
            body = note["body"] if "html-sanitised" in flaws else nh3.clean(note["body"], tags={"b"})
            link = f'<a href="{escape(note["website"])}">site</a>'
            style = f"<style>p {{ color: {note['accent']} }}</style>"
            shown += f"<h2>{escape(note['title'])}</h2><div>{body}</div>{link}{style}"
        return f"<!doctype html><a href='/search?q=milk'>s</a><script src=/app.js></script>{FORM}{shown}"

    @app.after_request
    def dress(response):
        if "modern" in flaws:
            response.headers["content-security-policy"] = MODERN
        return response

    @app.route("/login", methods=["GET", "POST"])
    def login():
        if asked.method == "GET":
            return "<form method=post><input name=username><input name=password type=password></form>"
        answer = redirect("/") if asked.form["password"] == "ann-password-123" else app.make_response(("no", 401))
        if answer.status_code == 302:
            answer.set_cookie("user", "ann", secure=True)
        return answer

    @app.get("/me")
    def me():
        return "Log out" if asked.cookies.get("user") else ("who?", 401)

    @app.post("/notes")
    def add():
        form = {name: asked.form.get(name, "") for name in ("title", "body", "count", "kind", "accent", "website")}
        if not fits(form) or (not form["title"] and "server-side-validation" not in flaws):
            return "wrong", 400
        notes.append(form)
        return redirect("/")

    @app.get("/search")
    def search():
        q = asked.args.get("q", "")
        data = json.dumps({"q": q})
        if "js-context-encoded" not in flaws:
            data = data.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
        quoted = f"<script>const name = '{q}';</script>" if "quoted" in flaws else ""
        value = escape(q) if "url-encoded" in flaws else quote(q, safe="")
        block = (
            f'<script type="application/json">{data}</script>'
            if "block" in flaws
            else f"<script>var s = {data};</script>"
        )
        return f'<!doctype html>{block}{quoted}<a href="/search?page=2&amp;q={value}">more</a>'

    @app.get("/app.js")
    def script():
        sink = "innerHTML" if "dom-text-sinks" in flaws else "textContent"
        code = f"// box.innerHTML = x\nbox.{sink} = location.hash;\nlist.innerHTML = '';\nbox.textContent = 'a';\n"
        return code, 200, {"content-type": "text/javascript"}

    @app.post("/register")
    def register():
        username, email, password = asked.form["username"], asked.form["email"], asked.form["password"]
        if not re.match(r"^\w{3,20}$", username) or not password:
            return "wrong", 400
        if not re.fullmatch(r"[A-Za-z0-9_]{3,20}", username) and "allowlist-validation" not in flaws:
            return "wrong", 400
        if "email-validation" not in flaws:
            try:
                parse_email(email)
            except VallumError:
                return "wrong", 400
        return redirect("/") if "@" in email else ("wrong", 400)

    return app


PAGES = (
    "js-context-encoded",
    "css-context-encoded",
    "url-encoded",
    "dom-text-sinks",
    "html-sanitised",
    "server-side-validation",
    "allowlist-validation",
    "email-validation",
)


def test_sound_pages_hold_every_control(run):
    for control in PAGES:
        told = run(paper(), control, identities=(WRITER,))
        assert (control, told.reasons, told.gaps) == (control, [], ())
        assert told.notes, (control, told.unproven)


@pytest.mark.parametrize("control", PAGES)
def test_broken_page_is_found(run, control):
    assert run(paper(control), control, identities=(WRITER,)).reasons


def test_quote_in_a_script_is_found_and_a_data_block_is_well(run):
    found = run(paper("quoted"), "js-context-encoded", identities=(WRITER,)).reasons
    assert any("script" in reason for reason in found)
    told = run(paper("block"), "js-context-encoded", identities=(WRITER,))
    assert (told.reasons, told.notes) == ([], ["JSON that reads back as what was sent"])


def test_trusted_types_hold_back_a_sink(run):
    told = run(paper("dom-text-sinks", "modern"), "dom-text-sinks", identities=(WRITER,))
    assert told.reasons == []
    assert any("require-trusted-types-for" in note for note in told.notes)


def test_app_without_pages_proves_nothing_about_output(run):
    for control in ("js-context-encoded", "css-context-encoded", "url-encoded", "dom-text-sinks", "html-sanitised"):
        told = run(Flask(__name__), control, identities=())
        assert (told.reasons, told.notes) == ([], [])
        assert told.unproven


# JSON: strict models against lax ones, a store of documents, an internal route, a record of one's own


class Lax(BaseModel):
    name: str
    count: int = 1
    open: bool = False


class Strict(Lax):
    model_config = ConfigDict(strict=True, extra="forbid")


class Change(BaseModel):
    model_config = ConfigDict(extra="forbid")
    bio: str


class Loose(BaseModel):
    bio: str


def desk(*flaws):  # noqa: C901 - one app of several routes
    """A FastAPI app; each flaw is the id of the control that is broken."""
    app, sessions = FastAPI(), {}
    router = app.router
    if "strict-types" not in flaws:
        router.route_class = StrictJsonRoute
    app.add_exception_handler(VallumError, lambda *_: JSONResponse({}, 400))
    record = {"name": "ann", "bio": "x", "is_admin": False}
    model = Lax if "strict-types" in flaws else Strict

    @router.post("/items", status_code=201)
    async def add(item: model):
        return item

    @app.post("/find")
    async def find(request: Request):
        data = await request.json()
        wanted = data["name"]
        if not isinstance(wanted, str):
            if "nosql-operator-injection" not in flaws:
                return JSONResponse({}, 400)
            return [row for row in ("tea", "milk") if all(matches(op, row, v) for op, v in wanted.items())]
        return [row for row in ("tea", "milk") if row == wanted]

    @app.post("/internal/items")
    async def sync(request: Request):
        if "keyed" in flaws and request.headers.get("x-api-key") != "a-key-of-the-worker":
            return JSONResponse({}, 401)
        data = await request.json()
        fits = isinstance(data, dict) and isinstance(data.get("names"), str) and len(data) == 1
        if "internal-api-validation" not in flaws and not fits:
            return JSONResponse({}, 400)
        if "header" in flaws and "x-internal" not in request.headers:
            return JSONResponse({}, 401)
        return {"taken": data["names"].upper() if "header" not in flaws else []}

    def who(request):
        if sessions.get(request.cookies.get("sid", "")) != "ann":
            raise HTTPException(401)
        return record

    @app.post("/login")
    async def login(request: Request):
        data = await request.json()
        if data.get("password") != "ann-password-123":
            return JSONResponse({}, 401)
        sid = secrets.token_urlsafe(32)
        sessions[sid] = data["username"]
        answer = JSONResponse({"ok": True})
        answer.set_cookie("sid", sid, secure=True)
        return answer

    @app.get("/me")
    def me(request: Request):
        return dict(who(request))

    @app.get("/admin")
    def admin(request: Request):
        return Response("all") if who(request)["is_admin"] else JSONResponse({}, 403)

    if "mass-assignment" in flaws:

        @app.patch("/me")
        async def change(request: Request):
            who(request).update(await request.json())
            return dict(record)
    else:
        body = Loose if "ignores" in flaws else Change

        @app.patch("/me")
        def change(request: Request, given: body):
            who(request)["bio"] = given.bio
            return {"ok": True}

    return app


def matches(operator, row, value):
    return {"$eq": row == value, "$ne": row != value, "$gt": row > value}.get(operator, False)


ANN = Identity(
    name="ann",
    login=JsonLogin(path="/login", fields={"username": "ann"}, secrets={"password": Secret("ann-password-123")}),
)
CALLS = ("strict-types", "nosql-operator-injection", "internal-api-validation", "mass-assignment")


def test_sound_calls_hold_every_control(run):
    for control in CALLS:
        told = run(desk(), control, identities=(ANN,))
        assert (control, told.reasons, told.gaps) == (control, [], ())
        assert told.notes, (control, told.unproven)


@pytest.mark.parametrize("control", CALLS)
def test_broken_call_is_found(run, control):
    assert run(desk(control), control, identities=(ANN,)).reasons


def test_coerced_values_and_keys_that_occur_twice_are_told_apart(run):
    reasons = run(desk("strict-types"), "strict-types", identities=(ANN,)).reasons
    assert any('json open as "true"' in reason for reason in reasons)
    assert any("the same key twice" in reason for reason in reasons)


def test_right_that_was_written_is_taken_back(run):
    app = desk("mass-assignment")
    reasons = run(app, "mass-assignment", identities=(ANN,)).reasons
    assert any("is_admin" in reason for reason in reasons)
    assert run(app, "mass-assignment", identities=(ANN,)).reasons == reasons


def test_fields_that_are_ignored_leave_the_administrators_page_shut(run):
    told = run(desk("ignores"), "mass-assignment", identities=(ANN,))
    assert told.reasons == []
    assert "fields that are not named change nothing: no page for administrators opens" in told.notes


def test_nothing_that_writes_is_tried_without_leave(run):
    for control in ("strict-types", "server-side-validation", "internal-api-validation", "email-validation"):
        told = run(desk("internal-api-validation"), control, identities=(ANN,), writes=False)
        assert (told.reasons, told.notes) == ([], [])


def test_internal_route_is_tried_with_the_key_that_the_settings_name(run):
    app = desk("keyed", "internal-api-validation")
    shut = run(app, "internal-api-validation", identities=(ANN,))
    assert shut.reasons == []
    assert any("not let in at POST /internal/items" in reason for reason in shut.unproven)
    key = RouteKey(path="/internal/*", header="X-Api-Key", value=Secret("a-key-of-the-worker"))
    opened = run(app, "internal-api-validation", identities=(ANN,), keys=(key,))
    assert opened.reasons
    assert "a-key-of-the-worker" not in opened.text
    kept = run(desk("keyed"), "internal-api-validation", identities=(ANN,), keys=(key,))
    assert (kept.reasons, bool(kept.notes)) == ([], True)


def test_caller_who_says_that_it_is_internal_is_no_exception(run):
    reasons = run(desk("header", "internal-api-validation"), "internal-api-validation", identities=(ANN,)).reasons
    assert any("X-Internal is let in" in reason or "is taken" in reason for reason in reasons)
