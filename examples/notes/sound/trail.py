"""The audit trail: what happened to accounts, rights and shares, written in the transaction of the change itself."""

import sqlite3
from typing import Any, Final

from vallum.guard.data.queries import Query
from vallum.guard.logging.trail import record_change
from vallum.stores.trail import HmacSigner, Trail, TrailReport, verify_trail
from vallum.stores.trail.entry import Fact

from . import database
from .records import TrailEntry
from .settings import SETTINGS

TRAIL: Final = Trail()
SIGNER: Final = HmacSigner(SETTINGS.trail_secret)
SEALED_EVERY: Final = 50
"""Entries after which a checkpoint is signed without being asked."""
NEWEST: Final = Query("SELECT seq, at, event, actor, subject, detail FROM vallum_trail ORDER BY seq DESC LIMIT 100")


def record(connection: sqlite3.Connection, event: str, subject: str, **detail: Fact) -> None:
    """Add an entry to the open transaction: the change and its entry are kept together, or neither is."""
    number = record_change(TRAIL, connection, event, subject, **detail)
    if number % SEALED_EVERY == 0:
        TRAIL.seal(connection, SIGNER)


def seal() -> dict[str, Any]:
    """Sign what there is, and give the checkpoint, of which a copy belongs outside of this machine."""
    with database.connect() as connection:
        return TRAIL.seal(connection, SIGNER)


def check() -> TrailReport:
    """Read the trail from its beginning and compare it with its chain and checkpoints."""
    with database.connect() as connection:
        return verify_trail(connection, SIGNER)


def newest() -> list[TrailEntry]:
    """The last hundred entries."""
    return database.find_all(NEWEST, (), TrailEntry)
