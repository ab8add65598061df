"""Operators and comparisons, run on values."""

from typing import Any, Final

from vallum.check.flow import nodes
from vallum.check.flow.folding import UNKNOWN, apply
from vallum.check.knowledge.kinds import ALL, RANDOM
from vallum.check.knowledge.model import Sink
from vallum.check.taint.behaviour import call_operator
from vallum.check.taint.guards import NO_FACTS, combine, compare, facts_of, make_fact, shows_subset, swap
from vallum.check.taint.machine import Machine
from vallum.check.taint.sinks import judge
from vallum.check.taint.state import Cell, Frame
from vallum.check.taint.text import add_text, as_parts, format_percent
from vallum.check.taint.value import (
    BUILT,
    CONFIGURED,
    CONSTANT,
    DICT,
    ESCAPED,
    FACT,
    FUNCTION,
    LIST,
    OBJECT,
    OUTSIDE,
    PERHAPS,
    PLAIN,
    SAFE,
    TEXT,
    TUPLE,
    Value,
    constant,
    join_values,
    mark_trail,
    merge_taints,
    truth_of,
)


def run_binary(node: nodes.Binary, frame: Frame) -> Value:
    """`left operator right`; a long chain of them without recursion."""
    chain = [node]
    while isinstance(chain[-1].left, nodes.Binary):
        chain.append(chain[-1].left)
    machine: Machine = frame.machine
    value = machine.evaluate(chain[-1].left, frame)
    for link in reversed(chain):
        value = operate(link.operator, value, machine.evaluate(link.right, frame), link, frame)
    return value


def operate(operator: str, left: Value, right: Value, node: nodes.Node, frame: Frame) -> Value:
    """The result of a binary operator."""
    if left.const is not UNKNOWN and right.const is not UNKNOWN:
        result = apply(operator, left.const, right.const)
        if result is not UNKNOWN:
            return constant(result)
    special = _operate_objects(operator, left, right, node, frame)
    if special is not None:
        return special
    if operator == "+":
        return _add(left, right, node, frame)
    if operator == "%" and (left.kind == TEXT or left.marks & ESCAPED or not isinstance(left.const, int | float)):
        value = format_percent(left, as_parts(right) if right.kind != DICT else _flat(right, frame))
        return mark_trail(value, BUILT, frame.module, node)
    if operator == "/" and ("pathlib" in left.name or "pathlib" in right.name or left.taint or right.taint):
        return _join_path(left, right)
    taint = merge_taints(left.taint, right.taint)
    if left.kind in {LIST, DICT} or right.kind in {LIST, DICT}:
        return _merge(left, right, node, frame)
    return Value(taint, UNKNOWN, "", PLAIN, None, max(left.origin, right.origin)) if taint else SAFE


def _operate_objects(operator: str, left: Value, right: Value, node: nodes.Node, frame: Frame) -> Value | None:
    """Operators that a class defines, and `set(text) - ALLOWED`, whose emptiness shows something of the text."""
    if OBJECT in {left.kind, right.kind}:
        return call_operator(operator, left, right, node, frame)
    shown = shows_subset(left, right, frame) if operator == "-" and left.kind == LIST else NO_FACTS
    return make_fact((NO_FACTS, shown), frame.machine.flatten(left, frame)) if shown else None


def _merge(left: Value, right: Value, node: nodes.Node, frame: Frame) -> Value:
    """`|`, `&`, `-`, `*` on containers."""
    machine: Machine = frame.machine
    if left.kind == DICT and right.kind == DICT:
        one, other = machine.cell(left, frame), machine.cell(right, frame)
        rest = one.rest if other.rest is None else other.rest if one.rest is None else join_values(one.rest, other.rest)
        return machine.allocate(DICT, Cell((), {**one.entries, **other.entries}, rest), node, frame)
    kind = LIST if LIST in {left.kind, right.kind} else DICT
    return machine.allocate(kind, Cell(rest=join_values(*_contents(left, right, frame))), node, frame)


def _flat(value: Value, frame: Frame) -> list[Value]:
    return [Value(frame.machine.flatten(value, frame), UNKNOWN, "", PLAIN, None, OUTSIDE)]


def _contents(left: Value, right: Value, frame: Frame) -> tuple[Value, Value]:
    found = []
    for value in (left, right):
        origin = max([part.origin for part in frame.machine.contents(value, frame)], default=CONSTANT)
        found.append(Value(frame.machine.flatten(value, frame), UNKNOWN, "", PLAIN, None, origin))
    return found[0], found[1]


