"""Regular expressions: what a match shows, and what a substitution leaves."""

from typing import Any, Final

from vallum.check.flow.folding import UNKNOWN
from vallum.check.knowledge.kinds import ALL
from vallum.check.taint.guards import NO_FACTS, clear_atoms, make_fact
from vallum.check.taint.library.builtins import Handler
from vallum.check.taint.machine import Arguments
from vallum.check.taint.patterns import cleared_by, left_by
from vallum.check.taint.state import Frame
from vallum.check.taint.value import CONSTANT, FACT, NOTHING_KNOWN, PLAIN, TEXT, Value, clear_bits

COMPILED: Final = "re.compile()"


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
    fact = make_fact((clear_atoms(subject.taint, bits), NO_FACTS), clear_bits(subject.taint, bits))
    return Value(fact.taint, UNKNOWN, "re.match()", FACT, fact.data, subject.origin)


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
