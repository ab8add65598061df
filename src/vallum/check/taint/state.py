"""What holds at one point of one way through a function: variables, heap, and what guards have shown."""

from collections.abc import Mapping
from typing import Any, Final

from vallum.check.flow import nodes
from vallum.check.flow.module import Definition, Module
from vallum.check.taint.value import Atom, Taint, Taints, Value, join_values

MOST_ELEMENTS: Final = 60
MOST_ENTRIES: Final = 1000
Address = Any
"""Where a container or object lies: the node that made it and the activation it was made in."""


class Cell:
    """The content of a list, dictionary or object; immutable, so that states can share it."""

    __slots__ = ("elements", "entries", "owner", "rest")

    def __init__(
        self,
        elements: tuple[Value, ...] = (),
        entries: Mapping[Any, Value] | None = None,
        rest: Value | None = None,
        owner: Any = None,
    ) -> None:
        """`elements` by index, `entries` by key or field; `rest` is what may be anywhere in it."""
        self.elements = elements
        self.entries: Mapping[Any, Value] = entries or {}
        self.rest = rest
        self.owner = owner

    def values(self) -> list[Value]:
        """Everything in it."""
        found = [*self.elements, *self.entries.values()]
        if self.rest is not None:
            found.append(self.rest)
        return found

    def with_rest(self, value: Value) -> "Cell":
        """The same with a value that may be anywhere in it; the order of a list is then no longer known."""
        rest = value if self.rest is None else join_values(self.rest, value)
        for element in self.elements:
            rest = join_values(rest, element)
        return Cell((), self.entries, rest, self.owner)

    def with_entry(self, key: Any, value: Value) -> "Cell":
        """The same with one entry replaced."""
        if len(self.entries) >= MOST_ENTRIES and key not in self.entries:
            return self.with_rest(value)
        return Cell(self.elements, {**self.entries, key: value}, self.rest, self.owner)

    def with_elements(self, elements: tuple[Value, ...]) -> "Cell":
        """The same with other elements."""
        if len(elements) > MOST_ELEMENTS:
            rest = self.rest or elements[0]
            for element in elements:
                rest = join_values(rest, element)
            return Cell((), self.entries, rest, self.owner)
        return Cell(elements, self.entries, self.rest, self.owner)


def join_cells(one: Cell, other: Cell) -> Cell:
    """What a container can hold if it is in one of two states."""
    if one is other:
        return one
    rest = one.rest
    if other.rest is not None:
        rest = other.rest if rest is None else join_values(rest, other.rest)
    elements: tuple[Value, ...] = ()
    if one.elements is other.elements:
        elements = one.elements
    elif len(one.elements) == len(other.elements):
        pairs = zip(one.elements, other.elements, strict=True)
        elements = tuple([left if left is right else join_values(left, right) for left, right in pairs])
    else:
        for element in (*one.elements, *other.elements):
            rest = element if rest is None else join_values(rest, element)
    entries = one.entries
    if entries is not other.entries:
        entries = dict(entries)
        for key, value in other.entries.items():
            known = entries.get(key)
            if known is not value:
                entries[key] = value if known is None else join_values(known, value)
    return Cell(elements, entries, rest, one.owner or other.owner)


class State:
    """One point of one way."""

    __slots__ = ("_owns_env", "_owns_heap", "cleared", "env", "heap")

    def __init__(self, env: dict[str, Value], heap: dict[Address, Cell], cleared: dict[Atom, int]) -> None:
        """The dictionaries are read freely and written by `bind` and `put`; `cleared` is replaced when it changes."""
        self.env = env
        self.heap = heap
        self.cleared = cleared
        self._owns_env = True
        self._owns_heap = True

    def copy(self) -> "State":
        """The state at the beginning of a branch: it shares the dictionaries until either side writes."""
        other = State(self.env, self.heap, self.cleared)
        self._owns_env = other._owns_env = False
        self._owns_heap = other._owns_heap = False
        return other

    def call(self, env: dict[str, Value]) -> "State":
        """The state in which a called function begins, with its own variables."""
        other = State(env, self.heap, self.cleared)
        self._owns_heap = other._owns_heap = False
        return other

    def share_heap(self) -> None:
        """Copy the heap before the next write."""
        self._owns_heap = False

    def bind(self, name: str, value: Value) -> None:
        """Give a value to a variable."""
        if not self._owns_env:
            self.env = self.env.copy()
            self._owns_env = True
        self.env[name] = value

    def bind_all(self, values: Mapping[str, Value]) -> None:
        """Give values to several variables."""
        if values:
            if not self._owns_env:
                self.env = self.env.copy()
                self._owns_env = True
            self.env.update(values)

    def put(self, address: Address, cell: Cell) -> None:
        """Replace the content of a container."""
        if not self._owns_heap:
            self.heap = self.heap.copy()
            self._owns_heap = True
        self.heap[address] = cell

    def put_all(self, cells: Mapping[Address, Cell]) -> None:
        """Replace the content of several containers."""
        if cells:
            if not self._owns_heap:
                self.heap = self.heap.copy()
                self._owns_heap = True
            self.heap.update(cells)

    def apply(self, value: Value) -> Value:
        """A value without what guards have shown to be harmless on this way."""
        cleared = self.cleared
        if not cleared or not value.taint:
            return value
        taints = clear_guarded(value.taint, cleared)
        return value if taints is value.taint else value.tainted(taints)

    def clear(self, facts: Mapping[Atom, int]) -> None:
        """Note what a guard has shown."""
        if facts:
            cleared = self.cleared.copy()
            for atom, bits in facts.items():
                cleared[atom] = cleared.get(atom, 0) | bits
            self.cleared = cleared


