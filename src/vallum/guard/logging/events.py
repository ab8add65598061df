"""Security events: typed values handed to a sink; the default sink writes one JSON line to `logging` (ASVS 16.2.1)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from types import MappingProxyType
from typing import Final

LOGGER: Final = "vallum.security"
LONGEST_VALUE: Final = 8192


class Level(Enum):
    """How loud an event is; the values are those of the standard library's `logging`."""

    INFO = 20
    WARNING = 30
    ERROR = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that a defender wants to know: never a secret, a cookie, a body or a query string."""

    name: str
    level: Level
    at: float
    request_id: str = ""
    method: str = ""
    path: str = ""
    client: str = ""
    actor: str = ""
    detail: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


Sink = Callable[[Event], None]
"""Takes each event; must not raise."""


def render_event(event: Event) -> str:
    """One line of JSON: control characters are escaped, so that one event is always one line (CWE-117)."""
    import json  # noqa: PLC0415 - with the first event, so that importing the guard stays light
    from datetime import UTC, datetime  # noqa: PLC0415 - as above

    fields = {
        "timestamp": datetime.fromtimestamp(event.at, UTC).isoformat(timespec="milliseconds"),
        "level": event.level.name.lower(),
        "event": event.name,
        "requestId": event.request_id,
        "method": event.method,
        "path": event.path,
        "userId": event.actor,
        "ip": event.client,
        **{key: redact(value)[-LONGEST_VALUE:] for key, value in event.detail.items()},
    }
    return json.dumps({key: value for key, value in fields.items() if value != ""})


def log_event(event: Event) -> None:
    """The default sink: the logger `vallum.security` of the standard library."""
    import logging  # noqa: PLC0415 - 4 ms that an app with a sink of its own need not pay

    logging.getLogger(LOGGER).log(event.level.value, "%s", render_event(event))


def log_readably(event: Event) -> None:
    """The default sink on a developer's machine: the same line, and below it the stack as Python prints it."""
    import logging  # noqa: PLC0415 - as above

    stack = event.detail.get("stack", "")
    line = replace(event, detail={key: value for key, value in event.detail.items() if key != "stack"})
    text = f"{render_event(line)}\n{redact(stack)}" if stack else render_event(line)
    logging.getLogger(LOGGER).log(event.level.value, "%s", text)


_NAMED_SECRET: Final = re.compile(
    r"""(?ix) ( (?:pass(?:word|wd|phrase)? | secret | token | api[_-]?key | authorization | cookie | credential)
        [\w-]* ["']? \s* [=:] \s* ) (?: (?:bearer|basic)\s+ )? ( "[^"]*" | '[^']*' | [^\s,;&)}\]]+ )"""
)
_SECRET_SHAPE: Final = re.compile(
    r"""(?x) eyJ[\w-]{5,}\.[\w-]+\.[\w-]*
    | (?<=://) [^/\s:@]+:[^/\s@]+ (?=@) | (?<![\w-]) [A-Za-z0-9_-]{40,} (?![\w-])"""
)


def redact(text: str) -> str:
    """Mask what a log must not keep: named secrets, JSON Web Tokens, passwords in URLs, long opaque tokens."""
    return _SECRET_SHAPE.sub("[redacted]", _NAMED_SECRET.sub(r"\1[redacted]", text))
