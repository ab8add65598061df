"""What an app in process logs and prints while it answers: the lines as its handlers write them, and its exceptions.

The standard library's `logging` is listened to where a record is handed to handlers, and where a handler renders it, so
that filters and formatters have done their work. Records that no handler writes are kept too, and marked so.
"""

import io
import logging
import sys
from collections.abc import Callable
from typing import Final, TextIO

from vallum.probe.collect.letters import Letterbox
from vallum.probe.exchange import LogLine

_MOST_LINES: Final = 200
_LONGEST: Final = 40_000
_PLAIN: Final = logging.Formatter()
_EARS: Final[list["Overheard"]] = []


class Overheard:
    """Listens to one app, from before it is imported to its end; keeps what was said since `forget`."""

    def __init__(self) -> None:
        """Begin to listen."""
        self.heard = ""
        """The last exception that was logged."""
        self.letterbox = Letterbox()
        self._lines: list[LogLine] = []
        self._records = 0
        self._printed: dict[str, str] = {}
        self._streams = (sys.stdout, sys.stderr)
        sys.stdout, sys.stderr = _Tee(sys.stdout, "stdout", self._print), _Tee(sys.stderr, "stderr", self._print)
        self._tees = (sys.stdout, sys.stderr)
        _EARS.append(self)
        if len(_EARS) == 1:
            _Taps.set()

    @property
    def lines(self) -> tuple[LogLine, ...]:
        """What was logged, then what was printed besides."""
        written = "\n".join(line.text for line in self._lines)
        printed = [
            LogLine(text=line, source=source)
            for source, text in self._printed.items()
            for line in text.splitlines()
            if line.strip() and line not in written
        ]
        return (*self._lines, *printed[:_MOST_LINES])

    def hear(self, record: logging.LogRecord, texts: list[str]) -> None:
        """Keep a record, and what the handlers made of it."""
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and record.levelno >= logging.WARNING:
            kind = type(error)
            self.heard = " ".join(f"{kind.__module__}.{kind.__qualname__}: {error}".split())[:500]
        self._records += 1
        shown = list(dict.fromkeys(texts)) or [_render(record)]
        for text in shown if len(self._lines) < _MOST_LINES else ():
            self._lines.append(
                LogLine(
                    text=text[:_LONGEST],
                    source=record.name,
                    level=record.levelno,
                    written=bool(texts),
                    record=self._records,
                )
            )

    def forget(self) -> None:
        """Begin a new request."""
        self.heard = ""
        self._records = 0
        self._lines.clear()
        self._printed.clear()

    def close(self) -> None:
        """Stop listening."""
        self.letterbox.close()
        if self in _EARS:
            _EARS.remove(self)
            if not _EARS:
                _Taps.take_out()
        if (sys.stdout, sys.stderr) == self._tees:
            sys.stdout, sys.stderr = self._streams

    def _print(self, source: str, text: str) -> None:
        self._printed[source] = (self._printed.get(source, "") + text)[:_LONGEST]


class _Tee(io.TextIOBase):
    """A standard stream that is listened to; an app may hold on to it for as long as it likes."""

    def __init__(self, stream: TextIO | None, source: str, tell: Callable[[str, str], None]) -> None:
        self._stream = stream
        self._source = source
        self._tell = tell

    def write(self, text: str, /) -> int:
        self._tell(self._source, text)
        if self._stream is not None and not self._stream.closed:
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        if self._stream is not None and not self._stream.closed:
            self._stream.flush()

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False

    def fileno(self) -> int:
        return self._stream.fileno() if self._stream is not None else super().fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]  # a plain attribute of the base class
        return "utf-8"


class _Taps:
    """The two places of `logging` that are listened to, while there is any ear."""

    call = logging.Logger.callHandlers
    format = logging.Handler.format
    open: Final[list[list[str]]] = []
    """What handlers rendered, one list for each record on its way."""

    @classmethod
    def set(cls) -> None:
        cls.call, cls.format = logging.Logger.callHandlers, logging.Handler.format
        call, render = cls.call, cls.format

        def call_handlers(logger: logging.Logger, record: logging.LogRecord) -> None:
            texts: list[str] = []
            cls.open.append(texts)
            try:
                call(logger, record)
            finally:
                cls.open.remove(texts)
                for ear in _EARS:
                    ear.hear(record, texts)

        def format_record(handler: logging.Handler, record: logging.LogRecord) -> str:
            text = render(handler, record)
            if cls.open and not type(handler).__module__.startswith("_pytest."):
                cls.open[-1].append(text)
            return text

        _set_methods(call_handlers, format_record)

    @classmethod
    def take_out(cls) -> None:
        _set_methods(cls.call, cls.format)


def _set_methods(call: Callable[..., None], render: Callable[..., str]) -> None:
    for kind, name, function in ((logging.Logger, "callHandlers", call), (logging.Handler, "format", render)):
        setattr(kind, name, function)


def _render(record: logging.LogRecord) -> str:
    try:
        return _PLAIN.format(record)
    except (TypeError, ValueError, KeyError):
        return str(record.msg)
