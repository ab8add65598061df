"""What goes out for one request: the app's messages, or the guard's own answer in their place."""

from collections.abc import Awaitable, Generator
from typing import Final

from vallum.guard.asgi.gate import write_sessions
from vallum.guard.asgi.types import Message, Send
from vallum.guard.core import Core
from vallum.guard.errors.failure import unwrap_error
from vallum.guard.errors.public import PublicError
from vallum.guard.errors.refusal import INTERNAL, Refusal
from vallum.guard.errors.validation import ValidationFailedError
from vallum.guard.exchange import Exchange
from vallum.guard.logging.events import Level
from vallum.guard.verdict import BODYLESS, explain, report_failure, seal

KEEPS: Final = ("generic-errors",)

_FORWARDED_AS_IS: Final = "http.response.debug"


class Done:
    """An awaitable that is done already, for messages that are dropped."""

    def __await__(self) -> Generator[None, None, None]:
        """Finish at once."""
        return
        yield


_DONE: Final = Done()


class Answer:
    """What goes out for one request: the app's messages, or the guard's own answer in their place."""

    __slots__ = ("_core", "_exchange", "_held", "_send", "_start")

    def __init__(self, core: Core, exchange: Exchange, send: Send) -> None:
        """Nothing has gone out yet."""
        self._core = core
        self._exchange = exchange
        self._send = send
        self._start: Message | None = None
        self._held = 0

    def send(self, message: Message) -> Awaitable[None]:
        """Take a message from the app. The plain case costs no coroutine of our own."""
        exchange = self._exchange
        if exchange.begun:
            if not message.get("more_body"):
                exchange.complete = True
                exchange.ended = self._core.tick()
            return self._send(message)
        if message["type"] == _FORWARDED_AS_IS:
            return self._send(message)
        if exchange.answered:
            return _DONE
        if message["type"] != "http.response.start":
            return self._send_late(message)
        status = message["status"]
        if status < 500 and exchange.judged and not (exchange.writes or exchange.refusal or exchange.spoiled):
            return self._begin(message, status)
        return self._begin_slowly(message, status)

    def _begin(self, message: Message, status: int) -> Awaitable[None]:
        exchange = self._exchange
        exchange.status = status
        head = self._core.head(exchange, message.get("headers", ()))
        start = {**message, "headers": head}
        if status in BODYLESS:
            return self._end(start)
        if not exchange.typed and exchange.method != "HEAD":
            self._start = start
            return _DONE
        exchange.begun = True
        return self._send(start)

    async def _begin_slowly(self, message: Message, status: int) -> None:
        exchange = self._exchange
        refusal = seal(self._core, exchange, status, message.get("headers", ()))
        if refusal is not None:
            await self.refuse(refusal)
        elif status >= 500:
            # Held back until the app returns or raises: `finish` and `fail` answer it.
            self._held = status
        else:
            failed = await write_sessions(self._core, exchange)
            if failed is not None:
                await self.refuse(failed)
            else:
                await self._begin(message, status)

    async def _send_late(self, message: Message) -> None:
        """A body part while the head is held: a body needs a content type, else browsers would guess one."""
        start = self._start
        if start is None:
            return
        if message.get("body") or message.get("more_body") or message["type"] != "http.response.body":
            self._start = None
            self._core.report(self._exchange, "content-type-missing", Level.ERROR)
            await self.refuse(INTERNAL)
            return
        await self._release(start, message)

    async def _end(self, start: Message) -> None:
        """The head is all: what the app sends after it is dropped."""
        self._exchange.answered = self._exchange.complete = True
        await self._send(start)
        await self._send({"type": "http.response.body", "body": b""})

    async def _release(self, start: Message, message: Message) -> None:
        self._exchange.begun = self._exchange.complete = True
        await self._send(start)
        await self._send(message)

    async def refuse(self, refusal: Refusal) -> None:
        """Send the guard's own answer; whatever the app sends after it is dropped."""
        exchange = self._exchange
        if refusal.status >= 400:
            exchange.forget()
        exchange.status = refusal.status
        head, body = self._core.answer(exchange, refusal)
        exchange.answered = True
        await self._send({"type": "http.response.start", "status": refusal.status, "headers": head})
        await self._send({"type": "http.response.body", "body": body})

    async def finish(self) -> None:
        """The app has returned."""
        exchange = self._exchange
        if exchange.begun or exchange.answered:
            return
        if self._start is not None:
            await self._release(self._start, {"type": "http.response.body", "body": b""})
            return
        await self.refuse(explain(self._core, exchange, self._held))

    async def fail(self, error: BaseException) -> None:
        """The app has raised: answer in general terms, tell the log everything."""
        exchange = self._exchange
        if exchange.answered:
            if not isinstance(unwrap_error(error), PublicError):
                report_failure(self._core, exchange, error)
        elif exchange.begun:
            report_failure(self._core, exchange, error)
            if not exchange.complete:
                # The server cuts the connection: half an answer must not pass for a whole.
                told = unwrap_error(error)
                if isinstance(told, ValidationFailedError):
                    raise told from None  # the server would log the values
                raise told
        else:
            exchange.failure = error
            await self.refuse(explain(self._core, exchange, self._held))
