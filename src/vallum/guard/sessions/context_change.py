"""A session that goes on from another place or browser: a signal, told once, and never a reason to end it by itself."""

from collections import OrderedDict
from typing import Final

from vallum.guard.exchange import Exchange
from vallum.guard.http.rate_subjects import subject_of
from vallum.guard.logging.events import Level
from vallum.stores.sessions import SessionRecord

_REMEMBERED: Final = 4096


class ContextChanges:
    """Tells each change of a session once in each process, as `session-context-changed` with what has changed."""

    def __init__(self) -> None:
        """Nothing is told yet."""
        self._told: OrderedDict[tuple[bytes, str, str], None] = OrderedDict()

    def note(self, exchange: Exchange, record: SessionRecord, agent: str) -> None:
        """Report what differs from `record`; addresses of the same IPv6 subscriber (/64) are the same place."""
        place = subject_of(exchange.client)
        changed = [
            *(["address"] if place != subject_of(record.address) else []),
            *(["agent"] if agent != record.agent else []),
        ]
        told = (record.digest, place, agent)
        if not changed or told in self._told:
            return
        self._told[told] = None
        if len(self._told) > _REMEMBERED:
            self._told.popitem(last=False)
        exchange.core.report(exchange, "session-context-changed", Level.WARNING, changed=" ".join(changed))
