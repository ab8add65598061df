"""The files of a tree: which are looked at, and which could not be."""

import os
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from vallum.base.errors import UsageError
from vallum.check.read.kinds import kind_of
from vallum.check.read.source import Source, UnreadableError, decode_source, make_source
from vallum.findings.finding import Gap, Way

SKIPPED_FOLDERS: Final = frozenset({
    ".git", ".hg", ".svn", ".venv", "venv", ".tox", ".nox", "node_modules", "__pycache__", ".mypy_cache",
    ".ruff_cache", ".pytest_cache", ".hypothesis", ".eggs", "site-packages", ".idea", "htmlcov", ".cache", ".vallum",
})  # fmt: skip
LARGEST_FILE: Final = 16 * 1024 * 1024


def find_files(root: Path, paths: Iterable[Path], exclude: Iterable[str] = ()) -> tuple[list[str], list[Gap]]:
    """Paths, relative to `root` and sorted, of all files under `paths` whose kind is known.

    Links that lead out of the root are not followed. `exclude` holds patterns such as `tests/*` or `*_pb2.py`.
    Raises `UsageError` for a path that does not exist.
    """
    patterns = tuple(exclude)
    found: set[str] = set()
    gaps: list[Gap] = []
    home = root.resolve()
    for path in paths:
        start = path if path.is_absolute() else root / path
        if not start.exists():
            raise UsageError(f'There is no file or folder "{path}".', code="no-path")
        for file in _walk(start, home, gaps):
            name = _relative(file, str(home))
            if kind_of(name) and not is_excluded(name, patterns):
                found.add(name)
    return sorted(found), gaps


def read_files(root: Path, names: Iterable[str]) -> tuple[list[Source], list[Gap]]:
    """The text of each file, and a gap for each that could not be read."""
    files, unloaded = load_files(root, names)
    sources, undecoded = decode_files(files)
    return sources, [*unloaded, *undecoded]


def load_files(root: Path, names: Iterable[str]) -> tuple[dict[str, bytes], list[Gap]]:
    """The bytes of each file by its name, and a gap for each that could not be read."""
    files: dict[str, bytes] = {}
    gaps: list[Gap] = []
    for name in names:
        try:
            files[name] = _load(root / name)
        except UnreadableError as error:
            gaps.append(unread(name, error))
        except OSError as error:
            gaps.append(Gap(what=name, why=f"could not be read: {error.strerror or error}", way=Way.RULE))
    return files, gaps


def decode_files(files: Mapping[str, bytes]) -> tuple[list[Source], list[Gap]]:
    """The text of each file, and a gap for each whose bytes are not text."""
    sources: list[Source] = []
    gaps: list[Gap] = []
    for name, data in files.items():
        try:
            sources.append(decode_source(name, data))
        except UnreadableError as error:
            gaps.append(unread(name, error))
    return sources, gaps


def make_sources(files: Mapping[str, str]) -> list[Source]:
    """The files of a project that exists only in memory, by path."""
    return [make_source(name, text) for name, text in sorted(files.items()) if kind_of(name)]


def unread(name: str, error: UnreadableError) -> Gap:
    """What is said of a file that could not be read."""
    return Gap(what=f"{name}:{error.line}", why=error.message, way=Way.RULE)


def is_excluded(name: str, patterns: Iterable[str]) -> bool:
    """Whether a path, one of its folders or its last word matches a pattern."""
    parts = name.split("/")
    heads = ["/".join(parts[: end + 1]) for end in range(len(parts))]
    return any(
        fnmatchcase(head, pattern.rstrip("/")) or fnmatchcase(part, pattern.rstrip("/"))
        for pattern in patterns
        for head, part in zip(heads, parts, strict=True)
    )


def _walk(start: Path, home: Path, gaps: list[Gap]) -> Iterator[str]:
    """The files below a folder whose kind is known, or the file itself; as text, which is read ten times as fast."""
    if start.is_file():
        yield str(start)
        return

    def complain(error: OSError) -> None:
        gaps.append(Gap(what=str(error.filename), why=f"could not be listed: {error.strerror}", way=Way.RULE))

    for folder, folders, files in os.walk(start, onerror=complain):
        folders[:] = sorted(
            name for name in folders if name not in SKIPPED_FOLDERS and not _is_environment(folder, name)
        )
        for name in files:
            path = f"{folder}/{name}"
            if kind_of(path) and os.path.isfile(path) and _stays_inside(path, home):  # noqa: PTH113 - for speed
                yield path


def _stays_inside(path: str, home: Path) -> bool:
    return not os.path.islink(path) or Path(path).resolve().is_relative_to(home)  # noqa: PTH114 - for speed


def _is_environment(folder: str, name: str) -> bool:
    return os.path.exists(f"{folder}/{name}/pyvenv.cfg")  # noqa: PTH110 - for speed


def _relative(file: str, home: str) -> str:
    absolute = os.path.abspath(file)  # noqa: PTH100 -- resolve() would follow the link whose own name is wanted
    inside = absolute.startswith(home.rstrip(os.sep) + os.sep)
    name = absolute[len(home.rstrip(os.sep)) + 1 :] if inside else os.path.relpath(absolute, home)
    return name.replace(os.sep, "/")


def _load(path: Path) -> bytes:
    if path.stat().st_size > LARGEST_FILE:
        raise UnreadableError(f"larger than {LARGEST_FILE // 1024 // 1024} MiB")
    return path.read_bytes()
