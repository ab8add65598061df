"""WebSockets: judged before they are accepted, refused with a real answer where the server can send one."""

from typing import Final

from vallum.guard.asgi.gate import write_sessions
from vallum.guard.asgi.types import Message, Scope, Send
from vallum.guard.core import Core
from vallum.guard.errors.failure import describe_error, unwrap_error
from vallum.guard.errors.public import PublicError
from vallum.guard.errors.refusal import FORBIDDEN, INTERNAL, Refusal, refusal_for
from vallum.guard.exchange import Exchange
from vallum.guard.logging.events import Level
from vallum.guard.verdict import report_failure

_DENIAL: Final = "websocket.http.response"
_CLOSE: Final = "websocket.close"
_POLICY_VIOLATION: Final = 1008
_INTERNAL_ERROR: Final = 1011


class Handshake:
    """What goes out for one WebSocket."""

    __slots__ = ("_can_deny", "_core", "_exchange", "_send")

    def __init__(self, core: Core, exchange: Exchange, scope: Scope, send: Send) -> None:
        """Nothing has gone out yet."""
        self._core = core
        self._exchange = exchange
        self._send = send
        self._can_deny = _DENIAL in (scope.get("extensions") or {})

    async def send(self, message: Message) -> None:
        """Take a message from the app: nothing but an accept of a judged request opens the connection."""
        exchange = self._exchange
        kind = message["type"]
        if exchange.answered:
            return
        if exchange.begun:
            await self._pass_on(message)
        elif kind == "websocket.accept":
            await self._accept(message)
        elif kind == f"{_DENIAL}.start" and exchange.judged and exchange.refusal is None:
            await self.refuse(refusal_for(max(message["status"], 400)))
        elif exchange.failure is not None:
            await self.fail(exchange.failure)
        else:
            await self.refuse(exchange.refusal or FORBIDDEN)

    async def _pass_on(self, message: Message) -> None:
        """A message of an open socket; of what failed, frameworks tell the text as the reason or as an HTTP answer."""
        exchange = self._exchange
        if exchange.complete:
            return
        exchange.complete = message["type"] != "websocket.send"
        failed = exchange.failure is not None or exchange.refusal is not None
        if exchange.complete and (failed or message["type"] != _CLOSE):
            code = _POLICY_VIOLATION if exchange.failure is None else _INTERNAL_ERROR  # RFC 6455, section 7.4.1
            message = {"type": _CLOSE, "code": code}
        await self._send(message)

    async def _accept(self, message: Message) -> None:
        exchange = self._exchange
        if not exchange.judged:
            self._core.report(exchange, "response-sealed", Level.ERROR)
            await self.refuse(FORBIDDEN)
            return
        if exchange.writes and (failed := await write_sessions(self._core, exchange)) is not None:
            await self.refuse(failed)
            return
        head = self._core.head(exchange, message.get("headers", ()))
        exchange.begun = True
        exchange.status = 101
        await self._send({**message, "headers": head})

    async def refuse(self, refusal: Refusal) -> None:
        """Deny the handshake."""
        exchange = self._exchange
        exchange.forget()
        exchange.status = refusal.status
        head, body = self._core.answer(exchange, refusal)
        exchange.answered = True
        if not self._can_deny:
            await self._send({"type": "websocket.close", "code": _POLICY_VIOLATION})
            return
        await self._send({"type": f"{_DENIAL}.start", "status": refusal.status, "headers": head})
        await self._send({"type": f"{_DENIAL}.body", "body": body})

    async def finish(self) -> None:
        """The app has returned: without an answer, the handshake is denied."""
        if self._exchange.begun and self._exchange.failure is not None:  # its framework has closed the socket
            report_failure(self._core, self._exchange, self._exchange.failure)
        if not (self._exchange.begun or self._exchange.answered):
            await self.refuse(self._exchange.refusal or FORBIDDEN)

    async def fail(self, error: BaseException) -> None:
        """The app has raised: close without telling why."""
        exchange = self._exchange
        error = unwrap_error(error)
        if isinstance(error, PublicError) and not exchange.begun:
            self._core.report(exchange, error.event, error.level, **error.detail)
        else:
            self._core.report(exchange, "unhandled-exception", Level.ERROR, **describe_error(error))
        if exchange.begun and not exchange.complete:
            await self._send({"type": "websocket.close", "code": _INTERNAL_ERROR})
        elif not exchange.begun and not exchange.answered:
            await self.refuse(error.refusal if isinstance(error, PublicError) else INTERNAL)
