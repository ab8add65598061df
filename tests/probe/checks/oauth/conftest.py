"""Apps in files that sign in with a provider: one on Authlib, one written by hand that breaks what it is told to."""

import sys
from itertools import count

import pytest

from vallum.findings.finding import Finding, Site, Unproven
from vallum.probe.policy import ProbePolicy
from vallum.probe.run import probe

PROVIDER = {"FARM_ISSUER": "{issuer}", "FARM_CLIENT": "{client_id}", "FARM_SECRET": "{client_secret}"}
NUMBERS = count()
AUTHLIB = """
import os, secrets, ssl, time
from html import escape
from authlib.integrations.starlette_client import OAuth
from authlib.integrations.base_client import OAuthError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import HTMLResponse, RedirectResponse
from starlette.routing import Route

TRUST = ssl.create_default_context()
oauth = OAuth()
company = oauth.register(
    "company", client_id=os.environ.get("FARM_CLIENT", "farm"), client_secret=os.environ.get("FARM_SECRET"),
    server_metadata_url=os.environ.get("FARM_ISSUER", "") + "/.well-known/openid-configuration",
    client_kwargs={"scope": "openid profile email", "code_challenge_method": "S256", "verify": TRUST},
)
PEOPLE, GRANTS = {}, {}


def page(text, status=200):
    return HTMLResponse("<!doctype html>" + text, status)


async def home(request):
    name = PEOPLE.get(request.session.get("who", ""))
    return page(f"{escape(name)} Log out") if name else page('<a href="/login/company">Sign in</a>')


async def start(request):
    return await company.authorize_redirect(request, "https://farm.example/login/company/callback")


async def callback(request):
    try:
        token = await company.authorize_access_token(request)
        who = token["userinfo"]
    except Exception:
        return page("The sign-in did not succeed.", 400)
    key = f"{who['iss']} {who['sub']}"
    PEOPLE[key] = who["name"]
    GRANTS[key] = token | {"until": time.time() + token["expires_in"]}
    request.session.clear()
    request.session["who"] = key
    return RedirectResponse("/", 303)


async def directory(request):
    grant = GRANTS.get(request.session.get("who", ""))
    if not grant: return page("Sign in first.", 401)
    if grant["until"] < time.time():
        metadata = await company.load_server_metadata()
        try:
            async with company._get_oauth_client(**metadata) as client:
                fresh = await client.refresh_token(metadata["token_endpoint"], grant["refresh_token"])
        except OAuthError:
            del GRANTS[request.session["who"]]
            request.session.clear()
            return page("Sign in again.", 401)
        grant |= {**fresh, "until": time.time() + fresh["expires_in"]}
    return page("Known.")


app = Starlette(
    routes=[Route("/", home), Route("/login/company", start), Route("/login/company/callback", callback),
            Route("/account/company", directory)],
    middleware=[Middleware(SessionMiddleware, secret_key=secrets.token_hex(32), https_only=True)],
)
"""


