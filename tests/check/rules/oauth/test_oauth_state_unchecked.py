import pytest

from vallum.findings.finding import Silence

SLUG = "oauth-state-unchecked"
FLASK = """import hmac, secrets, time, random
from flask import Flask, abort, redirect, request, session
app = Flask(__name__)
"""
FASTAPI = "from fastapi import FastAPI, HTTPException, Request\napp = FastAPI()\n"
DJANGO = "import requests\nfrom django.shortcuts import redirect\n"
START = '{"response_type": "code", "client_id": ID, "redirect_uri": URI, "scope": "openid", "state": STATE}'


def start(state, before=""):
    fields = START.replace("STATE", state)
    head = f"{FLASK}from urllib.parse import urlencode\n{before}"
    return f"{head}def start():\n    return redirect(AUTH + urlencode({fields}))"


PAIRS = {
    "missing-in-table": (
        """
        from urllib.parse import urlencode
        def start():
            query = urlencode({"response_type": "code", "client_id": ID, "redirect_uri": URI})  # !
            return f"{AUTH}?{query}"
        """,
        """
        from urllib.parse import urlencode
        def start(state):
            query = urlencode({"response_type": "code", "client_id": ID, "redirect_uri": URI, "state": state})
            return f"{AUTH}?{query}"
        """,
    ),
    "missing-in-text": (
        'url = "https://p.example/a?client_id=%s&redirect_uri=%s&scope=openid" % (ID, URI)  # !\n',
        'url = "https://p.example/a?client_id=%s&redirect_uri=%s&state=%s" % (ID, URI, state)\n',
    ),
    "missing-in-a-class": (
        """
        from urllib.parse import urlencode
        class Provider:
            def fields(self):
                return {"client_id": self.id, "redirect_uri": URI, "scope": "openid"}
            def url(self):
                return AUTH + "?" + urlencode({**self.fields(), "response_type": "code"})  # !
        """,
        """
        from urllib.parse import urlencode
        class Provider:
            def fields(self):
                return {"client_id": self.id, "redirect_uri": URI, "scope": "openid"}
            def url(self, state):
                return AUTH + "?" + urlencode({**self.fields(), "response_type": "code", "state": state})
        """,
    ),
    "constant": (start('"shop-login"') + "  # !\n", start("secrets.token_urlsafe(32)") + "\n"),
    "constant-of-another-file": (
        {
            "shop/settings.py": 'STATE = "abc"\n',
            "shop/login.py": f"""
            from urllib.parse import urlencode
            from shop.settings import STATE
            url = AUTH + urlencode({START})  # !
            """,
        },
        {
            "shop/states.py": "import secrets\ndef new():\n    return secrets.token_urlsafe(32)\n",
            "shop/login.py": f"""
            from urllib.parse import urlencode
            from shop.states import new
            url = AUTH + urlencode({START.replace("STATE", "new()")})
            """,
        },
    ),
    "guessable": (start("str(time.time())") + "  # !\n", start("session['state']") + "\n"),
    "drawn-by-random": (
        start("str(random.randint(0, 10**9))") + "  # !\n",
        start("begun()", "def begun():\n    session['s'] = secrets.token_urlsafe(32)\n    return session['s']\n"),
    ),
    "where-to-go-next": (start("request.args.get('next')") + "  # !\n", start("pending.state") + "\n"),
    "page-as-state": (
        f"""{FASTAPI}
@app.get("/login/company")
def login(next: str = "/notes"):
    return Redirect(f"{{AUTH}}?response_type=code&client_id={{ID}}&state={{next}}")  # !
""",
        f"""{FASTAPI}
@app.get("/login/company")
def login(pending = Depends(begin)):
    return Redirect(f"{{AUTH}}?response_type=code&client_id={{ID}}&state={{pending}}")
""",
    ),
    "state-only-drawn-and-followed": (
        f"""{FASTAPI}
from fastapi.responses import RedirectResponse
@app.get("/login/company/callback")
def callback(request: Request, code: str, state: str = "/"):  # !
    sign_in(exchange(code))
    return RedirectResponse(state, 303)
""",
        f"""{FASTAPI}
from fastapi.responses import RedirectResponse
@app.get("/login/company/callback")
def callback(request: Request, code: str, state: str = "/"):
    pending = pendings.consume(request.cookies["browser"], state)
    sign_in(exchange(code, pending.verifier))
    return RedirectResponse("/", 303)
""",
    ),
    "callback-without-state-flask": (
        f"""{FLASK}
@app.get("/oauth/callback")
def callback():  # !
    tokens = exchange(request.args["code"])
    return sign_in(tokens)
""",
        f"""{FLASK}
@app.get("/oauth/callback")
def callback():
    expected = session.pop("oauth_state", None)
    given = request.args.get("state", "")
    if not expected or not hmac.compare_digest(expected, given):
        abort(400)
    return sign_in(exchange(request.args["code"]))
""",
    ),
    "callback-without-state-fastapi": (
        f"""{FASTAPI}
@app.get("/auth/google/callback")
async def google(code: str, state: str = ""):  # !
    return await sign_in(await exchange_code(code))
""",
        f"""{FASTAPI}
@app.get("/auth/google/callback")
async def google(request: Request, code: str, state: str):
    pending = await take_pending(request, state)
    return await sign_in(await exchange_code(code, pending))
""",
    ),
    "callback-without-state-django": (
        f"""{DJANGO}
def oauth_callback(request):  # !
    form = {{"grant_type": "authorization_code", "code": request.GET["code"], "redirect_uri": URI}}
    return sign_in(requests.post(TOKEN_URL, data=form, timeout=5))
from django.urls import path
urlpatterns = [path("oauth/callback", oauth_callback)]
""",
        f"""{DJANGO}
import hmac
def oauth_callback(request):
    if not same(request):
        return refuse()
    form = {{"grant_type": "authorization_code", "code": request.GET["code"], "redirect_uri": URI}}
    return sign_in(requests.post(TOKEN_URL, data=form, timeout=5))
def same(request):
    expected = request.session.pop("oauth_state", "")
    return bool(expected) and hmac.compare_digest(expected, request.GET.get("state", ""))
from django.urls import path
urlpatterns = [path("oauth/callback", oauth_callback)]
""",
    ),
    "nothing-equals-nothing": (
        f"""{FLASK}
@app.get("/oauth/callback")
def callback():
    if request.args.get("state") != session.pop("oauth_state", None):  # !
        abort(400)
    return sign_in(exchange(request.args["code"]))
""",
        f"""{FLASK}
@app.get("/oauth/callback")
def callback():
    state = session.pop("oauth_state", None)
    if state is None or not secrets.compare_digest(state, request.args["state"]):
        abort(400)
    return sign_in(exchange(request.args["code"]))
""",
    ),
    "compared-by-equality": (
        f"""{FASTAPI}
@app.get("/oauth/callback")
def callback(request: Request, code: str, state: str):
    if state != request.session.pop("oauth_state", ""):  # !
        raise HTTPException(400)
    return sign_in(exchange(code))
""",
        f"""{FASTAPI}
import hmac
@app.get("/oauth/callback")
def callback(request: Request, code: str, state: str):
    if not hmac.compare_digest(state, request.session.pop("oauth_state", "")) or not state:
        raise HTTPException(400)
    return sign_in(exchange(code))
""",
    ),
    "compared-with-itself": (
        f"""{FLASK}
@app.get("/oauth/callback")
def callback():
    if request.args["state"] != request.args["saved_state"]:  # !
        abort(400)
    return sign_in(exchange(request.args["code"]))
""",
        f"""{FLASK}
@app.get("/oauth/callback")
def callback():
    if not hmac.compare_digest(request.args["state"], session.pop("saved_state")):
        abort(400)
    return sign_in(exchange(request.args["code"]))
""",
    ),
    "kept-after-use": (
        f"""{FLASK}
@app.get("/oauth/callback")
def callback():
    if not hmac.compare_digest(request.args["state"], session["oauth_state"]):  # !
        abort(400)
    return sign_in(exchange(request.args["code"]))
""",
        f"""{FLASK}
@app.get("/oauth/callback")
def callback():
    if not hmac.compare_digest(request.args["state"], session["oauth_state"]):
        abort(400)
    del session["oauth_state"]
    return sign_in(exchange(request.args["code"]))
""",
    ),
    "requests-oauthlib": (
        f"""{FLASK}
from requests_oauthlib import OAuth2Session
@app.get("/callback")
def callback():
    client = OAuth2Session(ID, redirect_uri=URI)
    return sign_in(client.fetch_token(TOKEN_URL, authorization_response=request.url))  # !
""",
        f"""{FLASK}
from requests_oauthlib import OAuth2Session
@app.get("/callback")
def callback():
    client = OAuth2Session(ID, redirect_uri=URI, state=session.pop("oauth_state"))
    return sign_in(client.fetch_token(TOKEN_URL, authorization_response=request.url))
""",
    ),
    "google": (
        f"""{FLASK}
from google_auth_oauthlib.flow import Flow
@app.get("/callback")
def callback():
    flow = Flow.from_client_secrets_file("c.json", scopes=["openid"])
    flow.fetch_token(authorization_response=request.url)  # !
    return sign_in(flow.credentials)
""",
        f"""{FLASK}
from google_auth_oauthlib.flow import Flow
@app.get("/callback")
def callback():
    flow = Flow.from_client_secrets_file("c.json", scopes=["openid"], state=session.pop("state"))
    flow.fetch_token(authorization_response=request.url)
    return sign_in(flow.credentials)
""",
    ),
    "httpx-oauth": (
        """
        from httpx_oauth.clients.google import GoogleOAuth2
        client = GoogleOAuth2(ID, SECRET)
        async def begin():
            return await client.get_authorization_url(URI)  # !
        """,
        """
        from httpx_oauth.clients.google import GoogleOAuth2
        client = GoogleOAuth2(ID, SECRET)
        async def begin(state):
            return await client.get_authorization_url(URI, state=state)
        """,
    ),
    "msal": (
        """
        import msal
        app = msal.ConfidentialClientApplication(ID)
        url = app.get_authorization_request_url(["User.Read"], redirect_uri=URI)  # !
        """,
        """
        import msal
        app = msal.ConfidentialClientApplication(ID)
        flow = app.initiate_auth_code_flow(["User.Read"], redirect_uri=URI)
        """,
    ),
    "python-social-auth": (
        """
        from social_core.backends.oauth import BaseOAuth2
        class Corporate(BaseOAuth2):
            name = "corporate"
            STATE_PARAMETER = False  # !
        """,
        """
        from social_core.backends.oauth import BaseOAuth2
        class Corporate(BaseOAuth2):
            name = "corporate"
            STATE_PARAMETER = True
        """,
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_pair(agree, name):
    agree(SLUG, *PAIRS[name])


@pytest.mark.parametrize(
    "text",
    [
        f"{FASTAPI}@app.get('/coupon')\ndef redeem(code: str):\n    return use_coupon(code)\n",
        f"{FASTAPI}@app.post('/login/totp')\ndef totp(code: str):\n    return verify(code)\n",
        """
        from urllib.parse import urlencode
        def url(extra):
            return urlencode({"response_type": "code", "client_id": ID, **extra})
        """,
        f"""{FASTAPI}
from authlib.integrations.starlette_client import OAuth
oauth = OAuth()
@app.get("/oauth/callback")
async def back(request: Request):
    return await oauth.p.authorize_access_token(request)
""",
        f"""{FASTAPI}
@app.get("/oauth/callback")
def callback(code: str, state: str):
    return render("wait.html", state=take_pending(state), tokens=exchange(code))
""",
    ],
)
def test_look_alikes_are_left_alone(judge, text):
    assert judge(SLUG, text).findings == []


def test_parameters_that_are_made_of_one_another_end(judge):
    text = """
    def redirect_uri(first, client_id):
        second = dict(first)
        first = second.copy()
        first.update(second)
        second.update(first)
        second |= first
        return send(first)
    """
    assert judge(SLUG, text).findings == []


def test_the_guard_is_sound(lines):
    text = "from vallum.guard.oauth.state import Transactions\nKEPT = Transactions(store=STORE)\n"
    assert lines(SLUG, text) == [[], [2]]


def test_a_project_without_oauth_is_told_apart(judge):
    (silence,) = judge(SLUG, "import flask\n").silences
    assert silence.silence is Silence.DOES_NOT_APPLY
