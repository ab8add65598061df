"""Security headers, read into their parts: CSP, HSTS, Permissions-Policy."""

from collections.abc import Mapping


def read_csp(value: str) -> Mapping[str, tuple[str, ...]]:
    """The directives of a Content-Security-Policy; the first of two equal names counts (CSP3, 2.2.1)."""
    found: dict[str, tuple[str, ...]] = {}
    for part in value.split(";"):
        words = part.split()
        if words and words[0].lower() not in found:
            found[words[0].lower()] = tuple(words[1:])
    return found


def read_hsts(value: str) -> Mapping[str, str]:
    """The directives of Strict-Transport-Security, names in lower case (RFC 6797, 6.1)."""
    found: dict[str, str] = {}
    for part in value.split(";"):
        name, _, content = part.partition("=")
        if name.strip():
            found.setdefault(name.strip().lower(), content.strip().strip('"'))
    return found


def read_permissions(value: str) -> Mapping[str, tuple[str, ...]]:
    """The features of a Permissions-Policy with their allowlists: `camera=()` gives an empty one."""
    found: dict[str, tuple[str, ...]] = {}
    for part in value.split(","):
        name, equals, content = part.partition("=")
        if equals:
            found[name.strip().lower()] = tuple(content.strip().strip("()").split())
    return found
