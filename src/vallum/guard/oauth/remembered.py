"""What a provider publishes, kept for a while: it outlives an outage of the provider, and what was withdrawn goes.

Three times: `fresh` seconds nobody asks again; after that the first caller does, and what is missing in the answer is
gone; if there is no answer, the old one is used until it is `stale` seconds old, and nobody asks more often than every
`retry` seconds. One caller asks at a time; the others go on with what is there.
"""

import threading
from collections.abc import Callable
from typing import Final, Generic, NamedTuple, TypeVar

from vallum.base.clock import SYSTEM_CLOCK, Clock
from vallum.base.errors import ConfigError
from vallum.guard.logging.events import Event, Level, Sink, log_event
from vallum.guard.oauth.refusals import ProviderDownError

FRESH: Final = 300.0
STALE: Final = 4 * 3600.0
RETRY: Final = 10.0
Value = TypeVar("Value")


class _Held(NamedTuple, Generic[Value]):
    value: Value
    at: float


class Remembered(Generic[Value]):
    """One value and the function that loads it, which raises `ProviderDownError` when it cannot."""

    def __init__(
        self,
        load: Callable[[], Value],
        *,
        fresh: float = FRESH,
        stale: float = STALE,
        retry: float = RETRY,
        clock: Clock = SYSTEM_CLOCK,
        sink: Sink = log_event,
    ) -> None:
        """Load nothing yet. Raises `ConfigError` unless 0 < retry <= fresh <= stale."""
        if not 0 < retry <= fresh <= stale:
            raise ConfigError("what a provider publishes is kept for 0 < retry <= fresh <= stale.", code="oauth-cache")
        self._load = load
        self._fresh, self._stale, self._retry = fresh, stale, retry
        self._clock = clock
        self._sink = sink
        self._lock = threading.Lock()
        self._held: _Held[Value] | None = None
        self._asked = float("-inf")

    def read(self) -> Value:
        """The value. Raises `ProviderDownError` when it was never loaded, or too long ago."""
        held = self._held
        if held is not None and self._clock() - held.at < self._fresh:
            return held.value
        return self._ask(held)

    def renew(self) -> Value:
        """The value loaded anew, unless somebody asked within `retry` seconds: as when a key is not in it."""
        return self._ask(self._held)

    def _ask(self, seen: _Held[Value] | None) -> Value:
        # Who has something to go on with does not wait for whoever is asking.
        if self._lock.acquire(blocking=self._usable(seen) is None):
            try:
                if self._held is seen and self._clock() - self._asked >= self._retry:
                    self._try_load()
            finally:
                self._lock.release()
        held = self._usable(self._held)
        if held is None:
            raise ProviderDownError("provider-unreachable: nothing that is still valid is at hand")
        return held.value

    def _try_load(self) -> None:
        self._asked = self._clock()
        try:
            self._held = _Held(self._load(), self._asked)
        except ProviderDownError as error:
            self._sink(Event(name=error.event, level=Level.WARNING, at=self._asked, detail={"cause": error.cause}))

    def _usable(self, held: _Held[Value] | None) -> _Held[Value] | None:
        return held if held is not None and self._clock() - held.at < self._stale else None
