"""Two apps with accounts of an unusual shape: Flask with forms and an address as name, FastAPI with JSON alone."""

import shutil
import sys
import time
from itertools import count

import pytest

from vallum.base.secret import Secret
from vallum.findings.finding import Finding, Site, Unproven
from vallum.probe.identity import FormLogin, Identity, JsonLogin
from vallum.probe.policy import ProbePolicy
from vallum.probe.run import probe

GARDEN = """
import hashlib, os, secrets, sqlite3, tempfile, time
from email.message import EmailMessage
from pathlib import Path
from flask import Flask, make_response, redirect, request
from vallum.base.secret import Secret
from vallum.crypto.otp.provisioning import write_secret
from vallum.crypto.otp.totp import Totp, generate_secret

FLAWS = frozenset("{flaws}".split())
FOLDER = Path(tempfile.mkdtemp(prefix="garden-"))
DB = FOLDER / "garden.db"
ORIGIN, QUARTER = "https://testserver", 900
app = Flask("{module}")
LEAKED = ("qwertyuiop12345",)


def has(flaw): return flaw in FLAWS


ROUNDS = 120_000 if FLAWS & {{"no-dummy", "fast-taken"}} else 30_000


def digest(text): return hashlib.pbkdf2_hmac("sha256", text.encode(), b"salt", ROUNDS)


def person(email, password, proven=True, admin=False):
    return dict(email=email, hash=digest(password), proven=proven, admin=admin, secret=None, pending=None, step=0,
                failures=0, locked=0.0)


USERS = {{p["email"]: p for p in (
    person("ann@example.com", "ann-password-123"), person("root@example.com", "root-password-789", admin=True))}}
SESSIONS, LINKS, TRIES, HALVES = {{}}, {{}}, {{}}, {{}}
with sqlite3.connect(DB) as connection:
    connection.execute("CREATE TABLE factors (email TEXT, secret TEXT)")


def mail(to, text):
    if has("no-mail"): return
    message = EmailMessage()
    message["To"], message["Subject"] = to, "Garden"
    message.set_content(text)


def link(purpose, email, path):
    if not has("older-links"):
        for token in [t for t, held in LINKS.items() if held[:2] == (purpose, email)]: del LINKS[token]
    token = f"{{secrets.randbelow(10**6):06}}" if has("short-links") else secrets.token_urlsafe(32)
    LINKS[token] = (purpose, email, time.time())
    origin = f"https://{{request.host}}" if has("host-links") else ORIGIN
    mail(email, f"Open {{origin}}{{path}}?token={{token}}")


def use(purpose, token, spend=True):
    held = LINKS.get(token)
    if held is None or held[0] != purpose: return None
    if time.time() > held[2] + QUARTER and not has("old-links"): return None
    if spend and not has("links-twice"): del LINKS[token]
    return USERS.get(held[1])


def me():
    held = SESSIONS.get(request.cookies.get("__Host-sid", ""))
    return (USERS.get(held["email"]), held) if held else (None, {{}})


def enter(answer, user, factor=0.0):
    sid = secrets.token_urlsafe(32)
    SESSIONS[sid] = dict(email=user["email"], factor=factor)
    answer.set_cookie("__Host-sid", sid, secure=True, httponly=True, samesite="Strict")
    return answer


def form(action, *fields, more=""):
    kinds = dict(passwd="password", current="password", email="email")
    shown = "".join(f'<input name="{{f}}" type="{{kinds.get(f, "text")}}">' for f in fields)
    return f'<form method="post" action="{{action}}">{{more}}{{shown}}<button>Go</button></form>'


def limited(kind, name, most=5):
    if has("no-limit"): return False
    names = [(name, most)]
    if os.environ.get("GARDEN_ENV") == "production": names.append(("address", 20))
    if has("forwarded"): names = [(name + request.headers.get("X-Forwarded-For", ""), most)]
    over = False
    for key, allowed in names:
        tries = [at for at in TRIES.get((kind, key), []) if at > time.time() - QUARTER]
        TRIES[kind, key] = [*tries, time.time()]
        over = over or len(tries) >= allowed
    return over


def slow():
    return make_response("slow", 429, {{}} if has("no-retry-after") else {{"Retry-After": "900"}})


@app.get("/")
def home(): return '<a href="/signin">in</a><a href="/signup">up</a><a href="/forgot">forgot</a>'


@app.get("/signin")
def signin_page(): return form("/signin", "email", "passwd")


@app.post("/signin")
def signin():
    email, password = request.form["email"], request.form["passwd"]
    user = USERS.get(email)
    if limited("login", email): return slow()
    right = False
    stored = (user or USERS["ann@example.com"])["hash"]
    if user or not has("no-dummy"): right = digest(password) == stored and bool(user)
    now = time.time()
    locked = bool(user) and now < user["locked"] and not has("no-lock")
    if user and not right:
        user["failures"] += 1
        if user["failures"] >= 10:
            user["locked"] = now + (10**9 if has("lock-forever") else QUARTER)
            if has("lock-ends-sessions"):
                for sid in [s for s, held in SESSIONS.items() if held["email"] == email]: del SESSIONS[sid]
    if not right or locked or not (user["proven"] or has("unproven")):
        if locked and has("lock-tells"): return make_response("locked", 403)
        return make_response("wrong", 401)
    TRIES.pop(("login", email), None)
    user["failures"] = 0
    waits = user["pending"] if has("pending-counts") else None
    if (user["secret"] or waits) and not has("password-alone"):
        half = secrets.token_urlsafe(32)
        HALVES[half] = email
        answer = redirect("/signin/code")
        answer.set_cookie("__Host-half", half, secure=True)
        return answer
    return enter(redirect("/account"), user)


@app.get("/signin/code")
def code_page(): return form("/signin/code", "code")


@app.post("/signin/code")
def code():
    email = HALVES.get(request.cookies.get("__Host-half", ""))
    if email is None: return make_response("wrong", 401)
    if limited("code", email) and not has("codes-unlimited"): return slow()
    if not matches(USERS[email], request.form["code"]): return make_response("wrong", 401)
    return enter(redirect("/account"), USERS[email], time.time())


def matches(user, code):
    now, totp = time.time(), Totp()
    window = 2 if has("wide-window") else 1
    for step in range(-window, window + 1):
        number = totp.find_step(now) + step
        if totp.make_code(user["secret"], now + 30 * step) == code and (number > user["step"] or has("codes-twice")):
            user["step"] = number
            return True
    return False


@app.get("/signup")
def signup_page(): return form("/signup", "email", "passwd")


@app.post("/signup")
def signup():
    email, password = request.form["email"], request.form["passwd"]
    if not has("weak") and (len(password) < 12 or password in LEAKED):
        return make_response(form("/signup", "email", "passwd", more="too weak"), 200)
    if has("picky") and password.islower(): return make_response("no capital", 400)
    if email in USERS:
        mail(email, "You have an account: https://testserver/signin")
        if has("tells-taken"): return make_response("taken", 409)
        if has("fast-taken"): return redirect("/signin")
        digest(password)
        return redirect("/signin")
    USERS[email] = person(email, password, proven=False)
    link("proof", email, "/prove")
    return redirect("/signin")


@app.get("/prove")
def prove_page():
    token = request.args.get("token", "")
    if has("proof-by-get") and (user := use("proof", token)): user["proven"] = True
    return form("/prove", more=f'<input type="hidden" name="token" value="{{token}}">')


@app.post("/prove")
def prove():
    user = use("proof", request.form["token"])
    if user is None: return make_response("no", 400)
    user["proven"] = True
    if has("proves-all"):
        for other in USERS.values(): other["proven"] = True
    return redirect("/signin")


@app.get("/forgot")
def forgot_page(): return form("/forgot", "email")


@app.post("/forgot")
def forgot():
    email = request.form["email"]
    if email in USERS: link("reset", email, "/newpassword")
    elif has("tells-unknown"): return make_response("nobody", 404)
    return "sent"


@app.get("/newpassword")
def new_page():
    return form("/newpassword", "passwd", more=f'<input type="hidden" name="token" value="{{request.args["token"]}}">')


@app.post("/newpassword")
def new():
    user = use("reset", request.form["token"])
    if user is None: return make_response("no", 400)
    user["hash"] = digest(request.form["passwd"])
    if not has("keeps-sessions"):
        for sid in [s for s, held in SESSIONS.items() if held["email"] == user["email"]]: del SESSIONS[sid]
    return enter(redirect("/account"), user) if has("reset-signs-in") else redirect("/signin")


@app.get("/account")
def account():
    user, _ = me()
    if user is None: return make_response("who?", 401)
    return "Sign out" + form("/account/password", "current", "passwd") + form("/account/totp")


@app.post("/account/password")
def change():
    user, held = me()
    if user is None: return make_response("who?", 401)
    known = digest(request.form["current"]) == user["hash"]
    fresh = not user["secret"] or time.time() < held["factor"] + 300 or has("stale-factor")
    if not has("no-proof") and not (known and fresh): return make_response("confirm", 403)
    user["hash"] = digest(request.form["passwd"])
    return redirect("/account")


@app.post("/account/totp")
def begin():
    if has("no-factors"): return make_response("none", 404)
    user, _ = me()
    if user is None: return make_response("who?", 401)
    size = 10 if has("short-secret") else 20
    user["pending"] = Secret(generate_secret().reveal()[:size] if size == 20 else b"0123456789")
    text = write_secret(user["pending"]).reveal() if size == 20 else "GAYTEMZUGU3DOOBZ"
    stored = text.replace(" ", "") if has("clear-secret") else hashlib.sha256(text.encode()).hexdigest()
    with sqlite3.connect(DB) as connection:
        connection.execute("INSERT INTO factors VALUES (?, ?)", (user["email"], stored))
    picture = f'<img src="https://chart.example/?d={{text.replace(" ", "")}}">' if has("picture-outside") else ""
    answer = make_response(f"<p>{{text}}</p>{{picture}}" + form("/account/totp/confirm", "code"))
    if not has("stored-answer"): answer.headers["Cache-Control"] = "no-store"
    return answer


@app.post("/account/totp/confirm")
def confirm():
    user, held = me()
    if user is None or user["pending"] is None: return make_response("who?", 401)
    if not has("any-code") and Totp().match(user["pending"], request.form["code"], time.time()) is None:
        return make_response("wrong", 400)
    user["secret"], user["pending"], held["factor"] = user["pending"], None, time.time()
    return redirect("/account")
"""

