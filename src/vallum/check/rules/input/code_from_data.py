"""Text that is run as code."""

from collections.abc import Iterator
from typing import Final

from vallum.check.judging import Telling, guard_sites, judge_flow
from vallum.check.project import Project
from vallum.check.rule import Rule
from vallum.check.taint.record import Outcome
from vallum.findings.finding import Fix, Remark

_FIX: Final = Fix(
    text="Read values with ast.literal_eval or json.loads, and look named operations up in a fixed dictionary.",
)
_RUNS: Final = frozenset({"eval", "exec"})


def examine(project: Project) -> Iterator[Remark]:
    """Look at every call that runs or imports text."""
    yield from guard_sites(
        RULE, project, "vallum.guard.input.expressions.*", "vallum.guard.input.literals.parse_literal"
    )
    for flow in project.flows("code"):
        doubtful = flow.outcome in {Outcome.BUILT, Outcome.UNKNOWN}
        remark = judge_flow(RULE, flow, _TELLING)
        if remark is not None and not (doubtful and flow.name not in _RUNS):
            yield remark


_TELLING: Final = Telling(
    message="A visitor can run Python of their own by {sources}.",
    reason="{call} runs whatever text it gets, with all the rights of the application.",
    fix=lambda _flow: _FIX,
    built="Whoever controls the parts of this text can run any code.",
    unknown="Whoever controls this text can run any code.",
)
RULE = Rule(
    slug="code-from-data",
    control="no-dynamic-code",
    languages=("python",),
    unit=("dynamic call", "dynamic calls"),
    sound="constant",
    examine=examine,
)
