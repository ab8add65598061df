"""The claims on sessions and tokens on apps of other shapes: signed cookies, tokens in cookies, tokens in JSON."""

import secrets
import sys
import time

import jwt
import pytest
from flask import Flask, redirect, request
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse
from starlette.routing import Route

from vallum.base.secret import Secret
from vallum.findings.finding import Finding, Site, Unproven
from vallum.probe.identity import FormLogin, Identity, JsonLogin
from vallum.probe.policy import ProbePolicy
from vallum.probe.run import probe

PASSWORD = "ann-password-123"
FORM = "<form method=post><input name=username><input name=password type=password></form>"
BY_FORM = FormLogin(fields={"username": "ann"}, secrets={"password": Secret(PASSWORD)})
KEY = "a key of thirty-two bytes or more, for tests"


def look(target, login, *controls):
    """Findings, sites and silences by control."""
    people = (Identity(name="ann", login=login),)
    seen = probe(ProbePolicy(target=target, select=controls, identities=people, mark="vlmtest01"))
    assert seen.gaps == ()
    told = {kind: {} for kind in (Finding, Site, Unproven)}
    for remark in seen.remarks:
        words = remark.note if isinstance(remark, Site) else remark.reason
        told[type(remark)].setdefault(remark.control, []).append(words)
    return told[Finding], told[Site], told[Unproven]


# Flask: the session is a signed cookie, and the secret has a default

FLASK = """
import os
from flask import Flask, redirect, request, session

app = Flask(__name__)
app.secret_key = os.environ.get("SECRET_KEY", "dev")


@app.get("/")
def home(): return "Log out" if "user" in session else "who?"


@app.get("/login")
def form(): return "@FORM@"


@app.post("/login")
def login():
    if request.form["password"] != "ann-password-123": return "wrong", 401
    session["user"] = request.form["username"]
    return redirect("/")
"""


def test_signed_cookies_of_flask_hold_state_never_end_and_start_with_any_secret(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "signed_flask_shop.py").write_text(FLASK.replace("@FORM@", FORM))
    controls = ("session-id-random", "session-idle-timeout", "session-absolute-timeout", "session-server-side")
    found, sites, silent = look("signed_flask_shop:app", BY_FORM, *controls, "session-secret")
    sys.modules.pop("signed_flask_shop")
    assert set(found) == {*controls[1:], "session-secret"}
    assert found["session-server-side"] == ["The cookie session is JSON with user."]
    assert [reason.partition(" the app")[0] for reason in found["session-secret"]] == [
        "With SECRET_KEY unset",
        "With SECRET_KEY of 8 bytes",
        "With SECRET_KEY set to 'changeme'",
    ]
    assert silent == {"session-id-random": ["the cookie of the login holds state, and no id"]}
    assert sites == {}


def test_ids_of_flask_on_the_server_are_long_enough():
    app, store = Flask(__name__), {}

    @app.route("/login", methods=["GET", "POST"])
    def login():
        if request.method == "GET":
            return FORM
        sid = secrets.token_urlsafe(32)
        store[sid] = request.form["username"]
        answer = redirect("/")
        answer.set_cookie("__Host-shop", sid, secure=True, httponly=True)
        return answer

    @app.get("/")
    def home():
        return "Log out" if request.cookies.get("__Host-shop") in store else "who?"

    found, sites, _ = look(app, BY_FORM, "session-id-random", "session-server-side")
    assert found == {}
    assert set(sites) == {"session-id-random", "session-server-side"}


# Starlette: the middleware's signed cookie


async def show_form(_request):
    return HTMLResponse(FORM)


async def open_session(asked):
    asked.session["user_id"] = (await asked.form())["username"]
    return RedirectResponse("/", 303)


async def show_home(asked):
    return HTMLResponse("Log out" if "user_id" in asked.session else "who?")


def test_signed_cookie_of_starlette_holds_state():
    app = Starlette(
        routes=[
            Route("/", show_home),
            Route("/login", show_form),
            Route("/login", open_session, methods=["POST"]),
        ],
        middleware=[Middleware(SessionMiddleware, secret_key=KEY, https_only=True)],
    )
    found, _, silent = look(app, BY_FORM, "session-server-side", "session-id-random")
    assert found == {"session-server-side": ["The cookie session is JSON with user_id."]}
    assert silent["session-id-random"] == ["the cookie of the login holds state, and no id"]


# A JSON API of other names: the login's token in the body or in a cookie, the refresh token in a cookie


