"""Objects of libraries that are filled by one call and read by another: text buffers, queues, configurations."""

from typing import Any, Final

from vallum.check.flow.folding import UNKNOWN
from vallum.check.taint.machine import Arguments
from vallum.check.taint.state import Cell, Frame
from vallum.check.taint.text import join_text
from vallum.check.taint.value import NOTHING_KNOWN, PLAIN, SAFE, Value, constant, join_values

_BUFFERS: Final = frozenset({"io.StringIO()", "io.BytesIO()"})
_QUEUES: Final = frozenset({
    "queue.Queue()", "queue.SimpleQueue()", "queue.LifoQueue()", "asyncio.Queue()", "multiprocessing.Queue()",
    "array.array()", "collections.Counter()",
})  # fmt: skip
_CONFIGURATIONS: Final = frozenset({"configparser.ConfigParser()", "configparser.RawConfigParser()"})
BUFFERED: Final = _BUFFERS | _QUEUES | _CONFIGURATIONS
"""The names of such objects."""
_PUTS: Final = frozenset({"put", "put_nowait", "append", "push", "update", "extend"})
_READS: Final = frozenset({"get", "getint", "getfloat", "getboolean"})


def buffer_method(receiver: Value, name: str, arguments: Arguments, frame: Frame) -> Value | None:
    """The result of a method of such an object; None for other objects and methods."""
    if receiver.name in _BUFFERS:
        return _of_buffer(receiver, name, arguments, frame)
    if receiver.name in _QUEUES:
        return _of_queue(receiver, name, arguments, frame)
    if receiver.name in _CONFIGURATIONS:
        return _of_configuration(receiver, name, arguments, frame)
    return None


def _cell(receiver: Value, frame: Frame) -> Cell:
    found: Cell = (frame.state or frame.last).heap.get(receiver.name, Cell())
    return found


def _put(receiver: Value, cell: Cell, frame: Frame) -> None:
    (frame.state or frame.last).put(receiver.name, cell)


def _of_buffer(receiver: Value, name: str, arguments: Arguments, frame: Frame) -> Value | None:
    cell = _cell(receiver, frame)
    text = cell.entries.get("text", Value(receiver.taint, UNKNOWN, "", PLAIN, None, receiver.origin))
    if name == "write" and arguments.positional:
        part = arguments.positional[0]
        written = "text" in cell.entries or bool(receiver.taint)
        _put(receiver, cell.with_entry("text", join_text([text, part]) if written else part), frame)
        return SAFE
    if name in {"truncate", "close"}:
        _put(receiver, cell.with_entry("text", constant("")), frame)
        return SAFE
    return text if name in {"getvalue", "read", "readline", "readlines", "getbuffer"} else None


def _of_queue(receiver: Value, name: str, arguments: Arguments, frame: Frame) -> Value | None:
    cell = _cell(receiver, frame)
    if name in _PUTS and arguments.positional:
        _put(receiver, cell.with_rest(arguments.positional[0]), frame)
        return SAFE
    return cell.rest if name in {"get", "get_nowait", "pop", "tolist"} else None


def _of_configuration(receiver: Value, name: str, arguments: Arguments, frame: Frame) -> Value | None:
    """`set(section, option, value)` and `get(section, option)`."""
    cell = _cell(receiver, frame)
    key = _key(arguments)
    if name == "set" and len(arguments.positional) > 2:
        value = arguments.positional[2]
        _put(receiver, cell.with_rest(value) if key is None else cell.with_entry(key, value), frame)
        return SAFE
    if name not in _READS:
        return None
    default = arguments.get(-1, "fallback")
    found = cell.entries.get(key) if key is not None else None
    if found is None:
        values = [*cell.values()] if key is None else [cell.rest] if cell.rest is not None else []
        found = values[0] if values else NOTHING_KNOWN
        for value in values[1:]:
            found = join_values(found, value)
        found = found if default is None else join_values(found, default)
    return SAFE if name != "get" else found


def _key(arguments: Arguments) -> Any:
    parts = [value.const for value in arguments.positional[:2]]
    return ("option", *parts) if len(parts) == 2 and all(isinstance(part, str) for part in parts) else None
