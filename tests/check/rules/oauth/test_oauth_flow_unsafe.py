import pytest

from vallum.findings.finding import Silence

SLUG = "oauth-flow-unsafe"
FORM = '{"grant_type": "authorization_code", "code": code, "redirect_uri": URI, "code_verifier": verifier}'
CHECKED = "    reply.raise_for_status()\n    return reply.json()\n"
PAIRS = {
    "implicit-in-text": (
        'url = f"{AUTH}?response_type=token&client_id={ID}&state={state}"  # !\n',
        'url = f"{AUTH}?response_type=code&client_id={ID}&state={state}"\n',
    ),
    "hybrid-in-table": (
        """
        from urllib.parse import urlencode
        def start(state):
            parameters = {"client_id": ID, "redirect_uri": URI, "scope": "openid", "state": state}
            parameters["response_type"] = "code id_token token"
            return AUTH + "?" + urlencode(parameters)  # !
        """,
        """
        from urllib.parse import urlencode
        def start(state):
            parameters = {"client_id": ID, "redirect_uri": URI, "scope": "openid", "state": state}
            parameters["response_type"] = "code"
            return AUTH + "?" + urlencode(parameters)
        """,
    ),
    "implicit-in-a-helper": (
        """
        import httpx
        KIND = "id_token"
        def fields(kind):
            return dict(client_id=ID, redirect_uri=URI, scope="openid", response_type=KIND)
        def start():
            return httpx.URL(AUTH, params=fields(1))  # !
        """,
        """
        import httpx
        KIND = "code"
        def fields(kind):
            return dict(client_id=ID, redirect_uri=URI, scope="openid", response_type=KIND)
        def start():
            return httpx.URL(AUTH, params=fields(1))
        """,
    ),
    "password-grant-httpx": (
        """
        import httpx
        def login(name, word):
            form = {"grant_type": "password", "username": name, "password": word}
            reply = httpx.post(TOKEN_URL, data=form)  # !
            reply.raise_for_status()
            return reply.json()
        """,
        """
        import httpx
        def service():
            form = {"grant_type": "client_credentials", "scope": "reports"}
            reply = httpx.post(TOKEN_URL, data=form)
            reply.raise_for_status()
            return reply.json()
        """,
    ),
    "password-grant-requests-oauthlib": (
        """
        from oauthlib.oauth2 import LegacyApplicationClient
        from requests_oauthlib import OAuth2Session
        session = OAuth2Session(client=LegacyApplicationClient(client_id=ID))  # !
        """,
        """
        from oauthlib.oauth2 import WebApplicationClient
        from requests_oauthlib import OAuth2Session
        session = OAuth2Session(client=WebApplicationClient(client_id=ID))
        """,
    ),
    "password-grant-msal": (
        """
        import msal
        app = msal.PublicClientApplication(ID)
        def login(name, word):
            return app.acquire_token_by_username_password(name, word, ["User.Read"])  # !
        """,
        """
        import msal
        app = msal.ConfidentialClientApplication(ID, client_credential=SECRET)
        def login(request):
            return app.acquire_token_by_auth_code_flow(request.session.pop("flow"), request.query_params)
        """,
    ),
    "no-timeout-requests": (
        f"""
        import requests
        def exchange(code, verifier):
            reply = requests.post(TOKEN_URL, data={FORM}, auth=(ID, SECRET))  # !
            reply.raise_for_status()
            return reply.json()
        """,
        f"""
        import requests
        def exchange(code, verifier):
            reply = requests.post(TOKEN_URL, data={FORM}, auth=(ID, SECRET), timeout=5)
            reply.raise_for_status()
            return reply.json()
        """,
    ),
    "timeout-taken-away-in-a-class": (
        f"""
        import httpx
        class Provider:
            def exchange(self, code, verifier):
                with httpx.Client(timeout=None) as client:
                    reply = client.post(TOKEN_URL, data={FORM})  # !
                if reply.status_code != 200:
                    raise Refused
                return reply.json()
        """,
        f"""
        import httpx
        class Provider:
            def exchange(self, code, verifier):
                with httpx.Client() as client:
                    reply = client.post(TOKEN_URL, data={FORM})
                if reply.status_code != 200:
                    raise Refused
                return reply.json()
        """,
    ),
    "status-unread": (
        f"""
        import httpx
        async def exchange(code, verifier):
            async with httpx.AsyncClient() as client:
                reply = await client.post(TOKEN_URL, data={FORM})  # !
            return reply.json()["access_token"]
        """,
        f"""
        import httpx
        async def exchange(code, verifier):
            async with httpx.AsyncClient() as client:
                reply = await client.post(TOKEN_URL, data={FORM})
            return complete(reply)
        """,
    ),
    "status-unread-in-another-file": (
        {
            "shop/forms.py": f"def form(code, verifier):\n    return {FORM}\n",
            "shop/exchange.py": """
            import requests
            from shop.forms import form
            def exchange(code, verifier):
                tokens = requests.post(TOKEN_URL, data=form(code, verifier), timeout=5).json()  # !
                return tokens["access_token"]
            """,
        },
        {
            "shop/forms.py": f"def form(code, verifier):\n    return {FORM}\n",
            "shop/exchange.py": """
            import requests
            from shop.forms import form
            def exchange(code, verifier):
                reply = requests.post(TOKEN_URL, data=form(code, verifier), timeout=5)
                if not reply.ok:
                    raise Refused
                return reply.json()["access_token"]
            """,
        },
    ),
    "certificate-unverified": (
        f"""
        import requests
        def exchange(code, verifier):
            reply = requests.post(TOKEN_URL, data={FORM}, timeout=5, verify=False)  # !
            reply.raise_for_status()
            return reply.json()
        """,
        f"""
        import requests
        def exchange(code, verifier):
            reply = requests.post(TOKEN_URL, data={FORM}, timeout=5, verify="/etc/ssl/provider.pem")
            reply.raise_for_status()
            return reply.json()
        """,
    ),
    "token-endpoint-in-clear": (
        f"""
        import httpx
        TOKEN_URL = "http://id.example.org/token"
        def exchange(code, verifier):
            reply = httpx.post(TOKEN_URL, data={FORM})  # !
            reply.raise_for_status()
            return reply.json()
        """,
        f"""
        import httpx
        TOKEN_URL = "https://id.example.org/token"
        def exchange(code, verifier):
            reply = httpx.post(TOKEN_URL, data={FORM})
            reply.raise_for_status()
            return reply.json()
        """,
    ),
    "insecure-transport": (
        """
        import os
        from google_auth_oauthlib.flow import Flow
        os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # !
        flow = Flow.from_client_secrets_file("client.json", scopes=["openid"])
        """,
        """
        from google_auth_oauthlib.flow import Flow
        flow = Flow.from_client_secrets_file("client.json", scopes=["openid"])
        """,
    ),
    "library-without-verification": (
        """
        from authlib.integrations.flask_client import OAuth
        oauth = OAuth()
        oauth.register("p", server_metadata_url=META, client_kwargs={"scope": "openid", "verify": False})  # !
        """,
        """
        from authlib.integrations.flask_client import OAuth
        oauth = OAuth()
        oauth.register("p", server_metadata_url=META, client_kwargs={"scope": "openid"})
        """,
    ),
    "requests-oauthlib-without-verification": (
        """
        from requests_oauthlib import OAuth2Session
        def finish(request):
            session = OAuth2Session(ID, state=request.session["state"])
            return session.fetch_token(TOKEN_URL, authorization_response=request.url, verify=False)  # !
        """,
        """
        from requests_oauthlib import OAuth2Session
        def finish(request):
            session = OAuth2Session(ID, state=request.session["state"])
            return session.fetch_token(TOKEN_URL, authorization_response=request.url, timeout=5)
        """,
    ),
    "redirects-followed": (
        f"""
        import httpx
        def exchange(code, verifier):
            reply = httpx.post(TOKEN_URL, data={FORM}, follow_redirects=True)  # !
            reply.raise_for_status()
            return reply.json()
        """,
        f"""
        import httpx
        def exchange(code, verifier):
            reply = httpx.post(TOKEN_URL, data={FORM}, follow_redirects=False)
            reply.raise_for_status()
            return reply.json()
        """,
    ),
    "own-server-takes-passwords": (
        """
        from authlib.oauth2.rfc6749 import grants
        class PasswordGrant(grants.ResourceOwnerPasswordCredentialsGrant):
            pass
        server.register_grant(PasswordGrant)  # !
        server.register_grant(grants.ImplicitGrant)  # !
        """,
        """
        from authlib.oauth2.rfc6749 import grants
        class CodeGrant(grants.AuthorizationCodeGrant):
            pass
        server.register_grant(CodeGrant)
        """,
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_pair(agree, name):
    agree(SLUG, *PAIRS[name])


@pytest.mark.parametrize(
    "text",
    [
        'kinds = {"response_types_supported": ["code", "token"], "grant_types_supported": ["password"]}\n',
        'def test(kind):\n    """Send response_type=token&client_id=x."""\n',
        'import requests\nrequests.post(SEARCH_URL, data={"query": "x"})\n',
        "from fastapi.security import OAuth2PasswordRequestForm\ndef token(form: OAuth2PasswordRequestForm): ...\n",
    ],
)
def test_look_alikes_are_left_alone(judge, text):
    assert judge(SLUG, text).findings == []


def test_the_guard_is_sound(lines):
    text = "from vallum.guard.oauth.client import OAuthClient\nCLIENT = OAuthClient([], origin=ORIGIN, store=STORE)\n"
    assert lines(SLUG, text) == [[], [2]]


def test_code_of_tests_is_not_judged(judge):
    bad = 'url = f"{AUTH}?response_type=token&client_id={ID}"\n'
    assert judge(SLUG, {"tests/test_url.py": bad}).findings == []


def test_a_project_without_oauth_is_told_apart(judge):
    (silence,) = judge(SLUG, "import flask\n").silences
    assert silence.silence is Silence.DOES_NOT_APPLY