class Store:
    """Accounts by token; `flaws` break it."""

    def __init__(self, *flaws):
        self.flaws = flaws
        self.refresh = {}
        self.dead = set()

    def issue(self, name, family):
        now = int(time.time())
        claims = {"sub": name, "iat": now, "exp": now + 600, "jti": secrets.token_urlsafe(16), "fam": family}
        return jwt.encode(claims, KEY, "HS256")

    def give(self, name, family):
        token = secrets.token_urlsafe(32)
        self.refresh[token] = (name, family)
        answer = JSONResponse({"jwt": self.issue(name, family)})
        answer.set_cookie("__Host-refresh", token, secure=True, httponly=True, samesite="strict")
        if "cookie" in self.flaws:
            answer.set_cookie("auth", self.issue(name, family), httponly=True, secure=True)
        return answer

    async def enter(self, asked):
        data = await asked.json()
        if data["password"] != PASSWORD:
            return JSONResponse({}, 401)
        return self.give(data["login"], secrets.token_hex(8))

    async def renew(self, asked):
        held = self.refresh.get(asked.cookies.get("__Host-refresh", ""))
        if held is None or held[1] in self.dead:
            return JSONResponse({}, 401)
        if "reuse" not in self.flaws:
            self.refresh[asked.cookies["__Host-refresh"]] = (held[0], "used")
        if held[1] == "used":
            self.dead |= {family for _, family in self.refresh.values()}
            return JSONResponse({}, 401)
        return self.give(*held)

    async def me(self, asked):
        token = asked.headers.get("authorization", "").partition(" ")[2] or asked.cookies.get("auth", "")
        try:
            claims = jwt.decode(token, KEY, ["HS256"])
        except jwt.InvalidTokenError:
            return JSONResponse({}, 401)
        return JSONResponse({}, 401) if claims["fam"] in self.dead else JSONResponse({"me": claims["sub"]})

    async def leave(self, asked):
        token = asked.headers.get("authorization", "").partition(" ")[2] or asked.cookies.get("auth", "")
        if "unrevoked" not in self.flaws:
            self.dead.add(jwt.decode(token, KEY, ["HS256"])["fam"])
        return JSONResponse({})

    def app(self):
        return Starlette(
            routes=[
                Route("/v1/enter", self.enter, methods=["POST"]),
                Route("/v1/refresh", self.renew, methods=["POST"]),
                Route("/v1/me", self.me),
                Route("/v1/logout", self.leave, methods=["POST"]),
            ]
        )


def by_json(token):
    return JsonLogin(path="/v1/enter", fields={"login": "ann"}, secrets={"password": Secret(PASSWORD)}, token=token)


CONTROLS = ("jwt-asymmetric", "jwt-claims-validated", "jwt-revocation", "jwt-type-separation", "refresh-token-rotation")


@pytest.mark.parametrize(("flaws", "token"), [((), "jwt"), (("cookie",), "")])
def test_refresh_token_in_a_cookie_is_followed(flaws, token):
    found, sites, _ = look(Store(*flaws).app(), by_json(token), *CONTROLS)
    assert set(found) == {"jwt-asymmetric", "jwt-claims-validated"}
    assert "lacks nbf, iss, aud, and is accepted" in found["jwt-claims-validated"][0]
    assert "after the logout: 401" in sites["jwt-revocation"][0]
    assert any("at the refresh endpoint (in a cookie): 401" in note for note in sites["jwt-type-separation"])
    assert any("the used token again: 401" in note for note in sites["refresh-token-rotation"])
    assert any("one wins" in note for note in sites["refresh-token-rotation"])


@pytest.mark.parametrize(("flaws", "token"), [(("reuse", "unrevoked"), "jwt"), (("reuse", "unrevoked", "cookie"), "")])
def test_refresh_token_that_is_used_twice_is_found(flaws, token):
    found, _, _ = look(Store(*flaws).app(), by_json(token), *CONTROLS)
    assert found["refresh-token-rotation"][0] == "A refresh token that was used before gives new tokens again."
    assert found["jwt-revocation"] == ["A token from before still opens the route after the logout."]


def test_app_without_tokens_is_not_examined():
    app = Starlette(routes=[Route("/", show_home)], middleware=[Middleware(SessionMiddleware, secret_key=KEY)])
    seen = probe(ProbePolicy(target=app, select=CONTROLS, mark="vlmtest01"))
    assert {type(remark) for remark in seen.remarks} == {Unproven}
    assert {remark.silence.value for remark in seen.remarks} == {"does not apply"}
