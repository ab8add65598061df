"""Functions that look at each character or word of a text: `all`, `any`, `set`, `shlex.split`."""

import shlex
from typing import Any, Final

from vallum.check.flow.folding import UNKNOWN
from vallum.check.taint.guards import NO_FACTS, lift, make_fact
from vallum.check.taint.library.builtins import HANDLERS as BUILTINS
from vallum.check.taint.library.builtins import Handler
from vallum.check.taint.machine import Arguments
from vallum.check.taint.state import Cell, Frame
from vallum.check.taint.value import FACT, LIST, NOTHING_KNOWN, PLAIN, SAFE, Value, constant


def _all(arguments: Arguments, _node: Any, frame: Frame) -> Value:
    """`all(test(c) for c in text)`: what is shown of every character is shown of the text."""
    return _over_each(arguments, frame, 0)


def _any(arguments: Arguments, _node: Any, frame: Frame) -> Value:
    """`any(test(c) for c in text)`: where it is false, the test fails for every character."""
    return _over_each(arguments, frame, 1)


def _over_each(arguments: Arguments, frame: Frame, side: int) -> Value:
    source = arguments.get(0)
    if source is None or source.kind != LIST:
        return SAFE
    tests = frame.machine.cell(source, frame).values()
    if len(tests) != 1 or tests[0].kind != FACT:
        return SAFE
    shown = lift(tests[0].data[side])
    return make_fact((NO_FACTS, shown) if side else (shown, NO_FACTS))


def _characters(arguments: Arguments, node: Any, frame: Frame) -> Value:
    """`set(text)`: each of the characters of a constant."""
    source = arguments.get(0)
    if source is None or not isinstance(source.const, str):
        return BUILTINS["list"](arguments, node, frame)
    distinct = tuple(constant(character) for character in dict.fromkeys(source.const[:1000]))
    made: Value = frame.machine.allocate(LIST, Cell(distinct), node, frame)
    return made


def _shell_split(arguments: Arguments, node: Any, frame: Frame) -> Value:
    """`shlex.split(text)`: the words of a constant; of data, any of them may be the program."""
    text = arguments.get(0) or NOTHING_KNOWN
    try:
        words = shlex.split(text.const) if isinstance(text.const, str) else None
    except ValueError:
        words = None
    if words is None:
        part = Value(text.taint, UNKNOWN, "", PLAIN, None, text.origin)
        unknown: Value = frame.machine.allocate(LIST, Cell(rest=part), node, frame)
        return unknown
    made: Value = frame.machine.allocate(LIST, Cell(tuple(constant(word) for word in words)), node, frame)
    return made


HANDLERS: Final[dict[str, Handler]] = {
    "all": _all,
    "any": _any,
    "set": _characters,
    "frozenset": _characters,
    "shlex.split": _shell_split,
}
