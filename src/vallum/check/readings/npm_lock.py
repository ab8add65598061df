"""The entries of a package-lock.json, and the lines on which they stand."""

import json
from typing import Any, Final

from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.read.source import Source

_NAMES: Final = ("package-lock.json", "npm-shrinkwrap.json")


def find_npm_locks(project: Project) -> list[tuple[Source, dict[str, dict[str, Any]]]]:
    """Each lock file of npm outside tests with its entries by path; the root's path is empty."""
    found = []
    for source in project.configs("json"):
        if source.path.rpartition("/")[2] in _NAMES and not is_test(source.path):
            packages = _read(source)
            if packages is not None:
                found.append((source, packages))
    return found


def _read(source: Source) -> dict[str, dict[str, Any]] | None:
    try:
        table = json.loads(source.text)
    except ValueError:
        return None
    packages = table.get("packages") if isinstance(table, dict) else None
    if not isinstance(packages, dict):
        return None
    return {name: entry for name, entry in packages.items() if isinstance(entry, dict)}


def line_of(source: Source, name: str, key: str) -> int:
    """The line on which a key of an entry stands; 1 when it is not found."""
    start = max(source.text.find(f'"{name}": {{'), 0)
    return source.text.count("\n", 0, max(source.text.find(f'"{key}"', start), 0)) + 1
