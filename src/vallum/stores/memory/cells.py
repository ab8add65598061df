"""Cells in the memory of one process: for development and tests, gone at a restart."""

import threading
from typing import Final

PURGE_EVERY: Final = 256


class MemoryCells:
    """A `CellStore` in a dictionary behind a lock. Not shared between workers."""

    shared: Final = False
    at_once: Final = True

    def __init__(self) -> None:
        """Start empty."""
        self._rows: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()
        self._put = 0

    def read(self, name: str, now: float) -> str | None:
        """The living value."""
        value, deadline = self._rows.get(name, ("", 0.0))
        return value if now < deadline else None

    def put_new(self, name: str, value: str, now: float, deadline: float) -> bool:
        """Put `value` where no living one is; False, and nothing done, where one is."""
        with self._lock:
            if self.read(name, now) is not None:
                return False
            self._rows[name] = (value, deadline)
            self._put += 1
            if self._put % PURGE_EVERY == 0:
                self._drop_ended(now)
            return True

    def swap(self, name: str, expected: str, value: str, now: float, deadline: float) -> bool:
        """Replace the living value if it is `expected`; False, and nothing done, if it is not."""
        with self._lock:
            if self.read(name, now) != expected:
                return False
            self._rows[name] = (value, deadline)
            return True

    def take(self, name: str, now: float) -> str | None:
        """Remove the living value and return it: of parallel callers one gets it, the rest None."""
        with self._lock:
            value, deadline = self._rows.pop(name, ("", 0.0))
            return value if now < deadline else None

    def drop(self, name: str, expected: str) -> bool:
        """Remove the value if it is `expected`; False, and nothing done, if it is not."""
        with self._lock:
            if name not in self._rows or self._rows[name][0] != expected:
                return False
            del self._rows[name]
            return True

    def purge(self, now: float) -> int:
        """Remove what has ended; tell how many."""
        with self._lock:
            return self._drop_ended(now)

    def _drop_ended(self, now: float) -> int:
        ended = [name for name, (_, deadline) in self._rows.items() if deadline <= now]
        for name in ended:
            del self._rows[name]
        return len(ended)
