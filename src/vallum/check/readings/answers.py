"""What a handler answers: the status and the body of each return, response and refusal."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call, Function
from vallum.check.flow.folding import fold
from vallum.check.flow.scope import Scope
from vallum.check.flow.walk import iter_nodes
from vallum.check.project import Project
from vallum.findings.place import Place

UNTOLD: Final = -1
"""The status of an answer that has one, which cannot be told."""
_FIXED: Final = {
    "HttpResponseNotFound": 404, "HttpResponseForbidden": 403, "HttpResponseBadRequest": 400, "Http404": 404,
    "PermissionDenied": 403, "NotFound": 404, "Forbidden": 403, "Unauthorized": 401, "BadRequest": 400,
    "NotFoundException": 404, "NotAuthorizedException": 401, "PermissionDeniedException": 403,
    "AuthenticationFailed": 401, "NotAuthenticated": 401, "Gone": 410, "Locked": 423, "HTTPNotFound": 404,
    "HTTPUnauthorized": 401, "HTTPForbidden": 403, "Conflict": 409, "HttpResponseServerError": 500,
    "InternalServerError": 500,
}  # fmt: skip
_SENDERS: Final = {
    "JSONResponse": (0, 1), "JsonResponse": (0, None), "jsonify": (0, None), "HTMLResponse": (0, 1),
    "PlainTextResponse": (0, 1), "ORJSONResponse": (0, 1), "UJSONResponse": (0, 1), "Response": (0, 1),
    "HttpResponse": (0, None), "HTTPException": (1, 0), "abort": (1, 0), "make_response": (0, 1),
    "json_response": (0, None),
    "APIException": (0, None), "HTTPError": (1, 0),
    "StarletteHTTPException": (1, 0),
}  # fmt: skip
_NUMBER: Final = re.compile(r"(?:HTTP_|HTTPStatus\.)?(\d{3})(?:_|$)")
_NAMES: Final = {
    "NOT_FOUND": 404, "UNAUTHORIZED": 401, "FORBIDDEN": 403, "LOCKED": 423, "GONE": 410, "BAD_REQUEST": 400, "OK": 200,
    "INTERNAL_SERVER_ERROR": 500,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer of a function."""

    node: nodes.Node
    place: Place
    status: int | None
    """None when the code gives none, so that the framework's 200 counts; `UNTOLD` when it cannot be told."""
    body: tuple[nodes.Expression, ...]
    """What makes up its body."""
    text: str
    """The constant texts of the body, one after the other."""


def list_answers(function: Function, project: Project) -> list[Answer]:
    """The answers of a function, in the order of its lines."""
    scope = project.facts.names.scope_of(function.module, function.module.by_node[function.node])
    found: list[Answer] = []
    inner: set[nodes.Node] = set()
    for node in scope.nodes:
        match node:
            case nodes.Return(value=nodes.Items(kind="tuple", elements=(body, status, *_))):
                found.append(_answer(node, function, (body,), _status(status, scope, project)))
                inner.update(iter_nodes(body))
            case nodes.Return(value=nodes.Table() as body):
                found.append(_answer(node, function, (body,), None))
            case nodes.Call() if node not in inner:
                call = project.facts.call(node, scope)
                found += _from_call(call, function, scope, project)
                inner.update(iter_nodes(node))
            case nodes.Raise(value=nodes.Name() | nodes.Attribute() as value):
                word = project.facts.names.name_of(value, scope).rpartition(".")[2]
                if word in _FIXED:
                    found.append(_answer(node, function, (), _FIXED[word]))
    return found


def _answer(node: nodes.Node, function: Function, body: tuple[nodes.Expression, ...], status: int | None) -> Answer:
    texts = [
        part.value
        for expression in body
        for part in iter_nodes(expression)
        if isinstance(part, nodes.Const) and isinstance(part.value, str) and not part.value.endswith(".html")
    ]
    return Answer(node=node, place=function.module.place(node), status=status, body=body, text=" ".join(texts))


def _from_call(call: Call, function: Function, scope: Scope, project: Project) -> Iterator[Answer]:
    word = call.words if call.method == "?" else call.method
    if word in _FIXED:
        given = call.argument(None, "status", "status_code")
        status = _FIXED[word] if given is None else _status(given.node, scope, project)
        yield _answer(call.node, function, tuple(argument.node for argument in call.arguments), status)
    elif word in {"render", "TemplateResponse"} or word not in _SENDERS:
        for argument in call.arguments:
            if isinstance(argument.constant, int) and 400 <= argument.constant < 600:
                yield _answer(call.node, function, tuple(other.node for other in call.arguments), argument.constant)
    else:
        body, position = _SENDERS[word]
        given = call.argument(position, "status_code", "status", "code")
        if given is None and word == "Response" and call.name.startswith("rest_framework"):
            given = call.argument(1)
        status = None if given is None else _status(given.node, scope, project)
        held = tuple(
            argument.node
            for argument in call.arguments
            if argument is not given
            and argument.keyword not in {"headers", "media_type", "mimetype"}
            and body is not None
        )
        yield _answer(call.node, function, held, UNTOLD if call.expands and status is None else status)


def _status(node: nodes.Expression, scope: Scope, project: Project) -> int | None:
    value = fold(node, scope, project.facts.names)
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    if isinstance(node, nodes.Attribute):
        match = _NUMBER.match(node.name)
        return int(match[1]) if match else _NAMES.get(node.name, UNTOLD)
    return UNTOLD


def iter_entries(body: tuple[nodes.Expression, ...]) -> Iterator[tuple[str, nodes.Expression]]:
    """The keys and values of the tables in a body, on their first level."""
    for expression in body:
        if isinstance(expression, nodes.Table):
            for key, value in zip(expression.keys, expression.values, strict=True):
                if isinstance(key, nodes.Const) and isinstance(key.value, str):
                    yield key.value, value
        elif isinstance(expression, nodes.Call):
            yield from iter_entries(expression.arguments)
            yield from ((key, value) for key, value in expression.keywords if key)
