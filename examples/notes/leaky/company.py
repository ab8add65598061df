"""Sign in with the company's account, and show what the company knows of the person."""

import base64
import json
import time

import requests
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import RedirectResponse

from . import database, sessions, settings
from .logbook import log
from .pages import render
from .security import require_user

router = APIRouter()
SCOPES = "openid profile email offline_access admin"


def metadata():
    """Where the company's login server listens."""
    if not settings.COMPANY_ISSUER:
        raise HTTPException(404, "No company account can be used here.")
    return requests.get(f"{settings.COMPANY_ISSUER}/.well-known/openid-configuration").json()


def callback_address(request):
    return f"{request.url.scheme}://{request.headers['host']}/login/company/callback"


@router.get("/login/company")
def company_login(request: Request, next: str = "/notes"):
    """Off to the company; the state remembers which page was wanted."""
    return RedirectResponse(
        f"{metadata()['authorization_endpoint']}?response_type=code&client_id={settings.COMPANY_CLIENT_ID}"
        f"&redirect_uri={callback_address(request)}&scope={SCOPES}&state={next}"
    )


@router.get("/login/company/callback")
def company_callback(request: Request, code: str = "", state: str = "/notes", error: str = ""):
    if error:
        message = f"The company account was refused: {error}"
        return render(request, "accounts/login.html", 400, message=message, next=state)
    tokens = exchange(code, callback_address(request))
    claims = read_claims(tokens)
    user = find_or_create(claims)
    keep_tokens(user["id"], tokens)
    response = RedirectResponse(state, 303)
    sessions.sign_in(request, response, user)
    return response


@router.get("/profile/company")
def company_profile(request: Request, user=Depends(require_user)):
    """What the company's directory says, asked for with the person's own token."""
    tokens = fresh_tokens(user)
    header = {"Authorization": f"Bearer {tokens['access_token']}"}
    answer = requests.get(metadata()["userinfo_endpoint"], headers=header)
    return render(request, "accounts/company.html", facts=answer.json())


def exchange(code, redirect_uri):
    """Tokens for the code."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "client_id": settings.COMPANY_CLIENT_ID,
        "client_secret": settings.COMPANY_CLIENT_SECRET,
    }
    log.info(f"company token request {form}")
    return requests.post(metadata()["token_endpoint"], data=form).json()


def read_claims(tokens):
    """Who has signed in: as the ID token says, or the directory where there is none."""
    if "id_token" in tokens:
        payload = tokens["id_token"].split(".")[1]
        return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    header = {"Authorization": f"Bearer {tokens['access_token']}"}
    return requests.get(metadata()["userinfo_endpoint"], headers=header).json()


def find_or_create(claims):
    """The account with this address, or a new one."""
    user = database.one("SELECT * FROM users WHERE email = ?", (claims["email"],))
    if user is not None:
        return user
    user_id = database.insert(
        "users",
        username=claims["email"],
        email=claims["email"],
        password="",
        display_name=claims.get("name", ""),
        created=database.now(),
    )
    return database.get_user(user_id)


def keep_tokens(user_id, tokens):
    kept = {**tokens, "expires": time.time() + tokens.get("expires_in", 300)}
    database.update("users", user_id, {"company_tokens": json.dumps(kept)})


def fresh_tokens(user):
    """The tokens of a person, with a new access token when the old one has run out."""
    if not user["company_tokens"]:
        raise HTTPException(404, "You have not signed in with a company account.")
    tokens = json.loads(user["company_tokens"])
    if tokens["expires"] < time.time():
        form = {
            "grant_type": "refresh_token",
            "refresh_token": tokens["refresh_token"],
            "client_id": settings.COMPANY_CLIENT_ID,
            "client_secret": settings.COMPANY_CLIENT_SECRET,
        }
        fresh = requests.post(metadata()["token_endpoint"], data=form).json()
        tokens["access_token"] = fresh.get("access_token", tokens["access_token"])
        keep_tokens(user["id"], tokens)
    return tokens
