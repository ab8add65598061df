"""An ASGI app called in process: raw paths, raw headers, lifespan, and the exceptions that servers hide."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote

from vallum.base.clock import Clock
from vallum.base.errors import UsageError
from vallum.probe.collect.engine import Engine
from vallum.probe.collect.overheard import Overheard
from vallum.probe.collect.wire import Keep, Wire
from vallum.probe.exchange import Answer

Message = MutableMapping[str, Any]
App = Callable[
    [MutableMapping[str, Any], Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]],
    Awaitable[None],
]
_VERSION: Final = {"version": "3.0", "spec_version": "2.3"}
_PORTS: Final = {"https": 443, "http": 80}
_BROKEN: Final = b"Internal Server Error"
"""What a server answers for an app that raised before it had answered."""
_PIECE: Final = 1 << 16
_LIFESPAN_SECONDS: Final = 30.0


@dataclass(slots=True)
class _Taken:
    """An answer while it comes in."""

    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    keep: Keep = field(default_factory=Keep)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    raised: str = ""

    async def take(self, message: Message) -> None:
        """What the app calls to send."""
        if message["type"] == "http.response.start":
            self.status = int(message["status"])
            pairs = message.get("headers", ())
            self.headers = [(bytes(k).decode("latin-1"), bytes(v).decode("latin-1")) for k, v in pairs]
        elif message["type"] == "http.response.body":
            self.keep.add(bytes(message.get("body", b"")))
            if not message.get("more_body", False) or self._never_ends:
                self.ended.set()

    @property
    def _never_ends(self) -> bool:
        return any(name.lower() == "content-type" and "event-stream" in value for name, value in self.headers)


class AsgiTransport:
    """Calls one app as a server behind TLS would; starts and stops its lifespan."""

    in_process = True

    def __init__(self, app: App, engine: Engine, base: str, clock: Clock, ear: Overheard | None = None) -> None:
        """Start the app. Raises `UsageError` when its lifespan fails."""
        self.base = base
        self._app = app
        self._engine = engine
        self._clock = clock
        self._overheard = ear or Overheard()
        self._lifespan = _Lifespan(app)
        if failure := engine.run(self._lifespan.start(), _LIFESPAN_SECONDS):
            self._overheard.close()
            engine.close()
            raise UsageError(f"the app does not start: {failure}.", code="probe-lifespan")

    def send(self, wire: Wire, timeout: float) -> Answer:
        """Call the app with one request."""
        return self._engine.run(self._send(wire, timeout), timeout)

    def close(self) -> None:
        """Stop the lifespan and the thread."""
        self._engine.run(self._lifespan.stop(), _LIFESPAN_SECONDS)
        self._overheard.close()
        self._engine.close()

    async def _send(self, wire: Wire, patience: float) -> Answer:
        taken, began = _Taken(), self._clock()
        self._overheard.forget()
        task = asyncio.ensure_future(self._call(wire, taken))
        ended = asyncio.ensure_future(taken.ended.wait())
        await asyncio.wait({task, ended}, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        seconds = self._clock() - began
        finished = task.done() or ended.done()
        if ended.done() and not task.done():
            await asyncio.wait({task}, timeout=min(0.25, patience))
        for left in (task, ended):
            if not left.done():
                left.cancel()
        await asyncio.gather(task, ended, return_exceptions=True)
        return self._answer(taken, seconds, "" if finished else f"no answer within {patience:g} seconds")

    def _answer(self, taken: _Taken, seconds: float, fault: str) -> Answer:
        raised = taken.raised or self._overheard.heard
        if not taken.status and not fault:
            headers = (("content-type", "text/plain; charset=utf-8"),)
            told = raised or "the app ended without an answer"
            log = self._overheard.lines
            return Answer(
                status=500,
                headers=headers,
                body=_BROKEN,
                seconds=seconds,
                raised=told,
                log=log,
                escaped=True,
                letters=self._overheard.letterbox.take(),
            )
        return Answer(
            status=taken.status,
            headers=tuple(taken.headers),
            body=taken.keep.body,
            length=taken.keep.length,
            seconds=seconds,
            raised=raised,
            fault=fault,
            escaped=bool(taken.raised),
            log=self._overheard.lines,
            letters=self._overheard.letterbox.take(),
        )

    async def _call(self, wire: Wire, taken: _Taken) -> None:
        pending = list(reversed(_body_messages(wire)))

        async def receive() -> Message:
            if pending:
                return pending.pop()
            await taken.ended.wait()
            return {"type": "http.disconnect"}

        try:
            await self._app(self._scope(wire), receive, taken.take)
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - whatever the app raises is an observation, even SystemExit
            taken.raised = describe_error(error)

    def _scope(self, wire: Wire) -> dict[str, Any]:
        path, _, query = wire.target.partition("?")
        standard, _, host = self.base.partition("://")
        scheme = wire.scheme or standard
        name, _, port = host.partition(":")
        return {
            "type": "http",
            "asgi": dict(_VERSION),
            "http_version": "1.1",
            "method": wire.method,
            "scheme": scheme,
            "path": unquote(path),
            "raw_path": path.encode("latin-1", "replace"),
            "query_string": query.encode("latin-1", "replace"),
            "root_path": "",
            "headers": [(k.lower().encode("latin-1"), v.encode("latin-1", "replace")) for k, v in wire.headers],
            "client": ("127.0.0.1", 50_000),
            "server": (name, int(port) if port.isdigit() else _PORTS[scheme]),
            "state": dict(self._lifespan.state),
            "extensions": {},
        }


def _body_messages(wire: Wire) -> list[Message]:
    """The body in one piece; in many where its length is not told."""
    size = _PIECE if any(name.lower() == "transfer-encoding" for name, _ in wire.headers) else len(wire.body)
    starts = range(0, len(wire.body), size) if wire.body else range(1)
    pieces = [wire.body[start : start + size] for start in starts]
    last = len(pieces) - 1
    return [{"type": "http.request", "body": piece, "more_body": at < last} for at, piece in enumerate(pieces)]


class _Lifespan:
    """The start and the end of an app (ASGI specification, lifespan); apps without one are left alone."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._outbox: asyncio.Queue[Message] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self.state: dict[str, Any] = {}

    async def start(self) -> str:
        """Start the app; what went wrong, or an empty text."""
        scope = {"type": "lifespan", "asgi": dict(_VERSION), "state": self.state}
        self._task = asyncio.ensure_future(self._run(scope))
        await self._inbox.put({"type": "lifespan.startup"})
        message = await self._outbox.get()
        if message["type"] == "lifespan.startup.failed":
            lines = str(message.get("message", "")).strip().splitlines()
            return lines[-1] if lines else "its lifespan failed"
        return ""

    async def stop(self) -> None:
        """End the app, if it has a lifespan that still runs."""
        if self._task is None or self._task.done():
            return
        await self._inbox.put({"type": "lifespan.shutdown"})
        await asyncio.wait({self._task}, timeout=_LIFESPAN_SECONDS / 2)

    async def _run(self, scope: dict[str, Any]) -> None:
        began = False

        async def send(message: Message) -> None:
            nonlocal began
            began = True
            await self._outbox.put(message)

        try:
            await self._app(scope, self._inbox.get, send)
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - an app without lifespan raises whatever it likes
            if not began and isinstance(error, SystemExit):
                await self._outbox.put({"type": "lifespan.startup.failed", "message": describe_error(error)})
        if not began:
            await self._outbox.put({"type": "lifespan.unsupported"})


def describe_error(error: BaseException) -> str:
    """`ValueError: what it says`, on one line; the innermost of a group."""
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    return " ".join(f"{type(error).__module__}.{type(error).__qualname__}: {error}".split())[:500]
