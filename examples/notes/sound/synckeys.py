"""The key of the sync worker: kept as a digest, for one scope, until a date."""

import hashlib
from typing import Annotated, Final

from fastapi import Header

from vallum.base.secret import Secret
from vallum.guard import PublicError, Refusal
from vallum.guard.data.queries import Query

from . import database

WORKER: Final = "sync-worker"
SCOPE: Final = "notes:add"
DAYS: Final = 90

KEEP: Final = Query(
    "INSERT INTO api_keys (digest, owner, scope, expires) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (owner) DO UPDATE SET digest = excluded.digest, expires = excluded.expires"
    " WHERE digest <> excluded.digest"
)
FIND: Final = Query("SELECT COUNT(*) FROM api_keys WHERE digest = ? AND scope = ? AND expires > ?")


class KeyRefusedError(PublicError):
    """No key, or one that is wrong, too old or for something else."""

    refusal = Refusal(401, "key-refused", "A valid key is needed.")


def keep(key: Secret[str]) -> None:
    """Store the key from the environment; a new one counts for 90 days."""
    database.change(KEEP, (digest_of(key.reveal()), WORKER, SCOPE, database.after(days=DAYS)))


def require_key(x_api_key: Annotated[str, Header(max_length=200)] = "") -> None:
    """Let the sync worker in and nobody else: the key is found by its digest, so no comparison can be timed."""
    if not database.count(FIND, (digest_of(x_api_key), SCOPE, database.now())):
        raise KeyRefusedError


def digest_of(key: str) -> bytes:
    """What is stored."""
    return hashlib.sha256(key.encode()).digest()
