"""Counts the depth and the values of a JSON text while it streams by, without keeping or parsing it (CWE-674)."""

import re
from typing import Final

_STRING: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(")?', re.DOTALL)
_ESCAPE: Final = re.compile(rb"\\.", re.DOTALL)
_QUOTE, _BACKSLASH = b'"', b"\\"
_OPENING: Final = frozenset(b"[{")
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))


class JsonMeter:
    """Whether a JSON text stays within `depth` nested containers, `values` values and `field` bytes in each string.

    An empty container counts for two values. A NUL byte exceeds everything: no UTF-8 text of JSON holds one (RFC 8259,
    section 8.1), and in UTF-16, which `json.loads` reads too, strings would end elsewhere.
    """

    __slots__ = ("_depth", "_field", "_in_string", "_level", "_pending", "_string", "_values", "_values_left")

    def __init__(self, *, depth: int, values: int, field: int) -> None:
        """Nothing is read yet."""
        self._depth = depth
        self._values = values
        self._field = field
        self._level = 0
        self._values_left = values - 1
        self._in_string = False
        self._pending = False
        self._string = 0  # bytes so far of the one that is open

    def feed(self, part: bytes) -> bool:
        """Take the next bytes; False once a limit is exceeded."""
        if not part:
            return True
        before, resumed = self._string, self._resume()
        text = resumed + part
        if b"\0" in part or not self._fits(text, before):
            return False
        bare, strings = _STRING.subn(rb"\1", text)
        self._in_string = strings > bare.count(_QUOTE)
        self._pending = self._in_string and bare.endswith(_BACKSLASH)
        self._string = 0
        if self._in_string:
            start = _ESCAPE.sub(b"xx", text).rfind(_QUOTE)
            self._string = len(text) - 1 - start - self._pending + (before if resumed and start == 0 else 0)
        return self._count(bare)

    def _resume(self) -> bytes:
        """What makes the rest of a string look like one."""
        if not self._in_string:
            return b""
        return _QUOTE + _BACKSLASH if self._pending else _QUOTE

    def _fits(self, text: bytes, before: int) -> bool:
        """Judge the longest string; only a text that could hold one that is too long is looked through."""
        if before + len(text) <= self._field:
            return True
        for number, match in enumerate(_STRING.finditer(text)):
            size = len(match[0]) - (2 if match[1] else 1) + (before if number == 0 else 0)
            if size > self._field:
                return False
        return True

    def _count(self, bare: bytes) -> bool:
        brackets = bare.translate(None, _NO_BRACKETS)
        opening = brackets.count(b"[") + brackets.count(b"{")
        self._values_left -= opening + bare.count(b",")
        if self._values_left < 0 or len(brackets) > 2 * self._values + 2:
            return False
        level, deepest = self._level, self._depth
        if level + opening <= deepest:
            self._level = max(level + 2 * opening - len(brackets), 0)
            return True
        for bracket in brackets:
            level += 1 if bracket in _OPENING else -1
            if level > deepest:
                return False
        self._level = max(level, 0)
        return True
