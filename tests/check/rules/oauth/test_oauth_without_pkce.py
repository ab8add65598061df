import pytest

from vallum.findings.finding import Silence

SLUG = "oauth-without-pkce"
BASE = '"response_type": "code", "client_id": ID, "redirect_uri": URI, "state": state'
FORM = '"grant_type": "authorization_code", "code": code, "redirect_uri": URI'


def start(more):
    return f"""
    from urllib.parse import urlencode
    def start(state, pending):
        return AUTH + "?" + urlencode({{{BASE}{more}}})"""


PAIRS = {
    "no-challenge": (
        start("") + "  # !\n",
        start(', "code_challenge": pending.challenge, "code_challenge_method": "S256"') + "\n",
    ),
    "plain": (
        start(', "code_challenge": pending.verifier, "code_challenge_method": "plain"') + "  # !\n",
        start(', "code_challenge": challenge_of(pending), "code_challenge_method": "S256"') + "\n",
    ),
    "no-method-is-plain": (
        start(', "code_challenge": pending.challenge') + "  # !\n",
        start(', "code_challenge": pending.challenge, "code_challenge_method": METHOD') + "\n",
    ),
    "constant-challenge": (
        start(', "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256"')
        + "  # !\n",
        start(', "code_challenge": pending["challenge"], "code_challenge_method": "S256"') + "\n",
    ),
    "address-as-text": (
        'url = f"{AUTH}?response_type=code&client_id={ID}&redirect_uri={URI}&state={state}"  # !\n',
        'url = f"{AUTH}?response_type=code&client_id={ID}&state={s}&code_challenge={c}&code_challenge_method=S256"\n',
    ),
    "table-of-another-file": (
        {
            "shop/fields.py": f"def fields(state):\n    return {{{BASE}}}\n",
            "shop/login.py": """
            import httpx
            from shop.fields import fields
            def start(state):
                return httpx.Request("GET", AUTH, params=fields(state)).url  # !
            """,
        },
        {
            "shop/fields.py": f"def fields(state):\n    return {{{BASE}}}\n",
            "shop/login.py": """
            import httpx
            from shop.fields import fields
            def start(state, pair):
                parameters = fields(state)
                parameters |= {"code_challenge": pair.challenge, "code_challenge_method": "S256"}
                return httpx.Request("GET", AUTH, params=parameters).url
            """,
        },
    ),
    "exchange-without-verifier": (
        f"""
        import httpx
        def exchange(code):
            return httpx.post(TOKEN_URL, data={{{FORM}}})  # !
        """,
        f"""
        import httpx
        def exchange(code, verifier):
            return httpx.post(TOKEN_URL, data={{{FORM}, "code_verifier": verifier}})
        """,
    ),
    "exchange-in-a-class": (
        f"""
        import requests
        class Provider:
            def form(self, code):
                form = {{{FORM}}}
                form["client_secret"] = self.secret
                return form
            def exchange(self, code):
                return self.session.post(TOKEN_URL, data=self.form(code), timeout=5)  # !
        """,
        f"""
        import requests
        class Provider:
            def form(self, code):
                form = {{{FORM}}}
                form["code_verifier"] = self.store.take_verifier()
                return form
            def exchange(self, code):
                return self.session.post(TOKEN_URL, data=self.form(code), timeout=5)
        """,
    ),
    "constant-verifier": (
        f"""
        import httpx
        VERIFIER = "shop-shop-shop-shop-shop-shop-shop-shop-shop-1"
        def exchange(code):
            return httpx.post(TOKEN_URL, data={{{FORM}, "code_verifier": VERIFIER}})  # !
        """,
        f"""
        import httpx
        def exchange(code, session):
            return httpx.post(TOKEN_URL, data={{{FORM}, "code_verifier": session.pop("verifier")}})
        """,
    ),
    "authlib-registration": (
        """
        from authlib.integrations.starlette_client import OAuth
        oauth = OAuth()
        oauth.register(name="google", server_metadata_url=META, client_kwargs={"scope": "openid"})  # !
        """,
        """
        from authlib.integrations.starlette_client import OAuth
        oauth = OAuth()
        KWARGS = {"scope": "openid", "code_challenge_method": "S256"}
        oauth.register(name="google", server_metadata_url=META, client_kwargs=KWARGS)
        """,
    ),
    "authlib-plain": (
        """
        from authlib.integrations.django_client import OAuth
        oauth = OAuth()
        oauth.register("google", client_kwargs={"code_challenge_method": "plain"})  # !
        """,
        """
        from authlib.integrations.django_client import OAuth
        oauth = OAuth()
        oauth.register("google", client_kwargs={"code_challenge_method": "S256"})
        """,
    ),
    "authlib-session": (
        """
        from authlib.integrations.requests_client import OAuth2Session
        def start(verifier):
            session = OAuth2Session(ID, SECRET, scope="openid")
            return session.create_authorization_url(AUTH, code_verifier=verifier)  # !
        """,
        """
        from authlib.integrations.requests_client import OAuth2Session
        def start(verifier):
            session = OAuth2Session(ID, SECRET, scope="openid", code_challenge_method="S256")
            return session.create_authorization_url(AUTH, code_verifier=verifier)
        """,
    ),
    "oauthlib": (
        """
        from oauthlib.oauth2 import WebApplicationClient
        client = WebApplicationClient(ID)
        url = client.prepare_request_uri(AUTH, redirect_uri=URI, state=state)  # !
        """,
        """
        from oauthlib.oauth2 import WebApplicationClient
        client = WebApplicationClient(ID)
        url = client.prepare_request_uri(AUTH, state=s, code_challenge=c, code_challenge_method="S256")
        """,
    ),
    "requests-oauthlib": (
        """
        from requests_oauthlib import OAuth2Session
        def start():
            return OAuth2Session(ID, redirect_uri=URI).authorization_url(AUTH)  # !
        """,
        """
        from requests_oauthlib import OAuth2Session
        def start():
            return OAuth2Session(ID, redirect_uri=URI, pkce="S256").authorization_url(AUTH)
        """,
    ),
    "httpx-oauth": (
        """
        from httpx_oauth.oauth2 import OAuth2
        client = OAuth2(ID, SECRET, AUTH, TOKEN_URL)
        async def start(state):
            return await client.get_authorization_url(URI, state=state)  # !
        """,
        """
        from httpx_oauth.oauth2 import OAuth2
        client = OAuth2(ID, SECRET, AUTH, TOKEN_URL)
        async def start(state, pair):
            return await client.get_authorization_url(
                URI, state=state, code_challenge=pair.challenge, code_challenge_method="S256")
        """,
    ),
    "msal": (
        """
        import msal
        url = msal.ConfidentialClientApplication(ID).get_authorization_request_url(["x"], state=state)  # !
        """,
        """
        import msal
        flow = msal.ConfidentialClientApplication(ID).initiate_auth_code_flow(["x"], redirect_uri=URI)
        """,
    ),
    "google": (
        """
        from google_auth_oauthlib.flow import Flow
        flow = Flow.from_client_config(CONFIG, scopes=["openid"], autogenerate_code_verifier=False)  # !
        """,
        """
        from google_auth_oauthlib.flow import Flow
        flow = Flow.from_client_config(CONFIG, scopes=["openid"], autogenerate_code_verifier=True)
        """,
    ),
    "django-allauth": (
        """
        SOCIALACCOUNT_PROVIDERS = {
            "google": {"SCOPE": ["profile"], "AUTH_PARAMS": {"access_type": "online"}},  # !
        }
        """,
        """
        SOCIALACCOUNT_PROVIDERS = {
            "google": {"SCOPE": ["profile"], "OAUTH_PKCE_ENABLED": True},
        }
        """,
    ),
    "django-oauth-toolkit": (
        'OAUTH2_PROVIDER = {"PKCE_REQUIRED": False}  # !\n',
        'OAUTH2_PROVIDER = {"PKCE_REQUIRED": True}\n',
    ),
    "own-server": (
        """
        from authlib.oauth2.rfc7636 import CodeChallenge
        server.register_grant(CodeGrant, [CodeChallenge(required=False)])  # !
        """,
        """
        from authlib.oauth2.rfc7636 import CodeChallenge
        class Sha256Only(CodeChallenge):
            SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]
        server.register_grant(CodeGrant, [Sha256Only(required=True)])
        """,
    ),
    "own-server-with-the-library's-default": (
        """
        from authlib.oauth2.rfc7636 import CodeChallenge
        server.register_grant(CodeGrant, [CodeChallenge(required=True)])  # !
        """,
        """
        from authlib.oauth2.rfc7636 import CodeChallenge
        class CodeChallengeS256(CodeChallenge):
            SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]
        server.register_grant(CodeGrant, [CodeChallengeS256()])
        """,
    ),
    "own-server-knows-plain": (
        """
        def proves(stored, method, verifier):
            if method == "S256":
                return same(stored.code_challenge, digest(verifier))
            if method == "plain":  # !
                return same(stored.code_challenge, verifier)
        """,
        """
        def proves(stored, method, code_verifier):
            if method != "S256":
                raise Refused("invalid_grant")
            return same(stored.code_challenge, digest(code_verifier))
        """,
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_pair(agree, name):
    agree(SLUG, *PAIRS[name])


@pytest.mark.parametrize(
    "text",
    [
        'import httpx\nhttpx.post(TOKEN_URL, data={"grant_type": "client_credentials", "client_id": ID})\n',
        'import httpx\nhttpx.post(TOKEN_URL, data={"grant_type": "refresh_token", "refresh_token": token})\n',
        'import httpx\nhttpx.post(TOKEN_URL, data={"grant_type": kind, "code": code, **proof})\n',
        'if mail.subtype == "plain":\n    show(mail)\n',
        'from celery import app\napp.register("x", client_kwargs={"a": 1})\n',
    ],
)
def test_look_alikes_are_left_alone(judge, text):
    assert judge(SLUG, text).findings == []


def test_the_guard_is_sound(lines):
    text = "from vallum.guard.oauth.pkce import PkcePair\nPAIR = PkcePair.make()\n"
    assert lines(SLUG, text) == [[], [2]]


def test_a_project_without_oauth_is_told_apart(judge):
    (silence,) = judge(SLUG, "import flask\n").silences
    assert silence.silence is Silence.DOES_NOT_APPLY
