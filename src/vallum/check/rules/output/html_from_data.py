"""HTML that is put together from data."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.judging import Telling, guard_sites, judge_flow
from vallum.check.project import Project
from vallum.check.read.source import Source
from vallum.check.rule import Rule
from vallum.check.taint.record import Outcome
from vallum.findings.finding import Confidence, Fix, Remark

_RENDERERS: Final = (
    "flask.render_template",
    "django.shortcuts.render",
    "django.template.loader.render_to_string",
    "*.TemplateResponse",
)
_UNQUOTED: Final = re.compile(r"""<[a-zA-Z](?:[^<>"']|"[^"]*"|'[^']*')*\s[\w:-]+=(?!["'])[^\s"'<>]*\{\{""")
_FIX: Final = Fix(text="Render a template with auto-escaping, or escape each value: html.escape(value, quote=True).")


def examine(project: Project) -> Iterator[Remark]:
    """Look at every page: those put together from text, those rendered from templates."""
    for flow in project.flows("html"):
        if flow.outcome is Outcome.BUILT and "<" not in flow.text:
            continue
        remark = judge_flow(RULE, flow, _TELLING)
        if remark is not None:
            yield remark
    yield from guard_sites(RULE, project, "vallum.guard.output.html.escape", "vallum.guard.output.html.fill_html")
    for source in project.configs("html", "jinja"):
        yield from _judge_template(project, source)
    for call in project.calls(*_RENDERERS):
        yield RULE.site(call.place, "rendered by a template that escapes")


def _judge_template(project: Project, source: Source) -> Iterator[Remark]:
    """Values in attributes without quotes: a space in them begins an attribute of its own."""
    for number, line in enumerate(source.lines, 1):
        if _UNQUOTED.search(line):
            yield RULE.finding(
                project.place_in(source, number),
                "A visitor can add an event handler to the tag by a value with a space in it.",
                "The attribute's value has no quotes, and escaping leaves spaces as they are.",
                fix="Put the value in double quotes.",
                confidence=Confidence.MEDIUM,
            )


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
