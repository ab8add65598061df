"""The log calls of a project, whatever library makes them, and what looks after its records."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from vallum.check.flow.facts import Call, Value
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.responses.apps import find_guards

_LEVELS: Final = ("debug", "info", "warning", "warn", "error", "exception", "critical", "fatal", "log", "msg")
_LOGGER: Final = re.compile(
    r"(?:^|[._])(?:log|logger|logging|structlog|audit|security|events?)(?:\(\)|$)", re.IGNORECASE
)
_MADE: Final = re.compile(r"(?:^|\.)(?:getLogger|get_logger|getChild|loguru\.logger|bind)\(?")
_REDACTION: Final = re.compile(
    r"redact|sanit|scrub|censor|mask(?:ing|ed)?_?(?:filter|secret|sensitive|field|processor)", re.IGNORECASE
)
_SET_UP: Final = ("*.set_up_logs", "*.addFilter", "structlog.configure", "logging.config.dictConfig", "*.add_filter")
WEB: Final = (
    "flask", "quart", "fastapi", "starlette", "django", "litestar", "aiohttp.web", "sanic", "tornado", "bottle",
    "pyramid", "falcon", "rest_framework",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class LogCall:
    """One call of a logger."""

    call: Call
    level: str
    """`debug`, `info`, `warning`, `error`, `exception` or `critical`; empty when it is an argument."""

    @property
    def message(self) -> Value | None:
        """The message or event."""
        named = self.call.argument(None, "event", "msg", "message")
        return named or self.call.argument(1 if self.call.method == "log" else 0)

    @property
    def text(self) -> str:
        """The message where it is constant; else empty."""
        message = self.message
        return message.constant if message is not None and isinstance(message.constant, str) else ""


@lru_cache(maxsize=2)
def log_calls(project: Project) -> tuple[LogCall, ...]:
    """Every call of a logger outside tests."""
    patterns = tuple(f"*.{level}" for level in _LEVELS)
    return tuple(
        LogCall(call=call, level=_level(call))
        for call in project.calls(*patterns)
        if is_log(call) and not is_test(call.place.path)
    )


def is_log(call: Call) -> bool:
    """Whether a call writes to a log."""
    if call.method not in _LEVELS:
        return False
    if call.name.startswith(("logging.", "structlog.", "loguru.")):
        return True
    receiver = call.receiver
    if receiver is None:
        return False
    return _LOGGER.search(receiver.text.strip()) is not None or _MADE.search(receiver.name) is not None


def _level(call: Call) -> str:
    if call.method in {"log", "msg"}:
        first = call.argument(0, "level")
        return first.words.lower() if first is not None and first.words.isupper() else ""
    return {"warn": "warning", "fatal": "critical"}.get(call.method, call.method)


@lru_cache(maxsize=2)
def find_redaction(project: Project) -> str:
    """What takes secrets out of every record: the guard, a filter, a processor; empty when nothing does."""
    if find_guards(project):
        return "the guard redacts every record"
    return next(_redactors(project), "")


def _redactors(project: Project) -> Iterator[str]:
    for call in project.calls(*_SET_UP):
        if call.method == "set_up_logs" or _REDACTION.search(call.text):
            yield "a filter redacts every record"
    for found in project.classes:
        filters = any(base.endswith(("logging.Filter", "Formatter")) for base in found.bases)
        if filters and _REDACTION.search(found.module.text_of(found.node)) and not is_test(found.place.path):
            yield f"{found.name} redacts every record"
    for setting in project.settings:
        if setting.key in {"filters", "()", "processors"} and _REDACTION.search(setting.text):
            yield "a filter redacts every record"


def serves_web(path_text: str) -> bool:
    """Whether a module's text imports a web framework."""
    return _IMPORTS.search(path_text) is not None


_IMPORTS: Final = re.compile(rf"^\s*(?:from|import)\s+(?:{'|'.join(re.escape(name) for name in WEB)})\b", re.MULTILINE)
