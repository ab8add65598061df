"""Regular expressions: what a match shows, and what a substitution leaves."""

from typing import Any, Final, NamedTuple

from vallum.check.flow.folding import UNKNOWN
from vallum.check.knowledge.kinds import ALL
from vallum.check.taint.guards import NO_FACTS, Facts, clear_atoms
from vallum.check.taint.library.builtins import Handler
from vallum.check.taint.machine import Arguments
from vallum.check.taint.patterns import cleared_by, group_clears, left_by
from vallum.check.taint.state import Cell, Frame
from vallum.check.taint.value import (
    CONSTANT,
    DICT,
    FACT,
    LIST,
    NOTHING_KNOWN,
    PLAIN,
    TEXT,
    TUPLE,
    Value,
    clear_bits,
)

COMPILED: Final = "re.compile()"
MATCHED: Final = "re.match()"


def _compile(arguments: Arguments, _node: Any, _frame: Frame) -> Value:
    """A pattern; its text is carried along as the value's constant."""
    pattern = arguments.get(0) or NOTHING_KNOWN
    return Value((), UNKNOWN, COMPILED, PLAIN, pattern.const, CONSTANT)


def _matcher(how: str) -> Handler:
    def match(arguments: Arguments, _node: Any, _frame: Frame) -> Value:
        return _match(arguments.get(0) or NOTHING_KNOWN, arguments.get(1) or NOTHING_KNOWN, how)

    return match


def _match(pattern: Value, subject: Value, how: str) -> Value:
    text = pattern.data if pattern.name == COMPILED else pattern.const
    bits = cleared_by(text, how) if isinstance(text, str) else (ALL if how == "fullmatch" else 0)
    taint = clear_bits(subject.taint, bits)
    data = Matched(clear_atoms(subject.taint, bits), NO_FACTS, text if isinstance(text, str) else "")
    return Value(taint, UNKNOWN, MATCHED, FACT, data, subject.origin)


class Matched(NamedTuple):
    """What a match shows of its subject, and what it shows where there is none, with the pattern."""

    true: Facts
    false: Facts
    pattern: str


def match_method(receiver: Value, name: str, arguments: Arguments, node: Any, frame: Frame) -> Value | None:
    """`group`, `groups`, `groupdict` of a match; None for other methods."""
    pattern = getattr(receiver.data, "pattern", "")
    if name in {"group", "__getitem__"}:
        keys = [value.const for value in arguments.positional] or [0]
        parts = [group_of(receiver, pattern, key) for key in keys]
        if len(parts) == 1:
            return parts[0]
        return Value((), UNKNOWN, "", TUPLE, tuple(parts), receiver.origin)
    if name in {"groups", "groupdict"}:
        part = group_of(receiver, pattern, None)
        kind = LIST if name == "groups" else DICT
        made: Value = frame.machine.allocate(kind, Cell(rest=part), node, frame)
        return made
    return None


def group_of(receiver: Value, pattern: str, key: Any) -> Value:
    """The text of a group: of nothing but what its part of the pattern allows."""
    taint = clear_bits(receiver.taint, group_clears(pattern, key)) if pattern else receiver.taint
    return Value(taint, UNKNOWN, "", PLAIN, None, receiver.origin)


def _substitute(arguments: Arguments, _node: Any, _frame: Frame) -> Value:
    return _sub(arguments.get(0) or NOTHING_KNOWN, arguments.get(1), arguments.get(2))


def _sub(pattern: Value, replacement: Value | None, subject: Value | None) -> Value:
    if subject is None:
        return NOTHING_KNOWN
    text = pattern.data if pattern.name == COMPILED else pattern.const
    new = replacement.const if replacement is not None else UNKNOWN
    bits = left_by(text, new) if isinstance(text, str) and isinstance(new, str) else 0
    taint = clear_bits(subject.taint, bits) if bits else subject.taint
    return Value(taint, UNKNOWN, "", TEXT, ("", ""), subject.origin)


def compiled_method(receiver: Value, name: str, arguments: Arguments) -> Value | None:
    """A method of a compiled pattern; None for one that is not followed."""
    if name in {"match", "fullmatch", "search"}:
        return _match(receiver, arguments.get(0) or NOTHING_KNOWN, name)
    if name == "sub":
        return _sub(receiver, arguments.get(0), arguments.get(1))
    return None


HANDLERS: Final[dict[str, Handler]] = {
    "re.compile": _compile,
    "re.match": _matcher("match"),
    "re.fullmatch": _matcher("fullmatch"),
    "re.search": _matcher("search"),
    "re.sub": _substitute,
}
