from dataclasses import replace
from xml.etree import ElementTree as ET

from hypothesis import given, settings

from tests.findings.strategies import reports
from vallum.catalogue.control import Severity
from vallum.findings.fingerprint import number_findings
from vallum.findings.formats.junit import render
from vallum.findings.options import Options
from vallum.findings.report import Report

TAGS = {"testsuites", "testsuite", "testcase", "failure", "error", "skipped", "system-out"}


def tree_of(report: Report) -> ET.Element:
    return ET.fromstring(render(report, Options()).encode("utf-8"))


def case_of(report: Report, name: str) -> ET.Element:
    return next(case for case in tree_of(report).iter("testcase") if case.get("name") == name)


@settings(max_examples=40)
@given(reports)
def test_any_text_stays_text(report: Report):
    tree = tree_of(report)
    assert {element.tag for element in tree.iter()} <= TAGS
    cases = [case.get("name") for case in tree.iter("testcase")]
    assert cases[: len(report.verdicts)] == [verdict.control.id for verdict in report.verdicts]
    assert len(cases) == len(report.verdicts) + len(report.gaps)


def test_a_suite_for_each_area_with_counts(meadow: Report):
    suites = {suite.get("name"): suite for suite in tree_of(meadow)}
    assert len(suites) == 17
    data = suites["vallum.data"]
    assert (data.get("tests"), data.get("failures"), data.get("skipped")) == ("4", "1", "1")
    assert suites["vallum.could-not-look"].get("errors") == "5"


def test_failure_tells_place_path_and_fix(meadow: Report):
    failure = case_of(meadow, "sql-parameterised").find("failure")
    assert failure is not None
    assert failure.get("type") == "critical"
    assert failure.get("message") == "critical: 2 findings, 14 of 16 queries bound"
    text = failure.text or ""
    assert "shop/catalog/queries.py:18\nThe sort order of the product list becomes SQL text.\n" in text
    assert '1 enters  shop/catalog/views.py:48  sort = request.query_params["sort"]\n' in text
    assert '  + order = identifier(sort, allow=("name", "price", "added"))\n' in text
    assert "vallum explain sql-parameterised" in text


def test_unproven_is_skipped_and_held_has_its_evidence(meadow: Report):
    skipped = case_of(meadow, "db-tls").find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "Could not look: production settings not given: --settings MODULE"
    assert case_of(meadow, "csrf").findtext("system-out") == "26 unsafe routes; 104 forged requests refused"


def test_what_does_not_fail_the_run_is_no_failure(meadow: Report):
    below = replace(meadow, floor=Severity.HIGH)
    assert case_of(below, "safe-redirect").find("failure") is None
    assert case_of(below, "sql-parameterised").find("failure") is not None
    verdict = next(verdict for verdict in meadow.verdicts if verdict.control.id == "sql-parameterised")
    accepted = replace(meadow, known=frozenset(number_findings(verdict.findings)))
    skipped = case_of(accepted, "sql-parameterised").find("skipped")
    assert skipped is not None
    assert "baseline" in (skipped.get("message") or "")
