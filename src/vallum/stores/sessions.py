"""What a session store promises: digests in, records out, and writes that never revive a dead session."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Protocol, TypeAlias

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRecord:
    """A session as stored: under the SHA-256 digest of its id, since who reads the store must not be able to use it.

    Times are seconds since the epoch. `created` is when the actor proved who she is and survives rotation.
    """

    digest: bytes
    actor_id: str
    roles: tuple[str, ...] = ()
    created: float
    seen: float
    idle_seconds: float
    deadline: float
    address: str = ""
    agent: str = ""
    data: Mapping[str, Json] = field(default_factory=lambda: MappingProxyType({}))

    def is_alive(self, now: float) -> bool:
        """Tell whether neither the idle nor the absolute limit has passed."""
        return now < self.deadline and now < self.seen + self.idle_seconds

    def with_changes(self, changes: Mapping[str, Json]) -> "SessionRecord":
        """The record after `changes`, where None removes a key."""
        merged = {**self.data, **changes}
        return replace(self, data={key: value for key, value in merged.items() if value is not None})


class SessionStore(Protocol):
    """Server-side sessions. Every write is conditional: it tells by False that the session is no longer alive.

    Raises any exception when it cannot answer; the guard then lets nobody in (503).
    """

    @property
    def shared(self) -> bool:
        """Whether several worker processes see the same sessions."""

    @property
    def reads_at_once(self) -> bool:
        """Whether `read` never waits, so that an event loop may call it directly."""

    @property
    def writes_at_once(self) -> bool:
        """Whether the other methods never wait either."""

    def read(self, digest: bytes, now: float) -> SessionRecord | None:
        """The living session under `digest`."""

    def create(self, record: SessionRecord, *, instead_of: bytes | None = None) -> bool:
        """Insert `record` and delete the session `instead_of` in the same step; False if the digest is taken."""

    def rotate(self, digest: bytes, record: SessionRecord, now: float) -> bool:
        """Replace the living session under `digest` by `record` in one step; False, and nothing done, if it is dead."""

    def touch(self, digest: bytes, now: float) -> bool:
        """Note that a living session was used."""

    def change(self, digest: bytes, changes: Mapping[str, Json], now: float) -> bool:
        """Merge `changes` into the data of a living session, key by key; None removes a key."""

    def delete(self, digest: bytes) -> bool:
        """End a session; False if it was not there."""

    def delete_actor(self, actor_id: str, *, but: bytes | None = None) -> int:
        """End all sessions of an actor, except the one under `but`; tell how many."""

    def list_actor(self, actor_id: str, now: float) -> Sequence[SessionRecord]:
        """The living sessions of an actor, oldest first."""

    def purge(self, now: float) -> int:
        """Remove the dead; tell how many."""
