"""Refresh tokens in the memory of one process: for development and tests, gone at a restart."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from vallum.stores.refresh import RefreshRecord, Rotation


class MemoryRefresh:
    """A `RefreshStore` in a dictionary behind a lock. Not shared between workers."""

    shared: Final = False
    reads_at_once: Final = True
    writes_at_once: Final = True

    def __init__(self) -> None:
        """Start empty."""
        self._rows: dict[bytes, RefreshRecord] = {}
        self._lock = threading.Lock()

    def issue(self, record: RefreshRecord) -> bool:
        """Insert the first token of a family; False, and nothing done, if the digest or the family is taken."""
        with self._lock:
            if record.digest in self._rows or any(row.family == record.family for row in self._rows.values()):
                return False
            self._rows[record.digest] = record
            return True

    def find(self, digest: bytes, now: float) -> RefreshRecord | None:
        """The token, replaced or not, if it is in time and its family lives."""
        row = self._rows.get(digest)
        return row if row is not None and now < row.deadline else None

    def rotate(self, digest: bytes, successor: RefreshRecord, now: float, grace: float) -> Rotation:
        """Replace the token by `successor` in one step; see `RefreshStore.rotate`."""
        with self._lock:
            row = self.find(digest, now)
            if row is None or row.family != successor.family:
                return "dead"
            if row.replaced_at is not None:
                return self._judge(row, 0 < grace >= now - row.replaced_at)
            if successor.digest in self._rows:
                return "dead"
            self._rows[digest] = replace(row, replaced_by=successor.digest, replaced_at=now)
            self._rows[successor.digest] = successor
            return "rotated"

    def end_family(self, family: str) -> bool:
        """End all tokens of a family, as at a logout; False if there was none."""
        with self._lock:
            return bool(self._drop(lambda row: row.family == family))

    def end_account(self, account_id: str) -> int:
        """End all families of an account; tell how many."""
        with self._lock:
            return len({row.family for row in self._drop(lambda row: row.account_id == account_id)})

    def purge(self, now: float) -> int:
        """Remove the tokens that are too old; tell how many."""
        with self._lock:
            return len(self._drop(lambda row: row.deadline <= now))

    def _judge(self, row: RefreshRecord, is_soon: bool) -> Rotation:
        heir = self._rows.get(row.replaced_by)
        if is_soon and heir is not None and heir.replaced_at is None:
            return "grace"
        self._drop(lambda other: other.family == row.family)
        return "reused"

    def _drop(self, fits: Callable[[RefreshRecord], bool]) -> list[RefreshRecord]:
        fitting = [row for row in self._rows.values() if fits(row)]
        for row in fitting:
            del self._rows[row.digest]
        return fitting
