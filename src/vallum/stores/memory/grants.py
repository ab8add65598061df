"""Grants of other providers in the memory of one process: for development and tests, gone at a restart."""

import threading
from dataclasses import replace
from typing import Final

from vallum.stores.grants import GrantRecord


class MemoryGrants:
    """A `GrantStore` in a dictionary behind a lock. Not shared between workers."""

    shared: Final = False
    reads_at_once: Final = True
    writes_at_once: Final = True

    def __init__(self) -> None:
        """Start empty."""
        self._rows: dict[tuple[str, str], GrantRecord] = {}
        self._lock = threading.Lock()

    def find(self, account_id: str, issuer: str) -> GrantRecord | None:
        """The grant."""
        return self._rows.get((account_id, issuer))

    def add(self, record: GrantRecord) -> bool:
        """Insert `record`; False, and nothing done, if the account has a grant of this issuer."""
        with self._lock:
            return self._rows.setdefault((record.account_id, record.issuer), record) is record

    def claim(self, account_id: str, issuer: str, version: int, now: float, until: float) -> bool:
        """Mark the grant as busy until then; False if its version is another one, or somebody is busy with it."""
        with self._lock:
            row = self._rows.get((account_id, issuer))
            if row is None or row.version != version or row.busy_until > now:
                return False
            self._rows[account_id, issuer] = replace(row, busy_until=until)
            return True

    def replace(self, account_id: str, issuer: str, version: int, sealed: str) -> bool:
        """Put `sealed` in its place, raise the version and free it; False for another version."""
        with self._lock:
            row = self._rows.get((account_id, issuer))
            if row is None or row.version != version:
                return False
            self._rows[account_id, issuer] = replace(row, sealed=sealed, version=version + 1, busy_until=0.0)
            return True

    def drop(self, account_id: str, issuer: str, version: int | None = None) -> bool:
        """Remove the grant, or only this version of it; False if there is none."""
        with self._lock:
            row = self._rows.get((account_id, issuer))
            if row is None or version not in (None, row.version):
                return False
            del self._rows[account_id, issuer]
            return True

    def drop_account(self, account_id: str) -> int:
        """Remove all grants of an account; tell how many."""
        with self._lock:
            fitting = [key for key in self._rows if key[0] == account_id]
            for key in fitting:
                del self._rows[key]
            return len(fitting)
