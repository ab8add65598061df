"""Answers that hold what an exception says, the calls that make answers, and the functions that answer errors."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call, Function
from vallum.check.flow.walk import iter_scope
from vallum.check.project import Project
from vallum.check.responses.exceptions import ExceptionText

_RESPONSES: Final = re.compile(
    r"jsonify|make_response|abort|HTTPException|WebSocketException|TemplateResponse|render|render_template(?:_string)?"
    r"|send_json|send_text|send_bytes|close|flash|\w*Response\w*|HttpResponse\w*|BadRequest|NotFound|Forbidden|Unauthorized|Conflict"
    r"|InternalServerError|UnprocessableEntity|APIException|APIError|problem"
)
_HOOKS: Final = frozenset({"errorhandler", "app_errorhandler", "exception_handler"})
_ADDERS: Final = ("*.add_exception_handler", "*.register_error_handler")
_LOGGING: Final = re.compile(r"\blog|logging|logger|print|warn|debug|capture|record", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Leak:
    """An answer with text of an exception."""

    node: nodes.Node
    sink: str
    """What sends it: the name of a call, or `the answer`."""
    certain: bool


@lru_cache(maxsize=2)
def error_handlers(project: Project) -> frozenset[str]:
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


def taken_errors(function: Function) -> Iterator[str]:
    """The exception among the parameters of a handler: the first that is not the request or the instance."""
    for parameter in function.parameters:
        if parameter.name not in {"self", "cls", "request", "req", "_request", "websocket", "_"}:
            yield parameter.name
            return


def find_leaks(project: Project, known: ExceptionText, *, answers: bool) -> Iterator[Leak]:
    """The answers of a function that tell what an exception says; `answers` if what it returns is an answer."""
    seen: set[int] = set()
    scope = known.scope
    body = sorted(iter_scope(known.definition.node.body), key=lambda node: isinstance(node, nodes.Return))
    for node in body:
        if isinstance(node, nodes.Call):
            call = project.facts.call(node, scope)
            if is_response(call) and _has_text(call, known) and node.line not in seen:
                seen.add(node.line)
                yield Leak(node=node, sink=call.method, certain=True)
        elif isinstance(node, nodes.Return) and node.value is not None and answers:
            lines = set(range(node.line, node.end_line + 1))
            if not lines & seen and _returns_text(node.value, known):
                seen |= lines
                certain = not isinstance(node.value, nodes.Call)
                yield Leak(node=node, sink="the answer", certain=certain)


def is_response(call: Call) -> bool:
    """Whether a call makes or sends an answer."""
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
