"""Counts the fields and the parts of a form while it streams by, without keeping or parsing it (CVE-2023-25577)."""

import re
from typing import Final

_NAME: Final = re.compile(rb";\s*boundary([^=;]*)=", re.IGNORECASE)
_BOUNDARY: Final = re.compile(
    rb"""\s*(?:"([0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-])"|([0-9A-Za-z'+_.-]{1,70}))\s*(?:;.*)?""",
    re.DOTALL,
)
_LONGEST_HEAD: Final = 8192
_FILE: Final = re.compile(rb"filename", re.IGNORECASE)


class PairsMeter:
    """Whether an application/x-www-form-urlencoded body stays within `fields` fields of `field` bytes each."""

    __slots__ = ("_field", "_fields_left", "_size")

    def __init__(self, *, fields: int, field: int) -> None:
        """Nothing is read yet."""
        self._fields_left = fields - 1
        self._field = field
        self._size = 0

    def feed(self, part: bytes) -> bool:
        """Take the next bytes; False once a limit is exceeded."""
        first, *rest = part.split(b"&", self._fields_left + 1)
        self._fields_left -= len(rest)
        if self._fields_left < 0:
            return False
        for size in (self._size + len(first), *map(len, rest)):
            if size > self._field:
                return False
            self._size = size
        return True


class PartsMeter:
    """Whether a multipart body stays within `fields` parts, 8 KiB of head and, files aside, `field` bytes each."""

    __slots__ = ("_delimiter", "_field", "_head", "_is_file", "_left", "_size", "_tail")

    def __init__(self, boundary: bytes, *, fields: int, field: int) -> None:
        """Nothing is read yet."""
        self._delimiter = b"--" + boundary
        self._left = fields + 1  # the last delimiter begins no part
        self._field = field
        self._tail = b""
        self._head: bytes | None = None  # in a preamble, which has no head
        self._is_file = True
        self._size = 0

    def feed(self, part: bytes) -> bool:
        """Take the next bytes; False once a limit is exceeded."""
        text = self._tail + part
        first, *rest = text.split(self._delimiter)
        self._left -= len(rest)
        if self._left < 0:
            return False
        last = rest[-1] if rest else first
        kept = min(len(last), len(self._delimiter) - 1)  # a delimiter may begin in it
        self._tail = last[len(last) - kept :]
        pieces = [first, *rest]
        pieces[-1] = last[: len(last) - kept]
        if not self._take(pieces[0]):
            return False
        return all(self._begin() and self._take(piece) for piece in pieces[1:])

    def _begin(self) -> bool:
        self._head, self._is_file, self._size = b"", False, 0
        return True

    def _take(self, piece: bytes) -> bool:
        if self._head is not None:
            head, end, piece = (self._head + piece).partition(b"\r\n\r\n")
            if len(head) > _LONGEST_HEAD:
                return False
            self._head = None if end else head
            self._is_file = bool(end) and _FILE.search(head) is not None
        self._size += len(piece)
        return self._is_file or self._size <= self._field


def find_boundary(content_type: bytes) -> bytes | None:
    """The boundary of a multipart type; None where there is none, or programs could read different ones."""
    named = list(_NAME.finditer(content_type))
    if len(named) != 1 or named[0][1].strip():
        return None
    match = _BOUNDARY.fullmatch(content_type, named[0].end())
    return None if match is None else match[1] or match[2]
