"""Addresses built of components, and links of users with an allowlist of schemes (CWE-79, CWE-116, ASVS 1.2.2).

address = build_url("https://profiles.shop.example", "profiles", user, query={"city": city})
link = check_link(form.website)
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from vallum.base.errors import ConfigError, VallumError

KEEPS: Final = ("url-encoded",)
SCHEMES: Final = frozenset({"https"})
Value = str | int | float | bool
_BASE: Final = re.compile(r"(?:https?://[A-Za-z0-9.\-\[\]:]+)?(?:/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?")
_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]", re.IGNORECASE)
_LINK: Final = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")
_LONGEST: Final = 2048


class LinkError(VallumError):
    """A link or component that must not stand in an address. The message does not repeat it."""

    code = "link"


def encode_component(value: Value) -> str:
    """Return `value` percent-encoded as one component (RFC 3986, section 2): only `A-Z a-z 0-9 - . _ ~` stay."""
    return quote(_text(value), safe="")


def build_url(
    base: str, *segments: Value, query: Mapping[str, Value | Iterable[Value]] | None = None, fragment: str = ""
) -> str:
    """Return `base` followed by path `segments`, `query` and `fragment`, each value encoded as one component.

    `base` is the developer's: an https or http origin with an optional path, or a path. A value of `query` may be
    several values of one name. Raises `ConfigError` for another base, and `LinkError` for the segments `.`, `..` and
    the empty one, which servers resolve instead of reading.
    """
    if not base or base.startswith("//") or not _BASE.fullmatch(base):
        raise ConfigError(
            "the base of an address is neither an origin nor a path.",
            hint='Write "https://host/path" or "/path", and give all other parts as arguments.',
            code="url-base",
        )
    parts = [_segment(value) for value in segments]
    text = "/".join([base.rstrip("/"), *parts]) if parts else base
    if query:
        text += "?" + urlencode([(name, _text(value)) for name, value in _pairs(query)], quote_via=quote, safe="")
    return text + ("#" + quote(fragment, safe="") if fragment else "")


def check_link(text: str, *, schemes: Iterable[str] = SCHEMES) -> str:
    """Return the link of a user, fit for `href` or `src` once it is HTML-escaped, which templates do.

    Accepts absolute addresses of the given `schemes` only: https unless `http` or `mailto` are named too. Raises
    `LinkError` for anything else: other schemes, user names, missing or strange hosts, control and other characters
    that RFC 3986 does not allow, and more than 2,048 characters. Raises `ConfigError` for a scheme that runs script.
    """
    allowed = _allowed(schemes)
    if not text or len(text) > _LONGEST or not text.isascii() or not _LINK.fullmatch(text):
        raise _refuse()
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise _refuse() from None
    scheme = parts.scheme.lower()
    if scheme not in allowed:
        raise _refuse()
    if scheme == "mailto":
        if parts.netloc or not re.fullmatch(r"[^@/?#\s]+@[a-z0-9.-]+", parts.path, re.IGNORECASE):
            raise _refuse()
        return parts.geturl()
    host = parts.netloc if port is None else parts.netloc.rpartition(":")[0]
    if "@" in parts.netloc or not _HOST.fullmatch(host):
        raise _refuse()
    return parts.geturl()


def _allowed(schemes: Iterable[str]) -> frozenset[str]:
    allowed = frozenset(schemes)
    unknown = allowed - {"https", "http", "mailto"}
    if unknown or isinstance(schemes, str):
        raise ConfigError(
            "links may have the schemes https, http and mailto only.",
            hint='Write schemes=("https", "mailto").',
            code="link-schemes",
        )
    return allowed


def _segment(value: Value) -> str:
    text = _text(value)
    if text in {"", ".", ".."}:
        raise LinkError("a segment of an address is empty or dots only.", hint="Check the value before it is used.")
    return quote(text, safe="")


def _pairs(query: Mapping[str, Value | Iterable[Value]]) -> Iterable[tuple[str, Value]]:
    for name, value in query.items():
        if isinstance(value, str | int | float):
            yield name, value
        else:
            yield from ((name, one) for one in value)


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise LinkError("a component of an address is not valid Unicode.", hint="Refuse lone surrogates.") from None
    return text


def _refuse() -> LinkError:
    return LinkError(
        "the link is not an absolute address with an allowed scheme.",
        hint="Ask for a full address such as https://example.org/page.",
    )
