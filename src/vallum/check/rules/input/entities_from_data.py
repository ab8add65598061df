"""XML parsers that resolve the entities of what was sent."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from vallum.check.judging import Telling, judge_flow
from vallum.check.project import Project
from vallum.check.rule import Rule
from vallum.check.taint.flows import Flow
from vallum.findings.finding import Confidence, Finding, Fix, Remark, Silence

_FIX: Final = Fix(
    text="Leave external entities off: XMLParser(resolve_entities=False, no_network=True), or parse with defusedxml."
)


def examine(project: Project) -> Iterator[Remark]:
    """Look at every parser of XML that was told to resolve entities."""
    remarks = [remark for flow in project.flows("entity") if (remark := _judge(flow)) is not None]
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no parser of XML resolves entities")


def _judge(flow: Flow) -> Remark | None:
    remark = judge_flow(RULE, flow, _TELLING)
    if isinstance(remark, Finding) and "before" in flow.told:
        return replace(remark, confidence=Confidence.LOW)
    return remark


_TELLING: Final = Telling(
    message="A visitor can read local files and reach inner hosts by {sources}.",
    reason="{call} resolves external entities of the document.",
    fix=lambda _flow: _FIX,
    constant="the document is fixed",
)
RULE = Rule(
    slug="entities-from-data",
    control="xxe-disabled",
    languages=("python",),
    unit=("parser", "parsers"),
    sound="without entities",
    examine=examine,
    cwe=(611,),
)
