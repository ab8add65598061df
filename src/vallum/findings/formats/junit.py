"""A report as JUnit XML: a test case for each control, for the test pages of CI servers.

Broken is a failure, unproven is skipped with its reason, held carries its evidence; each thing that could not be looked
at is an error, because a run with such a thing is not clean. A broken control below the severity floor, or whose
findings the baseline knows, is skipped: it does not fail the run either.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC
from html import escape
from typing import Final

from vallum.findings.finding import Finding
from vallum.findings.options import Options
from vallum.findings.report import Report
from vallum.findings.summary import by_area, evidence_line, plain
from vallum.findings.text import show_hidden
from vallum.findings.verdict import Outcome, Verdict

GAPS: Final = "could-not-look"


def render(report: Report, _options: Options) -> str:
    """The report as a `testsuites` document, a suite for each area."""
    suites = [_suite(area, [_case(verdict, report) for verdict in verdicts]) for area, verdicts in by_area(report)]
    if report.gaps:
        gaps = [_gap(gap.what, gap.why) for gap in report.gaps]
        suites.append(_suite(GAPS, gaps))
    when = report.started.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    head = _open("testsuites", {"name": f"vallum {report.verb}", "time": f"{report.seconds:.1f}", "timestamp": when})
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, *suites, "</testsuites>", ""])


def _suite(area: str, cases: list[str]) -> str:
    counts = {
        "tests": str(len(cases)),
        "failures": str(sum("<failure" in case for case in cases)),
        "errors": str(sum("<error" in case for case in cases)),
        "skipped": str(sum("<skipped" in case for case in cases)),
    }
    return "\n".join([_open("testsuite", {"name": f"vallum.{area}", **counts}), *cases, "</testsuite>"])


def _case(verdict: Verdict, report: Report) -> str:
    control = verdict.control
    evidence = plain(verdict.evidence)
    if verdict.outcome is Outcome.HELD:
        inner = _element("system-out", {}, evidence)
    elif verdict.outcome is Outcome.UNPROVEN:
        inner = _element("skipped", {"message": evidence})
    elif not report.weighs(verdict):
        inner = _element("skipped", {"message": f"broken, but below the floor or in the baseline: {evidence}"})
    else:
        message = f"{control.severity.value}: {evidence_line(verdict)}"
        inner = _element("failure", {"type": control.severity.value, "message": plain(message)}, _details(verdict))
    return _element("testcase", {"classname": f"vallum.{control.area}", "name": control.id}, inner, raw=True)


def _gap(what: str, why: str) -> str:
    inner = _element("error", {"type": GAPS, "message": plain(why)})
    return _element("testcase", {"classname": f"vallum.{GAPS}", "name": plain(what)}, inner, raw=True)


def _details(verdict: Verdict) -> str:
    lines = [verdict.control.title]
    for finding in verdict.findings:
        lines += ["", *_tell(finding)]
    return "\n".join([*map(show_hidden, lines), "", f"vallum explain {verdict.control.id}"])


def _tell(finding: Finding) -> Iterator[str]:
    yield str(finding.where)
    yield plain(finding.message)
    yield plain(finding.reason)
    for number, step in enumerate(finding.steps, 1):
        yield f"{number} {step.verb}  {step.place}  {step.place.text}"
    yield from finding.seen
    if finding.fix:
        yield f"fix: {plain(finding.fix.text)}"
        yield from (f"  + {line}" for line in finding.fix.after)


def _open(name: str, attributes: Mapping[str, str]) -> str:
    written = "".join(f' {key}="{escape(show_hidden(value))}"' for key, value in attributes.items())
    return f"<{name}{written}>"


def _element(name: str, attributes: Mapping[str, str], content: str = "", *, raw: bool = False) -> str:
    """An element; its content is text, with line ends only where this module put them, or `raw` markup."""
    text = content if raw else "\n".join(escape(show_hidden(line), quote=False) for line in content.split("\n"))
    return f"{_open(name, attributes)}{text}</{name}>"
