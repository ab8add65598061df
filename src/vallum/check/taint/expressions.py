"""Every expression but calls, run on values."""

from typing import Any, Final

from vallum.check.flow import nodes
from vallum.check.flow.folding import UNKNOWN
from vallum.check.knowledge.kinds import bits_of
from vallum.check.taint.assign import assign
from vallum.check.taint.behaviour import as_text
from vallum.check.taint.comprehensions import run_comprehension
from vallum.check.taint.guards import NO_PAIR, combine, facts_of, make_fact
from vallum.check.taint.invoke import close
from vallum.check.taint.machine import Evaluate, Machine
from vallum.check.taint.objects import get_attribute
from vallum.check.taint.operators import run_binary, run_compare, run_unary
from vallum.check.taint.state import Cell, Frame, join_states
from vallum.check.taint.subscripts import get_item, iterate
from vallum.check.taint.text import join_text
from vallum.check.taint.value import (
    BUILT,
    CONSTANT,
    DICT,
    FACT,
    LIST,
    NONE,
    NOTHING_KNOWN,
    OBJECT,
    PLAIN,
    SAFE,
    TEXT,
    TUPLE,
    Value,
    clear_bits,
    constant,
    guessed,
    join_values,
    mark_trail,
    merge_all,
    truth_of,
)


def run_const(node: nodes.Const, _frame: Frame) -> Value:
    """A literal."""
    return constant(node.value)


def run_name(node: nodes.Name, frame: Frame) -> Value:
    """A variable, without what guards have shown to be harmless."""
    state = frame.state or frame.last
    value = state.env.get(node.id)
    if value is None:
        value = find_name(node.id, frame)
    if value.taint and state.cleared:
        return state.apply(value)
    return value


def find_name(name: str, frame: Frame) -> Value:
    """A variable of a function around this one, of the module, or a builtin."""
    if frame.outer is not None:
        value = frame.outer.look_up(name)
        if value is not None:
            return value
    machine: Machine = frame.machine
    value = machine.module_frame(frame.module).view.env.get(name)
    if value is not None:
        return value
    return machine.named(name) if name in _BUILTINS else NOTHING_KNOWN


def run_attribute(node: nodes.Attribute, frame: Frame) -> Value:
    """`base.name`."""
    return get_attribute(frame.machine.evaluate(node.base, frame), node.name, node, frame)


def run_subscript(node: nodes.Subscript, frame: Frame) -> Value:
    """`base[index]`."""
    machine: Machine = frame.machine
    base = machine.evaluate(node.base, frame)
    return get_item(base, machine.evaluate(node.index, frame), node, frame)


def run_slice(node: nodes.Slice, frame: Frame) -> Value:
    """The bounds of a slice, as a constant where they are."""
    parts = (node.lower, node.upper, node.step)
    bounds = [NONE if part is None else frame.machine.evaluate(part, frame) for part in parts]
    if all(bound.const is None or isinstance(bound.const, int) for bound in bounds):
        return constant(slice(*(bound.const for bound in bounds)))
    return Value((), UNKNOWN, "slice()", PLAIN, None, CONSTANT)


def run_logic(node: nodes.Logic, frame: Frame) -> Value:
    """`and`, `or`: the right side runs only where the left leaves it open."""
    machine: Machine = frame.machine
    is_and = node.operator == "and"
    results: list[Value] = []
    state = frame.state
    exits = None
    for place, part in enumerate(node.values):
        value = machine.evaluate(part, frame)
        if frame.ended and place:
            frame.ended = False
            frame.state = None
            break
        truth = truth_of(value)
        last = place == len(node.values) - 1
        if last or truth is None or truth != is_and:
            results.append(value)
        if last or (truth is not None and truth != is_and) or frame.state is None:
            break
        if truth is None:
            exits = join_states(exits, frame.state.copy())
            frame.state.clear(facts_of(value)[0 if is_and else 1])
    frame.state = _leave(exits, frame.state, results, is_and=is_and) or state
    return _logic_value(node.operator, results) if results else NOTHING_KNOWN


def _leave(exits: Any, state: Any, results: list[Value], *, is_and: bool) -> Any:
    """Where the last part never came back, only the ways that skipped it go on, with what let them skip it."""
    if state is None and exits is not None and results:
        exits.clear(facts_of(results[-1])[1 if is_and else 0])
    return join_states(exits, state)


def _logic_value(operator: str, results: list[Value]) -> Value:
    if operator == "and":
        results = [*(SAFE if value.taint and value.kind <= TEXT else value for value in results[:-1]), results[-1]]
    value = results[0]
    if operator == "or":
        value = Value((), "", "", PLAIN, None, CONSTANT) if value.const is None and len(results) > 1 else value
    for other in results[1:]:
        value = join_values(value, other)
    if any(result.kind == FACT or facts_of(result) != NO_PAIR for result in results):
        return make_fact(combine(operator, [facts_of(result) for result in results]), merge_all(results))
    return value


def run_choice(node: nodes.Choice, frame: Frame) -> Value:
    """`then if test else otherwise`."""
    machine: Machine = frame.machine
    test = machine.evaluate(node.test, frame)
    truth = truth_of(test)
    if truth is not None:
        return machine.evaluate(node.then if truth else node.otherwise, frame)
    if frame.state is None:
        return NOTHING_KNOWN
    true, false = facts_of(test)
    second = frame.state.copy()
    frame.state.clear(true)
    then = _side(node.then, frame)
    first, frame.state = frame.state, second
    second.clear(false)
    otherwise = _side(node.otherwise, frame)
    frame.state = join_states(first, frame.state)
    frame.ended = frame.state is None
    if then is None or otherwise is None:
        return then or otherwise or NOTHING_KNOWN
    return join_values(then, otherwise)