BY_HAND = """
import base64, hashlib, html, json, os, secrets, sys, time, urllib.error, urllib.request
from http.cookies import SimpleCookie
from urllib.parse import parse_qsl, quote, urlencode
from joserfc import jwt
from joserfc.jwk import KeySet

FLAWS = frozenset("{flaws}".split())
ISSUER, CLIENT, SECRET = (os.environ.get(f"FARM_{{name}}", "") for name in ("ISSUER", "CLIENT", "SECRET"))
BEGUN, ENTERED, PEOPLE, GRANTS, TOKENS = {{}}, {{}}, {{}}, {{}}, {{}}
FIXED = secrets.token_urlsafe(32)
if "dies" in FLAWS and ISSUER: raise SystemExit("no port")


def call(path, form=None, access="", query=""):
    request = urllib.request.Request(ISSUER + path + query, urlencode(form).encode() if form else None)
    if access: request.add_header("Authorization", "Bearer " + access)
    if form and "secret-query" not in FLAWS:
        pair = base64.b64encode(f"{{CLIENT}}:{{SECRET}}".encode()).decode()
        request.add_header("Authorization", "Basic " + pair)
    try: answer = urllib.request.urlopen(request, timeout=5)
    except urllib.error.HTTPError as error: answer = error
    with answer: return answer.status, answer.read()


def redeem(form):
    query = ""
    if "logged-secret" in FLAWS: print("token request", form, SECRET)
    if "secret-query" in FLAWS:
        form, query = form | {{"client_id": CLIENT}}, "?" + urlencode({{"client_secret": SECRET}})
    status, body = call("/token", form, query=query)
    tokens = json.loads(body)
    if status != 200 and "status" not in FLAWS: raise ValueError(status)
    return tokens


def identify(tokens, nonce):
    if "id_token" not in tokens:
        if "userinfo" not in FLAWS: raise ValueError("no ID token")
        return json.loads(call("/userinfo", access=tokens["access_token"])[1])
    token = tokens["id_token"]
    if "decode" in FLAWS:
        part = token.split(".")[1]
        return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    keys = KeySet.import_key_set(json.loads(call("/jwks")[1]))
    claims = jwt.decode(token, keys, algorithms=["RS256"]).claims
    half = hashlib.sha256(tokens["access_token"].encode()).digest()[:16]
    right = claims["iss"] == ISSUER and claims["aud"] == CLIENT and claims["nonce"] == nonce
    if not right or claims["exp"] < time.time(): raise ValueError("claims")
    if claims["at_hash"] != base64.urlsafe_b64encode(half).rstrip(b"=").decode(): raise ValueError("hash")
    return claims


def begin(environ, sid, query):
    if "button" in FLAWS:
        sent = dict(parse_qsl(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()))
        if environ["REQUEST_METHOD"] != "POST" or sent.get("csrf_token") != TOKENS.get(sid): return refuse("forged")
    if "strict-host" in FLAWS and environ["HTTP_HOST"] != "farm.example": return refuse("host")
    host = environ["HTTP_HOST"] if "host" in FLAWS else "farm.example"
    if "forwarded" in FLAWS: host = environ.get("HTTP_X_FORWARDED_HOST", host)
    back = f"{{'http' if 'plain-http' in FLAWS else 'https'}}://{{host}}/callback"
    if "parameter" in FLAWS: back = query.get("redirect_uri", back)
    state = "abc" + secrets.token_hex(3) if "short-state" in FLAWS else secrets.token_urlsafe(32)
    if "same-state" in FLAWS: state = FIXED
    verifier = FIXED if "same-verifier" in FLAWS else secrets.token_urlsafe(8 if "short-verifier" in FLAWS else 32)
    nonce = secrets.token_urlsafe(32)
    BEGUN[sid] = {{"state": state, "verifier": verifier, "nonce": nonce, "back": back, "next": query.get("next", "/")}}
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {{"response_type": "token" if "implicit" in FLAWS else "code", "client_id": CLIENT, "redirect_uri": back}}
    asked |= {{"scope": "profile" if "no-openid" in FLAWS else "openid profile", "nonce": nonce}}
    if "no-state" not in FLAWS: asked["state"] = state
    if "plain" in FLAWS: asked |= {{"code_challenge": verifier, "code_challenge_method": "plain"}}
    elif "no-pkce" not in FLAWS: asked |= {{"code_challenge": digest, "code_challenge_method": "S256"}}
    if "secret-url" in FLAWS: asked["client_secret"] = SECRET
    return "303 Go", [("Location", f"{{ISSUER or 'https://id.example'}}/authorize?{{urlencode(asked)}}")], ""


def callback(environ, sid, query):
    known = BEGUN.get(sid, {{}}) if "unchecked" in FLAWS else BEGUN.pop(sid, {{}})
    if "posts" in FLAWS and environ["REQUEST_METHOD"] == "GET":
        if known: BEGUN[sid] = known
        return show('<form method="post"><input type="hidden" name="answer" value="1"><button>Go</button></form>')
    if "unchecked" not in FLAWS and (not known or query.get("state") != known["state"]): return refuse("state")
    if "error" in query:
        told = query["error"] if "markup" in FLAWS else html.escape(query["error"])
        return "400 No", [("Content-Type", "text/html")], f"The provider says {{told}}"
    form = {{"grant_type": "authorization_code", "code": query.get("code", ""), "redirect_uri": known.get("back", "")}}
    if "unchecked" in FLAWS: form["redirect_uri"] = "https://farm.example/callback"
    if "no-pkce" not in FLAWS: form["code_verifier"] = known.get("verifier", "")
    try:
        tokens = redeem(form)
        who = identify(tokens, known.get("nonce"))
    except Exception:
        return refuse("tokens")
    key = who["email"] if "email" in FLAWS else who["sub"]
    PEOPLE.setdefault(key, who["name"])
    if "renames" in FLAWS: PEOPLE[key] = who["name"]
    GRANTS[key] = tokens | {{"until": time.time() + tokens["expires_in"]}}
    if "no-session" not in FLAWS: ENTERED[sid] = key
    after = known.get("next", "/") if "open" in FLAWS else "/"
    if "open-state" in FLAWS: after = query.get("state", "/")
    return "303 Go", [("Location", after if "/" in after else "/")], ""


def directory(environ, sid, query):
    grant = GRANTS.get(ENTERED.get(sid))
    if grant is None: return refuse("nobody")
    if grant["until"] < time.time():
        try: fresh = redeem({{"grant_type": "refresh_token", "refresh_token": grant["refresh_token"]}})
        except Exception:
            if "kept-grant" not in FLAWS and "shown" not in FLAWS: GRANTS.pop(ENTERED.pop(sid))
            return show("Known.") if "shown" in FLAWS else refuse("ended")
        if "old-refresh" in FLAWS: fresh = {{"access_token": fresh["access_token"]}}
        grant |= {{**fresh, "until": time.time() + 90}}
    return show("Known.")


def home(environ, sid, query):
    name = PEOPLE.get(ENTERED.get(sid), "")
    links = "" if "no-link" in FLAWS else '<a href="/login">in</a>'
    if "button" in FLAWS:
        token = TOKENS.setdefault(sid, secrets.token_urlsafe(32))
        links = f'<form method="post" action="/login"><input type="hidden" name="csrf_token" value="{{token}}"></form>'
    if "two" in FLAWS: links += '<a href="https://id.example/authorize?response_type=code&client_id=2">other</a>'
    script = '<script src="/app.js"></script>'
    account = "" if "no-account" in FLAWS else '<a href="/account/company">Your account there</a>'
    return show(f"{{html.escape(name)}} Log out {{account}} {{script}}" if name else f"{{links}}{{script}}")


def script(environ, sid, query):
    return "200 OK", [("Content-Type", "text/javascript")], f"const secret = '{{SECRET if 'script' in FLAWS else ''}}'"


def show(text):
    return "200 OK", [("Content-Type", "text/html")], "<!doctype html>" + text


def refuse(why):
    return "400 No", [("Content-Type", "text/html")], "The sign-in did not succeed."


PAGES = {{"/": home, "/login": begin, "/callback": callback, "/account/company": directory, "/app.js": script}}
if "no-link" in FLAWS: PAGES.pop("/login")


def app(environ, start_response):
    cookies = SimpleCookie(environ.get("HTTP_COOKIE", ""))
    sid = cookies["sid"].value if "sid" in cookies else secrets.token_urlsafe(32)
    page = PAGES.get(environ["PATH_INFO"])
    status, headers, text = page(environ, sid, dict(parse_qsl(environ["QUERY_STRING"]))) if page else ("404 No", [], "")
    start_response(status, [*headers, ("Set-Cookie", f"sid={{sid}}; Path=/; Secure; HttpOnly; SameSite=Lax")])
    return [text.encode()]
"""


