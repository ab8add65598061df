"""The protocol of Valkey and Redis on the wire: RESP2, by the package hiredis if it is there, else by a small parser.

Source: https://valkey.io/topics/protocol/.
"""

from importlib import import_module
from typing import Any, Final, Protocol

LONGEST_REPLY: Final = 16 * 2**20
"""Bytes; more is no session of ours, and the connection is given up."""
_CRLF: Final = b"\r\n"
_NOTHING: Final[tuple[Any, int]] = (None, -1)
"""The reply is not whole yet."""


class ReplyError(Exception):
    """What the server answered instead of a value."""


class BrokenReplyError(Exception):
    """Bytes that are no RESP2; the connection cannot be trusted any more."""


class Reader(Protocol):
    """Takes bytes as they come and gives replies: False when none is whole, error replies as values."""

    def feed(self, data: bytes) -> object:
        """Take the next bytes."""

    def gets(self) -> Any:
        """The next reply."""


class PlainReader:
    """A `Reader` in Python."""

    def __init__(self) -> None:
        """Start with no bytes."""
        self._buffer = b""
        self._at = 0

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        self._buffer = self._buffer[self._at :] + data if self._at < len(self._buffer) else data
        self._at = 0
        if len(self._buffer) > LONGEST_REPLY:
            raise BrokenReplyError("a reply is too long")

    def gets(self) -> Any:
        """The next reply; False when none is whole. Raises `BrokenReplyError`."""
        value, end = self._parse(self._at)
        if end < 0:
            return False
        self._at = end
        return value

    def _parse(self, at: int) -> tuple[Any, int]:
        buffer = self._buffer
        stop = buffer.find(_CRLF, at)
        if stop < 0:
            return _NOTHING
        kind, line, at = buffer[at : at + 1], buffer[at + 1 : stop], stop + 2
        if kind == b"$":
            size = _number(line)
            if size < 0:
                return None, at
            end = at + size
            return (buffer[at:end], end + 2) if len(buffer) >= end + 2 else _NOTHING
        if kind == b":":
            return _number(line), at
        if kind == b"+":
            return line, at
        if kind == b"-":
            return ReplyError(line.decode("utf-8", "replace")), at
        if kind == b"*":
            return self._parse_array(_number(line), at)
        raise BrokenReplyError("a reply begins with no sign of RESP2")

    def _parse_array(self, size: int, at: int) -> tuple[Any, int]:
        if size < 0:
            return None, at
        values = []
        for _ in range(size):
            value, at = self._parse(at)
            if at < 0:
                return _NOTHING
            values.append(value)
        return values, at


def open_reader() -> Reader:
    """The fastest reader that is installed."""
    try:
        hiredis = import_module("hiredis")
    except ImportError:
        return PlainReader()
    reader: Reader = hiredis.Reader(protocolError=BrokenReplyError, replyError=ReplyError)
    return reader


def encode(*words: bytes) -> bytes:
    """A command as an array of bulk strings."""
    parts = [b"*%d\r\n" % len(words)]
    parts += [b"$%d\r\n%b\r\n" % (len(word), word) for word in words]
    return b"".join(parts)


def _number(line: bytes) -> int:
    try:
        return int(line)
    except ValueError:
        raise BrokenReplyError("a length in a reply is no number") from None
