"""Comparisons and other tests: what they show of data where they are true, and where they are false."""

from collections.abc import Mapping
from typing import Final

from vallum.check.flow.folding import UNKNOWN
from vallum.check.knowledge.kinds import ALL, BITS, bits_of
from vallum.check.taint.patterns import cleared_within
from vallum.check.taint.state import Frame
from vallum.check.taint.text import end_of
from vallum.check.taint.value import (
    CLASS,
    COMMON,
    CONFIGURED,
    CONSTANT,
    DICT,
    ELEMENT,
    FACT,
    LIST,
    PLAIN,
    RESOLVED,
    TEXT,
    TUPLE,
    Atom,
    Taints,
    Value,
)

Facts = Mapping[Atom, int]
Pair = tuple[Facts, Facts]
NO_FACTS: Final[Facts] = {}
NO_PAIR: Final[Pair] = (NO_FACTS, NO_FACTS)
_CLIMBS: Final = BITS["path"]
_HOSTS: Final = bits_of(["redirect", "address"])
_SCRIPTS: Final = bits_of(["redirect"])
_PATH: Final = bits_of(["path"])


def facts_of(value: Value) -> Pair:
    """What is shown where a value is true, and where it is false."""
    if value.kind == FACT:
        return value.data[0], value.data[1]
    if value.kind == PLAIN and value.taint and any(taint.atom.host for taint in value.taint):
        return NO_FACTS, clear_atoms(tuple(taint for taint in value.taint if taint.atom.host), _HOSTS)
    return NO_PAIR


def make_fact(pair: Pair, taints: Taints = ()) -> Value:
    """A truth that shows something."""
    return Value(taints, UNKNOWN, "", FACT, pair, CONSTANT)


def clear_atoms(taints: Taints, bits: int) -> Facts:
    """That the data in a value are harmless for these kinds; a part that is a URL's host speaks for the whole."""
    facts: dict[Atom, int] = {}
    for taint in taints:
        if taint.atom.host:
            for whole in taint.atom.lineage[-1:]:
                facts[whole] = facts.get(whole, 0) | (bits & _HOSTS)
        facts[taint.atom] = facts.get(taint.atom, 0) | bits
    return facts


def unite(one: Facts, other: Facts) -> Facts:
    """Both hold."""
    if not one or not other:
        return one or other
    return {atom: one.get(atom, 0) | other.get(atom, 0) for atom in (*one, *other)}


def intersect(one: Facts, other: Facts) -> Facts:
    """One of the two holds, and nobody knows which."""
    return {atom: bits & other[atom] for atom, bits in one.items() if other.get(atom, 0) & bits}


def swap(pair: Pair) -> Pair:
    """`not`."""
    return pair[1], pair[0]


def combine(operator: str, pairs: list[Pair]) -> Pair:
    """`and` or `or` over several tests."""
    true, false = pairs[0]
    for one, other in pairs[1:]:
        if operator == "and":
            true, false = unite(true, one), intersect(false, other)
        else:
            true, false = intersect(true, one), unite(false, other)
    return true, false


def compare(operator: str, left: Value, right: Value, frame: Frame) -> Pair:
    """What `left operator right` shows of either."""
    if left.kind == FACT and right.const is None and operator in {"is", "is not", "==", "!="}:
        return swap(facts_of(left)) if operator in {"is", "=="} else facts_of(left)
    if operator in {"==", "is"}:
        return _equal(left, right), NO_FACTS
    if operator in {"!=", "is not"}:
        return NO_FACTS, _equal(left, right)
    if operator == "in":
        return _member(left, right, frame)
    if operator == "not in":
        return swap(_member(left, right, frame))
    if operator == "<=":
        return shows_subset(left, right, frame), NO_FACTS
    return NO_PAIR


def shows_subset(left: Value, right: Value, frame: Frame) -> Facts:
    """What it shows of a text that the set of its characters lies within a known one: `set(word) <= ALLOWED`."""
    if left.kind != LIST:
        return NO_FACTS
    rest = frame.machine.cell(left, frame).rest
    allowed = _characters(right, frame)
    if rest is None or not rest.marks & ELEMENT or allowed is None:
        return NO_FACTS
    return lift(clear_atoms(rest.taint, cleared_within(allowed)))


def _characters(value: Value, frame: Frame) -> str | None:
    if isinstance(value.const, str):
        return value.const
    if value.kind not in {LIST, TUPLE}:
        return None
    parts = [part.const for part in frame.machine.contents(value, frame)]
    return "".join(parts) if all(isinstance(part, str) and len(part) == 1 for part in parts) else None


