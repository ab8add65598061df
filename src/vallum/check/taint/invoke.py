"""Functions of the project: called once for each way in which they are called, and remembered."""

from collections.abc import Mapping
from typing import Any, Final

from vallum.check.flow import nodes
from vallum.check.flow.folding import UNKNOWN
from vallum.check.flow.walk import iter_nodes, iter_scope
from vallum.check.taint.guards import NO_FACTS, Facts, facts_of, intersect, make_fact, unite
from vallum.check.taint.machine import Arguments, Machine
from vallum.check.taint.moving import Moved, move_out
from vallum.check.taint.signature import Signer, widen
from vallum.check.taint.state import Cell, Closure, Code, Frame, State, join_heaps
from vallum.check.taint.value import (
    DICT,
    FACT,
    FUNCTION,
    LIST,
    NONE,
    NOTHING_KNOWN,
    PLAIN,
    SAFE,
    TEXT,
    Atom,
    Value,
    join_values,
    mark_trail,
    merge_all,
    truth_of,
)

DEEPEST: Final = 24
MOST_MOVED: Final = 24
"""New containers that each caller gets for itself; with more of them, all callers share what the first call made."""
MOST_CONTEXTS: Final = 4
"""Ways of calling a function that are told apart by their constants; beyond them constants are dropped."""
COARSE_AFTER: Final = 10
"""Ways after which calls with many objects are told apart only by what those are, not by what exactly is in them."""
FEW_OBJECTS: Final = 6
MOST_SUMMARIES: Final = 300
"""The same for calls with few objects or none."""
LEAN_AFTER: Final = 2
"""Ways after which calls that carry nothing from outside share one result."""


class Summary:
    """What a call does: its result, what it changes, what it shows, whether it comes back."""

    __slots__ = ("addresses", "changes", "ended", "facts", "moved")

    def __init__(
        self, moved: Moved, changes: Mapping[Any, Cell], facts: Facts, addresses: tuple[Any, ...], *, ended: bool
    ) -> None:
        """`changes` are the containers of the caller that hold something else afterwards."""
        self.moved = moved
        self.changes = changes
        self.facts = facts
        self.addresses = addresses
        self.ended = ended


class Contexts:
    """The ways in which one function has been called."""

    __slots__ = ("lean", "summaries")

    def __init__(self) -> None:
        """None yet."""
        self.summaries: dict[Any, Summary] = {}
        self.lean: dict[Any, Summary] = {}


def close(node: nodes.Function, frame: Frame) -> Value:
    """The value of a function where it is defined."""
    machine: Machine = frame.machine
    code = code_of(node, frame)
    defaults = {
        parameter.name: machine.evaluate(parameter.default, frame)
        for parameter in node.parameters
        if parameter.default is not None
    }
    closure = Closure(code, frame, defaults)
    if node.name != "<lambda>":
        machine.pending.setdefault(node, closure)
    return Value((), UNKNOWN, code.name, FUNCTION, closure, 0)


def code_of(node: nodes.Function, frame: Frame) -> Code:
    """What never changes between the activations of a function."""
    machine: Machine = frame.machine
    key = ("code", node)
    code: Code | None = machine.memo.get(key)
    if code is None:
        definition = frame.module.by_node.get(node)
        code = machine.memo[key] = Code(node, frame.module, definition, None)
        if frame.module.is_unusual:
            for inner in iter_scope(node.body):
                if isinstance(inner, nodes.Outer):
                    code.outer_names.update(dict.fromkeys(inner.names, inner.kind))
                elif isinstance(inner, nodes.Yield):
                    code.is_generator = True
        if frame.code is not None or (frame.outer is not None and frame.outer.code is not None):
            own = {parameter.name for parameter in node.parameters}
            names = (inner.id for part in node.body for inner in iter_nodes(part) if isinstance(inner, nodes.Name))
            code.free = tuple(dict.fromkeys(name for name in names if name not in own))
    return code


def invoke(closure: Closure, arguments: Arguments, node: nodes.Node, frame: Frame) -> Value:
    """The result of calling a function of the project, with all that the call does to the caller's state."""
    machine: Machine = frame.machine
    code = closure.code
    bound = bind(closure, arguments, node, frame)
    signer = Signer(machine, frame)
    if frame.depth >= DEEPEST or machine.active.get(code):
        return SAFE if _number_so_far(code, machine) else _give_up(code, arguments, signer, frame)
    contexts = machine.memo.get(code)
    if contexts is None:
        contexts = machine.memo[code] = Contexts()
    if len(contexts.summaries) >= LEAN_AFTER and not any(signer.concerns(value) for value in bound.values()):
        return _invoke_lean(contexts, closure, bound, node, frame)
    drop = len(contexts.summaries) >= MOST_CONTEXTS
    key = _key(closure, bound, signer, frame, drop=drop)
    most = COARSE_AFTER if len(signer.addresses) > FEW_OBJECTS else MOST_SUMMARIES
    if len(contexts.summaries) >= most and key not in contexts.summaries:
        return _invoke_coarsely(contexts, closure, bound, node, frame)
    summary = contexts.summaries.get(key)
    if summary is None or (summary.changes and summary.addresses != tuple(signer.addresses)):
        if drop:
            bound = {name: widen(value) for name, value in bound.items()}
        summary = run(closure, bound, tuple(signer.addresses), frame)
        contexts.summaries[key] = summary
    return _apply(summary, node, frame)


