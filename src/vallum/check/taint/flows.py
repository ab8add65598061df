"""What rules are told of the flow of data: every sink, what reaches it, and on which way."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.module import Module
from vallum.check.taint.record import Judgement, Outcome, Record
from vallum.check.taint.sinks import CLEARED_BY
from vallum.check.taint.value import BUILT, Taints, Trail
from vallum.findings.finding import Step
from vallum.findings.place import Place

MOST_STEPS: Final = 8


@dataclass(frozen=True, kw_only=True)
class Flow:
    """One sink and what reaches it."""

    kind: str
    """`sql`, `shell`, `code`, `object`, `path`, `html`, `markup`, `redirect` or `template`."""
    outcome: Outcome
    name: str
    """The qualified name of what is called; `return` for a handler's own answer."""
    told: str
    """What the sink does with it: `runs it as SQL`."""
    sources: tuple[str, ...]
    """The data that reach it: ``the `sort` query parameter``."""
    reason: str
    """Why it is well, for the outcomes that are: `constant`, ``made safe by `html.escape` ``."""
    steps: tuple[Step, ...] = field(repr=False)
    """The way of the first datum: enters, passes, becomes, runs."""
    apart: bool = False
    """Whether several functions put text together for this one sink: then the place is where they do."""
    module: Module = field(repr=False)
    node: nodes.Node = field(repr=False)
    argument: nodes.Node = field(repr=False)

    @cached_property
    def place(self) -> Place:
        """Where the sink is, or where the text that reaches it is put together."""
        return self.module.place(self.node)

    @cached_property
    def text(self) -> str:
        """The source text of the argument."""
        return self.module.text_of(self.argument)


def read_flows(record: Record) -> Iterator[Flow]:
    """Every sink that was reached, by file and line."""
    judged = sorted(
        record.judgements.values(),
        key=lambda one: (one.module.path, one.node.line, one.node.column, one.sink.kind),
    )
    for judgement in judged:
        if judgement.sink.kind == "html" and judgement.node in record.texts:
            judgement.outcome, judgement.reasons = Outcome.CLEARED, {"sent as text": None}
        if judgement.outcome is not Outcome.REACHED:
            yield _flow(judgement, ())
            continue
        if len(judgement.ways) == 1:
            yield _flow(judgement, judgement.taints)
            continue
        for way, taints in judgement.ways.items():
            yield _flow(judgement, taints, way)


def _flow(judgement: Judgement, taints: Taints, way: tuple[Module, nodes.Node] | None = None) -> Flow:
    module, node = way or (judgement.module, judgement.node)
    return Flow(
        kind=judgement.sink.kind,
        outcome=judgement.outcome,
        name=judgement.name,
        told=judgement.sink.told,
        sources=tuple(sorted({str(taint.atom) for taint in taints})),
        reason=_reason(judgement),
        steps=_steps(judgement, taints),
        module=module,
        node=node,
        argument=judgement.argument if way is None else node,
        apart=way is not None,
    )


def _reason(judgement: Judgement) -> str:
    reasons = sorted(judgement.reasons, key=lambda text: (not text.startswith(CLEARED_BY), text == "constant", text))
    return reasons[0] if reasons else ""


def _steps(judgement: Judgement, taints: Taints) -> tuple[Step, ...]:
    if not taints:
        return ()
    stations: list[Trail] = []
    trail: Trail | None = taints[0].trail
    while trail is not None and len(stations) < 200:
        stations.append(trail)
        trail = trail.before
    stations.reverse()
    found: list[Step] = []
    seen: tuple[str, int] | None = None
    for station in stations:
        here = (station.module.path, station.node.line)
        if here in (seen, (judgement.module.path, judgement.node.line)):
            continue
        seen = here
        found.append(_step(station.verb, station.module, station.node))
    if len(found) > MOST_STEPS:
        found = [*found[: MOST_STEPS // 2], *found[-MOST_STEPS // 2 :]]
    first = found[0] if found else None
    if first is not None:
        found[0] = Step(verb="enters", place=first.place, value=first.value)
    return (*found, _step("runs", judgement.module, judgement.argument, judgement.node))


def _step(verb: str, module: Module, node: nodes.Node, where: nodes.Node | None = None) -> Step:
    verb = "becomes" if verb == BUILT else verb
    verb = verb if verb in {"enters", "passes", "becomes", "runs"} else "passes"
    place = module.place(where or node)
    value = module.text_of(node) if node.line == node.end_line == place.line else ""
    return Step(verb=verb, place=place, value=value if value in place.text else "")
