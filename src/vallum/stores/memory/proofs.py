"""One-time proofs in the memory of one process: for development and tests, gone at a restart."""

import threading
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Final

from vallum.stores.proofs import ProofRecord

PURGE_EVERY: Final = 256


class MemoryProofs:
    """A `ProofStore` in a dictionary behind a lock. Not shared between workers."""

    shared: Final = False
    reads_at_once: Final = True
    writes_at_once: Final = True

    def __init__(self) -> None:
        """Start empty."""
        self._rows: dict[bytes, ProofRecord] = {}
        self._lock = threading.Lock()
        self._put = 0

    def put(self, record: ProofRecord) -> bool:
        """Insert `record`; False, and nothing done, if the digest is taken."""
        with self._lock:
            if record.digest in self._rows:
                return False
            self._rows[record.digest] = record
            self._put += 1
            if self._put % PURGE_EVERY == 0:
                self._drop(lambda row: row.deadline <= record.created)
            return True

    def look(self, digest: bytes, purpose: str, now: float) -> ProofRecord | None:
        """The proof, if it is in time and has attempts left."""
        row = self._find(digest, purpose, now)
        return row if row is not None and row.attempts_left > 0 else None

    def consume(self, digest: bytes, purpose: str, now: float, *, browser: bytes = b"") -> ProofRecord | None:
        """Remove the proof and return it: of parallel callers one gets it, the rest None."""
        with self._lock:
            row = self._find(digest, purpose, now)
            if row is None or row.browser != browser:
                return None
            return self._rows.pop(digest)

    def spend(self, digest: bytes, purpose: str, now: float) -> ProofRecord | None:
        """Take one attempt and return the proof as it is afterwards; None if none was left."""
        with self._lock:
            row = self.look(digest, purpose, now)
            if row is None:
                return None
            self._rows[digest] = replace(row, attempts_left=row.attempts_left - 1)
            return self._rows[digest]

    def drop_account(self, account_id: str, purposes: Collection[str] | None = None) -> int:
        """Remove an account's proofs of these purposes, or all; tell how many."""
        with self._lock:
            return self._drop(
                lambda row: row.account_id == account_id and (purposes is None or row.purpose in purposes)
            )

    def purge(self, now: float) -> int:
        """Remove what is too old; tell how many."""
        with self._lock:
            return self._drop(lambda row: row.deadline <= now)

    def _find(self, digest: bytes, purpose: str, now: float) -> ProofRecord | None:
        row = self._rows.get(digest)
        return row if row is not None and row.purpose == purpose and now < row.deadline else None

    def _drop(self, fits: Callable[[ProofRecord], bool]) -> int:
        fitting = [digest for digest, row in self._rows.items() if fits(row)]
        for digest in fitting:
            del self._rows[digest]
        return len(fitting)