def clear_guarded(taints: Taints, cleared: Mapping[Atom, int]) -> Taints:
    """Taints without the bits that were cleared for their atom or for the whole that it is a part of."""
    changed = False
    result: list[Taint] = []
    for taint in taints:
        bits = cleared.get(taint.atom, 0)
        for whole in taint.atom.lineage:
            bits |= cleared.get(whole, 0)
        if taint.mask & bits:
            result.append(Taint(taint.atom, taint.mask & ~bits, taint.trail))
            changed = True
        else:
            result.append(taint)
    return tuple(result) if changed else taints


def join_states(one: State | None, other: State | None) -> State | None:
    """What holds after two ways have met; None for a way that ended."""
    if one is None or other is None or one is other:
        return one or other
    if one.cleared is not other.cleared:
        shared = {
            atom: bits & other.cleared[atom]
            for atom, bits in one.cleared.items()
            if atom in other.cleared and bits & other.cleared[atom]
        }
        _settle(one, shared)
        _settle(other, shared)
        cleared = shared
    else:
        cleared = one.cleared
    joined = State(_join_names(one.env, other.env), join_heaps(one.heap, other.heap), cleared)
    if joined.heap is one.heap:
        joined.share_heap()
        one.share_heap()
        other.share_heap()
    return joined


def _settle(state: State, kept: Mapping[Atom, int]) -> None:
    """Write into the variables what guards have shown on this way only, before the other way forgets it."""
    if len(state.cleared) == len(kept) and all(kept.get(atom) == bits for atom, bits in state.cleared.items()):
        return
    state.bind_all({name: state.apply(value) for name, value in state.env.items() if value.taint})


def _join_names(one: dict[str, Value], other: dict[str, Value]) -> dict[str, Value]:
    if one is other:
        return one.copy()
    joined = one.copy()
    for name, value in other.items():
        known = joined.get(name)
        if known is None:
            joined[name] = value
        elif known is not value:
            joined[name] = join_values(known, value)
    return joined


def join_heaps(one: dict[Address, Cell], other: dict[Address, Cell]) -> dict[Address, Cell]:
    """The content of every container after two ways have met."""
    if one is other:
        return one
    joined = one.copy()
    for address, cell in other.items():
        known = joined.get(address)
        if known is None:
            joined[address] = cell
        elif known is not cell:
            joined[address] = join_cells(known, cell)
    return joined


class Code:
    """A function as the interpreter needs it: what never changes between its activations."""

    __slots__ = ("definition", "free", "is_generator", "module", "name", "node", "outer_names", "owner", "parameters")

    def __init__(self, node: nodes.Function, module: Module, definition: Definition | None, owner: Any) -> None:
        """`owner` is the class around a method; `free` the names that it takes from functions around it."""
        self.node = node
        self.module = module
        self.definition = definition
        self.owner = owner
        self.parameters = node.parameters
        self.name = definition.qualified if definition else f"{module.name}.{node.name}"
        self.free: tuple[str, ...] = ()
        self.outer_names: dict[str, str] = {}
        self.is_generator = False


class Closure:
    """A function value: its code, the activation in which it was made, and its defaults."""

    __slots__ = ("code", "decorated", "defaults", "frame")

    def __init__(self, code: Code, frame: "Frame", defaults: Mapping[str, Value], *, decorated: bool = False) -> None:
        """Defaults were evaluated where the function was defined."""
        self.code = code
        self.frame = frame
        self.defaults = defaults
        self.decorated = decorated

    def __eq__(self, other: object) -> bool:
        """The same code made in the same activation."""
        return isinstance(other, Closure) and self.code is other.code and self.frame is other.frame

    def __hash__(self) -> int:
        """By code."""
        return hash(self.code)


class Frame:
    """One activation of a function, of a module's body, or of a class's."""

    __slots__ = (
        "breaks", "code", "content", "continues", "depth", "ended", "last", "machine", "module", "outer", "raises",
        "returns", "serial", "state", "thrown", "yields",
    )  # fmt: skip

    def __init__(self, machine: Any, module: Module, code: Code | None, outer: "Frame | None", state: State) -> None:
        """`outer` is the activation around a nested function; `machine` runs it."""
        self.machine = machine
        self.module = module
        self.code = code
        self.outer = outer
        self.state: State | None = state
        self.last = state
        self.serial: Any = None
        """Tells activations apart in addresses."""
        self.depth = 0
        self.ended = False
        """Whether the expression that is being evaluated has met a call that never returns."""
        self.returns: list[tuple[Value, State]] = []
        self.breaks: list[list[State]] = []
        self.continues: list[list[State]] = []
        self.raises: list[list[State]] = []
        self.thrown: list[list[Value]] = []
        """The exceptions that were raised within each `try` around."""
        self.yields: list[Value] = []
        self.content = ""
        """The kind of sink that its return value is: `html` for a handler whose text becomes a page."""

    @property
    def view(self) -> State:
        """The state that a nested function sees."""
        return self.state or self.last

    def look_up(self, name: str) -> Value | None:
        """A variable of this activation or of one around it, module variables left out."""
        frame: Frame | None = self
        while frame is not None:
            if frame.code is not None:
                value = frame.view.env.get(name)
                if value is not None:
                    return value
            frame = frame.outer
        return None
