"""`base.name`, whatever the base is."""

from collections.abc import Callable
from typing import Any, Final

from vallum.check.flow import nodes
from vallum.check.flow.folding import UNKNOWN
from vallum.check.knowledge.kinds import bits_of
from vallum.check.taint.classes import bind_member, find_member, foreign_bases, unknown_field
from vallum.check.taint.machine import Machine
from vallum.check.taint.state import Frame
from vallum.check.taint.subscripts import join_each
from vallum.check.taint.value import (
    BOUND,
    CLASS,
    CONSTANT,
    DICT,
    FUNCTION,
    LIST,
    LOOKED_UP,
    METHOD,
    MODULE,
    NOTHING_KNOWN,
    OBJECT,
    PLAIN,
    RESOLVED,
    TEXT,
    TUPLE,
    UNION,
    Value,
    clear_bits,
    constant,
)

_WHOLE: Final = frozenset({"parents", "parent", "data", "text", "content"})
"""Attributes that say no less than the whole: a test of one is a test of the other."""
_LAST: Final = frozenset({"name", "stem", "suffix"})
"""The last part of a path, or a piece of it, which leads nowhere else."""
_PATH: Final = bits_of(["path"])
_HOSTS: Final = frozenset({"netloc", "hostname", "host"})


def get_attribute(base: Value, name: str, node: nodes.Node, frame: Frame) -> Value:
    """The value of an attribute."""
    handler = _BY_KIND.get(base.kind, _of_other)
    return handler(base, name, node, frame)


def _of_union(base: Value, name: str, node: nodes.Node, frame: Frame) -> Value:
    return join_each([get_attribute(one, name, node, frame) for one in base.data])


def _of_module(base: Value, name: str, node: nodes.Node, frame: Frame) -> Value:
    machine: Machine = frame.machine
    if base.data is not None:
        found = machine.module_frame(base.data).view.env.get(name)
        if found is not None:
            return found
    inner = machine.index.find_module(f"{base.name}.{name}", frame.module)
    if inner is not None:
        return Value((), UNKNOWN, f"{base.name}.{name}", MODULE, inner, CONSTANT)
    if base.data is not None or not machine.index.is_package(f"{base.name}.{name}"):
        return get_named(f"{base.name}.{name}", node, frame)
    return Value((), UNKNOWN, f"{base.name}.{name}", MODULE, None, CONSTANT)


def _of_object(base: Value, name: str, node: nodes.Node, frame: Frame) -> Value:
    machine: Machine = frame.machine
    cell = machine.cell(base, frame)
    found = cell.entries.get(name)
    if found is not None:
        return found
    if name == "__class__" and cell.owner is not None:
        return Value((), UNKNOWN, cell.owner.name, CLASS, cell.owner, CONSTANT)
    if cell.owner is not None:
        member = find_member(cell.owner, name)
        if member is not None:
            owner = Value((), UNKNOWN, cell.owner.name, CLASS, cell.owner, CONSTANT)
            return bind_member(member, base, owner, node, frame)
        for foreign in foreign_bases(cell.owner):
            full = f"{foreign}().{name}"
            if (
                machine.model(full) is not None
                or full in machine.knowledge.names
                or full in machine.knowledge.beginnings
            ):
                return get_named(full, node, frame)
    return unknown_field(cell.rest) if cell.rest is not None and cell.rest.taint else unknown_field(base)


def _of_class(base: Value, name: str, node: nodes.Node, frame: Frame) -> Value:
    info = base.data
    member = find_member(info, name)
    if member is not None:
        if member.kind == FUNCTION:
            return bind_member(member, base, base, node, frame) if member.marks else member
        return member
    if name in {"__name__", "__qualname__"}:
        return constant(info.node.name)
    for foreign in foreign_bases(info):
        full = f"{foreign}.{name}"
        if frame.machine.model(full) is not None:
            return get_named(full, node, frame)
    return Value((), UNKNOWN, f"{info.name}.{name}", PLAIN, None, CONSTANT)


def _of_container(base: Value, name: str, _node: nodes.Node, _frame: Frame) -> Value:
    return Value((), UNKNOWN, "", METHOD, (base, name), CONSTANT)


def _of_function(base: Value, name: str, node: nodes.Node, frame: Frame) -> Value:
    if name in {"__name__", "__qualname__"} and base.name:
        return constant(base.name.rpartition(".")[2])
    return get_named(f"{base.name}.{name}", node, frame) if base.name else NOTHING_KNOWN


def _part_of(base: Value, name: str, full: str, node: nodes.Node, frame: Frame) -> Value:
    """An attribute of data from outside."""
    if name in _WHOLE:
        return Value(base.taint, UNKNOWN, full, PLAIN, None, base.origin, base.marks & RESOLVED)
    taint = frame.machine.take_part(base, name, node, frame, host=name in _HOSTS)
    taint = clear_bits(taint, _PATH if name in _LAST and base.name.startswith("pathlib.") else 0)
    return Value(taint, UNKNOWN, full, PLAIN, None, base.origin)


def _of_other(base: Value, name: str, node: nodes.Node, frame: Frame) -> Value:
    machine: Machine = frame.machine
    full = f"{base.name}.{name}" if base.name else ""
    if full:
        full = machine.knowledge.names.get(full, full)
        heap = (frame.state or frame.last).heap
        stored = heap.get(base.name)
        if stored is not None and name in stored.entries:
            return stored.entries[name]
        model = machine.model(full)
        if model is not None and model.origin is not None and not base.taint:
            return machine.take_in(full, model.origin, node, frame)
        if not base.taint:
            return machine.named(full)
    if base.marks & LOOKED_UP:
        return Value((), UNKNOWN, full, PLAIN, None, base.origin)
    if base.taint:
        return _part_of(base, name, full, node, frame)
    if base is NOTHING_KNOWN:
        return base
    if base.kind == TEXT or isinstance(base.const, str | bytes):
        return Value((), UNKNOWN, "", METHOD, (base, name), CONSTANT)
    return Value((), UNKNOWN, "", PLAIN, None, base.origin)


def get_named(full: str, node: nodes.Node, frame: Frame) -> Value:
    """A name outside of the project: a source, if it is known as one."""
    machine: Machine = frame.machine
    full = machine.knowledge.names.get(full, full)
    model = machine.model(full)
    if model is not None and model.origin is not None:
        return machine.take_in(full, model.origin, node, frame)
    return machine.named(full)


_BY_KIND: Final[dict[int, Callable[[Value, str, Any, Frame], Value]]] = {
    UNION: _of_union,
    MODULE: _of_module,
    OBJECT: _of_object,
    CLASS: _of_class,
    LIST: _of_container,
    DICT: _of_container,
    TUPLE: _of_container,
    FUNCTION: _of_function,
    BOUND: _of_function,
}
