"""A small app that keeps every promise, and breaks exactly those that it is told to break."""

import base64
import hashlib
import hmac
import html
import json
import pickle
import secrets
import sqlite3
import subprocess
import time
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from jinja2 import Template
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from vallum.base.secret import Secret
from vallum.findings.finding import Finding, Site, Unproven
from vallum.probe.exchange import Answer, Exchange, Shot
from vallum.probe.identity import FormLogin, Identity
from vallum.probe.policy import ProbePolicy
from vallum.probe.run import load_checks, probe
from vallum.probe.surface import Surface

PASSWORDS = {"ann": "ann-password-123", "ben": "ben-password-456", "root": "root-password-789"}
KEY = b"a key of thirty-two bytes or more"
HEADERS = {
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "permissions-policy": "geolocation=(), camera=(), microphone=()",
    "x-xss-protection": "0",
}
BREAKS_HEADER = {
    "hsts": "strict-transport-security",
    "nosniff": "x-content-type-options",
    "frame-protection": "x-frame-options",
    "referrer-policy": "referrer-policy",
    "permissions-policy": "permissions-policy",
}


class Clock:
    """A clock that moves only when it is told to: nobody sleeps in these tests."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class Notes:
    """Accounts, notes, search, download, an admin page and a JSON API; `flaws` are ids of controls to break."""

    def __init__(self, *flaws, clock=None):
        self.flaws = set(flaws)
        self.clock = clock or Clock()
        self.users = {name: self.digest(password) for name, password in PASSWORDS.items()}
        self.sessions = {}
        self.started = 0
        self.names = {}
        self.database = sqlite3.connect(":memory:", check_same_thread=False)
        self.database.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, owner TEXT, title TEXT)")
        for owner in ("ann", "ben"):
            self.database.execute("INSERT INTO notes (owner, title) VALUES (?, ?)", (owner, f"Milk for {owner}"))

    def broken(self, control):
        return control in self.flaws

    def digest(self, password):
        data = password.encode()
        return hashlib.sha256(data[:72] if "password-hashing" in self.flaws else data).hexdigest()

    # sessions

    def session(self, request):
        return self.sessions.get(request.cookies.get(self.cookie, ""))

    @property
    def cookie(self):
        return "sid" if self.broken("session-cookie-flags") else "__Host-sid"

    def user(self, request):
        held = self.session(request)
        if held and held["user"]:
            return held["user"]
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return self.read_token(token) if scheme == "Bearer" else None

    def need_user(self, request):
        user = self.user(request)
        if user is None:
            if request.url.path.startswith("/api/"):
                raise HTTPException(401, "unauthorized")
            raise HTTPException(303, headers={"location": f"/login?next={quote(request.url.path)}"})
        return user

    def open_session(self, response, user, sid=None):
        fresh = f"{len(self.sessions):032x}" if self.broken("secure-random") else secrets.token_urlsafe(32)
        sid = sid or fresh
        self.sessions[sid] = {"user": user, "csrf": secrets.token_urlsafe(32)}
        if self.broken("session-cookie-flags"):
            response.set_cookie(self.cookie, sid, samesite=None)
        else:
            response.set_cookie(self.cookie, sid, secure=True, httponly=True, samesite="strict", path="/")
        return sid

    # tokens

    def issue_token(self, user):
        def part(value):
            return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

        claims = {"sub": user}
        if self.broken("jwt-no-sensitive-payload"):
            claims["email"] = f"{user}@example.com"
        head = f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part(claims)}"
        return f"{head}.{base64.urlsafe_b64encode(hmac.digest(KEY, head.encode(), 'sha256')).rstrip(b'=').decode()}"

    def read_token(self, token):
        try:
            head, _, signature = token.rpartition(".")
            header, payload = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in head.split("."))
        except ValueError:
            if self.broken("bearer-errors-uniform"):
                raise HTTPException(401, f"not a token: {token}") from None
            raise HTTPException(401, "invalid_token") from None
        if self.broken("jwt-algorithm-pinned") and header.get("alg", "").lower() == "none":
            return payload["sub"]
        wanted = base64.urlsafe_b64encode(hmac.digest(KEY, head.encode(), "sha256")).rstrip(b"=").decode()
        if header.get("alg") != "HS256" or not hmac.compare_digest(wanted, signature):
            raise HTTPException(401, "invalid_token")
        return payload["sub"]

    # the pass around every request

    def guard(self, handler):
        async def inner(request):
            request.state.nonce = "fixed" * 5 if self.broken("content-security-policy") else secrets.token_urlsafe(24)
            request.state.id = secrets.token_hex(16)
            try:
                response = await self.admit(request, handler)
            except HTTPException as error:
                response = self.refuse(request, error)
            except (ValueError, KeyError, sqlite3.Error) as error:
                if self.broken("debug-disabled"):
                    response = HTMLResponse("<h1>500</h1><pre>Traceback (most recent call last):\n x</pre>", 500)
                elif self.broken("generic-errors"):
                    response = self.error(request, 500, f"{type(error).__name__}: {error}")
                else:
                    response = self.error(request, 500, "An internal error occurred.")
            return self.dress(request, response)

        inner.__wrapped__ = handler
        return inner

    async def admit(self, request, handler):
        if request.method == "POST" and not request.url.path.startswith("/api/") and not self.broken("csrf"):
            form = await request.form()
            held = self.session(request)
            sent = form.get("csrf_token", "")
            if not held or not hmac.compare_digest(held["csrf"], str(sent)):
                raise HTTPException(403, "forged")
            if request.headers.get("origin") != f"https://{request.headers['host']}":
                raise HTTPException(403, "forged")
        return await handler(request)

    def refuse(self, request, error):
        if error.status_code == 303:
            return RedirectResponse(error.headers["location"], 303)
        response = self.error(request, error.status_code, error.detail)
        if error.status_code == 401 and request.url.path.startswith("/api/"):
            response.headers["www-authenticate"] = 'Bearer error="invalid_token"'
        return response

    def error(self, request, status, text):
        number = "" if self.broken("error-request-id") else request.state.id
        if request.url.path.startswith("/api/"):
            return JSONResponse({"error": text, "request": number}, status)
        return self.page(request, html.escape(text) + f" <small>{number}</small>", status)

    def dress(self, request, response):
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        nonce = request.state.nonce
        response.headers["content-security-policy"] = (
            f"default-src 'self'; script-src 'nonce-{nonce}'; object-src 'none'; base-uri 'none'; "
            "frame-ancestors 'none'; form-action 'self'; upgrade-insecure-requests"
        )
        for control, name in BREAKS_HEADER.items():
            if self.broken(control) and name in response.headers:
                del response.headers[name]
        if self.broken("frame-protection"):
            csp = response.headers["content-security-policy"]
            response.headers["content-security-policy"] = csp.replace("frame-ancestors 'none'", "frame-ancestors *")
        if not self.broken("error-request-id"):
            response.headers["x-request-id"] = request.state.id
        if self.broken("xss-filter-off"):
            response.headers["x-xss-protection"] = "1; mode=block"
        if self.broken("no-server-banner"):
            response.headers["x-powered-by"] = "Notes 2.1"
        if self.broken("cors-allowlist") and "origin" in request.headers:
            response.headers["access-control-allow-origin"] = request.headers["origin"]
            response.headers["access-control-allow-credentials"] = "true"
        return response

    def page(self, request, body, status=200):
        held = self.session(request)
        out = ""
        if held and held["user"]:
            out = self.form(request, "/logout", "", "Log out")
        text = f'<!doctype html><script src="/app.js" nonce="{request.state.nonce}"></script>{out}{body}'
        return HTMLResponse(text, status)

    def form(self, request, action, fields, button):
        held = self.session(request) or {"csrf": getattr(request.state, "csrf", "")}
        token = f'<input type="hidden" name="csrf_token" value="{held["csrf"]}">'
        return f'<form method="post" action="{action}">{token}{fields}<button>{button}</button></form>'

    def raw(self, control, text):
        return text if self.broken(control) else html.escape(text)

    # pages

    async def home(self, request):
        user = self.user(request)
        if user is None:
            return self.page(request, '<a href="/login">Log in</a> <a href="/register">Register</a>')
        rows = self.database.execute("SELECT id, title FROM notes WHERE owner = ?", (user,)).fetchall()
        links = "".join(f'<li><a href="/notes/{i}">{self.raw("template-autoescape", t)}</a></li>' for i, t in rows)
        new = self.form(request, "/notes", '<input name="title" maxlength="900">', "Save")
        greet = f"<p>Hello {html.escape(user)}</p><a href='/search?q=milk'>Search</a><a href='/files?name=a.txt'>a</a>"
        return self.page(request, f"{greet}{new}<ul>{links}</ul>")

    async def login_page(self, request):
        sid = None
        response = HTMLResponse()
        if self.session(request) is None:
            known = request.cookies.get(self.cookie)
            sid = self.open_session(response, None, known if self.broken("session-rotation") else None)
            request.state.csrf = self.sessions[sid]["csrf"]
        target = html.escape(request.query_params.get("next", "/"))
        fields = f'<input type="hidden" name="next" value="{target}"><input name="username">'
        page = self.page(
            request, self.form(request, "/login", fields + '<input name="password" type="password">', "In")
        )
        for line in response.headers.getlist("set-cookie"):
            page.headers.append("set-cookie", line)
        return page

    async def login(self, request):
        form = await request.form()
        name, password = form.get("username", ""), form.get("password", "")
        if name not in self.users and self.broken("login-generic-errors"):
            raise HTTPException(401, "There is no such user.")
        if name not in self.users and self.broken("status-code-hygiene"):
            raise HTTPException(404, "Invalid credentials.")
        if not hmac.compare_digest(self.users.get(name, ""), self.digest(password)):
            raise HTTPException(401, "Invalid credentials.")
        target = form.get("next", "/")
        parts = urlsplit(target)
        local = (
            target.startswith("/") and not target.startswith(("//", "/\\")) and not parts.netloc and "\t" not in target
        )
        response = RedirectResponse(target if local or self.broken("safe-redirect") else "/", 303)
        old = request.cookies.get(self.cookie, "")
        if self.broken("session-rotation"):
            self.open_session(response, name, old)
        else:
            self.sessions.pop(old, None)
            self.open_session(response, name)
        return response

    async def logout(self, request):
        response = RedirectResponse("/", 303)
        if not self.broken("session-logout"):
            self.sessions.pop(request.cookies.get(self.cookie, ""), None)
        response.delete_cookie(self.cookie, secure=True)
        return response

    async def register_page(self, request):
        page = await self.login_page(request)
        page.body = page.body.replace(b'action="/login"', b'action="/register"')
        page.headers["content-length"] = str(len(page.body))
        return page

    async def register(self, request):
        form = await request.form()
        self.users[form["username"]] = self.digest(form["password"])
        return RedirectResponse("/login", 303)

    async def list_notes(self, request):
        self.need_user(request)
        return RedirectResponse("/", 303)

    async def add_note(self, request):
        user = self.need_user(request)
        form = await request.form()
        title = self.work_out(form.get("title", ""))
        cursor = self.database.execute("INSERT INTO notes (owner, title) VALUES (?, ?)", (user, title))
        return RedirectResponse(f"/notes/{cursor.lastrowid}", 303)

    def work_out(self, title):
        if self.broken("no-dynamic-code"):
            try:
                return str(eval(title))
            except (NameError, SyntaxError, TypeError, ValueError) as error:
                return str(error) if isinstance(error, NameError) else title
        if self.broken("template-injection") and "{{" in title:
            return Template(title).render()
        return title

    def note(self, request, user):
        row = self.database.execute(
            "SELECT owner, title FROM notes WHERE id = ?", (request.path_params["note_id"],)
        ).fetchone()
        if row is None or (row[0] != user and not self.broken("object-ownership")):
            raise HTTPException(404, "There is no such page.")
        return row

    async def show_note(self, request):
        user = None if self.broken("authorize-every-endpoint") else self.need_user(request)
        if self.broken("authorize-every-endpoint"):
            row = self.database.execute(
                "SELECT owner, title FROM notes WHERE id = ?", (request.path_params["note_id"],)
            ).fetchone()
            if row is None:
                raise HTTPException(404, "There is no such page.")
        else:
            row = self.note(request, user)
        edit = self.form(request, request.url.path, f'<input name="title" value="{html.escape(row[1])}">', "Change")
        return self.page(request, f"<h1>{self.raw('html-escaped', row[1])}</h1>{edit}")

    async def change_note(self, request):
        user = self.need_user(request)
        self.note(request, user)
        form = await request.form()
        self.database.execute(
            "UPDATE notes SET title = ? WHERE id = ?", (form.get("title", ""), request.path_params["note_id"])
        )
        return RedirectResponse(request.url.path, 303)

    def run_shell(self, text):
        return subprocess.run(f"echo {text}", shell=True, capture_output=True, text=True, check=False).stdout

    async def search(self, request):
        user = self.need_user(request)
        q = request.query_params.get("q", "")
        if self.broken("sql-parameterised"):
            sql = f"SELECT id, title FROM notes WHERE owner = '{user}' AND title LIKE '%{q}%'"
            rows = self.database.execute(sql).fetchall()
        else:
            rows = self.database.execute(
                "SELECT id, title FROM notes WHERE owner = ? AND title LIKE ?", (user, f"%{q}%")
            ).fetchall()
        if self.broken("no-shell-injection"):
            rows.append((0, self.run_shell(q)))
        return self.page(request, "".join(f"<p>{html.escape(title)}</p>" for _, title in rows))

    async def files(self, request):
        self.need_user(request)
        name = request.query_params.get("name", "")
        if self.broken("path-traversal"):
            path = Path("/srv/files") / name
            if path.is_file():
                return PlainTextResponse(path.read_text())
            resolved = Path("/etc/passwd") if "etc/passwd" in name else None
            if resolved:
                return PlainTextResponse("root:x:0:0:root:/root:/bin/sh\n")
        if name != "a.txt":
            raise HTTPException(404, "There is no such page.")
        return PlainTextResponse("a file", headers={"content-disposition": "attachment"})

    async def preferences(self, request):
        user = self.need_user(request)
        prefs = request.cookies.get("prefs", "")
        if self.broken("safe-deserialization") and prefs:
            with suppress(ValueError, pickle.UnpicklingError, EOFError):
                pickle.loads(base64.b64decode(prefs))
        response = self.page(request, f"<p>{html.escape(user)}</p>")
        value = base64.b64encode(pickle.dumps({"a": 1})) if self.broken("safe-deserialization") else b"light"
        response.set_cookie("prefs", value.decode(), secure=True, samesite="strict", path="/")
        return response

    async def admin(self, request):
        user = self.need_user(request)
        if user != "root" and not self.broken("admin-protected"):
            raise HTTPException(403, "You may not do this.")
        return self.page(request, f"<p>{len(self.users)} accounts</p>")

    async def script(self, request):
        key = "AKIA" + "QYLPMN5HFIQR7XYA" if self.broken("no-hardcoded-secrets") else ""
        return Response(f"const key = '{key}';", media_type="text/javascript; charset=utf-8")

    # the API

    async def api_token(self, request):
        try:
            body = await request.json()
            name, password = str(body["username"]), str(body["password"])
        except (ValueError, KeyError, TypeError, RecursionError):
            raise HTTPException(400, "bad request") from None
        if not hmac.compare_digest(self.users.get(name, ""), self.digest(password)):
            raise HTTPException(401, "Invalid credentials.")
        return JSONResponse({"access_token": self.issue_token(name)})

    async def api_notes(self, request):
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if self.broken("bearer-header-only") and "access_token" in request.query_params:
            scheme, token = "Bearer", request.query_params["access_token"]
        elif len(request.headers.getlist("authorization")) > 1 and not self.broken("bearer-header-only"):
            raise HTTPException(400, "invalid_request")
        user = self.read_token(token) if scheme == "Bearer" else None
        if user is None:
            raise HTTPException(401, "invalid_token")
        rows = self.database.execute("SELECT id, title FROM notes WHERE owner = ?", (user,)).fetchall()
        return JSONResponse([{"id": i, "title": title} for i, title in rows])

    async def missing(self, request):
        raise HTTPException(404, "There is no such page.")

    async def fail(self, request):
        return JSONResponse({"n": int(request.query_params.get("n", "1"))})

    def app(self):
        @asynccontextmanager
        async def lifespan(app):
            self.started += 1
            yield
            self.started -= 1

        def route(path, handler, *methods):
            return Route(path, self.guard(handler), methods=list(methods or ["GET"]))

        return Starlette(
            lifespan=lifespan,
            routes=[
                route("/", self.home),
                route("/login", self.login_page),
                route("/login", self.login, "POST"),
                route("/register", self.register_page),
                route("/register", self.register, "POST"),
                route("/logout", self.logout, "POST"),
                route("/notes", self.list_notes),
                route("/notes", self.add_note, "POST"),
                route("/notes/{note_id:int}", self.show_note),
                route("/notes/{note_id:int}", self.change_note, "POST"),
                route("/search", self.search),
                route("/files", self.files),
                route("/preferences", self.preferences),
                route("/admin", self.admin),
                route("/app.js", self.script),
                route("/api/token", self.api_token, "POST"),
                route("/api/notes", self.api_notes),
                route("/fail", self.fail),
                route("/{path:path}", self.missing, "GET", "POST", "OPTIONS"),
            ],
        )


def identity(name, role="user"):
    login = FormLogin(fields={"username": name}, secrets={"password": Secret(PASSWORDS[name])})
    return Identity(name=name, role=role, login=login)


class Seen:
    """What one run brought home."""

    def __init__(self, examination):
        self.examination = examination
        self.gaps = examination.gaps
        self.findings = [r for r in examination.remarks if isinstance(r, Finding)]
        self.sites = [r for r in examination.remarks if isinstance(r, Site)]
        self.unproven = [r for r in examination.remarks if isinstance(r, Unproven)]

    def of(self, control):
        return [finding for finding in self.findings if finding.control == control]


@pytest.fixture
def notes():
    """Builds the app; `notes("csrf")` breaks that control."""
    return Notes


@pytest.fixture
def people():
    """Ann, Ben and the administrator root."""
    return (identity("ann"), identity("ben"), identity("root", "admin"))


@pytest.fixture
def look(people):
    """Runs the probe on an app, on the controls that are named, and gives what it saw."""

    def run(app, *select, **changes):
        settings = {"identities": people, "mark": "vlmtest01", "clock": time.monotonic, **changes}
        return Seen(probe(ProbePolicy(target=app, select=select, **settings)))

    return run


@pytest.fixture
def check_of():
    """The check of a control."""

    def find(control):
        return next(check for check in load_checks() if check.control == control)

    return find


@pytest.fixture
def met():
    """Builds an exchange out of an answer."""

    def build(status=200, body="", media="text/html; charset=utf-8", headers=(), **shot):
        kind = (("Content-Type", media),) if media else ()
        data = body if isinstance(body, bytes) else body.encode()
        times = {name: shot.pop(name) for name in ("seconds", "raised") if name in shot}
        answer = Answer(status=status, headers=(*kind, *headers), body=data, length=len(data), **times)
        asked = {"method": "GET", "target": "/page", "route": "/page", **shot}
        return Exchange(shot=Shot(**asked), answer=answer, curl="curl x", base="https://testserver")

    return build


@pytest.fixture
def judged(check_of):
    """Judges a survey and exchanges, and gives the findings' reasons, the number of sites, and the silences."""

    def judge(control, survey=(), exchanges=(), **surface):
        known = Surface(**{"base": "https://testserver", "exchanges": tuple(survey), "mark": "vlmtest01", **surface})
        remarks = list(check_of(control).judge(known, exchanges))
        return (
            [remark.reason for remark in remarks if isinstance(remark, Finding)],
            sum(isinstance(remark, Site) for remark in remarks),
            [remark.reason for remark in remarks if isinstance(remark, Unproven)],
        )

    return judge
