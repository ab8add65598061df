"""Second factors in the memory of one process: for development and tests, gone at a restart."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from vallum.stores.factors import FactorKind, FactorRecord


class MemoryFactors:
    """A `FactorStore` in a dictionary behind a lock. Not shared between workers."""

    shared: Final = False
    reads_at_once: Final = True
    writes_at_once: Final = True

    def __init__(self) -> None:
        """Start empty."""
        self._rows: dict[str, FactorRecord] = {}
        self._lock = threading.Lock()

    def add(self, record: FactorRecord) -> bool:
        """Insert `record`; False, and nothing done, if its id is taken."""
        with self._lock:
            if record.id in self._rows:
                return False
            self._rows[record.id] = record
            return True

    def find(self, factor_id: str) -> FactorRecord | None:
        """The factor with this id."""
        return self._rows.get(factor_id)

    def list_account(self, account_id: str) -> Sequence[FactorRecord]:
        """The factors of an account, pending ones as well, oldest first."""
        with self._lock:
            rows = [row for row in self._rows.values() if row.account_id == account_id]
        return sorted(rows, key=lambda row: (row.created, row.id))

    def activate(self, factor_id: str, counter: int, now: float) -> bool:
        """Turn a pending factor active, `counter` being what verified it; False if it is not pending."""
        with self._lock:
            row = self._rows.get(factor_id)
            if row is None or row.state != "pending":
                return False
            self._rows[factor_id] = replace(row, state="active", counter=counter, used=now)
            return True

    def advance(self, factor_id: str, counter: int, now: float) -> bool:
        """Accept `counter` of an active factor; False unless it is greater than the stored one."""
        with self._lock:
            row = self._rows.get(factor_id)
            if row is None or row.state != "active" or not _is_newer(row, counter):
                return False
            self._rows[factor_id] = replace(row, counter=counter, used=now)
            return True

    def consume(self, factor_id: str) -> bool:
        """Use up an active recovery code: remove it; False if another was first or it is no code."""
        with self._lock:
            row = self._rows.get(factor_id)
            if row is None or (row.kind, row.state) != ("recovery", "active"):
                return False
            del self._rows[factor_id]
            return True

    def replace(self, account_id: str, kind: FactorKind, records: Sequence[FactorRecord]) -> None:
        """Remove the account's factors of this kind and insert `records`, in one step."""
        with self._lock:
            self._drop(lambda row: (row.account_id, row.kind) == (account_id, kind))
            self._rows.update((record.id, record) for record in records)

    def rename(self, factor_id: str, account_id: str, name: str) -> bool:
        """Give a factor of this account another name; False if it has no such factor."""
        with self._lock:
            row = self._rows.get(factor_id)
            if row is None or row.account_id != account_id:
                return False
            self._rows[factor_id] = replace(row, name=name)
            return True

    def remove(self, factor_id: str, account_id: str) -> bool:
        """Remove a factor of this account; False if it has no such factor."""
        with self._lock:
            return self._drop(lambda row: (row.id, row.account_id) == (factor_id, account_id)) == 1

    def drop_account(self, account_id: str) -> int:
        """Remove all factors of an account; tell how many."""
        with self._lock:
            return self._drop(lambda row: row.account_id == account_id)

    def purge(self, before: float) -> int:
        """Remove the factors that were created before `before` and never activated; tell how many."""
        with self._lock:
            return self._drop(lambda row: row.state == "pending" and row.created < before)

    def _drop(self, fits: Callable[[FactorRecord], bool]) -> int:
        fitting = [key for key, row in self._rows.items() if fits(row)]
        for key in fitting:
            del self._rows[key]
        return len(fitting)


def _is_newer(row: FactorRecord, counter: int) -> bool:
    return counter > row.counter or (row.kind == "passkey" and counter == row.counter == 0)
