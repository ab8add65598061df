"""The remarks of rules that follow data, one for each flow, and what rules of several readings share."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from vallum.check.project import Project
from vallum.check.rule import Rule
from vallum.check.taint.flows import Flow
from vallum.check.taint.record import Outcome
from vallum.findings.finding import Confidence, Finding, Fix, Remark, Site, Where

STORED = "the stored data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What a rule says of the flows into its kind of sink."""

    message: str
    """What an attacker can do; `{sources}` stands for the data: "A visitor can change the query by {sources}."."""
    stored: str = ""
    """The same for data that the application keeps, where that is a danger of its own."""
    reason: str
    """Why it is so here: `{call}` stands for what is called."""
    fix: Callable[[Flow], Fix]
    built: str = ""
    """What is said of text put together from parts of unknown origin; empty when nothing is said."""
    unknown: str = ""
    """What is said of a whole value of unknown origin; empty when nothing is said."""
    constant: str = "constant"
    """Why a constant is well."""


def judge_flows(rule: Rule, project: Project, kinds: Iterable[str], telling: Telling) -> Iterator[Remark]:
    """A remark on each sink of these kinds of which something can be said."""
    for flow in project.flows(*kinds):
        remark = judge_flow(rule, flow, telling)
        if remark is not None:
            yield remark


def judge_flow(rule: Rule, flow: Flow, telling: Telling) -> Remark | None:
    """A finding where data from outside arrives, a site where it is shown that none does, else nothing."""
    if flow.outcome is Outcome.REACHED:
        stored = flow.sources == (STORED,)
        message = telling.stored if stored and telling.stored else telling.message
        return rule.finding(
            flow.place,
            message.format(sources=name_sources(flow.sources)),
            telling.reason.format(call=_call(flow)),
            fix=telling.fix(flow),
            steps=flow.steps,
            confidence=_confidence(flow),
        )
    doubt = {Outcome.BUILT: telling.built, Outcome.UNKNOWN: telling.unknown}.get(flow.outcome, "")
    if doubt:
        reason = telling.reason.format(call=_call(flow))
        return rule.finding(flow.place, doubt, reason, fix=telling.fix(flow), confidence=Confidence.LOW)
    if flow.outcome in {Outcome.BUILT, Outcome.UNKNOWN}:
        return None
    return rule.site(flow.place, telling.constant if flow.outcome is Outcome.CONSTANT else flow.reason)


def _confidence(flow: Flow) -> Confidence:
    """High where a visitor sends the data, lower where the program keeps them or whoever starts it says them."""
    if flow.sources == (STORED,):
        return Confidence.MEDIUM
    started = all(source.endswith(("command line argument", "environment variable")) for source in flow.sources)
    return Confidence.LOW if started else Confidence.HIGH


def name_sources(sources: tuple[str, ...]) -> str:
    """The data in words: "the `sort` query parameter or the `q` form field"."""
    shown = list(sources[:3])
    if len(shown) == 1:
        return shown[0]
    return f"{', '.join(shown)} and others" if len(sources) > 3 else f"{', '.join(shown[:-1])} or {shown[-1]}"


def _call(flow: Flow) -> str:
    return "the handler's answer" if flow.name == "return" else f"`{flow.name.removeprefix('?.')}`"


def guard_sites(rule: Rule, project: Project, *patterns: str) -> Iterator[Remark]:
    """A site for each call of a guard's function that keeps the control by itself."""
    for call in project.calls(*patterns) if project.uses("vallum.guard") else ():
        yield rule.site(call.place, f"by the guard's `{call.method}`")


def first_by_place(remarks: Iterable[Finding | Site]) -> Iterator[Finding | Site]:
    """The remarks without those on a place that an earlier one has judged: the sharper reading comes first."""
    seen: set[Where] = set()
    for remark in remarks:
        if remark.where not in seen:
            seen.add(remark.where)
            yield remark
