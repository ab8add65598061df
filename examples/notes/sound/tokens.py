"""Bearer tokens of the JSON API: short signed access tokens, and refresh tokens that are used once."""

import time
from typing import Annotated, Any, Final

from fastapi import Depends, Header
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from vallum.guard import Actor, PublicError, Refusal, current
from vallum.guard.actor import recognise_actor
from vallum.guard.crypto.random import token
from vallum.guard.data.queries import Query
from vallum.guard.logging.events import Level

from . import database, people, proofs
from .records import Account
from .security import MANAGE, ROLES
from .settings import SETTINGS

ALGORITHM: Final = "Ed25519"
KIND: Final = "at+jwt"
AUDIENCE: Final = "notes-api"
SECONDS: Final = 900
REFRESH_DAYS: Final = 7
LEEWAY: Final = 5
KEY: Final = OKPKey.import_key(SETTINGS.token_key.reveal()) if SETTINGS.token_key else OKPKey.generate_key(ALGORITHM)
CLAIMS: Final = jwt.JWTClaimsRegistry(
    leeway=LEEWAY,
    iss={"essential": True, "value": SETTINGS.origin},
    aud={"essential": True, "value": AUDIENCE},
    sub={"essential": True},
    exp={"essential": True},
    iat={"essential": True},
    nbf={"essential": True},
    jti={"essential": True},
)

IS_REVOKED: Final = Query("SELECT COUNT(*) FROM revoked_tokens WHERE jti = ?")
STARTS: Final = Query("SELECT tokens_from FROM users WHERE id = ?")
REVOKE: Final = Query("INSERT OR IGNORE INTO revoked_tokens (jti, expires) VALUES (?, ?)")
FORGET: Final = Query("DELETE FROM revoked_tokens WHERE expires < ?")
ADD: Final = Query("INSERT INTO refresh_tokens (digest, family, user_id, expires) VALUES (?, ?, ?, ?)")
USE: Final = Query(
    "UPDATE refresh_tokens SET used = 1 WHERE digest = ? AND NOT used AND expires > ?"
    " RETURNING family, user_id, expires"
)
FIND_USED: Final = Query("SELECT user_id FROM refresh_tokens WHERE digest = ? AND used")


class TokenMissingError(PublicError):
    """The API needs a token, or the session of a browser."""

    refusal = Refusal(401, "token-missing", "A token is needed.", headers=[(b"www-authenticate", b"Bearer")])


class TokenRefusedError(PublicError):
    """One answer for every token that is not accepted; the cause goes to the log."""

    refusal = Refusal(
        401,
        "invalid-token",
        "The token is not valid.",
        headers=[(b"www-authenticate", b'Bearer error="invalid_token"')],
    )
    level = Level.WARNING
    event = "token-refused"


class NotAdminError(PublicError):
    """The account may not do this."""

    refusal = Refusal(403, "forbidden", "This is for administrators.")
    level = Level.WARNING
    event = "authorization-failed"


def issue_pair(user_id: int, *, family: str = "", expires: str = "") -> dict[str, str | int]:
    """An access token, and the refresh token that brings the next; a family ends a week after its login."""
    secret = token()
    database.change(
        ADD, (proofs.digest_of(secret), family or token(), user_id, expires or database.after(days=REFRESH_DAYS))
    )
    access = issue_access(user_id)
    return {"access_token": access, "token_type": "bearer", "expires_in": SECONDS, "refresh_token": secret}


def issue_access(user_id: int) -> str:
    """A token for a quarter of an hour. It names the account by number and says nothing else of it."""
    moment = time.time()
    claims = {
        "iss": SETTINGS.origin,
        "aud": AUDIENCE,
        "sub": str(user_id),
        "iat": moment,
        "nbf": moment,
        "exp": moment + SECONDS,
        "jti": token(),
    }
    return jwt.encode({"alg": ALGORITHM, "typ": KIND}, claims, KEY, algorithms=[ALGORITHM])


def refresh_pair(secret: str) -> dict[str, str | int]:
    """The next pair for a refresh token. One that is used twice was stolen: then everything of the account ends."""
    digest = proofs.digest_of(secret)
    with database.connect() as connection:
        row = USE.execute(connection, (digest, database.now())).fetchone()
        stolen = None if row else FIND_USED.execute(connection, (digest,)).fetchone()
    if stolen:
        people.end_access(stolen["user_id"])
        raise TokenRefusedError("a refresh token was used twice")
    account = people.get(row["user_id"]) if row else None
    if account is None:
        raise TokenRefusedError("unknown refresh token")
    return issue_pair(account.id, family=row["family"], expires=row["expires"])


def read_access(text: str) -> dict[str, Any]:
    """The claims of a token that this app issued for its API and that still counts. Raises `TokenRefusedError`."""
    try:
        decoded = jwt.decode(text, KEY, algorithms=[ALGORITHM])
        CLAIMS.validate(decoded.claims)
    except (JoseError, ValueError) as error:
        raise TokenRefusedError(type(error).__name__) from None
    claims = decoded.claims
    if decoded.header.get("typ") != KIND:
        raise TokenRefusedError("another kind of token")
    with database.connect() as connection:
        starts = STARTS.execute(connection, (claims["sub"],)).fetchone()
        revoked = IS_REVOKED.execute(connection, (claims["jti"],)).fetchone()[0]
    if starts is None or revoked or claims["iat"] <= starts["tokens_from"]:
        raise TokenRefusedError("revoked")
    return claims


def revoke_access(text: str) -> None:
    """End one token before its time."""
    claims = read_access(text)
    with database.connect() as connection:
        FORGET.execute(connection, (int(time.time()) - LEEWAY,))
        REVOKE.execute(connection, (claims["jti"], int(claims["exp"]) + 1))


def bearer_of(authorization: str) -> str:
    """The token in the header. Raises `TokenRefusedError` for another scheme."""
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() != "bearer" or not text:
        raise TokenRefusedError("another scheme")
    return text


def identify(authorization: Annotated[str | None, Header(max_length=4096)] = None) -> Actor:
    """Who calls the API: by token in the Authorization header, else by the session that the guard has read."""
    if authorization is None:
        actor = current().actor
        if actor is None:
            raise TokenMissingError
        return actor
    claims = read_access(bearer_of(authorization))
    account = people.get_account(int(claims["sub"]))
    if account is None or not account.is_active:
        raise TokenRefusedError("no such account")
    return recognise(account)


def recognise(account: Account) -> Actor:
    """The guard has no step of its own for bearer tokens yet: this is the one place where the app names an actor."""
    permissions = frozenset[str]().union(*(ROLES[role] for role in account.roles))
    return recognise_actor(str(account.id), frozenset(account.roles), permissions)


def require_admin(actor: Annotated[Actor, Depends(identify)]) -> Actor:
    """Let administrators in."""
    if not actor.may(MANAGE):
        raise NotAdminError(actor.id)
    return actor


Caller = Annotated[Actor, Depends(identify)]
"""Whoever calls the API; a route that takes it answers 401 to strangers."""
Admin = Annotated[Actor, Depends(require_admin)]
"""An administrator who calls the API."""
