"""Security events: typed values handed to a sink; the default sink writes one JSON line to `logging` (ASVS 16.2.1)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from types import MappingProxyType
from typing import Final

from vallum.guard.logging.words import WORDS

LONGEST_VALUE: Final = 8192
LONGEST_HEAD: Final = 512
"""Characters of a path or user agent, which the client chooses, that one line keeps."""


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
    agent: str = ""
    detail: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


Sink = Callable[[Event], None]
"""Takes each event; must not raise."""


def render_event(event: Event) -> str:
    """One line of JSON: control characters are escaped, so that one event is always one line (CWE-117)."""
    import json  # noqa: PLC0415 - with the first event, so that importing the guard stays light
    from datetime import UTC, datetime  # noqa: PLC0415 - as above

    from vallum.guard.logging.redaction import redact  # noqa: PLC0415 - as above

    fields = {
        "timestamp": datetime.fromtimestamp(event.at, UTC).isoformat(timespec="milliseconds"),
        "level": event.level.name.lower(),
        "event": event.name,
        "requestId": event.request_id,
        "method": event.method,
        "path": redact(event.path)[:LONGEST_HEAD],
        "userId": event.actor,
        "ip": event.client,
        "userAgent": redact(event.agent)[:LONGEST_HEAD],
        "owasp": WORDS.get(event.name, ""),
        **{key: redact(value)[-LONGEST_VALUE:] for key, value in event.detail.items()},
    }
    return json.dumps({key: value for key, value in fields.items() if value != ""})


def log_event(event: Event) -> None:
    """The default sink: the logger `vallum.security` of the standard library."""
    from vallum.guard.logging.channel import write_line  # noqa: PLC0415 - 4 ms that an app with its own sink saves

    write_line(event.level.value, render_event(event))


def log_readably(event: Event) -> None:
    """The default sink on a developer's machine: the same line, and below it the stack as Python prints it."""
    from vallum.guard.logging.channel import Channel, write_line  # noqa: PLC0415 - as above
    from vallum.guard.logging.redaction import redact  # noqa: PLC0415 - as above

    if Channel.structured:
        log_event(event)
        return
    stack = event.detail.get("stack", "")
    line = replace(event, detail={key: value for key, value in event.detail.items() if key != "stack"})
    text = f"{render_event(line)}\n{redact(stack)}" if stack else render_event(line)
    write_line(event.level.value, text)
