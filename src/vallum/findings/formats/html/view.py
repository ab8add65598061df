"""What the report says in sentences and lists, before it is laid out."""

import re
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from vallum.findings.finding import Site, Way
from vallum.findings.formats.html.prose import show_code
from vallum.findings.place import Place
from vallum.findings.report import Report
from vallum.findings.summary import (
    asvs_number,
    evidence_rest,
    gravest_first,
    left_dark,
    plural,
    spell,
    tally,
    ways_spoken,
)
from vallum.findings.verdict import Verdict

MOST_NAMED: Final = 4
MOST_SITES: Final = 40
WORST: Final = 2
_FILE: Final = re.compile(r"`?[^\s`]+\.[A-Za-z]\w*`?")
"""The name of a file, as a gap tells it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dark:
    """Something that could not be looked at, why, and how many controls that leaves unproven."""

    what: str
    why: str
    leaves: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """The sites of one way, with the sentence above them."""

    heading: str
    shown: tuple[Site, ...]
    more: int


def say_title(report: Report) -> tuple[str, str]:
    """The title in two halves: who breaks, and how many of how many."""
    counts = tally(report.verdicts)
    return f"{report.subject.name} breaks", f"{counts.broken:,} of {plural(len(report.verdicts), 'control')}"


def say_worst(report: Report) -> Markup:
    """Two lines on the worst: how many are critical, what the gravest two allow, what is unproven."""
    broken = gravest_first(report)
    parts = [show_code(_say_gravity(broken))]
    parts += [show_code(_sentence(verdict.findings[0].message)) for verdict in broken[:WORST] if verdict.findings]
    counts, dark = tally(report.verdicts), len(left_dark(report))
    if counts.unproven:
        verb = "is" if counts.unproven == 1 else "are"
        tail = f"; {spell(dark)} of those could not be looked at" if dark else ""
        parts.append(show_code(f"{plural(counts.unproven, 'control')} {verb} unproven{tail}."))
    return Markup(" ").join(part for part in parts if part)


def _say_gravity(broken: list[Verdict]) -> str:
    if not broken:
        return "Nothing that was looked at is broken."
    worst = broken[0].control.severity
    count = sum(verdict.control.severity is worst for verdict in broken)
    if len(broken) == 1:
        return f"It is {worst.value}."
    which = f"{spell(count)} of the {spell(len(broken))}".capitalize() if count < len(broken) else "All"
    return f"{which} {'is' if count == 1 else 'are'} {worst.value}."


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) or not text else f"{text}."


def ledger_evidence(verdict: Verdict) -> Markup:
    """The evidence in a row; for a broken control the number of findings, the severity, and where or how much."""
    if not verdict.findings:
        return show_code(verdict.evidence)
    first = verdict.findings[0].where
    single = len(verdict.findings) == 1 and isinstance(first, Place)
    rest = str(first) if single else evidence_rest(verdict) or str(first)
    count = plural(len(verdict.findings), "finding")
    return Markup('<b class="count">{}</b> · {} · {}').format(count, verdict.control.severity.value, show_code(rest))


def list_facts(verdict: Verdict) -> list[str]:
    """The first line of an opened row: severity, CWE, OWASP, ASVS, which ways spoke."""
    control = verdict.control
    facts = [
        control.severity.value,
        ", ".join(f"CWE-{number}" for number in control.cwe),
        f"OWASP {', '.join(control.owasp)}" if control.owasp else "",
        f"ASVS {', '.join(map(asvs_number, control.asvs))}" if control.asvs else "",
        ways_spoken(verdict),
    ]
    return [fact for fact in facts if fact]


def split_sites(verdict: Verdict, every: bool) -> list[Examined]:
    """What was examined in the code and tried in the running app, and was well."""
    groups = []
    for way, where, unit in (
        (Way.RULE, "Examined in the code", "place"),
        (Way.PROBE, "Tried in the running app", "time"),
    ):
        sites = tuple(site for site in verdict.sites if site.way is way)
        if not sites:
            continue
        bad = sum(finding.way is way for finding in verdict.findings)
        well = f"{plural(len(sites) + bad, unit)}, {f'{len(sites):,}' if bad else 'all'} well"
        shown = sites if every else sites[:MOST_SITES]
        groups.append(Examined(heading=f"{where}: {well}", shown=shown, more=len(sites) - len(shown)))
    return groups


def list_dark(report: Report) -> list[Dark]:
    """All that could not be looked at: the gaps, then the controls that no gap explains."""
    explained = {control for gap in report.gaps for control in gap.controls}
    dark = [Dark(what=gap.what, why=gap.why, leaves=len(gap.controls)) for gap in report.gaps]
    for verdict in left_dark(report):
        if verdict.control.id not in explained:
            why = verdict.evidence.removeprefix("Could not look: ")
            dark.append(Dark(what=f"`{verdict.control.id}`", why=why))
    return dark


def name_gaps(dark: list[Dark]) -> Markup:
    """The first few things that could not be looked at, in one line; several files are counted as one thing."""
    files = [row.what for row in dark if _FILE.fullmatch(row.what)]
    names: list[str] = []
    for row in dark:
        name = plural(len(files), "file") if len(files) > 1 and row.what in files else row.what
        if name not in names:
            names.append(name)
    rest = len(names) - MOST_NAMED
    line = Markup(", ").join(show_code(name) for name in names[:MOST_NAMED])
    return Markup("{} and {} more").format(line, rest) if rest > 0 else line
