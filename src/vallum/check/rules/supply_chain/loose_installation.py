"""Installations in images, CI and deployment scripts that may take other versions than the lock file names."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.project import Project
from vallum.check.read.purpose import is_document, is_test, names_development
from vallum.check.read.source import Source
from vallum.check.rule import Rule
from vallum.findings.finding import Remark

_ATTACK: Final = "The build takes whatever the registry serves that day, a planted version too."
_FIX: Final = "Install what the lock file names: {tool}."
_CI: Final = re.compile(
    r"(?:^|/)(?:\.github/workflows/|\.circleci/|\.gitlab-ci|\.gitlab/|azure-pipelines|bitbucket-pipelines|\.drone|\.woodpecker|buildspec)"
)
_START: Final = r"(?:^|[\s;&|(\"'\]:-])(?:sudo\s+)?"
_COMMANDS: Final = (
    (
        rf"{_START}(?:pip3?|python3? -m pip|uv pip)\s+install\b",
        r"--require-hashes|--no-deps",
        "pip install --require-hashes",
    ),
    (rf"{_START}uv\s+sync\b", r"--locked|--frozen", "uv sync --locked"),
    (rf"{_START}poetry\s+install\b", r"(?!)", "poetry sync"),
    (rf"{_START}poetry\s+sync\b", r"", ""),
    (rf"{_START}pipenv\s+install\b", r"--deploy", "pipenv sync"),
    (rf"{_START}npm\s+(?:install|i|add)(?![\w-])", r"(?!)", "npm ci"),
    (rf"{_START}npm\s+(?:ci|clean-install)(?![\w-])", r"", ""),
    (rf"{_START}yarn(?:\s+install\b|\s*$)", r"--immutable|--frozen-lockfile", "yarn install --immutable"),
    (rf"{_START}pnpm\s+(?:install|i)(?![\w-])", r"(?<!no)-frozen-lockfile", "pnpm install --frozen-lockfile"),
)
_RULES: Final = tuple((re.compile(start), re.compile(good), tool) for start, good, tool in _COMMANDS)
_PARTS: Final = re.compile(r"&&|\|\||;|\|")


def examine(project: Project) -> Iterator[Remark]:
    """Look at every command that installs packages."""
    for source in project.configs("dockerfile", "yaml", "shell"):
        if _is_looked_at(source):
            for number, text in _logical_lines(source):
                yield from _judge(project, source, number, text)


def _is_looked_at(source: Source) -> bool:
    if is_test(source.path) or is_document(source.path) or names_development(source.path):
        return False
    return source.kind != "yaml" or _CI.search(source.path) is not None


def _logical_lines(source: Source) -> Iterator[tuple[int, str]]:
    """The commands with their continued lines joined, by the line on which they begin; comments left out."""
    number = 0
    while number < len(source.lines):
        first, text = number, source.lines[number]
        while text.rstrip().endswith("\\") and number + 1 < len(source.lines):
            number += 1
            text = f"{text.rstrip()[:-1]} {source.lines[number].strip()}"
        number += 1
        text = re.sub(r"(?:^|\s)#.*$", "", text)
        if source.kind != "dockerfile" or re.match(r"\s*RUN\s", text, re.IGNORECASE):
            yield first + 1, text


def _judge(project: Project, source: Source, number: int, text: str) -> Iterator[Remark]:
    for part in _PARTS.split(text):
        for start, good, tool in _RULES:
            if start.search(part):
                place = project.place_in(source, number)
                if good.search(part):
                    yield RULE.site(place)
                else:
                    yield RULE.finding(place, _ATTACK, "The command may resolve anew.", fix=_FIX.format(tool=tool))
                break


RULE = Rule(
    slug="loose-installation",
    control="lockfile-install",
    languages=("dockerfile", "yaml", "shell"),
    unit=("installation", "installations"),
    sound="from the lock file",
    examine=examine,
)
