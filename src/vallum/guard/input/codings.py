"""Measures what a compressed body unpacks to, while it streams by and never beyond a limit (CWE-409)."""

import zlib
from typing import Final

_GZIP, _ZLIB, _RAW = 31, 15, -15
_STEP: Final = 65_536
_KNOWN: Final = {b"gzip": _GZIP, b"x-gzip": _GZIP, b"deflate": _ZLIB}
_HEAD_OF_ZLIB: Final = 0x78


class UnreadableBodyError(Exception):
    """The body is not what its Content-Encoding says."""


class Inflater:
    """The plain bytes of a gzip or deflate stream, at most `limit` of them and no more memory than one step of 64 KiB.

    The parts that `feed` yields end early where the stream has grown beyond the limit: `exceeded` tells.
    """

    def __init__(self, coding: bytes) -> None:
        """Begin a stream of the coding, one that `is_known`."""
        self._window = _KNOWN[coding]
        self._stream = None if self._window == _ZLIB else zlib.decompressobj(self._window)

    def unpack(self, part: bytes, room: int) -> bytes:
        """The plain bytes of `part`, at most `room` + 1 of them. Raises `UnreadableBodyError`."""
        plain = bytearray()
        if self._stream is None and part:
            self._stream = zlib.decompressobj(_ZLIB if part[0] & 0x0F == _HEAD_OF_ZLIB & 0x0F else _RAW)
        while part and self._stream is not None and len(plain) <= room:
            try:
                plain += self._stream.decompress(part, min(_STEP, room + 1 - len(plain)))
            except zlib.error as error:
                raise UnreadableBodyError from error
            part = self._stream.unconsumed_tail
            if self._stream.eof:
                part = self._stream.unused_data
                if self._window != _GZIP:
                    return bytes(plain)  # what follows a deflate stream is nobody's
                self._stream = zlib.decompressobj(_GZIP)  # gzip files may follow one another (RFC 1952, section 2.2)
                part = part.lstrip(b"\0")
        return bytes(plain)


def is_known(coding: bytes) -> bool:
    """Tell whether a body of this Content-Encoding, in lower case, can be measured."""
    return coding in _KNOWN
