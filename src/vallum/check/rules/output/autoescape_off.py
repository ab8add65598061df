"""Templates whose auto-escaping is switched off, for all of them or for one value."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow.facts import Call
from vallum.check.judging import Telling, guard_sites, judge_flows
from vallum.check.project import Project
from vallum.check.read.source import Source
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Fix, Remark

_ENVIRONMENTS: Final = (
    "jinja2.Environment",
    "jinja2.environment.Environment",
    "jinja2.sandbox.SandboxedEnvironment",
    "jinja2.nativetypes.NativeEnvironment",
    "jinja2.Template",
)
_OFF: Final = re.compile(r"\{%-?\s*autoescape\s+(false|off)\b", re.IGNORECASE)
_SAFE: Final = re.compile(r"\{\{(?P<value>[^{}]*?)\|\s*(safe|safeseq)\s*(?:\|[^{}]*)?\}\}")
_RAW: Final = (
    (_SAFE, "`|safe` switches escaping off for this value."),
    (re.compile(r"""\bv-html=(?P<quote>["'])(?P<value>[^"']*)(?P=quote)"""), "`v-html` inserts the value as HTML."),
    (re.compile(r"\{\{\{(?P<value>[^{}]*)\}\}\}"), "Three braces insert the value as HTML."),
    (re.compile(r"<%-(?!\s*include\b)(?P<value>.*?)%>"), "`<%-` inserts the value as HTML."),
)
_CLEANED: Final = re.compile(
    r"sanitis|sanitiz|bleach|purify|clean|nh3|\|\s*(escape|e\b|tojson|json_script)", re.IGNORECASE
)
_LITERAL: Final = re.compile(r"""\s*(["']).*\1\s*""")
_ADVICE: Final = "Leave auto-escaping on; pass HTML that must be kept through a sanitiser such as nh3.clean first."


def examine(project: Project) -> Iterator[Remark]:
    """Look at template environments, at `Markup` and `mark_safe`, and at templates."""
    for call in project.calls(*_ENVIRONMENTS):
        yield from _judge_environment(call)
    yield from judge_flows(RULE, project, ["markup"], _TELLING)
    yield from guard_sites(
        RULE,
        project,
        "vallum.guard.output.templates.build_environment",
        "vallum.guard.output.templates.harden_environment",
    )
    for source in project.configs("html", "jinja", "vue", "handlebars", "ejs"):
        yield from _judge_template(project, source)


def _judge_environment(call: Call) -> Iterator[Remark]:
    argument = call.argument(None, "autoescape")
    if argument is None and call.expands:
        return
    if argument is not None and (argument.constant is True or not argument.known):
        yield RULE.site(call.place, "auto-escaping is on")
        return
    kind = "template" if call.method == "Template" else "environment"
    line = call.place.text
    shown = "autoescape" not in line and line.endswith(")") and line.count("(") == line.count(")")
    inside = ", autoescape=True)" if call.arguments else "autoescape=True)"
    yield RULE.finding(
        call.place,
        f"A visitor can put scripts into every page that this {kind} renders.",
        "`autoescape` is off." if argument is not None else f"A plain {call.name} does not escape.",
        fix=Fix(
            text="Pass autoescape=True.",
            before=(line,) if shown else (),
            after=(line[:-1] + inside,) if shown else (),
        ),
    )


def _judge_template(project: Project, source: Source) -> Iterator[Remark]:
    marked = False
    for number, line in enumerate(source.lines, 1):
        if _OFF.search(line):
            marked = True
            yield RULE.finding(
                project.place_in(source, number),
                "A visitor can put scripts into this part of the page.",
                "Auto-escaping is switched off in the template.",
                fix=_ADVICE,
            )
        for match, reason in _raw_values(line):
            marked = True
            if _CLEANED.search(match["value"]) or _LITERAL.fullmatch(match["value"]):
                yield RULE.site(project.place_in(source, number), "sanitised before it is trusted")
            else:
                yield RULE.finding(
                    project.place_in(source, number),
                    f"A visitor who controls `{match['value'].strip()}` can put scripts into the page.",
                    reason,
                    fix=_ADVICE,
                    confidence=Confidence.MEDIUM,
                )
    if not marked and "{{" in source.text:
        yield RULE.site(project.place_in(source, 1), "escapes every value")


def _raw_values(line: str) -> Iterator[tuple[re.Match[str], str]]:
    """The values of a line that are inserted without an escape, and why."""
    for pattern, reason in _RAW:
        for match in pattern.finditer(line):
            yield match, reason


_TELLING: Final = Telling(
    message="A visitor can put scripts into the page by {sources}.",
    stored="A visitor can put scripts into the page by what was stored before.",
    reason="{call} tells the template not to escape a value that is not constant.",
    fix=lambda _flow: Fix(text=_ADVICE),
    built="Whoever controls the parts of this value can put scripts into the page.",
    unknown="Whoever controls this value can put scripts into the page.",
)
RULE = Rule(
    slug="autoescape-off",
    control="template-autoescape",
    languages=("python", "html", "jinja", "vue", "handlebars", "ejs"),
    unit=("template setting", "template settings"),
    sound="escaping",
    examine=examine,
)
