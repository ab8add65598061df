"""`base[index]`, and going through what a value holds."""

from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.folding import UNKNOWN
from vallum.check.taint.behaviour import call_member, spread
from vallum.check.taint.machine import Arguments
from vallum.check.taint.state import Cell, Frame
from vallum.check.taint.value import (
    CLASS,
    CONFIGURED,
    CONSTANT,
    DICT,
    ELEMENT,
    FACT,
    LIST,
    LOOKED_UP,
    METHOD,
    NOTHING_KNOWN,
    OBJECT,
    PLAIN,
    TEXT,
    TUPLE,
    UNION,
    Value,
    constant,
    join_values,
    merge_all,
)

INNER: Final = "[1:-1]"
"""The key of a text's part without its first and last character."""


def get_item(base: Value, index: Value, node: nodes.Node, frame: Frame) -> Value:
    """An element, by its place or key where that is known."""
    if base.kind == UNION:
        return join_each([get_item(one, index, node, frame) for one in base.data])
    if base.kind == TUPLE:
        return _from_sequence(base.data, None, index)
    if base.kind == LIST:
        cell = frame.machine.cell(base, frame)
        if isinstance(index.const, slice):
            return _slice_list(cell, index.const, node, frame)
        return _from_sequence(cell.elements, cell.rest, index)
    if base.kind in {DICT, OBJECT}:
        return _from_entries(base, index, node, frame)
    if base.kind == CLASS:
        return base
    if base.kind == FACT and base.name == "re.match()":
        arguments = Arguments([index])
        found: Value = frame.machine.call_value(Value((), UNKNOWN, "", METHOD, (base, "group")), arguments, node, frame)
        return found
    return _from_other(base, index, node, frame)


def _from_entries(base: Value, index: Value, node: nodes.Node, frame: Frame) -> Value:
    own = call_member(base, "__getitem__", [index], node, frame)
    if own is not None:
        return own
    cell = frame.machine.cell(base, frame)
    if isinstance(cell.owner, Value) and isinstance(index.const, str | int) and index.const not in cell.entries:
        return _make_missing(base, cell, index, node, frame)
    return from_mapping(cell, index)


def _make_missing(base: Value, cell: Cell, index: Value, node: nodes.Node, frame: Frame) -> Value:
    """The entry that a `defaultdict` makes when it is first asked for."""
    made: Value = frame.machine.call_value(cell.owner, Arguments([]), node, frame)
    if cell.rest is not None:
        made = join_values(made, cell.rest)
    frame.machine.store(base, cell.with_entry(index.const, made), frame)
    return made


def from_mapping(cell: Cell, index: Value, default: Value | None = None) -> Value:
    """An entry of a dictionary; without a known key, any of them."""
    if index.const is not UNKNOWN and not isinstance(index.const, slice):
        value = cell.entries.get(index.const)
        if value is not None:
            return value
        if cell.rest is not None:
            return cell.rest if default is None else join_values(cell.rest, default)
        return default or NOTHING_KNOWN
    return join_each([*cell.values(), *([default] if default is not None else [])])


def _from_sequence(elements: tuple[Value, ...], rest: Value | None, index: Value) -> Value:
    if rest is None and isinstance(index.const, int) and -len(elements) <= index.const < len(elements):
        return elements[index.const]
    if isinstance(index.const, slice) and rest is None:
        part = elements[index.const]
        return Value((), UNKNOWN, "", TUPLE, part, max([value.origin for value in part], default=CONSTANT))
    return join_each([*elements, *([rest] if rest is not None else [])])


def _slice_list(cell: Cell, part: slice, node: nodes.Node, frame: Frame) -> Value:
    made: Value = frame.machine.allocate(LIST, Cell(cell.elements[part], None, cell.rest), node, frame)
    return made


def _from_other(base: Value, index: Value, node: nodes.Node, frame: Frame) -> Value:
    machine = frame.machine
    if base.const is not UNKNOWN and index.const is not UNKNOWN:
        try:
            return constant(base.const[index.const])
        except (TypeError, IndexError, KeyError):
            return NOTHING_KNOWN
    if base.name:
        stored = (frame.state or frame.last).heap.get(f"{base.name}[]")
        if stored is not None and (index.const in stored.entries if not isinstance(index.const, slice) else False):
            return stored.entries[index.const]
        if stored is not None and stored.rest is not None:
            return stored.rest
    if base.marks & LOOKED_UP and isinstance(index.const, str):
        return Value((), UNKNOWN, f"{base.name}[]" if base.name else "", PLAIN, None, base.origin)
    if base.taint:
        taint = machine.take_part(base, _key_of(index, node), node, frame)
        return Value(taint, UNKNOWN, f"{base.name}[]" if base.name else "", PLAIN, None, base.origin)
    if base.kind == TEXT:
        return Value((), UNKNOWN, "", TEXT, ("", ""), base.origin)
    name = f"{base.name}[]" if base.name else ""
    model = machine.model(name) if name else None
    if model is not None and model.origin is not None:
        taken: Value = machine.take_in(name, model.origin, node, frame)
        return taken
    return Value((), UNKNOWN, name, PLAIN, None, base.origin)


def _key_of(index: Value, node: nodes.Node) -> object:
    """What names a part: its constant key or place; else where it is taken."""
    if isinstance(index.const, slice):
        return INNER if index.const == slice(1, -1, None) else node
    return node if index.const is UNKNOWN else index.const


def iterate(value: Value, node: nodes.Node, frame: Frame) -> Value:
    """What going through a value gives: any of what it holds."""
    machine = frame.machine
    if value.kind == TUPLE:
        return join_each(list(value.data))
    if value.kind == LIST:
        return join_each(machine.cell(value, frame).values())
    if value.kind == UNION:
        return join_each([iterate(one, node, frame) for one in value.data])
    if value.kind == DICT:
        cell = machine.cell(value, frame)
        keys = [constant(key) for key in cell.entries]
        if cell.rest is not None:
            keys.append(Value(cell.rest.taint, UNKNOWN, "", PLAIN, None, CONFIGURED))
        return join_each(keys)
    if value.kind == OBJECT:
        own = spread(value, node, frame)
        if own is not None and own.kind != OBJECT:
            return iterate(own, node, frame)
        return join_each(machine.cell(value, frame).values())
    if isinstance(value.const, str | bytes):
        return Value((), UNKNOWN, "", TEXT, ("", ""), CONSTANT)
    if value.taint:
        taint = machine.take_part(value, node, node, frame)
        name = f"{value.name}[]" if value.name else ""
        return Value(taint, UNKNOWN, name, PLAIN, None, value.origin, value.marks & LOOKED_UP | ELEMENT)
    return Value((), UNKNOWN, f"{value.name}[]" if value.name else "", PLAIN, None, value.origin)


def join_each(values: list[Value]) -> Value:
    """Any of several values."""
    if not values:
        return NOTHING_KNOWN
    result = values[0]
    for value in values[1:]:
        result = join_values(result, value)
    return result


def any_of(values: list[Value]) -> Value:
    """A value that carries what several do, and nothing else."""
    origin = max([value.origin for value in values], default=CONSTANT)
    return Value(merge_all(values), UNKNOWN, "", PLAIN, None, origin)
