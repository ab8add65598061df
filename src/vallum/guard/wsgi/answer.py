"""What goes out for one request under WSGI: the app's answer, or the guard's own in its place."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, Final

from vallum.base.errors import VallumError
from vallum.guard.core import Core
from vallum.guard.errors.refusal import INTERNAL, Refusal, phrase_of
from vallum.guard.exchange import Exchange
from vallum.guard.logging.events import Level
from vallum.guard.response import spell_head
from vallum.guard.verdict import BODYLESS, carry_out, decide, explain, report_failure
from vallum.guard.wsgi.types import StartResponse, Write

KEEPS: Final = ("generic-errors",)

Pair = tuple[bytes, bytes]


class Answer:
    """Holds the app's `start_response` back until it is known what goes out."""

    __slots__ = ("_code", "_core", "_exchange", "_given", "_start", "_status", "_write")

    def __init__(self, core: Core, exchange: Exchange, start: StartResponse) -> None:
        """Nothing has gone out yet."""
        self._core = core
        self._exchange = exchange
        self._start = start
        self._status = ""
        self._code = 0
        self._given: list[Pair] = []
        self._write: Write | None = None

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Write:
        """Take the head from the app, in the place of the server's `start_response`."""
        if self._exchange.begun and exc_info is not None:
            raise exc_info[1]
        self._code = self._exchange.status = int(status[:3])
        self._status = status
        self._given = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        return self._push

    def deliver(self, parts: Iterable[bytes]) -> "Iterable[bytes] | Parts":
        """The app has returned its body: send the head, and hand the server the body that goes with it."""
        body, exchange = parts, self._exchange
        if not self._status:  # a generator calls `start_response` with its first part
            iterator = iter(parts)
            body = chain((next(iterator, b""),), iterator)
        if not exchange.begun:  # else the app has used `write`
            refusal = self._decide()
            if refusal is None and not exchange.typed and self._code not in BODYLESS and exchange.method != "HEAD":
                refusal, body = self._check_silent(body)
            if refusal is not None:
                close(parts)
                return self.refuse(refusal)
            self._begin()
        if self._code in BODYLESS:
            close(parts)
            return []
        return body if type(parts) is list else Parts(self, parts, body)

    def refuse(self, refusal: Refusal, exc_info: Any = None) -> list[bytes]:
        """Send the guard's own answer. With `exc_info` the server raises that if it has sent something already."""
        exchange = self._exchange
        if refusal.status >= 400:
            exchange.forget()
        exchange.status = refusal.status
        head, body = self._core.answer(exchange, refusal)
        status = f"{refusal.status} {phrase_of(refusal.status)}"
        self._start(status, list(spell_head(head)), *(() if exc_info is None else (exc_info,)))
        exchange.answered = True
        return [body] if body else []

    def fail(self, error: BaseException) -> list[bytes]:
        """The app has raised before it returned a body."""
        if self._exchange.begun:
            return self.break_off(error)
        self._exchange.failure = error
        return self.refuse(explain(self._core, self._exchange, self._code))

    def finish(self) -> None:
        """The body has been read to its end."""
        self._exchange.complete = True

    def break_off(self, error: BaseException) -> list[bytes]:
        """The body has failed: an error page if the server has sent nothing yet, else it cuts the connection."""
        report_failure(self._core, self._exchange, error)
        return self.refuse(INTERNAL, (type(error), error, error.__traceback__))

    def clean_up(self, parts: Iterable[bytes]) -> None:
        """The server is done with the body."""
        try:
            close(parts)
        except Exception as error:  # noqa: BLE001 - the answer is out; what runs after it goes to the log
            report_failure(self._core, self._exchange, error)

    def _decide(self) -> Refusal | None:
        """The answer to put in place of the app's; None when its head is ready to be sent."""
        core, exchange = self._core, self._exchange
        refusal = decide(core, exchange, self._code, self._given)
        if refusal is None and exchange.writes:
            refusal = carry_out(core, exchange)
        if refusal is None:
            self._given = core.head(exchange, self._given)
        return refusal

    def _begin(self) -> None:
        self._exchange.begun = True
        self._write = self._start(self._status, list(spell_head(self._given)))

    def _check_silent(self, body: Iterable[bytes]) -> tuple[Refusal | None, Iterable[bytes]]:
        """A body needs a content type, else browsers would guess one."""
        if not any(body):
            return None, []
        self._core.report(self._exchange, "content-type-missing", Level.ERROR)
        return INTERNAL, []

    def _push(self, part: bytes) -> None:
        """The old way to send a body, which `start_response` returns (PEP 3333)."""
        exchange = self._exchange
        if self._write is None:
            refusal = self._decide()
            if refusal is not None or not exchange.typed:
                exchange.refusal = refusal or INTERNAL
                raise VallumError(
                    f"this answer ({self._status}) cannot be sent by write().",
                    hint="Return the body from the app.",
                    code="write-refused",
                )
            self._begin()
        if self._write is not None:
            self._write(part)


class Parts:
    """A body that is made while it is sent: its failure is caught, and the server's `close` ends the request."""

    __slots__ = ("_answer", "_body", "_iterator", "_leave", "_parts")

    def __init__(self, answer: Answer, parts: Iterable[bytes], body: Iterable[bytes]) -> None:
        """`parts` is what the app returned, to be closed; `body` is what to send of it."""
        self._answer = answer
        self._parts = parts
        self._body = body
        self._iterator: Iterator[bytes] | None = None
        self._leave: Any = None

    def until_closed(self, leave: Any) -> "Parts":
        """Call `leave` when the server is done."""
        self._leave = leave
        return self

    def __iter__(self) -> Iterator[bytes]:
        """Itself."""
        return self

    def __next__(self) -> bytes:
        """The next part."""
        try:
            if self._iterator is None:
                self._iterator = iter(self._body)
            return next(self._iterator)
        except StopIteration:
            self._answer.finish()
            raise
        except Exception as error:  # noqa: BLE001 - the last resort: whatever it was, the user learns nothing of it
            self._iterator = iter(self._answer.break_off(error))
            return next(self._iterator, b"")

    def close(self) -> None:
        """Called by the server in any case (PEP 3333)."""
        self._answer.clean_up(self._parts)
        if self._leave is not None:
            self._leave()


def close(parts: Iterable[bytes]) -> None:
    """Close what the app returned, if it asks for it."""
    closer = getattr(parts, "close", None)
    if closer is not None:
        closer()
