"""Every record of the standard library's `logging`: with its request, redacted, and unable to forge a line (CWE-117).

`guard_records`, which `Guard(app)` calls, works where records are made, so that no logger and no handler is left out:
message, arguments and traceback. Fields given by `extra` are attached later; `Redaction` on a handler masks them.
"""

import logging
from collections.abc import Callable
from typing import Any, Final

from vallum.guard.logging.channel import is_complete
from vallum.guard.logging.context import request_fields
from vallum.guard.logging.quoted_values import format_stack
from vallum.guard.logging.redaction import escape_controls, redact, redact_value

KEEPS: Final = ("log-redaction", "request-correlation", "secrets-not-logged")

FIELDS: Final = "vallum"
"""The attribute of a record with the fields of its request."""
STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", FIELDS}
"""What every record has; the rest came by `extra`."""
_PLAIN: Final = logging.Formatter()


class _Guarded:
    """A record factory around the one that was there."""

    def __init__(self, make: Callable[..., logging.LogRecord]) -> None:
        self._make = make

    def __call__(self, *arguments: Any, **named: Any) -> logging.LogRecord:
        record = self._make(*arguments, **named)
        secure_record(record)
        return record


def guard_records() -> None:
    """Secure all records of this process from now on; calling it again changes nothing."""
    factory = logging.getLogRecordFactory()
    if not isinstance(factory, _Guarded):
        logging.setLogRecordFactory(_Guarded(factory))


def secure_record(record: logging.LogRecord) -> None:
    """Note the request and mask message, arguments, exception and stack.

    Arguments keep their number, since formatters such as uvicorn's read them; where a secret shows only in the whole
    message, that takes their place. The exception's text takes the place of the exception.
    """
    setattr(record, FIELDS, request_fields())
    if is_complete(record):
        return
    _secure_message(record)
    if record.exc_info and record.exc_info[0] is not None:
        record.exc_text = redact(_format(record.exc_info))
        getattr(record, FIELDS)["error"] = record.exc_info[0].__qualname__
        record.exc_info = None
    if record.stack_info:
        record.stack_info = redact(record.stack_info)


def extra_fields(record: logging.LogRecord) -> dict[str, Any]:
    """The fields that came by `extra`."""
    fields = {name: value for name, value in vars(record).items() if name not in STANDARD}
    if fields.get("request_id") == _request_id(record):
        del fields["request_id"]
    return fields


class Redaction(logging.Filter):
    """A filter for handlers: masks the fields given by `extra`, and adds `request_id` for `%(request_id)s`."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record in place and let it pass."""
        vars(record).update(redact_value(extra_fields(record)))
        if not hasattr(record, "request_id"):
            record.request_id = _request_id(record)
        return True


def _request_id(record: logging.LogRecord) -> str:
    return str(getattr(record, FIELDS, {}).get("requestId", "-"))


def _format(info: tuple[Any, Any, Any]) -> str:
    return _PLAIN.formatException(info) if info[1] is None else format_stack(info[1]).rstrip("\n")


def _secure_message(record: logging.LogRecord) -> None:
    if isinstance(record.args, tuple):
        record.args = tuple(_secure_argument(argument) for argument in record.args)
    elif record.args:
        record.args = {key: _secure_argument(argument) for key, argument in redact_value(record.args).items()}
    try:
        text = record.getMessage()
    except Exception:  # noqa: BLE001 - a template that does not fit: the handler would print it unmasked
        text = f"{record.msg} {record.args}"
        record.msg, record.args = text, None
    clean = escape_controls(redact(text))
    if clean != text or not isinstance(record.msg, str):
        record.msg, record.args = clean, None


def _secure_argument(argument: object) -> object:
    if isinstance(argument, (int, float)) or argument is None:
        return argument
    if isinstance(argument, str):
        return escape_controls(redact(argument))
    if isinstance(argument, (dict, list, tuple, set, frozenset, bytes)):
        return redact_value(argument)
    return argument
