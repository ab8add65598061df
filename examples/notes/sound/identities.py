"""What is kept of company accounts: whose they are, sign-ins under way, and the company's tokens, sealed."""

from base64 import urlsafe_b64encode
from typing import Final

from vallum.base.secret import Secret
from vallum.guard.crypto.sealing import SealedBox
from vallum.stores.sql.grants import SqlGrants
from vallum.stores.sql.links import SqlLinks
from vallum.stores.sql.sqlite import SqliteDatabase

from .settings import SETTINGS

DATABASE: Final = SqliteDatabase(SETTINGS.data / "identities.sqlite3") if SETTINGS.company else None


def open_box() -> SealedBox:
    """Seals with the newest of the app's keys for data."""
    return SealedBox.from_secrets(
        [Secret(urlsafe_b64encode(key.reveal()).decode("ascii")) for key in SETTINGS.data_keys]
    )


def forget(user_id: int) -> None:
    """Nothing of a deleted account may be found by whoever gets its number next."""
    if DATABASE is not None:
        SqlLinks(DATABASE).drop_account(str(user_id))
        SqlGrants(DATABASE).drop_account(str(user_id))
