"""Classes of the project, and the objects made of them."""

from typing import Any, Final

from vallum.check.flow import nodes
from vallum.check.flow.folding import UNKNOWN
from vallum.check.taint.invoke import invoke
from vallum.check.taint.machine import Arguments, Machine
from vallum.check.taint.state import Cell, Closure, Frame, State
from vallum.check.taint.value import (
    BOUND,
    CLASS,
    CONFIGURATION,
    CONSTANT,
    FUNCTION,
    NOTHING_KNOWN,
    OBJECT,
    PLAIN,
    SAFE,
    Value,
)

PROPERTY, STATIC, OF_CLASS = 4, 8, 16
"""Marks of a function value that is a property, a static method, a class method."""
_DECORATORS: Final = {
    "property": PROPERTY,
    "functools.cached_property": PROPERTY,
    "django.utils.functional.cached_property": PROPERTY,
    "staticmethod": STATIC,
    "classmethod": OF_CLASS,
}
_ENUMS: Final = ("enum.Enum", "enum.StrEnum", "enum.IntEnum", "enum.Flag", "django.db.models.TextChoices")
_NUMBERS: Final = frozenset({
    "int", "float", "bool", "complex", "uuid.UUID", "datetime.datetime", "datetime.date", "datetime.time",
    "decimal.Decimal", "datetime.timedelta", "pydantic.PositiveInt", "pydantic.NonNegativeInt", "pydantic.UUID4",
    "ipaddress.IPv4Address", "ipaddress.IPv6Address", "ipaddress.IPv4Network", "ipaddress.IPv6Network",
})  # fmt: skip
_BEGINNINGS: Final = ("initialize", "prepare", "setup")
"""Methods that frameworks call before any other."""
_DEEPEST: Final = 10


class ClassInfo:
    """A class: its members, its bases, its declared fields in order."""

    __slots__ = ("bases", "fields", "frame", "members", "name", "node")

    def __init__(self, node: nodes.Class, name: str, frame: Frame) -> None:
        """Members are added when the body has run."""
        self.node = node
        self.name = name
        self.frame = frame
        self.members: dict[str, Value] = {}
        self.bases: list[Value] = []
        self.fields: dict[str, nodes.Expression] = {}

    def __repr__(self) -> str:
        """For a person who looks into the interpreter."""
        return f"<class {self.name}>"


def define_class(node: nodes.Class, frame: Frame) -> Value:
    """The value of a class where it is defined."""
    machine: Machine = frame.machine
    definition = frame.module.by_node.get(node)
    info = ClassInfo(node, definition.qualified if definition else node.name, frame)
    info.bases = [machine.evaluate(base, frame) for base in node.bases]
    before = frame.state or frame.last
    body = Frame(machine, frame.module, None, frame, before.copy())
    body.serial = machine.next_serial()
    machine.execute(node.body, body)
    after = body.view
    names = [*_assigned(node)]
    info.members = {name: after.env[name] for name in names if name in after.env}
    if after.heap is not before.heap:
        before.put_all(after.heap)
    for statement in node.body:
        if isinstance(statement, nodes.Assign) and statement.annotation is not None:
            target = statement.targets[0]
            if isinstance(target, nodes.Name):
                info.fields[target.id] = statement.annotation
    for member in info.members.values():
        if member.kind == FUNCTION and member.data.code.module is frame.module:
            member.data.code.owner = info
    return Value((), UNKNOWN, info.name, CLASS, info, CONSTANT)


def _assigned(node: nodes.Class) -> list[str]:
    names: list[str] = []
    for statement in node.body:
        if isinstance(statement, nodes.Function | nodes.Class):
            names.append(statement.name)
        elif isinstance(statement, nodes.Assign) and statement.value is not None:
            names += [target.id for target in statement.targets if isinstance(target, nodes.Name)]
    return names


def mark_function(value: Value, decorator: str) -> Value:
    """A function under a decorator of Python's own that changes how it is found."""
    mark = _DECORATORS.get(decorator, PROPERTY if decorator.endswith(".cached_property") else 0)
    if not mark or value.kind != FUNCTION:
        return value
    return Value(value.taint, value.const, value.name, FUNCTION, value.data, value.origin, value.marks | mark)


def find_member(info: ClassInfo, name: str, depth: int = 0) -> Value | None:
    """A member of a class or of one of its bases within the project."""
    found = info.members.get(name)
    if found is not None or depth > _DEEPEST:
        return found
    for base in info.bases:
        if base.kind == CLASS:
            found = find_member(base.data, name, depth + 1)
            if found is not None:
                return found
    return None


def foreign_bases(info: ClassInfo, depth: int = 0) -> list[str]:
    """The qualified names of the bases outside of the project."""
    names: list[str] = []
    for base in info.bases:
        if base.kind == CLASS and depth <= _DEEPEST:
            names += foreign_bases(base.data, depth + 1)
        elif base.name:
            names.append(base.name.partition("[")[0])
    return names


def bind_member(member: Value, instance: Value, owner: Value, node: nodes.Node, frame: Frame) -> Value:
    """What an attribute that was found in the class is on an instance."""
    if member.kind != FUNCTION or not isinstance(member.data, Closure):
        return member
    if member.marks & PROPERTY:
        return invoke(member.data, Arguments([instance]), node, frame)
    if member.marks & STATIC:
        return member
    receiver = owner if member.marks & OF_CLASS else instance
    return Value((), UNKNOWN, member.name, BOUND, (receiver, member.data), CONSTANT)


