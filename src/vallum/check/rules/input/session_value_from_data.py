"""Data that the session holds as if the program had said them."""

from collections.abc import Iterator
from typing import Final

from vallum.check.judging import Telling, judge_flows
from vallum.check.project import Project
from vallum.check.rule import Rule
from vallum.findings.finding import Fix, Remark, Silence

_FIX: Final = Fix(text="Check the value against what is allowed before it goes into the session.")


def examine(project: Project) -> Iterator[Remark]:
    """Look at every value that goes into a session."""
    remarks = [*judge_flows(RULE, project, ["trust"], _TELLING)]
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "nothing is written to a session")


_TELLING: Final = Telling(
    message="A visitor can write into the session, which later code trusts, by {sources}.",
    reason="{call} stores a value of the request as it came.",
    fix=lambda _flow: _FIX,
    constant="the value is fixed",
)
RULE = Rule(
    slug="session-value-from-data",
    control="internal-api-validation",
    languages=("python",),
    unit=("session entry", "session entries"),
    sound="checked before it is stored",
    examine=examine,
    cwe=(501,),
)
