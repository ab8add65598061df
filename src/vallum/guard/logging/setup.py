"""One line for the logs of an app: JSON, redacted, with the request in every entry.

    from vallum.guard.logging.setup import set_up_logs

    set_up_logs()

Call it where the app is built. In production `Guard(app)` does, unless the app has handlers of its own.
"""

import logging
import sys
from io import FileIO
from typing import Final, TextIO

from vallum.guard.logging.access import ACCESS_LOG
from vallum.guard.logging.channel import Channel
from vallum.guard.logging.hooks import install_hooks
from vallum.guard.logging.json_lines import JsonLines
from vallum.guard.logging.records import Redaction, guard_records
from vallum.guard.logging.redaction import Redactor, use_redactor

KEEPS: Final = ("structured-logs",)

_SERVERS: Final = ("uvicorn", "uvicorn.error")
_SERVERS_ACCESS: Final = "uvicorn.access"
"""Writes the query with all its values; the access line takes its place."""


def set_up_logs(
    *,
    level: int = logging.INFO,
    stream: TextIO | None = None,
    redactor: Redactor | None = None,
    access: bool = True,
    hooks: bool = True,
) -> logging.Handler:
    """Write all logs of the process to `stream` (standard error) as JSON lines, and return the handler.

    `redactor` hides further names, e-mail addresses or known values. `access` writes a line for each request, in the
    place of uvicorn's. `hooks` logs what ends the process or a thread. Handlers that are there stay, and redact.
    """
    if redactor is not None:
        use_redactor(redactor)
    guard_records()
    target = stream if stream is not None else sys.stderr
    root = logging.getLogger()
    for old in [handler for handler in root.handlers if isinstance(handler.formatter, JsonLines)]:
        root.removeHandler(old)
    handler = logging.StreamHandler(target)
    handler.setFormatter(JsonLines())
    root.addHandler(handler)
    root.setLevel(level)
    Channel.structured = True
    protect_handlers()
    _calm_server(access=access)
    if access:
        ACCESS_LOG.write = LineWriter(target)
    if hooks:
        install_hooks()
    return handler


def protect_handlers() -> None:
    """Put `Redaction` on every handler that exists, of the root and of all loggers."""
    loggers = [logging.getLogger(), *(logging.getLogger(name) for name in list(logging.root.manager.loggerDict))]
    for handler in (handler for logger in loggers for handler in logger.handlers):
        if not any(isinstance(known, Redaction) for known in handler.filters):
            handler.addFilter(Redaction())


def _calm_server(*, access: bool) -> None:
    """Let the server's own loggers speak through the root."""
    for name in _SERVERS:
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    if access:
        logging.getLogger(_SERVERS_ACCESS).handlers.clear()
        logging.getLogger(_SERVERS_ACCESS).propagate = False


class LineWriter:
    """Writes whole lines of ASCII to a stream at once, past its buffers where it has a file of its own."""

    __slots__ = ("_file", "_stream")

    def __init__(self, stream: TextIO) -> None:
        """Write to `stream`."""
        self._stream = stream
        file = getattr(getattr(stream, "buffer", None), "raw", None)
        self._file = file if isinstance(file, FileIO) else None

    def __call__(self, line: str) -> None:
        """Write a line that has its line break; what a file that may not wait does not take is lost."""
        if self._file is None:
            self._stream.write(line)
            self._stream.flush()
            return
        rest = line.encode("ascii")
        while rest:
            rest = rest[self._file.write(rest) or len(rest) :]
