"""The security channel: the logger `vallum.security`, which does not follow the root's level and is never silent."""

import logging
import sys
from typing import Final

from vallum.guard.logging.words import LOGGER

KEEPS: Final = ("security-events-logged",)


class Line(str):
    """A line that is complete: rendered as JSON and redacted. Filters and formatters leave it as it is."""

    __slots__ = ()


class Channel:
    """How the channel of this process writes; `structured` once `set_up_logs` has asked for JSON lines only."""

    structured: bool = False


class LastResort(logging.Handler):
    """Writes to standard error what no other handler takes.

    An app without logging, or one whose handlers are set to errors, does not lose its security events.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line, unless a handler of the root or of a logger in between does."""
        if _is_taken(record):
            return
        try:
            sys.stderr.write(f"{record.getMessage()}\n")
        except Exception:  # noqa: BLE001 - a log that cannot be written must not fail the request
            self.handleError(record)


def write_line(level: int, line: str) -> None:
    """Hand one complete line to the security channel."""
    _open_channel().log(level, "%s", Line(line))


def is_complete(record: logging.LogRecord) -> bool:
    """Tell whether the record is a complete line of the guard's own."""
    return isinstance(record.args, tuple) and len(record.args) == 1 and isinstance(record.args[0], Line)


def _open_channel() -> logging.Logger:
    channel = logging.getLogger(LOGGER)
    if channel.level == logging.NOTSET:
        channel.setLevel(logging.INFO)
    if not channel.handlers:
        channel.addHandler(LastResort())
    return channel


def _is_taken(record: logging.LogRecord) -> bool:
    logger: logging.Logger | None = logging.getLogger(LOGGER)
    while logger is not None:
        others = (handler for handler in logger.handlers if not isinstance(handler, LastResort))
        if any(handler.level <= record.levelno for handler in others):
            return True
        logger = logger.parent if logger.propagate else None
    return False