def _add(left: Value, right: Value, node: nodes.Node, frame: Frame) -> Value:
    if left.kind == TUPLE and right.kind == TUPLE:
        return Value((), UNKNOWN, "", TUPLE, left.data + right.data, CONFIGURED)
    machine: Machine = frame.machine
    if left.kind == LIST and right.kind == LIST:
        one, other = machine.cell(left, frame), machine.cell(right, frame)
        if one.rest is None and other.rest is None:
            return machine.allocate(LIST, Cell(one.elements + other.elements), node, frame)
    if LIST in {left.kind, right.kind}:
        return machine.allocate(LIST, Cell(rest=join_values(*_contents(left, right, frame))), node, frame)
    if isinstance(left.const, int | float) or isinstance(right.const, int | float):
        return SAFE if not (left.taint or right.taint) else Value(merge_taints(left.taint, right.taint))
    return mark_trail(add_text(left, right), BUILT, frame.module, node)


def _join_path(left: Value, right: Value) -> Value:
    """`Path / part`: an absolute part replaces all before it, so it clears nothing."""
    taint = merge_taints(left.taint, right.taint)
    name = left.name if "pathlib" in left.name else "pathlib.Path()"
    return Value(taint, UNKNOWN, name, TEXT, ("", ""), max(left.origin, right.origin))


def run_unary(node: nodes.Unary, frame: Frame) -> Value:
    """`not x`, `-x`, `+x`, `~x`."""
    value = frame.machine.evaluate(node.operand, frame)
    if node.operator == "not":
        truth = truth_of(value)
        if truth is not None:
            return constant(not truth)
        return make_fact(swap(facts_of(value)))
    if isinstance(value.const, int | float):
        number = value.const
        if node.operator == "~":
            return constant(~number) if isinstance(number, int) else SAFE
        return constant(-number if node.operator == "-" else +number)
    return value if value.taint else SAFE


def run_compare(node: nodes.Compare, frame: Frame) -> Value:
    """A chain of comparisons: constant if all sides are, else a fact."""
    machine: Machine = frame.machine
    left = machine.evaluate(node.left, frame)
    results: list[Any] = []
    pairs = []
    for operator, other in zip(node.operators, node.others, strict=True):
        right = machine.evaluate(other, frame)
        results.append(_decide(operator, left, right, frame))
        if operator in {"==", "!="}:
            _compare_guess(left, right, node, frame)
        pairs.append(compare(operator, left, right, frame))
        left = right
    if False in results:
        return constant(False)
    if UNKNOWN not in results:
        return constant(True)
    return make_fact(combine("and", pairs))


def _compare_guess(left: Value, right: Value, node: nodes.Compare, frame: Frame) -> None:
    """A drawn value that is compared with what a visitor sends: whoever can guess it passes."""
    for sent, drawn in ((left, right), (right, left)):
        if not any(taint.mask & ALL for taint in sent.taint):
            continue
        if any(taint.mask & RANDOM for taint in frame.machine.flatten(drawn, frame)):
            judge(_GUESS, "==", drawn, node, node, frame)


_GUESS: Final = Sink(kind="random", told="compares it with what was sent")


def _decide(operator: str, left: Value, right: Value, frame: Frame) -> Any:
    if operator in {"is", "is not"} and right.const is None and left.const is UNKNOWN:
        is_match = left.kind == FACT and bool(left.name)
        if left.kind in {TEXT, TUPLE, LIST, DICT, FUNCTION, FACT} and not (left.marks & PERHAPS or is_match):
            return operator == "is not"
        return UNKNOWN
    if left.const is UNKNOWN:
        return UNKNOWN
    other = _plain(right, frame)
    if other is UNKNOWN:
        return UNKNOWN
    try:
        return _COMPARE[operator](left.const, other)
    except TypeError:
        return UNKNOWN


def _plain(value: Value, frame: Frame) -> Any:
    """A constant, or a container of nothing but constants."""
    if value.const is not UNKNOWN:
        return value.const
    if value.kind not in {TUPLE, LIST, DICT}:
        return UNKNOWN
    if value.kind == DICT:
        cell = frame.machine.cell(value, frame)
        return UNKNOWN if cell.rest is not None else list(cell.entries)
    parts = [part.const for part in frame.machine.contents(value, frame)]
    return UNKNOWN if any(part is UNKNOWN for part in parts) else parts


_COMPARE: Final[dict[str, Any]] = {
    "==": lambda one, other: bool(one == other),
    "!=": lambda one, other: bool(one != other),
    "<": lambda one, other: bool(one < other),
    "<=": lambda one, other: bool(one <= other),
    ">": lambda one, other: bool(one > other),
    ">=": lambda one, other: bool(one >= other),
    "is": lambda one, other: one is other or (one == other and type(one) is type(other)),
    "is not": lambda one, other: not (one is other or (one == other and type(one) is type(other))),
    "in": lambda one, other: one in other,
    "not in": lambda one, other: one not in other,
}
