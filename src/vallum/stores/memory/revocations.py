"""Revoked access tokens in the memory of one process: for development and tests, gone at a restart."""

import threading
from typing import Final

from vallum.stores.accounts import AccountStore
from vallum.stores.revocations import Standing


class MemoryRevocations:
    """A `RevocationStore` in a dictionary behind a lock. Not shared between workers."""

    shared: Final = False
    writes_at_once: Final = True

    def __init__(self, accounts: AccountStore) -> None:
        """Start empty; the epochs are those of `accounts`."""
        self._accounts = accounts
        self._ends: dict[str, float] = {}
        self._lock = threading.Lock()

    @property
    def reads_at_once(self) -> bool:
        """Whether the accounts are read without waiting."""
        return self._accounts.reads_at_once

    def revoke(self, jti: str, until: float, now: float) -> bool:
        """Revoke a token until it ends by itself at `until`; True if it was not revoked before."""
        with self._lock:
            if until <= now:
                return False
            before = self._ends.get(jti, 0.0)
            self._ends[jti] = max(before, until)
            return before <= now

    def is_revoked(self, jti: str, now: float) -> bool:
        """Tell whether the token was revoked."""
        return now < self._ends.get(jti, 0.0)

    def read(self, jti: str, account_id: str, now: float) -> Standing:
        """Revocation and epoch in one call."""
        account = self._accounts.find(account_id)
        epoch = account.epoch if account is not None and account.is_active else None
        return Standing(self.is_revoked(jti, now), epoch)

    def purge(self, now: float) -> int:
        """Remove the revocations whose tokens ended by themselves; tell how many."""
        with self._lock:
            ended = [jti for jti, until in self._ends.items() if until <= now]
            for jti in ended:
                del self._ends[jti]
            return len(ended)
