"""A WSGI app called in process (PEP 3333): Flask, Django and everything else that speaks it."""

import io
import sys
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any
from urllib.parse import unquote_to_bytes

from vallum.base.clock import Clock
from vallum.probe.collect.asgi import describe_error
from vallum.probe.collect.engine import Engine, StuckError
from vallum.probe.collect.overheard import Overheard
from vallum.probe.collect.wire import Keep, Wire
from vallum.probe.exchange import Answer

StartResponse = Callable[..., Callable[[bytes], object]]
App = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]
ErrorInfo = tuple[type[BaseException], BaseException, TracebackType]
_MOST_PIECES = 10_000


class WsgiTransport:
    """Calls one app as a server behind TLS would."""

    in_process = True

    def __init__(self, app: App, engine: Engine, base: str, clock: Clock, ear: Overheard | None = None) -> None:
        """Take the app."""
        self.base = base
        self._app = app
        self._engine = engine
        self._clock = clock
        self._overheard = ear or Overheard()

    def send(self, wire: Wire, timeout: float) -> Answer:
        """Call the app with one request."""
        try:
            return self._engine.call(lambda: self._send(wire), timeout)
        except StuckError:
            raise StuckError(
                f"{wire.method} {wire.target} does not return.", hint="A handler blocks without end."
            ) from None

    def close(self) -> None:
        """Stop the thread."""
        self._overheard.close()
        self._engine.close()

    def _send(self, wire: Wire) -> Answer:
        status, headers, keep, raised = 0, tuple[tuple[str, str], ...](), Keep(), ""
        self._overheard.forget()
        began = self._clock()

        def start(line: str, pairs: list[tuple[str, str]], _error: ErrorInfo | None = None) -> Callable[[bytes], None]:
            nonlocal status, headers
            status, headers = int(line.split(maxsplit=1)[0]), tuple(pairs)
            return keep.add

        try:
            _read(self._app(self._environ(wire), start), keep)
        except BaseException as error:  # noqa: BLE001 - whatever the app raises is an observation, even SystemExit
            raised = describe_error(error)
        return Answer(
            status=status or 500,
            headers=headers,
            body=keep.body if status else b"Internal Server Error",
            length=keep.length,
            seconds=self._clock() - began,
            raised=raised or self._overheard.heard,
            escaped=bool(raised),
            log=self._overheard.lines,
            letters=self._overheard.letterbox.take(),
        )

    def _environ(self, wire: Wire) -> dict[str, Any]:
        path, _, query = wire.target.partition("?")
        standard, _, host = self.base.partition("://")
        scheme = wire.scheme or standard
        name, _, port = host.partition(":")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": wire.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "RAW_URI": wire.target,
            "REQUEST_URI": wire.target,
            "QUERY_STRING": query,
            "SERVER_NAME": name,
            "SERVER_PORT": port or ("443" if scheme == "https" else "80"),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "REMOTE_PORT": "50000",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": scheme,
            "wsgi.input": io.BytesIO(wire.body),
            "wsgi.input_terminated": True,
            "wsgi.errors": io.StringIO() if sys.stderr is None else sys.stderr,
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for header, value in wire.headers:
            key = header.upper().replace("-", "_")
            if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
                key = f"HTTP_{key}"
            environ[key] = f"{environ[key]},{value}" if key in environ else value
        return environ


def _read(pieces: Iterable[bytes], keep: Keep) -> None:
    try:
        for number, piece in enumerate(pieces):
            keep.add(piece)
            if number >= _MOST_PIECES:
                return
    finally:
        close = getattr(pieces, "close", None)
        if callable(close):
            close()
