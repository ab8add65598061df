"""A report as one SARIF 2.1.0 run.

Only findings are results. The standard has `kind: "pass"` for what held, but common viewers, GitHub code scanning among
them, do not read `kind` and would show every held control as an alert. So all verdicts stand in the properties of the
run, and what could not be looked at stands in the notifications of the invocation (section 3.20.21).
"""

import json
from datetime import timedelta
from typing import Any, Final

from vallum.catalogue.control import Severity
from vallum.findings.finding import Finding, Gap
from vallum.findings.fingerprint import number_findings
from vallum.findings.formats.json.document import show_moment
from vallum.findings.formats.sarif.location import describe_flow, describe_location, describe_request
from vallum.findings.formats.sarif.rule import LEVELS, describe_rule, message
from vallum.findings.options import Options
from vallum.findings.report import COULD_NOT_LOOK, NOTHING_BROKEN, SOMETHING_BROKEN, Report
from vallum.findings.summary import plain
from vallum.findings.verdict import Verdict

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
INFORMATION: Final = "https://github.com/vallum/vallum"
FINGERPRINT: Final = "vallum/v1"
GAP: Final = "could-not-look"
EXIT: Final = {
    NOTHING_BROKEN: "nothing broken",
    SOMETHING_BROKEN: "something broken",
    COULD_NOT_LOOK: "could not look at everything",
}


def render(report: Report, options: Options) -> str:
    """The report as a SARIF log; the text is ASCII, everything else is escaped."""
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(report, options)]}
    return json.dumps(log, indent=2) + "\n"


def _run(report: Report, options: Options) -> dict[str, Any]:
    return {
        "tool": {
            "driver": {
                "name": "Vallum",
                "version": report.version,
                "informationUri": INFORMATION,
                "rules": [describe_rule(verdict) for verdict in report.verdicts],
                "notifications": [{"id": GAP, "shortDescription": {"text": "Something could not be looked at."}}],
            }
        },
        "automationDetails": {"id": f"vallum/{report.verb}/"},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"SRCROOT": {"description": {"text": "The working directory of the run."}}},
        "invocations": [_invocation(report)],
        "results": [
            result
            for index, verdict in enumerate(report.verdicts)
            for result in _results(verdict, index, report, options)
        ],
        "properties": {
            "subject": report.subject.name,
            "commit": report.subject.commit,
            "verdicts": [
                {"control": verdict.control.id, "verdict": verdict.outcome.value, "evidence": plain(verdict.evidence)}
                for verdict in report.verdicts
            ],
        },
    }


def _invocation(report: Report) -> dict[str, Any]:
    return {
        "executionSuccessful": True,
        "commandLine": report.command,
        "startTimeUtc": show_moment(report.started),
        "endTimeUtc": show_moment(report.started + timedelta(seconds=report.seconds)),
        "exitCode": report.exit_status,
        "exitCodeDescription": EXIT[report.exit_status],
        "toolExecutionNotifications": [_notification(gap) for gap in report.gaps],
    }


def _notification(gap: Gap) -> dict[str, Any]:
    return {
        "level": "warning",
        "descriptor": {"id": GAP},
        "message": message(f"Could not look at {gap.what}: {gap.why}"),
        "properties": {"way": gap.way.value, "controls": list(gap.controls)},
    }


def _results(verdict: Verdict, index: int, report: Report, options: Options) -> list[dict[str, Any]]:
    names = number_findings(verdict.findings)
    severity = verdict.control.severity
    return [
        _result(finding, index, severity, name) | _place(finding, report, options) | _acceptance(name, report)
        for finding, name in zip(verdict.findings, names, strict=True)
    ]


def _result(finding: Finding, index: int, severity: Severity, name: str) -> dict[str, Any]:
    fix = finding.fix
    words = [finding.message, finding.reason, f"Fix: {fix.text}" if fix and fix.text else ""]
    return {
        "ruleId": _rule_id(finding),
        "ruleIndex": index,
        "kind": "fail",
        "level": LEVELS[severity],
        "message": message(" ".join(word for word in words if word)),
        "partialFingerprints": {FINGERPRINT: name},
        "properties": {
            "source": finding.source,
            "way": finding.way.value,
            "confidence": finding.confidence.value,
            **({"tags": [f"external/cwe/cwe-{number}" for number in finding.cwe]} if finding.cwe else {}),
            **({"fix": {"before": list(fix.before), "after": list(fix.after)}} if fix and fix.after else {}),
        },
    }


def _rule_id(finding: Finding) -> str:
    """The control; below it the weakness, where that is narrower than the control's (section 3.27.5, hierarchical)."""
    return "/".join([finding.control, *(f"cwe-{number}" for number in finding.cwe[:1])])


def _place(finding: Finding, report: Report, options: Options) -> dict[str, Any]:
    place: dict[str, Any] = {"locations": [describe_location(finding.where, report.subject.app, options)]}
    if finding.steps:
        place["codeFlows"] = [describe_flow(finding.steps)]
    return place | describe_request(finding)


def _acceptance(name: str, report: Report) -> dict[str, Any]:
    """A finding that the baseline knows is reported as suppressed, not left out (section 3.27.23)."""
    return {"suppressions": [{"kind": "external", "justification": "baseline"}]} if name in report.known else {}
