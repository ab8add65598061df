"""What the process itself may do: not root, secrets that nobody else reads, code that it cannot write (ASVS 13.2.2).

    GuardPolicy(startup_checks=(ProcessCheck(code=(Path(__file__).parent,)), DatabaseCheck(...)), ...)

Production does not start while a check has something to say; `vallum doctor` prints the same. The grants of the
database's account are looked at by `vallum.guard.configuration.database_grants`.
"""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from vallum.guard.configuration.problem import Problem

KEEPS: Final = ("least-privilege-accounts",)

_FILE: Final = "_FILE"
_OTHERS: Final = 0o077


def _effective_user() -> int | None:
    return os.geteuid() if hasattr(os, "geteuid") else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessCheck:
    """Call it to list what the process could do without needing to.

    `secret_files` are looked at besides those that variables like `SESSION_SECRET_FILE` name; `code` are folders and
    files of code and configuration that this user must not be able to write. `user` is the effective user id; None
    where the system has none.
    """

    secret_files: tuple[Path, ...] = ()
    code: tuple[Path, ...] = ()
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    user: int | None = field(default_factory=_effective_user)

    def __call__(self) -> list[Problem]:
        """The problems, none when all is well."""
        if self.user is None:
            return []
        root = [_refuse_root()] if self.user == 0 else []
        return [*root, *_judge_files(self._files()), *(() if root else _judge_code(self.code))]

    def _files(self) -> list[Path]:
        named = (Path(value) for name, value in self.environ.items() if name.endswith(_FILE) and value)
        return sorted({*self.secret_files, *named})


def _refuse_root() -> Problem:
    return Problem(
        code="user-root",
        what="the process runs as root: who breaks in owns the machine or the container.",
        fix="Run it as a user of its own, such as USER 10001 in the image.",
    )


def _judge_files(files: Iterable[Path]) -> Iterator[Problem]:
    for file in files:
        try:
            status = file.stat()
        except OSError:
            continue  # whoever reads the secret says what is missing
        mode = stat.S_IMODE(status.st_mode)
        if stat.S_ISREG(status.st_mode) and mode & _OTHERS:
            yield Problem(
                code="secret-file-readable",
                what=f"the secret file {file} can be read by others (mode {mode:04o}).",
                fix="Give it mode 0400 or 0600.",
            )


def _judge_code(places: Iterable[Path]) -> Iterator[Problem]:
    for place in places:
        inside = sorted(place.rglob("*")) if place.is_dir() else []
        writable = next((path for path in [place, *inside] if path.exists() and os.access(path, os.W_OK)), None)
        if writable is not None:
            yield Problem(
                code="code-writable",
                what=f"this process can write {writable}: who breaks in can stay.",
                fix="Let root own the code, readable and not writable by this user.",
            )
