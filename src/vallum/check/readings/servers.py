"""The directives of nginx files, each with the blocks around it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.read.source import Source
from vallum.findings.place import Place

_TOKEN: Final = re.compile(
    r"""\s*(?P<words>(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\$\{\w+\}|[^;{}"'#])*)(?P<end>[;{}]|#.*|$)"""
)


@dataclass(eq=False)
class Directive:
    """One directive; a block holds those within it."""

    name: str
    arguments: tuple[str, ...]
    source: Source
    line: int
    outer: "Directive | None" = None
    within: list["Directive"] = field(default_factory=list)

    def find(self, name: str) -> "Directive | None":
        """The directive of this name within the block or, by inheritance, around it."""
        for inner in self.within:
            if inner.name == name:
                return inner
        return self.outer.find(name) if self.outer else None

    def every(self) -> Iterator["Directive"]:
        """The block and all within it."""
        yield self
        for inner in self.within:
            yield from inner.every()

    def place(self, project: Project) -> Place:
        """Where it stands."""
        return project.place_in(self.source, self.line)


@lru_cache(maxsize=2)
def read_servers(project: Project) -> tuple[Directive, ...]:
    """The outermost block of each nginx file outside tests; its name is empty."""
    return tuple(_read(source) for source in project.configs("nginx") if not is_test(source.path))


def _read(source: Source) -> Directive:
    root = Directive("", (), source, 1)
    block, words, start = root, "", 0
    for number, line in enumerate(source.lines, 1):
        position = 0
        while position < len(line):
            match = _TOKEN.match(line, position)
            if match is None or match.end() == position:
                break
            position = match.end()
            if match["words"].strip():
                words, start = f"{words} {match['words'].strip()}", start if words else number
            if match["end"] in {";", "{"} and words.strip():
                name, *arguments = words.split()
                found = Directive(name.lower(), tuple(part.strip("\"'") for part in arguments), source, start, block)
                block.within.append(found)
                block, words = (found if match["end"] == "{" else block), ""
            elif match["end"] == "}":
                block, words = block.outer or root, ""
    return root


def find_directives(project: Project, *names: str) -> list[Directive]:
    """Every directive with one of these names."""
    return [found for root in read_servers(project) for found in root.every() if found.name in names]
