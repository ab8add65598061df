"""One pipelined connection to Valkey or Redis on an event loop: no command waits for the reply to another."""

import asyncio
import ssl
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final

from vallum.stores.valkey.resp import BrokenReplyError, ReplyError, encode, open_reader

WAIT_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a server listens, and the words that let one in."""

    host: str = "localhost"
    port: int = 6379
    path: str = ""
    tls: bool = False
    greeting: tuple[tuple[bytes, ...], ...] = field(default=(), repr=False)


class Wire(asyncio.Protocol):
    """A connection: the first command of an idle one goes out at once, those that follow share a write.

    A server that is silent for `wait` seconds loses the connection, and every caller gets the error.
    """

    def __init__(self, wait: float) -> None:
        """Prepare a connection that is not made yet."""
        self._wait = wait
        self._loop = asyncio.get_running_loop()
        self._reader = open_reader()
        self._waiting: deque[asyncio.Future[Any]] = deque()
        self._held: list[bytes] = []
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._answered = 0
        self._seen = 0

    @property
    def is_open(self) -> bool:
        """Whether commands may be sent."""
        return self._transport is not None and not self._transport.is_closing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def ask(self, command: bytes) -> "asyncio.Future[Any]":
        """Send an encoded command; the future gets its reply, or `ReplyError`, or `ConnectionError`."""
        answer = self._loop.create_future()
        if self._transport is None or self._transport.is_closing():
            answer.set_exception(ConnectionError("the connection to the server is closed"))
            return answer
        if not self._waiting:
            self._transport.write(command)
        else:
            if not self._held:
                self._loop.call_soon(self._flush)
            self._held.append(command)
        self._waiting.append(answer)
        if self._timer is None:
            self._watch()
        return answer

    def data_received(self, data: bytes) -> None:
        """Called by asyncio."""
        try:
            self._reader.feed(data)
            while (reply := self._reader.gets()) is not False:
                self._answer(reply)
        except (BrokenReplyError, IndexError):
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio."""
        if self._timer is not None:
            self._timer.cancel()
        waiting, self._waiting = self._waiting, deque()
        self._held.clear()
        for answer in waiting:
            if not answer.done():
                error = ConnectionError("the connection to the server was lost")
                error.__cause__ = exc
                answer.set_exception(error)

    def abort(self) -> None:
        """Give the connection up at once."""
        if self._transport is not None:
            self._transport.abort()

    def _answer(self, reply: Any) -> None:
        answer = self._waiting.popleft()
        self._answered += 1
        if answer.done():  # whoever asked was cancelled meanwhile
            return
        if isinstance(reply, ReplyError):
            answer.set_exception(reply)
        else:
            answer.set_result(reply)

    def _flush(self) -> None:
        held, self._held = b"".join(self._held), []
        if held and self._transport is not None:
            self._transport.write(held)

    def _watch(self) -> None:
        """One timer for all: it looks now and then whether any reply came, so that no command pays for its own."""
        self._seen = self._answered
        self._timer = self._loop.call_later(self._wait, self._check)

    def _check(self) -> None:
        self._timer = None
        if not self._waiting:
            return
        if self._answered == self._seen:
            self.abort()
        else:
            self._watch()


async def connect(address: Address, wait: float = WAIT_SECONDS) -> Wire:
    """A connection that has said its greeting. Raises `OSError`, `TimeoutError`, `ConnectionError` or `ReplyError`."""
    loop = asyncio.get_running_loop()

    def build() -> Wire:
        return Wire(wait)

    async with asyncio.timeout(wait):
        if address.path:
            _, wire = await loop.create_unix_connection(build, address.path)
        else:
            tls = ssl.create_default_context() if address.tls else None
            _, wire = await loop.create_connection(build, address.host, address.port, ssl=tls)
        try:
            for words in address.greeting:
                await wire.ask(encode(*words))
        except BaseException:
            wire.abort()
            raise
    return wire
