"""Secret scans that see one commit, that run on pushes alone, or whose exceptions never end."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.read.source import Source
from vallum.check.readings.pipelines import find_pipelines, is_github, run_lines, strip_comment
from vallum.check.rule import Rule
from vallum.findings.finding import Finding, Remark, Silence

_SCANNER: Final = re.compile(
    r"\b(?:gitleaks|trufflehog|git-secrets|ggshield|detect-secrets|kingfisher|vallum secrets history)\b", re.IGNORECASE
)
_ACTION: Final = re.compile(r"^\s*(?:-\s+)?uses:\s*\S*(?:gitleaks|trufflehog|ggshield)", re.IGNORECASE)
_FILES_ONLY: Final = re.compile(r"--no-git\b|gitleaks\s+dir\b|trufflehog\s+filesystem\b")
_CHECKOUT: Final = re.compile(
    r"^(?P<indent>\s*)-\s+(?:\w+:.*\s)?uses:\s*\S*checkout@|^(?P<other>\s*)uses:\s*\S*checkout@"
)
_DEPTH: Final = re.compile(r"^\s*[\"']?GIT_DEPTH[\"']?:\s*[\"']?(?P<depth>\d+)")
_SCHEDULE: Final = re.compile(
    r"^\s*-?\s*[\"']?schedule[\"']?:|\"schedule\"|'schedule'|schedules:|\bcron:", re.MULTILINE
)
_ALLOWED: Final = re.compile(r"^\s*\[\[?(?:\w+\.)*allowlists?\]\]?\s*$")
_DAY: Final = re.compile(r"expires\D{0,4}(?P<day>\d{4}-\d{2}-\d{2})", re.IGNORECASE)
_ATTACK: Final = "A key that was committed and removed again is still in the history, and still valid."
_FIX: Final = "with: fetch-depth: 0"


def examine(project: Project) -> Iterator[Remark]:
    """Look at every pipeline that scans for secrets, and at the scanner's exceptions."""
    pipelines = [source for source in find_pipelines(project) if _scan_line(source)]
    scheduled = any(_SCHEDULE.search(source.text) for source in pipelines)
    for source in pipelines:
        depths = [*_judge_depth(source, project)]
        yield from depths
        if not scheduled and not any(isinstance(remark, Finding) for remark in depths):
            number = next((n for n, line in enumerate(source.lines, 1) if re.match(r"[\"']?on[\"']?:", line)), 1)
            why = "The history is scanned on changes only, never by the calendar."
            fix = 'schedule: - cron: "17 4 * * 1"'
            yield RULE.finding(project.place_in(source, number), _ATTACK, why, fix=fix)
    exceptions = [*_judge_exceptions(project)]
    yield from exceptions
    if not pipelines and not exceptions:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no pipeline scans the history here")


def _scan_line(source: Source) -> int:
    for number, command in run_lines(source):
        if _SCANNER.search(command) and not _FILES_ONLY.search(command):
            return number
    return next((number for number, line in enumerate(source.lines, 1) if _ACTION.match(line)), 0)


def _judge_depth(source: Source, project: Project) -> Iterator[Remark]:
    if not is_github(source):
        yield from _judge_gitlab(source, project)
        return
    for number, line in enumerate(source.lines, 1):
        if not _CHECKOUT.match(line) or not _same_job(source, number):
            continue
        place = project.place_in(source, number)
        if re.search(r"fetch-depth:\s*[\"']?0\b", _step(source, number)):
            yield RULE.site(place, "the whole history")
        else:
            yield RULE.finding(place, _ATTACK, "The checkout brings one commit.", fix=_FIX)


def _judge_gitlab(source: Source, project: Project) -> Iterator[Remark]:
    depths = [(number, match["depth"]) for number, line in enumerate(source.lines, 1) if (match := _DEPTH.match(line))]
    for number, depth in depths:
        place = project.place_in(source, number)
        if depth == "0":
            yield RULE.site(place, "the whole history")
        else:
            yield RULE.finding(place, _ATTACK, f"The clone brings {depth} commits.", fix='GIT_DEPTH: "0"')
    if not depths and "gitlab" in source.path:
        place = project.place_in(source, _scan_line(source))
        yield RULE.finding(place, _ATTACK, "The clone brings 20 commits, GitLab's default.", fix='GIT_DEPTH: "0"')


def _same_job(source: Source, number: int) -> bool:
    """Whether the job of a checkout is one that scans: a scan follows before the next key of the jobs' depth."""
    for line in source.lines[number:]:
        if re.match(r"^ {2}[\w.-]+:\s*(?:#.*)?$", line):
            return False
        code = strip_comment(line)
        if _SCANNER.search(code) and not _FILES_ONLY.search(code):
            return True
    return False


def _step(source: Source, number: int) -> str:
    """The lines of a step after its first."""
    indent = len(source.line(number)) - len(source.line(number).lstrip())
    found = []
    for line in source.lines[number:]:
        depth = len(line) - len(line.lstrip())
        if line.strip() and (depth < indent or (depth == indent and line.lstrip().startswith("- "))):
            break
        found.append(strip_comment(line))
    return "\n".join(found)


def _judge_exceptions(project: Project) -> Iterator[Remark]:
    """The allowlists of gitleaks: each needs an owner, a reason and an end."""
    for source in project.configs("toml"):
        if not source.path.rpartition("/")[2].endswith("gitleaks.toml") or is_test(source.path):
            continue
        starts = [number for number, line in enumerate(source.lines, 1) if _ALLOWED.match(line)]
        for start in starts:
            number, text = _description(source, start)
            why = _gap(text, project.today)
            if why:
                fix = 'description = "owner=...; reason=...; expires=2027-01-10"'
                yield RULE.finding(project.place_in(source, number), _ATTACK, why, fix=fix)
            else:
                yield RULE.site(project.place_in(source, number), "an exception with an end")


def _description(source: Source, start: int) -> tuple[int, str]:
    for number in range(start + 1, len(source.lines) + 1):
        line = source.line(number)
        if line.startswith("["):
            break
        if re.match(r"\s*description\s*=", line):
            return number, line
    return start, ""


def _gap(text: str, today: date) -> str:
    missing = [word for word in ("owner", "reason", "expires") if word not in text.lower()]
    if missing:
        return f"The exception names no {', no '.join(missing)}."
    match = _DAY.search(text)
    try:
        ended = match is None or date.fromisoformat(match["day"]) < today
    except ValueError:
        ended = True
    return "The exception has ended." if ended else ""


RULE = Rule(
    slug="shallow-secret-scan",
    control="git-history-scan",
    languages=("yaml", "toml"),
    unit=("scan or exception", "scans and exceptions"),
    sound="the whole history",
    examine=examine,
)
