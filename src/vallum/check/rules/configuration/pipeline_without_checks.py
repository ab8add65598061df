"""Pipelines without security checks, checks that cannot fail, and suppressions without a reason or past their end."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

from vallum.check.project import Project
from vallum.check.read.purpose import is_document, is_test
from vallum.check.read.source import Source
from vallum.check.readings.pipelines import find_pipelines, job_line
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark

_ATTACK: Final = "What a machine would have found is merged, and stays until somebody else finds it."
_MERGE: Final = re.compile(r"\bpull_request(?:_target)?\b|\bmerge_request\w*\b|\bpush\b|^\s*script:", re.MULTILINE)
_TESTS: Final = re.compile(
    r"\b(?:pytest|tox|nox|unittest|manage\.py test|npm (?:run )?test|yarn test|pnpm test|make (?:test|check)|go test"
    r"|hatch test|behave)\b"
)
_KINDS: Final = {
    "static analysis": re.compile(
        r"\b(?:semgrep|codeql|sonar\w*|bandit|vallum (?:check|audit)|snyk code|pysa|checkmarx|fortify|veracode)\b",
        re.IGNORECASE,
    ),
    "a secret scan": re.compile(
        r"\b(?:gitleaks|trufflehog|detect-secrets|git-secrets|ggshield|gitguardian|secretlint|secret[-_ ]detection"
        r"|vallum (?:check|audit))\b",
        re.IGNORECASE,
    ),
    "an audit of dependencies": re.compile(
        r"\b(?:pip-audit|osv-scanner|safety (?:check|scan)|(?:npm|yarn|pnpm|uv|cargo) audit|snyk test|trivy|grype"
        r"|dependency-review|dependency[-_]scanning)\b",
        re.IGNORECASE,
    ),
}
_SCANNER: Final = re.compile(
    "|".join(f"(?:{pattern.pattern})" for pattern in _KINDS.values()) + r"|\bzap\b|\bzaproxy\b", re.IGNORECASE
)
_TOOTHLESS: Final = re.compile(
    r"\|\|\s*(?:true|:|exit 0|echo\b)|;\s*true\s*$|--exit-zero\b|--exit-code[= ]0\b|\bset \+e\b"
)
_TOLERATED: Final = re.compile(r"^\s*(?:-\s+)?(?:continue-on-error|allow_failure|continueOnError):\s*true\b")
_INDIRECT: Final = re.compile(r"\b(?:make|tox|nox|pre-commit|npm run|hatch run|just|poe|invoke)\b")
_SUPPRESSION: Final = re.compile(
    r"#\s*(?:nosemgrep|nosec|noqa:\s*S\d+|NOSONAR|pragma: allowlist secret)\b(?P<rest>.*)$", re.IGNORECASE
)
_ID: Final = re.compile(r"^[\s:,]*(?:[A-Z]+\d+|[\w.]+-[\w.-]+)[\s,]*")
_REASON: Final = 3
"""So many words make a reason."""
_EXPIRES: Final = re.compile(r"(?:expires|until|ends)\D{0,4}(?P<day>\d{4}-\d{2}-\d{2})", re.IGNORECASE)


def examine(project: Project) -> Iterator[Remark]:
    """Look at every pipeline, and at every comment that silences a scanner."""
    pipelines = find_pipelines(project)
    text = "\n".join(_without_comments(source) for source in pipelines)
    if _INDIRECT.search(text):
        text += "\n".join(
            source.text for source in project.configs("makefile", "ini", "toml") if not is_test(source.path)
        )
        text += "\n".join(source.text for source in project.configs("yaml") if ".pre-commit-config" in source.path)
    missing = [name for name, pattern in _KINDS.items() if not pattern.search(text)]
    for source in pipelines:
        yield from _judge_pipeline(source, missing, project)
        yield from _judge_teeth(source, project)
    for module in project.modules:
        if re.search(r"nosemgrep|nosec|noqa|NOSONAR|allowlist secret", module.source.text):
            yield from _judge_suppressions(module.source, project)


def _without_comments(source: Source) -> str:
    return "\n".join(line.partition(" #")[0] for line in source.lines if not line.lstrip().startswith("#"))


def _judge_pipeline(source: Source, missing: list[str], project: Project) -> Iterator[Remark]:
    number = _test_line(source)
    if number is None or not _MERGE.search(source.text):
        return
    place = project.place_in(source, job_line(source, number))
    if missing:
        why = f"It tests without {' and without '.join(missing)}."
        yield RULE.finding(place, _ATTACK, why, fix="Add the steps, and let a finding fail the merge.")
    else:
        yield RULE.site(place, "with static analysis, secret scan and audit of dependencies")


def _test_line(source: Source) -> int | None:
    for number, line in enumerate(source.lines, 1):
        if _TESTS.search(line.partition("#")[0]) and not re.match(r"\s*(?:-\s+)?(?:name|uses):", line):
            return number
    return None


def _judge_teeth(source: Source, project: Project) -> Iterator[Remark]:
    why = "It finds something, and the pipeline stays green."
    for number, line in enumerate(source.lines, 1):
        code = line.partition(" #")[0]
        if line.lstrip().startswith("#"):
            continue
        if _SCANNER.search(code) and re.match(r"\s*(?:-\s+)?(?:run:\s*)?\S", code):
            if _TOOTHLESS.search(code):
                yield RULE.finding(project.place_in(source, number), _ATTACK, why, fix="Let the step fail.")
            elif not re.match(r"\s*(?:-\s+)?(?:name|id):", code):
                yield RULE.site(project.place_in(source, number), "can fail")
        elif _TOLERATED.match(code) and _SCANNER.search(_step_around(source, number)):
            yield RULE.finding(project.place_in(source, number), _ATTACK, why, fix="Let the step fail.")


def _step_around(source: Source, number: int) -> str:
    """The lines of the step or job in which a key stands."""
    line = source.line(number)
    dashed = line.lstrip().startswith("- ")
    depth = len(line) - len(line.lstrip()) + (2 if dashed else 0)
    first = last = number
    while not dashed and first > 1 and _belongs(source.line(first), depth, stop="- "):
        first -= 1
        if re.match(rf"^ {{{max(depth - 2, 0)}}}(?:- |\S)", source.line(first)):
            break
    while last < len(source.lines) and _belongs(source.line(last + 1), depth):
        last += 1
    return "\n".join(source.lines[first - 1 : last])


def _belongs(line: str, depth: int, stop: str = "\0") -> bool:
    indent = len(line) - len(line.lstrip())
    return not line.strip() or (
        indent >= depth and not (line[:depth].strip() == "" and line[depth - 2 : depth] == stop)
    )


def _judge_suppressions(source: Source, project: Project) -> Iterator[Remark]:
    if is_test(source.path) or is_document(source.path):
        return
    for number, line in enumerate(source.lines, 1):
        match = _SUPPRESSION.search(line)
        if match is None:
            continue
        place = project.place_in(source, number)
        end = _EXPIRES.search(line)
        if len(re.findall(r"[A-Za-z]{2,}", _ID.sub("", match["rest"]))) < _REASON:
            why = "The scanner is silenced, and nobody says why."
            fix = "# nosemgrep: rule -- the reason; expires 2027-01-31"
            yield RULE.finding(place, _ATTACK, why, fix=fix, confidence=Confidence.MEDIUM)
        elif end is not None and _is_past(end["day"], project.today):
            yield RULE.finding(
                place, _ATTACK, f"The suppression ended on {end['day']}.", fix="Mend it, or decide anew."
            )
        else:
            yield RULE.site(place, "silenced with a reason")


def _is_past(day: str, today: date) -> bool:
    try:
        return date.fromisoformat(day) < today
    except ValueError:
        return True


RULE = Rule(
    slug="pipeline-without-checks",
    control="checks-in-ci",
    languages=("yaml", "python"),
    unit=("pipeline, check or suppression", "pipelines, checks and suppressions"),
    sound="can fail",
    examine=examine,
)
