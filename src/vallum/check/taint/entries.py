"""Where the interpreter begins: handlers with what a visitor sends, then every function with nothing known."""

import re
from collections.abc import Mapping
from typing import Any, Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Route
from vallum.check.flow.folding import UNKNOWN
from vallum.check.flow.walk import iter_nodes
from vallum.check.knowledge.kinds import ALL
from vallum.check.knowledge.model import Origin
from vallum.check.taint.classes import (
    ClassInfo,
    all_fields,
    find_member,
    is_numeric,
    make_instance,
    template_of,
)
from vallum.check.taint.handlers import Handler
from vallum.check.taint.invoke import invoke
from vallum.check.taint.machine import Arguments, Machine
from vallum.check.taint.patterns import cleared_by
from vallum.check.taint.state import Cell, Closure, Frame
from vallum.check.taint.value import (
    CLASS,
    DICT,
    FUNCTION,
    LIST,
    NOTHING_KNOWN,
    OBJECT,
    OUTSIDE,
    PLAIN,
    SAFE,
    Taint,
    Trail,
    Value,
    clear_bits,
)

_CONVERTERS: Final = re.compile(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>|\{(\w+)(?::(\w+))?\}|\(\?P<(\w+)>")
_NUMERIC: Final = frozenset({"int", "float", "uuid", "slug"})
_LABELS: Final = {
    "Query": "query parameter", "Path": "path parameter", "Header": "header", "Cookie": "cookie",
    "Form": "form field", "File": "upload", "Body": "body field",
}  # fmt: skip
_MOST_FIELDS: Final = 60
DJANGO_REQUEST: Final = "django.http.HttpRequest()"


def parameters_of(
    route: Route | None, closure: Closure, frame: Frame, handler: Handler | None = None
) -> dict[str, Value]:
    """The values with which an entry begins."""
    machine: Machine = frame.machine
    code = closure.code
    bound: dict[str, Value] = {}
    for place, parameter in enumerate(code.parameters):
        if not place and code.owner is not None and parameter.name in {"self", "cls"}:
            bound[parameter.name] = _instance(code.owner, route, frame)
        elif parameter.kind == "args":
            bound[parameter.name] = machine.allocate(LIST, Cell(rest=NOTHING_KNOWN), parameter, frame)
        elif parameter.kind == "kwargs":
            label = "path parameter" if route is not None else handler.entry.label if handler is not None else ""
            rest = _sent(parameter, "", label, frame) if label else NOTHING_KNOWN
            bound[parameter.name] = machine.allocate(DICT, Cell(rest=rest), parameter, frame)
        elif handler is not None:
            bound[parameter.name] = _handed(handler, parameter, frame)
        elif route is None:
            bound[parameter.name] = _by_type(parameter, frame)
        else:
            bound[parameter.name] = _ROUTED[route.framework](route, parameter, frame)
    return bound


def _instance(owner: ClassInfo, route: Route | None, frame: Frame) -> Value:
    kind = Value((), UNKNOWN, owner.name, CLASS, owner, 0)
    value = template_of(kind, frame.machine)
    if route is not None and route.framework == "django":
        request = frame.machine.named(DJANGO_REQUEST)
        cell = frame.machine.cell(value, frame).with_entry("request", request)
        kwargs = _sent(owner.node, "", "path parameter", frame)
        frame.machine.store(value, cell.with_entry("kwargs", kwargs).with_entry("args", kwargs), frame)
    return value


def _handed(handler: Handler, parameter: nodes.Parameter, frame: Frame) -> Value:
    """What a framework of which the knowledge tells hands to a parameter."""
    entry = handler.entry
    if parameter.name == "start_response":
        return _request(frame, parameter.name)
    if parameter.name == "environ":
        return _sent(parameter, "", "request", frame)
    if entry.request and (parameter.name in _REQUESTS or (parameter.annotation is None and not entry.label)):
        return _request(frame, entry.request)
    if entry.injected:
        return injected(parameter, _converters(handler.path), frame)
    numeric = parameter.annotation is not None and is_numeric(parameter.annotation, frame)
    if not entry.label or (numeric and handler.path):
        return _by_type(parameter, frame)
    if handler.is_numeric(parameter.name):
        return SAFE
    sent = _sent(parameter, parameter.name, entry.label, frame)
    return sent.tainted(clear_bits(sent.taint, ~entry.mask))


_REQUESTS: Final = frozenset({"request", "req", "_request"})


def _by_type(parameter: nodes.Parameter, frame: Frame) -> Value:
    """A parameter of a function that nobody is seen to call."""
    if parameter.annotation is None:
        if parameter.name == "request" and "django" in frame.module.source.text:
            return _request(frame, DJANGO_REQUEST)
        return NOTHING_KNOWN
    return _of_annotation(parameter.annotation, frame) or NOTHING_KNOWN


def _of_annotation(annotation: nodes.Expression, frame: Frame) -> Value | None:
    machine: Machine = frame.machine
    if isinstance(annotation, nodes.Binary) and annotation.operator == "|":
        annotation = annotation.left
    annotation = _bare(annotation)
    if is_numeric(annotation, frame):
        return SAFE
    value = machine.evaluate(annotation, frame)
    if value.kind == CLASS:
        return template_of(value, machine)
    if value.name and value.kind == PLAIN and "." in value.name and not value.name.startswith(_TYPING):
        name = machine.knowledge.names.get(f"{value.name}()", f"{value.name}()")
        return machine.named(name)
    return None


_TYPING: Final = ("typing.", "collections.abc.", "types.")


def _sent(node: nodes.Node, name: str, label: str, frame: Frame) -> Value:
    """What a visitor sends."""
    machine: Machine = frame.machine
    atom = machine.make_atom(("sent", node, name), label, name)
    return Value((Taint(atom, ALL, Trail("enters", frame.module, node, None)),), UNKNOWN, "", PLAIN, None, OUTSIDE)


def _converters(path: str) -> Mapping[str, str]:
    """The names in a route's path, with their converters."""
    found: dict[str, str] = {}
    for match in _CONVERTERS.finditer(path):
        kind, name, curly, curly_kind, group = match.groups()
        found[name or curly or group] = kind or curly_kind or "str"
    return found


def _flask(route: Route, parameter: nodes.Parameter, frame: Frame) -> Value:
    converter = _converters(route.path).get(parameter.name)
    if converter in _NUMERIC:
        return SAFE
    if converter is None:
        return _by_type(parameter, frame)
    return _sent(parameter, parameter.name, "path parameter", frame)


def _django(route: Route, parameter: nodes.Parameter, frame: Frame) -> Value:
    if parameter.name == "request":
        return _request(frame, DJANGO_REQUEST)
    if _converters(route.path).get(parameter.name) in _NUMERIC:
        return SAFE
    if parameter.annotation is not None and is_numeric(parameter.annotation, frame):
        return SAFE
    return _sent(parameter, parameter.name, "path parameter", frame)


def _starlette(_route: Route, parameter: nodes.Parameter, frame: Frame) -> Value:
    if parameter.annotation is not None:
        return _by_type(parameter, frame)
    return _request(frame, "starlette.requests.Request()")


def _request(frame: Frame, name: str) -> Value:
    named: Value = frame.machine.named(name)
    return named


def _fastapi(route: Route, parameter: nodes.Parameter, frame: Frame) -> Value:
    return injected(parameter, _converters(route.path), frame)


def injected(parameter: nodes.Parameter, converters: Mapping[str, str], frame: Frame) -> Value:
    """What FastAPI hands to a parameter: a dependency's result, a model, a number, or text that was sent."""
    machine: Machine = frame.machine
    annotation, marker = _split(parameter, frame)
    if marker is not None:
        word = _callee(marker, frame).rpartition(".")[2]
        if word in {"Depends", "Security"}:
            return _depend(marker, annotation, converters, frame)
        label = _LABELS.get(word, "query parameter")
    else:
        label = "path parameter" if parameter.name in converters else "query parameter"
    if annotation is None:
        return _sent(parameter, parameter.name, label, frame)
    if is_numeric(annotation, frame):
        return SAFE
    value = machine.evaluate(_inner(annotation), frame)
    if value.kind == CLASS:
        made = fill_model(value, parameter, frame, 0)
        wrapped = isinstance(annotation, nodes.Subscript)
        return machine.allocate(LIST, Cell(rest=made), (parameter, "list"), frame) if wrapped else made
    known = _of_annotation(annotation, frame)
    return known if known is not None else _sent(parameter, parameter.name, label, frame)


def _inner(annotation: nodes.Expression) -> nodes.Expression:
    if isinstance(annotation, nodes.Subscript):
        index = annotation.index
        return index.elements[0] if isinstance(index, nodes.Items) and index.elements else index
    if isinstance(annotation, nodes.Binary):
        return annotation.left
    return annotation


def _split(parameter: nodes.Parameter, frame: Frame) -> tuple[nodes.Expression | None, nodes.Call | None]:
    """The type of a parameter, and the `Query(...)` or `Depends(...)` that says where it comes from."""
    annotation = parameter.annotation
    marker = parameter.default if isinstance(parameter.default, nodes.Call) else None
    annotation = _unalias(annotation, frame)
    bare = None if annotation is None else _bare(annotation)
    if bare is not annotation and isinstance(annotation, nodes.Subscript) and isinstance(annotation.index, nodes.Items):
        for extra in annotation.index.elements[1:]:
            marker = extra if isinstance(extra, nodes.Call) and marker is None else marker
    return bare, marker


def _bare(annotation: nodes.Expression) -> nodes.Expression:
    """`T` of `Annotated[T, ...]`."""
    if isinstance(annotation, nodes.Subscript) and isinstance(annotation.index, nodes.Items):
        return annotation.index.elements[0] if _name(annotation.base) == "Annotated" else annotation
    return annotation


def _unalias(annotation: nodes.Expression | None, frame: Frame) -> nodes.Expression | None:
    """`CurrentUser` for `CurrentUser = Annotated[User, Depends(...)]`, in this module or where it was imported from."""
    if not isinstance(annotation, nodes.Name):
        return annotation
    module = frame.module
    for _ in range(3):
        for statement in module.body:
            named = isinstance(statement, nodes.Assign) and any(
                isinstance(target, nodes.Name) and target.id == annotation.id for target in statement.targets
            )
            if named and isinstance(statement, nodes.Assign) and isinstance(statement.value, nodes.Subscript):
                return statement.value
        found = None
        for statement in module.body:
            if isinstance(statement, nodes.Import) and any(local == annotation.id for _, local in statement.names):
                base = frame.machine.index.resolve_relative(module, statement.module, statement.level)
                found = frame.machine.index.find_module(base, module)
        if found is None:
            break
        module = found
    return annotation


def _name(node: nodes.Expression) -> str:
    return node.id if isinstance(node, nodes.Name) else node.name if isinstance(node, nodes.Attribute) else ""


def _callee(marker: nodes.Call, frame: Frame) -> str:
    name: str = frame.machine.evaluate(marker.function, frame).name
    return name or _name(marker.function)


def _depend(
    marker: nodes.Call, annotation: nodes.Expression | None, converters: Mapping[str, str], frame: Frame
) -> Value:
    """The result of a dependency, which gets its own parameters in the same way."""
    machine: Machine = frame.machine
    target = machine.evaluate(marker.arguments[0], frame) if marker.arguments else None
    if target is None and annotation is not None:
        target = machine.evaluate(annotation, frame)
    if target is None:
        return NOTHING_KNOWN
    if target.kind == CLASS:
        creator = find_member(target.data, "__init__")
        if creator is None:
            return fill_model(target, marker, frame, 0)
        given = _injected_all(creator.data, converters, frame, skip=1)
        return make_instance(target, Arguments([], given), marker, frame)
    if target.kind != FUNCTION:
        result: Value = machine.call_value(target, Arguments([]), marker, frame)
        return result
    result = invoke(target.data, Arguments([], _injected_all(target.data, converters, frame)), marker, frame)
    frame.ended = False
    if target.data.code.is_generator and result.kind == LIST:
        return machine.cell(result, frame).rest or NOTHING_KNOWN
    return result


def _injected_all(closure: Closure, converters: Mapping[str, str], frame: Frame, skip: int = 0) -> dict[str, Value]:
    inner = Frame(frame.machine, closure.code.module, None, closure.frame, frame.state or frame.last)
    inner.serial, inner.depth = frame.serial, frame.depth + 1
    if frame.depth > 8:
        return {}
    return {
        parameter.name: injected(parameter, converters, inner)
        for parameter in closure.code.parameters[skip:]
        if parameter.kind not in {"args", "kwargs"}
    }


def fill_model(kind: Value, node: nodes.Node, frame: Frame, depth: int) -> Value:
    """An object of a declared model, each field of which a visitor sent."""
    machine: Machine = frame.machine
    info: ClassInfo = kind.data
    cell = Cell(owner=info)
    inner = Frame(machine, info.frame.module, None, info.frame.outer, frame.state or frame.last)
    inner.serial = frame.serial
    for name, annotation in list(all_fields(info).items())[:_MOST_FIELDS]:
        if is_numeric(annotation, inner):
            cell = cell.with_entry(name, SAFE)
            continue
        value = machine.evaluate(_inner(annotation), inner)
        if value.kind == CLASS and depth < 3:
            cell = cell.with_entry(name, fill_model(value, node, frame, depth + 1))
        else:
            sent = _sent_field(node, name, frame)
            pattern = _pattern_of(info, name, annotation)
            bits = cleared_by(pattern, "search") if pattern else 0
            cell = cell.with_entry(name, sent.tainted(clear_bits(sent.taint, bits)) if bits else sent)
    return machine.allocate(OBJECT, cell, (node, info), frame, f"{info.name}()")


def _pattern_of(info: ClassInfo, name: str, annotation: nodes.Expression) -> str:
    """The pattern that a field's text must match: `Field(pattern=...)`, `constr(pattern=...)`; empty for none."""
    calls = [inner for inner in iter_nodes(annotation) if isinstance(inner, nodes.Call)]
    for statement in info.node.body:
        if isinstance(statement, nodes.Assign) and isinstance(statement.value, nodes.Call):
            named = [target.id for target in statement.targets if isinstance(target, nodes.Name)]
            calls += [statement.value] if name in named else []
    for call in calls:
        for keyword, value in call.keywords:
            if keyword in {"pattern", "regex"} and isinstance(value, nodes.Const) and isinstance(value.value, str):
                return value.value
    return ""


def _sent_field(node: nodes.Node, name: str, frame: Frame) -> Value:
    origin = Origin(label="body field", mask=ALL)
    atom = frame.machine.make_atom(("field", node, name), origin.label, name)
    return Value((Taint(atom, ALL, Trail("enters", frame.module, node, None)),), UNKNOWN, "", PLAIN, None, OUTSIDE)


_ROUTED: Final[dict[str, Any]] = {"flask": _flask, "django": _django, "starlette": _starlette, "fastapi": _fastapi}
