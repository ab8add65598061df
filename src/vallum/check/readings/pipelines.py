"""The pipelines of a project, and the commands that they and the other scripts run."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.project import Project
from vallum.check.read.purpose import is_document, is_test
from vallum.check.read.source import Source

_PIPELINE: Final = re.compile(
    r"(?:^|/)(?:\.(?:github|forgejo|gitea)/workflows/[^/]+\.ya?ml|\.gitlab-ci\.ya?ml|\.gitlab/ci/[^/]+\.ya?ml"
    r"|azure-pipelines[^/]*\.ya?ml|bitbucket-pipelines\.ya?ml|\.circleci/config\.ya?ml|\.drone\.ya?ml"
    r"|\.woodpecker[^/]*\.ya?ml)$"
)
_BLOCK: Final = re.compile(
    r"^(?P<indent>\s*)(?:-\s+)?(?:run|script|before_script|after_script|command):\s*[|>]?[+-]?\s*$"
)
_RUN: Final = re.compile(r"^\s*(?:-\s+)?(?:run|script|command):\s*(?![|>][+-]?\s*$)(?P<command>\S.*)$")


def find_pipelines(project: Project) -> tuple[Source, ...]:
    """The YAML files that a CI system runs."""
    return tuple(source for source in project.configs("yaml") if is_pipeline(source))


def is_pipeline(source: Source) -> bool:
    """Whether a CI system runs this file."""
    return source.kind == "yaml" and _PIPELINE.search(source.path) is not None


def is_github(source: Source) -> bool:
    """Whether a pipeline is a workflow of GitHub or of a system that takes its form."""
    return "/workflows/" in source.path


def run_lines(source: Source) -> Iterator[tuple[int, str]]:
    """The lines of a pipeline that a shell reads, by number; comments left out."""
    depth = -1
    for number, line in enumerate(source.lines, 1):
        code = strip_comment(line)
        if not code.strip():
            continue
        indent = len(line) - len(line.lstrip())
        if depth >= 0 and (indent > depth or (indent == depth and line.lstrip().startswith("- "))):
            yield number, code
            continue
        depth = -1
        block = _BLOCK.match(code)
        if block:
            depth = len(block["indent"]) + (2 if code.lstrip().startswith("- ") else 0)
        elif found := _RUN.match(code):
            yield number, found["command"]


def command_lines(project: Project) -> Iterator[tuple[Source, int, str]]:
    """The commands of shell scripts, images, makefiles and pipelines, continued lines joined, comments left out."""
    for source in project.configs("shell", "dockerfile", "makefile", "yaml", "groovy"):
        if is_test(source.path) or is_document(source.path) or (source.kind == "yaml" and not is_pipeline(source)):
            continue
        lines = run_lines(source) if source.kind == "yaml" else enumerate(map(strip_comment, source.lines), 1)
        yield from ((source, number, text) for number, text in _join(lines))


def _join(lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    first, joined = 0, ""
    for number, text in lines:
        first = first or number
        joined = f"{joined} {text.strip()}" if joined else text
        if joined.rstrip().endswith("\\"):
            joined = joined.rstrip()[:-1].rstrip()
            continue
        if joined.strip():
            yield first, joined
        first, joined = 0, ""
    if joined.strip():
        yield first, joined


def job_line(source: Source, number: int) -> int:
    """The line that names the job around a line: the key on the second level, or on the first outside GitHub."""
    depth = 2 if re.search(r"^jobs:", source.text, re.MULTILINE) else 0
    for index in range(number, 0, -1):
        if re.match(rf"^ {{{depth}}}[\w.-]+:\s*(?:#.*)?$", source.line(index)):
            return index
    return number


def strip_comment(line: str) -> str:
    """A line of YAML or shell without its comment."""
    return re.sub(r"(?:^|\s)#.*$", "", line)
