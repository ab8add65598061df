"""What a cookie's value holds when it is no opaque id: JSON, a pickle, a token, as frameworks encode and sign them."""

import base64
import binascii
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from vallum.probe.read.token import read_header, read_payload

_SEPARATOR: Final = re.compile(r"[.:|!]")
_SHORTEST_ID: Final = 16
_MOST_BYTES: Final = 1 << 16
_PICKLE: Final = re.compile(rb"\A\x80[\x02-\x05].*\.\Z", re.DOTALL)
_SEALED: Final = re.compile(r"gAAAA[\w=-]{60,}|eyJ[\w-]+\.[\w-]*\.[\w-]+\.[\w-]+\.[\w-]+")
"""A Fernet token, a JWE."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What stands in the value itself."""

    kind: str
    """`a JSON Web Token`, `JSON`, `a pickle`, `a sealed value`."""
    names: tuple[str, ...] = ()
    """The names of what it holds; never a value."""


def read_state(value: str) -> State | None:
    """The state in a cookie's value; None when the value is opaque."""
    text = unquote(value).strip('"')
    if _SEALED.fullmatch(text):
        return State(kind="a sealed value")
    if read_header(text) is not None and (claims := read_payload(text)) is not None:
        return State(kind="a JSON Web Token", names=tuple(map(str, claims)))
    for content in _contents(text):
        if _PICKLE.match(content):
            return State(kind="a pickle")
        names = _names(content)
        if names is not None:
            return State(kind="JSON", names=names)
    return None


def id_part(value: str) -> str:
    """The id in an opaque value, without prefix and signature; empty when none of its parts is long enough."""
    parts = _SEPARATOR.split(unquote(value).strip('"'))
    return next((part for part in parts if len(part) >= _SHORTEST_ID), parts[0] if len(parts) == 1 else "")


def _contents(text: str) -> Iterator[bytes]:
    """The value and its parts, as they are and decoded; unpacked where a leading dot says so."""
    yield text.encode()
    packed = text.startswith(".")
    for part in (text, *text.strip(".").split("."), *text.split(":")):
        for decode in (base64.urlsafe_b64decode, base64.b64decode):
            try:
                content = decode(part.strip(".") + "=" * (-len(part.strip(".")) % 4))
            except (ValueError, binascii.Error):
                continue
            yield _unpack(content) if packed else content


def _unpack(content: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(content, _MOST_BYTES)
    except zlib.error:
        return content


def _names(content: bytes) -> tuple[str, ...] | None:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return tuple(map(str, value)) if isinstance(value, dict) else None
