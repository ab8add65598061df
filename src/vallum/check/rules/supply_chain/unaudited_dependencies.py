"""Pipelines that never ask for known vulnerabilities, audits that cannot fail, and exceptions without an end."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

from vallum.check.project import Project
from vallum.check.read.purpose import is_document, is_test
from vallum.check.read.source import Source
from vallum.check.readings.pipelines import find_pipelines, job_line, run_lines, strip_comment
from vallum.check.rule import Rule
from vallum.findings.finding import Remark, Silence

_AUDIT: Final = re.compile(
    r"\b(?:pip-audit|osv-scanner|safety (?:check|scan)|(?:npm|yarn|pnpm|cargo|uv) audit(?! (?:fix|signatures))"
    r"|snyk test|trivy (?:fs|image|repo|config|rootfs)|grype|dependency-check|vallum audit)\b",
    re.IGNORECASE,
)
_ACTION: Final = re.compile(
    r"^\s*(?:-\s+)?uses:\s*\S*(?:pip-audit|osv-scanner|trivy|snyk|dependency-review|grype|anchore|dependency-check)"
    r"|dependency[-_]scanning",
    re.IGNORECASE,
)
_INSTALL: Final = re.compile(
    r"\b(?:pip3? install|uv (?:sync|pip install)|poetry (?:install|sync)|pipenv (?:install|sync)|npm (?:ci|install|i)"
    r"|yarn install|pnpm (?:install|i))\b"
)
_TESTS: Final = re.compile(r"\b(?:pytest|tox|nox|unittest|manage\.py test|npm (?:run )?test|yarn test|pnpm test)\b")
_TOOTHLESS: Final = re.compile(
    r"\|\|\s*(?:true|:|exit 0|echo\b)|;\s*true\s*$|--exit-code[= ]0\b|--exit-zero\b|\bset \+e\b"
)
_LENIENT: Final = re.compile(
    r"--audit-level[= ](?:critical|high)\b|--severity[= ](?:CRITICAL|HIGH)(?:,(?:CRITICAL|HIGH))*(?=\s|$)"
    r"|--severity-threshold[= ](?:high|critical)\b|--fail-on[= ](?:high|critical)\b"
)
_TOLERATED: Final = re.compile(r"^\s*(?:-\s+)?(?:continue-on-error|allow_failure|continueOnError):\s*true\b")
_IGNORES: Final = re.compile(
    r"(?:^|/)(?:\.trivyignore(?:\.ya?ml)?|\.snyk|osv-scanner\.toml|\.pip-audit-ignore|\.grype\.ya?ml)$"
)
_EXCEPTION: Final = re.compile(r"^\s*(?:-\s+)?(?:id\s*[:=]\s*)?[\"']?(?P<id>(?:CVE|GHSA|PYSEC|SNYK)-[\w-]+)")
_END: Final = re.compile(r"(?:expired_at|expires|ignoreUntil|exp)\W{0,4}(?P<day>\d{4}-\d{2}-\d{2})")
_FLAG: Final = re.compile(r"--ignore-vuln[= ]\S+")
_INDIRECT: Final = re.compile(r"\b(?:make|tox|nox|pre-commit|npm run|hatch run|just|poe|invoke)\b")
_ATTACK: Final = "A published hole in a package stays open until somebody else finds it, with a tool made for it."
_FIX: Final = "Run pip-audit, npm audit --audit-level=moderate or osv-scanner on each change and each day."


def examine(project: Project) -> Iterator[Remark]:
    """Look at every pipeline that installs and tests, at every audit, and at its exceptions."""
    pipelines = [source for source in find_pipelines(project) if not is_test(source.path)]
    remarks: list[Remark] = []
    texts = "\n".join(command for source in pipelines for _, command in run_lines(source))
    if _INDIRECT.search(texts):
        texts += "\n".join(source.text for source in project.configs("makefile", "toml", "ini"))
    audited = _AUDIT.search(texts) or any(_ACTION.match(line) for source in pipelines for line in source.lines)
    for source in pipelines:
        remarks += [*_judge_audits(source, project)]
        if not audited:
            remarks += [*_judge_absence(source, project)]
    remarks += [*_judge_exceptions(project)]
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no pipeline installs packages here")


def _judge_absence(source: Source, project: Project) -> Iterator[Remark]:
    commands = list(run_lines(source))
    installs = any(_INSTALL.search(command) for _, command in commands)
    tested = next((number for number, command in commands if _TESTS.search(command)), 0)
    if installs and tested:
        place = project.place_in(source, job_line(source, tested))
        yield RULE.finding(place, _ATTACK, "It installs packages and asks for no vulnerability.", fix=_FIX)


def _judge_audits(source: Source, project: Project) -> Iterator[Remark]:
    lines = {number: command for number, command in run_lines(source) if _AUDIT.search(command)}
    for number, command in lines.items():
        place = project.place_in(source, number)
        if _TOOTHLESS.search(command):
            yield RULE.finding(place, _ATTACK, "The audit cannot fail the build.", fix="Let it fail.")
        elif match := _LENIENT.search(command):
            why = f"{match[0]} lets findings of moderate severity pass."
            yield RULE.finding(place, _ATTACK, why, fix="Fail from moderate on.")
        elif _FLAG.search(command) and not _END.search(source.line(number - 1) + source.line(number)):
            yield RULE.finding(
                place, _ATTACK, "The exception has no end.", fix="Write owner, reason and expires beside it."
            )
        else:
            yield RULE.site(place, "can fail")
    for number, line in enumerate(source.lines, 1):
        if _ACTION.match(line):
            yield RULE.site(project.place_in(source, number), "an audit")
        elif _TOLERATED.match(strip_comment(line)) and _near(source, number, lines):
            yield RULE.finding(project.place_in(source, number), _ATTACK, "The audit may fail.", fix="Remove the line.")


def _near(source: Source, number: int, audits: dict[int, str]) -> bool:
    """Whether an audit belongs to the same step, or on GitLab to the same job, as a line."""
    first = last = number
    boundary = re.compile(r"^\s*-\s+(?:name|run|uses|id):" if "/workflows/" in source.path else r"^\S")
    while first > 1 and not boundary.match(source.line(first)):
        first -= 1
    while last < len(source.lines) and not boundary.match(source.line(last + 1)):
        last += 1
    return any(first <= line <= last for line in audits)


def _judge_exceptions(project: Project) -> Iterator[Remark]:
    for source in project.sources:
        if not _IGNORES.search(source.path) or is_test(source.path) or is_document(source.path):
            continue
        for number, line in enumerate(source.lines, 1):
            if not _EXCEPTION.match(line):
                continue
            why = _gap(_entry(source, number), project.today)
            place = project.place_in(source, number)
            if why:
                yield RULE.finding(place, _ATTACK, why, fix="Write owner, reason and a date within 90 days.")
            else:
                yield RULE.site(place, "an exception with an end")


def _entry(source: Source, number: int) -> str:
    found = [source.line(number)]
    for line in source.lines[number:]:
        if _EXCEPTION.match(line) or line.startswith("["):
            break
        found.append(line)
    return "\n".join(found)


def _gap(text: str, today: date) -> str:
    match = _END.search(text)
    if match is None:
        return "The exception has no end."
    try:
        end = date.fromisoformat(match["day"])
    except ValueError:
        return "The end of the exception is no date."
    if end < today:
        return f"The exception ended on {end}."
    return "" if (end - today).days <= 90 else f"The exception runs until {end}, longer than 90 days."


RULE = Rule(
    slug="unaudited-dependencies",
    control="dependency-audit",
    languages=("yaml", "toml"),
    unit=("pipeline, audit or exception", "pipelines, audits and exceptions"),
    sound="can fail",
    examine=examine,
)
