"""Finds the CSRF token in a form body without parsing the form, so that the check runs before any of it is used."""

import re
from collections.abc import Iterable
from typing import Final

FIELDS: Final = (b"csrf_token", b"csrfmiddlewaretoken")
"""The field of our own templates, and the one that Django's `{% csrf_token %}` writes."""
FIRST_BYTES: Final = 65_536
"""A multipart form is searched this far: the token belongs before the files."""
_URLENCODED: Final = b"application/x-www-form-urlencoded"
_MULTIPART: Final = b"multipart/form-data"
_BOUNDARY: Final = re.compile(rb"""boundary=(?:"([^"]{1,70})"|([^\s";,]{1,70}))""", re.IGNORECASE)
_DISPOSITION: Final = re.compile(
    rb"content-disposition:[^\r\n]*;\s*name=\"(?:" + b"|".join(FIELDS) + rb")\"\s*", re.IGNORECASE
)


def is_form(content_type: bytes | None) -> bool:
    """Tell whether a body of this type can carry the field."""
    return content_type is not None and content_type.lower().startswith((_URLENCODED, _MULTIPART))


def find_token(content_type: bytes, body: bytes, *, whole: bool) -> bytes | None:
    """The token in what has been read of `body`; None when it is not there (yet), empty when there are two."""
    if content_type.lower().startswith(_URLENCODED):
        return (
            _only(value for name, equals, value in map(_split, body.split(b"&")) if equals and name in FIELDS)
            if whole
            else None
        )
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        return None
    *parts, _rest = (b"\r\n" + body).split(b"\r\n--" + (boundary[1] or boundary[2]))
    found = [value for head, _, value in (part.partition(b"\r\n\r\n") for part in parts) if _is_field(head)]
    return _only(found) if found else None


def _split(pair: bytes) -> tuple[bytes, bytes, bytes]:
    return pair.partition(b"=")


def _is_field(head: bytes) -> bool:
    return any(_DISPOSITION.fullmatch(line) for line in head.split(b"\r\n"))


def _only(values: Iterable[bytes]) -> bytes | None:
    found = list(values)
    return None if not found else found[0] if len(found) == 1 else b""
