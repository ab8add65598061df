import pytest

from vallum.findings.finding import Silence

SLUG = "oauth-secret-exposed"
LITERAL = "hunter2-oauth-7f3a91"

PAIRS = {
    "literal-setting": (
        f'CLIENT_SECRET = "{LITERAL}"  # !\n',
        'import os\nCLIENT_SECRET = os.environ["CLIENT_SECRET"]\n',
    ),
    "literal-authlib": (
        f"""
        from authlib.integrations.flask_client import OAuth
        def register(oauth: OAuth):
            oauth.register("p", client_id="shop", client_secret="{LITERAL}")  # !
        """,
        """
        from authlib.integrations.flask_client import OAuth
        def register(oauth: OAuth, config):
            oauth.register("p", client_id="shop", client_secret=config["PROVIDER_CLIENT_SECRET"])
        """,
    ),
    "literal-fallback": (
        f'import os\nGOOGLE_CLIENT_SECRET = os.getenv("GOOGLE_CLIENT_SECRET", "{LITERAL}")  # !\n',
        'import os\nGOOGLE_CLIENT_SECRET = os.getenv("GOOGLE_CLIENT_SECRET", "")\n',
    ),
    "literal-position-httpx-oauth": (
        f"""
        from httpx_oauth.clients.github import GitHubOAuth2
        client = GitHubOAuth2("shop", "{LITERAL}")  # !
        """,
        """
        from httpx_oauth.clients.github import GitHubOAuth2
        client = GitHubOAuth2("shop", settings.github_secret)
        """,
    ),
    "literal-msal": (
        f"""
        import msal
        app = msal.ConfidentialClientApplication("shop", client_credential="{LITERAL}")  # !
        """,
        """
        import msal
        app = msal.ConfidentialClientApplication("shop", client_credential=vault.read("azure"))
        """,
    ),
    "literal-basic": (
        f"""
        import requests
        def exchange(code):
            form = {{"grant_type": "authorization_code", "code": code}}
            return requests.post(TOKEN_URL, data=form, auth=("shop", "{LITERAL}"), timeout=5)  # !
        """,
        """
        import requests
        def exchange(code):
            form = {"grant_type": "authorization_code", "code": code}
            return requests.post(TOKEN_URL, data=form, auth=("shop", client_secret()), timeout=5)
        """,
    ),
    "literal-python-social-auth": (
        f'SOCIAL_AUTH_GOOGLE_OAUTH2_SECRET = "{LITERAL}"  # !\n',
        'SOCIAL_AUTH_GOOGLE_OAUTH2_SECRET = env("GOOGLE_SECRET")\n',
    ),
    "literal-django-allauth": (
        f'SOCIALACCOUNT_PROVIDERS = {{"github": {{"APP": {{"client_id": "shop", "secret": "{LITERAL}"}}}}}}  # !\n',
        'SOCIALACCOUNT_PROVIDERS = {"github": {"APP": {"client_id": "shop", "secret": env("GITHUB_SECRET")}}}\n',
    ),
    "in-the-address": (
        """
        import httpx
        def revoke(token, client_secret):
            return httpx.post(f"{REVOKE}?client_id={ID}&client_secret={client_secret}")  # !
        """,
        """
        import httpx
        def revoke(token, client_secret):
            return httpx.post(REVOKE, data={"token": token}, auth=(ID, client_secret))
        """,
    ),
    "in-the-query": (
        """
        import requests
        def exchange(code):
            query = {"client_id": ID, "client_secret": secret(), "code": code}
            return requests.get(TOKEN_URL, params=query, timeout=5)  # !
        """,
        """
        import requests
        def exchange(code):
            form = {"client_id": ID, "client_secret": secret(), "code": code}
            return requests.post(TOKEN_URL, data=form, timeout=5)
        """,
    ),
    "in-the-authorization-address": (
        """
        from urllib.parse import urlencode
        def start(state):
            fields = {"response_type": "code", "client_id": ID, "client_secret": secret(), "state": state}
            return redirect(AUTH + "?" + urlencode(fields))  # !
        """,
        """
        import httpx
        from urllib.parse import urlencode
        def exchange(code):
            form = {"grant_type": "authorization_code", "client_id": ID, "client_secret": secret(), "code": code}
            return httpx.post(TOKEN_URL, content=urlencode(form))
        """,
    ),
    "in-the-log": (
        """
        import logging
        import os
        log = logging.getLogger(__name__)
        client_secret = os.environ["CLIENT_SECRET"]
        log.info("client %s %s", ID, client_secret)  # !
        """,
        """
        import logging
        import os
        log = logging.getLogger(__name__)
        client_secret = os.environ["CLIENT_SECRET"]
        log.info("client %s", ID)
        """,
    ),
    "whole-form-in-the-log": (
        """
        import logging
        import httpx
        log = logging.getLogger(__name__)
        def exchange(code):
            form = {"grant_type": "authorization_code", "code": code, "client_secret": settings.secret}
            log.info(f"token request {form}")  # !
            return httpx.post(TOKEN_URL, data=form)
        """,
        """
        import logging
        import httpx
        log = logging.getLogger(__name__)
        def exchange(code):
            form = {"grant_type": "authorization_code", "code": code, "client_secret": settings.secret}
            log.info("token request for %s", form.keys())
            return httpx.post(TOKEN_URL, data=form)
        """,
    ),
    "in-the-page": (
        """
        from flask import render_template
        def login():
            return render_template("login.html", client_id=ID, client_secret=settings.CLIENT_SECRET)  # !
        """,
        """
        from flask import render_template
        def login():
            return render_template("login.html", client_id=ID)
        provider = Provider(client_secret=settings.CLIENT_SECRET)
        """,
    ),
    "in-the-template": (
        {"templates/login.html": "<script>\nconst secret = '{{ config.CLIENT_SECRET }}'; // # !\n</script>\n"},
        {
            "templates/login.html": "<script>\nconst client = '{{ config.CLIENT_ID }}';\n</script>\n",
            "app.py": 'import os\nCLIENT_SECRET = os.environ["CLIENT_SECRET"]\n',
        },
    ),
    "in-the-bundle": (
        {
            ".env.production": f"VITE_CLIENT_ID=shop\nVITE_OAUTH_CLIENT_SECRET={LITERAL}  # !\n",
            "src/login.ts": "const secret = import.meta.env.VITE_OAUTH_CLIENT_SECRET; // # !\n",
            "src/login.js": "const secret = process.env.NEXT_PUBLIC_CLIENT_SECRET; // # !\n",
            "src/old.jsx": f"const form = {{ client_secret: '{LITERAL}' }}; // # !\n",
        },
        {
            ".env.production": "VITE_CLIENT_ID=shop\n",
            "src/login.ts": "const id = import.meta.env.VITE_CLIENT_ID;\n",
            "server/login.js": "const secret = process.env.CLIENT_SECRET;\n",
        },
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_pair(agree, name):
    agree(SLUG, *PAIRS[name])


@pytest.mark.parametrize(
    "text",
    [
        'CLIENT_SECRET = "change-me"\n',
        'CLIENT_SECRET_FILE = "/run/secrets/oauth"\n',
        'FIELDS = {"client_secret": "client_secret"}\n',
        'client_secret = ""\n',
        'JWT_SECRET = "5f3a91hunter2-of-tokens"\n',
    ],
)
def test_look_alikes_are_left_alone(judge, text):
    assert judge(SLUG, text).findings == []


def test_the_secret_is_not_repeated(judge):
    (finding,) = judge(SLUG, f'CLIENT_SECRET = "{LITERAL}"\n').findings
    assert LITERAL not in repr(finding)


def test_the_guard_is_sound(lines):
    text = "from vallum.guard.oauth.client_secret import SecretBasic\nBASIC = SecretBasic(load())\n"
    assert lines(SLUG, text) == [[], [2]]


def test_a_project_without_oauth_is_told_apart(judge):
    (silence,) = judge(SLUG, "import flask\n").silences
    assert silence.silence is Silence.DOES_NOT_APPLY
