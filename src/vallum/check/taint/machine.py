"""The abstract interpreter's engine room: dispatch, modules, fuel, and what it writes down."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from vallum.check.flow import nodes
from vallum.check.flow.folding import UNKNOWN
from vallum.check.flow.index import Index
from vallum.check.flow.module import Module
from vallum.check.knowledge.kinds import RANDOM
from vallum.check.knowledge.library import Knowledge
from vallum.check.knowledge.model import Model, Origin
from vallum.check.taint.record import Record
from vallum.check.taint.state import Cell, Frame, State, join_cells
from vallum.check.taint.value import (
    CONFIGURED,
    DEEPEST_LINEAGE,
    DICT,
    LIST,
    OBJECT,
    OUTSIDE,
    PLAIN,
    TUPLE,
    UNION,
    Atom,
    Taint,
    Taints,
    Trail,
    Value,
    constant,
    merge_taints,
)

FUEL: Final = 40_000
"""Steps that one entry may take: a safety net; every cut is reported."""
Evaluate = Callable[[Any, Frame], Value]
Execute = Callable[[Any, Frame], None]


class OutOfFuelError(Exception):
    """An entry that would take too long to follow to its end."""


class Arguments:
    """The arguments of one call, evaluated."""

    __slots__ = ("keywords", "positional", "rest")

    def __init__(
        self, positional: list[Value], keywords: dict[str, Value] | None = None, rest: Value | None = None
    ) -> None:
        """`rest` stands for the content of `*args` and `**kwargs` that could not be told apart."""
        self.positional = positional
        self.keywords: dict[str, Value] = keywords or {}
        self.rest = rest

    def every(self) -> list[Value]:
        """All of them."""
        found = [*self.positional, *self.keywords.values()]
        if self.rest is not None:
            found.append(self.rest)
        return found

    def get(self, position: int, *keywords: str) -> Value | None:
        """The argument at a position or under a keyword, or what may stand there."""
        for keyword in keywords:
            if keyword in self.keywords:
                return self.keywords[keyword]
        if 0 <= position < len(self.positional):
            return self.positional[position]
        return self.rest


class Handlers:
    """What is noted of handlers while they are run."""

    __slots__ = ("answers", "decorated", "invoked", "is_real", "keeps_guesses", "shared")

    def __init__(self) -> None:
        """Nothing yet."""
        self.is_real = False
        """Whether the entry that is being run is a handler that a framework calls, and not one made up."""
        self.answers: dict[Any, str] = {}
        """What the returned text of a handler becomes, for handlers that are called through their decorators."""
        self.decorated: dict[Any, Value] = {}
        """What stands in a function's place after its decorators."""
        self.invoked: set[Any] = set()
        self.shared: dict[Any, Cell] = {}
        """What the functions that run before every handler left in objects that all of them see: `flask.g`."""
        self.keeps_guesses = False
        """Whether a value that can be guessed was left where the entries before may look for it."""


