"""Comprehensions: their loops once, over any element."""

from vallum.check.flow import nodes
from vallum.check.flow.folding import UNKNOWN
from vallum.check.taint.assign import assign
from vallum.check.taint.guards import facts_of
from vallum.check.taint.state import Cell, Frame
from vallum.check.taint.subscripts import iterate
from vallum.check.taint.value import DICT, LIST, TUPLE, Value, truth_of

_MOST_ROUNDS = 12


def run_comprehension(node: nodes.Comprehension, frame: Frame) -> Value:
    """A list, set, dictionary or generator; over a short list of known elements, element by element."""
    machine = frame.machine
    state = frame.state or frame.last
    kept, cleared = state.env, state.cleared
    elements = _known(node, frame)
    results: list[tuple[Value, Value | None]] = []
    if elements is not None:
        loop = node.loops[0]
        for element in elements:
            assign(loop.target, element, frame)
            if _passes(loop, frame):
                results.append(_element(node, frame))
    else:
        for loop in node.loops:
            source = machine.evaluate(loop.source, frame)
            assign(loop.target, iterate(source, loop, frame), frame)
            _passes(loop, frame)
        results.append(_element(node, frame))
    made = _collect(node, results, frame, exact=elements is not None)
    state = frame.state or frame.last
    state.cleared = cleared
    state.bind_all({name: kept[name] for name, value in state.env.items() if kept.get(name, value) is not value})
    return made


def _known(node: nodes.Comprehension, frame: Frame) -> list[Value] | None:
    """The elements of a lone loop's source, if they are few and all known, and no test may leave one out."""
    if len(node.loops) != 1 or node.loops[0].tests:
        return None
    source = frame.machine.evaluate(node.loops[0].source, frame)
    if source.kind == TUPLE and len(source.data) <= _MOST_ROUNDS:
        return list(source.data)
    if source.kind == LIST:
        cell = frame.machine.cell(source, frame)
        if cell.rest is None and 0 < len(cell.elements) <= _MOST_ROUNDS:
            return list(cell.elements)
    return None


def _passes(loop: nodes.Loop, frame: Frame) -> bool:
    for test in loop.tests:
        value = frame.machine.evaluate(test, frame)
        if frame.state is not None:
            frame.state.clear(facts_of(value)[0])
        if truth_of(value) is False:
            return False
    return True


def _element(node: nodes.Comprehension, frame: Frame) -> tuple[Value, Value | None]:
    element = frame.machine.evaluate(node.element, frame)
    value = None if node.value is None else frame.machine.evaluate(node.value, frame)
    state = frame.state or frame.last
    return state.apply(element), None if value is None else state.apply(value)


def _collect(
    node: nodes.Comprehension, results: list[tuple[Value, Value | None]], frame: Frame, *, exact: bool
) -> Value:
    cell = Cell()
    if node.kind == "dict":
        for key, value in results:
            known = key.const is not UNKNOWN and exact
            cell = cell.with_entry(key.const, value or key) if known else cell.with_rest(value or key)
        made: Value = frame.machine.allocate(DICT, cell, node, frame)
        return made
    if exact:
        cell = cell.with_elements(tuple(element for element, _ in results))
    else:
        for element, _ in results:
            cell = cell.with_rest(element)
    listed: Value = frame.machine.allocate(LIST, cell, node, frame)
    return listed
