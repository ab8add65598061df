"""Where ways part and meet: if, while, for, try, with, match."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from vallum.check.flow import nodes
from vallum.check.flow.folding import UNKNOWN
from vallum.check.flow.walk import iter_nodes
from vallum.check.taint.assign import assign
from vallum.check.taint.behaviour import call_member
from vallum.check.taint.guards import Facts, facts_of
from vallum.check.taint.machine import Execute, Machine
from vallum.check.taint.matching import match_pattern
from vallum.check.taint.signature import widen
from vallum.check.taint.state import Frame, State, join_states
from vallum.check.taint.subscripts import iterate, join_each
from vallum.check.taint.value import LIST, TUPLE, UNION, Value, truth_of

MOST_ROUNDS: Final = 3
_MOST_UNROLLED: Final = 12


def run_if(node: nodes.If, frame: Frame) -> None:
    """`if`: only the way that can be taken, where that is known."""
    machine: Machine = frame.machine
    while True:
        test = machine.evaluate(node.test, frame)
        if frame.ended:
            return
        truth = truth_of(test)
        if truth is None:
            break
        body = node.then if truth else node.otherwise
        if truth or len(body) != 1 or not isinstance(body[0], nodes.If):
            machine.execute(body, frame)
            return
        node = body[0]
    if frame.state is None:
        return
    true, false = facts_of(test)
    other = frame.state.copy()
    _follow(node.then, true, frame)
    after, frame.state = frame.state, other
    _follow(node.otherwise, false, frame)
    frame.state = join_states(after, frame.state)


def _follow(body: tuple[nodes.Statement, ...], facts: Facts, frame: Frame) -> None:
    if frame.state is not None:
        frame.state.clear(facts)
        frame.machine.execute(body, frame)


def run_while(node: nodes.While, frame: Frame) -> None:
    """`while`: until nothing new comes, a few rounds at most."""
    machine: Machine = frame.machine
    _loosen(node, frame)
    exits: list[State] = []
    done: State | None = None
    for _ in range(MOST_ROUNDS):
        head = frame.state
        if head is None:
            break
        before = head.copy()
        test = machine.evaluate(node.test, frame)
        truth = truth_of(test)
        if frame.state is None or frame.ended:
            break
        true, false = facts_of(test)
        if truth is not True:
            leaving = frame.state.copy()
            leaving.clear(false)
            done = join_states(done, leaving)
        if truth is False:
            break
        frame.state.clear(true)
        after = _round(node.body, exits, frame)
        if after is None or not _carries(before, after, frame):
            break
        frame.state = join_states(before, after)
    _leave(node.otherwise, done, exits, frame)


def run_for(node: nodes.For, frame: Frame) -> None:
    """`for`: element by element over a few known ones, else a few rounds over any of them."""
    machine: Machine = frame.machine
    source = machine.evaluate(node.source, frame)
    if frame.ended or frame.state is None:
        return
    known = _elements(source, frame)
    exits: list[State] = []
    done = _unroll(node, known, exits, frame) if known is not None else _cycle(node, source, exits, frame)
    _leave(node.otherwise, done, exits, frame)


def _unroll(node: nodes.For, elements: list[Value], exits: list[State], frame: Frame) -> State | None:
    for element in elements:
        if frame.state is None:
            return None
        assign(node.target, element, frame)
        _round(node.body, exits, frame)
    return frame.state


def _cycle(node: nodes.For, source: Value, exits: list[State], frame: Frame) -> State | None:
    _loosen(node, frame)
    state = frame.state
    done = state.copy() if state is not None else None
    for _ in range(MOST_ROUNDS):
        if frame.state is None:
            break
        before = frame.state.copy()
        assign(node.target, iterate(source, node, frame), frame)
        _round(node.body, exits, frame)
        if frame.state is None:
            break
        done = join_states(done, frame.state.copy())
        if not _carries(before, frame.state, frame):
            break
        frame.state = join_states(before, frame.state)
    return done


def _elements(source: Value, frame: Frame) -> list[Value] | None:
    if source.kind == TUPLE and len(source.data) <= _MOST_UNROLLED:
        return list(source.data)
    if source.kind == LIST:
        cell = frame.machine.cell(source, frame)
        if cell.rest is None and 0 < len(cell.elements) <= _MOST_UNROLLED:
            return list(cell.elements)
    return None


def _round(body: tuple[nodes.Statement, ...], exits: list[State], frame: Frame) -> State | None:
    frame.breaks.append([])
    frame.continues.append([])
    frame.machine.execute(body, frame)
    exits.extend(frame.breaks.pop())
    for state in frame.continues.pop():
        frame.state = join_states(frame.state, state)
    return frame.state


def _leave(otherwise: tuple[nodes.Statement, ...], done: State | None, exits: list[State], frame: Frame) -> None:
    frame.state = done
    if otherwise and done is not None:
        frame.machine.execute(otherwise, frame)
    for state in exits:
        frame.state = join_states(frame.state, state)


def _carries(before: State, after: State, frame: Frame) -> bool:
    """Whether a round left something that the next one could carry on: new data from outside, somewhere."""
    flatten = frame.machine.flatten
    for name, value in after.env.items():
        if before.env.get(name) is not value and flatten(value, frame):
            return True
    for address, cell in after.heap.items():
        if before.heap.get(address) is not cell and any(flatten(value, frame) for value in cell.values()):
            return True
    return before.cleared != after.cleared


def _loosen(node: nodes.Node, frame: Frame) -> None:
    """What a loop assigns may be anything like it at its head: drop the constants."""
    state = frame.state
    if state is not None:
        for name in _assigned(node):
            value = state.env.get(name)
            if value is not None:
                state.bind(name, widen(value) if value.const is not None else _unsure(value))


def _unsure(value: Value) -> Value:
    return Value(value.taint, UNKNOWN, value.name, value.kind, value.data, value.origin, value.marks)


@cache
def _assigned(node: Any) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for inner in iter_nodes(node):
        match inner:
            case nodes.Assign(targets=targets):
                names.update((target.id, None) for target in targets if isinstance(target, nodes.Name))
            case nodes.Augment(target=nodes.Name(id=name)) | nodes.Walrus(target=nodes.Name(id=name)):
                names[name] = None
    return tuple(names)


def run_try(node: nodes.Try, frame: Frame) -> None:
    """`try`: a handler begins in any state that its body was in before a statement, or raised in."""
    machine: Machine = frame.machine
    frame.raises.append([])
    frame.thrown.append([])
    machine.execute(node.body, frame)
    raised, thrown = frame.raises.pop(), frame.thrown.pop()
    if frame.state is not None and node.otherwise:
        machine.execute(node.otherwise, frame)
    after = frame.state
    start: State | None = None
    for state in raised:
        start = join_states(start, state)
    for handler in node.handlers:
        frame.state = start.copy() if start is not None else None
        if frame.state is None:
            continue
        if handler.name:
            frame.state.bind(handler.name, join_each([machine.named("exception()"), *thrown]))
        if handler.caught is not None:
            machine.evaluate(handler.caught, frame)
        machine.execute(handler.body, frame)
        after = join_states(after, frame.state)
    frame.state = after
    if node.final:
        _finally(node, start, frame)


def _finally(node: nodes.Try, start: State | None, frame: Frame) -> None:
    if frame.state is None:
        frame.state = start.copy() if start is not None else frame.last.copy()
        frame.machine.execute(node.final, frame)
        frame.state = None
    else:
        frame.machine.execute(node.final, frame)


def run_with(node: nodes.With, frame: Frame) -> None:
    """`with`: what a context gives is the context itself, or what a generator yields."""
    machine: Machine = frame.machine
    for context, target in node.items:
        value = machine.evaluate(context, frame)
        if frame.ended:
            return
        if value.kind == LIST and isinstance(context, nodes.Call):
            value = iterate(value, context, frame)
        value = _entered(value, context, frame)
        if target is not None:
            assign(target, value, frame)
    machine.execute(node.body, frame)


def _entered(value: Value, node: nodes.Expression, frame: Frame) -> Value:
    if value.kind == UNION:
        return join_each([_entered(one, node, frame) for one in value.data])
    for name in ("__enter__", "__aenter__"):
        own = call_member(value, name, [], node, frame)
        if own is not None:
            return own
    return value


def run_match(node: nodes.Match, frame: Frame) -> None:
    """`match`: the first case that fits, where that is known."""
    machine: Machine = frame.machine
    subject = machine.evaluate(node.subject, frame)
    after: State | None = None
    for case in node.cases:
        if frame.state is None:
            break
        other = frame.state.copy()
        fits, facts = match_pattern(case.pattern, subject, frame)
        if fits is False:
            frame.state = other
            continue
        _enter(facts, frame)
        test = machine.evaluate(case.test, frame) if case.test is not None else None
        truth = True if test is None else truth_of(test)
        if truth is not False:
            _follow(case.body, facts_of(test)[0] if test is not None else {}, frame)
            after = join_states(after, frame.state)
        frame.state = other
        if fits and truth:
            frame.state = None
    frame.state = join_states(after, frame.state)


def _enter(facts: Mapping[Any, int], frame: Frame) -> None:
    if frame.state is not None:
        frame.state.clear(facts)


BRANCHES: Final[dict[type, Execute]] = {
    nodes.If: run_if,
    nodes.While: run_while,
    nodes.For: run_for,
    nodes.Try: run_try,
    nodes.With: run_with,
    nodes.Match: run_match,
}
