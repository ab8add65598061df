"""Regular expressions that data are compiled into."""

from collections.abc import Iterator
from typing import Final

from vallum.check.judging import Telling, judge_flows
from vallum.check.project import Project
from vallum.check.rule import Rule
from vallum.findings.finding import Fix, Remark, Silence

_FIX: Final = Fix(text="Escape the value: re.escape(value).")


def examine(project: Project) -> Iterator[Remark]:
    """Look at every regular expression that is compiled."""
    remarks = [*judge_flows(RULE, project, ["pattern"], _TELLING)]
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no regular expression is compiled")


_TELLING: Final = Telling(
    message="A visitor can keep the server busy for hours by {sources}.",
    reason="{call} compiles data as a regular expression, and one with nested repeats never ends.",
    fix=lambda _flow: _FIX,
    constant="the pattern is fixed",
)
RULE = Rule(
    slug="pattern-from-data",
    control="redos-safe-regex",
    languages=("python",),
    unit=("pattern", "patterns"),
    sound="fixed or escaped",
    examine=examine,
    cwe=(1333,),
)
