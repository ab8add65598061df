"""Rate limits in the memory of one process: for development, tests and a single worker."""

import threading
from collections.abc import Sequence
from typing import Final

from vallum.base.errors import ConfigError
from vallum.stores.limits import Charge, Decision, clamp_debt

MOST_KEYS: Final = 200_000
"""About 30 MiB."""
_SHARED_PLACES: Final = 1024
_SWEPT_AT_ONCE: Final = 4


class MemoryLimits:
    """A `LimitStore` in a dictionary of bounded size, swept a few keys at a time.

    While it is full of keys that still count, newcomers share 1,024 places for each limit: they may be refused early,
    but no count makes way for another, however many addresses an attacker has.
    """

    shared: Final = False
    at_once: Final = True

    def __init__(self, *, most_keys: int = MOST_KEYS) -> None:
        """Start empty; keep at most `most_keys` keys besides the shared places."""
        if most_keys < 1:
            raise ConfigError(f"most_keys must be at least 1, not {most_keys}.", code="limits-contradict")
        self._most = most_keys
        self._paid_at: dict[str, int] = {}
        self._to_sweep: list[str] = []
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """How many keys are kept."""
        return len(self._paid_at)

    def take(self, subject: str, charges: Sequence[Charge], now: int) -> Decision:
        """Charge `subject` with all of `charges` in one step, or with none."""
        if len(charges) != 1:
            return self._take_all(subject, charges, now)
        # The usual case, written out: every call from here is a frame in every request.
        limit, _, tolerance, increment = charges[0]
        key = f"{limit}\0{subject}"
        with self._lock:
            paid_at = self._paid_at.get(key)
            if paid_at is None:
                key = self._find_place(key, now)
                paid_at = self._paid_at.get(key, now)
            debt = paid_at - now
            if not 0 <= debt <= tolerance:
                debt = 0 if debt < 0 else tolerance
            total = debt + increment
            if total > tolerance:
                return False, (debt,)
            self._paid_at[key] = now + total
            return True, (total,)

    def forget(self, subject: str, limit: str) -> None:
        """Clear what `subject` owes to one limit."""
        with self._lock:
            self._paid_at.pop(f"{limit}\0{subject}", None)

    def _take_all(self, subject: str, charges: Sequence[Charge], now: int) -> Decision:
        with self._lock:
            keys = [self._find_place(f"{charge.limit}\0{subject}", now) for charge in charges]
            debts = [
                clamp_debt(self._paid_at.get(key, now) - now, charge) for key, charge in zip(keys, charges, strict=True)
            ]
            totals = [debt + charge.increment for debt, charge in zip(debts, charges, strict=True)]
            if any(total > charge.tolerance for total, charge in zip(totals, charges, strict=True)):
                return False, debts
            self._paid_at.update((key, now + total) for key, total in zip(keys, totals, strict=True))
            return True, totals

    def _find_place(self, key: str, now: int) -> str:
        """The key itself, while there is room for it or it is there."""
        if key in self._paid_at:
            return key
        self._sweep(now)
        if len(self._paid_at) < self._most:
            return key
        limit, _, subject = key.partition("\0")
        return f"\0{limit}\0{hash(subject) % _SHARED_PLACES}"

    def _sweep(self, now: int) -> None:
        """Drop the paid among the next few keys; each new key pays for it, so that no request waits for all of them."""
        if not self._to_sweep:
            self._to_sweep = list(self._paid_at)
        for key in self._to_sweep[-_SWEPT_AT_ONCE:]:
            if self._paid_at.get(key, now + 1) <= now:
                del self._paid_at[key]
        del self._to_sweep[-_SWEPT_AT_ONCE:]