class Told:
    """What one run said, by control."""

    def __init__(self, examination):
        self.gaps = examination.gaps
        self.text = repr(examination)
        self.remarks = examination.remarks

    def of(self, kind, control):
        return [r for r in self.remarks if isinstance(r, kind) and r.control == control]

    def reasons(self, control):
        return [finding.reason for finding in self.of(Finding, control)]

    def notes(self, control):
        return [site.note for site in self.of(Site, control)]

    def silences(self, control):
        return [(unproven.silence.value, unproven.reason) for unproven in self.of(Unproven, control)]


@pytest.fixture(scope="session")
def authlib():
    """A Starlette app on Authlib."""
    return AUTHLIB


@pytest.fixture(scope="session")
def by_hand():
    """A WSGI app on the standard library; `flaws` are words that break it."""
    return BY_HAND


@pytest.fixture(scope="session")
def ask(tmp_path_factory):
    """Writes an app into a file and runs the probe on it."""
    folder = tmp_path_factory.mktemp("farms")
    names = []

    def run(text, *select, provider=PROVIDER, flaws=None, **changes):
        text = text if flaws is None else text.format(flaws=flaws)
        names.append(f"farm_{next(NUMBERS)}")
        (folder / f"{names[-1]}.py").write_text(text)
        settings = {"host": "farm.example", "mark": "vlmtest01", "provider": provider, **changes}
        return Told(probe(ProbePolicy(target=f"{names[-1]}:app", select=select, **settings)))

    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield run
    for name in names:
        sys.modules.pop(name, None)
