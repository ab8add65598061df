"""Services without a threat model, and models that nobody has looked at for a year or that leave the questions open."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

import yaml

from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.read.source import Source
from vallum.check.responses.apps import find_apps
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence
from vallum.findings.place import Place

_ATTACK: Final = "The abuse that nobody thought of is the one that nobody built against."
_FIX: Final = "Keep docs/threat-model.toml: assets, boundaries, abuse cases with controls, accepted risks with owner."
_NAME: Final = re.compile(
    r"(?:^|/)threat[-_]?models?(?:[-_.][^/]*)?\.(?:toml|ya?ml|json|md|rst|txt|adoc)$|(?:^|/)threat[-_]?models?/[^/]+$",
    re.IGNORECASE,
)
_YEAR: Final = timedelta(days=366)
_CASES: Final = ("abuse_case", "abuse_cases", "threats", "threat", "misuse_cases")
_RISKS: Final = ("accepted_risk", "accepted_risks", "risks")
_DATE: Final = re.compile(
    r"(?:reviewed|last[- ]review(?:ed)?|review date)\W{0,6}(?P<day>\d{4}-\d{2}-\d{2})", re.IGNORECASE
)
_DEPLOYED: Final = re.compile(r"^\s*services:|^kind:\s*(?:Deployment|StatefulSet)", re.MULTILINE)


def examine(project: Project) -> Iterator[Remark]:
    """Look at every threat model, and for one where a service is deployed."""
    models = [
        source
        for source in project.sources
        if _NAME.search(source.path) and not is_test(source.path) and source.kind != "python"
    ]
    for source in models:
        remarks = list(_judge(source, project))
        yield from remarks or [RULE.site(project.place_in(source, 1), "reviewed within a year")]
    if models:
        return
    apps = find_apps(project)
    if apps and _is_deployed(project):
        why = "The project is deployed, and no file of it holds a threat model."
        yield RULE.finding(apps[0].place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM)
    else:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no deployed service is here")


def _is_deployed(project: Project) -> bool:
    if any(not is_test(source.path) for source in project.configs("dockerfile")):
        return True
    return any(_DEPLOYED.search(source.text) and not is_test(source.path) for source in project.configs("yaml"))


def _judge(source: Source, project: Project) -> Iterator[Remark]:
    if source.kind not in {"toml", "yaml"}:
        match = _DATE.search(source.text)
        number = source.text.count("\n", 0, match.start()) + 1 if match else 1
        yield from _judge_review(match["day"] if match else None, project.place_in(source, number), project)
        return
    try:
        model = tomllib.loads(source.text) if source.kind == "toml" else yaml.safe_load(source.text)
    except (ValueError, yaml.YAMLError):
        yield RULE.silence(Silence.COULD_NOT_LOOK, f"{source.path} cannot be parsed")
        return
    if not isinstance(model, Mapping):
        return
    yield from _judge_review(model.get("reviewed"), _line_of(source, "reviewed", project), project)
    boundaries = model.get("boundaries", model.get("trust_boundaries"))
    if not boundaries:
        why = "It names no trust boundary, across which attacks come."
        yield RULE.finding(_line_of(source, "boundaries", project), _ATTACK, why, fix=_FIX)
    yield from _judge_entries(source, model, project)


def _judge_review(day: Any, place: Place, project: Project) -> Iterator[Remark]:
    reviewed = _as_date(day)
    if reviewed is None:
        why = "It does not say when it was last reviewed."
        yield RULE.finding(place, _ATTACK, why, fix="reviewed = 2026-11-02")
    elif project.today - reviewed > _YEAR:
        why = f"It was last reviewed on {reviewed.isoformat()}, more than a year ago."
        yield RULE.finding(place, _ATTACK, why, fix="Go through it with what has changed since, and set the date.")


def _as_date(day: Any) -> date | None:
    if isinstance(day, datetime):
        return day.date()
    if isinstance(day, date):
        return day
    try:
        return date.fromisoformat(str(day))
    except ValueError:
        return None


def _judge_entries(source: Source, model: Mapping[str, Any], project: Project) -> Iterator[Remark]:
    cases = [(key, entry, nth) for key in _CASES for nth, entry in enumerate(_entries(model, key))]
    for key, entry, nth in cases:
        if not entry.get("controls"):
            why = f"{_title(entry)} has no control against it."
            yield RULE.finding(_entry_line(source, key, nth, project), _ATTACK, why, fix='controls = ["..."]')
    if not cases:
        why = "It holds no abuse case."
        yield RULE.finding(project.place_in(source, 1), _ATTACK, why, fix=_FIX)
    for key in _RISKS:
        for nth, entry in enumerate(_entries(model, key)):
            end = _as_date(entry.get("expires"))
            place = _entry_line(source, key, nth, project)
            if not entry.get("owner"):
                why = f"{_title(entry)} is accepted by nobody."
                yield RULE.finding(place, _ATTACK, why, fix='owner = "..."')
            elif end is not None and end < project.today:
                why = f"{_title(entry)} was accepted until {end.isoformat()}."
                yield RULE.finding(place, _ATTACK, why, fix="Mend it, or accept it anew.")


def _entries(model: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = model.get(key)
    return [entry for entry in found if isinstance(entry, Mapping)] if isinstance(found, list) else []


def _title(entry: Mapping[str, Any]) -> str:
    title = entry.get("title") or entry.get("name") or "An entry"
    return f'"{title}"' if title != "An entry" else "An entry"


def _line_of(source: Source, key: str, project: Project) -> Place:
    pattern = re.compile(rf"^\s*(?:trust_)?{key}\s*[:=]")
    number = next((number for number, line in enumerate(source.lines, 1) if pattern.match(line)), 1)
    return project.place_in(source, number)


def _entry_line(source: Source, key: str, nth: int, project: Project) -> Place:
    """The line on which an entry of a list begins."""
    if source.kind == "toml":
        starts = [number for number, line in enumerate(source.lines, 1) if re.match(rf"^\s*\[\[{key}\]\]", line)]
    else:
        starts = _items(source, key)
    return project.place_in(source, starts[nth]) if nth < len(starts) else _line_of(source, key, project)


def _items(source: Source, key: str) -> list[int]:
    """The lines of the items under a key of YAML, those of its own level only."""
    starts: list[int] = []
    inside, depth = False, -1
    for number, line in enumerate(source.lines, 1):
        indent = len(line) - len(line.lstrip())
        if re.match(rf"^{key}:", line):
            inside = True
        elif inside and line.strip() and indent == 0 and not line.startswith("-"):
            break
        elif inside and line.lstrip().startswith("- ") and depth in {-1, indent}:
            depth = indent
            starts.append(number)
    return starts


RULE = Rule(
    slug="stale-threat-model",
    control="secure-by-design",
    languages=("toml", "yaml", "threat-model", "python"),
    unit=("threat model", "threat models"),
    sound="reviewed within a year",
    examine=examine,
)
