import pytest

from vallum.findings.finding import Silence

SLUG = "redirect-uri-inexact"
FLASK = "from urllib.parse import urlencode, urlsplit\nfrom flask import Flask, redirect, request, url_for\n"
STARLETTE = "from starlette.requests import Request\nfrom authlib.integrations.starlette_client import OAuth\n"
OAUTH = "oauth = OAuth()\n"


def start(uri):
    return f"""{FLASK}
def login():
    fields = {{"response_type": "code", "client_id": ID, "state": new_state()}}
    fields["redirect_uri"] = {uri}
    return redirect(AUTH + "?" + urlencode(fields))
"""


def begin(uri):
    head = f"{STARLETTE}{OAUTH}async def login(request: Request):\n"
    return f"{head}    return await oauth.p.authorize_redirect(request, {uri})\n"


PAIRS = {
    "host-flask": (
        start('f"https://{request.host}/callback"  # !'),
        start('f"{settings.PUBLIC_ORIGIN}/callback"'),
    ),
    "url-root": (
        start('request.url_root + "callback"  # !'),
        start('current_app.config["PUBLIC_ORIGIN"] + "/callback"'),
    ),
    "header": (
        start("'https://' + request.headers['X-Forwarded-Host'] + '/callback'  # !"),
        start("'https://shop.example' + '/callback'"),
    ),
    "parameter": (
        start('request.args["redirect_uri"]  # !'),
        start('os.environ["REDIRECT_URI"]'),
    ),
    "in-clear": (
        start('"http://shop.example/callback"  # !'),
        start('"http://127.0.0.1:8400/callback"'),
    ),
    "starlette-base-url": (
        begin('str(request.base_url) + "callback"').rstrip("\n") + "  # !\n",
        begin("REDIRECT_URI"),
    ),
    "starlette-url-for": (
        begin('request.url_for("callback")').rstrip("\n") + "  # !\n",
        "from starlette.middleware.trustedhost import TrustedHostMiddleware\n"
        + begin('request.url_for("callback")')
        + 'app.add_middleware(TrustedHostMiddleware, allowed_hosts=["shop.example"])\n',
    ),
    "flask-url-for": (
        start('url_for("callback", _external=True)  # !'),
        start('url_for("callback", _external=True)') + 'app.config["SERVER_NAME"] = "shop.example"\n',
    ),
    "django-absolute-uri": (
        """
        from requests_oauthlib import OAuth2Session
        def login(request):
            uri = request.build_absolute_uri("/callback")  # !
            return OAuth2Session(ID, redirect_uri=uri).authorization_url(AUTH)
        """,
        """
        from requests_oauthlib import OAuth2Session
        from django.conf import settings
        def login(request):
            return OAuth2Session(ID, redirect_uri=settings.REDIRECT_URI).authorization_url(AUTH)
        """,
    ),
    "through-a-helper": (
        f"""{FLASK}
def fields(redirect_uri):
    return {{"response_type": "code", "client_id": ID, "redirect_uri": redirect_uri, "state": new_state()}}
def login():
    return redirect(AUTH + "?" + urlencode(fields(request.host_url + "callback")))  # !
""",
        f"""{FLASK}
CALLBACK = "https://shop.example/callback"
def fields(redirect_uri):
    return {{"response_type": "code", "client_id": ID, "redirect_uri": redirect_uri, "state": new_state()}}
def login():
    return redirect(AUTH + "?" + urlencode(fields(CALLBACK)))
""",
    ),
    "in-a-class-of-another-file": (
        {
            "shop/provider.py": """
            class Provider:
                def exchange(self, code, request):
                    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.uri(request)}
                    return self.client.post(TOKEN_URL, data=form)
                def uri(self, request):
                    return f"https://{request.get_host()}/callback"  # !
            """,
        },
        {
            "shop/provider.py": """
            from shop.settings import REDIRECT_URI
            class Provider:
                def exchange(self, code, request):
                    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI}
                    return self.client.post(TOKEN_URL, data=form)
            """,
            "shop/settings.py": 'REDIRECT_URI = "https://shop.example/callback"\n',
        },
    ),
    "not-encoded": (
        'url = f"{AUTH}?response_type=code&client_id={ID}&redirect_uri={REDIRECT_URI}&state={state}"  # !\n',
        'url = f"{AUTH}?response_type=code&client_id={ID}&redirect_uri={quote(REDIRECT_URI, safe=str())}&state={s}"\n',
    ),
    "fastapi-sso": (
        """
        from fastapi_sso.sso.google import GoogleSSO
        sso = GoogleSSO(ID, SECRET, redirect_uri="https://shop.example/cb", allow_insecure_http=True)  # !
        """,
        """
        from fastapi_sso.sso.google import GoogleSSO
        sso = GoogleSSO(ID, SECRET, redirect_uri="https://shop.example/cb")
        """,
    ),
    "server-prefix": (
        "def allowed(c, redirect_uri):\n    return redirect_uri.startswith(c.redirect_uri)  # !\n",
        "def allowed(client, redirect_uri):\n    return redirect_uri == client.redirect_uri\n",
    ),
    "server-pattern": (
        "import re\ndef allowed(redirect_uri):\n    return re.fullmatch(PATTERN, redirect_uri) is not None  # !\n",
        "import re\ndef allowed(client, redirect_uri):\n    return redirect_uri in client.redirect_uris\n",
    ),
    "server-wildcard": (
        "from fnmatch import fnmatch\ndef allowed(c, redirect_uri):\n    return fnmatch(redirect_uri, c.wild)  # !\n",
        "def allowed(client, redirect_uri):\n    return redirect_uri in set(client.redirect_uris.split())\n",
    ),
    "server-host": (
        """
        from urllib.parse import urlsplit
        def allowed(client, redirect_uri):
            return urlsplit(redirect_uri).hostname == client.host  # !
        """,
        """
        from authlib.integrations.sqla_oauth2 import OAuth2ClientMixin
        class Client(OAuth2ClientMixin):
            def check_redirect_uri(self, redirect_uri):
                return redirect_uri in self.redirect_uris
        """,
    ),
    "server-part-of-text": (
        "def allowed(client, redirect_uri):\n    return client.host in redirect_uri  # !\n",
        "def allowed(client, redirect_uri):\n    return any(uri == redirect_uri for uri in client.uris)\n",
    ),
    "registered-wildcard": (
        'CLIENT = {"client_id": "shop", "redirect_uris": ["https://*.shop.example/callback"]}  # !\n',
        'CLIENT = {"client_id": "shop", "redirect_uris": ["https://www.shop.example/callback"]}\n',
    ),
    "django-oauth-toolkit": (
        'OAUTH2_PROVIDER = {"ALLOW_URI_WILDCARDS": True}  # !\n',
        'OAUTH2_PROVIDER = {"ALLOW_URI_WILDCARDS": False}\n',
    ),
    "state-as-address": (
        """
        from fastapi import FastAPI, Request
        from fastapi.responses import RedirectResponse
        app = FastAPI()
        REDIRECT_URI = "https://shop.example/oauth/callback"
        @app.get("/oauth/callback")
        def callback(request: Request, code: str, state: str):
            sign_in(exchange(code))
            return RedirectResponse(state, 303)  # !
        """,
        """
        from fastapi import FastAPI, Request
        from fastapi.responses import RedirectResponse
        app = FastAPI()
        REDIRECT_URI = "https://shop.example/oauth/callback"
        @app.get("/oauth/callback")
        def callback(request: Request, code: str, state: str):
            sign_in(exchange(code))
            return RedirectResponse(request.session.pop("wanted"), 303)
        """,
    ),
    "open-end-of-the-callback": (
        f"""{FLASK}
app = Flask(__name__)
@app.get("/oauth/callback")
def callback():
    sign_in(exchange(request.args["code"], request.args["state"]))
    return redirect(request.args["next"])  # !
REDIRECT_URI = "https://shop.example/oauth/callback"
""",
        f"""{FLASK}
app = Flask(__name__)
@app.get("/oauth/callback")
def callback():
    sign_in(exchange(request.args["code"], request.args["state"]))
    return redirect(url_for("home"))
REDIRECT_URI = "https://shop.example/oauth/callback"
""",
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_pair(agree, name):
    agree(SLUG, *PAIRS[name])


@pytest.mark.parametrize(
    "text",
    [
        "def page(path):\n    return path.startswith('/admin')\n",
        f"{FLASK}def mail():\n    return url_for('confirm', _external=True)\n",
        "def check(redirect_uri):\n    if not redirect_uri.startswith('https://'):\n        raise Refused\n",
        "REDIRECT_URI = 'http://localhost:8000/callback'\n",
    ],
)
def test_look_alikes_are_left_alone(judge, text):
    assert judge(SLUG, text).findings == []


def test_the_guard_is_sound(lines):
    text = "from vallum.guard.oauth.redirect_uris import RedirectRegistry\nKNOWN = RedirectRegistry({})\n"
    assert lines(SLUG, text) == [[], [2]]


def test_a_project_without_oauth_is_told_apart(judge):
    (silence,) = judge(SLUG, "import flask\n").silences
    assert silence.silence is Silence.DOES_NOT_APPLY