def make_instance(kind: Value, arguments: Arguments, node: nodes.Node, frame: Frame) -> Value:
    """A new object."""
    machine: Machine = frame.machine
    info: ClassInfo = kind.data
    bases = foreign_bases(info)
    if any(base in _ENUMS for base in bases):
        return _look_up(arguments, frame)
    instance = machine.allocate(OBJECT, Cell(owner=info), node, frame, f"{info.name}()")
    creator = find_member(info, "__init__")
    if creator is not None and creator.kind == FUNCTION:
        invoke(
            creator.data, Arguments([instance, *arguments.positional], arguments.keywords, arguments.rest), node, frame
        )
        frame.ended = False
        return instance
    machine.store(instance, _fill(info, arguments, machine.cell(instance, frame)), frame)
    creator = find_member(info, "__post_init__")
    if creator is not None and creator.kind == FUNCTION:
        invoke(creator.data, Arguments([instance]), node, frame)
        frame.ended = False
    return instance


def _fill(info: ClassInfo, arguments: Arguments, cell: Cell) -> Cell:
    """The fields of a class that has no constructor of its own, in the order of their declaration."""
    fields = all_fields(info)
    for place, (name, annotation) in enumerate(fields.items()):
        value = arguments.get(place, name)
        if value is None:
            value = find_member(info, name)
        if value is not None:
            cell = cell.with_entry(name, typed(value, annotation, info.frame))
    for name, value in arguments.keywords.items():
        if name not in fields:
            cell = cell.with_entry(name, value)
    if arguments.positional and not fields:
        cell = cell.with_entry("args", arguments.positional[0]).with_rest(arguments.positional[0])
    return cell if arguments.rest is None else cell.with_rest(arguments.rest)


def _look_up(arguments: Arguments, frame: Frame) -> Value:
    """`Colour(text)` of an enumeration: it raises for all but the known members, so afterwards the text is one."""
    state = frame.state
    for value in arguments.every():
        if state is not None and value.taint:
            state.clear({taint.atom: -1 for taint in value.taint})
    return SAFE


def all_fields(info: ClassInfo, depth: int = 0) -> dict[str, nodes.Expression]:
    """The declared fields in the order in which a dataclass takes them."""
    fields: dict[str, nodes.Expression] = {}
    if depth <= _DEEPEST:
        for base in reversed(info.bases):
            if base.kind == CLASS:
                fields.update(all_fields(base.data, depth + 1))
    fields.update(info.fields)
    return fields


def typed(value: Value, annotation: nodes.Expression | None, frame: Frame) -> Value:
    """A value whose declared type is enforced by whoever fills it: a number can no longer be text."""
    if not value.taint or annotation is None or not is_numeric(annotation, frame):
        return value
    return SAFE


def is_numeric(annotation: nodes.Expression, frame: Frame, depth: int = 0) -> bool:
    """Whether an annotation leaves only numbers, members of an enumeration, or constants."""
    if depth > _DEEPEST:
        return False
    match annotation:
        case nodes.Binary(operator="|", left=left, right=right):
            return is_numeric(left, frame, depth + 1) and is_numeric(right, frame, depth + 1)
        case nodes.Const(value=value):
            return value is None
        case nodes.Subscript(base=base, index=index):
            word = base.id if isinstance(base, nodes.Name) else getattr(base, "name", "")
            first = index.elements[0] if isinstance(index, nodes.Items) and index.elements else index
            inner = word in {"Annotated", "Optional", "list", "List", "set", "Sequence", "conlist"}
            return word == "Literal" or (inner and is_numeric(first, frame, depth + 1))
    value = frame.machine.evaluate(annotation, frame)
    if value.kind == CLASS:
        return any(base in _ENUMS for base in foreign_bases(value.data))
    return value.name in _NUMBERS


def template_of(kind: Value, machine: Machine) -> Value:
    """An object of a class as its constructor leaves it when nobody knows with what it was called."""
    info: ClassInfo = kind.data
    known = machine.templates.get(info)
    if known is not None:
        return known
    frame = Frame(machine, info.frame.module, None, None, State({}, {}, {}))
    frame.serial = machine.next_serial()
    machine.templates[info] = Value((), UNKNOWN, f"{info.name}()", OBJECT, (info.node, frame.serial), CONSTANT)
    instance = make_instance(kind, Arguments([], {}, NOTHING_KNOWN), info.node, frame)
    for name in _BEGINNINGS:
        member = find_member(info, name)
        if member is not None and member.kind == FUNCTION:
            invoke(member.data, Arguments([instance], {}, NOTHING_KNOWN), info.node, frame)
            frame.ended = False
    state: Any = frame.state or frame.last
    machine.base.update(state.heap)
    machine.templates[info] = instance
    return instance


def unknown_field(value: Value) -> Value:
    """An attribute that nobody is seen to set: part of how the object was set up, or of the datum that it is."""
    return Value(value.taint, UNKNOWN, "", PLAIN, None, value.origin) if value.taint else CONFIGURATION
