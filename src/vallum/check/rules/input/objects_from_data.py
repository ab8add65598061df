"""Formats that rebuild objects, and with them whatever code the objects name."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from vallum.check.judging import Telling, guard_sites, judge_flow
from vallum.check.project import Project
from vallum.check.rule import Rule
from vallum.check.taint.flows import Flow
from vallum.findings.finding import Finding, Fix, Remark

_ENTITY_EXPANSION: Final = 611
_SAFE: Final = ("json.loads", "json.load", "yaml.safe_load", "yaml.safe_load_all", "tomllib.load", "tomllib.loads")
_ADVICE: Final = "Read a data-only format (json.loads, yaml.safe_load) and map it to declared types."


def examine(project: Project) -> Iterator[Remark]:
    """Look at every loader: of those that rebuild objects, of those that give only data."""
    for flow in project.flows("object"):
        remark = judge_flow(RULE, flow, _TELLING)
        if remark is not None:
            yield remark
    for flow in project.flows("entity"):
        remark = judge_flow(RULE, flow, _ENTITIES)
        if isinstance(remark, Finding) and "before" not in flow.told:
            yield replace(remark, cwe=(_ENTITY_EXPANSION,))
    yield from guard_sites(
        RULE, project, "vallum.guard.input.loaders.load_json", "vallum.guard.input.loaders.load_yaml"
    )
    for call in project.calls(*_SAFE):
        yield RULE.site(call.place, f"`{call.name}` gives only data")


def _fix(flow: Flow) -> Fix:
    line = flow.place.text
    if flow.name in {"yaml.load", "yaml.unsafe_load", "yaml.full_load"} and line.count(flow.name) == 1:
        call = flow.module.text_of(flow.node)
        return Fix(text=_ADVICE, before=(line,), after=(line.replace(call, f"yaml.safe_load({flow.text})"),))
    return Fix(text=_ADVICE)


_TELLING: Final = Telling(
    message="A visitor can run code of their own by {sources}, for it may name any object to build.",
    reason="{call} rebuilds objects and calls what the bytes name while it does so, before anyone can check them.",
    fix=_fix,
    built="Whoever can write these bytes can run any code.",
    unknown="Whoever can write these bytes can run any code.",
)
_ENTITIES: Final = Telling(
    message="A visitor can read local files and reach inner hosts by {sources}.",
    reason="{call} resolves external entities of the document.",
    fix=lambda _flow: Fix(text="Build the parser with resolve_entities=False and no_network=True."),
)
RULE = Rule(
    slug="objects-from-data",
    control="safe-deserialization",
    languages=("python",),
    unit=("loader", "loaders"),
    sound="data only",
    examine=examine,
)
