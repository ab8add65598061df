"""Indexes beside which a public package can take a private name, tokens in files, and audits that are off."""

import re
import tomllib
from collections.abc import Iterator
from typing import Final

from vallum.check.project import Project
from vallum.check.read.purpose import is_document, is_test
from vallum.check.read.source import Source
from vallum.check.readings.pipelines import command_lines
from vallum.check.rule import Rule
from vallum.check.secrets.entries import place_hidden
from vallum.findings.finding import Remark, Silence

_ATTACK: Final = "Anybody publishes a package with the private name and a higher version, and the build takes it."
_CLEAR: Final = "Whoever holds the network answers in the registry's place."
_EXPOSED: Final = "Whoever reads the file publishes and installs in the team's name."
_EXTRA: Final = re.compile(
    r"--extra-index-url\b|^\s*extra[-_]index[-_]url\s*=|\b(?:PIP_EXTRA_INDEX_URL|UV_EXTRA_INDEX_URL)\s*[=:]",
    re.IGNORECASE,
)
_NPM_TOKEN: Final = re.compile(r":_(?:authToken|auth|password)\s*=\s*(?P<value>[^\s;]+)")
_REGISTRY: Final = re.compile(r"^\s*(?P<scope>@[\w.-]+:)?registry\s*=\s*(?P<url>[^\s;]+)")
_INDEX: Final = re.compile(r"^\s*(?:--)?(?:index-url|default-index)(?:\s*=\s*|\s+)(?P<url>[^\s;]+)")
_AUDIT_OFF: Final = re.compile(r"^\s*audit\s*=\s*false\b")
_PUBLIC: Final = frozenset({"pypi", "pytorch"})
"""What projects call a public index: nobody can take a name in it that they do not have there already."""
_FIX: Final = "One index, or one index per package: explicit = true with [tool.uv.sources], a scope for npm."
_NAMES: Final = re.compile(r"(?:^|/)(?:\.npmrc|pip\.conf|pip\.ini|\.pypirc|setup\.cfg|tox\.ini|uv\.ini)$")


def examine(project: Project) -> Iterator[Remark]:
    """Look at the configurations of npm, pip, uv and Poetry, and at the commands that install."""
    remarks = [*_judge_lines(project), *_judge_commands(project), *_judge_projects(project)]
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no registry is configured here")


def _judge_lines(project: Project) -> Iterator[Remark]:
    for source in project.configs("ini", "requirements"):
        known = source.kind == "requirements" or _NAMES.search(source.path)
        if not known or is_test(source.path) or is_document(source.path):
            continue
        for number, line in enumerate(source.lines, 1):
            if not line.lstrip().startswith(("#", ";")):
                yield from _judge_line(source, number, line, project)


def _judge_line(source: Source, number: int, line: str, project: Project) -> Iterator[Remark]:
    place = project.place_in(source, number)
    if token := _NPM_TOKEN.search(line):
        if token["value"].startswith("${"):
            yield RULE.site(place, "the token is a variable")
        else:
            hidden = place_hidden(source, number, token["value"])
            yield RULE.finding(hidden, _EXPOSED, "The token stands in the file.", fix="_authToken=${NPM_TOKEN}")
    elif _EXTRA.search(line):
        yield RULE.finding(place, _ATTACK, "A second index is asked beside the first.", fix=_FIX)
    elif registry := _REGISTRY.match(line) or _INDEX.match(line):
        if registry["url"].strip("\"'").startswith("http://"):
            yield RULE.finding(place, _CLEAR, "The registry is asked in clear.", fix="https://")
        else:
            yield RULE.site(place, "bound to one registry")
    elif _AUDIT_OFF.match(line):
        yield RULE.finding(place, "Known holes are installed in silence.", "The audit is off.", fix="audit=true")


def _judge_commands(project: Project) -> Iterator[Remark]:
    for source, number, text in command_lines(project):
        if _EXTRA.search(text):
            place = project.place_in(source, number)
            yield RULE.finding(place, _ATTACK, "A second index is asked beside the first.", fix=_FIX)


def _judge_projects(project: Project) -> Iterator[Remark]:
    for source in project.configs("toml"):
        name = source.path.rpartition("/")[2]
        if name not in {"pyproject.toml", "uv.toml", "Pipfile"} or is_test(source.path):
            continue
        try:
            table = tomllib.loads(source.text)
        except tomllib.TOMLDecodeError:
            continue
        tool = table.get("tool", {})
        indexes = table.get("index", []) if name == "uv.toml" else tool.get("uv", {}).get("index", [])
        for index in indexes if isinstance(indexes, list) else ():
            sound = index.get("explicit") or index.get("default") or str(index.get("name")).lower() in _PUBLIC
            yield _remark(project, source, str(index.get("name") or index.get("url")), bool(sound))
        for entry in tool.get("poetry", {}).get("source", []):
            priority = str(entry.get("priority", "primary"))
            sound = priority in {"explicit", "primary", "default"} and not entry.get("secondary")
            shown = priority if not sound and "priority" in entry else str(entry.get("name"))
            yield _remark(project, source, shown, sound)
        extra = tool.get("uv", {}).get("extra-index-url") or tool.get("pdm", {}).get("extra-index-url")
        if extra:
            yield _remark(project, source, str(extra[0] if isinstance(extra, list) else extra), sound=False)


def _remark(project: Project, source: Source, word: str, sound: bool) -> Remark:
    lines = source.lines
    start = next((n for n, line in enumerate(lines, 1) if re.search(r"index|source", line)), 1)
    number = next((n for n, line in enumerate(lines, 1) if n >= start and f'"{word}"' in line), start)
    place = project.place_in(source, number)
    if sound:
        return RULE.site(place, "packages are bound to it by name")
    return RULE.finding(place, _ATTACK, "Any package may come from this index too.", fix=_FIX)


RULE = Rule(
    slug="confusable-registry",
    control="private-registry",
    languages=("ini", "requirements", "toml", "dockerfile", "shell", "yaml"),
    unit=("registry setting", "registry settings"),
    sound="bound to one registry",
    examine=examine,
)
