"""The request body under WSGI: counted where no length announces it, played again after the CSRF token was found."""

import io
from collections.abc import Callable
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


class BodyTooLargeError(PublicError):
    """A body without a length has grown beyond the limit: nothing may be done with its beginning (413)."""

    refusal = TOO_LARGE


class Body(io.RawIOBase):
    """What `first` holds and then what `stream` gives, `left` bytes of it at most; counted for `counted`.

    Wrapped by `open_body` it has the whole interface of a file, since frameworks take `readline` and more from it.
    """

    def __init__(self, stream: Any, *, first: bytes = b"", left: int | None = None, counted: Exchange | None) -> None:
        """Nothing is read yet."""
        super().__init__()
        self._stream = stream
        self._first = memoryview(first)
        self._left = left
        self._counted = counted
        self._seen = 0

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` as far as one read goes. Raises `BodyTooLargeError`."""
        size = len(buffer)
        if self._first:
            part, self._first = self._first[:size], self._first[size:]
        else:
            part = self._read(size)
        buffer[: len(part)] = part
        return len(part)

    def _read(self, size: int) -> memoryview:
        if self._left is not None:
            size = min(size, self._left)
        exchange = self._counted
        if exchange is not None and exchange.too_large:
            raise BodyTooLargeError
        part: bytes = self._stream.read(size) if size else b""
        if self._left is not None:
            self._left -= len(part)
        self._seen += len(part)
        if exchange is not None and self._seen > exchange.body_limit:
            exchange.too_large = True
            raise BodyTooLargeError
        return memoryview(part)


def open_body(body: Body) -> io.BufferedReader:
    """The body as a file."""
    return io.BufferedReader(body, _PART)


def count_body(exchange: Exchange, environ: Environ) -> None:
    """Count a body that came without a length; once over the limit, the answer is 413 whatever the app sends."""
    environ[_INPUT] = open_body(Body(environ[_INPUT], counted=exchange))


def prove_form(core: Core, exchange: Exchange, environ: Environ) -> Refusal | None:
    """Find the CSRF token in a form that owes one, and leave the app an input that plays the read part again."""
    if not exchange.owes_token:
        return None
    announced = exchange.found[LENGTH]
    if announced is None and not environ.get("wsgi.input_terminated"):
        return core.prove(exchange, None)  # without a length there is no body (PEP 3333), and a read might never return
    length = None if announced is None else int(announced)
    stream = environ[_INPUT]
    token, first = search_form(stream.read, exchange.found[TYPE] or b"", length)
    left = None if length is None else length - len(first)
    environ[_INPUT] = open_body(Body(stream, first=first, left=left, counted=None))
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
