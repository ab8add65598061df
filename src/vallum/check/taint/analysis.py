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
from vallum.check.taint.machine import FUEL, Evaluate, Machine, OutOfFuelError
from vallum.check.taint.record import Record
from vallum.check.taint.state import Closure, Frame, State
from vallum.check.taint.statements import STATEMENTS
from vallum.check.taint.value import SAFE

_EXPRESSIONS: Final[dict[type, Evaluate]] = {**EXPRESSIONS, nodes.Call: run_call}
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
        waiting.sort(key=lambda pair: (pair[0] not in by_node, pair[1].code.module.path, pair[0].line))
        for node, closure in waiting:
            done.add(node)
            told(len(done), len(machine.pending))
            for entry in by_node.get(node, (None,)):
                _enter(closure, entry, machine)
    machine.record.steps = machine.steps
    return machine.record


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
    frame = Frame(machine, code.module, code, closure.frame, State({}, {}, {}))
    frame.serial = machine.next_serial()
    frame.content = _content(route)

    def run() -> None:
        state = frame.state
        if state is None:
            return
        frame.depth = 1
        outside = Frame(machine, code.module, None, closure.frame, state)
        outside.serial, outside.depth = frame.serial, 1
        state.bind_all(parameters_of(route, closure, outside))
        frame.depth = int(route is not None)
        machine.execute(code.node.body, frame)
        machine.keep_heap(frame.view)

    name = f"{code.module.path}:{code.node.line} {code.node.name}"
    _guard(name, machine, run)


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
