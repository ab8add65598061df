"""Revoked access tokens in a SQL database."""

from typing import Final

from vallum.stores.accounts import AccountStore
from vallum.stores.revocations import Standing
from vallum.stores.sql.database import Database

_REVOKE: Final = "INSERT INTO vallum_revocation VALUES (?, ?) ON CONFLICT DO NOTHING"
_PROLONG: Final = "UPDATE vallum_revocation SET ends = ? WHERE jti = ? AND ends < ?"
_IS_REVOKED: Final = "SELECT 1 FROM vallum_revocation WHERE jti = ? AND ends > ?"
_STANDING: Final = (
    "SELECT (SELECT count(*) FROM vallum_revocation WHERE jti = ? AND ends > ?),"
    " (SELECT epoch FROM vallum_account WHERE id = ? AND is_active = 1)"
)


class SqlRevocations:
    """A `RevocationStore` in a SQL database; with the accounts in the same one, `read` is a single statement."""

    shared: Final = True
    writes_at_once: Final = False

    def __init__(self, database: Database, accounts: AccountStore | None = None) -> None:
        """Keep the revocations in `database`; `accounts` are yours, None for the `SqlAccounts` beside them."""
        self._database = database
        self._accounts = accounts
        self.reads_at_once = database.reads_at_once and (accounts is None or accounts.reads_at_once)

    def revoke(self, jti: str, until: float, now: float) -> bool:
        """Revoke a token until it ends by itself at `until`; True if it was not revoked before."""
        if until <= now:
            return False
        if self._database.write(_REVOKE, (jti, until)) == 1:
            return True
        self._database.write(_PROLONG, (until, jti, until))
        return False

    def is_revoked(self, jti: str, now: float) -> bool:
        """Tell whether the token was revoked."""
        return self._database.find(_IS_REVOKED, (jti, now)) is not None

    def read(self, jti: str, account_id: str, now: float) -> Standing:
        """Revocation and epoch in one call."""
        if self._accounts is not None:
            account = self._accounts.find(account_id)
            epoch = account.epoch if account is not None and account.is_active else None
            return Standing(self.is_revoked(jti, now), epoch)
        row = self._database.find(_STANDING, (jti, now, account_id))
        return Standing(is_revoked=True, epoch=None) if row is None else Standing(row[0] > 0, row[1])

    def purge(self, now: float) -> int:
        """Remove the revocations whose tokens ended by themselves; tell how many."""
        return self._database.write("DELETE FROM vallum_revocation WHERE ends <= ?", (now,))
