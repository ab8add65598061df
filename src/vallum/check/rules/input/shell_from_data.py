"""Programs that are started with data in the command."""

from collections.abc import Iterator
from typing import Final

from vallum.check.judging import Telling, guard_sites, judge_flows
from vallum.check.project import Project
from vallum.check.rule import Rule
from vallum.findings.finding import Fix, Remark

_FIX: Final = Fix(
    text="Start a fixed program by a list of arguments without a shell: subprocess.run([program, argument, ...]).",
)


def examine(project: Project) -> Iterator[Remark]:
    """Look at every start of a program."""
    yield from judge_flows(RULE, project, ["shell"], _TELLING)
    yield from guard_sites(RULE, project, "vallum.guard.input.programs.Program().run")


_TELLING: Final = Telling(
    message="A visitor can run commands of their own by {sources}.",
    reason="{call} runs text that holds data, and a shell reads ; | & ` and $ in it as commands.",
    fix=lambda _flow: _FIX,
    built="Whoever controls the parts of this command can run others.",
    constant="the program is fixed",
)
RULE = Rule(
    slug="shell-from-data",
    control="no-shell-injection",
    languages=("python",),
    unit=("program start", "program starts"),
    sound="without data in the command",
    examine=examine,
)
