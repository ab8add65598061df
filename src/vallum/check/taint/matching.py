"""Whether a value fits a pattern of `match`, and what that shows."""

from vallum.check.flow import nodes
from vallum.check.flow.folding import UNKNOWN
from vallum.check.knowledge.kinds import ALL
from vallum.check.taint.assign import bind_name
from vallum.check.taint.guards import NO_FACTS, Facts, clear_atoms, intersect, unite
from vallum.check.taint.machine import Machine
from vallum.check.taint.objects import get_attribute
from vallum.check.taint.state import Frame
from vallum.check.taint.subscripts import get_item, iterate
from vallum.check.taint.value import Value, constant

_NUMBERS = frozenset({"int", "float", "bool"})


def match_pattern(pattern: nodes.Pattern, subject: Value, frame: Frame) -> tuple[bool | None, Facts]:
    """True, False or None if it can be either; names are bound, and what a fit shows of the subject is given."""
    match pattern.kind:
        case "any":
            return True, NO_FACTS
        case "capture":
            bind_name(pattern.name, subject, frame)
            return True, NO_FACTS
        case "as":
            fits, facts = match_pattern(pattern.patterns[0], subject, frame)
            bind_name(pattern.name, subject, frame)
            return fits, facts
        case "value":
            return _match_value(pattern, subject, frame)
        case "or":
            return _match_any(pattern, subject, frame)
        case "class":
            return _match_class(pattern, subject, frame)
    return _match_parts(pattern, subject, frame)


def _match_value(pattern: nodes.Pattern, subject: Value, frame: Frame) -> tuple[bool | None, Facts]:
    machine: Machine = frame.machine
    value = machine.evaluate(pattern.value, frame) if pattern.value is not None else constant(None)
    if subject.const is not UNKNOWN and value.const is not UNKNOWN:
        return bool(subject.const == value.const), NO_FACTS
    return None, NO_FACTS if value.taint else clear_atoms(subject.taint, ALL)


def _match_any(pattern: nodes.Pattern, subject: Value, frame: Frame) -> tuple[bool | None, Facts]:
    results = [match_pattern(inner, subject, frame) for inner in pattern.patterns]
    shown = results[0][1]
    for _, facts in results[1:]:
        shown = intersect(shown, facts)
    answers = [fits for fits, _ in results]
    fits = True if True in answers else (None if None in answers else False)
    return fits, shown


def _match_class(pattern: nodes.Pattern, subject: Value, frame: Frame) -> tuple[bool | None, Facts]:
    machine: Machine = frame.machine
    kind = machine.evaluate(pattern.value, frame) if pattern.value is not None else constant(None)
    facts = clear_atoms(subject.taint, ALL) if kind.name in _NUMBERS else NO_FACTS
    for inner, name in zip(pattern.patterns, pattern.keys, strict=False):
        part = get_attribute(subject, name, pattern, frame) if name else subject
        facts = unite(facts, match_pattern(inner, part, frame)[1])
    return None, facts


def _match_parts(pattern: nodes.Pattern, subject: Value, frame: Frame) -> tuple[bool | None, Facts]:
    machine: Machine = frame.machine
    for place, inner in enumerate(pattern.patterns):
        if pattern.kind == "mapping" and place < len(pattern.keys):
            part = get_item(subject, machine.evaluate(pattern.keys[place], frame), pattern, frame)
        elif any(other.kind == "star" for other in pattern.patterns):
            part = iterate(subject, pattern, frame)
        else:
            part = get_item(subject, constant(place), pattern, frame)
        if inner.kind == "star":
            if inner.name:
                bind_name(inner.name, subject, frame)
            continue
        match_pattern(inner, part, frame)
    if pattern.kind == "mapping" and pattern.name:
        bind_name(pattern.name, subject, frame)
    return None, NO_FACTS
