"""Manifests whose lock file is missing, ignored, stale, doubled, or bent to another host."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from vallum.check.dependencies.manifests import LOCKS, Manifest, read_manifest
from vallum.check.project import Project
from vallum.check.read.purpose import is_document, is_test
from vallum.check.read.source import Source
from vallum.check.readings.npm_lock import find_npm_locks, line_of
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_ATTACK: Final = "Each installation takes what the registry serves that hour, and nobody reviews the change."
_BENT: Final = "The next installation takes the package from the host that somebody wrote into the lock."
_NAMES: Final = frozenset(lock for locks in LOCKS.values() for lock in locks)
_OFF: Final = re.compile(r"^\s*package-lock\s*=\s*false\b")
_RIVALS: Final = (
    ("package-lock.json", "yarn.lock", "pnpm-lock.yaml", "npm-shrinkwrap.json"), ("uv.lock", "poetry.lock", "pdm.lock"),
)  # fmt: skip
_EXACT: Final = re.compile(r"=?v?\d+\.\d+\.\d+(?:[-+][\w.+-]+)?")


def examine(project: Project) -> Iterator[Remark]:
    """Look at ignore files, settings, manifests and lock files."""
    remarks = [*_judge_settings(project), *_judge_manifests(project), *_judge_locks(project), *_judge_rivals(project)]
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no manifest names a dependency")


def _judge_settings(project: Project) -> Iterator[Remark]:
    for source in project.configs("gitignore", "ini"):
        if is_test(source.path) or source.path.endswith((".dockerignore", ".npmignore")):
            continue
        for number, line in enumerate(source.lines, 1):
            name = line.strip().rpartition("/")[2]
            place = project.place_in(source, number)
            if source.kind == "gitignore" and (name in _NAMES or name in {"*.lock", "*-lock.json"}):
                yield RULE.finding(
                    place, _ATTACK, f"git leaves {name} out.", fix="Remove the line and commit the file."
                )
            elif source.kind == "ini" and _OFF.match(line):
                yield RULE.finding(place, _ATTACK, "npm writes no lock file.", fix="Remove the line.")


def _judge_manifests(project: Project) -> Iterator[Remark]:
    paths = frozenset(source.path for source in project.sources)
    tracked = any(source.kind == "gitignore" for source in project.sources)
    for source in project.configs("requirements", "toml", "json"):
        manifest = None if is_test(source.path) or is_document(source.path) else read_manifest(source)
        if manifest is None or not manifest.dependencies:
            continue
        place = project.place_in(source, 1)
        lock = _lock_above(manifest, paths)
        if source.kind == "requirements":
            yield from _judge_requirements(manifest, paths, project)
        elif lock:
            missing = _unlocked(manifest, next(found for found in project.sources if found.path == lock))
            if missing:
                yield RULE.finding(place, _ATTACK, f"{lock} does not hold {missing}.", fix="Lock again and commit.")
            else:
                yield RULE.site(place, f"locked by {lock}")
        elif tracked:
            fix = "uv lock, poetry lock or npm install --package-lock-only, then commit the file."
            yield RULE.finding(place, _ATTACK, "No lock file stands beside this manifest.", fix=fix)


def _judge_requirements(manifest: Manifest, paths: frozenset[str], project: Project) -> Iterator[Remark]:
    source = manifest.source
    folder = source.path[: -len(manifest.name)]
    if manifest.name.endswith(".in") or "constraint" in manifest.name or re.search(r"dev|test|doc|lint", manifest.name):
        return
    place = project.place_in(source, 1)
    if "--hash=" in source.text:
        yield RULE.site(place, "it is its own lock, with hashes")
    elif any(folder + lock in paths for lock in LOCKS["pyproject.toml"]):
        yield RULE.site(place, "a lock stands beside it")
    else:
        why = "The list has no hashes, and no lock stands beside it."
        confidence = Confidence.HIGH if manifest.name == "requirements.txt" else Confidence.MEDIUM
        yield RULE.finding(place, _ATTACK, why, fix="pip-compile --generate-hashes", confidence=confidence)


def _lock_above(manifest: Manifest, paths: frozenset[str]) -> str:
    """The lock in the manifest's folder or in one around it, as in a workspace."""
    folder = manifest.source.path[: -len(manifest.name)].rstrip("/")
    while True:
        prefix = f"{folder}/" if folder else ""
        found = next((prefix + lock for lock in LOCKS.get(manifest.name, ()) if prefix + lock in paths), "")
        if found or not folder:
            return found
        folder = folder.rpartition("/")[0]


def _unlocked(manifest: Manifest, lock: Source) -> str:
    """A direct dependency that a TOML lock does not hold; empty when all are there."""
    if lock.kind != "toml":
        return ""
    try:
        held = {_plain(str(entry.get("name", ""))) for entry in tomllib.loads(lock.text).get("package", ())}
    except (tomllib.TOMLDecodeError, AttributeError):
        return ""
    if not held:
        return ""
    return next((found.name for found in manifest.dependencies if _plain(found.name) not in held), "")


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _judge_locks(project: Project) -> Iterator[Remark]:
    """Entries of a package-lock.json: whether they agree with its root, and where they come from."""
    for source, packages in find_npm_locks(project):
        found = False
        for line, why in _faults(source, packages):
            found = True
            yield RULE.finding(project.place_in(source, line), _BENT, why, fix="Restore the lock from the registry.")
        if not found:
            yield RULE.site(project.place_in(source, 1), "agrees with its root")


def _faults(source: Source, packages: dict[str, Any]) -> Iterator[tuple[int, str]]:
    entries = {name: entry for name, entry in packages.items() if name}
    hosts = Counter(urlsplit(str(entry.get("resolved", ""))).hostname for entry in entries.values())
    usual = hosts.most_common(1)[0][0] if hosts else None
    root = packages.get("", {})
    asked = {**root.get("dependencies", {}), **root.get("devDependencies", {})}
    for name, entry in entries.items():
        resolved = str(entry.get("resolved", ""))
        if resolved.startswith("http") and not entry.get("integrity"):
            yield line_of(source, name, "resolved"), f"{name} has no integrity value."
        elif resolved.startswith("http") and urlsplit(resolved).hostname != usual:
            yield line_of(source, name, "resolved"), f"{name} comes from another host than the rest."
        wanted = str(asked.get(name.removeprefix("node_modules/"), ""))
        if _EXACT.fullmatch(wanted) and wanted.lstrip("=v") != entry.get("version"):
            yield (
                line_of(source, name, "version"),
                f"The root asks for {wanted}, the entry holds {entry.get('version')}.",
            )


def _judge_rivals(project: Project) -> Iterator[Remark]:
    paths = {source.path: source for source in project.sources}
    for path, source in paths.items():
        folder, _, name = path.rpartition("/")
        for group in _RIVALS:
            others = [other for other in group if other != name and (f"{folder}/{other}" if folder else other) in paths]
            if name in group and others and group.index(name) > group.index(others[0]):
                why = f"{others[0]} and {name} both claim to be the lock."
                yield RULE.finding(project.place_in(source, 1), _ATTACK, why, fix="Keep the one that CI installs from.")


RULE = Rule(
    slug="lock-not-committed",
    control="lockfile-committed",
    languages=("requirements", "toml", "json", "ini", "gitignore"),
    unit=("manifest or lock file", "manifests and lock files"),
    sound="locked",
    examine=examine,
)
