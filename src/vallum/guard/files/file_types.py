"""What a file really is, by its first bytes, and which extension belongs to that (CWE-434, ASVS 5.2.2)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

FIRST_BYTES: Final = 2048
"""How much of a file the types look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileType:
    """A type of file: its media type, the extensions that belong to it (the first is the one stored), its signature.

    `is_image` types are decoded and written anew, so that nothing but the picture is left.
    """

    media_type: str
    extensions: tuple[str, ...]
    matches: Callable[[bytes], bool]
    is_image: bool = False


def _starts(*signatures: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(signatures)


def _is_webp(head: bytes) -> bool:
    return head[:4] == b"RIFF" and head[8:12] == b"WEBP"


JPEG: Final = FileType(
    media_type="image/jpeg", extensions=("jpg", "jpeg"), matches=_starts(b"\xff\xd8\xff"), is_image=True
)
PNG: Final = FileType(media_type="image/png", extensions=("png",), matches=_starts(b"\x89PNG\r\n\x1a\n"), is_image=True)
GIF: Final = FileType(media_type="image/gif", extensions=("gif",), matches=_starts(b"GIF87a", b"GIF89a"), is_image=True)
WEBP: Final = FileType(media_type="image/webp", extensions=("webp",), matches=_is_webp, is_image=True)
PDF: Final = FileType(media_type="application/pdf", extensions=("pdf",), matches=_starts(b"%PDF-"))
ZIP: Final = FileType(media_type="application/zip", extensions=("zip",), matches=_starts(b"PK\x03\x04", b"PK\x05\x06"))
"""Types that name themselves at their first byte. Text, HTML and SVG do not, and are not offered."""
