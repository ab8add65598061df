"""The manifests of a project: requirements files, pyproject.toml, Pipfile, package.json."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from vallum.check.dependencies.requirement import (
    Dependency,
    judge_commit,
    judge_npm,
    judge_poetry,
    judge_requirement,
)
from vallum.check.read.source import Source

LOCKS: Final = {
    "pyproject.toml": ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml"),
    "Pipfile": ("Pipfile.lock",),
    "package.json": ("package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml"),
}
_TABLES: Final = ("dependencies", "devDependencies", "optionalDependencies")


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A file that names dependencies."""

    source: Source
    dependencies: tuple[Dependency, ...]
    is_library: bool = False
    """Whether it describes a package that others install, which may keep ranges."""

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.source.path.rpartition("/")[2]


def read_manifest(source: Source) -> Manifest | None:
    """What a file names; None for a file that is no manifest or cannot be parsed."""
    name = source.path.rpartition("/")[2]
    try:
        if source.kind == "requirements":
            return Manifest(source=source, dependencies=tuple(_read_lines(source)))
        if name == "pyproject.toml":
            table = tomllib.loads(source.text)
            return Manifest(
                source=source, dependencies=tuple(_read_project(source, table)), is_library=_is_library(table)
            )
        if name == "Pipfile":
            return Manifest(source=source, dependencies=tuple(_read_pipfile(source, tomllib.loads(source.text))))
        if name == "package.json":
            return Manifest(source=source, dependencies=tuple(_read_npm(source, json.loads(source.text))))
    except ValueError:
        return None
    return None


def find_lock(manifest: Manifest, paths: frozenset[str]) -> str:
    """The path of the lock file beside a manifest; empty without one."""
    folder = manifest.source.path[: -len(manifest.name)]
    return next((folder + lock for lock in LOCKS.get(manifest.name, ()) if folder + lock in paths), "")


def _read_lines(source: Source) -> Iterator[Dependency]:
    """Joins continued lines; leaves out options, comments, local paths and other files."""
    number = 0
    while number < len(source.lines):
        first = number
        text = source.lines[number]
        while text.rstrip().endswith("\\") and number + 1 < len(source.lines):
            number += 1
            text = f"{text.rstrip()[:-1]} {source.lines[number]}"
        number += 1
        text = re.sub(r"(?:^|\s)#.*", "", text).strip()
        editable = re.match(r"(?:-e|--editable)[= ]\s*(.+)", text)
        text = editable[1] if editable else text
        if not text or text.startswith(("-", ".", "/", "file:")):
            continue
        name, weakness = judge_requirement(text)
        if name:
            yield Dependency(name=name, line=first + 1, weakness=weakness)


def _is_library(table: Mapping[str, Any]) -> bool:
    """A package with a build back end, unless it says that it is private or that nothing is to be packaged."""
    project, tool = table.get("project", {}), table.get("tool", {})
    private = any("Private ::" in str(word) for word in project.get("classifiers", ()))
    unpacked = tool.get("poetry", {}).get("package-mode") is False or tool.get("uv", {}).get("package") is False
    return "build-system" in table and not private and not unpacked


def _read_project(source: Source, table: Mapping[str, Any]) -> Iterator[Dependency]:
    cursor = _Cursor(source)
    project = table.get("project", {})
    groups = [project.get("dependencies", [])]
    groups += [*project.get("optional-dependencies", {}).values(), *table.get("dependency-groups", {}).values()]
    for group in groups:
        for text in group:
            if isinstance(text, str):
                name, weakness = judge_requirement(text)
                if name:
                    yield Dependency(name=name, line=cursor.find_text(text), weakness=weakness)
    poetry = table.get("tool", {}).get("poetry", {})
    yield from _read_table(source, poetry.get("dependencies", {}), "tool.poetry.dependencies")
    yield from _read_table(source, poetry.get("dev-dependencies", {}), "tool.poetry.dev-dependencies")
    for name, group in poetry.get("group", {}).items():
        yield from _read_table(source, group.get("dependencies", {}), f"tool.poetry.group.{name}.dependencies")


def _read_pipfile(source: Source, table: Mapping[str, Any]) -> Iterator[Dependency]:
    for section in ("packages", "dev-packages"):
        yield from _read_table(source, table.get(section, {}), section)


def _read_table(source: Source, table: Mapping[str, Any], section: str) -> Iterator[Dependency]:
    for name, value in table.items():
        weakness = _judge_entry(value)
        if name.lower() != "python" and weakness is not None:
            yield Dependency(name=name, line=_line_in(source, section, name), weakness=weakness)


def _judge_entry(value: Any) -> str | None:
    """Why a table's entry is not exact; None for a local path."""
    if isinstance(value, str):
        return judge_poetry(value)
    if isinstance(value, list):
        found = [weakness for entry in value if (weakness := _judge_entry(entry))]
        return found[0] if found else ""
    if not isinstance(value, dict) or "path" in value or "file" in value:
        return None
    if "git" in value:
        return judge_commit(str(value.get("rev") or value.get("ref") or ""))
    if "url" in value:
        return "the file behind the address can change"
    return judge_poetry(str(value.get("version", "*")))


def _read_npm(source: Source, table: Any) -> Iterator[Dependency]:
    cursor = _Cursor(source)
    for section in _TABLES:
        entries = table.get(section) if isinstance(table, dict) else None
        for name, version in (entries or {}).items() if isinstance(entries, dict) else ():
            yield Dependency(name=name, line=cursor.find_key(name), weakness=judge_npm(str(version)))


def _line_in(source: Source, section: str, name: str) -> int:
    inside = False
    key = re.compile(rf"""\s*["']?{re.escape(name)}["']?\s*=""")
    header = re.compile(rf"\s*\[{re.escape(section)}\.[\"']?{re.escape(name)}[\"']?\]")
    for number, line in enumerate(source.lines, 1):
        if line.lstrip().startswith("["):
            inside = line.strip().startswith(f"[{section}]")
        if header.match(line) or (inside and key.match(line)):
            return number
    return 1


class _Cursor:
    """Finds the lines of entries that are read in the file's order."""

    def __init__(self, source: Source) -> None:
        self._text = source.text
        self._position = 0

    def find_text(self, text: str) -> int:
        """The line on which the text stands in quotes."""
        return self._find(re.compile(rf"""["']{re.escape(text)}["']"""))

    def find_key(self, name: str) -> int:
        """The line on which the name is a key."""
        return self._find(re.compile(rf'"{re.escape(name)}"\s*:'))

    def _find(self, pattern: re.Pattern[str]) -> int:
        """The next match after the one found last, or the first of all when there is none."""
        match = pattern.search(self._text, self._position) or pattern.search(self._text)
        if match is None:
            return 1
        self._position = match.end()
        return self._text.count("\n", 0, match.start()) + 1
