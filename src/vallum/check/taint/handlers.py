"""Handlers that a framework knows by a decorator, a base class or an import, as the knowledge of libraries says."""

import re
from dataclasses import dataclass
from typing import Final

from vallum.check.flow import nodes
from vallum.check.knowledge.model import Entry
from vallum.check.taint.classes import foreign_bases
from vallum.check.taint.machine import Arguments, Machine
from vallum.check.taint.sinks import holds
from vallum.check.taint.state import Closure

_CONVERTERS: Final = re.compile(r"<(\w+):(\w+)>")
_WSGI: Final = Entry()
_NUMERIC: Final = frozenset({"int", "float", "uuid", "number", "slug"})


@dataclass(frozen=True, slots=True)
class Handler:
    """What is known of a function because of how it is registered."""

    entry: Entry
    path: str
    """The route's path, where a decorator has one."""
    answers: str

    def is_numeric(self, name: str) -> bool:
        """Whether the path lets only numbers into a parameter: `<id:int>`."""
        return any(found == name and kind in _NUMERIC for found, kind in _CONVERTERS.findall(self.path))


def find_handler(closure: Closure, machine: Machine) -> Handler | None:
    """How a framework calls a function; None for one that no framework is seen to call."""
    code = closure.code
    for decorator in code.node.decorators:
        called = decorator.function if isinstance(decorator, nodes.Call) else decorator
        name = machine.evaluate(called, closure.frame).name
        for entry in machine.knowledge.entries if name else ():
            if name in entry.decorators:
                return _decorated(entry, decorator, closure, machine)
    return _of_base(closure, machine) or _by_parameters(closure, machine)


def _of_base(closure: Closure, machine: Machine) -> Handler | None:
    code = closure.code
    bases = foreign_bases(code.owner) if code.owner is not None else []
    for entry in machine.knowledge.entries if bases else ():
        if code.node.name in entry.methods and not entry.bases.isdisjoint(bases):
            return Handler(entry, "", entry.answers)
    return None


def _by_parameters(closure: Closure, machine: Machine) -> Handler | None:
    names = [parameter.name for parameter in closure.code.parameters]
    if names[-2:] == ["environ", "start_response"]:
        return Handler(_WSGI, "", "")
    text = closure.code.module.source.text
    for entry in machine.knowledge.entries if "request" in names else ():
        if any(f"import {module}" in text or f"from {module}" in text for module in entry.modules):
            return Handler(entry, "", entry.answers)
    return None


def _decorated(entry: Entry, decorator: nodes.Expression, closure: Closure, machine: Machine) -> Handler:
    if not isinstance(decorator, nodes.Call):
        return Handler(entry, "", "" if entry.only else entry.answers)
    given = Arguments(
        [machine.evaluate(argument, closure.frame) for argument in decorator.arguments],
        {name: machine.evaluate(argument, closure.frame) for name, argument in decorator.keywords if name},
    )
    path = given.get(0, "path", "uri", "rule")
    answers = entry.answers if all(holds(one, given, default=False) for one in entry.only) else ""
    return Handler(entry, path.const if path is not None and isinstance(path.const, str) else "", answers)
