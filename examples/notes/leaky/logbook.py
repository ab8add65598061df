"""The app's log, and the last lines of it for the admin's page."""

import logging
from collections import deque

RECENT: deque[str] = deque(maxlen=300)


class RecentLines(logging.Handler):
    """Keeps the newest lines in memory."""

    def emit(self, record: logging.LogRecord) -> None:
        RECENT.append(self.format(record))


log = logging.getLogger("notes")
log.setLevel(logging.DEBUG)
recent = RecentLines()
recent.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
log.addHandler(recent)
