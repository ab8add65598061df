"""The log: the guard's security events, one JSON line each, and the last of them for the administrators' page."""

import logging
from collections import deque
from typing import Final

from vallum.guard import current
from vallum.guard.logging.events import Event, Level, log_event, render_event

LOG: Final = logging.getLogger("notes")
"""What operators want to know besides: how a job went."""
RECENT: Final[deque[str]] = deque(maxlen=300)


def keep_event(event: Event) -> None:
    """Write the event to the log and remember it."""
    RECENT.append(render_event(event))
    log_event(event)


def note(event: str, level: Level = Level.INFO, **detail: str) -> None:
    """Log what the app did: with the request's id, actor and address, and never with a secret."""
    exchange = current()
    exchange.core.report(exchange, event, level, **detail)
