"""What goes out for one request: the app's messages, or the guard's own answer in their place."""

from collections.abc import Awaitable, Generator
from typing import Final

from vallum.guard.asgi.gate import carry_out
from vallum.guard.asgi.types import Message, Send
from vallum.guard.core import Core
from vallum.guard.errors.failure import describe_error, unwrap_error
from vallum.guard.errors.public import PublicError
from vallum.guard.errors.refusal import FORBIDDEN, INTERNAL, Refusal, refusal_for
from vallum.guard.exchange import Exchange
from vallum.guard.http.limits import TOO_LARGE
from vallum.guard.logging.events import Level

KEEPS: Final = ("generic-errors",)

_REDIRECTS: Final = frozenset({301, 307, 308})
_BODYLESS: Final = frozenset({204, 304})
_TELLING: Final = frozenset({501, 502, 503, 504})
"""Server errors whose status an app may tell; the body is the guard's all the same."""
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
            return self._send(message)
        if message["type"] == _FORWARDED_AS_IS:
            return self._send(message)
        if exchange.answered:
            return _DONE
        if message["type"] != "http.response.start":
            return self._send_late(message)
        status = message["status"]
        if status >= 500 or exchange.writes or exchange.too_large or not exchange.judged or exchange.refusal:
            return self._begin_slowly(message, status)
        return self._begin(message, status)

    def _begin(self, message: Message, status: int) -> Awaitable[None]:
        exchange = self._exchange
        head = self._core.head(exchange, message.get("headers", ()))
        start = {**message, "headers": head}
        if status in _BODYLESS:
            return self._end(start)
        if not exchange.typed and exchange.method != "HEAD":
            self._start = start
            return _DONE
        exchange.begun = True
        return self._send(start)

    async def _begin_slowly(self, message: Message, status: int) -> None:
        exchange = self._exchange
        refusal = self._judge_start(message, status)
        if refusal is not None:
            await self.refuse(refusal)
        elif status >= 500:
            # Held back until the app returns or raises: `finish` and `fail` answer it.
            self._held = status
        else:
            failed = await carry_out(self._core, exchange)
            if failed is not None:
                await self.refuse(failed)
            else:
                await self._begin(message, status)

    def _judge_start(self, message: Message, status: int) -> Refusal | None:
        """The answer to put in place of the app's, if any."""
        exchange = self._exchange
        if exchange.too_large:
            return TOO_LARGE
        if exchange.refusal is not None or exchange.judged or status >= 500:
            return exchange.refusal
        if status in _REDIRECTS:
            kept = [pair for pair in message.get("headers", ()) if pair[0].lower() == b"location"]
            return Refusal(status, "redirect", headers=kept)
        if status >= 400:
            kept = [pair for pair in message.get("headers", ()) if pair[0].lower() in {b"allow", b"retry-after"}]
            return Refusal(status, refusal_for(status).code, headers=kept) if kept else refusal_for(status)
        self._core.report(exchange, "response-sealed", Level.ERROR, status=str(status))
        return FORBIDDEN

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
        """These statuses have no body (RFC 9110, 15.3.5): what the app sends after it would begin the next answer."""
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
        refusal = TOO_LARGE if exchange.too_large else exchange.refusal
        if refusal is None:
            self._core.report(exchange, "server-error", Level.ERROR, status=str(self._held))
            refusal = refusal_for(self._held) if self._held in _TELLING else INTERNAL
        await self.refuse(refusal)

    async def fail(self, error: Exception) -> None:
        """The app has raised: answer in general terms, tell the log everything."""
        exchange = self._exchange
        error = unwrap_error(error)
        if exchange.answered:
            if not isinstance(error, PublicError):
                self._core.report(exchange, "unhandled-exception", Level.ERROR, **describe_error(error))
        elif not exchange.begun and (exchange.too_large or exchange.refusal is not None):
            await self.finish()
        elif isinstance(error, PublicError) and not exchange.begun:
            self._core.report(exchange, error.event, error.level, cause=error.cause)
            await self.refuse(error.refusal)
        else:
            name = "background-task-failed" if exchange.complete else "unhandled-exception"
            self._core.report(exchange, name, Level.ERROR, **describe_error(error))
            if not exchange.begun:
                await self.refuse(INTERNAL)
            elif not exchange.complete:
                raise error  # the server cuts the connection, so that nobody takes half an answer for a whole
