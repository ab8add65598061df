"""Values that leave a call: the containers that were made in it move to addresses of the caller."""

from collections.abc import Mapping
from typing import Any

from vallum.check.flow import nodes
from vallum.check.taint.state import Cell
from vallum.check.taint.value import BOUND, DICT, LIST, OBJECT, TUPLE, UNION, Value

_HOLDERS = frozenset({LIST, DICT, OBJECT})


class Moved:
    """A result, and the containers that go with it, to be placed anew for each call."""

    __slots__ = ("cells", "changes", "value")

    def __init__(self, value: Value, changes: Mapping[Any, Cell], cells: Mapping[Any, Cell]) -> None:
        """`cells` are new; `changes` belong to the caller."""
        self.value = value
        self.changes = changes
        self.cells = cells

    def place(self, node: nodes.Node, serial: Any) -> tuple[Value, dict[Any, Cell]]:
        """The result as the caller sees it, and what to put on its heap."""
        if not self.cells:
            return self.value, dict(self.changes)
        table = {address: (node, serial, number) for number, address in enumerate(self.cells)}
        cells = {table[address]: _move_cell(cell, table) for address, cell in self.cells.items()}
        cells.update((address, _move_cell(cell, table)) for address, cell in self.changes.items())
        return _move(self.value, table), cells


def move_out(value: Value, changes: Mapping[Any, Cell], heap: Mapping[Any, Cell], before: Mapping[Any, Cell]) -> Moved:
    """Collect the new containers that can be reached from the result or from what was changed."""
    found: dict[Any, Cell] = {}
    stack = [value]
    for cell in changes.values():
        stack.extend(cell.values())
    while stack:
        one = stack.pop()
        if one.kind in _HOLDERS:
            if one.data in heap and one.data not in before and one.data not in found and one.data not in changes:
                found[one.data] = heap[one.data]
                stack.extend(heap[one.data].values())
        elif one.kind in {TUPLE, UNION}:
            stack.extend(one.data)
        elif one.kind == BOUND:
            stack.append(one.data[0])
    return Moved(value, changes, found)


def _move(value: Value, table: Mapping[Any, Any]) -> Value:
    data: Any = None
    if value.kind in _HOLDERS and value.data in table:
        data = table[value.data]
    elif value.kind in {TUPLE, UNION}:
        data = tuple([_move(one, table) for one in value.data])
    elif value.kind == BOUND:
        data = (_move(value.data[0], table), value.data[1])
    if data is None:
        return value
    return Value(value.taint, value.const, value.name, value.kind, data, value.origin, value.marks)


def _move_cell(cell: Cell, table: Mapping[Any, Any]) -> Cell:
    entries = {key: _move(value, table) for key, value in cell.entries.items()}
    rest = None if cell.rest is None else _move(cell.rest, table)
    return Cell(tuple([_move(value, table) for value in cell.elements]), entries, rest, cell.owner)
