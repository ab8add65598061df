"""The same verdicts by standard: one mark for each requirement touched, and the worst of its controls decides."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from vallum.findings.report import Report
from vallum.findings.standards import ASVS, OWASP
from vallum.findings.summary import Mark, asvs_number, mark_of, worst_mark
from vallum.findings.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """A requirement, its mark, and the controls that touch it."""

    name: str
    mark: Mark
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """A part of a standard: a category, a chapter, a weakness."""

    name: str
    requirements: tuple[Requirement, ...]

    @property
    def sum(self) -> str:
        """`14 of 18 held, 2 broken`."""
        marks = [requirement.mark for requirement in self.requirements]
        broken = marks.count(Mark.BROKEN)
        held = f"{marks.count(Mark.HELD)} of {len(marks)} held"
        return f"{held}, {broken} broken" if broken else held


def by_owasp(report: Report) -> list[Chapter]:
    """The categories of the OWASP Top 10:2025; each control that touches one is its own requirement."""
    touched = _touched((category, verdict) for verdict in report.verdicts for category in verdict.control.owasp)
    return [
        Chapter(name=f"{category} {OWASP.get(category, '')}".strip(), requirements=_each(touched[category]))
        for category in sorted(touched)
    ]


def by_asvs(report: Report) -> list[Chapter]:
    """The chapters of ASVS 5.0, with the requirements that controls touch."""
    touched = _touched((asvs_number(number), verdict) for verdict in report.verdicts for number in verdict.control.asvs)
    chapters: dict[int, list[Requirement]] = defaultdict(list)
    for number in sorted(touched, key=_numeric):
        chapters[_numeric(number)[0]].append(_requirement(number, touched[number]))
    return [
        Chapter(name=f"V{number} {ASVS.get(number, '')}".strip(), requirements=tuple(requirements))
        for number, requirements in chapters.items()
    ]


def by_cwe(report: Report) -> list[Chapter]:
    """The weaknesses by number; each control that touches one is its own requirement."""
    touched = _touched((str(number), verdict) for verdict in report.verdicts for number in verdict.control.cwe)
    return [
        Chapter(name=f"CWE-{number}", requirements=_each(touched[number])) for number in sorted(touched, key=_numeric)
    ]


def _touched(pairs: Iterable[tuple[str, Verdict]]) -> Mapping[str, list[Verdict]]:
    touched: dict[str, list[Verdict]] = defaultdict(list)
    for name, verdict in pairs:
        touched[name].append(verdict)
    return touched


def _each(verdicts: list[Verdict]) -> tuple[Requirement, ...]:
    return tuple(_requirement("", [verdict]) for verdict in verdicts)


def _requirement(name: str, verdicts: list[Verdict]) -> Requirement:
    return Requirement(name=name, mark=worst_mark(map(mark_of, verdicts)), verdicts=tuple(verdicts))


def _numeric(number: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in number.split("."))
