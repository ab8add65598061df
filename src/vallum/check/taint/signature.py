"""What tells one way of calling a function from another."""

from typing import Any, Final

from vallum.check.flow.folding import UNKNOWN
from vallum.check.taint.machine import Machine
from vallum.check.taint.state import Frame
from vallum.check.taint.value import (
    BOUND,
    CLASS,
    DICT,
    FACT,
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
)

_DEEPEST: Final = 3
_HOLDERS: Final = frozenset({LIST, DICT, OBJECT})


class Signer:
    """Signs the arguments of one call."""

    __slots__ = ("_frame", "_looked", "_machine", "_seen", "addresses", "drop", "interesting")

    def __init__(self, machine: Machine, frame: Frame) -> None:
        """`interesting` becomes true when data from outside, or something that can lead to it, is among the values."""
        self._machine = machine
        self._frame = frame
        self.addresses: list[Any] = []
        self.interesting = False
        self._seen: dict[Any, int] = {}
        self._looked: set[Any] = set()
        self.drop = False
        """Whether constants are left out."""

    def concerns(self, value: Value, depth: int = 0) -> bool:
        """Whether data from outside, or something that can lead to it, is in a value."""
        if value.taint or (value.name and value.name in self._machine.knowledge.beginnings):
            return True
        kind = value.kind
        if kind <= TEXT or depth > _DEEPEST:
            return False
        if kind in _HOLDERS:
            if value.data in self._looked:
                return False
            self._looked.add(value.data)
            for one in self._machine.cell(value, self._frame).values():
                if (one.kind > TEXT or one.taint or one.name) and self.concerns(one, depth + 1):
                    return True
            return False
        if kind in {TUPLE, UNION}:
            return any(self.concerns(one, depth + 1) for one in value.data)
        return kind == BOUND and self.concerns(value.data[0], depth + 1)

    def sign(self, value: Value, depth: int = 0) -> Any:
        """A key that is equal for values that make no difference to a function."""
        if value is NOTHING_KNOWN:
            return None
        taint: Any = None
        if value.taint:
            self.interesting = True
            taint = tuple([(one.atom, one.mask) for one in value.taint])
        elif value.name and value.name in self._machine.knowledge.beginnings:
            self.interesting = True
        kind = value.kind
        head = (kind, value.name, taint, value.origin, value.marks)
        if kind in (PLAIN, TEXT):
            const = value.const
            return head if self.drop or const is UNKNOWN else (*head, type(const), _hashable(const))
        return (*head, self._content(value, kind, depth))

    def _content(self, value: Value, kind: int, depth: int) -> Any:
        if depth > _DEEPEST:
            return kind
        if kind in _HOLDERS:
            return self._cell(value, depth)
        if kind in {TUPLE, UNION}:
            return tuple([self.sign(one, depth + 1) for one in value.data])
        if kind == FUNCTION:
            return value.data.code, value.data.frame if value.data.code.free else None
        if kind == BOUND:
            return value.data[1].code, self.sign(value.data[0], depth + 1)
        if kind == METHOD:
            return value.data[1], self.sign(value.data[0], depth + 1)
        if kind in {CLASS, MODULE}:
            return value.data
        if kind == FACT:
            return tuple([frozenset(facts.items()) for facts in value.data[:2]])
        return None

    def _cell(self, value: Value, depth: int) -> Any:
        known = self._seen.get(value.data)
        if known is not None:
            return known
        self._seen[value.data] = len(self._seen)
        self.addresses.append(value.data)
        cell = self._machine.cell(value, self._frame)
        return (
            cell.owner,
            tuple([self.sign(one, depth + 1) for one in cell.elements]),
            tuple([(type(key), key, self.sign(one, depth + 1)) for key, one in cell.entries.items()]),
            None if cell.rest is None else self.sign(cell.rest, depth + 1),
        )

    def sign_coarsely(self, value: Value) -> Any:
        """A key that tells only what a value is, and whether it carries anything from outside."""
        self._looked.clear()
        mask = 0
        for taint in value.taint:
            mask |= taint.mask
        return value.kind, value.name, mask, self.concerns(value)


def widen(value: Value) -> Value:
    """The same value without its constant."""
    if value.const is UNKNOWN or value.const is None or value.kind > TEXT:
        return value
    return Value(value.taint, UNKNOWN, value.name, value.kind, value.data, value.origin, value.marks)


def _hashable(const: Any) -> Any:
    return repr(const) if isinstance(const, slice) else const