class Machine:
    """Runs every function on values instead of data, once for each way in which it is called."""

    def __init__(
        self,
        index: Index,
        knowledge: Knowledge,
        expressions: Mapping[type, Evaluate],
        statements: Mapping[type, Execute],
        run_module: Callable[["Machine", Module], Frame],
    ) -> None:
        """The tables say how each node is run; `run_module` makes a module's names when they are first needed."""
        self.index = index
        self.knowledge = knowledge
        self.record = Record()
        self.base: dict[Any, Cell] = {}
        self.memo: dict[Any, Any] = {}
        self.templates: dict[Any, Value] = {}
        self.pending: dict[Any, Any] = {}
        self.entered: set[Any] = set()
        self.active: dict[Any, int] = {}
        self.running: dict[Any, Frame | None] = {}
        self.fuel = FUEL
        self.steps = 0
        self.handlers = Handlers()
        self.strict = False
        """Whether failures of the interpreter itself are raised, as its own tests want it."""
        self.call_value: Any = None
        """Calls any value: set by `calls`, which lies above what needs it."""
        self._expressions = expressions
        self._statements = statements
        self._run_module = run_module
        self._modules: dict[Module, Frame] = {}
        self._atoms: dict[Any, Atom] = {}
        self._named: dict[str, Value] = {}
        self._serial = 0

    def evaluate(self, node: nodes.Expression, frame: Frame) -> Value:
        """The value of an expression here. Raises `OutOfFuelError`."""
        self.fuel -= 1
        if self.fuel < 0:
            raise OutOfFuelError
        return self._expressions[node.__class__](node, frame)

    def execute(self, body: tuple[nodes.Statement, ...], frame: Frame) -> None:
        """Run statements until their end or the end of this way."""
        table = self._statements
        for statement in body:
            state = frame.state
            if state is None:
                return
            frame.last = state
            for raised in frame.raises:
                _note(raised, state)
            table[statement.__class__](statement, frame)
            if frame.ended:
                frame.ended = False
                frame.state = None

    def refuel(self, fuel: int) -> None:
        """Begin an entry with a full tank."""
        self.steps += FUEL - max(self.fuel, 0)
        self.fuel = fuel

    def next_serial(self) -> int:
        """A number for an activation."""
        self._serial += 1
        return self._serial

    def module_frame(self, module: Module) -> Frame:
        """The names of a module, which is run if that has not been done yet."""
        frame = self._modules.get(module)
        if frame is None:
            fuel, self.fuel = self.fuel, FUEL
            frame = self._run_module(self, module)
            self.fuel = fuel
        return frame

    def enter_module(self, module: Module, frame: Frame) -> None:
        """Make a module's names known before its body has run, for imports in a circle."""
        self._modules[module] = frame

    def model(self, name: str) -> Model | None:
        """What is known of a qualified name."""
        return self.knowledge.model(name)

    def named(self, name: str) -> Value:
        """The value of a name that lies outside the project; the same one each time."""
        value = self._named.get(name)
        if value is None:
            known = self.knowledge.constants.get(name, UNKNOWN)
            if known is not UNKNOWN:
                value = constant(known)
            else:
                value = Value((), UNKNOWN, name, PLAIN, None, OUTSIDE if ")" in name else CONFIGURED)
            self._named[name] = value
        return value

    def make_atom(self, key: Any, label: str, name: str, parent: Atom | None = None, *, host: bool = False) -> Atom:
        """One atom for each key: the same datum read twice is the same atom."""
        if parent is not None and len(parent.lineage) >= DEEPEST_LINEAGE:
            return parent
        whole = (key, parent, host)
        atom = self._atoms.get(whole)
        if atom is None:
            atom = self._atoms[whole] = Atom(key, label, name, parent, host)
        return atom

    def take_in(self, name: str, origin: Origin, node: nodes.Node, frame: Frame) -> Value:
        """The value of a source."""
        atom = self.make_atom(name, origin.label, "")
        atom.named = origin.named
        taint = Taint(atom, origin.mask, Trail("enters", frame.module, node, None))
        return Value((taint,), UNKNOWN, name, PLAIN, None, OUTSIDE)

    def take_part(self, value: Value, key: Any, node: nodes.Node, frame: Frame, *, host: bool = False) -> Taints:
        """The taint of a part of a value: what is shown of the part is not shown of the whole."""
        parts: list[Taint] = []
        for taint in value.taint:
            whole = taint.atom
            text = key if isinstance(key, str) and whole.named else ""
            atom = self.make_atom(key, whole.label, whole.name or text, whole, host=host)
            parts.append(Taint(atom, taint.mask, Trail("passes", frame.module, node, taint.trail)))
        return tuple(parts)

    def cell(self, value: Value, frame: Frame) -> Cell:
        """The content of a container or object."""
        state = frame.state or frame.last
        return state.heap.get(value.data) or self.base.get(value.data) or _EMPTY

    def store(self, value: Value, cell: Cell, frame: Frame) -> None:
        """Replace the content of a container or object."""
        state = frame.state or frame.last
        state.put(value.data, cell)

    def allocate(self, kind: int, cell: Cell, node: Any, frame: Frame, name: str = "") -> Value:
        """A new container or object; made again in a loop, it holds what either had."""
        address = (node, frame.serial)
        state = frame.state or frame.last
        known = state.heap.get(address)
        state.put(address, cell if known is None else join_cells(known, cell))
        return Value((), UNKNOWN, name, kind, address, CONFIGURED)

    def flatten(self, value: Value, frame: Frame, depth: int = 0) -> Taints:
        """The taint of a value and of all that it holds."""
        taints = value.taint
        if value.kind in _HOLDERS and depth < 5:
            for inner in self.contents(value, frame):
                found = self.flatten(inner, frame, depth + 1)
                if found:
                    taints = merge_taints(taints, found)
        state = frame.state
        if taints and state is not None and state.cleared:
            taints = state.apply(Value(taints)).taint
        return taints

    def contents(self, value: Value, frame: Frame) -> list[Value]:
        """What a value holds directly."""
        if value.kind in {TUPLE, UNION}:
            return list(value.data)
        if value.kind in {LIST, DICT, OBJECT}:
            return self.cell(value, frame).values()
        return []

    def share(self, state: State) -> None:
        """Let every handler see what was written to objects outside of the project."""
        for address, cell in state.heap.items():
            if isinstance(address, str) and address != "flask.request":
                known = self.handlers.shared.get(address)
                self.handlers.shared[address] = cell if known is None else join_cells(known, cell)

    def keep_heap(self, state: State) -> None:
        """Let what an entry did to module-level containers be seen by the entries after it."""
        for address, cell in state.heap.items():
            known = self.base.get(address)
            if known is not None and known is not cell:
                self.base[address] = join_cells(known, cell)
                if any(taint.mask & RANDOM for value in cell.values() for taint in value.taint):
                    self.handlers.keeps_guesses = True


def _note(raised: list[State], state: State) -> None:
    """Keep the state in which a statement begins, for the handlers around it, unless nothing has changed."""
    if raised:
        last = raised[-1]
        if last.env is state.env and last.heap is state.heap and last.cleared is state.cleared:
            return
    raised.append(state.copy())


_EMPTY: Final = Cell()
_HOLDERS: Final = frozenset({TUPLE, UNION, LIST, DICT, OBJECT})
