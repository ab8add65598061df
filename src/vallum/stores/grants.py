"""What a store of grants promises: one refresh at a time for each, and what it returns replaces what was there.

A grant is the refresh token of another provider for one account, sealed by the caller: the store never sees it.
"""

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRecord:
    """A grant as stored. `version` moves with each change; times are seconds since the epoch.

    `busy_until` is when whoever refreshes it now has given up, 0 while nobody does.
    """

    account_id: str
    issuer: str
    sealed: str = field(repr=False)
    version: int = 0
    busy_until: float = 0.0


class GrantStore(Protocol):
    """Grants by (account, issuer). Raises any exception when it cannot answer; the caller then refreshes nothing."""

    @property
    def shared(self) -> bool:
        """Whether several worker processes see the same grants."""

    @property
    def reads_at_once(self) -> bool:
        """Whether `find` never waits, so that an event loop may call it directly."""

    @property
    def writes_at_once(self) -> bool:
        """Whether the other methods never wait either."""

    def find(self, account_id: str, issuer: str) -> GrantRecord | None:
        """The grant."""

    def add(self, record: GrantRecord) -> bool:
        """Insert `record`; False, and nothing done, if the account has a grant of this issuer."""

    def claim(self, account_id: str, issuer: str, version: int, now: float, until: float) -> bool:
        """Mark the grant as busy until then, in one conditional statement.

        False if its version is another one, or somebody is busy with it.
        """

    def replace(self, account_id: str, issuer: str, version: int, sealed: str) -> bool:
        """Put `sealed` in its place, raise the version and free it, in one statement; False for another version."""

    def drop(self, account_id: str, issuer: str, version: int | None = None) -> bool:
        """Remove the grant, or only this version of it; False if there is none."""

    def drop_account(self, account_id: str) -> int:
        """Remove all grants of an account; tell how many."""
