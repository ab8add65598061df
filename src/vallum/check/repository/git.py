"""What a git repository holds, read through git itself: staged files, tracked names, and every blob of every ref."""

import os
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from vallum.base.errors import UsageError

LARGEST_BLOB: Final = 16 * 1024 * 1024
_QUIET: Final = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
_OPTIONS: Final = ("-c", "core.quotePath=false", "-c", "core.fsmonitor=false", "--no-pager")


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """A version of a file: its id in git, one path under which it was committed, its bytes."""

    id: str
    path: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit: its id, the day of its author (YYYY-MM-DD), and its message."""

    id: str
    day: str
    message: str = field(repr=False, default="")


class Repository:
    """A repository on this machine. Nothing in it is changed, and no hook of it runs."""

    def __init__(self, folder: Path) -> None:
        """Find the repository around `folder`. Raises `UsageError` when there is none, or no git."""
        self._folder = folder
        self.root = Path(self._ask("rev-parse", "--show-toplevel").decode().rstrip("\n"))
        self._folder = self.root

    @property
    def is_shallow(self) -> bool:
        """Whether the history was cut when it was cloned."""
        return self._ask("rev-parse", "--is-shallow-repository").strip() == b"true"

    @property
    def hooks(self) -> Path:
        """The folder of the hooks, wherever the configuration puts it."""
        return self.root / os.fsdecode(self._ask("rev-parse", "--git-path", "hooks").rstrip(b"\n"))

    def list_tracked(self) -> list[str]:
        """The paths of all tracked files."""
        return _split(self._ask("ls-files", "-z"))

    def list_untracked(self) -> list[str]:
        """The paths of all files that are neither tracked nor ignored."""
        return _split(self._ask("ls-files", "--others", "--exclude-standard", "-z"))

    def find_commit(self, name: str) -> str:
        """The id of the commit that a branch, tag or expression means. Raises `UsageError` for none."""
        try:
            return (
                self._ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}").decode().strip()
            )
        except UsageError:
            hint = "Name a branch, tag or commit that was fetched: origin/main, v1.2, HEAD~3."
            raise UsageError(f'git knows no commit "{name}".', hint=hint, code="no-commit") from None

    def list_tree(self, commit: str) -> dict[str, str]:
        """The ids of all files of a commit, by path."""
        entries = [entry.split(b"\t", 1) for entry in self._ask("ls-tree", "-r", "-z", commit).split(b"\0") if entry]
        files = [(os.fsdecode(path), head.split()) for head, path in entries]
        return {path: kind[2].decode("ascii") for path, kind in files if kind[1] == b"blob"}

    def list_renames(self, commit: str) -> dict[str, str]:
        """The new names of files that are called otherwise in a commit, by their old ones."""
        told = _split(self._ask("diff", "--name-status", "-z", "--find-renames", "--diff-filter=R", commit))
        return dict(zip(told[1::3], told[2::3], strict=True))

    def diff(self, commit: str, *options: str) -> bytes:
        """What the tracked files of the working tree change against a commit."""
        return self._ask("diff", *options, commit, "--")

    def list_refs(self) -> list[str]:
        """The names of all branches, tags and remote branches."""
        return self._ask("for-each-ref", "--format=%(refname)").decode("utf-8", "replace").split()

    def read_staged(self) -> Iterator[Blob]:
        """The files that the next commit adds or changes, as they are staged."""
        named = _split(self._ask("diff", "--cached", "--name-only", "-z", "--no-renames", "--diff-filter=d"))
        for path in named:
            listed = self._ask("ls-files", "--stage", "-z", "--", f":(literal,top){path}").split(b"\t", 1)[0].split()
            if len(listed) >= 2 and listed[0] != b"160000":  # a submodule has no content here
                yield from self.read_blobs([(listed[1].decode("ascii"), path)])

    def list_objects(self) -> list[tuple[str, str]]:
        """Each version of each file and folder that any branch or tag reaches, once, newest first: id and path."""
        lines = self._ask("rev-list", "--all", "--objects").split(b"\n")
        named = [line.split(b" ", 1) for line in lines if b" " in line]
        return [(name.decode("ascii"), os.fsdecode(path)) for name, path in named if path]

    def list_commits(self) -> Iterator[Commit]:
        """Every commit that any branch or tag reaches, oldest first."""
        told = self._ask("log", "--all", "--reverse", "--no-show-signature", "-z", "--format=%H%n%as%n%B")
        for text in told.decode("utf-8", "replace").split("\0"):
            name, _, rest = text.partition("\n")
            day, _, message = rest.partition("\n")
            if name:
                yield Commit(id=name, day=day, message=message)

    def find_first(self, blob: str) -> Commit:
        """The oldest commit that brought this version of a file."""
        told = self._ask("log", "--all", "--reverse", "-m", f"--find-object={blob}", "--format=%H %as").decode()
        name, _, day = (told.split("\n", 1)[0]).partition(" ")
        return Commit(id=name, day=day)

    def read_blobs(self, wanted: Iterable[tuple[str, str]]) -> Iterator[Blob]:
        """The blobs among objects, in one process of git; trees and what is too large are left out."""
        with subprocess.Popen(  # noqa: S603 - git by name, arguments as a list
            ["git", *_OPTIONS, "cat-file", "--batch"],  # noqa: S607 - whichever git the user has
            cwd=self._folder,
            env={**os.environ, **_QUIET},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as git:
            if git.stdin is None or git.stdout is None:
                return
            for name, path in wanted:
                git.stdin.write(name.encode("ascii") + b"\n")
                git.stdin.flush()
                head = git.stdout.readline().split()
                if len(head) != 3:  # an object that is missing, as in a partial clone
                    raise UsageError(f"git cannot read the object {name}.", hint="Fetch the whole repository.")
                data = git.stdout.read(int(head[2]) + 1)[:-1]
                if head[1] == b"blob" and len(data) <= LARGEST_BLOB:
                    yield Blob(id=name, path=path, data=data)
            git.stdin.close()

    def _ask(self, *arguments: str) -> bytes:
        try:
            done = subprocess.run(  # noqa: S603 - git by name, arguments as a list
                ["git", *_OPTIONS, *arguments],  # noqa: S607 - whichever git the user has
                cwd=self._folder,
                env={**os.environ, **_QUIET},
                capture_output=True,
                check=False,
            )
        except OSError:
            raise UsageError("git cannot be started.", hint="Install git, or give a folder that exists.") from None
        if done.returncode != 0:
            why = done.stderr.decode("utf-8", "replace").strip().split("\n")[0]
            raise UsageError(f"git says: {why}", hint="Run it in a git repository.", code="git")
        return done.stdout


def _split(listed: bytes) -> list[str]:
    return [os.fsdecode(name) for name in listed.split(b"\0") if name]
