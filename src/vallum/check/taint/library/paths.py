"""Paths put together and resolved."""

from typing import Any, Final

from vallum.check.flow.folding import UNKNOWN
from vallum.check.taint.library.builtins import Handler
from vallum.check.taint.machine import Arguments
from vallum.check.taint.state import Frame
from vallum.check.taint.text import end_of, start_of
from vallum.check.taint.value import (
    COMMON,
    CONSTANT,
    NOTHING_KNOWN,
    PLAIN,
    RESOLVED,
    TEXT,
    Value,
    constant,
    merge_taints,
)


def _join(arguments: Arguments, _node: Any, frame: Frame) -> Value:
    """`os.path.join`: an absolute part replaces all before it, so it clears nothing."""
    parts = arguments.every()
    if parts and all(isinstance(part.const, str) for part in parts):
        return constant("/".join(part.const.rstrip("/") for part in parts[:-1]) + "/" + parts[-1].const)
    taint = frame.machine.flatten(parts[0], frame) if parts else ()
    for part in parts[1:]:
        taint = merge_taints(taint, frame.machine.flatten(part, frame))
    origin = max([part.origin for part in parts], default=CONSTANT)
    edges = (
        start_of(parts[0]) if parts else "",
        end_of(parts[-1]) or ("/" if parts[-1].const == "" else "") if parts else "",
    )
    return Value(taint, UNKNOWN, "", TEXT, edges, origin)


def _path(arguments: Arguments, _node: Any, frame: Frame) -> Value:
    parts = arguments.every()
    taint = frame.machine.flatten(parts[0], frame) if parts else ()
    for part in parts[1:]:
        taint = merge_taints(taint, frame.machine.flatten(part, frame))
    origin = max([part.origin for part in parts], default=CONSTANT)
    return Value(taint, UNKNOWN, "pathlib.Path()", PLAIN, None, origin)


def _resolve(arguments: Arguments, _node: Any, frame: Frame) -> Value:
    return resolved(arguments.get(0) or NOTHING_KNOWN, frame)


def resolved(value: Value, frame: Frame) -> Value:
    """The same path without links and dots."""
    taint = frame.machine.flatten(value, frame)
    name = value.name if value.name.startswith("pathlib.") else ""
    return Value(taint, UNKNOWN, name, PLAIN, None, value.origin, RESOLVED)


def path_method(receiver: Value, name: str, arguments: Arguments, frame: Frame) -> Value | None:
    """A method of `Path` that gives a path; None for the others."""
    if name in {"resolve", "absolute"}:
        return resolved(receiver, frame) if name == "resolve" else receiver
    if name in {"joinpath", "with_name", "with_suffix", "expanduser"}:
        return _path(Arguments([receiver, *arguments.every()]), None, frame)
    if name == "as_posix":
        return receiver
    return None


def _common(arguments: Arguments, node: Any, frame: Frame) -> Value:
    """`commonpath([base, path])`: what it equals is shown of the path, if that was resolved before."""
    source = arguments.get(0) or NOTHING_KNOWN
    parts = frame.machine.contents(source, frame)
    taint = frame.machine.flatten(source, frame)
    if not all(part.marks & RESOLVED for part in parts if part.taint):
        taint = frame.machine.take_part(Value(taint), node, node, frame)
    return Value(taint, UNKNOWN, COMMON, PLAIN, None, CONSTANT)


HANDLERS: Final[dict[str, Handler]] = {
    "os.path.join": _join,
    "posixpath.join": _join,
    "pathlib.Path": _path,
    "pathlib.PurePath": _path,
    "pathlib.PurePosixPath": _path,
    "pathlib.PosixPath": _path,
    "os.path.commonpath": _common,
    "os.path.realpath": _resolve,
    "os.path.abspath": _resolve,
    "os.path.normpath": _resolve,
}
