"""A git repository of its own for each test, with real commits."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from vallum.check.repository.git import Repository

KEY = "Zx81QpLm27RtVw93KdHs64YbNc05TfGj"
"""Made up for these tests."""
AUTHOR = {"GIT_AUTHOR_NAME": "ada", "GIT_AUTHOR_EMAIL": "ada@localhost", "GIT_AUTHOR_DATE": "2026-03-01T12:00:00Z"}
COMMITTER = {"GIT_COMMITTER_NAME": "ada", "GIT_COMMITTER_EMAIL": "ada@localhost"}


class Desk:
    """Somebody at work in a repository."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str, **variables: str) -> str:
        clean = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(self.folder)}
        environment = {**os.environ, **clean, **AUTHOR, **COMMITTER, **variables}
        return subprocess.run(
            ["git", *arguments], cwd=self.folder, env=environment, check=True, capture_output=True, text=True
        ).stdout

    def write(self, path: str, text: str | bytes) -> None:
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode() if isinstance(text, str) else text)
        self.git("add", "--all", "--force")

    def commit(self, message: str = "work", day: str = "2026-03-01") -> str:
        when = f"{day}T12:00:00Z"
        self.git("commit", "--quiet", "--allow-empty", "-m", message, GIT_AUTHOR_DATE=when, GIT_COMMITTER_DATE=when)
        return self.git("rev-parse", "HEAD").strip()

    @property
    def repository(self) -> Repository:
        return Repository(self.folder)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    folder = tmp_path / "work"
    folder.mkdir()
    return Desk(folder)


@pytest.fixture
def key() -> str:
    return KEY


@pytest.fixture
def python(key: str) -> Callable[..., str]:
    def build(name: str = "API_KEY") -> str:
        return f'import os\n\n{name} = "{key}"\n'

    return build
