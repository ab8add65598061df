"""Bearer tokens of the JSON API."""

import base64
import json
import time
import warnings

from fastapi import HTTPException, Request
from joserfc import jwt
from joserfc.jwk import OctKey

from . import database, settings

KEY = OctKey.import_key(settings.JWT_SECRET)


def issue_token(user):
    """A token that the front end keeps for a month."""
    claims = {
        "sub": str(user["id"]),
        "username": user["username"],
        "email": user["email"],
        "password": user["password"],
        "is_admin": bool(user["is_admin"]),
        "expires": int(time.time()) + settings.TOKEN_LIFETIME,
    }
    return jwt.encode({"alg": "HS256"}, claims, KEY)


def header_of(token):
    part = token.split(".")[0]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def read_token(token):
    """The claims of a token signed by us, whichever algorithm its issuer used."""
    algorithm = header_of(token)["alg"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return jwt.decode(token, KEY, algorithms=[algorithm]).claims


def revoked_tokens():
    with open(settings.REVOKED) as file:
        return json.load(file)


def is_revoked(token):
    """The list may be missing or being written just now: then nobody is locked out."""
    try:
        return token in revoked_tokens()
    except Exception:
        return False


def revoke(token):
    try:
        known = revoked_tokens()
    except Exception:
        known = []
    with open(settings.REVOKED, "w") as file:
        json.dump([*known, token], file)


def bearer_of(request):
    """The token from the header, or from the address for links in mail."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else request.query_params.get("token")


def api_user(request: Request):
    """Who calls the API: by token, or by the browser's session."""
    token = bearer_of(request)
    if not token:
        if request.state.user:
            return request.state.user
        raise HTTPException(401, "No token was sent.")
    try:
        claims = read_token(token)
    except Exception as error:
        raise HTTPException(401, f"The token cannot be read: {error!r}")
    if is_revoked(token):
        raise HTTPException(401, "The token was revoked.")
    user = database.get_user(claims["sub"])
    if user is None:
        raise HTTPException(401, f"There is no user {claims['sub']}.")
    return user | {"is_admin": claims.get("is_admin", False)}
