"""What every format says in the same words: marks, counts, the order of gravity, what was left in the dark."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import Final

from vallum.findings.finding import Finding, Gap, Silence, Way
from vallum.findings.place import Place
from vallum.findings.report import Report
from vallum.findings.verdict import Outcome, Verdict

_COUNTED: Final = re.compile(r"^\d+ findings?(?:\s*[,;:.\u00b7]\s*|$)")
"""Evidence may begin with the number of findings, which every format says by itself."""
_WORDS: Final = (
    *("none", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Mark(StrEnum):
    """The five marks, in the order of the key; the value is the word beside the mark."""

    BROKEN = "broken"
    HELD = "held"
    NOTHING_EXAMINED = "nothing examined"
    COULD_NOT_LOOK = "could not look"
    DOES_NOT_APPLY = "does not apply"


_CODE: Final = re.compile(r"`([^`]+)`")
_GRAVEST: Final = (Mark.BROKEN, Mark.COULD_NOT_LOOK, Mark.NOTHING_EXAMINED, Mark.HELD, Mark.DOES_NOT_APPLY)
"""Which mark decides for several controls. *Does not apply* only when all say so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many controls have each verdict."""

    broken: int
    unproven: int
    held: int

    def __str__(self) -> str:
        """`1 broken, 2 unproven, 11 held`, without the zeros."""
        counts = ((self.broken, "broken"), (self.unproven, "unproven"), (self.held, "held"))
        return ", ".join(f"{count} {word}" for count, word in counts if count)


def mark_of(verdict: Verdict) -> Mark:
    """The mark that stands for a verdict."""
    if verdict.outcome is not Outcome.UNPROVEN:
        return Mark(verdict.outcome.value)
    return Mark((verdict.silence or Silence.NOTHING_EXAMINED).value)


def worst_mark(marks: Iterable[Mark]) -> Mark:
    """The mark for a requirement that several controls touch: the worst of them decides."""
    return min(marks, key=_GRAVEST.index)


def tally(verdicts: Iterable[Verdict]) -> Tally:
    """Count verdicts."""
    outcomes = [verdict.outcome for verdict in verdicts]
    return Tally(
        broken=outcomes.count(Outcome.BROKEN),
        unproven=outcomes.count(Outcome.UNPROVEN),
        held=outcomes.count(Outcome.HELD),
    )


def by_area(report: Report) -> list[tuple[str, list[Verdict]]]:
    """The verdicts by area, both in the order of the catalogue."""
    return [(area, list(group)) for area, group in groupby(report.verdicts, key=lambda verdict: verdict.control.area)]


def gravest_first(report: Report) -> list[Verdict]:
    """The broken controls, the gravest first, else in the order of the catalogue."""
    broken = [verdict for verdict in report.verdicts if verdict.outcome is Outcome.BROKEN]
    return sorted(broken, key=lambda verdict: verdict.control.severity.rank)


def left_dark(report: Report) -> list[Verdict]:
    """The controls that could not be looked at."""
    return [verdict for verdict in report.verdicts if mark_of(verdict) is Mark.COULD_NOT_LOOK]


def loose_gaps(report: Report) -> list[Gap]:
    """The gaps that no control in the dark tells of already: files that do not parse, logins that failed."""
    dark = {verdict.control.id for verdict in left_dark(report)}
    return [gap for gap in report.gaps if not dark.intersection(gap.controls)]


def area_name(area: str) -> str:
    """The area as words: `supply chain`."""
    return area.replace("_", " ")


def show_date(moment: datetime) -> str:
    """`21 Nov 2026`, in any locale."""
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def plural(count: int, one: str, many: str = "") -> str:
    """`1 finding`, `2 findings`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def spell(count: int) -> str:
    """A number in a sentence: words up to twelve, then numerals."""
    return _WORDS[count] if 0 <= count < len(_WORDS) else f"{count:,}"


def evidence_rest(verdict: Verdict) -> str:
    """The evidence without a leading number of findings: `14 of 16 queries bound`."""
    return _COUNTED.sub("", verdict.evidence, count=1) if verdict.findings else verdict.evidence


def evidence_line(verdict: Verdict) -> str:
    """The evidence of a broken control in one line: how many findings if several, and what was seen or where."""
    rest = evidence_rest(verdict) or (str(verdict.findings[0].where) if verdict.findings else "")
    count = len(verdict.findings)
    return f"{plural(count, 'finding')}, {rest}" if count > 1 else rest


def where_line(verdict: Verdict) -> str:
    """Where a control is broken: the place of the first finding, or what the running app did."""
    if not verdict.findings:
        return verdict.evidence
    first = verdict.findings[0].where
    where = str(first) if isinstance(first, Place) else evidence_rest(verdict) or str(first)
    count = len(verdict.findings)
    return f"{plural(count, 'finding')}; {where}" if count > 1 else where


def fix_line(finding: Finding) -> str:
    """The fix in one line: the first new line of code, else the sentence."""
    if finding.fix is None:
        return ""
    return next((line.strip() for line in finding.fix.after if line.strip()), plain(finding.fix.text))


def plain(text: str) -> str:
    """Prose without the backticks that mark code in it, for readers that have no other type face."""
    return _CODE.sub(r"\1", text)


def ways_spoken(verdict: Verdict) -> str:
    """Which ways spoke: `found by rule and probe`, `watched and proven`; empty when none did."""
    if verdict.findings:
        return f"found by {_join(sorted({finding.way.value for finding in verdict.findings}, reverse=True))}"
    words = {Way.RULE: "watched", Way.PROBE: "proven"}
    return _join([words[way] for way in Way if any(site.way is way for site in verdict.sites)])


def asvs_number(requirement: str) -> str:
    """The bare number of an ASVS requirement: `1.2.4` for `v5.0.0-1.2.4`."""
    return requirement.rpartition("-")[2]


def _join(words: Sequence[str]) -> str:
    return " and ".join(words)
