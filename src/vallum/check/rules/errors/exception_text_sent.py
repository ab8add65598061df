"""What an exception says, or a traceback, in an answer: a map of the inside for whoever provokes it."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call, Function
from vallum.check.flow.module import Definition
from vallum.check.flow.walk import iter_nodes, iter_scope
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.responses.exceptions import ExceptionText, find_handlers
from vallum.check.responses.senders import serves_anything
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_ATTACK: Final = "Whoever provokes the error reads table names, paths, hosts, versions or the value that failed."
_FIX: Final = 'Log the exception, and answer "An internal error occurred." with a request id.'
_RESPONSES: Final = re.compile(
    r"jsonify|make_response|abort|HTTPException|WebSocketException|TemplateResponse|render|render_template(?:_string)?"
    r"|send_json|send_text|send_bytes|close|flash|\w*Response\w*|HttpResponse\w*|BadRequest|NotFound|Forbidden|Unauthorized|Conflict"
    r"|InternalServerError|UnprocessableEntity|APIException|APIError|problem"
)
_HOOKS: Final = frozenset({"errorhandler", "app_errorhandler", "exception_handler"})
_ADDERS: Final = ("*.add_exception_handler", "*.register_error_handler")
_QUERY: Final = re.compile(
    r"\brequest\.(?:args|form|json|data|query_string|GET|POST|body|query_params|values|get_json|full_path)\b|\bunquote\(request\."
)
_LOGGING: Final = re.compile(r"\blog|logging|logger|print|warn|debug|capture|record", re.IGNORECASE)


def examine(project: Project) -> Iterator[Remark]:
    """Look at every error handler, and at every answer in a function that catches or takes an exception."""
    if not serves_anything(project):
        yield RULE.silence(Silence.DOES_NOT_APPLY, "nothing here answers HTTP requests")
        return
    registered = _registered(project)
    routed = {route.handler.qualified for route in project.routes}
    for module in project.modules:
        if is_test(module.path):
            continue
        for definition in module.definitions:
            if isinstance(definition.node, nodes.Function):
                yield from _judge(project, definition, registered, definition.qualified in routed)


def _registered(project: Project) -> frozenset[str]:
    """The names of the functions that a framework calls with an exception."""
    added = {
        argument.name
        for call in project.calls(*_ADDERS)
        if (argument := call.argument(1, "handler", "f", "func")) is not None
    }
    decorated = {
        function.qualified
        for function in project.functions
        if function.name == "process_exception" or any(d.name.rpartition(".")[2] in _HOOKS for d in function.decorators)
    }
    return frozenset(added | decorated)


def _judge(project: Project, definition: Definition, registered: frozenset[str], routed: bool) -> Iterator[Remark]:
    function = project.facts.function(definition)
    is_hook = definition.qualified in registered
    caught = frozenset(_taken(function)) if is_hook else frozenset()
    known = ExceptionText(definition, project.facts.names)
    known.collect(caught)
    if not (known.exceptions or known.loose or _uses_traceback(function)):
        return
    blamed = False
    for node, reason, confidence in _leaks(project, definition, known, answers=is_hook or routed):
        blamed = True
        yield RULE.finding(definition.module.place(node), _ATTACK, reason, fix=_FIX, confidence=confidence)
    if is_hook and not blamed:
        echo = _echo(function)
        if echo is None:
            yield RULE.site(function.place, "the handler answers with texts of its own")
        else:
            why = "The handler repeats what the request said."
            yield RULE.finding(echo.place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM)
    elif not blamed and _answers_in_handler(project, definition):
        yield RULE.site(function.place, "what is caught is answered with a fixed text")


def _taken(function: Function) -> Iterator[str]:
    """The exception among the parameters of a handler: the first that is not the request or the instance."""
    for parameter in function.parameters:
        if parameter.name not in {"self", "cls", "request", "req", "_request", "websocket", "_"}:
            yield parameter.name
            return


def _uses_traceback(function: Function) -> bool:
    return any(call.name.startswith(("traceback.format_", "sys.exc_info")) for call in function.calls)


def _leaks(
    project: Project, definition: Definition, known: ExceptionText, *, answers: bool
) -> Iterator[tuple[nodes.Node, str, Confidence]]:
    seen: set[int] = set()
    scope = known.scope
    body = sorted(iter_scope(definition.node.body), key=lambda node: isinstance(node, nodes.Return))
    for node in body:
        if isinstance(node, nodes.Call):
            call = project.facts.call(node, scope)
            if _is_response(call) and _has_text(call, known) and node.line not in seen:
                seen.add(node.line)
                yield node, _reason(call.method), Confidence.HIGH
        elif isinstance(node, nodes.Return) and node.value is not None and answers:
            lines = set(range(node.line, node.end_line + 1))
            if not lines & seen and _returns_text(node.value, known):
                seen |= lines
                certain = not isinstance(node.value, nodes.Call)
                yield node, _reason("the answer"), Confidence.HIGH if certain else Confidence.MEDIUM


def _reason(sink: str) -> str:
    return f"The text of an exception goes into {sink}."


def _is_response(call: Call) -> bool:
    if call.method in {"close", "send_json", "send_text", "send_bytes"}:
        return call.receiver is not None and re.search(r"socket|ws", call.receiver.text, re.IGNORECASE) is not None
    if call.name.startswith("logging.") or (call.receiver is not None and _LOGGING.search(call.receiver.text)):
        return False
    return _RESPONSES.fullmatch(call.method) is not None


def _has_text(call: Call, known: ExceptionText) -> bool:
    return any(known.is_text(argument.node) or _is_json(call, argument.node, known) for argument in call.arguments)


def _is_json(call: Call, node: nodes.Expression, known: ExceptionText) -> bool:
    """`HTTPException(400, detail=error)`, where the exception itself becomes text."""
    return call.method in {"HTTPException", "abort", "HttpResponse", "PlainTextResponse"} and known.is_exception(node)


def _returns_text(node: nodes.Expression, known: ExceptionText) -> bool:
    body = node.elements[0] if isinstance(node, nodes.Items) and node.kind == "tuple" and node.elements else node
    if isinstance(body, nodes.Call):
        parts = [*body.arguments, *(value for _, value in body.keywords)]
        return known.is_text(body) or any(known.is_text(part) for part in parts)
    return known.is_text(body)


def _echo(function: Function) -> Call | None:
    """An answer of an error handler in which the request's own words stand."""
    return next((call for call in function.calls if _is_response(call) and _QUERY.search(call.text)), None)


def _answers_in_handler(project: Project, definition: Definition) -> bool:
    scope = project.facts.names.scope_of(definition.module, definition)
    for handler in find_handlers(definition):
        for statement in handler.body:
            for node in iter_nodes(statement):
                if isinstance(node, nodes.Call) and _is_response(project.facts.call(node, scope)):
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
