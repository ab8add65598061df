"""Relative path names from users: what is refused before any file system sees them (CWE-22, CWE-23, CWE-36)."""

import re
import unicodedata
from typing import Final
from urllib.parse import unquote_to_bytes

from vallum.base.errors import RefusedError

LONGEST_PATH: Final = 1024
LONGEST_SEGMENT: Final = 255
MOST_SEGMENTS: Final = 32
_FORBIDDEN: Final = re.compile(r"[\x00-\x1f\x7f\\:]")
_ENCODED: Final = re.compile(r"%(?:[0-9a-f]{2}|u[0-9a-f]{4})", re.IGNORECASE)
_OVERLONG: Final = re.compile(rb"[\xc0\xc1]|%u", re.IGNORECASE)
_DEVICE: Final = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9]|lpt[0-9])(?:[. ].*)?", re.IGNORECASE)


class PathRefusedError(RefusedError):
    """A path that could leave its folder, or name something that is no ordinary file."""

    code = "path-refused"


def split_name(name: str) -> tuple[str, ...]:
    """Return the segments of a relative path with `/` between them. Nothing is decoded, trimmed or corrected.

    Raises `PathRefusedError` for an absolute path, a drive letter, NUL and control characters, a backslash, dot
    segments (plain, percent-encoded once or more often, overlong, or in look-alike characters), a Windows device name,
    a segment that ends in a dot or space, and for more than 32 segments, 255 bytes a segment or 1024 bytes in all.
    """
    segments = tuple(name.split("/"))
    _check_form(segments)
    _check_readings(name)
    return segments


def _check_form(segments: tuple[str, ...]) -> None:
    try:
        sizes = [len(segment.encode("utf-8")) for segment in segments]
    except UnicodeEncodeError:
        raise PathRefusedError("a path is not valid Unicode.") from None
    if sum(sizes) + len(segments) > LONGEST_PATH or max(sizes) > LONGEST_SEGMENT or len(segments) > MOST_SEGMENTS:
        raise PathRefusedError("a path is too long.", code="path-too-long")
    if "" in segments:
        raise PathRefusedError("a path must be relative, with one slash between its parts.")


def _check_readings(name: str) -> None:
    # Whoever comes after us may decode or normalise: no such reading may mean another place than the name itself.
    reading = name
    for _ in range(8):
        _check_reading(unicodedata.normalize("NFKC", reading), name)
        if not _ENCODED.search(reading):
            return
        decoded = unquote_to_bytes(reading)
        if _OVERLONG.search(decoded):
            raise PathRefusedError("a path holds an encoding that is never valid.")
        reading = decoded.decode("utf-8", "replace")
    raise PathRefusedError("a path is encoded too many times.")


def _check_reading(reading: str, name: str) -> None:
    if _FORBIDDEN.search(reading):
        raise PathRefusedError("a path holds a control character, backslash or colon.")
    if reading.count("/") != name.count("/"):
        raise PathRefusedError("a path holds a slash in disguise.")
    for segment in reading.split("/"):
        if segment.endswith((".", " ")) or segment.startswith(" "):
            raise PathRefusedError("a path holds a dot segment, or a part that ends in a dot or space.")
        if _DEVICE.fullmatch(segment):
            raise PathRefusedError("a path holds the name of a Windows device.")
