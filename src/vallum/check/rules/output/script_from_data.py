"""Data inside script elements and event handlers, without the escapes that scripts need."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.judging import guard_sites
from vallum.check.project import Project
from vallum.check.readings.pages import Insertion, insertions_of
from vallum.check.rule import Rule
from vallum.check.taint.record import Outcome
from vallum.findings.finding import Confidence, Remark, Silence

_ESCAPED: Final = re.compile(r"\|\s*(?:tojson|json_script|escapejs|script_json|json_data)\b")
_UNDONE: Final = re.compile(r"\|\s*tojson\b.*\|\s*safe\b|\|\s*safe\b(?!.*tojson)")
_FIXED: Final = re.compile(
    r"^(?:(?:request\.)?(?:csp_)?nonce(?:\(\))?|url_for\(.*|static\(.*|loop\.index0?|\d+|super\(\)|[\w.]+\s*\|\s*int)$"
)
_SCRIPT: Final = re.compile(r"<script\b(?![^<]*application/json)[^>]*>(?!\s*</script)[^<]*$", re.IGNORECASE)
_ATTACK: Final = "A visitor ends the string or the script element, and the rest of his text runs as a script."
_FIX: Final = (
    'Use |tojson without |safe, or a data block: <script type="application/json"> by data_block() of the guard.'
)


def examine(project: Project) -> Iterator[Remark]:
    """Look at what templates put into scripts and handlers, and at pages that code puts together."""
    remarks = [_judge(found) for found in insertions_of(project, "script", "data", "handler")]
    remarks += _judge_pages(project)
    remarks += guard_sites(RULE, project, "vallum.guard.output.script_data.*")
    told = [remark for remark in remarks if remark is not None]
    yield from told
    if not told:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no data are put into scripts")


def _judge(found: Insertion) -> Remark | None:
    if _UNDONE.search(found.expression):
        return RULE.finding(found.place, _ATTACK, "`safe` undoes or omits the escapes.", fix=_FIX)
    if _ESCAPED.search(found.expression):
        return RULE.site(found.place, "escaped for scripts")
    if _FIXED.match(found.expression):
        return None
    why = (
        "HTML escapes are undone in a handler." if found.context == "handler" else "HTML escapes are none in a script."
    )
    return RULE.finding(found.place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM)


def _judge_pages(project: Project) -> Iterator[Remark]:
    """Pages that are built in code: the data stand after the beginning of a script element."""
    for flow in project.flows("html", "markup"):
        if flow.outcome is Outcome.REACHED and _in_script(flow.argument):
            why = "The page is put together, and the data stand inside a script element."
            yield RULE.finding(flow.place, _ATTACK, why, fix=_FIX, confidence=Confidence.HIGH)


def _in_script(node: nodes.Node) -> bool:
    """Whether a part of a text is put in after `<script>` and before `</script>`."""
    before = ""
    for part in _parts(node):
        if isinstance(part, nodes.Const):
            before += str(part.value)
        elif _SCRIPT.search(before):
            return True
    return False


def _parts(node: nodes.Node) -> Iterator[nodes.Node]:
    if isinstance(node, nodes.Text):
        for part in node.parts:
            yield from _parts(part)
    elif isinstance(node, nodes.Binary) and node.operator == "+":
        yield from _parts(node.left)
        yield from _parts(node.right)
    else:
        yield node


RULE = Rule(
    slug="script-from-data",
    control="js-context-encoded",
    languages=("python", "html", "jinja"),
    unit=("value in a script", "values in scripts"),
    sound="escaped for scripts",
    examine=examine,
)
