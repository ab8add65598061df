"""What the interpreter knows of a value: where it can come from, what it is, what it holds."""

from collections.abc import Iterable
from typing import Any, Final

from vallum.check.flow import nodes
from vallum.check.flow.folding import UNKNOWN
from vallum.check.flow.module import Module
from vallum.check.knowledge.kinds import RANDOM

PLAIN, TEXT, TUPLE, LIST, DICT, OBJECT, FUNCTION, BOUND, CLASS, MODULE, FACT, UNION, METHOD = range(13)
"""Kinds. TEXT is built of parts, and its two ends may be known; METHOD is a method of a builtin value."""

CONSTANT, CONFIGURED, OUTSIDE = range(3)
"""Origins: made of what the program itself says; set up elsewhere (settings, attributes); nobody knows."""

RESOLVED: Final = 1
"""Mark of a path without links and dots."""
ESCAPED: Final = 2
"""Mark of text that escapes what is formatted into it, such as `Markup`."""

COMMON: Final = "os.path.commonpath()"
"""The name of a value that says in which folder a path lies, and nothing else of it."""

BUILT: Final = "is built in"
"""The verb of a station at which text is put together: the place where a sink's text is made."""
LOOKED_UP: Final = 64
"""Mark of what an unknown function found by data: its attributes are what was stored, not what was sent."""

ELEMENT: Final = 256
"""Mark of what going through a value gave: of text, a single character."""
PERHAPS: Final = 128
"""Mark of a container, object or function in whose place there may be something else, such as None."""

MOST_ALTERNATIVES: Final = 4
MOST_ATOMS: Final = 12
DEEPEST_LINEAGE: Final = 6


class Atom:
    """One datum from outside; a part of it is an atom of its own, with the whole in its lineage."""

    __slots__ = ("host", "key", "label", "lineage", "name", "named")

    def __init__(self, key: Any, label: str, name: str, parent: "Atom | None" = None, host: bool = False) -> None:
        """Name the datum; `host` for the part of a URL that says where it leads."""
        self.key = key
        self.label = label
        self.name = name
        self.lineage: tuple[Atom, ...] = (*parent.lineage, parent) if parent else ()
        self.host = host
        self.named: bool = parent.named if parent else True
        """Whether a key chosen from it names the datum."""

    def __str__(self) -> str:
        """``the `sort` query parameter``."""
        return f"the `{self.name}` {self.label}" if self.name else f"the {self.label}"


class Trail:
    """One station of the data's way, linked to the one before."""

    __slots__ = ("before", "module", "node", "verb")

    def __init__(self, verb: str, module: Module, node: nodes.Node, before: "Trail | None") -> None:
        """Say what happens to the data here: *enters*, *passes*, *becomes*."""
        self.verb = verb
        self.module = module
        self.node = node
        self.before = before


class Taint:
    """An atom within a value, the kinds of sink for which it is still dangerous, and how it came here."""

    __slots__ = ("atom", "mask", "trail")

    def __init__(self, atom: Atom, mask: int, trail: Trail | None) -> None:
        """Immutable."""
        self.atom = atom
        self.mask = mask
        self.trail = trail


Taints = tuple[Taint, ...]


class Value:
    """Immutable, whatever it holds: what changes lies in the heap, and `data` is its address."""

    __slots__ = ("const", "data", "kind", "marks", "name", "origin", "taint")

    def __init__(
        self,
        taint: Taints = (),
        const: Any = UNKNOWN,
        name: str = "",
        kind: int = PLAIN,
        data: Any = None,
        origin: int = OUTSIDE,
        marks: int = 0,
    ) -> None:
        """Everything is optional: a value of which nothing is known."""
        self.taint = taint
        self.const = const
        self.name = name
        self.kind = kind
        self.data = data
        self.origin = origin
        self.marks = marks

    def __repr__(self) -> str:
        """For a person who looks into the interpreter."""
        atoms = ",".join(f"{taint.atom.name or taint.atom.label}:{taint.mask:b}" for taint in self.taint)
        return f"<value {self.name} {'' if self.const is UNKNOWN else repr(self.const)} kind={self.kind} [{atoms}]>"

    def tainted(self, taint: Taints) -> "Value":
        """The same with other taint."""
        return Value(taint, self.const, self.name, self.kind, self.data, self.origin, self.marks)


NOTHING_KNOWN: Final = Value()
NONE: Final = Value((), None, "", PLAIN, None, CONSTANT)
TRUE: Final = Value((), True, "", PLAIN, None, CONSTANT)
FALSE: Final = Value((), False, "", PLAIN, None, CONSTANT)
SAFE: Final = Value((), UNKNOWN, "", PLAIN, None, CONSTANT)
"""A number, a truth, or other text that the program itself made."""
CONFIGURATION: Final = Value((), UNKNOWN, "", PLAIN, None, CONFIGURED)
_SHARED: Final = {None: NONE, True: TRUE, False: FALSE}


def constant(value: Any) -> Value:
    """A known value."""
    if value is None or value is True or value is False:
        return _SHARED[value]
    return Value((), value, "", PLAIN, None, CONSTANT)


def truth_of(value: Value) -> bool | None:
    """True, False, or None if it can be either."""
    if value.const is not UNKNOWN:
        return bool(value.const)
    if value.marks & PERHAPS:
        return None
    if value.kind in {OBJECT, FUNCTION, BOUND, CLASS, MODULE, METHOD}:
        return True
    if value.kind == TUPLE:
        return bool(value.data)
    if value.kind == TEXT and (value.data[0] or value.data[1]):
        return True
    return None


