from dataclasses import replace

from vallum.catalogue.control import Severity
from vallum.findings.fingerprint import number_findings
from vallum.findings.report import Report
from vallum.findings.verdict import Outcome


def test_exit_status_tells_broken_before_gaps(meadow: Report):
    held = tuple(verdict for verdict in meadow.verdicts if verdict.outcome is not Outcome.BROKEN)
    assert meadow.exit_status == 1
    assert replace(meadow, verdicts=held).exit_status == 3
    assert replace(meadow, verdicts=held, gaps=()).exit_status == 0


def test_what_is_below_the_floor_or_known_does_not_fail(meadow: Report):
    broken = tuple(verdict for verdict in meadow.verdicts if verdict.control.severity is Severity.MEDIUM)
    report = replace(meadow, verdicts=broken, gaps=())
    assert report.exit_status == 1
    assert replace(report, floor=Severity.HIGH).exit_status == 0
    names = frozenset(name for verdict in broken for name in number_findings(verdict.findings))
    assert replace(report, known=names).exit_status == 0
    assert replace(report, known=names).accepted == len(names)
    assert replace(report, known=frozenset(list(names)[:1])).exit_status == 1


def test_counts(meadow: Report):
    assert [meadow.count(outcome) for outcome in Outcome] == [101, 10, 26]
