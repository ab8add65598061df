"""XML parsers that resolve the entities of what was sent."""

from collections.abc import Iterator
from typing import Final

from vallum.check.judging import Telling, judge_flows
from vallum.check.project import Project
from vallum.check.rule import Rule
from vallum.findings.finding import Fix, Remark, Silence

_FIX: Final = Fix(
    text="Leave external entities off: XMLParser(resolve_entities=False, no_network=True), or parse with defusedxml."
)


def examine(project: Project) -> Iterator[Remark]:
    """Look at every parser of XML that was told to resolve entities."""
    remarks = [*judge_flows(RULE, project, ["entity"], _TELLING)]
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no parser of XML resolves entities")


_TELLING: Final = Telling(
    message="A visitor can read local files and reach inner hosts by {sources}.",
    reason="{call} resolves external entities of the document.",
    fix=lambda _flow: _FIX,
    constant="the document is fixed",
)
RULE = Rule(
    slug="entities-from-data",
    control="safe-deserialization",
    languages=("python",),
    unit=("parser", "parsers"),
    sound="without entities",
    examine=examine,
    cwe=(611,),
)
