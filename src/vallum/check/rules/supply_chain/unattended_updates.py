"""Ecosystems whose updates nobody proposes, merges without tests, and rewrites of whole manifests."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import yaml

from vallum.check.project import Project
from vallum.check.read.purpose import is_document, is_test
from vallum.check.read.source import Source
from vallum.check.readings.pipelines import find_pipelines, is_github, run_lines
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence
from vallum.findings.place import Place

_LIST: Final = re.compile(r"(?:^|/)\.github/dependabot\.ya?ml$")
_RENOVATE: Final = re.compile(r"(?:^|/)(?:renovate\.json5?|\.renovaterc(?:\.json)?)$")
_REWRITE: Final = re.compile(
    r"\b(?:npm-check-updates|ncu)\b[^|;&]*\s(?:-u|--upgrade)\b|\bnpm\s+audit\s+fix\b|\bpip-review\b[^|;&]*--auto"
    r"|\bpur\s+-r\b|\bpip\s+install\b[^|;&]*--upgrade\s+-r\b|\byarn\s+upgrade\b[^|;&]*--latest"
)
_TESTED: Final = re.compile(r"\b(?:pytest|tox|nox|npm (?:run )?test|yarn test|manage\.py test)\b")
_RARE: Final = frozenset({"monthly", "quarterly", "semiannually", "yearly"})
_RARE_WORDS: Final = re.compile(r"month|quarter|year", re.IGNORECASE)
_ATTACK: Final = "The mended version lies ready for weeks, and the hole stays open because nobody looked."
_UNTESTED: Final = "A broken or planted release goes into the main line by itself."
_ECOSYSTEMS: Final = {
    "pip": frozenset({"requirements.txt", "pyproject.toml", "Pipfile", "setup.py"}),
    "npm": frozenset({"package.json"}),
    "docker": frozenset({"Dockerfile"}),
}
_SAME: Final = {"pip": frozenset({"pip", "uv", "pipenv", "poetry"}), "npm": frozenset({"npm", "yarn", "pnpm", "bun"})}


def examine(project: Project) -> Iterator[Remark]:
    """Look at the lists of updates, at the ecosystems that are present, and at pipelines that rewrite manifests."""
    remarks: list[Remark] = []
    lists = [source for source in project.configs("yaml") if _LIST.search(source.path)]
    renovates = [source for source in project.configs("json") if _RENOVATE.search(source.path)]
    for source in lists:
        remarks += [*_judge_list(source, project)]
    for source in renovates:
        remarks += [*_judge_renovate(source, project)]
    remarks += [*_judge_rewrites(project)]
    if not lists and not renovates:
        remarks += [*_judge_absence(project)]
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no dependency is updated from here")


def _judge_list(source: Source, project: Project) -> Iterator[Remark]:
    try:
        root = yaml.compose(source.text, Loader=yaml.SafeLoader)
        table = yaml.safe_load(source.text)
    except yaml.YAMLError:
        return
    entries = table.get("updates") if isinstance(table, dict) else None
    if not isinstance(entries, list) or not isinstance(root, yaml.MappingNode):
        return
    node = next(value for key, value in root.value if key.value == "updates")
    for entry, place in zip(entries, node.value, strict=True):
        if isinstance(entry, dict) and isinstance(place, yaml.MappingNode):
            yield from _judge_entry(source, entry, place, project)
    watched = {str(entry.get("package-ecosystem")) for entry in entries if isinstance(entry, dict)}
    for name in _present(source, project):
        if not watched & _SAME.get(name, frozenset({name})):
            why = f"Nobody proposes updates for {name}."
            yield RULE.finding(project.place_in(source, 1), _ATTACK, why, fix=f"Add an entry for {name}.")


def _judge_entry(source: Source, entry: dict[str, Any], node: yaml.MappingNode, project: Project) -> Iterator[Remark]:
    lines = {key.value: key.start_mark.line + 1 for key, _ in node.value}
    first = node.start_mark.line + 1
    schedule = entry.get("schedule")
    interval = schedule.get("interval") if isinstance(schedule, dict) else None
    sound = True
    if entry.get("open-pull-requests-limit") == 0:
        sound = False
        place = project.place_in(source, lines["open-pull-requests-limit"])
        yield RULE.finding(place, _ATTACK, "The entry opens no pull request.", fix="Remove the limit.")
    if interval in _RARE:
        sound = False
        place = project.place_in(source, lines["schedule"])
        yield RULE.finding(place, _ATTACK, f"{interval} is rarer than weekly.", fix="interval: weekly")
    if "cooldown" not in entry and str(entry.get("package-ecosystem")) not in {
        "docker",
        "github-actions",
        "gitsubmodule",
    }:
        sound = False
        why = "A release is taken on its first day, before others have found what is in it."
        fix = "cooldown: { default-days: 7 }"
        yield RULE.finding(project.place_in(source, first), _UNTESTED, why, fix=fix, confidence=Confidence.MEDIUM)
    if sound:
        yield RULE.site(project.place_in(source, first), "watched weekly, with a cooldown")


def _present(source: Source, project: Project) -> list[str]:
    """The ecosystems of the same repository."""
    folder = source.path.rpartition(".github/")[0]
    names = {
        found.path.rpartition("/")[2]
        for found in project.sources
        if found.path.startswith(folder) and not is_test(found.path) and not is_document(found.path)
    }
    return [ecosystem for ecosystem, files in _ECOSYSTEMS.items() if names & files]


def _judge_renovate(source: Source, project: Project) -> Iterator[Remark]:
    try:
        table = json.loads(source.text)
    except ValueError:
        return
    if not isinstance(table, dict):
        return
    sound = True
    for key, wrong, why in (
        (
            "automerge",
            table.get("automerge") is True and table.get("ignoreTests") is True,
            "All updates merge by themselves.",
        ),
        ("ignoreTests", table.get("ignoreTests") is True, "The merge waits for no test."),
        ("enabled", table.get("enabled") is False, "Renovate is off."),
        ("schedule", bool(_RARE_WORDS.search(str(table.get("schedule", "")))), "The schedule is rarer than weekly."),
    ):
        if wrong:
            sound = False
            yield RULE.finding(_key_place(source, key, project), _UNTESTED, why, fix="Let tests decide, each week.")
    if "minimumReleaseAge" not in table and "stabilityDays" not in table and "config:best-practices" not in source.text:
        sound = False
        place = project.place_in(source, 1)
        fix = '"minimumReleaseAge": "7 days"'
        yield RULE.finding(
            place, _UNTESTED, "A release is taken on its first day.", fix=fix, confidence=Confidence.MEDIUM
        )
    if sound:
        yield RULE.site(project.place_in(source, 1), "with tests and a cooldown")


def _key_place(source: Source, key: str, project: Project) -> Place:
    number = next((number for number, line in enumerate(source.lines, 1) if f'"{key}"' in line), 1)
    return project.place_in(source, number)


def _judge_rewrites(project: Project) -> Iterator[Remark]:
    for source in find_pipelines(project):
        commands = list(run_lines(source))
        tested = any(_TESTED.search(command) for _, command in commands)
        for number, command in commands:
            if _REWRITE.search(command) and not is_test(source.path):
                place = project.place_in(source, number)
                if tested:
                    yield RULE.site(place, "followed by tests")
                else:
                    why = "All ranges are rewritten at once, and no test follows."
                    yield RULE.finding(place, _UNTESTED, why, fix="Do it on a branch, and run the tests.")


def _judge_absence(project: Project) -> Iterator[Remark]:
    """A repository with pipelines of GitHub and a manifest that nobody watches."""
    if not any(is_github(source) for source in find_pipelines(project)):
        return
    wanted = _ECOSYSTEMS["pip"] | _ECOSYSTEMS["npm"]
    for source in project.configs("requirements", "toml", "json"):
        named = source.path.rpartition("/")[2] in wanted
        if named and not is_test(source.path) and not is_document(source.path):
            fix = "Write .github/dependabot.yml or renovate.json."
            why = "No Dependabot or Renovate watches this manifest."
            yield RULE.finding(project.place_in(source, 1), _ATTACK, why, fix=fix, confidence=Confidence.MEDIUM)
            return


RULE = Rule(
    slug="unattended-updates",
    control="automated-updates",
    languages=("yaml", "json"),
    unit=("list of updates or rewrite", "lists of updates and rewrites"),
    sound="watched",
    examine=examine,
)
