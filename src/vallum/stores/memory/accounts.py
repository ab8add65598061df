"""Accounts in the memory of one process: for development and tests, gone at a restart."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Final, Unpack

from vallum.stores.accounts import AccountFields, AccountRecord


class MemoryAccounts:
    """An `AccountStore` in a dictionary behind a lock. Not shared between workers."""

    shared: Final = False
    reads_at_once: Final = True
    writes_at_once: Final = True

    def __init__(self) -> None:
        """Start empty."""
        self._rows: dict[str, AccountRecord] = {}
        self._lock = threading.Lock()

    def find(self, account_id: str) -> AccountRecord | None:
        """The account with this id, active or not."""
        return self._rows.get(account_id)

    def find_login(self, login: str) -> AccountRecord | None:
        """The account with this canonical login, active or not."""
        return self._first(lambda row: row.login == login)

    def find_email(self, email: str) -> AccountRecord | None:
        """The account with this canonical address, active or not; None for ""."""
        return self._first(lambda row: row.email == email) if email else None

    def create(self, record: AccountRecord) -> bool:
        """Insert `record` in one statement; False, and nothing done, if its id, login or address is taken."""
        with self._lock:
            if record.id in self._rows or self._is_taken(record):
                return False
            self._rows[record.id] = record
            return True

    def change(self, account_id: str, version: int, *, bump: bool = False, **fields: Unpack[AccountFields]) -> bool:
        """Write `fields` if the account still has this `version`; the version grows by one, the epoch on `bump`."""
        with self._lock:
            row = self._rows.get(account_id)
            if row is None or row.version != version:
                return False
            changed = replace(row, version=version + 1, epoch=row.epoch + bump, **fields)
            if self._is_taken(changed):
                return False
            self._rows[account_id] = changed
            return True

    def delete(self, account_id: str) -> bool:
        """Remove the account; False if it was not there."""
        with self._lock:
            return self._rows.pop(account_id, None) is not None

    def _is_taken(self, record: AccountRecord) -> bool:
        return any(
            row.login == record.login or (record.email and row.email == record.email)
            for row in self._rows.values()
            if row.id != record.id
        )

    def _first(self, fits: Callable[[AccountRecord], bool]) -> AccountRecord | None:
        with self._lock:
            return next(filter(fits, self._rows.values()), None)
