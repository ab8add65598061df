"""The request body under WSGI: judged while the app reads it, played again after the CSRF token was found."""

import io
from collections.abc import Callable
from time import monotonic
from typing import Any, Final

from vallum.guard.core import Core
from vallum.guard.errors.public import PublicError
from vallum.guard.errors.refusal import Refusal
from vallum.guard.exchange import LENGTH, TYPE, Exchange
from vallum.guard.http.limits import TOO_LARGE
from vallum.guard.sessions.form_token import FIRST_BYTES, find_token
from vallum.guard.wsgi.types import Environ

_INPUT: Final = "wsgi.input"
_PART: Final = 65_536
Watch = Callable[[bytes], bool]


class BodySpoiledError(PublicError):
    """The body exceeds a limit: nothing may be done with its beginning. `exchange.spoiled` is the answer."""

    refusal = TOO_LARGE


class Body(io.RawIOBase):
    """What `first` holds and then what `stream` gives, `left` bytes of it at most; `watch` judges it on its way.

    Wrapped by `open_body` it has the whole interface of a file, since frameworks take `readline` and more from it.
    """

    def __init__(self, stream: Any, *, first: bytes = b"", left: int | None = None, watch: Watch | None = None) -> None:
        """Nothing is read yet; what `first` holds has been judged."""
        super().__init__()
        self._stream = stream
        self._first = memoryview(first)
        self._left = left
        self._watch = watch

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` as far as one read goes. Raises `BodySpoiledError`."""
        size = len(buffer)
        if self._first:
            part, self._first = self._first[:size], self._first[size:]
        else:
            part = memoryview(self.take(size))
        buffer[: len(part)] = part
        return len(part)

    def take(self, size: int) -> bytes:
        """Read once, and judge what came. Raises `BodySpoiledError`."""
        if self._left is not None:
            size = min(size, self._left)
        part: bytes = self._stream.read(size) if size else b""
        if self._left is not None:
            self._left -= len(part)
        if self._watch is not None and not self._watch(part):
            raise BodySpoiledError
        return part


def open_body(body: Body) -> io.BufferedReader:
    """The body as a file."""
    return io.BufferedReader(body, _PART)


def watch_body(exchange: Exchange, environ: Environ) -> None:
    """Let the app read the body through the limits; once over one, the answer is the refusal whatever the app sends."""
    announced = exchange.found[LENGTH]
    left = None if announced is None else int(announced)
    environ[_INPUT] = open_body(Body(environ[_INPUT], left=left, watch=judge_parts(exchange)))


def judge_parts(exchange: Exchange) -> Watch:
    """A function that takes each part of the body, and tells by False that it is spoiled."""
    watch = None

    def judge(part: bytes) -> bool:
        nonlocal watch
        if exchange.spoiled is None and part:
            if watch is None:
                from vallum.guard.input.body_watch import BodyWatch  # noqa: PLC0415 - with the first body

                watch = BodyWatch(exchange, exchange.core.policy.limits, monotonic())
            watch.feed(part, monotonic())
        return exchange.spoiled is None

    return judge


def prove_form(core: Core, exchange: Exchange, environ: Environ) -> Refusal | None:
    """Find the CSRF token in a form that owes one, and leave the app an input that plays the read part again."""
    if not exchange.owes_token:
        return None
    announced = exchange.found[LENGTH]
    if announced is None and not environ.get("wsgi.input_terminated"):
        return core.prove(exchange, None)  # without a length there is no body (PEP 3333), and a read might never return
    length = None if announced is None else int(announced)
    stream = environ[_INPUT]
    try:
        token, first = search_form(stream.read, exchange.found[TYPE] or b"", length)
    except BodySpoiledError:
        return exchange.spoiled
    environ[_INPUT] = open_body(Body(stream, first=first, left=None if length is None else length - len(first)))
    return core.prove(exchange, token)


def search_form(read: Callable[[int], bytes], kind: bytes, length: int | None) -> tuple[bytes | None, bytes]:
    """Read a form of the content type `kind` as far as needed; returns the token and what was read."""
    body, token, whole = b"", None, False
    is_multipart = kind.lower().startswith(b"multipart")
    while token is None and not whole and not (is_multipart and len(body) > FIRST_BYTES):
        part = read(_PART if length is None else min(_PART, length - len(body)))
        body += part
        whole = not part or len(body) == length
        token = find_token(kind, body, whole=whole)
    return token, body
