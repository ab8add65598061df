"""Script and style tags that a browser runs only when the bytes are the reviewed ones (CWE-353, ASVS 3.6.1).

MAP = ForeignScript("https://cdn.example/map-4.2.1/map.min.js", sri_hash(reviewed_bytes))
page = fill_html("<head>{map}</head>", map=MAP.tag(nonce=current().csp_nonce))
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from vallum.base.errors import ConfigError
from vallum.guard.output.html import SafeHtml, escape

KEEPS: Final = ("subresource-integrity",)
_INTEGRITY: Final = re.compile(r"sha(?:384-[A-Za-z0-9+/]{64}|512-[A-Za-z0-9+/]{86}==)")
_VERSION: Final = re.compile(r"\d+\.\d+|[0-9a-f]{8,}")
_NONCE: Final = re.compile(r"[A-Za-z0-9+/_=-]*")


def sri_hash(content: bytes) -> str:
    """Return the value of `integrity` for `content`: SHA-384 in base64 (W3C Subresource Integrity, section 3.1)."""
    return "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode("ascii")


@dataclass(frozen=True, slots=True)
class _Foreign:
    """An https address with a version in it, and the hash of what was reviewed there."""

    url: str
    integrity: str

    def __post_init__(self) -> None:
        """Raise `ConfigError` for another scheme, an address without a version, and what is no SHA-384 or SHA-512."""
        parts = urlsplit(self.url)
        if parts.scheme != "https" or not parts.netloc or "@" in parts.netloc or not self.url.isprintable():
            raise ConfigError("a foreign resource has an https address.", hint="Write https://...", code="sri-url")
        if not _VERSION.search(parts.path):
            raise ConfigError(
                "the address of a foreign resource names no version, so its bytes may change.",
                hint="Use an address with a version, or host the file yourself.",
                code="sri-version",
            )
        if not _INTEGRITY.fullmatch(self.integrity):
            raise ConfigError(
                "an integrity value is sha384- or sha512- and a digest in base64.",
                hint="Compute it by sri_hash() of the file that was reviewed.",
                code="sri-hash",
            )


class ForeignScript(_Foreign):
    """A script from another origin."""

    __slots__ = ()

    def tag(self, *, nonce: str = "", module: bool = False) -> SafeHtml:
        """Return the script element. `nonce` is the page's own, for a policy that runs only marked scripts."""
        kind = ' type="module"' if module else " defer"
        return SafeHtml(f"<script src={_common(self)}{_mark(nonce)}{kind}></script>")


class ForeignStyle(_Foreign):
    """A style sheet from another origin."""

    __slots__ = ()

    def tag(self, *, nonce: str = "") -> SafeHtml:
        """Return the link element."""
        return SafeHtml(f'<link rel="stylesheet" href={_common(self)}{_mark(nonce)}>')


def _common(resource: _Foreign) -> str:
    return f'"{escape(resource.url)}" integrity="{resource.integrity}" crossorigin="anonymous"'


def _mark(nonce: str) -> str:
    if not _NONCE.fullmatch(nonce):
        raise ConfigError("a nonce is base64.", hint="Pass current().csp_nonce.", code="sri-nonce")
    return f' nonce="{nonce}"' if nonce else ""
