"""The methods of lists, sets, tuples and dictionaries."""

from collections.abc import Callable
from typing import Any, Final

from vallum.check.flow import nodes
from vallum.check.flow.folding import UNKNOWN
from vallum.check.taint.guards import NO_FACTS, make_fact, shows_subset
from vallum.check.taint.machine import Arguments
from vallum.check.taint.state import Cell, Frame
from vallum.check.taint.subscripts import from_mapping, iterate, join_each
from vallum.check.taint.value import (
    CONSTANT,
    DICT,
    LIST,
    NONE,
    NOTHING_KNOWN,
    SAFE,
    TUPLE,
    Value,
    constant,
    join_values,
)

Method = Callable[[Value, Arguments, Any, Frame], Value]


def container_method(receiver: Value, name: str, arguments: Arguments, node: nodes.Node, frame: Frame) -> Value:
    """The result of a method of a container; unknown methods give any of what it holds."""
    if receiver.kind == TUPLE:
        return _copy(receiver, arguments, node, frame) if name == "union" else join_each([*receiver.data, SAFE])
    table = _OF_DICT if receiver.kind == DICT else _OF_LIST
    handler = table.get(name)
    if handler is not None:
        return handler(receiver, arguments, node, frame)
    return join_each([*frame.machine.contents(receiver, frame), *arguments.every()])


def _cell(receiver: Value, frame: Frame) -> Cell:
    if receiver.kind == TUPLE:
        return Cell(receiver.data)
    cell: Cell = frame.machine.cell(receiver, frame)
    return cell


def _append(receiver: Value, arguments: Arguments, _node: Any, frame: Frame) -> Value:
    cell = _cell(receiver, frame)
    for value in arguments.every():
        cell = cell.with_elements((*cell.elements, value)) if cell.rest is None else cell.with_rest(value)
    frame.machine.store(receiver, cell, frame)
    return NONE


def _prepend(receiver: Value, arguments: Arguments, _node: Any, frame: Frame) -> Value:
    cell = _cell(receiver, frame)
    value = arguments.get(0) or NOTHING_KNOWN
    cell = cell.with_elements((value, *cell.elements)) if cell.rest is None else cell.with_rest(value)
    frame.machine.store(receiver, cell, frame)
    return NONE


def _insert(receiver: Value, arguments: Arguments, _node: Any, frame: Frame) -> Value:
    cell = _cell(receiver, frame)
    place, value = arguments.get(0), arguments.get(1)
    if value is None:
        return NONE
    if place is not None and isinstance(place.const, int) and cell.rest is None:
        elements = list(cell.elements)
        elements.insert(place.const, value)
        cell = cell.with_elements(tuple(elements))
    else:
        cell = cell.with_rest(value)
    frame.machine.store(receiver, cell, frame)
    return NONE


def _extend(receiver: Value, arguments: Arguments, node: Any, frame: Frame) -> Value:
    cell = _cell(receiver, frame)
    for source in arguments.every():
        other = _cell(source, frame) if source.kind in {LIST, TUPLE} else None
        if other is not None and other.rest is None and cell.rest is None:
            cell = cell.with_elements(cell.elements + other.elements)
        else:
            cell = cell.with_rest(iterate(source, node, frame))
    frame.machine.store(receiver, cell, frame)
    return NONE


def _pop(receiver: Value, arguments: Arguments, _node: Any, frame: Frame) -> Value:
    cell = _cell(receiver, frame)
    place = arguments.get(0)
    index = place.const if place is not None else -1
    if cell.rest is None and isinstance(index, int) and -len(cell.elements) <= index < len(cell.elements):
        elements = list(cell.elements)
        value = elements.pop(index)
        frame.machine.store(receiver, cell.with_elements(tuple(elements)), frame)
        return value
    return join_each(cell.values())


def _pop_left(receiver: Value, _arguments: Arguments, node: Any, frame: Frame) -> Value:
    return _pop(receiver, Arguments([constant(0)]), node, frame)


def _remove(receiver: Value, arguments: Arguments, _node: Any, frame: Frame) -> Value:
    cell = _cell(receiver, frame)
    value = arguments.get(0)
    if value is not None and value.const is not UNKNOWN and cell.rest is None:
        for place, element in enumerate(cell.elements):
            if element.const == value.const:
                kept = cell.elements[:place] + cell.elements[place + 1 :]
                frame.machine.store(receiver, cell.with_elements(kept), frame)
                break
    return NONE


def _clear(receiver: Value, _arguments: Arguments, _node: Any, frame: Frame) -> Value:
    frame.machine.store(receiver, Cell(), frame)
    return NONE


def _reverse(receiver: Value, _arguments: Arguments, _node: Any, frame: Frame) -> Value:
    cell = _cell(receiver, frame)
    frame.machine.store(receiver, cell.with_elements(tuple(reversed(cell.elements))), frame)
    return NONE


def _sort(receiver: Value, _arguments: Arguments, _node: Any, frame: Frame) -> Value:
    cell = _cell(receiver, frame)
    if cell.elements:
        frame.machine.store(receiver, Cell(rest=join_each(cell.values())), frame)
    return NONE


def _copy(receiver: Value, _arguments: Arguments, node: Any, frame: Frame) -> Value:
    kind = LIST if receiver.kind == TUPLE else receiver.kind
    made: Value = frame.machine.allocate(kind, _cell(receiver, frame), node, frame)
    return made


