"""JSON lines: one object for each record of the standard library's `logging`, with the same fields in every service."""

import json
import logging
from datetime import UTC, datetime
from typing import Any, Final

from vallum.guard.logging.channel import is_complete
from vallum.guard.logging.events import LONGEST_VALUE
from vallum.guard.logging.records import FIELDS, extra_fields
from vallum.guard.logging.redaction import redact, redact_fields, redact_value

KEEPS: Final = ("structured-logs",)


class JsonLines(logging.Formatter):
    """Renders timestamp (UTC, ISO 8601), level, event, logger, the request's fields, then those given by `extra`.

    An extra field with the name of a fixed one gets an underscore behind it. Everything is redacted and ASCII, so that
    one record is one line (ASVS 16.2.4, 16.4.1).
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its line break."""
        if is_complete(record):
            return record.getMessage()
        fixed: dict[str, Any] = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": redact(record.getMessage())[:LONGEST_VALUE],
            "logger": record.name,
            **redact_value(getattr(record, FIELDS, {})),
        }
        for name, text in (("stack", self._trace(record)), ("callers", record.stack_info)):
            if text:
                fixed[name] = redact(text)[-LONGEST_VALUE:]
        extra = redact_fields(extra_fields(record))
        return json.dumps(fixed | {f"{name}_" if name in fixed else name: value for name, value in extra.items()})

    def _trace(self, record: logging.LogRecord) -> str:
        return record.exc_text or (self.formatException(record.exc_info) if record.exc_info else "")


def add_request(_logger: object, _method: str, event_dict: dict[str, Any]) -> dict[str, Any]:
    """A structlog processor: the fields of the request that runs now; those of the call win."""
    from vallum.guard.logging.context import request_fields  # noqa: PLC0415 - the only use, by structlog's users

    return {**request_fields(), **event_dict}


def redact_event(_logger: object, _method: str, event_dict: dict[str, Any]) -> dict[str, Any]:
    """A structlog processor: masks every field. Put it last but for the renderer, behind `format_exc_info`."""
    return redact_fields(event_dict)
