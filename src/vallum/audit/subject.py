"""What is being audited: its name, and the commit that the report speaks of."""

import subprocess
import tomllib
from pathlib import Path
from typing import Final

from vallum.findings.report import Subject

_GIT_SECONDS: Final = 10


def describe(root: Path, app: str = "") -> Subject:
    """Describe the project at `root`; what git cannot tell stays empty."""
    status = _git(root, "status", "--porcelain", "--", ".")
    return Subject(
        name=_project_name(root) or root.resolve().name,
        app=app,
        commit=_git(root, "rev-parse", "--short", "HEAD"),
        branch=_git(root, "branch", "--show-current"),
        uncommitted=len(status.splitlines()),
    )


def _project_name(root: Path) -> str:
    try:
        with (root / "pyproject.toml").open("rb") as file:
            name = tomllib.load(file).get("project", {}).get("name", "")
    except (OSError, tomllib.TOMLDecodeError, AttributeError):
        return ""
    return name if isinstance(name, str) else ""


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - a constant program, no shell, arguments of our own
            ["git", "-C", str(root), *arguments],  # noqa: S607 - git is wherever the user keeps it
            capture_output=True,
            text=True,
            check=True,
            timeout=_GIT_SECONDS,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
