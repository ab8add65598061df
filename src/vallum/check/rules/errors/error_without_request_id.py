"""Error handlers whose answer cannot be found again in the log: no request id, or one that is counted or made anew."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Function
from vallum.check.flow.walk import iter_nodes
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.handlers import walk_called
from vallum.check.responses.apps import find_guards
from vallum.check.responses.leaks import error_handlers
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence
from vallum.findings.place import Place

_ATTACK: Final = "The customer's complaint and the line in the log cannot be joined; an attack stays a rumour."
_FIX: Final = "Put the id of the request, which the log has too, into the body and into X-Request-ID."
_ID: Final = re.compile(
    r"request_?-?id|correlation_?-?id|trace_?-?id|incident|error_?id|event_?id|traceparent", re.IGNORECASE
)
_MADE: Final = re.compile(r"\b(?:uuid\d?\.)?uuid\d\(|\btoken_(?:hex|urlsafe)\(")
_COUNTED: Final = re.compile(r"\bnext\(|\btime\.\w+\(|\btime\(\)|\brandint\(|\brandom\(|\.now\(|_count\b")
_DJANGO: Final = re.compile(r"(?:server_error|handler[45]\d\d|page_not_found|permission_denied|bad_request)")
_ANSWERS: Final = re.compile(
    r"(?:\w*Response\w*|jsonify|make_response|render|render_template\w*|dict|HttpResponse\w*|str|dumps)$"
)
_HEADER: Final = re.compile(
    r"\.headers\[[\"']X-(?:Request|Correlation)-ID[\"']\]\s*=|[\"']X-(?:Request|Correlation)-ID[\"']\s*:", re.IGNORECASE
)


def examine(project: Project) -> Iterator[Remark]:
    """Look at every error handler."""
    handlers = _handlers(project)
    guarded = find_guards(project)
    everywhere = _sets_header(project)
    for function in handlers:
        if guarded:
            yield RULE.site(function.place, "the guard adds the id to every error")
        else:
            yield from _judge(function, project, everywhere)
    if not handlers:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "there are no error handlers")


def _handlers(project: Project) -> list[Function]:
    names = error_handlers(project)
    return [
        function
        for function in project.functions
        if not is_test(function.place.path)
        and (
            function.qualified in names
            or (_DJANGO.fullmatch(function.name) and function.parameters and function.parameters[0].name == "request")
        )
    ]


def _sets_header(project: Project) -> str:
    """The hook or middleware that puts the id on every answer; empty when there is none."""
    handlers = {function.qualified for function in _handlers(project)}
    for function in project.functions:
        words = {decorator.name.rpartition(".")[2] for decorator in function.decorators}
        hook = words & {"after_request", "after_app_request", "middleware"} or function.name in {
            "dispatch",
            "__call__",
            "process_response",
        }
        if hook and function.qualified not in handlers and _HEADER.search(function.text):
            return function.name
    return ""


def _judge(function: Function, project: Project, everywhere: str) -> Iterator[Remark]:
    bad = _fresh(function, project)
    if bad is not None:
        place, why = bad
        yield RULE.finding(place, _ATTACK, why, fix=_FIX)
    elif any(_ID.search(called.text) for called in walk_called(function, project)):
        yield RULE.site(function.place, "answers with the id of the request")
    elif everywhere:
        yield RULE.site(function.place, f"{everywhere} puts the id on the answer")
    elif _answers_itself(function):
        why = "The answer has no request id."
        unsure = not any(
            parameter.name in {"error", "exc", "e", "exception", "request"} for parameter in function.parameters
        )
        yield RULE.finding(
            function.place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM if unsure else Confidence.HIGH
        )


def _answers_itself(function: Function) -> bool:
    """Whether it makes an answer of its own, and does not hand the error on or leave the answer to others."""
    for value in function.returns:
        inner = value.node.elements[0] if isinstance(value.node, nodes.Items) and value.node.elements else value.node
        if isinstance(inner, nodes.Table | nodes.Text | nodes.Const):
            return True
        if isinstance(inner, nodes.Call):
            word = (
                inner.function.name
                if isinstance(inner.function, nodes.Attribute)
                else getattr(inner.function, "id", "")
            )
            if _ANSWERS.search(word) and "Redirect" not in word:
                return True
    return False


def _fresh(function: Function, project: Project) -> tuple[Place, str] | None:
    """An id that the log cannot know: made in the answer, or counted."""
    scope = project.facts.names.scope_of(function.module, function.module.by_node[function.node])
    for value in function.returns:
        for key, given in _ids(value.node):
            text = function.module.text_of(given)
            logged = False
            if isinstance(given, nodes.Name):
                binding = scope.bindings.get(given.id)
                text = function.module.text_of(binding) if isinstance(binding, nodes.Expression) else ""
                logged = sum(given.id == name.id for name in scope.nodes if isinstance(name, nodes.Name)) > 2
            if _COUNTED.search(text):
                return value.place, f"{key} is counted or read from a clock, so anybody can guess it."
            if _MADE.search(text) and not logged:
                return value.place, f"{key} is made for the answer alone, so the log does not have it."
    return None


def _ids(node: nodes.Expression) -> Iterator[tuple[str, nodes.Expression]]:
    for part in iter_nodes(node):
        if isinstance(part, nodes.Table):
            for key, value in zip(part.keys, part.values, strict=True):
                if isinstance(key, nodes.Const) and isinstance(key.value, str) and _ID.search(key.value):
                    yield key.value, value
        elif isinstance(part, nodes.Call):
            yield from ((key, value) for key, value in part.keywords if key and _ID.search(key))


RULE = Rule(
    slug="error-without-request-id",
    control="error-request-id",
    languages=("python",),
    unit=("error handler", "error handlers"),
    sound="answers with the id of the request",
    examine=examine,
)
