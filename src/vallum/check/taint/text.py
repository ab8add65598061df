"""Text put together from parts."""

import string
from collections.abc import Sequence
from typing import Any, Final

from vallum.check.flow.folding import UNKNOWN
from vallum.check.knowledge.kinds import BITS, bits_of
from vallum.check.taint.value import (
    CONSTANT,
    ESCAPED,
    TEXT,
    Taints,
    Value,
    clear_bits,
    constant,
    guessed,
    merge_taints,
)

LONGEST: Final = 20_000
_ABSOLUTE: Final = BITS["path-absolute"]
_REDIRECT: Final = bits_of(["redirect"])
_SLASHES: Final = BITS["redirect-slashes"]
_ADDRESS: Final = bits_of(["address"])
_QUOTES: Final = {"'": BITS["xpath"] | BITS["xpath-double"], '"': BITS["xpath"] | BITS["xpath-single"]}
_HTML: Final = bits_of(["html", "markup"])


def join_text(parts: Sequence[Value]) -> Value:
    """The text that the parts make one after the other: constant if all are, else with what is known of its ends."""
    if all(part.const is not UNKNOWN for part in parts):
        whole = "".join([part.const if isinstance(part.const, str) else str(part.const) for part in parts])
        if len(whole) <= LONGEST:
            return constant(whole)
    prefix, open_ = "", True
    taints: Taints = ()
    origin, marks = CONSTANT, 0
    for place, part in enumerate(parts):
        if part.taint:
            bits = prefix_clears(prefix) | _QUOTES.get(_quote_before(parts[:place]), 0)
            taints = merge_taints(taints, clear_bits(part.taint, bits))
        origin = max(origin, part.origin)
        marks |= part.marks & ESCAPED
        if open_:
            prefix += start_of(part)
            open_ = part.const is not UNKNOWN
    return Value(taints, UNKNOWN, "", TEXT, (prefix[:200], end_of(parts[-1]) if parts else ""), origin, marks)


def _quote_before(parts: Sequence[Value]) -> str:
    """The kind of quotes within which the text goes on after these parts; empty for none, or if nobody can tell."""
    quote = ""
    for part in parts:
        if part.const is UNKNOWN:
            end = end_of(part)[-1:]
            quote = end if end in _QUOTES else "" if part.kind == TEXT else quote
            continue
        for character in start_of(part):
            if character in _QUOTES:
                quote = "" if character == quote else quote or character
    return quote


def start_of(value: Value) -> str:
    """What a text is known to begin with."""
    if value.const is not UNKNOWN:
        return value.const if isinstance(value.const, str) else str(value.const)
    return value.data[0] if value.kind == TEXT else ""


def end_of(value: Value) -> str:
    """What a text is known to end with."""
    if value.const is not UNKNOWN:
        return value.const[-200:] if isinstance(value.const, str) else ""
    return value.data[1] if value.kind == TEXT else ""


def prefix_clears(prefix: str) -> int:
    """What data can no longer do because of the constant text before it."""
    if not prefix:
        return 0
    bits = _ABSOLUTE
    scheme, slashes, rest = prefix.partition("://")
    if slashes and scheme.isalnum() and "/" in rest:
        return bits | _REDIRECT | _ADDRESS
    if prefix[0] in "?#" or (prefix[0] == "/" and prefix[1:2] not in {"", "/", "\\"}):
        return bits | _REDIRECT
    if not slashes and prefix[0].isalnum() and ("?" in prefix or "#" in prefix or "/" in prefix):
        return bits | _REDIRECT
    if prefix == "/":
        return bits | (_REDIRECT & ~_SLASHES)
    return bits


def add_text(left: Value, right: Value) -> Value:
    """`left + right` for text."""
    if (left.marks | right.marks) & ESCAPED:
        left, right = escape_beside(left), escape_beside(right)
    return join_text([left, right])


def escape_beside(value: Value) -> Value:
    """What becomes of plain text next to `Markup`: it is escaped."""
    return value if value.marks & ESCAPED else value.tainted(clear_bits(value.taint, _HTML))


def format_percent(pattern: Value, values: Sequence[Value]) -> Value:
    """`pattern % values`: as text between the constant pieces where the pattern is constant."""
    if pattern.marks & ESCAPED:
        values = [escape_beside(value) for value in values]
    if isinstance(pattern.const, str):
        pieces = _split_percent(pattern.const)
        if len(pieces) == len(values) + 1:
            numeric = [piece[1] for piece in pieces[1:]]
            parts: list[Value] = [constant(pieces[0][0])]
            for value, conversion, piece in zip(values, numeric, pieces[1:], strict=True):
                parts.append(guessed(value) if conversion in "dioxXeEfFgGc" else value)
                parts.append(constant(piece[0]))
            return _marked(join_text(parts), pattern)
    return _marked(join_text([pattern, *values]), pattern)


def _split_percent(pattern: str) -> list[tuple[str, str]]:
    """The constant pieces, each with the conversion character before it (empty for the first)."""
    pieces: list[tuple[str, str]] = []
    text, conversion, position = "", "", 0
    while position < len(pattern):
        character = pattern[position]
        position += 1
        if character != "%":
            text += character
            continue
        while position < len(pattern) and pattern[position] in "#0- +.123456789lhL":
            position += 1
        if position < len(pattern) and pattern[position] == "(":
            position = pattern.find(")", position) + 1 or len(pattern)
            while position < len(pattern) and pattern[position] in "#0- +.123456789":
                position += 1
        kind = pattern[position : position + 1]
        position += 1
        if kind == "%":
            text += "%"
        else:
            pieces.append((text, conversion))
            text, conversion = "", kind or "s"
    pieces.append((text, conversion))
    return pieces


def parse_format(pattern: str) -> list[tuple[str, str | None, str | None]] | None:
    """The pieces of `str.format`: constant text, the field after it, its conversion; None for what is no pattern."""
    try:
        return [(text, field, conversion) for text, field, _, conversion in string.Formatter().parse(pattern)]
    except ValueError:
        return None


def _marked(value: Value, pattern: Value) -> Value:
    marks = pattern.marks & ESCAPED
    return Value(value.taint, value.const, value.name, value.kind, value.data, value.origin, marks) if marks else value


def as_parts(value: Value) -> Any:
    """The values of a percent format's right side: a tuple's elements, or the value alone."""
    return list(value.data) if value.kind == 2 else [value]
