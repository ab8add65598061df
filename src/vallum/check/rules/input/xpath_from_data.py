"""XPath expressions that are put together from data."""

from collections.abc import Iterator
from typing import Final

from vallum.check.judging import Telling, judge_flows
from vallum.check.project import Project
from vallum.check.rule import Rule
from vallum.findings.finding import Fix, Remark, Silence

_FIX: Final = Fix(text='Pass the value as a variable: tree.xpath("//user[@name=$name]", name=value).')


def examine(project: Project) -> Iterator[Remark]:
    """Look at every XPath expression that is evaluated."""
    remarks = [*judge_flows(RULE, project, ["xpath"], _TELLING)]
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no XPath expression is evaluated")


_TELLING: Final = Telling(
    message="A visitor can select any node of the document by {sources}.",
    reason="{call} evaluates an expression that holds data, and quotes and brackets in it end the literal.",
    fix=lambda _flow: _FIX,
    constant="the expression is fixed",
)
RULE = Rule(
    slug="xpath-from-data",
    control="xpath-parameterised",
    languages=("python",),
    unit=("expression", "expressions"),
    sound="without data in it",
    examine=examine,
    cwe=(643,),
)
