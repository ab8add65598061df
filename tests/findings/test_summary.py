from dataclasses import replace

import pytest

from vallum.findings.finding import Finding, Fix, Way
from vallum.findings.place import Act, Place
from vallum.findings.report import Report
from vallum.findings.summary import (
    Mark,
    evidence_line,
    evidence_rest,
    fix_line,
    loose_gaps,
    mark_of,
    plain,
    plural,
    spell,
    tally,
    ways_spoken,
    where_line,
    worst_mark,
)
from vallum.findings.verdict import Outcome, Verdict


def of(report: Report, control: str) -> Verdict:
    return next(verdict for verdict in report.verdicts if verdict.control.id == control)


@pytest.mark.parametrize(
    ("evidence", "rest"),
    [
        ("2 findings, 14 of 16 queries bound", "14 of 16 queries bound"),
        ("1 finding; shop/a.py:3", "shop/a.py:3"),
        ("2 findings", ""),
        ("2 findings in 3 files", "2 findings in 3 files"),
        ("14 of 16 queries bound", "14 of 16 queries bound"),
    ],
)
def test_number_of_findings_is_said_once(meadow: Report, evidence: str, rest: str):
    verdict = replace(of(meadow, "sql-parameterised"), evidence=evidence)
    assert evidence_rest(verdict) == rest
    assert evidence_line(verdict) == f"2 findings, {rest or 'shop/catalog/queries.py:18'}"


def test_where_is_the_place_or_what_the_app_did(meadow: Report):
    assert where_line(of(meadow, "sql-parameterised")) == "2 findings; shop/catalog/queries.py:18"
    assert where_line(of(meadow, "validation-errors-safe")) == "shop/api/errors.py:31"
    assert where_line(of(meadow, "object-ownership")) == "GET /orders/{id}: Ann reads Ben's"
    bare = replace(of(meadow, "object-ownership"), evidence="")
    assert where_line(bare) == "GET /orders/{id} as ann"
    assert where_line(of(meadow, "hsts")) == "4 places, all well"


def test_the_worst_control_decides_for_a_requirement():
    assert worst_mark([Mark.HELD, Mark.BROKEN, Mark.COULD_NOT_LOOK]) is Mark.BROKEN
    assert worst_mark([Mark.HELD, Mark.NOTHING_EXAMINED, Mark.COULD_NOT_LOOK]) is Mark.COULD_NOT_LOOK
    assert worst_mark([Mark.HELD, Mark.NOTHING_EXAMINED]) is Mark.NOTHING_EXAMINED
    assert worst_mark([Mark.DOES_NOT_APPLY, Mark.HELD]) is Mark.HELD
    assert worst_mark([Mark.DOES_NOT_APPLY]) is Mark.DOES_NOT_APPLY


def test_unproven_without_a_silence_counts_as_nothing_examined(meadow: Report):
    assert mark_of(replace(of(meadow, "db-tls"), silence=None)) is Mark.NOTHING_EXAMINED


def test_tally_names_only_what_there_is(meadow: Report):
    assert str(tally(meadow.verdicts)) == "10 broken, 26 unproven, 101 held"
    assert str(tally(verdict for verdict in meadow.verdicts if verdict.outcome is Outcome.HELD)) == "101 held"


def test_ways_that_spoke(meadow: Report):
    assert ways_spoken(of(meadow, "sql-parameterised")) == "found by rule and probe"
    assert ways_spoken(of(meadow, "session-rotation")) == "watched and proven"
    assert ways_spoken(of(meadow, "hsts")) == "watched"
    assert ways_spoken(of(meadow, "db-tls")) == ""


def test_gaps_that_a_control_tells_of_are_not_told_twice(meadow: Report):
    assert [gap.what for gap in loose_gaps(meadow)] == [
        "`shop/legacy/report.py`",
        "`tools/old.py`",
        "the login of “auditor”",
    ]


def test_fix_in_one_line():
    def of_fix(fix: Fix | None) -> str:
        return fix_line(
            Finding(
                control="c", source="s", way=Way.RULE, where=Act(method="GET", path="/"), message="", reason="", fix=fix
            )
        )

    assert of_fix(None) == ""
    assert of_fix(Fix(text="Use `run([...])`.")) == "Use run([...])."
    assert of_fix(Fix(text="Use a list.", after=("", "  run([name])", "x"))) == "run([name])"


def test_words():
    assert (plural(1, "query", "queries"), plural(2, "query", "queries")) == ("1 query", "2 queries")
    assert (spell(0), spell(10), spell(1204)) == ("none", "ten", "1,204")
    assert plain("the `sort` and `a` lone ` tick") == "the sort and a lone ` tick"
    assert str(Place(path="a.py", line=3)) == "a.py:3"
