"""One-time links: 256 random bits, stored as a digest, for one purpose and a few minutes, used up in one statement."""

import hashlib
from typing import Final

from vallum.guard.crypto.random import reset_token
from vallum.guard.data.queries import Query

from . import database
from .records import Proof

RESET: Final = "reset"
CONFIRM: Final = "confirm"
MINUTES: Final = {RESET: 15, CONFIRM: 60}

DROP_OLDER: Final = Query("DELETE FROM proofs WHERE (user_id = ? AND purpose = ?) OR expires <= ?")
ADD: Final = Query("INSERT INTO proofs (digest, purpose, user_id, email, expires) VALUES (?, ?, ?, ?, ?)")
USE: Final = Query("DELETE FROM proofs WHERE digest = ? AND purpose = ? AND expires > ? RETURNING user_id, email")


def issue(purpose: str, user_id: int, email: str) -> str:
    """A token for a link; older ones for the same purpose stop working."""
    secret = reset_token()
    with database.connect() as connection:
        DROP_OLDER.execute(connection, (user_id, purpose, database.now()))
        expires = database.after(minutes=MINUTES[purpose])
        ADD.execute(connection, (digest_of(secret), purpose, user_id, email, expires))
    return secret


def use(purpose: str, secret: str) -> Proof | None:
    """Whose proof it is; None for one that was never given out, was used, or is too old."""
    return database.find_one(USE, (digest_of(secret), purpose, database.now()), Proof)


def digest_of(secret: str) -> bytes:
    """What is stored: the secret has 256 random bits, so that no salt is needed."""
    return hashlib.sha256(secret.encode()).digest()
