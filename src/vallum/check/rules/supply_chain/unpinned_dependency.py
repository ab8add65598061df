"""Dependencies whose next installation may bring code that nobody has seen."""

from collections.abc import Iterator
from typing import Final

from vallum.check.dependencies.manifests import Manifest, find_lock, read_manifest
from vallum.check.project import Project
from vallum.check.read.purpose import is_document, is_test
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_ATTACK: Final = "Whoever takes over the package or its repository puts code into the next installation."
_FIX: Final = (
    "Name one version: == for Python, a plain number for Poetry and npm, a commit id for git, a hash for a URL."
)


def examine(project: Project) -> Iterator[Remark]:
    """Look at every dependency of every manifest."""
    paths = frozenset(source.path for source in project.sources)
    found = False
    for source in project.configs("requirements", "toml", "json"):
        manifest = None if is_test(source.path) or is_document(source.path) else read_manifest(source)
        if manifest is not None and not _is_compiled(manifest, paths):
            found = found or bool(manifest.dependencies)
            yield from _judge(project, manifest, find_lock(manifest, paths))
    if not found:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no manifest names a dependency")


def _is_compiled(manifest: Manifest, paths: frozenset[str]) -> bool:
    """Whether a requirements.in has its exact requirements.txt beside it, or the file only lists constraints."""
    path = manifest.source.path
    return path.endswith(".in") and f"{path[:-3]}.txt" in paths


def _judge(project: Project, manifest: Manifest, lock: str) -> Iterator[Remark]:
    for dependency in manifest.dependencies:
        place = project.place_in(manifest.source, dependency.line)
        if not dependency.weakness:
            yield RULE.site(place, f"{dependency.name} is exact")
        elif manifest.is_library:
            if lock:
                yield RULE.site(place, f"{dependency.name} is a library's range, exact in {lock}")
        else:
            confidence = Confidence.LOW if lock else Confidence.HIGH
            why = f"{dependency.name}: {dependency.weakness}."
            yield RULE.finding(place, _ATTACK, why, fix=_FIX, confidence=confidence)


RULE = Rule(
    slug="unpinned-dependency",
    control="dependencies-pinned",
    languages=("requirements", "toml", "json"),
    unit=("dependency", "dependencies"),
    sound="exact",
    examine=examine,
)