def _union(receiver: Value, arguments: Arguments, node: Any, frame: Frame) -> Value:
    made = _copy(receiver, arguments, node, frame)
    _extend(made, arguments, node, frame)
    return made


def _number(_receiver: Value, _arguments: Arguments, _node: Any, _frame: Frame) -> Value:
    return SAFE


def _subset(receiver: Value, arguments: Arguments, _node: Any, frame: Frame) -> Value:
    return make_fact((shows_subset(receiver, arguments.get(0) or NOTHING_KNOWN, frame), NO_FACTS))


def _superset(receiver: Value, arguments: Arguments, node: Any, frame: Frame) -> Value:
    other = arguments.get(0) or NOTHING_KNOWN
    if other.kind != LIST:
        other = frame.machine.allocate(LIST, Cell(rest=iterate(other, node, frame)), node, frame)
    return make_fact((shows_subset(other, receiver, frame), NO_FACTS))


def _get(receiver: Value, arguments: Arguments, _node: Any, frame: Frame) -> Value:
    key = arguments.get(0) or NOTHING_KNOWN
    default = arguments.get(1, "default")
    return from_mapping(_cell(receiver, frame), key, NONE if default is None else default)


def _set_default(receiver: Value, arguments: Arguments, node: Any, frame: Frame) -> Value:
    key, value = arguments.get(0) or NOTHING_KNOWN, arguments.get(1) or NONE
    cell = _cell(receiver, frame)
    if key.const is UNKNOWN:
        frame.machine.store(receiver, cell.with_rest(value), frame)
    elif key.const not in cell.entries:
        frame.machine.store(receiver, cell.with_entry(key.const, value), frame)
    return _get(receiver, Arguments([key]), node, frame)


def _pop_key(receiver: Value, arguments: Arguments, node: Any, frame: Frame) -> Value:
    value = _get(receiver, arguments, node, frame)
    key = arguments.get(0)
    cell = _cell(receiver, frame)
    if key is not None and key.const in cell.entries:
        entries = {name: entry for name, entry in cell.entries.items() if name != key.const}
        frame.machine.store(receiver, Cell(cell.elements, entries, cell.rest, cell.owner), frame)
    return value


def _keys(receiver: Value, _arguments: Arguments, node: Any, frame: Frame) -> Value:
    cell = _cell(receiver, frame)
    if cell.rest is None:
        made: Value = frame.machine.allocate(LIST, Cell(tuple(constant(key) for key in cell.entries)), node, frame)
        return made
    keys: Value = frame.machine.allocate(LIST, Cell(rest=iterate(receiver, node, frame)), node, frame)
    return keys


def _values(receiver: Value, _arguments: Arguments, node: Any, frame: Frame) -> Value:
    cell = _cell(receiver, frame)
    elements = tuple(cell.entries.values())
    made: Value = frame.machine.allocate(LIST, Cell(elements, None, cell.rest), node, frame)
    return made


def _items(receiver: Value, _arguments: Arguments, node: Any, frame: Frame) -> Value:
    cell = _cell(receiver, frame)
    pairs = [Value((), UNKNOWN, "", TUPLE, (constant(key), value), CONSTANT) for key, value in cell.entries.items()]
    rest = None
    if cell.rest is not None:
        rest = Value((), UNKNOWN, "", TUPLE, (Value(cell.rest.taint), cell.rest), cell.rest.origin)
    made: Value = frame.machine.allocate(LIST, Cell(tuple(pairs[:60]), None, rest), node, frame)
    return made


def _update(receiver: Value, arguments: Arguments, node: Any, frame: Frame) -> Value:
    cell = _cell(receiver, frame)
    for source in arguments.positional:
        other = _cell(source, frame) if source.kind == DICT else Cell(rest=iterate(source, node, frame))
        for key, value in other.entries.items():
            cell = cell.with_entry(key, value)
        if other.rest is not None:
            entries = {key: join_values(value, other.rest) for key, value in cell.entries.items()}
            cell = Cell(cell.elements, entries, cell.rest, cell.owner).with_rest(other.rest)
    for name, value in arguments.keywords.items():
        cell = cell.with_entry(name, value)
    cell = cell if arguments.rest is None else cell.with_rest(arguments.rest)
    frame.machine.store(receiver, cell, frame)
    return NONE


_OF_LIST: Final[dict[str, Method]] = {
    "append": _append,
    "add": _append,
    "appendleft": _prepend,
    "insert": _insert,
    "extend": _extend,
    "update": _extend,
    "pop": _pop,
    "popleft": _pop_left,
    "remove": _remove,
    "discard": _remove,
    "clear": _clear,
    "reverse": _reverse,
    "sort": _sort,
    "copy": _copy,
    "union": _union,
    "intersection": _copy,
    "difference": _copy,
    "index": _number,
    "count": _number,
    "issubset": _subset,
    "issuperset": _superset,
}
_OF_DICT: Final[dict[str, Method]] = {
    "get": _get,
    "setdefault": _set_default,
    "pop": _pop_key,
    "keys": _keys,
    "values": _values,
    "items": _items,
    "update": _update,
    "copy": _copy,
    "clear": _clear,
}
