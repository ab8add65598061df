"""The kinds of sink, each a bit or two: a sanitiser clears bits, a sink tests them."""

from collections.abc import Iterable
from typing import Final

_PARTS: Final = (
    "sql", "shell", "code", "object", "path", "path-absolute", "html", "markup", "redirect", "redirect-slashes",
    "template", "address", "entity", "ldap", "xpath", "xpath-single", "xpath-double", "header", "log", "trust",
    "pattern", "literal-start", "literal-end", "literal-inner", "random",
)  # fmt: skip
_WIDER: Final = {
    "path": ("path-absolute",),
    "redirect": ("redirect-slashes",),
    "xpath": ("xpath-single", "xpath-double"),
}
"""Kinds of several parts: a path that climbs and one that is absolute, a URL with a host and one that begins with `//`,
an expression that data change as they are, by leaving single quotes, or by leaving double ones."""

BITS: Final = {name: 1 << place for place, name in enumerate(_PARTS)}
RANDOM: Final = BITS["random"]
"""Not what data from outside can do, but the mark of a value that somebody may guess."""
ALL: Final = RANDOM - 1
LITERAL: Final = BITS["literal-start"] | BITS["literal-end"] | BITS["literal-inner"]
"""Text of which all three were shown begins and ends with a quote and has none within: code that is a mere literal."""
STORED: Final = BITS["html"] | BITS["markup"]
"""What data that the application itself keeps can still do: it was bound when it went in, but it is not escaped."""


def mask_of(kind: str) -> int:
    """The bits that a sink of this kind tests; `*` for all. Raises `KeyError` for a word that is no kind."""
    if kind == "*":
        return ALL
    mask = BITS[kind]
    for part in _WIDER.get(kind, ()):
        mask |= BITS[part]
    return mask


def bits_of(kinds: Iterable[str]) -> int:
    """The bits of several kinds; a part may be named alone: `path-climbs`, `redirect-host`, `xpath-single`."""
    mask = 0
    for kind in kinds:
        mask |= _HALVES[kind] if kind in _HALVES else mask_of(kind)
    return mask


_HALVES: Final = {"path-climbs": BITS["path"], "redirect-host": BITS["redirect"]}
