"""Templates whose text holds data."""

from collections.abc import Iterator
from typing import Final

from vallum.check.judging import Telling, judge_flows
from vallum.check.project import Project
from vallum.check.rule import Rule
from vallum.findings.finding import Fix, Remark

_FIX: Final = Fix(text="Keep the template's text constant and pass the data to it as variables.")


def examine(project: Project) -> Iterator[Remark]:
    """Look at every template that is made of text."""
    return judge_flows(RULE, project, ["template"], _TELLING)


_TELLING: Final = Telling(
    message="A visitor can run template code, and through it Python, by {sources}.",
    reason="{call} compiles text that holds data, and a template language reads {{{{ }}}} and {{% %}} in it.",
    fix=lambda _flow: _FIX,
    built="Whoever controls the parts of this template can run code in it.",
)
RULE = Rule(
    slug="template-from-data",
    control="template-injection",
    languages=("python",),
    unit=("template", "templates"),
    sound="constant",
    examine=examine,
)
