"""Validation failures that are answered with a library's message, and with the submitted value in it."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.module import Definition
from vallum.check.flow.walk import iter_nodes
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.responses.exceptions import ExceptionText, find_handlers
from vallum.check.responses.leaks import Leak, error_handlers, find_leaks, is_response, taken_errors
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_ATTACK: Final = "A password that was one character short comes back, into histories, proxies and error trackers."
_FIX: Final = "Answer names of fields and codes of your own; errors(include_input=False, include_url=False) at least."
_KINDS: Final = re.compile(
    r"(?:^|\.)(?:\w*ValidationError|\w*Invalid\w*|ValueError|TypeError|SchemaError|ValidationException|BadRequestKeyError|JSONDecodeError)$"
)
_SAFE: Final = re.compile(r"include_input\s*=\s*False")
_CARRIED: Final = frozenset({"errors", "json", "body", "messages", "message_dict", "message", "msg", "detail"})


def examine(project: Project) -> Iterator[Remark]:
    """Look at every function that catches or takes a failed validation, and answers."""
    registered = error_handlers(project)
    routed = {route.handler.qualified for route in project.routes}
    examined = False
    for module in project.modules:
        if is_test(module.path) or not re.search(r"Valid|Invalid|ValueError|TypeError", module.source.text):
            continue
        for definition in module.definitions:
            if isinstance(definition.node, nodes.Function):
                for remark in _judge(project, definition, registered, routed):
                    examined = True
                    yield remark
    if not examined:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no failed validation is answered by code here")


def _judge(project: Project, definition: Definition, registered: frozenset[str], routed: set[str]) -> Iterator[Remark]:
    names = _exceptions(project, definition, registered)
    if not names:
        return
    is_hook = definition.qualified in registered
    known = ExceptionText(definition, project.facts.names)
    known.exceptions.update(names)
    known.collect(frozenset())
    known.exceptions.intersection_update(names)
    answers = is_hook or definition.qualified in routed
    blamed: set[int] = set()
    for leak in (*_echoes(project, definition, names, answers), *find_leaks(project, known, answers=answers)):
        text = definition.module.text_of(leak.node)
        if _SAFE.search(text) or _is_mapped(leak.node) or leak.node.line in blamed:
            continue
        blamed.update(range(leak.node.line, leak.node.end_line + 1))
        why = f"What the library says of the input goes into {leak.sink}."
        sure = Confidence.HIGH if leak.certain else Confidence.MEDIUM
        yield RULE.finding(definition.module.place(leak.node), _ATTACK, why, fix=_FIX, confidence=sure)
    if not blamed and (answers or _answers(project, definition)):
        yield RULE.site(definition.module.place(definition.node), "answers with texts of its own")


def _exceptions(project: Project, definition: Definition, registered: frozenset[str]) -> set[str]:
    """The variables of a function that hold a failed validation."""
    names = project.facts.names
    scope = names.scope_of(definition.module, definition)
    found = set()
    for handler in find_handlers(definition):
        parts = handler.caught.elements if isinstance(handler.caught, nodes.Items) else (handler.caught,)
        if handler.name and any(part is not None and _KINDS.search(names.name_of(part, scope)) for part in parts):
            found.add(handler.name)
    function = project.facts.function(definition)
    taken = set(taken_errors(function)) if definition.qualified in registered else set()
    for parameter in function.parameters:
        kind = parameter.annotation.name if parameter.annotation is not None else ""
        if _KINDS.search(kind) and (parameter.name in taken or kind.endswith("ValidationError")):
            found.add(parameter.name)
    return found


def _echoes(project: Project, definition: Definition, names: set[str], answers: bool) -> Iterator[Leak]:
    """The answers that hold the list of failures, or the body, that the exception carries."""
    scope = project.facts.names.scope_of(definition.module, definition)
    for node in sorted(scope.nodes, key=lambda node: isinstance(node, nodes.Return)):
        if isinstance(node, nodes.Call):
            call = project.facts.call(node, scope)
            if is_response(call) and _carries(node, names):
                yield Leak(node=node, sink=call.method, certain=True)
        elif isinstance(node, nodes.Return) and answers and node.value is not None and _carries(node.value, names):
            yield Leak(node=node, sink="the answer", certain=not isinstance(node.value, nodes.Call))


def _carries(node: nodes.Node, names: set[str]) -> bool:
    return any(
        isinstance(part, nodes.Attribute)
        and isinstance(part.base, nodes.Name)
        and part.base.id in names
        and part.name in _CARRIED
        for part in iter_nodes(node)
    )


def _is_mapped(node: nodes.Node) -> bool:
    """A comprehension that takes names and codes out of each entry."""
    for part in iter_nodes(node):
        if isinstance(part, nodes.Comprehension):
            keys = {
                inner.index.value
                for inner in iter_nodes(part)
                if isinstance(inner, nodes.Subscript) and isinstance(inner.index, nodes.Const)
            }
            told = {"msg", "message", "input", "ctx", "value"}
            if keys and not keys & told:
                return True
    return False


def _answers(project: Project, definition: Definition) -> bool:
    scope = project.facts.names.scope_of(definition.module, definition)
    return any(
        isinstance(node, nodes.Call) and is_response(project.facts.call(node, scope))
        for handler in find_handlers(definition)
        for statement in handler.body
        for node in iter_nodes(statement)
    )


RULE = Rule(
    slug="validation-input-echoed",
    control="validation-errors-safe",
    languages=("python",),
    unit=("answer to a failed validation", "answers to failed validations"),
    sound="answers with texts of its own",
    examine=examine,
)
