"""What a Content-Type may say: a real media type, and UTF-8 for text (WHATWG MIME Sniffing, ASVS 4.1.1)."""

import re
from typing import Final

from vallum.base.errors import VallumError

_TYPE: Final = re.compile(rb"[\w!#$&^.+-]+/[\w!#$&^.+-]+\s*(?:;.*)?")
_CHARSET: Final = re.compile(rb'(?i);\s*charset\s*=\s*"?([^";\s]*)"?')
_UTF_8: Final = frozenset({b"utf-8", b"utf8"})
_WITH_UTF_8: Final = b"; charset=utf-8"


class CharsetError(VallumError):
    """Text in another charset than UTF-8: the answer is 500."""

    code = "charset"


def settle_type(value: bytes) -> bytes:
    """The Content-Type to send for the app's `value`: text gets its charset. Empty for what is no media type.

    Raises `CharsetError` for text in another charset: the body is encoded in it, so that a new label would not fit.
    """
    kind = value.strip()
    if not _TYPE.fullmatch(kind):
        return b""
    if not kind.lower().startswith(b"text/"):
        return kind
    charsets = {charset.lower() for charset in _CHARSET.findall(kind)}
    if not charsets:
        return kind + _WITH_UTF_8
    if charsets == {b"us-ascii"}:
        return _CHARSET.sub(_WITH_UTF_8, kind)
    if not charsets <= _UTF_8:
        raise CharsetError(
            "the app answered with text in another charset than UTF-8.",
            hint="Encode the body as UTF-8, or send it as a download of the type application/octet-stream.",
        )
    return kind
