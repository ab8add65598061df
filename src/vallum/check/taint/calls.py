"""Calls of any kind of value."""

from typing import Final

from vallum.check.flow import nodes
from vallum.check.knowledge.model import Sink
from vallum.check.taint.classes import find_member, make_instance
from vallum.check.taint.foreign import call_foreign, is_special
from vallum.check.taint.invoke import invoke
from vallum.check.taint.library.containers import container_method
from vallum.check.taint.library.texts import text_method
from vallum.check.taint.machine import Arguments, Machine
from vallum.check.taint.objects import get_attribute
from vallum.check.taint.signature import Signer
from vallum.check.taint.sinks import judge
from vallum.check.taint.state import Frame
from vallum.check.taint.subscripts import iterate, join_each
from vallum.check.taint.value import (
    BOUND,
    CLASS,
    DICT,
    FUNCTION,
    LIST,
    METHOD,
    MODULE,
    NOTHING_KNOWN,
    OBJECT,
    PLAIN,
    TEXT,
    TUPLE,
    UNION,
    Value,
    join_values,
)

MOST_CANDIDATES: Final = 3
"""Classes of the project whose method an unknown receiver may have; with more of them nobody can tell."""
_FORMAT: Final = Sink(kind="template", told="reads attributes that it names")
_COMMON: Final = frozenset(
    {"get", "items", "keys", "values", "update", "pop", "add", "append", "close", "save", "delete"}
)


def run_call(node: nodes.Call, frame: Frame) -> Value:
    """A call: the function first, then the arguments."""
    machine: Machine = frame.machine
    function = node.function
    if isinstance(function, nodes.Attribute):
        inner = function.base
        if isinstance(inner, nodes.Call) and isinstance(inner.function, nodes.Name) and inner.function.id == "super":
            return _call_super(function.name, evaluate_arguments(node, frame), node, frame)
        base = machine.evaluate(inner, frame)
        arguments = evaluate_arguments(node, frame)
        machine.record.see(node, _told(base, function.name), _all(arguments))
        return call_method(base, function.name, arguments, node, frame)
    value = machine.evaluate(function, frame)
    arguments = evaluate_arguments(node, frame)
    machine.record.see(node, value.name, _all(arguments))
    return call_value(value, arguments, node, frame)


def _all(arguments: Arguments) -> tuple[Value, ...]:
    return (*arguments.positional, *arguments.keywords.values())


def _told(base: Value, method: str) -> str:
    return f"{base.name}.{method}" if base.name else f"?.{method}"


def evaluate_arguments(node: nodes.Call, frame: Frame) -> Arguments:
    """The values of the arguments; stars are opened where their content is known."""
    machine: Machine = frame.machine
    positional: list[Value] = []
    rest: Value | None = None
    for part in node.arguments:
        value = machine.evaluate(part, frame)
        if isinstance(part, nodes.Star):
            opened = _open(value, frame)
            if opened is not None:
                positional.extend(opened)
                continue
            value = iterate(value, part, frame)
            rest = value if rest is None else join_values(rest, value)
        else:
            positional.append(value)
    keywords: dict[str, Value] = {}
    for name, part in node.keywords:
        value = machine.evaluate(part, frame)
        if name is not None:
            keywords[name] = value
            continue
        cell = machine.cell(value, frame) if value.kind == DICT else None
        if cell is not None:
            keywords.update((str(key), entry) for key, entry in cell.entries.items())
        spread = value if cell is None else cell.rest
        if spread is not None:
            rest = spread if rest is None else join_values(rest, spread)
    return Arguments(positional, keywords, rest)


def _open(value: Value, frame: Frame) -> list[Value] | None:
    if value.kind == TUPLE:
        return list(value.data)
    if value.kind == LIST:
        cell = frame.machine.cell(value, frame)
        return list(cell.elements) if cell.rest is None else None
    return None


def call_value(value: Value, arguments: Arguments, node: nodes.Call, frame: Frame) -> Value:
    """Call whatever a value is."""
    kind = value.kind
    if kind == FUNCTION:
        return invoke(value.data, arguments, node, frame)
    if kind == BOUND:
        bound = Arguments([value.data[0], *arguments.positional], arguments.keywords, arguments.rest)
        return invoke(value.data[1], bound, node, frame)
    if kind == CLASS:
        return make_instance(value, arguments, node, frame)
    if kind == UNION:
        return join_each([call_value(one, arguments, node, frame) for one in value.data])
    if kind == METHOD:
        return call_method(value.data[0], value.data[1], arguments, node, frame)
    if kind == OBJECT:
        return _call_object(value, arguments, node, frame)
    return call_foreign(value.name, None, arguments, node, frame, value)