GREENHOUSE = """
import hashlib, secrets, time
from email.message import EmailMessage
from fastapi import FastAPI, HTTPException, Header, Response
from pydantic import BaseModel
from vallum.crypto.otp.provisioning import write_address
from vallum.crypto.otp.totp import Totp, generate_secret

FLAWS = frozenset("{flaws}".split())
app = FastAPI(openapi_url=None)


ROUNDS = 120_000 if FLAWS & {{"no-dummy", "fast-taken"}} else 30_000


def digest(text): return hashlib.pbkdf2_hmac("sha256", text.encode(), b"salt", ROUNDS)


def person(name, email, hashed): return dict(name=name, email=email, hash=hashed, secret=None, pending=None)


USERS = {{"ann": person("ann", "ann@example.com", digest("ann-password-123"))}}
TOKENS, LINKS, HALVES, TRIES = {{}}, {{}}, {{}}, {{}}


class Login(BaseModel):
    username: str
    password: str


class Join(Login):
    email: str


class Forgot(BaseModel):
    email: str


class Reset(BaseModel):
    reset_token: str
    new_password: str


class Code(BaseModel):
    otp_code: str


class Second(Code):
    mfa_token: str


def owner(authorization):
    name = TOKENS.get((authorization or "").removeprefix("Bearer "))
    if name is None: raise HTTPException(401, "who?")
    return USERS[name]


def give(name):
    token = secrets.token_urlsafe(32)
    TOKENS[token] = name
    return {{"access_token": token}}


@app.post("/api/login")
def login(body: Login):
    TRIES[body.username] = TRIES.get(body.username, 0) + 1
    if TRIES[body.username] > 5 and "no-limit" not in FLAWS:
        raise HTTPException(429, "slow", headers={{"Retry-After": "900"}})
    user = USERS.get(body.username)
    if user is None and "no-dummy" in FLAWS: raise HTTPException(401, "wrong")
    right = digest(body.password) == (user or USERS["ann"])["hash"]
    if user is None or not right: raise HTTPException(401, "wrong")
    TRIES[body.username] = 0
    if user["secret"]:
        half = secrets.token_urlsafe(32)
        HALVES[half] = body.username
        return {{"mfa_required": True, "mfa_token": half}}
    return give(body.username)


@app.post("/api/login/mfa")
def second(body: Second):
    user = USERS.get(HALVES.get(body.mfa_token, ""))
    right = user is not None and Totp().match(user["secret"], body.otp_code, time.time()) is not None
    if not right: raise HTTPException(401, "wrong")
    return give(user["name"])


@app.post("/api/register", status_code=202)
def register(body: Join):
    if "weak" not in FLAWS and (len(body.password) < 12 or body.password == "qwertyuiop12345"):
        raise HTTPException(422, "weak")
    hashed = digest(body.password)
    taken = any(user["email"] == body.email for user in USERS.values()) or body.username in USERS
    if taken and "tells-taken" in FLAWS: raise HTTPException(409, "taken")
    if not taken:
        USERS[body.username] = person(body.username, body.email, hashed)
    return {{"status": "look into your mail"}}


@app.post("/api/password/forgot")
def forgot(body: Forgot):
    for user in USERS.values():
        if user["email"] == body.email:
            token = secrets.token_urlsafe(32)
            if "older-links" not in FLAWS: LINKS.clear()
            LINKS[token] = user["name"]
            message = EmailMessage()
            message["To"] = body.email
            message.set_content(f"https://front.example/#/reset?token={{token}}")
    return {{"status": "sent"}}


@app.post("/api/password/reset")
def reset(body: Reset):
    name = LINKS.get(body.reset_token) if "links-twice" in FLAWS else LINKS.pop(body.reset_token, None)
    if name is None: raise HTTPException(400, "no")
    USERS[name]["hash"] = digest(body.new_password)
    for token in [t for t, held in TOKENS.items() if held == name]: del TOKENS[token]
    return {{}}


@app.get("/api/me")
def me(authorization: str = Header("")):
    return {{"name": owner(authorization)["name"]}}


@app.post("/api/me/mfa")
def begin(response: Response, authorization: str = Header("")):
    user = owner(authorization)
    user["pending"] = generate_secret()
    response.headers["Cache-Control"] = "no-store"
    return {{"uri": write_address(user["pending"], issuer="Green", account=user["name"], totp=Totp()).reveal()}}


@app.post("/api/me/mfa/enable")
def enable(body: Code, authorization: str = Header("")):
    user = owner(authorization)
    if Totp().match(user["pending"], body.otp_code, time.time()) is None: raise HTTPException(400, "wrong")
    user["secret"] = user["pending"]
    return {{}}
"""
NUMBERS = count()
PASSWORDS = {"ann": "ann-password-123", "root": "root-password-789"}


