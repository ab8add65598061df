"""HTML that is put together from data."""

from collections.abc import Iterator
from typing import Final

from vallum.check.judging import Telling, judge_flow
from vallum.check.project import Project
from vallum.check.rule import Rule
from vallum.check.taint.record import Outcome
from vallum.findings.finding import Fix, Remark

_RENDERERS: Final = (
    "flask.render_template",
    "django.shortcuts.render",
    "django.template.loader.render_to_string",
    "*.TemplateResponse",
)
_FIX: Final = Fix(text="Render a template with auto-escaping, or escape each value: html.escape(value, quote=True).")


def examine(project: Project) -> Iterator[Remark]:
    """Look at every page: those put together from text, those rendered from templates."""
    for flow in project.flows("html"):
        if flow.outcome is Outcome.BUILT and "<" not in flow.text:
            continue
        remark = judge_flow(RULE, flow, _TELLING)
        if remark is not None:
            yield remark
    for call in project.calls(*_RENDERERS):
        yield RULE.site(call.place, "rendered by a template that escapes")


_TELLING: Final = Telling(
    message="A visitor can put scripts into the page by {sources}.",
    stored="A visitor can put scripts into the page by what was stored before.",
    reason="{call} is HTML that holds data without an escape for < > & and quotes.",
    fix=lambda _flow: _FIX,
    built="Whoever controls the parts of this page can put scripts into it.",
)
RULE = Rule(
    slug="html-from-data",
    control="html-escaped",
    languages=("python",),
    unit=("page", "pages"),
    sound="escaped",
    examine=examine,
)
