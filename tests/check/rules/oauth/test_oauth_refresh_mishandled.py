import pytest

from vallum.findings.finding import Silence

SLUG = "oauth-refresh-mishandled"
FORM = '{"grant_type": "refresh_token", "refresh_token": grant.refresh}'

PAIRS = {
    "new-token-ignored": (
        f"""
        import httpx
        def fresh(grant):
            reply = httpx.post(TOKEN_URL, data={FORM})  # !
            return reply.json()["access_token"]
        """,
        f"""
        import httpx
        def fresh(db, grant):
            tokens = httpx.post(TOKEN_URL, data={FORM}).json()
            grant.sealed = seal(tokens.get("refresh_token", grant.refresh))
            db.commit()
            return tokens["access_token"]
        """,
    ),
    "new-token-ignored-in-a-class": (
        f"""
        import requests
        class Calendar:
            def fresh(self, grant):
                tokens = requests.post(TOKEN_URL, data={FORM}, timeout=5).json()  # !
                self.access = tokens["access_token"]
                self.expires = tokens["expires_in"]
        """,
        f"""
        import requests
        class Calendar:
            def fresh(self, grant):
                tokens = requests.post(TOKEN_URL, data={FORM}, timeout=5).json()
                self.grants.replace(grant, tokens)
                self.access = tokens["access_token"]
        """,
    ),
    "new-token-ignored-by-the-caller": (
        {
            "shop/tokens.py": f"""
            import httpx
            def refresh(grant):
                return httpx.post(TOKEN_URL, data={FORM}).json()  # !
            """,
            "shop/calendar.py": """
            from shop.tokens import refresh
            def access(grant):
                return refresh(grant)["access_token"]
            """,
        },
        {
            "shop/tokens.py": f"""
            import httpx
            def refresh(grant):
                return httpx.post(TOKEN_URL, data={FORM}).json()
            """,
            "shop/calendar.py": """
            from shop.tokens import refresh
            def access(grant):
                tokens = refresh(grant)
                grant.renew(seal(tokens["refresh_token"]))
                return tokens["access_token"]
            """,
        },
    ),
    "old-tokens-kept-again": (
        f"""
        import requests
        def fresh(user, tokens):
            answer = requests.post(TOKEN_URL, data={FORM}).json()  # !
            tokens["access_token"] = answer.get("access_token")
            keep_tokens(user, tokens)
            return tokens
        """,
        f"""
        import requests
        def fresh(user, tokens):
            answer = requests.post(TOKEN_URL, data={FORM}).json()
            keep_tokens(user, {{**tokens, **answer}})
            return answer["access_token"]
        """,
    ),
    "whole-answer-in-a-column": (
        """
        import json
        SCOPE = "openid offline_access"
        redirect_uri = settings.REDIRECT_URI
        def keep_tokens(user_id, tokens):
            database.update("users", user_id, {"provider_tokens": json.dumps({**tokens})})  # !
        """,
        """
        import json
        SCOPE = "openid offline_access"
        redirect_uri = settings.REDIRECT_URI
        def keep_tokens(user_id, tokens):
            database.update("users", user_id, {"provider_tokens": seal(json.dumps({**tokens}))})
        """,
    ),
    "requests-oauthlib": (
        """
        from requests_oauthlib import OAuth2Session
        client = OAuth2Session(ID, token=token, auto_refresh_url=TOKEN_URL)  # !
        """,
        """
        from requests_oauthlib import OAuth2Session
        client = OAuth2Session(ID, token=token, auto_refresh_url=TOKEN_URL, token_updater=save_sealed)
        """,
    ),
    "authlib-session": (
        """
        from authlib.integrations.httpx_client import AsyncOAuth2Client
        client = AsyncOAuth2Client(ID, SECRET, token=token, token_endpoint=TOKEN_URL)  # !
        """,
        """
        from authlib.integrations.httpx_client import AsyncOAuth2Client
        client = AsyncOAuth2Client(ID, SECRET, token=token, token_endpoint=TOKEN_URL, update_token=replace_grant)
        """,
    ),
    "httpx-oauth": (
        """
        from httpx_oauth.clients.google import GoogleOAuth2
        client = GoogleOAuth2(ID, SECRET)
        async def fresh(grant):
            tokens = await client.refresh_token(grant.refresh)  # !
            return tokens["access_token"]
        """,
        """
        from httpx_oauth.clients.google import GoogleOAuth2
        client = GoogleOAuth2(ID, SECRET)
        async def fresh(grant):
            tokens = await client.refresh_token(grant.refresh)
            await grant.replace(tokens.get("refresh_token"))
            return tokens["access_token"]
        """,
    ),
    "plain-column-sqlalchemy": (
        """
        def connect(db, user_id, tokens):
            db.add(Grant(user_id=user_id, refresh_token=tokens["refresh_token"]))  # !
        """,
        """
        def connect(db, user_id, tokens):
            db.add(Grant(user_id=user_id, refresh_token=box.seal(tokens["refresh_token"])))
        """,
    ),
    "plain-column-django": (
        """
        from django.db import models
        class ProviderGrant(models.Model):
            user = models.ForeignKey("auth.User", on_delete=models.CASCADE)
            provider = models.CharField(max_length=30)
            refresh_token = models.TextField()  # !
        """,
        """
        from django.db import models
        class ProviderGrant(models.Model):
            user = models.ForeignKey("auth.User", on_delete=models.CASCADE)
            provider = models.CharField(max_length=30)
            refresh_token = EncryptedTextField()
        """,
    ),
    "plain-attribute-authlib": (
        """
        from authlib.integrations.flask_client import OAuth
        def callback(user, oauth):
            token = oauth.google.authorize_access_token()
            user.google_refresh_token = token.get("refresh_token")  # !
        """,
        """
        from authlib.integrations.flask_client import OAuth
        def callback(user, oauth):
            token = oauth.google.authorize_access_token()
            user.google_refresh_token = fernet.encrypt(token["refresh_token"].encode())
        """,
    ),
    "plain-in-sql": (
        """
        def connect(db, user_id, tokens):
            db.execute("INSERT INTO grants (user_id, token) VALUES (?, ?)", (user_id, tokens["refresh_token"]))  # !
        """,
        """
        def connect(db, user_id, tokens):
            sealed = seal(tokens["refresh_token"])
            db.execute("INSERT INTO grants (user_id, token) VALUES (?, ?)", (user_id, sealed))
        """,
    ),
    "file": (
        """
        import json
        from pathlib import Path
        def access(provider):
            tokens = provider.refresh()
            Path("tokens.json").write_text(json.dumps(tokens))  # !
            return tokens["access_token"]
        """,
        """
        import json
        from pathlib import Path
        def access(provider):
            tokens = provider.refresh()
            Path("tokens.bin").write_bytes(box.seal(json.dumps(tokens)))
            return tokens["access_token"]
        """,
    ),
    "file-of-google": (
        """
        from google_auth_oauthlib.flow import InstalledAppFlow
        def credentials():
            creds = InstalledAppFlow.from_client_secrets_file("c.json", SCOPES).run_local_server()
            with open("token.json", "w") as file:
                file.write(creds.to_json())  # !
        """,
        """
        from google_auth_oauthlib.flow import InstalledAppFlow
        def credentials():
            creds = InstalledAppFlow.from_client_secrets_file("c.json", SCOPES).run_local_server()
            with open("token.bin", "wb") as file:
                file.write(seal(creds.to_json()))
        """,
    ),
    "cookie": (
        """
        from authlib.integrations.starlette_client import OAuth
        async def callback(request, oauth):
            token = await oauth.google.authorize_access_token(request)
            response = RedirectResponse("/")
            response.set_cookie("google_refresh", token["refresh_token"], httponly=True)  # !
            return response
        """,
        """
        from authlib.integrations.starlette_client import OAuth
        async def callback(request, oauth):
            token = await oauth.google.authorize_access_token(request)
            await grants.keep(seal(token["refresh_token"]))
            return RedirectResponse("/")
        """,
    ),
    "flask-session": (
        """
        from flask import session
        from requests_oauthlib import OAuth2Session
        def callback(client):
            session["oauth_token"] = client.fetch_token(TOKEN_URL, code=code)  # !
        """,
        """
        from flask import session
        from requests_oauthlib import OAuth2Session
        def callback(client):
            session["user_id"] = keep(box.seal(client.fetch_token(TOKEN_URL, code=code)))
        """,
    ),
    "django-allauth": (
        "SOCIALACCOUNT_STORE_TOKENS = True  # !\n",
        "SOCIALACCOUNT_STORE_TOKENS = False\n",
    ),
    "own-server-authlib": (
        """
        from authlib.oauth2.rfc6749.grants import RefreshTokenGrant
        class Refresh(RefreshTokenGrant):  # !
            def authenticate_refresh_token(self, token): ...
        """,
        """
        from authlib.oauth2.rfc6749.grants import RefreshTokenGrant
        class Refresh(RefreshTokenGrant):
            INCLUDE_NEW_REFRESH_TOKEN = True
            def authenticate_refresh_token(self, token): ...
        """,
    ),
    "own-server-django-oauth-toolkit": (
        'OAUTH2_PROVIDER = {"ROTATE_REFRESH_TOKEN": False}  # !\n',
        'OAUTH2_PROVIDER = {"ROTATE_REFRESH_TOKEN": True}\n',
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_pair(agree, name):
    agree(SLUG, *PAIRS[name])


@pytest.mark.parametrize(
    "text",
    [
        "def answer(tokens):\n    return TokenResponse(access_token=a, refresh_token=tokens['refresh_token'])\n",
        "import json\ndef save(settings, path):\n    path.write_text(json.dumps(settings))\n",
        "from flask import session\nsession['next'] = '/'\n",
        "def check(tokens):\n    if 'refresh_token' not in tokens:\n        raise Refused\n",
    ],
)
def test_look_alikes_are_left_alone(judge, text):
    assert judge(SLUG, text).findings == []


def test_the_guard_is_sound(lines):
    text = "from vallum.guard.oauth.grants import Grants\nGRANTS = Grants(client=C, store=S, box=B)\n"
    assert lines(SLUG, text) == [[], [2]]


def test_a_project_without_oauth_is_told_apart(judge):
    (silence,) = judge(SLUG, "import flask\n").silences
    assert silence.silence is Silence.DOES_NOT_APPLY
