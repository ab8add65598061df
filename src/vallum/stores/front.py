"""What reads sessions for an event loop without holding it up: many requests, few round trips."""

from typing import Protocol

from vallum.stores.sessions import SessionRecord


class SessionFront(Protocol):
    """An asynchronous front of a session store. It serves one event loop at a time.

    Raises any exception when it cannot answer; the next call tries again.
    """

    async def read(self, digest: bytes, now: float) -> SessionRecord | None:
        """The living session under `digest`, as the store would read it."""

    async def close(self) -> None:
        """Close what the front opened; the store stays open."""