def merge_taints(one: Taints, other: Taints) -> Taints:
    """What is in either; of an atom in both, the kinds of both."""
    if not other or one is other:
        return one
    if not one:
        return other
    merged = {taint.atom: taint for taint in one}
    changed = False
    for taint in other:
        known = merged.get(taint.atom)
        if known is None:
            merged[taint.atom] = taint
            changed = True
        elif taint.mask & ~known.mask:
            better = known.trail if known.mask else taint.trail
            merged[taint.atom] = Taint(taint.atom, known.mask | taint.mask, better)
            changed = True
    if not changed:
        return one
    return tuple(merged.values()) if len(merged) <= MOST_ATOMS else _limit(list(merged.values()))


def _limit(taints: list[Taint]) -> Taints:
    """Of very many data, some by name, and the last of them as dangerous as all the rest."""
    kept, last = taints[: MOST_ATOMS - 1], taints[MOST_ATOMS - 1]
    mask = last.mask
    for taint in taints[MOST_ATOMS:]:
        mask |= taint.mask
    return (*kept, Taint(last.atom, mask, last.trail))


def merge_all(values: Iterable[Value]) -> Taints:
    """What is in any of the values themselves, not in what they hold."""
    taints: Taints = ()
    for value in values:
        if value.taint:
            taints = merge_taints(taints, value.taint)
    return taints


def clear_bits(taints: Taints, bits: int) -> Taints:
    """The same data, no longer dangerous for some kinds of sink."""
    if not taints:
        return taints
    return tuple([Taint(taint.atom, taint.mask & ~bits, taint.trail) for taint in taints])


def guessed(value: Value) -> Value:
    """A number made of a value: no text is left in it, but whoever can guess the one can guess the other."""
    if not value.taint:
        return SAFE
    left = tuple([Taint(taint.atom, RANDOM, taint.trail) for taint in value.taint if taint.mask & RANDOM])
    return Value(left, UNKNOWN, "", PLAIN, None, CONSTANT) if left else SAFE


def mark_trail(value: Value, verb: str, module: Module, node: nodes.Node) -> Value:
    """The same value, with a station added to the way of each datum in it."""
    if not value.taint:
        return value
    return value.tainted(
        tuple([Taint(taint.atom, taint.mask, Trail(verb, module, node, taint.trail)) for taint in value.taint])
    )


def _same_const(one: Any, other: Any) -> bool:
    return one is other or (one.__class__ is other.__class__ and bool(one == other))


def join_values(one: Value, other: Value) -> Value:
    """What a value can be if it is one of two."""
    if one is other:
        return one
    taint = merge_taints(one.taint, other.taint)
    const = one.const if _same_const(one.const, other.const) else UNKNOWN
    name = one.name if one.name == other.name else (one.name or other.name if NONE in (one, other) else "")
    origin = max(one.origin, other.origin)
    marks = one.marks & other.marks
    if one.kind == other.kind and (one.data is other.data or one.data == other.data):
        if one.taint is taint and one.const is const and one.name == name and one.origin == origin:
            return one
        return Value(taint, const, name, one.kind, one.data, origin, marks)
    if one.kind <= TEXT and other.kind <= TEXT:
        return Value(taint, const, name, _text_kind(one, other), ("", ""), origin, marks)
    if one.kind == TUPLE and other.kind == TUPLE and len(one.data) == len(other.data):
        data = tuple([join_values(left, right) for left, right in zip(one.data, other.data, strict=True)])
        return Value(taint, const, name, TUPLE, data, origin, marks)
    if _is_bare(one) and other.kind > TEXT:
        return _perhaps(other, taint, origin)
    if _is_bare(other) and one.kind > TEXT:
        return _perhaps(one, taint, origin)
    return _unite(one, other, taint, origin)


def _is_bare(value: Value) -> bool:
    """A value that says nothing but that it is there, or that nothing is."""
    return value is NOTHING_KNOWN or value.const is None or (value.kind == PLAIN and not value.taint and not value.name)


def _perhaps(value: Value, taint: Taints, origin: int) -> Value:
    """What a container or object is that may as well be something of which nothing is known."""
    marks = value.marks | PERHAPS
    if value.taint is taint and value.marks == marks and value.origin == origin:
        return value
    return Value(taint, UNKNOWN, value.name, value.kind, value.data, origin, marks)


def _text_kind(one: Value, other: Value) -> int:
    return TEXT if TEXT in (one.kind, other.kind) else PLAIN


def alternatives(value: Value) -> tuple[Value, ...]:
    """What a value can be, one by one."""
    return value.data if value.kind == UNION else (value,)


def _unite(one: Value, other: Value, taint: Taints, origin: int) -> Value:
    """Values that have nothing in common but their use; beyond a few, only their taint is kept."""
    several: list[Value] = []
    for value in (*alternatives(one), *alternatives(other)):
        for known in several:
            if value is known or _alike(value, known):
                break
        else:
            several.append(value)
    if len(several) == 1:
        return several[0]
    if len(several) > MOST_ALTERNATIVES:
        several = [value for value in several if value.kind > TEXT][:MOST_ALTERNATIVES]
    return Value(taint, UNKNOWN, "", UNION, tuple(several), origin, 0)


def _alike(one: Value, other: Value) -> bool:
    return (
        one.kind == other.kind
        and one.data == other.data
        and one.name == other.name
        and _same_const(one.const, other.const)
        and one.origin == other.origin
        and [(taint.atom, taint.mask) for taint in one.taint] == [(taint.atom, taint.mask) for taint in other.taint]
    )
