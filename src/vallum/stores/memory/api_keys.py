"""API keys in the memory of one process: for development and tests, gone at a restart."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from vallum.stores.api_keys import ApiKeyRecord


class MemoryApiKeys:
    """An `ApiKeyStore` in a dictionary behind a lock. Not shared between workers."""

    shared: Final = False
    reads_at_once: Final = True
    writes_at_once: Final = True

    def __init__(self) -> None:
        """Start empty."""
        self._rows: dict[str, ApiKeyRecord] = {}
        self._lock = threading.Lock()

    def add(self, record: ApiKeyRecord) -> bool:
        """Insert `record`; False, and nothing done, if its id or digest is taken."""
        with self._lock:
            if any(row.id == record.id or row.digest == record.digest for row in self._rows.values()):
                return False
            self._rows[record.id] = record
            return True

    def find(self, digest: bytes) -> ApiKeyRecord | None:
        """The key under `digest`, alive or not."""
        with self._lock:
            return next((row for row in self._rows.values() if row.digest == digest), None)

    def list_owner(self, owner: str) -> Sequence[ApiKeyRecord]:
        """The keys of an owner, oldest first."""
        with self._lock:
            rows = [row for row in self._rows.values() if row.owner == owner]
        return sorted(rows, key=lambda row: (row.created, row.id))

    def end(self, key_id: str, owner: str, deadline: float) -> bool:
        """Let a key of this owner end at `deadline`, if that is sooner than it would; False if it is not there."""
        with self._lock:
            row = self._rows.get(key_id)
            if row is None or row.owner != owner:
                return False
            self._rows[key_id] = replace(row, deadline=min(row.deadline, deadline))
            return True

    def note_use(self, key_id: str, now: float) -> None:
        """Remember the last use; never earlier than what is remembered."""
        with self._lock:
            row = self._rows.get(key_id)
            if row is not None:
                self._rows[key_id] = replace(row, used=max(now, row.used or now))

    def drop_owner(self, owner: str) -> int:
        """Remove all keys of an owner; tell how many."""
        return self._drop(lambda row: row.owner == owner)

    def purge(self, now: float) -> int:
        """Remove the expired; tell how many."""
        return self._drop(lambda row: not row.is_alive(now))

    def _drop(self, fits: Callable[[ApiKeyRecord], bool]) -> int:
        with self._lock:
            fitting = [key for key, row in self._rows.items() if fits(row)]
            for key in fitting:
                del self._rows[key]
            return len(fitting)
