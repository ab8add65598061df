"""What an app said in its log while it answered: levels, stacks and ids, read out of lines of any format."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from vallum.findings.finding import Silence, Unproven
from vallum.probe.check import Claim
from vallum.probe.exchange import Exchange, LogLine
from vallum.probe.surface import Surface

WARNING: Final = 30
_STACK: Final = "Traceback (most recent call last)"
_LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "warn": 30, "error": 40, "critical": 50, "fatal": 50}
_LEVEL_NAMES: Final = ("level", "levelname", "severity", "log.level")
_WORD: Final = re.compile(r"\b(DEBUG|INFO|WARNING|WARN|ERROR|CRITICAL)\b")
UNHEARD: Final = "the log of an app at a URL cannot be seen"


def written_lines(exchange: Exchange) -> tuple[LogLine, ...]:
    """The lines that reached a handler or a standard stream."""
    return tuple(line for line in exchange.answer.log if line.written)


def has_stack(line: LogLine) -> bool:
    """Whether the line holds a Python stack."""
    return _STACK in line.text


def fields_of(line: LogLine) -> Mapping[str, Any] | None:
    """The line as one JSON object; None when it is none."""
    if "\n" in line.text.strip("\n"):
        return None
    try:
        value = json.loads(line.text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, Mapping) else None


def level_of(line: LogLine) -> int:
    """How loud it is, as `logging` counts; what was printed tells by its own words, 0 when it does not."""
    fields = fields_of(line) or {}
    told = next((fields[name] for name in _LEVEL_NAMES if name in fields), "")
    if isinstance(told, str) and told.lower() in _LEVELS:
        return max(_LEVELS[told.lower()], line.level)
    word = _WORD.search(line.text)
    return line.level or (_LEVELS[word[1].lower()] if word else 0)


def id_of(exchange: Exchange) -> str:
    """The id that the answer gives to its request; empty when it gives none."""
    return exchange.answer.header("X-Request-ID").strip()


def why_unheard(claim: Claim, surface: Surface, exchanges: Iterable[Exchange]) -> Iterable[Unproven]:
    """What is said when no line of the log could be seen; nothing when there is one."""
    if not surface.in_process:
        yield claim.unproven(Silence.COULD_NOT_LOOK, UNHEARD)
    elif not any(written_lines(exchange) for exchange in exchanges):
        yield claim.unproven(Silence.NOTHING_EXAMINED, "the app wrote no line of log while it answered")
