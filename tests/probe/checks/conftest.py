"""A small app in a file, so that it can be started anew; `flaws` name the controls that it breaks."""

import shutil
import sys
import time
from itertools import count

import pytest

from vallum.base.secret import Secret
from vallum.findings.finding import Finding, Site, Unproven
from vallum.probe.identity import FormLogin, Identity
from vallum.probe.policy import ProbePolicy
from vallum.probe.run import probe

MEADOW = '''
import json, logging, os, secrets, sqlite3, sys, tempfile, time, traceback, uuid
from html import escape
from pathlib import Path
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

FLAWS = frozenset("{flaws}".split())
ENV = os.environ.get("MEADOW_ENV") or ("development" if "environment-config" in FLAWS else "production")
SECRET = os.environ.get("MEADOW_SECRET_KEY", "k" * 40)
DEBUG = os.environ.get("MEADOW_DEBUG", "")
if ENV == "production" and "fail-securely-startup" not in FLAWS:
    if len(SECRET) < 32: raise SystemExit("MEADOW_SECRET_KEY is too short")
    if DEBUG: raise SystemExit("MEADOW_DEBUG is on")
LIMIT = int(os.environ.get("MEADOW_LIMIT", "100000"))
FOLDER = Path(tempfile.mkdtemp(prefix="meadow-"))
ENDED = FOLDER / "ended.json"
ENDED.write_text("[]")
DB = sqlite3.connect(":memory:", check_same_thread=False)
DB.execute("CREATE TABLE sessions (id TEXT, name TEXT, csrf TEXT)")
DB.execute("CREATE TABLE notes (text TEXT)")
USERS = {{"ann": "ann-password-123", "root": "root-password-789"}}
TOKENS, CALLS, CACHE = {{}}, {{}}, {{}}
HANDLER = logging.StreamHandler(sys.stderr)
HANDLER.setFormatter(logging.Formatter("%(message)s"))
LOG = logging.getLogger("{module}")
LOG.handlers, LOG.propagate = [HANDLER], False
LOG.setLevel(logging.INFO)
HEADERS = {{
    "content-security-policy": "default-src 'self'; frame-ancestors 'none'", "x-content-type-options": "nosniff",
    "x-frame-options": "DENY", "referrer-policy": "no-referrer", "strict-transport-security": "max-age=63072000",
}}


def say(request, level, event, **fields):
    known = {{"timestamp": "2026-01-02T03:04:05+00:00", "level": logging.getLevelName(level), "event": event}}
    known |= {{"requestId": request.state.id, "path": request.url.path, "ip": "127.0.0.1", **fields}}
    if "request-correlation-lines" in FLAWS: del known["requestId"]
    agent = request.headers.get("user-agent", "")
    if "structured-logs" in FLAWS:
        LOG.log(level, f"{{event}} {{request.url.path}} {{agent}}")
    elif "log-redaction" in FLAWS:
        LOG.log(level, json.dumps(known | {{"query": str(request.query_params), "body": str(fields.get("body"))}}))
    else:
        LOG.log(level, json.dumps(known | {{"userAgent": agent}}))


def limited(request, name):
    who = request.headers.get("x-forwarded-for", "") if "api-rate-limit-bypass" in FLAWS else ""
    key = (name or "nobody", who)
    CALLS[key] = CALLS.get(key, 0) + 1
    return CALLS[key] > LIMIT and "api-rate-limit" not in FLAWS


def session(request):
    sid = request.cookies.get("__Host-sid", "")
    if "fail-closed" in FLAWS and sid in CACHE:
        try: DB.execute("SELECT 1")
        except sqlite3.Error: return CACHE[sid]
    row = DB.execute("SELECT name, csrf FROM sessions WHERE id = ?", (sid,)).fetchone()
    CACHE[sid] = row
    return row


def user(request):
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme == "Bearer":
        try:
            with open(ENDED) as file: ended = json.load(file)
        except OSError:
            if "fail-closed-list" not in FLAWS: raise
            ended = []
        return None if token in ended else TOKENS.get(token)
    row = session(request)
    return row[0] if row else None


def page(request, body, status=200):
    return HTMLResponse("<!doctype html>" + body, status)


def form(request, action, fields):
    row = session(request)
    token = row[1] if row else request.state.csrf
    hidden = f'<input type="hidden" name="csrf_token" value="{{token}}">'
    return f'<form method="post" action="{{action}}">{{hidden}}{{fields}}</form>'


def refuse(request, status, text):
    if request.url.path.startswith("/api/"): return JSONResponse({{"error": text}}, status)
    return page(request, escape(text), status)


async def home(request):
    name = user(request)
    if not name: return page(request, '<a href="/login">in</a>')
    return page(request, "Log out " + form(request, "/notes", '<input name="text">'))


async def login_page(request):
    known = session(request)
    request.state.csrf = secrets.token_urlsafe(32)
    answer = page(request, form(request, "/login", '<input name="username"><input name="password" type="password">'))
    return answer if known else open_session(answer, "", request.state.csrf)


def open_session(answer, name, csrf):
    sid = secrets.token_urlsafe(32)
    DB.execute("INSERT INTO sessions VALUES (?, ?, ?)", (sid, name, csrf))
    flags = {{"secure": True, "httponly": "secure-defaults" not in FLAWS, "samesite": "strict"}}
    if "defence-in-depth" in FLAWS: flags = {{"secure": True, "samesite": None}}
    answer.set_cookie("__Host-sid", sid, path="/", **flags)
    return answer


async def login(request):
    data = await request.form()
    name = str(data.get("username", ""))
    if "log-redaction" in FLAWS: say(request, 20, "login", body=dict(data))
    if USERS.get(name) != data.get("password"):
        say(request, 20 if "security-events-logged" in FLAWS else 30, "authn_login_fail", userId="")
        return refuse(request, 401, "wrong")
    return open_session(RedirectResponse("/", 303), name, secrets.token_urlsafe(32))


async def register(request):
    data = await request.form()
    def job(): DB.execute("INSERT INTO notes VALUES ('x')")
    def watched():
        try: job()
        except Exception: log_failure(request)
    return Response(status_code=204, background=BackgroundTask(watched))


def log_failure(request):
    stack = "" if "exceptions-logged" in FLAWS else traceback.format_exc()
    for _ in range(2 if "exceptions-logged-twice" in FLAWS else 1):
        say(request, 40, "unhandled", stack=stack)


async def notes(request):
    if not user(request): return refuse(request, 401, "who?")
    DB.execute("INSERT INTO notes VALUES (?)", (str((await request.form()).get("text", "")),))
    return RedirectResponse("/", 303)


async def admin(request):
    if user(request) != "root":
        say(request, 30, "authz_denied", userId=user(request) or "")
        return refuse(request, 403 if user(request) else 401, "no")
    return page(request, "accounts")


async def api_token(request):
    try: data = json.loads(await request.body())
    except (ValueError, RecursionError): return refuse(request, 400, "bad")
    name = data.get("username") if isinstance(data, dict) else None
    if not isinstance(name, str):
        return refuse(request, 400, f"wrong: {{data}}" if "validation-errors-safe" in FLAWS else "bad: username")
    if USERS.get(name) != data.get("password"): return refuse(request, 401, "wrong")
    token = secrets.token_urlsafe(32)
    TOKENS[token] = name
    return JSONResponse({{"access_token": token}})


async def api_me(request):
    name = user(request)
    return JSONResponse({{"name": name}}) if name else refuse(request, 401, "who?")


async def api_logout(request):
    token = request.headers.get("authorization", "").partition(" ")[2]
    ENDED.write_text(json.dumps([*json.loads(ENDED.read_text()), token]))
    return JSONResponse({{}})


async def debug(request):
    return JSONResponse(dict(mode=ENV)) if "no-debug-endpoints" in FLAWS else refuse(request, 404, "none")


async def crash(request):
    return page(request, str(int(request.query_params.get("n", "1"))))


async def missing(request):
    return refuse(request, 404, "none")


INNER = Starlette(routes=[
    Route("/", home), Route("/login", login_page), Route("/login", login, methods=["POST"]),
    Route("/register", register, methods=["POST"]), Route("/notes", notes, methods=["POST"]), Route("/admin", admin),
    Route("/api/token", api_token, methods=["POST"]), Route("/api/me", api_me), Route("/debug/config", debug),
    Route("/api/logout", api_logout, methods=["POST"]), Route("/crash", crash),
])


class Guarded:
    """Around everything: id, TLS, size, limit, CSRF, errors, headers, log."""

    routes = INNER.routes

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http": return await INNER(scope, receive, send)
        from starlette.requests import Request
        request = Request(scope, receive)
        request.state.id = request.headers.get("x-request-id") if "request-correlation" in FLAWS else None
        request.state.id = request.state.id or str(uuid.uuid4())
        early = self.judge(request)
        size = "request-size-limits" not in FLAWS
        body, more = b"", True
        while early is None and more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
            if len(body) > 1 << 20 and size: early = refuse(request, 413, "large")
        sent = []

        async def replay():
            sent.append(1)
            return {{"type": "http.request", "body": body, "more_body": False}}

        async def dress(message):
            if message["type"] == "http.response.start":
                extra = dict(HEADERS) if "secure-defaults" not in FLAWS else {{}}
                if "defence-in-depth" in FLAWS: extra.pop("x-frame-options", None)
                extra["x-request-id"] = request.state.id
                pairs = [(k.encode(), v.encode()) for k, v in extra.items()]
                message = {{**message, "headers": [*message["headers"], *pairs]}}
            await send(message)

        try:
            if early is None and request.method == "POST" and not request.url.path.startswith("/api/"):
                early = self.judge_forgery(request, body)
            if early: await early(scope, replay, dress)
            else: await INNER(scope, replay, dress)
        except Exception:
            log_failure(request)
            if "exceptions-logged-escaped" in FLAWS: raise
            state = 503 if isinstance(sys.exc_info()[1], (sqlite3.Error, OSError)) else 500
            if not scope.get("answered"): await refuse(request, state, "failed")(scope, replay, dress)
        else:
            say(request, 20, "request")

    def judge(self, request):
        path = request.url.path
        if request.url.scheme == "http" and ENV == "production" and "https-only" not in FLAWS:
            if path.startswith("/api/"): return refuse(request, 403, "tls")
            return RedirectResponse(f"https://{{request.headers['host']}}{{path}}", 308)
        try: name = user(request)
        except (sqlite3.Error, OSError): return None
        if limited(request, name):
            say(request, 30, "excess_rate_limit_exceeded")
            return Response("slow", 429, headers={{"retry-after": "60"}})

    def judge_forgery(self, request, body):
        origin = request.headers.get("origin", "")
        row = session(request)
        if "defence-in-depth" not in FLAWS and origin != f"https://{{request.headers['host']}}":
            return refuse(request, 403, "forged")
        if row and row[1].encode() not in body: return refuse(request, 403, "forged")


app = Guarded()
'''
PASSWORDS = {"ann": "ann-password-123", "root": "root-password-789"}
NUMBERS = count()


