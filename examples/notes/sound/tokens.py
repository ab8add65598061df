"""Bearer tokens of the JSON API: the guard's access tokens, and refresh tokens that are used once.

A login opens a family: its refresh tokens, one after the other, and the access tokens that came with them. When the
family is deleted, by logout, a new password, lost rights or a stolen token, all of them stop at once.
"""

from typing import Final

from vallum.guard import Caller
from vallum.guard.crypto.random import token
from vallum.guard.data.queries import Query
from vallum.guard.logging.vocabulary import TokenCreated, TokenReused, note_event
from vallum.guard.tokens.access_tokens import (
    AccessTokens,
    BearerRefusedError,
    Claims,
    generate_key,
    load_private,
)

from . import database, people, proofs
from .settings import SETTINGS

SECONDS: Final = 900
REFRESH_DAYS: Final = 7
FAMILY: Final = "family"

ADD: Final = Query("INSERT INTO refresh_tokens (digest, family, user_id, expires) VALUES (?, ?, ?, ?)")
USE: Final = Query(
    "UPDATE refresh_tokens SET used = 1 WHERE digest = ? AND NOT used AND expires > ?"
    " RETURNING family, user_id, expires"
)
FIND_USED: Final = Query("SELECT family, user_id FROM refresh_tokens WHERE digest = ? AND used")
LIVES: Final = Query("SELECT COUNT(*) FROM refresh_tokens WHERE family = ? AND user_id = ? AND expires > ?")
END: Final = Query("DELETE FROM refresh_tokens WHERE family = ?")
FORGET: Final = Query("DELETE FROM refresh_tokens WHERE expires <= ?")


def is_revoked(claims: Claims) -> bool:
    """Tell whether the family of an access token has ended. When the database cannot tell, the token is refused."""
    return not database.count(LIVES, (claims.extra.get(FAMILY), claims.subject, database.now()))


TOKENS: Final = AccessTokens(
    key=load_private(SETTINGS.token_key) if SETTINGS.token_key else generate_key(),
    issuer=SETTINGS.origin,
    audience="notes-api",
    life=SECONDS,
    allowed_claims=(FAMILY,),
    revoked=is_revoked,
)


def open_family(user_id: int) -> dict[str, str | int]:
    """The first pair of tokens after a login; the family ends in a week, however often it is refreshed."""
    database.change(FORGET, (database.now(),))
    family = token()
    note_event(TokenCreated(account=str(user_id), token=name_family(family)))
    return issue_pair(user_id, family, database.after(days=REFRESH_DAYS))


def issue_pair(user_id: int, family: str, expires: str) -> dict[str, str | int]:
    """An access token for a quarter of an hour, and the refresh token that brings the next pair."""
    secret = token()
    database.change(ADD, (proofs.digest_of(secret), family, user_id, expires))
    access = TOKENS.issue(str(user_id), {FAMILY: family})
    return {"access_token": access, "token_type": "bearer", "expires_in": SECONDS, "refresh_token": secret}


def refresh_pair(secret: str) -> dict[str, str | int]:
    """The next pair for a refresh token. One that comes a second time was stolen: its family ends."""
    digest = proofs.digest_of(secret)
    with database.connect() as connection:
        row = USE.execute(connection, (digest, database.now())).fetchone()
        stolen = None if row else FIND_USED.execute(connection, (digest,)).fetchone()
        if stolen:
            END.execute(connection, (stolen["family"],))
    if stolen:
        note_event(TokenReused(account=str(stolen["user_id"]), family=name_family(stolen["family"])))
    if row is None:
        raise BearerRefusedError("refresh token used twice" if stolen else "unknown refresh token")
    return issue_pair(row["user_id"], row["family"], row["expires"])


def name_family(family: str) -> str:
    """How the log calls a family: it could be recognised by this, and not used."""
    return proofs.digest_of(family).hex()[:16]


def end_family(claims: Claims) -> None:
    """End the login that an access token comes from."""
    database.change(END, (claims.extra[FAMILY],))


def verify(authorization: str) -> Caller:
    """Whom the Authorization header stands for, with the roles of this moment. Raises the guard's 401."""
    claims = TOKENS.authenticate(authorization)
    account = people.get_account(int(claims.subject))
    if account is None or not account.is_active:
        raise BearerRefusedError("no such account")
    return Caller(str(account.id), account.roles, claims)
