"""Read a JSON report back, for `vallum explain --last` and for tools that compare runs."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from vallum.base.errors import VallumError
from vallum.catalogue.control import AREAS, Control, Severity, Status
from vallum.findings.finding import Confidence, Finding, Fix, Gap, Silence, Site, Step, Unproven, Way, Where
from vallum.findings.formats.json.document import VERSION
from vallum.findings.place import Act, Place
from vallum.findings.report import AccessTable, Counts, Report, Subject
from vallum.findings.verdict import Outcome, Verdict

Json = Mapping[str, Any]
_HINT: Final = "Write one with: vallum audit PATH --format json --output FILE."


class ReportError(VallumError):
    """A text that is not a report of a version that this Vallum reads."""

    code = "report"


def read_report(text: str) -> Report:
    """The report that `render` wrote. Raises `ReportError` for any other text."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ReportError("This is not a JSON report.", hint=_HINT) from error
    version = document.get("vallum_report") if isinstance(document, dict) else None
    if version != VERSION:
        raise ReportError(f"Expected a report of version {VERSION}, not {version!r}.", hint=_HINT)
    try:
        return _report(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ReportError(f"The report lacks or misspells {error}.", hint=_HINT) from error


def _report(document: Json) -> Report:
    run = document["run"]
    return Report(
        verb=run["verb"],
        command=run["command"],
        version=run["version"],
        subject=Subject(**run["subject"]),
        started=datetime.fromisoformat(run["started"]),
        seconds=float(run["seconds"]),
        counts=Counts(**document["counts"]),
        verdicts=tuple(_verdict(verdict) for verdict in document["verdicts"]),
        gaps=tuple(_gap(gap) for gap in document["gaps"]),
        standards=tuple(run["standards"]),
        floor=Severity(run["floor"]),
        known=frozenset(document["known"]),
        access=_access(document.get("access")),
    )


def _access(table: Json | None) -> AccessTable | None:
    if table is None:
        return None
    rows = tuple((row["route"], tuple(row["answers"])) for row in table["rows"])
    return AccessTable(columns=tuple(table["columns"]), rows=rows)


def _verdict(verdict: Json) -> Verdict:
    outcome = Outcome(verdict["verdict"])
    silence = Silence(verdict["reason"]) if outcome is Outcome.UNPROVEN and verdict["reason"] else None
    return Verdict(
        control=_control(verdict),
        outcome=outcome,
        evidence=verdict["evidence"],
        silence=silence,
        sites=tuple(_site(site) for site in verdict["sites"]),
        findings=tuple(_finding(finding) for finding in verdict["findings"]),
        unproven=tuple(_unproven(silence) for silence in verdict["unproven"]),
    )


def _control(verdict: Json) -> Control:
    if verdict["area"] not in AREAS:
        raise ValueError(f"the area {verdict['area']!r}")
    return Control(
        id=verdict["control"],
        title=verdict["title"],
        area=verdict["area"],
        order=verdict["order"],
        severity=Severity(verdict["severity"]),
        cwe=tuple(verdict["cwe"]),
        owasp=tuple(verdict["owasp"]),
        asvs=tuple(verdict["asvs"]),
        **{way: Status(status) for way, status in verdict["ways"].items()},
    )


def _site(site: Json) -> Site:
    return Site(**{**site, "way": Way(site["way"]), "where": _where(site["where"])})


def _finding(finding: Json) -> Finding:
    fields = {name: value for name, value in finding.items() if name != "fingerprint"}
    return Finding(
        **{
            **fields,
            "way": Way(finding["way"]),
            "where": _where(finding["where"]),
            "steps": tuple(_step(step) for step in finding["steps"]),
            "fix": None if finding["fix"] is None else _fix(finding["fix"]),
            "confidence": Confidence(finding["confidence"]),
            "seen": tuple(finding["seen"]),
            "cwe": tuple(finding.get("cwe", ())),
        }
    )


def _step(step: Json) -> Step:
    return Step(verb=step["verb"], place=Place(**step["place"]), value=step["value"])


def _fix(fix: Json) -> Fix:
    place = None if fix["place"] is None else Place(**fix["place"])
    return Fix(text=fix["text"], before=tuple(fix["before"]), after=tuple(fix["after"]), place=place)


def _unproven(silence: Json) -> Unproven:
    return Unproven(**{**silence, "way": Way(silence["way"]), "silence": Silence(silence["silence"])})


def _gap(gap: Json) -> Gap:
    return Gap(what=gap["what"], why=gap["why"], way=Way(gap["way"]), controls=tuple(gap["controls"]))


def _where(where: Json) -> Where:
    fields = {name: value for name, value in where.items() if name != "kind"}
    return Place(**fields) if where["kind"] == "place" else Act(**fields)