def person(name):
    login = FormLogin(fields={"username": name}, secrets={"password": Secret(PASSWORDS[name])})
    return Identity(name=name, role="admin" if name == "root" else "user", login=login)


class Told:
    """What one run said."""

    def __init__(self, examination):
        self.gaps = examination.gaps
        self.reasons = [r.reason for r in examination.remarks if isinstance(r, Finding)]
        self.notes = [r.note for r in examination.remarks if isinstance(r, Site)]
        self.unproven = [r.reason for r in examination.remarks if isinstance(r, Unproven)]
        self.text = repr(examination)


def tell(target, *select, **changes):
    """Run the probe on the controls that are named."""
    settings = {"identities": (person("ann"), person("root")), "mark": "vlmtest01", "clock": time.monotonic, **changes}
    return Told(probe(ProbePolicy(target=target, select=select, **settings)))


@pytest.fixture
def run():
    """Runs the probe on any app."""
    return tell


@pytest.fixture
def meadow(tmp_path, monkeypatch):
    """Writes the app with these flaws and probes it by name; `as_object` probes the object instead."""
    monkeypatch.syspath_prepend(str(tmp_path))
    made = []

    def probe_it(control, *flaws, as_object=False, **changes):
        name = f"meadow_{next(NUMBERS)}"
        (tmp_path / f"{name}.py").write_text(MEADOW.format(flaws=" ".join(flaws), module=name))
        made.append(name)
        production = {"MEADOW_ENV": "production", "MEADOW_SECRET_KEY": "{secret}", "MEADOW_LIMIT": "40"}
        settings = {"production": production, "host": "meadow.example", **changes}
        target = __import__(name).app if as_object else f"{name}:app"
        return tell(target, control, **settings)

    yield probe_it
    for name in made:
        module = sys.modules.pop(name, None)
        if module:
            module.DB.close()
            shutil.rmtree(module.FOLDER)