def lift(facts: Facts) -> Facts:
    """What holds of every character of a text holds of the text."""
    lifted = dict(facts)
    for atom, bits in facts.items():
        for whole in atom.lineage[-1:]:
            lifted[whole] = lifted.get(whole, 0) | bits
    return lifted


def _equal(left: Value, right: Value) -> Facts:
    if left.taint and not right.taint and right.const is not None:
        return clear_atoms(left.taint, _PATH if left.name == COMMON else ALL)
    if right.taint and not left.taint and left.const is not None:
        return clear_atoms(right.taint, _PATH if right.name == COMMON else ALL)
    return NO_FACTS


def _member(left: Value, right: Value, frame: Frame) -> Pair:
    if right.taint and left.const is not UNKNOWN:
        return NO_FACTS, _without(left, right)
    if not left.taint:
        if right.name.endswith(".parents") and right.taint:
            return (clear_atoms(right.taint, _PATH) if right.marks & RESOLVED else NO_FACTS), NO_FACTS
        return NO_PAIR
    if isinstance(right.const, str) and left.marks & ELEMENT:
        return clear_atoms(left.taint, cleared_within(right.const)), NO_FACTS
    if isinstance(right.const, str | bytes) or right.kind == TEXT:
        return NO_PAIR
    if right.kind in {LIST, TUPLE, DICT} and any(taint.mask for taint in frame.machine.flatten(right, frame)):
        return NO_PAIR
    if right.taint:
        return NO_PAIR
    return clear_atoms(left.taint, ALL), NO_FACTS


def _without(left: Value, right: Value) -> Facts:
    """What the absence of a constant shows."""
    match left.const:
        case ".." | "../":
            return clear_atoms(right.taint, _CLIMBS)
        case "/":
            return clear_atoms(right.taint, _PATH | _SCRIPTS)
        case "'" | '"':
            return _without_quote(right, BITS["xpath-single" if left.const == "'" else "xpath-double"])
    return NO_FACTS


def _without_quote(value: Value, bits: int) -> Facts:
    facts = dict(clear_atoms(value.taint, bits))
    for taint in value.taint:
        if taint.atom.key == "[1:-1]":
            for whole in taint.atom.lineage[-1:]:
                facts[whole] = facts.get(whole, 0) | BITS["literal-inner"]
    return facts


def ends_with(value: Value, suffix: Value) -> Pair:
    """What `value.endswith(suffix)` shows."""
    quoted = suffix.const in {"'", '"'}
    return (clear_atoms(value.taint, BITS["literal-end"]) if quoted else NO_FACTS), NO_FACTS


def starts_with(value: Value, prefix: Value) -> Pair:
    """What `value.startswith(prefix)` shows."""
    prefixes = prefix.data if prefix.kind == TUPLE else (prefix,)
    true: Facts | None = None
    false: Facts = NO_FACTS
    for one in prefixes:
        found = clear_atoms(value.taint, _start_clears(value, one))
        true = found if true is None else intersect(true, found)
        false = unite(false, clear_atoms(value.taint, _start_denies(one)))
    return true or NO_FACTS, false


def _start_clears(value: Value, prefix: Value) -> int:
    if prefix.taint:
        return 0
    text = prefix.const
    if value.marks & RESOLVED and (prefix.origin <= CONFIGURED or end_of(prefix).endswith(("/", "\\"))):
        return _PATH
    if not isinstance(text, str):
        return 0
    if text in {"'", '"'}:
        return BITS["literal-start"]
    if text == "/":
        return BITS["redirect"]
    scheme, slashes, rest = text.partition("://")
    if slashes and scheme and "/" in rest:
        return _HOSTS
    if text[:1] == "/" and text[1:2] not in {"", "/", "\\"}:
        return _SCRIPTS
    return 0


def _start_denies(prefix: Value) -> int:
    if prefix.const == "//":
        return BITS["redirect-slashes"]
    if prefix.const in {"/", "\\"}:
        return BITS["path-absolute"] | BITS["redirect-slashes"]
    return 0


def is_instance(value: Value, kind: Value, frame: Frame) -> Pair:
    """What `isinstance(value, kind)` shows: numbers and the like hold no text."""
    kinds = frame.machine.contents(kind, frame) if kind.kind == TUPLE else [kind]
    names = {one.name for one in kinds if one.kind != CLASS}
    if kinds and names and names <= NUMERIC:
        return clear_atoms(value.taint, ALL), NO_FACTS
    return NO_PAIR


NUMERIC: Final = frozenset({
    "int", "float", "bool", "complex", "decimal.Decimal", "uuid.UUID", "datetime.datetime", "datetime.date",
    "ipaddress.IPv4Address", "ipaddress.IPv6Address", "numbers.Number", "numbers.Integral",
})  # fmt: skip