def _side(node: nodes.Expression, frame: Frame) -> Value | None:
    value: Value = frame.machine.evaluate(node, frame)
    if frame.ended:
        frame.ended, frame.state = False, None
        return None
    return value


def run_text(node: nodes.Text, frame: Frame) -> Value:
    """An f-string."""
    parts = [frame.machine.evaluate(part, frame) for part in node.parts]
    value = join_text(parts) if parts else constant("")
    return mark_trail(value, BUILT, frame.module, node) if value.taint else value


def run_hole(node: nodes.Hole, frame: Frame) -> Value:
    """A replacement field: a number's format lets no text through."""
    machine: Machine = frame.machine
    value: Value = machine.evaluate(node.value, frame)
    if node.specification is not None:
        form = machine.evaluate(node.specification, frame)
        if isinstance(form.const, str) and form.const[-1:] and form.const[-1] in "bcdoxXeEfFgGn":
            return guessed(value)
    if value.kind == OBJECT:
        value = as_text(value, node, frame) or value
    if node.conversion in {"r", "a"}:
        value = value.tainted(clear_bits(value.taint, _LINES))
    if value.const is not UNKNOWN and not node.conversion and node.specification is None:
        return constant(str(value.const)) if not isinstance(value.const, str) else value
    if value.kind not in {PLAIN, TEXT}:
        return Value(machine.flatten(value, frame), UNKNOWN, "", TEXT, ("", ""), value.origin)
    if node.conversion or node.specification is not None:
        return Value(value.taint, UNKNOWN, "", TEXT, ("", ""), value.origin)
    return value


def run_items(node: nodes.Items, frame: Frame) -> Value:
    """A list, tuple or set display."""
    machine: Machine = frame.machine
    elements: list[Value] = []
    rest: Value | None = None
    for part in node.elements:
        if isinstance(part, nodes.Star):
            inner = machine.evaluate(part.value, frame)
            if inner.kind == TUPLE:
                elements.extend(inner.data)
                continue
            cell = machine.cell(inner, frame) if inner.kind == LIST else None
            if cell is not None and cell.rest is None:
                elements.extend(cell.elements)
                continue
            spread = iterate(inner, part, frame)
            rest = spread if rest is None else join_values(rest, spread)
        else:
            elements.append(machine.evaluate(part, frame))
    if node.kind == "tuple" and rest is None:
        return Value((), UNKNOWN, "", TUPLE, tuple(elements), max([part.origin for part in elements], default=CONSTANT))
    cell = Cell().with_elements(tuple(elements))
    return machine.allocate(LIST, cell if rest is None else cell.with_rest(rest), node, frame)


def run_table(node: nodes.Table, frame: Frame) -> Value:
    """A dictionary display."""
    machine: Machine = frame.machine
    cell = Cell()
    for key_node, value_node in zip(node.keys, node.values, strict=True):
        value = machine.evaluate(value_node, frame)
        if key_node is None:
            inner = machine.cell(value, frame) if value.kind == DICT else Cell(rest=value)
            for key, entry in inner.entries.items():
                cell = cell.with_entry(key, entry)
            cell = cell if inner.rest is None else cell.with_rest(inner.rest)
            continue
        key = machine.evaluate(key_node, frame)
        cell = cell.with_rest(value) if key.const is UNKNOWN else cell.with_entry(key.const, value)
    return machine.allocate(DICT, cell, node, frame)


def run_lambda(node: nodes.Lambda, frame: Frame) -> Value:
    """A function without a name."""
    return close(node.function, frame)


def run_await(node: nodes.Await, frame: Frame) -> Value:
    """Waiting changes nothing."""
    value: Value = frame.machine.evaluate(node.value, frame)
    return value


def run_yield(node: nodes.Yield, frame: Frame) -> Value:
    """What a generator gives is kept for whoever iterates over it."""
    value = NONE if node.value is None else frame.machine.evaluate(node.value, frame)
    frame.yields.append(iterate(value, node, frame) if node.whole else value)
    return NOTHING_KNOWN


def run_walrus(node: nodes.Walrus, frame: Frame) -> Value:
    """`target := value`."""
    value: Value = frame.machine.evaluate(node.value, frame)
    assign(node.target, value, frame)
    return value


def run_star(node: nodes.Star, frame: Frame) -> Value:
    """A star outside of displays and calls."""
    value: Value = frame.machine.evaluate(node.value, frame)
    return value


_LINES: Final = bits_of(["header", "log"])
_BUILTINS: Final = frozenset(dir(__import__("builtins")))
EXPRESSIONS: Final[dict[type, Evaluate]] = {
    nodes.Const: run_const,
    nodes.Name: run_name,
    nodes.Attribute: run_attribute,
    nodes.Subscript: run_subscript,
    nodes.Slice: run_slice,
    nodes.Binary: run_binary,
    nodes.Unary: run_unary,
    nodes.Compare: run_compare,
    nodes.Logic: run_logic,
    nodes.Choice: run_choice,
    nodes.Text: run_text,
    nodes.Hole: run_hole,
    nodes.Items: run_items,
    nodes.Table: run_table,
    nodes.Lambda: run_lambda,
    nodes.Comprehension: run_comprehension,
    nodes.Await: run_await,
    nodes.Yield: run_yield,
    nodes.Walrus: run_walrus,
    nodes.Star: run_star,
}
