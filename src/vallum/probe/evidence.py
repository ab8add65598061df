"""How an exchange is told to a reader: the act, and the lines of the answer that matter, without credentials."""

import re
from typing import Final

from vallum.findings.place import Act
from vallum.probe.exchange import Exchange

_WIDTH: Final = 160
_TOKENS: Final = re.compile(r"\beyJ[\w-]{5,}\.[\w-]+\.[\w-]*|\b(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{32,}")
_SHOWN_HEADERS: Final = ("content-type", "location", "www-authenticate", "retry-after")


def act_of(exchange: Exchange) -> Act:
    """The exchange as an act that a reader can repeat."""
    shot = exchange.shot
    return Act(
        method=shot.method,
        path=shot.target,
        route=shot.shown or shot.route,
        identity=shot.identity,
        status=exchange.answer.status,
        curl=exchange.curl,
    )


def show_answer(exchange: Exchange, needle: str = "") -> tuple[str, ...]:
    """The status line and, when `needle` stands in the answer, the line around it; long tokens are masked."""
    answer = exchange.answer
    if not answer.status:
        return (f"no answer: {answer.fault}",)
    shown = [f"{name}: {mask(value)}" for name in _SHOWN_HEADERS if (value := answer.header(name))]
    lines = [f"HTTP {answer.status}", *shown]
    if needle and (excerpt := cut_around(answer.text, needle)):
        lines.append(excerpt)
    return tuple(lines)


def cut_around(text: str, needle: str) -> str:
    """The part of the text around the first `needle`, on one line; empty when it is not there."""
    at = text.find(needle)
    if at < 0:
        return ""
    start = max(0, at - (_WIDTH - min(len(needle), _WIDTH)) // 2)
    piece = mask(" ".join(text[start : start + _WIDTH].split()))
    return f"{'...' if start else ''}{piece}{'...' if start + _WIDTH < len(text) else ''}"


def mask(text: str) -> str:
    """Replace what looks like a token or session id."""
    return _TOKENS.sub("[token]", text)