class Told:
    """What one run said."""

    def __init__(self, examination):
        remarks = examination.remarks
        self.gaps = examination.gaps
        self.findings = [r for r in remarks if isinstance(r, Finding)]
        self.reasons = [r.reason for r in self.findings]
        self.broken = {r.control for r in self.findings}
        self.held = {r.control for r in remarks if isinstance(r, Site)}
        self.notes = [r.note for r in remarks if isinstance(r, Site)]
        self.unproven = {r.control: r.reason for r in remarks if isinstance(r, Unproven)}


def gardener(name):
    fields, secrets = {"email": f"{name}@example.com"}, {"passwd": Secret(PASSWORDS[name])}
    role = "admin" if name == "root" else "user"
    return Identity(
        name=name, role=role, proof="/account", login=FormLogin(path="/signin", fields=fields, secrets=secrets)
    )


def grower():
    login = JsonLogin(
        path="/api/login",
        fields={"username": "ann"},
        secrets={"password": Secret(PASSWORDS["ann"])},
        token="access_token",
    )
    return Identity(name="ann", login=login, proof="/api/me")


@pytest.fixture
def plant(tmp_path, monkeypatch):
    """Writes an app with flaws into a module and probes it: by name in a trial, or the app at hand as an object."""
    monkeypatch.syspath_prepend(str(tmp_path))
    made = []

    def write(source, flaws, controls, *, trial=False, **changes):
        name = f"planted_{next(NUMBERS)}"
        (tmp_path / f"{name}.py").write_text(source.format(flaws=" ".join(flaws), module=name))
        made.append(name)
        target = f"{name}:app" if trial else __import__(name).app
        settings = {"mark": "vlmtest01", "clock": time.monotonic, "select": controls, **changes}
        return Told(probe(ProbePolicy(target=target, **settings)))

    yield write
    for name in made:
        module = sys.modules.pop(name, None)
        shutil.rmtree(getattr(module, "FOLDER", tmp_path / "none"), ignore_errors=True)


@pytest.fixture
def garden(plant):
    """Probes the Flask app for these controls."""

    def look(controls, *flaws, trial=False, **changes):
        people = (gardener("ann"), gardener("root"))
        return plant(GARDEN, flaws, controls, trial=trial, **{"identities": people, **changes})

    return look


@pytest.fixture
def greenhouse(plant):
    """Probes the FastAPI app for these controls."""

    def look(controls, *flaws, **changes):
        return plant(GREENHOUSE, flaws, controls, identities=(grower(),), **changes)

    return look