def _invoke_lean(
    contexts: Contexts, closure: Closure, bound: dict[str, Value], node: nodes.Node, frame: Frame
) -> Value:
    owner = bound[closure.code.parameters[0].name].name if closure.code.owner and closure.code.parameters else ""
    summary = contexts.lean.get(owner)
    if summary is None:
        widened = {name: widen(value) for name, value in bound.items()}
        summary = run(closure, widened, (), frame)
        contexts.lean[owner] = Summary(summary.moved, {}, summary.facts, (), ended=summary.ended)
    return _apply(summary, node, frame)


def _invoke_coarsely(
    contexts: Contexts, closure: Closure, bound: dict[str, Value], node: nodes.Node, frame: Frame
) -> Value:
    """A function that is called in very many ways: one result for each kind of arguments, and what they carry."""
    signer = Signer(frame.machine, frame)
    key = tuple(signer.sign_coarsely(value) for value in bound.values())
    summary = contexts.lean.get(key)
    if summary is None:
        widened = {name: widen(value) for name, value in bound.items()}
        summary = run(closure, widened, (), frame)
        contexts.lean[key] = Summary(summary.moved, {}, summary.facts, (), ended=summary.ended)
        return _apply(summary, node, frame)
    value = _apply(summary, node, frame)
    if value.kind > TEXT or not value.taint:
        return value
    taint = merge_all([value, *(Value(frame.machine.flatten(one, frame)) for one in bound.values())])
    return value.tainted(taint)


def _key(closure: Closure, bound: Mapping[str, Value], signer: Signer, frame: Frame, *, drop: bool) -> Any:
    signer.drop = drop
    parts = [signer.sign(value) for value in bound.values()]
    free = []
    if closure.code.free:
        for name in closure.code.free:
            value = closure.frame.look_up(name)
            if value is not None:
                free.append((name, signer.sign(value, 2)))
    cleared = (frame.state or frame.last).cleared
    return tuple(parts), tuple(free), frozenset(cleared.items()) if cleared else None


def _number_so_far(code: Code, machine: Machine) -> bool:
    """Whether all that a function was seen to return are numbers, so that calling itself gives one as well."""
    frame = machine.running.get(code)
    if frame is None or not frame.returns:
        return False
    return all(_is_number(value) for value, _ in frame.returns)


def _is_number(value: Value) -> bool:
    if value.const is not UNKNOWN:
        return isinstance(value.const, int | float)
    return value.kind == FACT or (value.kind == PLAIN and not value.taint and not value.name and not value.origin)


def _give_up(code: Code, arguments: Arguments, signer: Signer, frame: Frame) -> Value:
    """Recursion, or a chain of calls too long to follow: the result carries what the arguments do."""
    for value in arguments.every():
        signer.sign(value)
    if signer.interesting and not frame.machine.active.get(code):
        frame.machine.record.cuts.setdefault(code.name, f"calls nested deeper than {DEEPEST} were not followed")
    taint = merge_all([Value(frame.machine.flatten(value, frame)) for value in arguments.every()])
    return Value(taint) if taint else NOTHING_KNOWN


def bind(closure: Closure, arguments: Arguments, node: nodes.Node, frame: Frame) -> dict[str, Value]:
    """The values of the parameters."""
    positional = [_passed(value, node, frame) for value in arguments.positional]
    keywords = {name: _passed(value, node, frame) for name, value in arguments.keywords.items()}
    rest, place = arguments.rest, 0
    bound: dict[str, Value] = {}
    for parameter in closure.code.parameters:
        name = parameter.name
        if parameter.kind == "args":
            bound[name] = _gather(positional[place:], rest, (parameter, node), frame)
            place = len(positional)
        elif parameter.kind == "kwargs":
            bound[name] = frame.machine.allocate(DICT, Cell((), keywords, rest), (parameter, node), frame)
        elif parameter.kind != "keyword" and place < len(positional):
            bound[name] = positional[place]
            place += 1
        elif name in keywords:
            bound[name] = keywords.pop(name)
        elif rest is not None:
            default = closure.defaults.get(name)
            bound[name] = rest if default is None else join_values(rest, default)
        else:
            bound[name] = closure.defaults.get(name, NOTHING_KNOWN)
    return bound


