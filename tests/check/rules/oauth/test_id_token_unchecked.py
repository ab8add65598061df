import pytest

from vallum.findings.finding import Silence

SLUG = "id-token-unchecked"
FULL = 'algorithms=["RS256"], audience=ID, issuer=ISSUER'
NONCE = "    if claims['nonce'] != nonce:\n        raise Refused\n    return claims\n"


def pyjwt(call, rest=NONCE):
    return f"import jwt\ndef read(id_token, nonce):\n    claims = {call}\n{rest}"


PAIRS = {
    "signature-off": (
        pyjwt('jwt.decode(id_token, options={"verify_signature": False})  # !'),
        pyjwt(f"jwt.decode(id_token, KEY, {FULL})"),
    ),
    "audience-off": (
        pyjwt('jwt.decode(id_token, KEY, algorithms=["RS256"], issuer=I, options={"verify_aud": False})  # !'),
        pyjwt(f'jwt.decode(id_token, KEY, {FULL}, options={{"require": ["exp", "nonce"]}})'),
    ),
    "audience-missing": (
        pyjwt('jwt.decode(id_token, KEY, algorithms=["RS256"], issuer=ISSUER)  # !'),
        pyjwt(f"jwt.decode_complete(id_token, KEY, {FULL})"),
    ),
    "issuer-missing": (
        pyjwt('jwt.decode(id_token, KEY, algorithms=["RS256"], audience=ID)  # !'),
        pyjwt('jwt.decode(id_token, KEY, algorithms=["RS256"], audience=ID, issuer=[ISSUER])'),
    ),
    "nonce-unread": (
        pyjwt(f"jwt.decode(id_token, KEY, {FULL})  # !", "    return claims\n"),
        pyjwt(f"jwt.decode(id_token, KEY, {FULL})"),
    ),
    "nonce-unread-in-a-helper": (
        f"""
        import jwt
        def claims_of(token):
            return jwt.decode(token, KEY, {FULL})  # !
        def finish(tokens):
            claims = claims_of(tokens["id_token"])
            return begin(claims["iss"], claims["sub"])
        """,
        f"""
        import hmac, jwt
        def claims_of(token):
            return jwt.decode(token, KEY, {FULL})
        def finish(tokens, pending):
            claims = claims_of(tokens["id_token"])
            if not hmac.compare_digest(claims["nonce"], pending.nonce):
                raise Refused
            return begin(claims["iss"], claims["sub"])
        """,
    ),
    "jose-unverified": (
        """
        from jose import jwt
        def read(tokens):
            return jwt.get_unverified_claims(tokens["id_token"])  # !
        """,
        """
        from jose import jwt
        def read(tokens, nonce):
            claims = jwt.decode(tokens["id_token"], KEY, algorithms=["RS256"], audience=ID, issuer=ISSUER)
            return claims if claims["nonce"] == nonce else None
        """,
    ),
    "joserfc-claims-unread": (
        """
        from joserfc import jwt
        def read(id_token, nonce):
            return jwt.decode(id_token, KEY, algorithms=["RS256"]).claims  # !
        """,
        """
        from joserfc import jwt
        def read(id_token, nonce):
            token = jwt.decode(id_token, KEY, algorithms=["RS256"])
            wanted = jwt.JWTClaimsRegistry(iss={"value": I}, aud={"value": ID}, nonce={"value": nonce})
            wanted.validate(token.claims)
            return token.claims
        """,
    ),
    "split-by-hand": (
        """
        import base64, json
        def claims_of(id_token):
            body = id_token.split(".")[1]
            return json.loads(base64.urlsafe_b64decode(body + "=="))  # !
        """,
        f"""
        import base64, json, jwt
        def claims_of(id_token, nonce):
            claims = jwt.decode(id_token, KEY, {FULL})
            return claims if claims["nonce"] == nonce else None
        def cursor_of(text):
            return json.loads(base64.urlsafe_b64decode(text.split(".")[1]))
        """,
    ),
    "authlib-without-nonce": (
        """
        from authlib.integrations.flask_client import OAuth
        oauth = OAuth(app)
        def callback():
            token = oauth.google.authorize_access_token()
            return oauth.google.parse_id_token(token, None)  # !
        """,
        """
        from authlib.integrations.flask_client import OAuth
        oauth = OAuth(app)
        def callback():
            token = oauth.google.authorize_access_token()
            return oauth.google.parse_id_token(token, session.pop("nonce"))
        """,
    ),
    "google-without-audience": (
        """
        from google.auth.transport import requests
        from google.oauth2 import id_token
        def one_tap(credential):
            return id_token.verify_oauth2_token(credential, requests.Request())  # !
        """,
        """
        from google.auth.transport import requests
        from google.oauth2 import id_token
        def one_tap(credential):
            return id_token.verify_oauth2_token(credential, requests.Request(), ID)
        """,
    ),
    "keys-named-by-the-token": (
        f"""
        import jwt
        def read(id_token, nonce):
            address = jwt.get_unverified_header(id_token)["jku"]
            key = jwt.PyJWKClient(address).get_signing_key_from_jwt(id_token)  # !
            claims = jwt.decode(id_token, key, {FULL})
            return claims if claims["nonce"] == nonce else None
        """,
        f"""
        import jwt
        KEYS = jwt.PyJWKClient("https://id.example/jwks")
        def read(id_token, nonce):
            claims = jwt.decode(id_token, KEYS.get_signing_key_from_jwt(id_token), {FULL})
            return claims if claims["nonce"] == nonce else None
        """,
    ),
    "user-by-email-django": (
        """
        from django.contrib.auth import get_user_model
        def user_of(claims):
            return get_user_model().objects.get(email__iexact=claims["email"])  # !
        """,
        """
        from accounts.models import Identity
        def user_of(claims):
            return Identity.objects.get(issuer=claims["iss"], subject=claims["sub"]).user
        """,
    ),
    "user-by-email-authlib-sqlalchemy": (
        """
        from authlib.integrations.starlette_client import OAuth
        oauth = OAuth()
        async def callback(request, db):
            token = await oauth.google.authorize_access_token(request)
            email = token["userinfo"]["email"]
            return db.query(User).filter_by(email=email).first()  # !
        """,
        """
        from authlib.integrations.starlette_client import OAuth
        oauth = OAuth()
        async def callback(request, db):
            token = await oauth.google.authorize_access_token(request)
            info = token["userinfo"]
            found = db.query(User).filter_by(issuer=info["iss"], subject=info["sub"]).first()
            return found or User(issuer=info["iss"], subject=info["sub"], email=info["email"])
        """,
    ),
    "user-by-email-in-sql": (
        """
        from authlib.integrations.flask_client import OAuth
        def callback(db, oauth):
            userinfo = oauth.google.userinfo()
            return db.execute("SELECT id FROM users WHERE email = ?", (userinfo["email"],)).fetchone()  # !
        """,
        """
        from authlib.integrations.flask_client import OAuth
        def callback(db, oauth):
            userinfo = oauth.google.userinfo()
            return db.execute("SELECT id FROM users WHERE iss = ? AND sub = ?", (ISS, userinfo["sub"])).fetchone()
        """,
    ),
    "user-by-email-in-a-helper": (
        """
        from authlib.integrations.flask_client import OAuth
        def find_or_create(claims):
            return database.one("SELECT * FROM users WHERE email = ?", (claims["email"],))  # !
        def callback(oauth):
            return find_or_create(oauth.p.authorize_access_token()["userinfo"])
        """,
        """
        from authlib.integrations.flask_client import OAuth
        def find_or_create(claims):
            return database.one("SELECT * FROM links WHERE issuer = ? AND subject = ?", (claims["iss"], claims["sub"]))
        def callback(oauth):
            return find_or_create(oauth.p.authorize_access_token()["userinfo"])
        """,
    ),
    "user-by-email-by-comparison": (
        """
        from sqlalchemy import select
        def user_of(db, userinfo):
            return db.scalar(select(User).where(User.email == userinfo["email"]))  # !
        """,
        """
        from sqlalchemy import select
        def user_of(db, userinfo):
            return db.scalar(select(User).where(User.iss == ISSUER, User.sub == userinfo["sub"]))
        """,
    ),
    "python-social-auth": (
        """
        SOCIAL_AUTH_PIPELINE = (
            "social_core.pipeline.social_auth.social_details",
            "social_core.pipeline.social_auth.associate_by_email",  # !
        )
        """,
        """
        SOCIAL_AUTH_PIPELINE = (
            "social_core.pipeline.social_auth.social_details",
            "social_core.pipeline.social_auth.associate_user",
        )
        """,
    ),
    "django-allauth": (
        "SOCIALACCOUNT_EMAIL_AUTHENTICATION = True  # !\n",
        "SOCIALACCOUNT_EMAIL_AUTHENTICATION = False\n",
    ),
    "fastapi-users": (
        "router = users.get_oauth_router(client, backend, STATE_SECRET, associate_by_email=True)  # !\n",
        "router = users.get_oauth_router(client, backend, STATE_SECRET, associate_by_email=False)\n",
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_pair(agree, name):
    agree(SLUG, *PAIRS[name])


@pytest.mark.parametrize(
    "text",
    [
        'def register(form):\n    return User.objects.filter(email=form.cleaned_data["email"]).exists()\n',
        'import jwt\ndef read(token):\n    return jwt.decode(token, options={"verify_signature": False})\n',
        "def save(claims):\n    return Person.objects.create(email=claims['email'], sub=claims['sub'])\n",
        "def show(claims):\n    return render(claims['email'])\n",
    ],
)
def test_look_alikes_are_left_alone(judge, text):
    assert judge(SLUG, text).findings == []


def test_the_guard_is_sound(lines):
    text = "from vallum.guard.oauth.id_token import IdTokens\nTOKENS = IdTokens(provider=P, keys=K)\n"
    assert lines(SLUG, text) == [[], [2]]


def test_a_project_without_oauth_is_told_apart(judge):
    (silence,) = judge(SLUG, "import flask\n").silences
    assert silence.silence is Silence.DOES_NOT_APPLY
