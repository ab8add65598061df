"""A report as JSON, for scripts; `report.schema.json` beside this package describes it.

The text is ASCII (everything else is escaped), so it can be shown in any terminal and piped in any locale.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from vallum.findings.finding import Finding, Site, Where
from vallum.findings.fingerprint import number_findings
from vallum.findings.options import Options
from vallum.findings.place import Place
from vallum.findings.report import AccessTable, Report
from vallum.findings.summary import tally
from vallum.findings.verdict import Outcome, Verdict

VERSION: Final = 1
"""Raised when a key changes its meaning or goes; new keys do not raise it."""
SCHEMA: Final = Path(__file__).parent.parent / "report.schema.json"


def render(report: Report, _options: Options) -> str:
    """The report as an object with `run`, `exit_status`, `totals`, `counts`, `verdicts` and `gaps`."""
    return json.dumps(describe_report(report), indent=2) + "\n"


@cache
def read_schema() -> Mapping[str, Any]:
    """The published JSON schema (draft 2020-12) of what `render` writes."""
    schema: Mapping[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return schema


def describe_report(report: Report) -> dict[str, Any]:
    """The report as plain lists, objects, strings and numbers."""
    return {
        "vallum_report": VERSION,
        "run": {
            "verb": report.verb,
            "command": report.command,
            "version": report.version,
            "started": show_moment(report.started),
            "seconds": report.seconds,
            "standards": list(report.standards),
            "floor": report.floor.value,
            "subject": asdict(report.subject),
        },
        "exit_status": report.exit_status,
        "totals": {"controls": len(report.verdicts), **asdict(tally(report.verdicts))},
        "counts": asdict(report.counts),
        "verdicts": [_verdict(verdict) for verdict in report.verdicts],
        "known": sorted(report.known),
        "gaps": [{**asdict(gap), "controls": list(gap.controls)} for gap in report.gaps],
        "access": report.access and _access(report.access),
    }


def _access(table: AccessTable) -> dict[str, Any]:
    rows = [{"route": route, "answers": list(answers)} for route, answers in table.rows]
    return {"columns": list(table.columns), "rows": rows}


def show_moment(moment: datetime) -> str:
    """A time in UTC as RFC 3339 has it: `2026-11-21T14:05:00Z`."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _verdict(verdict: Verdict) -> dict[str, Any]:
    control = verdict.control
    return {
        "control": control.id,
        "area": control.area,
        "verdict": verdict.outcome.value,
        "reason": _reason(verdict),
        "evidence": verdict.evidence,
        "title": control.title,
        "order": control.order,
        "severity": control.severity.value,
        "cwe": list(control.cwe),
        "owasp": list(control.owasp),
        "asvs": list(control.asvs),
        "ways": {way: control.status(way).value for way in ("guard", "rule", "probe")},
        "findings": [
            {"fingerprint": name, **_finding(finding)}
            for finding, name in zip(verdict.findings, number_findings(verdict.findings), strict=True)
        ],
        "sites": [_site(site) for site in verdict.sites],
        "unproven": [asdict(silence) for silence in verdict.unproven],
    }


def _reason(verdict: Verdict) -> str:
    """Why: which of the three silences, what the first finding says, or that nothing spoke against it."""
    if verdict.outcome is Outcome.UNPROVEN:
        return verdict.silence.value if verdict.silence else ""
    if verdict.findings:
        return verdict.findings[0].message
    return "all that was examined or tried was well" if verdict.outcome is Outcome.HELD else ""


def _finding(finding: Finding) -> dict[str, Any]:
    return {**asdict(finding), "where": _where(finding.where)}


def _site(site: Site) -> dict[str, Any]:
    return {**asdict(site), "where": _where(site.where)}


def _where(where: Where) -> dict[str, Any]:
    return {"kind": "place" if isinstance(where, Place) else "act", **asdict(where)}