def _passed(value: Value, node: nodes.Node, frame: Frame) -> Value:
    state = frame.state
    if not value.taint:
        return value
    if state is not None:
        value = state.apply(value)
    return mark_trail(value, "passes", frame.module, node)


def _gather(values: list[Value], rest: Value | None, node: Any, frame: Frame) -> Value:
    cell = Cell().with_elements(tuple(values))
    made: Value = frame.machine.allocate(LIST, cell if rest is None else cell.with_rest(rest), node, frame)
    return made


def run(closure: Closure, bound: dict[str, Value], addresses: tuple[Any, ...], frame: Frame) -> Summary:
    """Run a function's body on these parameters."""
    machine: Machine = frame.machine
    code = closure.code
    before = frame.state or frame.last
    callee = Frame(machine, code.module, code, closure.frame, before.call(bound))
    callee.serial = machine.next_serial()
    callee.depth = frame.depth + 1
    callee.content = machine.handlers.answers.get(code, "")
    machine.handlers.invoked.add(code)
    machine.active[code] = machine.active.get(code, 0) + 1
    outer, machine.running[code] = machine.running.get(code), callee
    try:
        machine.execute(code.node.body, callee)
    finally:
        machine.active[code] -= 1
        machine.running[code] = outer
    if callee.state is not None:
        callee.returns.append((NONE, callee.state))
        callee.last = callee.state
    return summarise(callee, before, addresses)


def summarise(callee: Frame, before: State, addresses: tuple[Any, ...]) -> Summary:
    """What all the ways through a body come to."""
    if not callee.returns:
        heap = callee.last.heap
        return Summary(move_out(NOTHING_KNOWN, {}, heap, before.heap), {}, NO_FACTS, addresses, ended=not callee.yields)
    value, heap = _result(callee)
    exits = [_shown(state, before) for _, state in callee.returns]
    shown = exits[0]
    for other in exits[1:]:
        shown = intersect(shown, other)
    value = _with_facts(value, callee, exits)
    base = callee.machine.base
    changes = {
        address: cell
        for address, cell in heap.items()
        if (before.heap.get(address) is not cell) and (address in before.heap or address in base or _is_named(address))
    }
    moved = move_out(value, changes, heap, before.heap)
    if len(moved.cells) > MOST_MOVED:
        base.update(moved.cells)
        moved = Moved(value, changes, {})
    return Summary(moved, moved.changes, shown, addresses, ended=False)


def _is_named(address: Any) -> bool:
    """Whether a cell holds what was written to an object outside of the project, found by its name."""
    return isinstance(address, str)


def _result(callee: Frame) -> tuple[Value, dict[Any, Cell]]:
    value, state = callee.returns[0]
    heap = state.heap
    for other, after in callee.returns[1:]:
        value = join_values(value, other)
        heap = join_heaps(heap, after.heap)
    if callee.code is not None and callee.code.is_generator:
        rest = callee.yields[0] if callee.yields else None
        for other in callee.yields[1:]:
            rest = other if rest is None else join_values(rest, other)
        address = (callee.code.node, callee.serial)
        heap = {**heap, address: Cell(rest=rest)}
        value = Value((), UNKNOWN, "", LIST, address, 1)
    return value, heap


def _shown(state: State, before: State) -> Facts:
    if state.cleared is before.cleared:
        return NO_FACTS
    return {
        atom: bits & ~before.cleared.get(atom, 0)
        for atom, bits in state.cleared.items()
        if bits & ~before.cleared.get(atom, 0)
    }


def _with_facts(value: Value, callee: Frame, exits: list[Facts]) -> Value:
    """`return True` under a guard shows the same as the guard, where the result is true."""
    if len(exits) < 2 and value.kind != FACT:
        return value
    true: dict[Atom, int] | Facts | None = None
    false: dict[Atom, int] | Facts | None = None
    for (returned, _), shown in zip(callee.returns, exits, strict=True):
        truth = truth_of(returned)
        when_true, when_false = facts_of(returned)
        if truth is not False:
            found = unite(shown, when_true)
            true = found if true is None else intersect(true, found)
        if truth is not True:
            found = unite(shown, when_false)
            false = found if false is None else intersect(false, found)
    if not true and not false:
        return value
    if value.kind not in {PLAIN, FACT}:
        return value
    fact = make_fact((true or NO_FACTS, false or NO_FACTS), value.taint)
    return Value(fact.taint, value.const, value.name, FACT, fact.data, value.origin, value.marks)


def _apply(summary: Summary, node: nodes.Node, frame: Frame) -> Value:
    """Let a call's effects happen in the caller's state."""
    state = frame.state or frame.last
    if summary.ended:
        frame.ended = True
        return NOTHING_KNOWN
    value, cells = summary.moved.place(node, frame.serial)
    state.put_all(cells)
    state.clear(summary.facts)
    return value
