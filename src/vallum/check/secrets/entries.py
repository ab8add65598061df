"""The lines of configuration that give a value to a name, and their places without the value."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from vallum.check.read.source import Source
from vallum.check.secrets.formats import find_formats
from vallum.check.secrets.names import secret_kind
from vallum.check.secrets.values import judge_value
from vallum.findings.place import Place

_ENTRY: Final = re.compile(
    r"""^\s*(?:-\s+)?(?:export\s+|ENV\s+|ARG\s+)?["']?(?P<key>[\w./:-]*\w)["']?\s*(?P<sign>[:=])\s*(?P<value>\S.*?)\s*$"""
)


class Entry(NamedTuple):
    """One line `key: value` or `key=value`."""

    line: int
    key: str
    value: str

    @property
    def is_secret(self) -> bool:
        """Whether the name says secret and the value is a literal that can be one."""
        kind = secret_kind(re.split(r"[./:]", self.key)[-1])
        return bool(kind) and judge_value(self.key, kind, self.value, sure=True) is not None


def read_entries(source: Source) -> Iterator[Entry]:
    """The entries of a file, comments left out, values without quotes."""
    for number, line in enumerate(source.lines, 1):
        match = _ENTRY.match(line)
        if match and not line.lstrip().startswith(("#", ";", "//")):
            value = re.sub(r"\s+[#;].*$", "", match["value"])
            yield Entry(number, match["key"], value.strip("\"'"))


def holds_format(text: str) -> bool:
    """Whether a text holds a credential in the format of a provider."""
    return any(True for _ in find_formats(text))


def place_hidden(source: Source, number: int, value: str) -> Place:
    """The place of a line, its text without the value."""
    text = source.line(number)
    shown = text.strip().replace(value, "*" * 8) if value else text.strip()
    indent = len(text) - len(text.lstrip())
    return Place(
        path=source.path, line=number, column=indent + 1, end_line=number, end_column=len(text) + 1, text=shown
    )
