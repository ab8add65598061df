"""What the interpreter writes down: what it saw of each call, and what reached each sink."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from vallum.check.flow import nodes
from vallum.check.flow.folding import UNKNOWN
from vallum.check.flow.module import Module
from vallum.check.flow.reader import Seen
from vallum.check.knowledge.kinds import ALL
from vallum.check.knowledge.model import Sink
from vallum.check.taint.value import Taints, Value, join_values, merge_taints

_MOST_CONSTANTS = 12
_OFTEN = 4
"""Ways to one call after which those that carry nothing from outside are no longer told apart."""


class Outcome(IntEnum):
    """What reaches a sink, from the best to the worst."""

    CONSTANT = 0
    """Only what the program itself says."""
    CLEARED = 1
    """Data from outside, made harmless or checked for this kind of sink."""
    UNREACHED = 2
    """No data from outside, but not a constant either: what was set up elsewhere in the program."""
    UNKNOWN = 3
    """A value that a caller outside of the project gives, or a call that nobody knows."""
    BUILT = 4
    """Text put together from parts whose origin nobody knows."""
    REACHED = 5
    """Data from outside that is still dangerous."""


@dataclass(slots=True)
class Judgement:
    """What reached one sink, over all ways that led there."""

    module: Module
    node: nodes.Node
    argument: nodes.Node
    sink: Sink
    name: str
    outcome: Outcome
    taints: Taints
    reasons: dict[str, None]
    """Why it is well, in the words of the report."""
    ways: dict[tuple[Module, nodes.Node] | None, Taints]
    """The data by the place at which the text was put together, where that is in another function than the sink."""
    called: int
    """How real the values are: 0 for a function that nobody is seen to call, 1 below one, 2 or 3 below a handler."""


class Record:
    """The interpreter's notebook."""

    def __init__(self) -> None:
        """Nothing seen yet."""
        self._calls: dict[nodes.Node, tuple[str, tuple[Value, ...]]] = {}
        self._often: dict[nodes.Node, int] = {}
        self._constants: dict[tuple[nodes.Node, int], dict[Any, None]] = {}
        self._names: dict[nodes.Node, dict[str, None]] = {}
        self.judgements: dict[tuple[nodes.Node, str], Judgement] = {}
        self.guards: dict[Any, str] = {}
        """For each atom, the check that last cleared it."""
        self.pages: dict[tuple[Any, str], nodes.Node] = {}
        """In each activation, where the answer of a name was last made: its content type may be set afterwards."""
        self.texts: set[nodes.Node] = set()
        """The answers that turned out to be no HTML."""
        self.cuts: dict[str, str] = {}
        """Functions that could not be followed to their end, and why."""
        self.steps = 0

    def see(self, node: nodes.Node, name: str, values: tuple[Value, ...]) -> None:
        """Note a call and its arguments."""
        known = self._calls.get(node)
        if known is None:
            self._calls[node] = (name, values)
            return
        told, before = known
        if name and name != told:
            self._names.setdefault(node, {})[name] = None
        for place, (one, other) in enumerate(zip(before, values, strict=False)):
            if one is not other and other.const is not UNKNOWN and isinstance(other.const, str | int):
                self._note_constant(node, place, one, other)
        often = self._often.get(node, 0)
        if often > _OFTEN and not any(value.taint for value in values):
            return
        self._often[node] = often + 1
        for one, other in zip(before, values, strict=False):
            if one is not other:
                joined = tuple([join_values(one, other) for one, other in zip(before, values, strict=False)])
                self._calls[node] = (told, joined)
                return

    def _note_constant(self, node: nodes.Node, place: int, one: Value, other: Value) -> None:
        kept = self._constants.setdefault((node, place), {})
        if len(kept) < _MOST_CONSTANTS:
            for value in (one, other):
                if isinstance(value.const, str | int):
                    kept[value.const] = None

    def see_name(self, node: nodes.Call) -> str:
        """The qualified name of what is called; empty for a call that was never reached."""
        known = self._calls.get(node)
        if known is None:
            return ""
        return next(iter(self._names.get(node, ())), "") if known[0][:1] in {"", "?"} else known[0]

    def see_call(self, node: nodes.Call) -> tuple[Seen, ...] | None:
        """What is called, then each argument and keyword in order; None for a call that was never reached."""
        known = self._calls.get(node)
        if known is None:
            return None
        name, values = known
        names = tuple(self._names.get(node, ()))
        called = Seen(name, UNKNOWN, False, names)
        found = [_seen(value, tuple(self._constants.get((node, place), ()))) for place, value in enumerate(values)]
        return (called, *found)

    def judge(self, judgement: Judgement) -> None:
        """Note what reached a sink; the worst of all ways counts, but a real caller's more than an invented one's."""
        key = (judgement.node, judgement.sink.kind)
        known = self.judgements.get(key)
        if known is None:
            self.judgements[key] = judgement
            return
        known.reasons.update(judgement.reasons)
        known.taints = merge_taints(known.taints, judgement.taints)
        for way, taints in judgement.ways.items():
            known.ways[way] = merge_taints(known.ways.get(way, ()), taints)
        uncertain = {Outcome.BUILT, Outcome.UNKNOWN}
        if known.called != judgement.called and {known.outcome, judgement.outcome} & uncertain:
            real, invented = (known, judgement) if known.called > judgement.called else (judgement, known)
            if invented.outcome in uncertain:
                known.outcome = real.outcome
                known.called = real.called
                return
        if judgement.outcome > known.outcome:
            known.outcome = judgement.outcome
            known.argument = judgement.argument
        known.called = max(known.called, judgement.called)


def _seen(value: Value, constants: tuple[Any, ...]) -> Seen:
    reach = 0
    for taint in value.taint:
        reach |= taint.mask
    return Seen(value.name, value.const, bool(reach & ALL), constants, reach)
