"""What an exception says, or a traceback, in an answer: a map of the inside for whoever provokes it."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call, Function
from vallum.check.flow.module import Definition
from vallum.check.flow.walk import iter_nodes
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.responses.exceptions import ExceptionText, find_handlers
from vallum.check.responses.leaks import error_handlers, find_leaks, is_response, taken_errors
from vallum.check.responses.senders import serves_anything
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_ATTACK: Final = "Whoever provokes the error reads table names, paths, hosts, versions or the value that failed."
_FIX: Final = 'Log the exception, and answer "An internal error occurred." with a request id.'
_QUERY: Final = re.compile(
    r"\brequest\.(?:args|form|json|data|query_string|GET|POST|body|query_params|values|get_json|full_path)\b|\bunquote\(request\."
)


def examine(project: Project) -> Iterator[Remark]:
    """Look at every error handler, and at every answer in a function that catches or takes an exception."""
    if not serves_anything(project):
        yield RULE.silence(Silence.DOES_NOT_APPLY, "nothing here answers HTTP requests")
        return
    registered = error_handlers(project)
    routed = {route.handler.qualified for route in project.routes}
    for module in project.modules:
        if is_test(module.path):
            continue
        for definition in module.definitions:
            if isinstance(definition.node, nodes.Function):
                yield from _judge(project, definition, registered, definition.qualified in routed)


def _judge(project: Project, definition: Definition, registered: frozenset[str], routed: bool) -> Iterator[Remark]:
    function = project.facts.function(definition)
    is_hook = definition.qualified in registered
    caught = frozenset(taken_errors(function)) if is_hook else frozenset()
    known = ExceptionText(definition, project.facts.names)
    known.collect(caught)
    if not (known.exceptions or known.loose or _uses_traceback(function)):
        return
    blamed = False
    for leak in find_leaks(project, known, answers=is_hook or routed):
        blamed = True
        reason = f"The text of an exception goes into {leak.sink}."
        confidence = Confidence.HIGH if leak.certain else Confidence.MEDIUM
        yield RULE.finding(definition.module.place(leak.node), _ATTACK, reason, fix=_FIX, confidence=confidence)
    if is_hook and not blamed:
        echo = _echo(function)
        if echo is None:
            yield RULE.site(function.place, "the handler answers with texts of its own")
        else:
            why = "The handler repeats what the request said."
            yield RULE.finding(echo.place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM)
    elif not blamed and _answers_in_handler(project, definition):
        yield RULE.site(function.place, "what is caught is answered with a fixed text")


def _uses_traceback(function: Function) -> bool:
    return any(call.name.startswith(("traceback.format_", "sys.exc_info")) for call in function.calls)


def _echo(function: Function) -> Call | None:
    """An answer of an error handler in which the request's own words stand."""
    return next((call for call in function.calls if is_response(call) and _QUERY.search(call.text)), None)


def _answers_in_handler(project: Project, definition: Definition) -> bool:
    scope = project.facts.names.scope_of(definition.module, definition)
    for handler in find_handlers(definition):
        for statement in handler.body:
            for node in iter_nodes(statement):
                if isinstance(node, nodes.Call) and is_response(project.facts.call(node, scope)):
                    return True
    return False


RULE = Rule(
    slug="exception-text-sent",
    control="generic-errors",
    languages=("python",),
    unit=("function that answers errors", "functions that answer errors"),
    sound="with fixed texts",
    examine=examine,
)
