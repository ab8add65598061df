"""Headers of answers that hold data."""

from collections.abc import Iterator
from typing import Final

from vallum.check.judging import Telling, judge_flows
from vallum.check.project import Project
from vallum.check.rule import Rule
from vallum.findings.finding import Fix, Remark, Silence

_FIX: Final = Fix(text="Take the value from a fixed list, or quote it: urllib.parse.quote(value).")


def examine(project: Project) -> Iterator[Remark]:
    """Look at every header that is set."""
    remarks = [*judge_flows(RULE, project, ["header"], _TELLING)]
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no header is set")


_TELLING: Final = Telling(
    message="A visitor can add headers, or a body, to the answer by {sources}.",
    reason="{call} gets data, and a line break in it ends the header where the server does not refuse it.",
    fix=lambda _flow: _FIX,
    constant="the value is fixed",
)
RULE = Rule(
    slug="header-from-data",
    control="allowlist-validation",
    languages=("python",),
    unit=("header", "headers"),
    sound="of fixed values",
    examine=examine,
    cwe=(113,),
)
