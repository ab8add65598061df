"""Federated identities in the memory of one process: for development and tests, gone at a restart."""

import threading
from collections.abc import Sequence
from typing import Final

from vallum.stores.links import LinkRecord


class MemoryLinks:
    """A `LinkStore` in a dictionary behind a lock. Not shared between workers."""

    shared: Final = False
    reads_at_once: Final = True
    writes_at_once: Final = True

    def __init__(self) -> None:
        """Start empty."""
        self._rows: dict[tuple[str, str], LinkRecord] = {}
        self._lock = threading.Lock()

    def find(self, issuer: str, subject: str) -> LinkRecord | None:
        """The link of this identity."""
        return self._rows.get((issuer, subject))

    def list_account(self, account_id: str) -> Sequence[LinkRecord]:
        """The links of an account, oldest first."""
        with self._lock:
            rows = [row for row in self._rows.values() if row.account_id == account_id]
        return sorted(rows, key=lambda row: (row.created, row.issuer, row.subject))

    def link(self, record: LinkRecord) -> bool:
        """Insert `record`; False, and nothing done, if the identity is linked already, to whichever account."""
        with self._lock:
            if (record.issuer, record.subject) in self._rows:
                return False
            self._rows[record.issuer, record.subject] = record
            return True

    def unlink(self, issuer: str, subject: str, account_id: str) -> bool:
        """Remove a link of this account; False if it has no such link."""
        with self._lock:
            row = self._rows.get((issuer, subject))
            if row is None or row.account_id != account_id:
                return False
            del self._rows[issuer, subject]
            return True

    def drop_account(self, account_id: str) -> int:
        """Remove all links of an account; tell how many."""
        with self._lock:
            fitting = [key for key, row in self._rows.items() if row.account_id == account_id]
            for key in fitting:
                del self._rows[key]
            return len(fitting)
