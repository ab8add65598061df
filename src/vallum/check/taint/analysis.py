"""The whole run of the interpreter over a project."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Route
from vallum.check.flow.index import Index
from vallum.check.flow.module import Module
from vallum.check.knowledge.library import Knowledge
from vallum.check.taint.calls import call_value, run_call
from vallum.check.taint.entries import parameters_of
from vallum.check.taint.expressions import EXPRESSIONS
from vallum.check.taint.handlers import find_handler
from vallum.check.taint.machine import FUEL, Arguments, Evaluate, Machine, OutOfFuelError
from vallum.check.taint.record import Record
from vallum.check.taint.state import Cell, Closure, Frame, State
from vallum.check.taint.statements import STATEMENTS
from vallum.check.taint.value import SAFE, Value, constant

_EXPRESSIONS: Final[dict[type, Evaluate]] = {**EXPRESSIONS, nodes.Call: run_call}
_BEFORE: Final = frozenset({"before_request", "before_app_request", "url_value_preprocessor", "before_serving"})
Told = Callable[[int, int], None]


def analyse(index: Index, knowledge: Knowledge, routes: Iterable[Route], told: Told) -> Record:
    """Run every module, every handler with what a visitor sends, and every other function with nothing known.

    Ends on every input: each entry has its fuel, and an entry that runs out of it, or on which the interpreter itself
    fails, is listed among the record's cuts.
    """
    machine = Machine(index, knowledge, _EXPRESSIONS, STATEMENTS, run_module)
    machine.call_value = call_value
    by_node: dict[nodes.Node, list[Route]] = {}
    for route in routes:
        by_node.setdefault(route.handler.node, []).append(route)
    for module in index.modules:
        machine.module_frame(module)
    done: set[Any] = set()
    while True:
        waiting = [(node, closure) for node, closure in machine.pending.items() if node not in done]
        if not waiting:
            break
        waiting.sort(key=lambda pair: _turn(pair[0], pair[1], routed=pair[0] in by_node))
        for node, closure in waiting:
            done.add(node)
            told(len(done), len(machine.pending))
            for entry in by_node.get(node, (None,)):
                _enter(closure, entry, machine)
    if machine.handlers.keeps_guesses:
        _look_again(machine, by_node)
    machine.record.steps = machine.steps
    return machine.record


def _look_again(machine: Machine, by_node: dict[nodes.Node, list[Route]]) -> None:
    """Run the handlers that draw values once more: what one of them keeps, another or itself compares later."""
    for node, closure in list(machine.pending.items()):
        if node in by_node and "random" in closure.code.module.source.text:
            for entry in by_node[node]:
                _enter(closure, entry, machine)


def _turn(node: nodes.Function, closure: Closure, *, routed: bool) -> tuple[bool, bool, str, int]:
    """When a function is run: what runs before every handler first, then the handlers, then all others."""
    return not _runs_first(node), not routed, closure.code.module.path, node.line


def _runs_first(node: nodes.Function) -> bool:
    """Whether a function runs before each handler."""
    for decorator in node.decorators:
        called = decorator.function if isinstance(decorator, nodes.Call) else decorator
        if isinstance(called, nodes.Attribute) and called.name in _BEFORE:
            return True
    return False


def run_module(machine: Machine, module: Module) -> Frame:
    """Run a module's body."""
    frame = Frame(machine, module, None, None, State({"__name__": SAFE, "__file__": SAFE}, {}, {}))
    frame.serial = module.path
    machine.enter_module(module, frame)
    _guard(module.path, machine, lambda: machine.execute(module.body, frame))
    frame.raises.clear()
    machine.base.update(frame.view.heap)
    return frame


def _enter(closure: Closure, route: Route | None, machine: Machine) -> None:
    code = closure.code
    frame = Frame(machine, code.module, code, closure.frame, State({}, dict(machine.handlers.shared), {}))
    frame.serial = machine.next_serial()
    machine.refuel(FUEL)
    handler = find_handler(closure, machine) if route is None else None
    frame.content = _content(route) if handler is None else handler.answers
    machine.handlers.is_real = route is not None or handler is not None

    def run() -> None:
        state = frame.state
        if state is None:
            return
        frame.depth = 1
        outside = Frame(machine, code.module, None, closure.frame, state)
        outside.serial, outside.depth = frame.serial, 1
        _know_path(route, state)
        given = parameters_of(route, closure, outside, handler)
        wrapper = machine.handlers.decorated.get(code.node)
        frame.depth = int(route is not None or handler is not None)
        if wrapper is not None and frame.depth:
            machine.handlers.answers[code] = frame.content
            machine.handlers.invoked.discard(code)
            machine.call_value(wrapper, _arguments(route, given), code.node, outside)
            outside.ended = False
            if code in machine.handlers.invoked:
                machine.keep_heap(outside.view)
                return
        state.bind_all(given)
        machine.execute(code.node.body, frame)
        machine.keep_heap(frame.view)
        if _runs_first(code.node):
            machine.share(frame.view)

    name = f"{code.module.path}:{code.node.line} {code.node.name}"
    _guard(name, machine, run)


def _arguments(route: Route | None, given: dict[str, Value]) -> Arguments:
    """The way in which a framework hands over what a visitor sends: by name, but Django's request by place."""
    if route is not None and route.framework in {"flask", "fastapi"}:
        return Arguments([], given)
    first = next(iter(given), None)
    return Arguments([given[first]] if first else [], {name: value for name, value in given.items() if name != first})


def _know_path(route: Route | None, state: State) -> None:
    """The path of a request for a route without placeholders is what the route says."""
    if route is not None and route.framework == "flask" and route.path and not set(route.path) & set("<>{}()?*"):
        state.put("flask.request", Cell(entries={"path": constant(route.path)}))


def _guard(name: str, machine: Machine, run: Callable[[], None]) -> None:
    """Run within the bounds; what goes wrong is written down, and the rest goes on."""
    machine.refuel(FUEL)
    active = dict(machine.active)
    try:
        run()
    except OutOfFuelError:
        machine.record.cuts[name] = f"took more than {FUEL} steps and was not followed to its end"
    except RecursionError:
        machine.record.cuts[name] = "is nested too deeply and was not followed to its end"
    except Exception as error:
        if machine.strict:
            raise
        machine.record.cuts[name] = f"could not be followed: the analyser failed with {type(error).__name__}"
    machine.active = active


def _content(route: Route | None) -> str:
    if route is None:
        return ""
    if route.framework == "flask":
        return "html"
    for decorator in route.handler.decorators:
        for argument in decorator.arguments:
            if argument.keyword == "response_class" and argument.name.endswith("HTMLResponse"):
                return "html"
    return ""
