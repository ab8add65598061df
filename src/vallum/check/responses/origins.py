"""Which origins a CORS setting lets in."""

import re
from collections.abc import Iterable
from typing import Any, Final

_UNBOUNDED: Final = re.compile(r"(?<!\\)\.[*+]|\\S[*+]")
_BARE_DOT: Final = re.compile(r"(?<!\\)\.(?![*+?{])")
_CLASS: Final = re.compile(r"\[[^\]]*\]")
_LOOPBACK: Final = re.compile(r"http://(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?/?$")


def judge_origin(origin: str) -> str:
    """What is wrong with one entry of a list of exact origins; empty when nothing is."""
    if origin == "*":
        return "`*` lets every site in."
    if origin == "null":
        return "`null` is an origin that every sandboxed frame can take on."
    if "*" in origin:
        return f"The wildcard in {origin} lets in more than one exact origin."
    if origin.startswith("http://") and not _LOOPBACK.match(origin):
        return f"{origin} can be forged by whoever holds the network, for it is not https."
    return ""


def judge_pattern(pattern: str, *, anchored: bool) -> str:
    """What is wrong with a regular expression for origins; `anchored` when the library matches the whole text."""
    if _UNBOUNDED.search(pattern):
        return "The pattern has a part that matches anything."
    if not anchored and not pattern.endswith(("$", r"\Z", r"\z")):
        return "The pattern has no end, so https://trusted.example.evil.net matches."
    if _BARE_DOT.search(_CLASS.sub("", pattern)):
        return "A dot in the pattern is not escaped, so it matches any character."
    return ""


def judge_entry(entry: str) -> str:
    """What is wrong with an entry that may be an exact origin or a pattern, as Flask-CORS reads it."""
    is_pattern = entry != "*" and any(sign in entry for sign in "*\\[(^$?")
    return judge_pattern(entry, anchored=False) if is_pattern else judge_origin(entry)


def list_origins(value: Any) -> Iterable[str]:
    """The origins in a constant: one text, or a list of them."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",")) if "://" in value and "," in value else (value,)
    if isinstance(value, list | tuple | set | frozenset):
        return tuple(part for part in value if isinstance(part, str))
    return ()
