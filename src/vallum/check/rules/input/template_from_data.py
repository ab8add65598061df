"""Templates whose text holds data."""

from collections.abc import Iterator
from typing import Final

from vallum.check.judging import Telling, judge_flow
from vallum.check.project import Project
from vallum.check.rule import Rule
from vallum.findings.finding import Fix, Remark, Site

_FIX: Final = Fix(text="Keep the template's text constant and pass the data to it as variables.")


def examine(project: Project) -> Iterator[Remark]:
    """Look at every template that is made of text or chosen by its name."""
    for flow in project.flows("template"):
        telling = _CHOSEN if "name" in flow.told.split() else _FORMAT if flow.name == "str.format" else _TELLING
        remark = judge_flow(RULE, flow, telling)
        if remark is not None and not (telling is _CHOSEN and isinstance(remark, Site)):
            yield remark


_TELLING: Final = Telling(
    message="A visitor can run template code, and through it Python, by {sources}.",
    reason="{call} compiles text that holds data, and a template language reads {{{{ }}}} and {{% %}} in it.",
    fix=lambda _flow: _FIX,
    built="Whoever controls the parts of this template can run code in it.",
)
_CHOSEN: Final = Telling(
    message="A visitor can choose which template is rendered by {sources}.",
    reason="{call} gets a template name that holds data.",
    fix=lambda _flow: Fix(text="Look the template's name up in a fixed dictionary."),
)
_FORMAT: Final = Telling(
    message="A visitor can read attributes of the values, and through them secrets, by {sources}.",
    reason="{call} follows attributes and items that its pattern names, as in {{0.__class__}}.",
    fix=lambda _flow: Fix(text="Keep the pattern constant, or use string.Template."),
)
RULE = Rule(
    slug="template-from-data",
    control="template-injection",
    languages=("python",),
    unit=("template", "templates"),
    sound="constant",
    examine=examine,
)
