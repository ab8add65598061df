r"""Start a fixed program with checked arguments: no shell, no options from data, no endless run (CWE-78, CWE-88).

    COUNT = Program("wc", "-l", "--", Slot("path", r"[a-z0-9_]+\.txt"), folder="/srv/notes")

    print(COUNT.run(path=name).text)
    done = await COUNT.run_async(path=name)

Sources: OWASP OS Command Injection Defense Cheat Sheet, ASVS 1.2.5.
"""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final, LiteralString

from vallum.base.errors import ConfigError
from vallum.guard.input.processes import (
    Finished,
    ProgramFailedError,
    ProgramLimitError,
    ProgramLimits,
    communicate,
    communicate_async,
    start_options,
)
from vallum.guard.input.slots import ArgumentRefusedError, Slot

KEEPS: Final = ("no-shell-injection",)
__all__ = [
    "ArgumentRefusedError",
    "Finished",
    "Program",
    "ProgramFailedError",
    "ProgramLimitError",
    "ProgramLimits",
    "Slot",
]
SEARCH_PATH: Final = "/usr/local/bin:/usr/bin:/bin"
_DEFAULT_LIMITS: Final = ProgramLimits()
_SHELLS: Final = frozenset({
    "ash", "bash", "busybox", "cmd", "csh", "dash", "env", "fish", "ksh", "powershell", "pwsh", "sh", "sudo", "tcsh",
    "xargs", "zsh",
})  # fmt: skip
_CODE_OPTIONS: Final = frozenset({"-c", "-e", "-E", "-r", "--eval", "--exec", "--execute", "-exec", "-execdir"})


@dataclass(frozen=True, slots=True, init=False)
class Program:
    """An executable, its fixed arguments and the slots between them. Build it once, at import.

    `program` is an absolute path, or a name that is looked up in `/usr/local/bin:/usr/bin:/bin` and nowhere else. The
    environment holds `PATH`, `LC_ALL=C.UTF-8` and what `environment` adds. Raises `ConfigError` for a program that is
    missing, a shell or a script that a shell would run, and for a slot that would be read as code.
    """

    path: str
    arguments: tuple[str | Slot, ...]
    limits: ProgramLimits
    environment: Mapping[str, str]
    folder: str | None
    accept: frozenset[int]

    def __init__(
        self,
        program: LiteralString,
        /,
        *arguments: LiteralString | Slot,
        limits: ProgramLimits = _DEFAULT_LIMITS,
        environment: Mapping[str, str] | None = None,
        folder: str | os.PathLike[str] | None = None,
        accept: tuple[int, ...] = (0,),
    ) -> None:
        """Find and check the program."""
        _check_slots(arguments)
        keep = object.__setattr__
        keep(self, "path", _find_program(program))
        keep(self, "arguments", arguments)
        keep(self, "limits", limits)
        keep(self, "environment", {"PATH": SEARCH_PATH, "LC_ALL": "C.UTF-8", **(environment or {})})
        keep(self, "folder", os.fspath(folder) if folder is not None else None)
        keep(self, "accept", frozenset(accept))

    def run(self, *, stdin: bytes = b"", **values: object) -> Finished:
        """Run with a value for each slot, and return what the program wrote.

        Raises `ArgumentRefusedError` (400) for a value that its slot does not admit, `ProgramLimitError` after the
        time or output limit (the program and its children are killed) and `ProgramFailedError` for an exit status
        that is not in `accept`.
        """
        command = self.build_command(**values)
        # Not a shell: the list was built from literals and from values that matched their slots.
        with subprocess.Popen(command, **start_options(self.environment, self.folder)) as process:  # noqa: S603  # see above
            finished = communicate(process, stdin, self.limits)
        return self._check(finished)

    async def run_async(self, *, stdin: bytes = b"", **values: object) -> Finished:
        """Do as `run`, without blocking the event loop. The program is killed when the task is cancelled."""
        command = self.build_command(**values)
        process = await asyncio.create_subprocess_exec(*command, **start_options(self.environment, self.folder))
        return self._check(await communicate_async(process, stdin, self.limits))

    def build_command(self, **values: object) -> list[str]:
        """Return the argument list that would be run. Raises `ArgumentRefusedError` for a value that does not fit."""
        slots = {part.name for part in self.arguments if isinstance(part, Slot)}
        if values.keys() != slots:
            raise ConfigError(
                f"give exactly these values: {', '.join(sorted(slots)) or 'none'}.", code="argument-names"
            )
        filled = (part.fill(values[part.name]) if isinstance(part, Slot) else (part,) for part in self.arguments)
        return [self.path, *(argument for group in filled for argument in group)]

    def _check(self, finished: Finished) -> Finished:
        if finished.status not in self.accept:
            raise ProgramFailedError(Path(self.path).name, finished)
        return finished


def _find_program(program: str) -> str:
    absolute = Path(program).is_absolute()
    path = program if absolute else shutil.which(program, path=SEARCH_PATH)
    if os.sep in program and not absolute:
        path = None
    if path is None or not os.access(path, os.X_OK) or not Path(path).is_file():
        raise ConfigError(
            f"the program {program} is not installed.", hint="Give its absolute path.", code="program-missing"
        )
    names = {Path(path).stem.lower(), Path(path).resolve().stem.lower()}
    # On Alpine every tool is a link to busybox, which then acts by the name of the link.
    if (names - {"busybox"}) & _SHELLS or Path(path).stem == "busybox" or path.lower().endswith((".bat", ".cmd")):
        raise ConfigError(f"{program} is a shell.", hint="Start the program itself.", code="program-is-shell")
    return path


def _check_slots(arguments: tuple[str | Slot, ...]) -> None:
    names = [part.name for part in arguments if isinstance(part, Slot)]
    if len(set(names)) < len(names) or not all(name.isidentifier() and name != "stdin" for name in names):
        raise ConfigError("each slot needs a name of its own, and not stdin.", code="argument-names")
    for before, part in pairwise(arguments):
        if isinstance(part, Slot) and before in _CODE_OPTIONS:
            raise ConfigError(f"the slot {part.name} follows {before} and would be run as code.", code="argument-code")
