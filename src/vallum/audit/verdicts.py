"""From what was seen to a verdict with evidence for every control."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from vallum.audit.keepers import Keepers, load_keepers
from vallum.catalogue.control import Control, Status
from vallum.catalogue.registry import load_controls
from vallum.check.run import load_rules
from vallum.findings.examination import Examination
from vallum.findings.finding import Finding, Gap, Remark, Silence, Site, Unproven, Way
from vallum.findings.verdict import Outcome, Verdict
from vallum.probe.run import load_checks


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """The words in which a rule or probe tells what it examined: `("query", "queries")`, `bound`."""

    unit: tuple[str, str]
    sound: str

    def tell(self, count: int) -> str:
        """`14 queries, all bound`; `1 query, bound`."""
        if count == 1:
            return f"1 {self.unit[0]}, {self.sound}"
        return f"{count} {self.unit[1]}, all {self.sound}"


def load_witnesses() -> Mapping[str, Witness]:
    """The witness for each rule's slug and probe's claim."""
    rules = {rule.slug: Witness(unit=rule.unit, sound=rule.sound) for rule in load_rules()}
    checks = {check.claim: Witness(unit=check.unit, sound=check.sound) for check in load_checks()}
    return rules | checks


def judge(examinations: Mapping[Way, Examination], select: Collection[str] = ()) -> tuple[Verdict, ...]:
    """Give each control of the catalogue, or each that is selected, its verdict, in the order of the catalogue."""
    seen: dict[str, list[Remark]] = defaultdict(list)
    gaps: dict[str, list[Gap]] = defaultdict(list)
    for examination in examinations.values():
        for remark in examination.remarks:
            seen[remark.control].append(remark)
        for gap in examination.gaps:
            for control in gap.controls:
                gaps[control].append(gap)
    keepers, witnesses = load_keepers(), load_witnesses()
    ran = frozenset(examinations)
    return tuple(
        _verdict(control, seen[control.id], gaps[control.id], _ways(control, keepers[control.id], ran), witnesses)
        for control in load_controls()
        if not select or control.id in select
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ways:
    """Which ways of a control looked, which could have looked, which are still to come."""

    ran: tuple[Way, ...]
    idle: tuple[Way, ...]
    planned: tuple[Way, ...]


def _ways(control: Control, keepers: Keepers, ran: frozenset[Way]) -> _Ways:
    status = {way: keepers.status(way, control) for way in Way}
    built = [way for way in Way if status[way] is Status.BUILT]
    return _Ways(
        ran=tuple(way for way in built if way in ran),
        idle=tuple(way for way in built if way not in ran),
        planned=tuple(way for way in Way if status[way] is Status.PLANNED),
    )


def _verdict(
    control: Control,
    remarks: Sequence[Remark],
    gaps: Sequence[Gap],
    ways: _Ways,
    witnesses: Mapping[str, Witness],
) -> Verdict:
    sites = tuple(remark for remark in remarks if isinstance(remark, Site))
    findings = tuple(remark for remark in remarks if isinstance(remark, Finding))
    unproven = tuple(remark for remark in remarks if isinstance(remark, Unproven))
    silence: Silence | None = None
    if findings:
        outcome, evidence = Outcome.BROKEN, _blame(findings, sites, witnesses)
    elif sites:
        outcome, evidence = Outcome.HELD, "; ".join(_praise(sites, witnesses))
    else:
        outcome = Outcome.UNPROVEN
        silence, evidence = _silence(unproven, gaps, ways)
    return Verdict(
        control=control,
        outcome=outcome,
        evidence=evidence,
        silence=silence,
        sites=sites,
        findings=findings,
        unproven=unproven,
    )


def _praise(sites: Iterable[Site], witnesses: Mapping[str, Witness]) -> list[str]:
    counts: dict[str, int] = defaultdict(int)
    for site in sites:
        counts[site.source] += 1
    return [witnesses[source].tell(count) for source, count in counts.items()]


def _blame(findings: Sequence[Finding], sites: Sequence[Site], witnesses: Mapping[str, Witness]) -> str:
    number = f"{len(findings)} finding{'s' if len(findings) > 1 else ''}"
    first = findings[0]
    well = sum(site.source == first.source for site in sites)
    if first.way is Way.PROBE or not well:
        return f"{number}; {first.where}"
    witness = witnesses[first.source]
    total = well + sum(finding.source == first.source for finding in findings)
    return f"{number}, {well} of {total} {witness.unit[1]} {witness.sound}"


def _silence(unproven: Sequence[Unproven], gaps: Sequence[Gap], ways: _Ways) -> tuple[Silence, str]:
    blind = [remark.reason for remark in unproven if remark.silence is Silence.COULD_NOT_LOOK]
    blind += [f"{gap.what}: {gap.why}" for gap in gaps]
    if blind:
        return Silence.COULD_NOT_LOOK, f"Could not look: {blind[0]}"
    foreign = [remark.reason for remark in unproven if remark.silence is Silence.DOES_NOT_APPLY]
    if foreign and not ways.idle and len(foreign) == len(unproven):
        return Silence.DOES_NOT_APPLY, f"Does not apply: {foreign[0]}"
    if unproven:
        return Silence.NOTHING_EXAMINED, f"Nothing examined: {unproven[0].reason}"
    return Silence.NOTHING_EXAMINED, f"Nothing examined: {_absence(ways)}"


def _absence(ways: _Ways) -> str:
    if ways.ran:
        return f"the {_both(ways.ran)} found no place to look at"
    if ways.idle:
        return f"the {_both(ways.idle)} did not run"
    return f"the {_both(ways.planned)} {'are' if len(ways.planned) > 1 else 'is'} planned"


def _both(ways: Iterable[Way]) -> str:
    return " and the ".join(ways)
