"""The way to the store of limits: one that fails is left alone for a second, then asked again, without a restart."""

import threading
from collections.abc import Sequence
from typing import Final

from vallum.base.clock import Clock
from vallum.guard.errors.failure import describe_error
from vallum.guard.http.rates import MICROSECONDS
from vallum.guard.logging.events import Event, Level, Sink
from vallum.stores.limits import Charge, Decision, LimitStore

RETRY_SECONDS: Final = 1.0


class Meter:
    """Takes from one store and remembers whether it answers.

    While it does not, one request a second tries it and all others learn at once that there is no decision, so that a
    dead store costs no request its timeout. The log has one line when it fails and one when it is back.
    """

    __slots__ = ("_again", "_clock", "_down", "_lock", "_sink", "at_once", "store")

    def __init__(self, store: LimitStore, clock: Clock, sink: Sink) -> None:
        """Nothing has failed yet."""
        self.store = store
        self.at_once = store.at_once
        self._clock = clock
        self._sink = sink
        self._lock = threading.Lock()
        self._down = False
        self._again = 0.0

    def take(self, subject: str, charges: Sequence[Charge]) -> Decision | None:
        """Charge `subject` with all of `charges` or none; None when the store gives no answer."""
        now, trying = self._clock(), self._down
        if trying and not self._may_try(now):
            return None
        try:
            decision = self.store.take(subject, charges, int(now * MICROSECONDS))
        except Exception as error:  # noqa: BLE001 - no decision, whatever the store raises
            self._note_failure(error, now)
            return None
        if trying:  # an answer to a request from before the failure would be no sign of recovery
            self._note_recovery(now)
        return decision

    def forget(self, subject: str, limit: str) -> bool:
        """Clear what `subject` owes to one limit; False when the store gives no answer."""
        now = self._clock()
        try:
            self.store.forget(subject, limit)
        except Exception as error:  # noqa: BLE001 - as above
            self._note_failure(error, now)
            return False
        return True

    def _may_try(self, now: float) -> bool:
        # A difference above the pause comes from a clock that was set back.
        with self._lock:
            if 0 < self._again - now <= RETRY_SECONDS:
                return False
            self._again = now + RETRY_SECONDS
            return True

    def _note_failure(self, error: Exception, now: float) -> None:
        with self._lock:
            self._again = now + RETRY_SECONDS
            was_down, self._down = self._down, True
        if not was_down:
            self._sink(Event(name="rate-limit-store-failed", level=Level.ERROR, at=now, detail=describe_error(error)))

    def _note_recovery(self, now: float) -> None:
        with self._lock:
            was_down, self._down = self._down, False
        if was_down:
            self._sink(Event(name="rate-limit-store-recovered", level=Level.INFO, at=now))
