"""Where the strings of Python text are, and the replacement fields within them, whatever the version."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = re.compile(r"""#[^\n]*|(?<![\w])(?P<prefix>[A-Za-z]{1,2})?(?P<quote>\"\"\"|'''|"|')|[A-Za-z_]\w*""")
_PREFIXES: Final = frozenset({"r", "u", "b", "f", "t", "br", "rb", "fr", "rf", "tr", "rt"})
_INNER: Final = re.compile(r"""[(\[{)\]}:!='"#\n\\]""")
_OPENING: Final = "([{"
_CLOSING: Final = ")]}"


class UnclosedError(ValueError):
    """A string or field that does not end."""


@dataclass(frozen=True, slots=True)
class Literal:
    """One string with its fields."""

    start: int
    end: int
    prefix: str
    fields: tuple[tuple[int, int], ...]
    """The expressions of the outermost fields, without brace, conversion and format."""


def find_literals(text: str, start: int = 0, end: int | None = None) -> Iterator[Literal]:
    """Every string that stands in code, outermost ones only. Raises `UnclosedError`."""
    position, end = start, len(text) if end is None else end
    while (match := _TOKEN.search(text, position, end)) is not None:
        quote = match["quote"]
        prefix = (match["prefix"] or "").lower()
        if quote is None:
            position = match.end()
            continue
        if prefix and prefix not in _PREFIXES:
            prefix = ""
        literal = _read_literal(text, match, prefix, end)
        yield literal
        position = literal.end


def _read_literal(text: str, match: re.Match[str], prefix: str, end: int) -> Literal:
    quote, position = match["quote"], match.end()
    formats = "f" in prefix or "t" in prefix
    fields: list[tuple[int, int]] = []
    while position < end:
        character = text[position]
        if text.startswith(quote, position):
            return Literal(match.start(), position + len(quote), prefix, tuple(fields))
        following = text[position + 1 : position + 2]
        is_escape = character == "\\" and not (formats and following in "{}")
        if is_escape or (formats and character in "{}" and following == character):
            position += 2
        elif formats and character == "{":
            position = _read_field(text, position + 1, end, fields)
        elif character == "\n" and len(quote) == 1:
            break
        else:
            position += 1
    raise UnclosedError(match.start())


def _read_field(text: str, start: int, end: int, fields: list[tuple[int, int]]) -> int:
    """Note the expression that begins here; the place after its closing brace."""
    position = _end_of_expression(text, start, end)
    bare = text[start:position].rstrip()
    shows_itself = bare.endswith("=") and not bare.endswith(("==", "!=", "<=", ">="))
    fields.append((start, start + len(bare) - shows_itself))
    if text[position] == "!":
        position = min(place for place in (text.find(":", position), text.find("}", position)) if place >= 0)
    if text[position] == ":":
        position += 1
        while position < end and text[position] != "}":
            position = _read_field(text, position + 1, end, fields) if text[position] == "{" else position + 1
    if text[position : position + 1] != "}":
        raise UnclosedError(start)
    return position + 1


def _end_of_expression(text: str, start: int, end: int) -> int:
    """Where the expression of a field ends: at its `}`, its `!r` or its `:`."""
    depth, position = 0, start
    while (match := _INNER.search(text, position, end)) is not None:
        position, character = match.start(), match[0]
        if character in "'\"":
            position = _skip_string(text, start, position, end)
            continue
        if character == "#":
            position = text.find("\n", position)
            if position < 0:
                break
            continue
        if not depth and _ends(text, position, character):
            return position
        depth += (character in _OPENING) - (character in _CLOSING)
        position += 2 if character == "!" or (character == "=" and text[position + 1 : position + 2] == "=") else 1
    raise UnclosedError(start)


def _ends(text: str, position: int, character: str) -> bool:
    return character in "}:" or (character == "!" and text[position + 1 : position + 2] != "=")


def _skip_string(text: str, start: int, position: int, end: int) -> int:
    begin = position
    while begin > start and text[begin - 1].isalpha() and position - begin < 2:
        begin -= 1
    if text[begin:position].lower() not in _PREFIXES:
        begin = position
    return next(find_literals(text, begin, end)).end
