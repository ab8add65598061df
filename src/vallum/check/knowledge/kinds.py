"""The kinds of sink, each a bit or two: a sanitiser clears bits, a sink tests them."""

from collections.abc import Iterable
from typing import Final

_PARTS: Final = (
    "sql", "shell", "code", "object", "path", "path-absolute", "html", "markup", "redirect", "redirect-slashes",
    "template",
)  # fmt: skip
_WIDER: Final = {"path": ("path-absolute",), "redirect": ("redirect-slashes",)}
"""Kinds of two halves: a path that climbs and one that is absolute, a URL with a host and one that begins with `//`."""

BITS: Final = {name: 1 << place for place, name in enumerate(_PARTS)}
ALL: Final = (1 << len(_PARTS)) - 1
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
    """The bits of several kinds; half a kind may be named alone as `path-climbs` or `redirect-host`."""
    mask = 0
    for kind in kinds:
        mask |= _HALVES[kind] if kind in _HALVES else mask_of(kind)
    return mask


_HALVES: Final = {"path-climbs": BITS["path"], "redirect-host": BITS["redirect"]}
