"""Handlers that take the body of a request apart without a schema."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Function, Route
from vallum.check.flow.walk import iter_nodes
from vallum.check.judging import guard_sites
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.inputs import is_raw, names_validator, schemas_of
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence
from vallum.findings.place import Place

_WHOLE: Final = frozenset({"get_json", "json", "form"})
_DECORATED: Final = re.compile(
    r"valid|schema|use_args|use_kwargs|arguments|expects|parse|checked|body|form", re.IGNORECASE
)
_SCHEMA: Final = re.compile(r"(?:Form|Schema|Serializer|Model|Input|Command|Payload|Params|Request|In|Adapter)$")
_ATTACK: Final = "Whoever writes the request by hand is bound by no rule of the form: any type, length or range passes."
_FIX: Final = "Let a strict schema read the body, and use its output alone: Schema.model_validate(body)."


def examine(project: Project) -> Iterator[Remark]:
    """Look at how each handler with a body reads it."""
    seen: set[Place] = set()
    remarks: list[Remark] = []
    for route in project.routes:
        if route.place not in seen and not is_test(route.place.path) and not is_internal(route):
            seen.add(route.place)
            remarks += _judge(route, project)
    remarks += guard_sites(RULE, project, "vallum.guard.*.checked", "vallum.guard.input.loaders.*")
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no handler reads a body")


def is_internal(route: Route) -> bool:
    """A route for other services, which `payload-unchecked` looks at."""
    return "internal" in route.path.lower()


def _judge(route: Route, project: Project) -> Iterator[Remark]:
    handler = route.handler
    if any(_DECORATED.search(one.text.partition("(")[0]) for one in handler.decorators if _by_schema(one.text)):
        yield RULE.site(handler.place, "a decorator validates the body")
        return
    reads = list(read_bodies(handler, project))
    for node, checked in reads:
        place = handler.module.place(node)
        if checked:
            yield RULE.site(place, "a schema reads it")
        else:
            why = f"`{handler.module.text_of(node).splitlines()[0]}` is used without a schema."
            yield RULE.finding(place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM)
    if not reads:
        yield from _judge_parameters(route, project)


def _by_schema(text: str) -> bool:
    """Not the registration of the route itself, whose name may hold any word."""
    return not re.search(r"\.(?:get|post|put|patch|delete|route|api_route)\(", text)


def _judge_parameters(route: Route, project: Project) -> Iterator[Remark]:
    if route.framework != "fastapi":
        return
    for parameter in route.handler.parameters:
        name = parameter.annotation.name.removesuffix("()") if parameter.annotation is not None else ""
        place = route.handler.place
        if name in schemas_of(project):
            yield RULE.site(place, f"{name.rpartition('.')[2]} reads the body")
        elif route.changes_state and is_raw(parameter):
            why = f"`{parameter.name}` is a dictionary or a list of anything."
            yield RULE.finding(place, _ATTACK, why, fix=_FIX)


def read_bodies(handler: Function, project: Project) -> Iterator[tuple[nodes.Node, bool]]:
    """Each place where a function takes the whole body, and whether a schema gets it and nothing else does."""
    schemas = frozenset(name.rpartition(".")[2] for name in schemas_of(project))
    for node in iter_nodes(handler.node):
        if not isinstance(node, nodes.Assign) or len(node.targets) != 1 or node.value is None:
            continue
        target = node.targets[0]
        if isinstance(target, nodes.Name) and _is_whole(node.value):
            yield node, _is_checked(target.id, handler, schemas)


def _is_whole(node: nodes.Node) -> bool:
    """`request.get_json()`, `request.json`, `await request.form()`, `dict(request.form)`."""
    if isinstance(node, nodes.Await):
        node = node.value
    if isinstance(node, nodes.Call) and isinstance(node.function, nodes.Name):
        return node.function.id == "dict" and len(node.arguments) == 1 and _is_whole(node.arguments[0])
    if isinstance(node, nodes.Call):
        return (
            isinstance(node.function, nodes.Attribute) and node.function.name in _WHOLE and _is_request(node.function)
        )
    return isinstance(node, nodes.Attribute) and node.name in _WHOLE and _is_request(node)


def _is_request(node: nodes.Attribute) -> bool:
    return isinstance(node.base, nodes.Name) and node.base.id in {"request", "req"}


def _is_checked(name: str, handler: Function, schemas: frozenset[str]) -> bool:
    """Whether a validator gets the variable, and no field is taken out of the raw body afterwards."""
    last: tuple[int, int] | None = None
    bound, picked = 0, []
    for node in iter_nodes(handler.node):
        if isinstance(node, nodes.Assign) and any(
            isinstance(one, nodes.Name) and one.id == name for one in node.targets
        ):
            bound += 1
        elif isinstance(node, nodes.Subscript) and _names(node.base, name):
            picked.append((node.line, node.column))
        elif isinstance(node, nodes.Call):
            if _validates(_word(node), schemas) and _uses(node, name):
                last = last or (node.line, node.end_column)
            elif (
                isinstance(node.function, nodes.Attribute)
                and node.function.name == "get"
                and _names(node.function.base, name)
            ):
                picked.append((node.line, node.column))
    return last is not None and (bound > 1 or not any(at > last for at in picked))


def _names(node: nodes.Node, name: str) -> bool:
    return isinstance(node, nodes.Name) and node.id == name


def _uses(node: nodes.Call, name: str) -> bool:
    parts = (*node.arguments, *(value for _, value in node.keywords))
    return any(_names(inner, name) for part in parts for inner in iter_nodes(part))


def _validates(word: str, schemas: frozenset[str]) -> bool:
    if word[:1].isupper():
        return word in schemas or _SCHEMA.search(word) is not None
    return names_validator(word)


def _word(node: nodes.Call) -> str:
    match node.function:
        case nodes.Name(id=name) | nodes.Attribute(name=name):
            return name
    return ""


RULE = Rule(
    slug="body-without-schema",
    control="server-side-validation",
    languages=("python",),
    unit=("body", "bodies"),
    sound="read by a schema",
    examine=examine,
)
