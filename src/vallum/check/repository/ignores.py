"""Ignore files that keep secrets out of commits, images and packages, and the secret files that are tracked."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from vallum.check.repository.git import Repository
from vallum.check.secrets.files import NAMES, is_secret_name, leaves_out

KEEPS: Final = ("secrets-not-committed",)

_ENTRIES: Final = (
    ".env",
    ".env.*",
    "!.env.example",
    "*.pem",
    "*.key",
    "*.p12",
    "*.pfx",
    "id_rsa",
    "id_ed25519",
    "service-account*.json",
    "client_secret*.json",
    "credentials.json",
)
_HEAD: Final = "# Secrets stay out (written by `vallum secrets ignore --write`)."
_ANYWHERE: Final = "**/"


def name_ignores(root: Path) -> list[str]:
    """The ignore files that this project needs: git always, Docker and npm where it builds an image or a package."""
    names = [".gitignore"]
    if any(root.glob("*Dockerfile*")) or any(root.glob("*Containerfile*")) or (root / ".dockerignore").exists():
        names.append(".dockerignore")
    if (root / "package.json").exists() or (root / ".npmignore").exists():
        names.append(".npmignore")
    return names


def list_entries(name: str) -> list[str]:
    """All entries for an ignore file of this name. Docker's patterns are anchored, git's and npm's are not."""
    if name != ".dockerignore":
        return list(_ENTRIES)
    anywhere = [f"!{_ANYWHERE}{entry[1:]}" if entry.startswith("!") else f"{_ANYWHERE}{entry}" for entry in _ENTRIES]
    return [*anywhere, ".git"]


def find_missing(root: Path, name: str) -> list[str]:
    """The entries that the ignore file lacks, in order; all of them when there is no such file."""
    path = root / name
    written = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
    lines = {line.strip() for line in written}
    return [entry for entry in list_entries(name) if entry not in lines]


def add_missing(root: Path, name: str) -> list[str]:
    """Append what is missing under a line that says why, and return it; nothing that stands there is changed."""
    missing = find_missing(root, name)
    if missing:
        path = root / name
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        gap = "" if not before else "\n" if before.endswith("\n") else "\n\n"
        path.write_text(before + gap + "\n".join((_HEAD, *missing, "")), encoding="utf-8")
    return missing


def find_uncovered(root: Path, name: str) -> list[str]:
    """Names of secret files that the ignore file does not leave out, whatever patterns it uses."""
    path = root / name
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
    return [file for file in NAMES if not leaves_out(lines, file)]


def find_tracked(repository: Repository) -> Iterator[str]:
    """The tracked files whose names are those of secret files."""
    return (path for path in repository.list_tracked() if is_secret_name(path))
