"""The commit hook that scans what is staged, put in place and proved by a secret that is made up for it."""

import os
import secrets
import shutil
import stat
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vallum.base.errors import UsageError
from vallum.check.repository.git import Repository

KEEPS: Final = ("precommit-secret-scan",)

COMMAND: Final = "vallum secrets scan --staged"
_NAME: Final = "pre-commit"
_SECONDS: Final = 120.0
_WRITTEN: Final = "# Written by `vallum secrets hook`."
_SHELL: Final = f"""#!/bin/sh
{_WRITTEN}
exec {{python}} -m vallum.cli secrets scan --staged
"""
_AUTHOR: Final = ("-c", "user.name=vallum", "-c", "user.email=vallum@localhost", "-c", "commit.gpgsign=false")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a harmless commit and one with a made-up secret came to."""

    is_usable: bool
    """Whether the harmless commit passed: a hook that refuses everything, because it cannot run, proves nothing."""
    is_refused: bool
    is_redacted: bool
    """Whether the secret is missing from what the hook printed."""
    told: str
    """The last line that was printed, without the secret."""

    @property
    def holds(self) -> bool:
        """Whether the hook does its work."""
        return self.is_usable and self.is_refused and self.is_redacted


def install_hook(repository: Repository) -> Path:
    """Write the hook. Raises `UsageError` where another hook stands, which is left as it is."""
    path = repository.hooks / _NAME
    if path.exists() and _WRITTEN not in path.read_text(encoding="utf-8", errors="replace"):
        raise UsageError(f"{path} is there already.", hint=f"Add the line: {COMMAND}", code="hook-exists")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_SHELL.format(python=_quote(sys.executable)), encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    return path


def prove_hook(repository: Repository) -> Proof:
    """Commit a harmless file and a made-up key in a clone that is thrown away, with the hook of this repository."""
    canary = secrets.token_hex(24)
    with tempfile.TemporaryDirectory(prefix="vallum-hook-") as folder:
        clone = Path(folder, "clone")
        _git("clone", "--quiet", "--no-hardlinks", "--", str(repository.root), str(clone))
        hooks = clone / ".git" / "hooks"
        hooks.mkdir(parents=True, exist_ok=True)
        if (repository.hooks / _NAME).exists():
            shutil.copy(repository.hooks / _NAME, hooks / _NAME)
        harmless = _commit(clone, hooks, "API_KEY = read_key()\n")
        caught = _commit(clone, hooks, f'API_KEY = "{canary}"\n')
    printed = caught.stdout + caught.stderr
    lines = [line for line in (harmless.stderr + printed).replace(canary, "***").splitlines() if line.strip()]
    return Proof(
        is_usable=harmless.returncode == 0,
        is_refused=caught.returncode != 0,
        is_redacted=canary not in printed,
        told=lines[-1] if lines else "nothing was printed.",
    )


def _commit(clone: Path, hooks: Path, text: str) -> subprocess.CompletedProcess[str]:
    name = "canary_of_the_hook.py"
    (clone / name).write_text(text, encoding="utf-8")
    _git("-C", str(clone), "add", "--force", "--", name)
    options = ("-C", str(clone), *_AUTHOR, "-c", f"core.hooksPath={hooks}")
    return _git(*options, "commit", "--quiet", "-m", "canary", is_free=True)


def _git(*arguments: str, is_free: bool = False) -> subprocess.CompletedProcess[str]:
    """Run git; `is_free` to fail. A hook of the user's runs in it, so it has a limit of time."""
    try:
        done = subprocess.run(  # noqa: S603 - git by name, arguments as a list
            ["git", *arguments],  # noqa: S607 - whichever git the user has
            env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UsageError(f"git {arguments[0]} was not done after {_SECONDS:.0f} s.", hint="Look at the hook.") from None
    if done.returncode != 0 and not is_free:
        raise UsageError(f"git says: {done.stderr.strip().splitlines()[-1:]}", code="git")
    return done


def _quote(path: str) -> str:
    return "'" + path.replace("'", "'\\''") + "'"
