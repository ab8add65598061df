"""What a store of API keys promises: digests in, records out, and changes that belong to the owner."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyRecord:
    """An API key as stored, under the SHA-256 digest of it. Times are seconds since the epoch.

    `networks` are addresses or networks in CIDR form from which it counts; empty means everywhere.
    """

    id: str
    digest: bytes
    owner: str
    name: str
    scopes: tuple[str, ...]
    networks: tuple[str, ...] = ()
    created: float
    deadline: float
    used: float | None = None

    def is_alive(self, now: float) -> bool:
        """Tell whether it has not expired."""
        return now < self.deadline


class ApiKeyStore(Protocol):
    """API keys. Every change is conditional. Raises any exception when it cannot answer; nobody gets in then."""

    @property
    def shared(self) -> bool:
        """Whether several worker processes see the same keys."""

    @property
    def reads_at_once(self) -> bool:
        """Whether `find` and `list_owner` never wait, so that an event loop may call them directly."""

    @property
    def writes_at_once(self) -> bool:
        """Whether the other methods never wait either."""

    def add(self, record: ApiKeyRecord) -> bool:
        """Insert `record`; False, and nothing done, if its id or digest is taken."""

    def find(self, digest: bytes) -> ApiKeyRecord | None:
        """The key under `digest`, alive or not."""

    def list_owner(self, owner: str) -> Sequence[ApiKeyRecord]:
        """The keys of an owner, oldest first."""

    def end(self, key_id: str, owner: str, deadline: float) -> bool:
        """Let a key of this owner end at `deadline`, if that is sooner than it would; False if it is not there."""

    def note_use(self, key_id: str, now: float) -> None:
        """Remember the last use; never earlier than what is remembered."""

    def drop_owner(self, owner: str) -> int:
        """Remove all keys of an owner; tell how many."""

    def purge(self, now: float) -> int:
        """Remove the expired; tell how many."""
