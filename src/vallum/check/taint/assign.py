"""Names, attributes, items and unpacking as targets."""

from typing import Any

from vallum.check.flow import nodes
from vallum.check.flow.folding import UNKNOWN
from vallum.check.taint.sinks import check_item, note_type
from vallum.check.taint.state import Cell, Frame
from vallum.check.taint.subscripts import iterate
from vallum.check.taint.value import (
    CLASS,
    DICT,
    LIST,
    MODULE,
    NOTHING_KNOWN,
    OBJECT,
    TEXT,
    TUPLE,
    UNION,
    Value,
    join_values,
    mark_trail,
)


def assign(target: nodes.Expression, value: Value, frame: Frame) -> None:
    """Give a value to a target."""
    if isinstance(target, nodes.Name):
        bind_name(target.id, mark_trail(value, "becomes", frame.module, target) if value.taint else value, frame)
    elif isinstance(target, nodes.Attribute):
        base = frame.machine.evaluate(target.base, frame)
        if target.name in {"content_type", "mimetype", "media_type"} and base.name:
            note_type(base.name, value, frame)
        set_attribute(base, target.name, value, frame)
    elif isinstance(target, nodes.Subscript):
        base = frame.machine.evaluate(target.base, frame)
        index = frame.machine.evaluate(target.index, frame)
        check_item(base.name, index, value, target, frame)
        set_item(base, index, value, frame)
    elif isinstance(target, nodes.Items):
        _unpack(target, value, frame)
    elif isinstance(target, nodes.Star):
        rest = iterate(value, target, frame)
        assign(target.value, frame.machine.allocate(LIST, Cell(rest=rest), target, frame), frame)


def bind_name(name: str, value: Value, frame: Frame) -> None:
    """Give a value to a variable, which may be one of the module or of a function around this one."""
    state = frame.state or frame.last
    outer = frame.code.outer_names.get(name) if frame.code is not None else None
    if outer is None:
        state.bind(name, value)
        return
    where: Frame | None = frame.machine.module_frame(frame.module)
    if outer == "nonlocal":
        where = frame.outer
        while where is not None and name not in where.view.env:
            where = where.outer
    if where is not None:
        known = where.view.env.get(name)
        where.view.bind(name, value if known is None else join_values(known, value))


def set_attribute(base: Value, name: str, value: Value, frame: Frame) -> None:
    """`base.name = value`."""
    machine = frame.machine
    if base.kind == OBJECT:
        machine.store(base, machine.cell(base, frame).with_entry(name, value), frame)
    elif base.kind == UNION:
        for one in base.data:
            if one.kind == OBJECT:
                cell = machine.cell(one, frame)
                known = cell.entries.get(name)
                machine.store(one, cell.with_entry(name, value if known is None else join_values(known, value)), frame)
    elif base.kind == CLASS:
        base.data.members[name] = join_values(base.data.members.get(name, value), value)
    elif base.kind == MODULE and base.data is not None:
        view = machine.module_frame(base.data).view
        view.bind(name, join_values(view.env.get(name, value), value))
    elif base.name and base.kind <= TEXT:
        state = frame.state or frame.last
        state.put(base.name, state.heap.get(base.name, Cell()).with_entry(name, value))


def set_item(base: Value, index: Value, value: Value, frame: Frame) -> None:
    """`base[index] = value`."""
    machine = frame.machine
    for one in base.data if base.kind == UNION else (base,):
        if one.kind in {LIST, DICT, OBJECT}:
            cell: Cell = machine.cell(one, frame)
            machine.store(one, _replace(cell, index.const, value, one.kind), frame)
        elif one.name and one.kind <= TEXT:
            state = frame.state or frame.last
            key = f"{one.name}[]"
            state.put(key, _replace(state.heap.get(key, Cell()), index.const, value, DICT))


def _replace(cell: Cell, index: Any, value: Value, kind: int) -> Cell:
    if kind == DICT and index is not UNKNOWN and not _unhashable(index):
        return cell.with_entry(index, value)
    if kind != LIST:
        return cell.with_rest(value)
    if cell.rest is None and isinstance(index, int) and -len(cell.elements) <= index < len(cell.elements):
        elements = list(cell.elements)
        elements[index] = value
        return cell.with_elements(tuple(elements))
    return cell.with_rest(value)


def _unhashable(value: Any) -> bool:
    return isinstance(value, slice | list | dict)


def _unpack(target: nodes.Items, value: Value, frame: Frame) -> None:
    parts = _parts_of(value, frame)
    starred = [place for place, element in enumerate(target.elements) if isinstance(element, nodes.Star)]
    if parts is not None and not starred and len(parts) == len(target.elements):
        for element, part in zip(target.elements, parts, strict=True):
            assign(element, part, frame)
        return
    if parts is not None and len(starred) == 1 and len(parts) >= len(target.elements) - 1:
        before, after = starred[0], len(target.elements) - starred[0] - 1
        middle = parts[before : len(parts) - after]
        star = frame.machine.allocate(LIST, Cell().with_elements(tuple(middle)), target, frame)
        ends = [*parts[:before], star, *parts[len(parts) - after :]]
        for element, part in zip(target.elements, ends, strict=True):
            assign(element.value if isinstance(element, nodes.Star) else element, part, frame)
        return
    part = iterate(value, target, frame)
    for element in target.elements:
        assign(element, part, frame)


def _parts_of(value: Value, frame: Frame) -> list[Value] | None:
    if value.kind == TUPLE:
        return list(value.data)
    if value.kind == LIST:
        cell = frame.machine.cell(value, frame)
        return list(cell.elements) if cell.rest is None else None
    return None


def forget(target: nodes.Expression, frame: Frame) -> None:
    """`del target`."""
    state = frame.state or frame.last
    if isinstance(target, nodes.Name):
        state.bind(target.id, NOTHING_KNOWN)
    elif isinstance(target, nodes.Subscript):
        machine = frame.machine
        base, index = machine.evaluate(target.base, frame), machine.evaluate(target.index, frame)
        if base.kind == DICT and index.const is not UNKNOWN and not _unhashable(index.const):
            cell = machine.cell(base, frame)
            entries = {key: value for key, value in cell.entries.items() if key != index.const}
            machine.store(base, Cell(cell.elements, entries, cell.rest, cell.owner), frame)
        elif base.kind == LIST and isinstance(index.const, int):
            cell = machine.cell(base, frame)
            if cell.rest is None and -len(cell.elements) <= index.const < len(cell.elements):
                elements = list(cell.elements)
                del elements[index.const]
                machine.store(base, Cell(tuple(elements)), frame)