def _call_object(value: Value, arguments: Arguments, node: nodes.Call, frame: Frame) -> Value:
    cell = frame.machine.cell(value, frame)
    if value.name == "functools.partial()" and cell.elements:
        given = [*cell.elements[1:], *arguments.positional]
        return call_value(
            cell.elements[0], Arguments(given, {**cell.entries, **arguments.keywords}, arguments.rest), node, frame
        )
    found = get_attribute(value, "__call__", node, frame)
    if found.kind in {OBJECT, UNION}:
        return call_foreign(f"{value.name}.__call__", value, arguments, node, frame)
    return call_value(found, arguments, node, frame)


def call_method(base: Value, name: str, arguments: Arguments, node: nodes.Call, frame: Frame) -> Value:
    """`base.name(...)`."""
    kind = base.kind
    if kind == UNION:
        return join_each([call_method(one, name, arguments, node, frame) for one in base.data])
    if kind in {LIST, DICT, TUPLE}:
        return container_method(base, name, arguments, node, frame)
    if kind in {OBJECT, MODULE, CLASS, FUNCTION, BOUND}:
        return _call_attribute(base, name, arguments, node, frame)
    full = f"{base.name}.{name}" if base.name else f"?.{name}"
    if name == "format" and base.taint and kind in {PLAIN, TEXT}:
        judge(_FORMAT, "str.format", base, node.function, node, frame)
    model = frame.machine.model(frame.machine.knowledge.names.get(full, full))
    if model is None and kind in {PLAIN, TEXT} and not is_special(full):
        result = text_method(base, name, arguments, node, frame)
        if result is not None:
            return result
    if not base.name and not base.taint and model is None and kind == PLAIN:
        found = _call_candidates(name, arguments, node, frame)
        if found is not None:
            return found
    return call_foreign(full, base, arguments, node, frame)


def _call_attribute(base: Value, name: str, arguments: Arguments, node: nodes.Call, frame: Frame) -> Value:
    found = get_attribute(base, name, node, frame)
    if base.kind == OBJECT and found.kind == PLAIN and not found.name:
        if name in {"model_dump", "dict", "_asdict"}:
            return call_value(frame.machine.named("dataclasses.asdict"), Arguments([base]), node, frame)
        return call_foreign(f"{base.name}.{name}", base, arguments, node, frame)
    if found.kind == PLAIN and base.kind == CLASS and name == "_make":
        return make_instance(base, arguments, node, frame)
    return call_value(found, arguments, node, frame)


def _call_candidates(name: str, arguments: Arguments, node: nodes.Call, frame: Frame) -> Value | None:
    """An unknown receiver: the methods of that name, if only a few classes of the project have one."""
    machine: Machine = frame.machine
    if name in _COMMON or name in machine.knowledge.methods:
        return None
    signer = Signer(machine, frame)
    if not any(signer.concerns(value) for value in arguments.every()):
        return None
    found = machine.index.by_method.get(name, ())
    if not found or len(found) > MOST_CANDIDATES:
        return None
    results: list[Value] = []
    for definition in found:
        closure = machine.pending.get(definition.node)
        if closure is not None:
            given = Arguments([NOTHING_KNOWN, *arguments.positional], arguments.keywords, arguments.rest)
            results.append(invoke(closure, given, node, frame))
            frame.ended = False
    return join_each(results) if results else None


def _call_super(name: str, arguments: Arguments, node: nodes.Call, frame: Frame) -> Value:
    code = frame.code
    owner = code.owner if code is not None else None
    if code is None or owner is None or not code.parameters:
        return NOTHING_KNOWN
    instance = (frame.state or frame.last).env.get(code.parameters[0].name, NOTHING_KNOWN)
    for base in owner.bases:
        member = find_member(base.data, name) if base.kind == CLASS else None
        if member is not None and member.kind == FUNCTION:
            given = Arguments([instance, *arguments.positional], arguments.keywords, arguments.rest)
            return invoke(member.data, given, node, frame)
    for base in owner.bases:
        if base.name and base.kind != CLASS:
            return call_foreign(f"{base.name}().{name}", instance, arguments, node, frame)
    return NOTHING_KNOWN
