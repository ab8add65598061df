"""What the working tree changes against a commit: lines, new names of files, and the files as they were."""

import ast
import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from vallum.base.errors import UsageError
from vallum.check.repository.git import Repository

_HUNK: Final = re.compile(rb"@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@")
_DIFF: Final = ("--unified=0", "--find-renames", "--no-color", "--no-ext-diff", "--no-textconv", "--dst-prefix=b/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """The difference between a commit and the working tree. Paths are relative to the folder that is checked."""

    lines: Mapping[str, Collection[int]]
    """By file, the lines that are new, and the neighbours of those that are gone."""
    before: Mapping[str, bytes] = field(repr=False)
    """The tracked files as they were, under the names that they have now."""

    def touches(self, path: str, first: int, last: int) -> bool:
        """Whether one of these lines has changed."""
        changed = self.lines.get(path, ())
        return any(line in changed for line in range(first, max(first, last) + 1))


def read_changes(root: Path, base: str) -> Changes:
    """Compare the files below `root` with the commit `base`. Raises `UsageError` without git or such a commit."""
    repository = Repository(root)
    commit = repository.find_commit(base)
    prefix = os.path.relpath(root.resolve(), repository.root.resolve()).replace(os.sep, "/")
    prefix = "" if prefix == "." else f"{prefix}/"
    renamed = repository.list_renames(commit)
    listed = {renamed.get(path, path): blob for path, blob in repository.list_tree(commit).items()}
    wanted = [(blob, path) for path, blob in listed.items() if path.startswith(prefix)]
    before = {blob.path.removeprefix(prefix): blob.data for blob in repository.read_blobs(wanted)}
    lines = {path.removeprefix(prefix): found for path, found in _changed_lines(repository, commit).items()}
    return Changes(lines=lines, before=before)


def _changed_lines(repository: Repository, commit: str) -> dict[str, Collection[int]]:
    found: dict[str, Collection[int]] = {}
    lines: set[int] = set()
    for text in repository.diff(commit, *_DIFF).split(b"\n"):
        if text.startswith(b"+++ "):
            lines = set()
            found[_name(text[4:])] = lines
        elif match := _HUNK.match(text):
            first, count = int(match[1]), int(match[2] or 1)
            lines.update(range(first, first + count) if count else (first, first + 1))
    found.update((path, range(1, 1 << 30)) for path in repository.list_untracked())
    return found


def _name(told: bytes) -> str:
    """The path in a diff: without its prefix, and without the quotes that git puts around odd names."""
    told = told.rstrip(b"\t")
    if told.startswith(b'"'):
        try:
            told = ast.literal_eval("b" + told.decode("ascii"))
        except (ValueError, SyntaxError):
            raise UsageError("git tells a name that cannot be read.", hint="Check without --diff.") from None
    return os.fsdecode(told.removeprefix(b"b/"))
