"""One file as text."""

import codecs
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from vallum.base.errors import VallumError
from vallum.check.read.kinds import kind_of

_COOKIE: Final = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_BLANK: Final = re.compile(rb"^[ \t\f]*(?:#|$)")


class UnreadableError(VallumError):
    """A file whose bytes are not text, or not the text that its kind asks for."""

    code = "unreadable"

    def __init__(self, message: str, line: int = 1) -> None:
        """Keep the reason and the line on which reading ended."""
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, kw_only=True)
class Source:
    """A file of the project."""

    path: str
    """Relative to the root, with slashes."""
    text: str = field(repr=False)
    kind: str
    """`python`, `requirements`, `dockerfile`, `toml`, ...: see `read.kinds`."""

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The lines without their ends; line 1 is `lines[0]`."""
        return tuple(line.rstrip("\r") for line in self.text.split("\n"))

    def line(self, number: int) -> str:
        """The line with this number, counted from 1; empty beyond the end."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""


def decode_source(path: str, data: bytes) -> Source:
    """The file's text, by byte-order mark, by encoding cookie (PEP 263), else UTF-8. Raises `UnreadableError`."""
    kind = kind_of(path)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif data.startswith(codecs.BOM_UTF8):
        encoding = "utf-8-sig"
    else:
        encoding = _cookie(data) if kind == "python" else "utf-8"
    try:
        text = data.decode(encoding)
    except LookupError:
        raise UnreadableError(f'the encoding cookie names "{encoding}", which Python does not know') from None
    except ValueError as error:
        line = data.count(b"\n", 0, getattr(error, "start", 0)) + 1
        raise UnreadableError(f"the bytes are not {encoding}", line) from None
    return make_source(path, text)


def make_source(path: str, text: str) -> Source:
    """A file from text that is already at hand."""
    unified = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    return Source(path=path, text=unified, kind=kind_of(path))


def _cookie(data: bytes) -> str:
    for line in data.split(b"\n", 2)[:2]:
        if match := _COOKIE.match(line):
            return match[1].decode("ascii", "replace")
        if not _BLANK.match(line):
            break
    return "utf-8"
